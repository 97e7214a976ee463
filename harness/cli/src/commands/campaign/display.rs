//! What a person sees while a campaign runs.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ordalia_campaign::{Cell, Job, JobResult, Mode, Watcher};
use ordalia_checker::Verdict;

/// Between two plain lines of progress.
const PLAIN_PERIOD: Duration = Duration::from_secs(5);

/// What a real test takes beside its load, as long as none has been seen: start, heal, closing, report.
const REAL_EXTRA_MS: u64 = 5_000;

/// How many jobs under way are named in a line.
const NAMED: usize = 2;

/// A line that is drawn again and again, or plain lines where there is no terminal or they are asked for. What is
/// found is told at once. All of it goes to the standard error.
pub struct Display {
    bar: Option<ProgressBar>,
    state: Mutex<State>,
}

struct State {
    total: u64,
    done: u64,
    unknown: u64,
    invalid: u64,
    under_way: BTreeMap<Job, String>,
    sim: Pace,
    real: Pace,
    told: Instant,
}

/// How quickly the tests of a kind go.
struct Pace {
    aside: u64,
    left: u64,
    seen: u64,
    seen_ms: u64,
    guess_ms: u64,
}

impl Pace {
    /// What is left of this kind, in milliseconds; nothing where nobody knows yet.
    fn left_ms(&self) -> Option<u64> {
        let each = self.seen_ms.checked_div(self.seen).unwrap_or(self.guess_ms);
        (each > 0 || self.left == 0).then(|| self.left.saturating_mul(each) / self.aside.max(1))
    }
}

/// How many jobs of a kind are to be done, how many at a time, and how long one takes at a guess.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// To be done.
    pub left: u64,
    /// At a time.
    pub aside: usize,
    /// The length of one load, in milliseconds.
    pub load_ms: u64,
}

impl Display {
    /// For a campaign of so many jobs, of which those of the shares are to be done.
    pub fn new(plain: bool, total: u64, sim: Share, real: Share) -> Self {
        let bar = (!plain && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(total);
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let pace = |share: Share, guess_ms| Pace {
            aside: share.aside as u64,
            left: share.left,
            seen: 0,
            seen_ms: 0,
            guess_ms,
        };
        let done = total - sim.left - real.left;
        let state = State {
            total,
            done,
            unknown: 0,
            invalid: 0,
            under_way: BTreeMap::new(),
            sim: pace(sim, 0),
            real: pace(real, real.load_ms.saturating_add(REAL_EXTRA_MS)),
            told: Instant::now(),
        };
        let display = Self { bar, state: Mutex::new(state) };
        display.show(&mut display.state());
        display
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, state: &mut State) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(state.done);
                bar.set_message(state.line());
            }
            None if state.told.elapsed() >= PLAIN_PERIOD => {
                state.told = Instant::now();
                eprintln!("{}", state.line());
            }
            None => {}
        }
    }

    fn tell(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watcher for Display {
    fn begun(&self, cell: &Cell, job: Job) {
        let mut state = self.state();
        state.under_way.insert(job, format!("{} · seed {}", cell.name, job.seed));
        self.show(&mut state);
    }

    fn done(&self, cell: &Cell, job: Job, result: &JobResult) {
        let mut state = self.state();
        state.under_way.remove(&job);
        state.done += 1;
        let pace = match cell.mode {
            Mode::Sim => &mut state.sim,
            Mode::Real => &mut state.real,
        };
        pace.left = pace.left.saturating_sub(1);
        pace.seen += 1;
        pace.seen_ms = pace.seen_ms.saturating_add(result.wall_ms);
        match result.verdict {
            Verdict::Valid => {}
            Verdict::Unknown => state.unknown += 1,
            Verdict::Invalid => state.invalid += 1,
        }
        if let Some(worst) = result.complaints.first() {
            let why = format!("{}: {}", worst.checker, worst.why);
            self.tell(&format!("{} · seed {} is {}: {why}", cell.name, job.seed, result.verdict));
        }
        self.show(&mut state);
    }

    fn interrupted(&self, _: &Cell, job: Job) {
        self.state().under_way.remove(&job);
    }
}

impl State {
    /// `97/220 · 1 invalid, 0 unknown · 2m10s left · sim raft-kv · register · seed 7`.
    fn line(&self) -> String {
        let left = self.sim.left_ms().zip(self.real.left_ms()).map(|(sim, real)| sim.saturating_add(real));
        let left = left.map_or(String::new(), |ms| format!(" · {} left", rough(ms)));
        let mut now: Vec<&str> = self.under_way.values().take(NAMED).map(String::as_str).collect();
        let more = format!("{} more", self.under_way.len().saturating_sub(NAMED));
        if self.under_way.len() > NAMED {
            now.push(&more);
        }
        let now = if now.is_empty() { String::new() } else { format!(" · {}", now.join(", ")) };
        let Self { done, total, invalid, unknown, .. } = self;
        format!("{done}/{total} · {invalid} invalid, {unknown} unknown{left}{now}")
    }
}

/// A span that is not known exactly.
fn rough(ms: u64) -> String {
    match ms.div_ceil(1000) {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}
