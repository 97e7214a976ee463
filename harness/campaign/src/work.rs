//! The order of work: which job is begun next, on how many threads, until when.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ordalia_checker::Verdict;

use crate::journal::{Journal, Line, Past};
use crate::{CampaignError, Carried, Carry, Cell, Job, JobResult, Mode, Plan, StopEarly};

/// Sees how a campaign goes. Called from the threads that do the work.
pub trait Watcher: Sync {
    /// A job begins.
    fn begun(&self, cell: &Cell, job: Job);

    /// A job is done.
    fn done(&self, cell: &Cell, job: Job, result: &JobResult);

    /// A job was interrupted and will be run again.
    fn interrupted(&self, cell: &Cell, job: Job);
}

/// How jobs are worked off.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many simulated tests run side by side, at least 1.
    pub jobs: usize,
    /// How many real tests run side by side, at least 1.
    pub real_jobs: usize,
    /// When it ends before all is done.
    pub stop_early: StopEarly,
    /// After this nothing is begun.
    pub deadline: Option<Instant>,
    /// So long before the deadline no simulated test is begun either, so that real ones come to their turn.
    pub reserve: Duration,
}

impl Limits {
    /// Whether no test of that kind is to be begun any more.
    fn is_over(&self, mode: Mode) -> bool {
        let reserve = if mode == Mode::Sim { self.reserve } else { Duration::ZERO };
        self.deadline.is_some_and(|deadline| Instant::now() + reserve >= deadline)
    }
}

/// Why the work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All jobs asked for are done.
    All,
    /// The campaign's own rule ended it; says why.
    Stopped(String),
    /// The time was over.
    OutOfTime,
    /// It was interrupted.
    Interrupted,
}

/// What came of the work.
#[derive(Clone, Debug, PartialEq)]
pub struct Worked {
    /// The results, those of earlier among them.
    pub done: BTreeMap<Job, JobResult>,
    /// Why it ended.
    pub ended: Ended,
}

/// The jobs of a plan with what carries them out.
pub struct Work<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Carries out one job.
    pub carry: &'a dyn Carry,
    /// Sees how it goes.
    pub watcher: &'a dyn Watcher,
    /// Ends the work in order once it is true.
    pub stop: &'a AtomicBool,
}

/// What the threads share.
struct Desk<'a> {
    work: &'a Work<'a>,
    limits: Limits,
    state: Mutex<State>,
}

struct State {
    waiting: VecDeque<Job>,
    journal: Journal,
    done: BTreeMap<Job, JobResult>,
    ended: Ended,
    broken: Option<CampaignError>,
}

impl Work<'_> {
    /// Carries out the jobs that are not done yet, in their order: the simulated ones first, then the real ones.
    /// What was begun in an earlier life and not done is marked, and run again in its turn.
    ///
    /// # Errors
    /// The journal cannot be written; what is in it stays true.
    pub fn carry_through(
        &self,
        jobs: &[Job],
        journal: Journal,
        past: &Past,
        limits: Limits,
    ) -> Result<Worked, CampaignError> {
        let mut journal = journal;
        self.give_up(&mut journal, past)?;
        let done = self.done_before(past);
        let mut state = State { waiting: VecDeque::new(), journal, done, ended: Ended::All, broken: None };
        if let Some(why) = state.done.values().find_map(|result| limits.stop_early.because_of(result)) {
            state.ended = Ended::Stopped(why);
            return Ok(Worked { done: state.done, ended: state.ended });
        }
        let desk = Desk { work: self, limits, state: Mutex::new(state) };
        for (mode, threads) in [(Mode::Sim, limits.jobs), (Mode::Real, limits.real_jobs)] {
            desk.fill(jobs, mode);
            std::thread::scope(|scope| {
                for _ in 0..threads.max(1) {
                    scope.spawn(|| desk.serve());
                }
            });
        }
        let mut state = desk.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if jobs.iter().all(|job| state.done.contains_key(job)) {
            state.ended = Ended::All;
        } else if state.ended == Ended::All {
            state.ended = Ended::OutOfTime;
        }
        match state.broken {
            Some(error) => Err(error),
            None => Ok(Worked { done: state.done, ended: state.ended }),
        }
    }

    /// Marks what was under way when an earlier controller died.
    fn give_up(&self, journal: &mut Journal, past: &Past) -> Result<(), CampaignError> {
        for ((cell, seed), folder) in &past.begun {
            if let Some(folder) = folder {
                let marked = self.carry.abandon(folder);
                marked.map_err(|why| CampaignError::Mark { folder: folder.clone(), why })?;
            }
            let line = Line::Abandoned { cell: cell.clone(), seed: *seed, folder: folder.clone() };
            journal.add(&line)?;
        }
        Ok(())
    }

    /// The results of earlier, by the jobs of this plan.
    fn done_before(&self, past: &Past) -> BTreeMap<Job, JobResult> {
        let mut done = BTreeMap::new();
        for (at, cell) in self.plan.cells.iter().enumerate() {
            for &seed in &cell.seeds {
                if let Some(result) = past.done.get(&(cell.name.clone(), seed)) {
                    done.insert(Job { cell: at, seed }, result.clone());
                }
            }
        }
        done
    }
}

