//! How far a check is, while it runs: a live line, or plain lines where there is no terminal or they are asked
//! for. Nothing of checks that are over at once.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ordalia_checker::linearizable::Progress;

/// What is over by then was not worth a line.
const SILENCE: Duration = Duration::from_secs(1);

/// Between two drawings of the live line.
const LIVE_PERIOD: Duration = Duration::from_millis(150);

/// Between two plain lines.
const PLAIN_PERIOD: Duration = Duration::from_secs(3);

/// A thread that tells how far a check is until this is dropped.
pub struct Watch {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to tell.
    pub fn begin(progress: Arc<Progress>, plain: bool) -> Self {
        let live = !plain && std::io::stderr().is_terminal();
        let (end, ended) = channel::<()>();
        let begun = Instant::now();
        let thread = std::thread::spawn(move || {
            let runs_on = |wait| matches!(ended.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
            if !runs_on(SILENCE) {
                return;
            }
            if live {
                draw(&progress, begun, runs_on);
            } else {
                write(&progress, begun, runs_on);
            }
        });
        Self { end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It does not panic, and if it did the verdict would stand all the same.
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, begun: Instant, runs_on: impl Fn(Duration) -> bool) {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    loop {
        bar.set_message(line(progress.read(), begun.elapsed()));
        bar.tick();
        if !runs_on(LIVE_PERIOD) {
            break bar.finish_and_clear();
        }
    }
}

fn write(progress: &Progress, begun: Instant, runs_on: impl Fn(Duration) -> bool) {
    loop {
        eprintln!("{}", line(progress.read(), begun.elapsed()));
        if !runs_on(PLAIN_PERIOD) {
            break;
        }
    }
}

/// `judging: 1200 of 50000 operations (2 %), 3.2 s`
fn line((placed, total): (u64, u64), elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if total == 0 {
        return format!("judging: {seconds:.1} s");
    }
    let percent = u128::from(placed) * 100 / u128::from(total);
    format!("judging: {placed} of {total} operations placed ({percent} %), {seconds:.1} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_and_how_long() {
        let text = line((500, 2_000), Duration::from_millis(3_210));
        assert_eq!(text, "judging: 500 of 2000 operations placed (25 %), 3.2 s");
        assert_eq!(line((0, 0), Duration::from_secs(1)), "judging: 1.0 s");
    }

    #[test]
    fn a_watch_ends_when_it_is_dropped() {
        drop(Watch::begin(Arc::default(), true));
    }
}
