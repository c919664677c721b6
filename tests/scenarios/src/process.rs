//! Processes that a test starts and that end with it.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Output},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A process that is killed with all it started when its test ends, however it ends.
pub struct Running {
    child: Option<Child>,
    errors: Arc<Mutex<String>>,
}

impl Running {
    /// Starts a command.
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start {command:?}: {error}"));
        Self { child: Some(child), errors: Arc::default() }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child().id()
    }

    /// Waits until it printed a line that contains `word` on standard output (which must be piped) and gives that line.
    /// What it prints later is read and dropped, so that it never waits for us.
    pub fn wait_for_line(&mut self, word: &str, limit: Duration) -> String {
        let lines = self.lines();
        let mut seen = Vec::new();
        while let Ok(line) = lines.recv_timeout(limit) {
            if line.contains(word) {
                return line;
            }
            seen.push(line);
        }
        panic!("it never printed `{word}`; it printed: {seen:#?}");
    }

    /// The lines of its standard output (which must be piped), as they come. They are read whether anybody listens or not, so that
    /// it never waits for us.
    pub fn lines(&mut self) -> mpsc::Receiver<String> {
        let output = self.child_mut().stdout.take().expect("standard output is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        lines
    }

    /// Reads its standard error (which must be piped) as it comes, for [`Self::errors`].
    pub fn drain_errors(&mut self) {
        let output = self.child_mut().stderr.take().expect("standard error is piped");
        let errors = Arc::clone(&self.errors);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
                errors.push_str(&line);
                errors.push('\n');
            }
        });
    }

    /// What it said on standard error until now, after [`Self::drain_errors`].
    pub fn errors(&self) -> String {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(raw(self.pid()), signal).expect("the process takes the signal");
    }

    /// Waits for its end and gives what it printed. It is killed after `limit`, which the output then shows.
    pub fn finish(mut self, limit: Duration) -> Output {
        let child = self.child.take().expect("it was not finished before");
        let pid = raw(child.id());
        let (finished, waits) = mpsc::channel::<()>();
        let guard = thread::spawn(move || {
            if waits.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process_group(pid, Signal::KILL);
            }
        });
        let output = child.wait_with_output().expect("the process ends");
        drop(finished);
        guard.join().expect("the guard ends");
        output
    }

    /// Ends it now.
    pub fn stop(mut self) {
        self.end();
    }

    fn child(&self) -> &Child {
        self.child.as_ref().expect("it was not finished before")
    }

    fn child_mut(&mut self) -> &mut Child {
        self.child.as_mut().expect("it was not finished before")
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = kill_process_group(raw(child.id()), Signal::KILL);
            let _ = child.wait();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn raw(pid: u32) -> Pid {
    i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id")
}
