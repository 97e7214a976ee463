//! What a person sees while a test runs.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ordalia_runner::{Observer, Progress};

/// The observer for this terminal: a live line, or plain lines where there is no terminal or they are
/// asked for. All of it goes to the standard error, so that the standard output holds the result alone.
pub fn observer(plain: bool) -> Box<dyn Observer> {
    if plain || !std::io::stderr().is_terminal() { Box::new(Plain::default()) } else { Box::new(Live::new()) }
}

/// A line that is drawn again and again.
struct Live {
    bar: ProgressBar,
}

impl Live {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Live {
    fn folder(&self, root: &Path) {
        self.bar.println(format!("recording to {}", root.display()));
    }

    fn phase(&self, name: &str) {
        self.bar.set_message(name.to_owned());
    }

    fn progress(&self, progress: &Progress) {
        self.bar.set_message(line(progress));
    }

    fn note(&self, text: &str) {
        self.bar.println(text);
    }
}

/// A line every few seconds.
#[derive(Default)]
struct Plain {
    last: Mutex<Option<Duration>>,
}

/// Between two plain lines of progress.
const PLAIN_PERIOD: Duration = Duration::from_secs(2);

impl Observer for Plain {
    fn folder(&self, root: &Path) {
        eprintln!("recording to {}", root.display());
    }

    fn phase(&self, name: &str) {
        eprintln!("{name}");
    }

    fn progress(&self, progress: &Progress) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| progress.elapsed >= last + PLAIN_PERIOD) {
            *last = Some(progress.elapsed);
            eprintln!("{}", line(progress));
        }
    }

    fn note(&self, text: &str) {
        eprintln!("{text}");
    }
}

/// How many of many tests are done: a bar, or a plain line every few seconds.
pub enum Counter {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere.
    Lines {
        /// How many there are.
        total: u64,
        /// When a line was told last.
        last: Mutex<Instant>,
    },
}

impl Counter {
    /// None of that many is done yet.
    pub fn new(plain: bool, total: u64) -> Self {
        if plain || !std::io::stderr().is_terminal() {
            return Counter::Lines { total, last: Mutex::new(Instant::now()) };
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} · {wide_msg} · {eta} left") {
            bar.set_style(style);
        }
        Counter::Bar(bar)
    }

    /// So many are done.
    pub fn tell(&self, done: u64, how: &str) {
        match self {
            Counter::Bar(bar) => {
                bar.set_position(done);
                bar.set_message(how.to_owned());
            }
            Counter::Lines { total, last } => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.elapsed() >= PLAIN_PERIOD {
                    *last = Instant::now();
                    eprintln!("{done}/{total} · {how}");
                }
            }
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if let Counter::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// How a test stands, in a line: `12.3s of 20s · 998 ops/s · ok 12034 fail 311 info 4 · leader n2 (term 7) · kill n3`.
fn line(progress: &Progress) -> String {
    let leader = match progress.leader {
        Some((node, Some(term))) => format!("leader {node} (term {term})"),
        Some((node, None)) => format!("leader {node}"),
        None => "no leader".to_owned(),
    };
    let faults = if progress.faults.is_empty() { "no fault".to_owned() } else { progress.faults.join(", ") };
    format!(
        "{:4.1}s of {}s · {:5.0} ops/s · ok {} fail {} info {} · {leader} · {faults}",
        progress.elapsed.as_secs_f64(),
        progress.total.as_secs(),
        progress.ops_per_s,
        progress.ok,
        progress.fail,
        progress.info,
    )
}
