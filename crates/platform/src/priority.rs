//! How much a thread matters beside others.

/// As nice as background work is.
#[cfg(target_os = "linux")]
const BACKGROUND: i32 = 10;

/// Lets everything else on the machine go before the calling thread and the threads that it starts from now on. Where that cannot
/// be had for one thread alone, nothing happens.
pub fn yield_to_others() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        // On Linux the priority of "this process" is that of the calling thread.
        if getpriority_process(None).is_ok_and(|nice| nice < BACKGROUND) {
            // A kernel that refuses leaves the thread as it was, which is slower for others and harms nothing.
            let _ = setpriority_process(None, BACKGROUND);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn one_thread_gives_way_and_those_it_starts_and_no_other() {
        let before = getpriority_process(None).unwrap();
        let nice = || getpriority_process(None).unwrap();
        let background = std::thread::spawn(move || {
            yield_to_others();
            (nice(), std::thread::spawn(nice).join().unwrap())
        });
        let expected = before.max(BACKGROUND);
        assert_eq!(background.join().unwrap(), (expected, expected));
        assert_eq!(nice(), before);
    }
}