impl Desk<'_> {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays out the jobs of a kind that are to be done.
    fn fill(&self, jobs: &[Job], mode: Mode) {
        let mut state = self.state();
        let of_mode = |job: &Job| self.work.plan.cell(*job).is_some_and(|cell| cell.mode == mode);
        let waiting =
            jobs.iter().copied().filter(|job| of_mode(job) && !state.done.contains_key(job)).collect();
        state.waiting = waiting;
        // The time of the simulated ones may be over before that of the real ones.
        if state.ended == Ended::OutOfTime {
            state.ended = Ended::All;
        }
    }

    /// Takes job after job until there is none, or none is to be begun any more.
    fn serve(&self) {
        while let Some((job, cell)) = self.next() {
            self.work.watcher.begun(cell, job);
            let carried = self.carry_out(job, cell);
            self.put_down(job, cell, carried);
        }
    }

    /// The next job, with its beginning in the journal.
    fn next(&self) -> Option<(Job, &Cell)> {
        let mut state = self.state();
        let job = *state.waiting.front()?;
        let cell = self.work.plan.cell(job)?;
        if state.ended == Ended::All && self.work.stop.load(Ordering::Relaxed) {
            state.ended = Ended::Interrupted;
        }
        if state.ended == Ended::All && self.limits.is_over(cell.mode) {
            state.ended = Ended::OutOfTime;
        }
        if state.ended != Ended::All || state.broken.is_some() {
            return None;
        }
        state.waiting.pop_front();
        state.note(&Line::Begun { cell: cell.name.clone(), seed: job.seed }).then_some((job, cell))
    }

    /// Carries a job out. A panic is the end of that job and not of the campaign.
    fn carry_out(&self, job: Job, cell: &Cell) -> Carried {
        let recording = |folder: &str| {
            let (cell, folder) = (cell.name.clone(), folder.to_owned());
            self.state().note(&Line::Recording { cell, seed: job.seed, folder });
        };
        let carried = catch_unwind(AssertUnwindSafe(|| self.work.carry.carry_out(cell, job, &recording)));
        carried.unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("nothing");
            let why = format!("the harness panicked: {said}");
            Carried::Done(Box::new(JobResult::failed(why, None, self.work.carry.repeat(cell, job), 0)))
        })
    }

    /// Writes down what a job came to.
    fn put_down(&self, job: Job, cell: &Cell, carried: Carried) {
        let (name, seed) = (cell.name.clone(), job.seed);
        match carried {
            Carried::Done(result) => {
                let mut state = self.state();
                if !state.note(&Line::Done { cell: name, seed, result: result.clone() }) {
                    return;
                }
                state.done.insert(job, (*result).clone());
                if let (Ended::All, Some(why)) = (&state.ended, self.limits.stop_early.because_of(&result)) {
                    state.ended = Ended::Stopped(format!("{} seed {seed} is {why}", cell.name));
                }
                drop(state);
                self.work.watcher.done(cell, job, &result);
            }
            Carried::Interrupted(folder) => {
                let mut state = self.state();
                state.note(&Line::Abandoned { cell: name, seed, folder });
                state.ended = Ended::Interrupted;
                drop(state);
                self.work.watcher.interrupted(cell, job);
            }
        }
    }
}

impl State {
    /// Adds a line to the journal; false once that failed, and then nothing more is begun.
    fn note(&mut self, line: &Line) -> bool {
        if self.broken.is_none() {
            self.broken = self.journal.add(line).err();
        }
        self.broken.is_none()
    }
}

impl StopEarly {
    /// Whether a result ends the campaign; in words.
    fn because_of(self, result: &JobResult) -> Option<String> {
        let bound = match self {
            StopEarly::Never => return None,
            StopEarly::Unknown => Verdict::Unknown,
            StopEarly::Invalid => Verdict::Invalid,
        };
        (result.verdict >= bound).then(|| result.verdict.to_string())
    }
}
