//! Processes that a test starts and that end with it.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Output},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A process that is killed with all it started when its test ends, however it ends.
pub struct Running {
    child: Option<Child>,
}

impl Running {
    /// Starts a command.
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start {command:?}: {error}"));
        Self { child: Some(child) }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child().id()
    }

    /// Waits until it printed a line that contains `word` on standard output (which must be piped) and gives that line.
    /// What it prints later is read and dropped, so that it never waits for us.
    pub fn wait_for_line(&mut self, word: &str, limit: Duration) -> String {
        let output = self.child_mut().stdout.take().expect("standard output is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The receiver has gone once the line was found.
                let _ = sender.send(line);
            }
        });
        let mut seen = Vec::new();
        while let Ok(line) = lines.recv_timeout(limit) {
            if line.contains(word) {
                return line;
            }
            seen.push(line);
        }
        panic!("it never printed `{word}`; it printed: {seen:#?}");
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
