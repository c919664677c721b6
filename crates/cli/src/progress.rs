//! What the scan is doing now, on one line of the terminal. Nothing is drawn where standard error is no terminal.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use domain::HostPath;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use inventory::{inspect, scan};

use crate::table::{bytes, count};

const EVERY: Duration = Duration::from_millis(100);
/// A scan that is over by then needs no progress, and a line that comes and goes is a flicker.
const PATIENCE: Duration = Duration::from_millis(150);

/// Draws until it is dropped.
pub(crate) struct Line {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// Starts drawing.
    pub(crate) fn start(watch: Arc<impl Told + 'static>) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let finished = Arc::clone(&done);
        let thread = std::thread::spawn(move || draw(&*watch, &finished));
        Self { done, thread: Some(thread) }
    }
}

fn draw(watch: &impl Told, finished: &AtomicBool) {
    let start = platform::clock::monotonic();
    let is_finished = || finished.load(Ordering::Relaxed);
    while !is_finished() && start.elapsed() < PATIENCE {
        std::thread::park_timeout(PATIENCE.saturating_sub(start.elapsed()));
    }
    if is_finished() {
        return;
    }
    // The bar puts itself on the terminal the moment it is given something to show.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // The template is a constant; without it the bar only looks different.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    while !is_finished() {
        bar.set_message(watch.message(start.elapsed()));
        bar.tick();
        std::thread::park_timeout(EVERY);
    }
    bar.finish_and_clear();
}

impl Drop for Line {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A drawing thread that panicked has nothing left to draw.
            let _ = thread.join();
        }
    }
}

/// Numbers that another thread may read while they grow.
pub(crate) trait Told: Sync + Send {
    /// What to show after this time.
    fn message(&self, elapsed: Duration) -> String;
}

impl Told for scan::Watch {
    fn message(&self, elapsed: Duration) -> String {
        let stage = self.stage.load(Ordering::Relaxed);
        let files = self.walk.files.load(Ordering::Relaxed);
        if stage == 0 {
            let seconds = elapsed.as_secs_f64().max(0.001);
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rate for people"
            )]
            let rate = (files as f64 / seconds) as u64;
            let current = self.walk.current.lock().map(|current| HostPath::from_bytes(current.clone())).ok();
            let current = current.map(|path| path.to_string()).unwrap_or_default();
            return format!("{} files  {}/s  {current}", count(files), count(rate));
        }
        let stage = scan::STAGES.get(stage).copied().unwrap_or_default();
        match self.hashed.load(Ordering::Relaxed) {
            0 => format!("{} files  {stage}", count(files)),
            hashed => format!("{} files  {stage}  {} hashed", count(files), bytes(hashed)),
        }
    }
}

impl Told for inspect::Watch {
    fn message(&self, _: Duration) -> String {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (done, files) = (number(&self.done), number(&self.files));
        format!("{} of {} files  {} read", count(done), count(files), bytes(number(&self.read)))
    }
}
