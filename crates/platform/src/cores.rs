//! Work on two cores at once.

use std::thread;

/// Runs `work` on another core while it runs `meanwhile` on this one, and returns when both are done. Where the system gives no
/// thread, neither is run and the answer is false.
pub fn beside(work: &mut (dyn FnMut() + Send), meanwhile: &mut dyn FnMut()) -> bool {
    thread::scope(|scope| {
        if thread::Builder::new().spawn_scoped(scope, work).is_err() {
            return false;
        }
        meanwhile();
        true
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn both_are_done_at_once() {
        let (to_work, at_work) = mpsc::channel();
        let (to_here, at_here) = mpsc::channel();
        let mut answer = 0;
        let mut work = move || to_here.send(at_work.recv().unwrap() + 1).unwrap();
        let mut meanwhile = || {
            to_work.send(41).unwrap();
            answer = at_here.recv().unwrap();
        };
        assert!(beside(&mut work, &mut meanwhile));
        assert_eq!(answer, 42);
    }
}
