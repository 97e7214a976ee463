//! `ordalia campaign`: a matrix of tests, resumable.

mod display;
mod known;
mod tell;
mod workbench;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ordalia_campaign::{
    CampaignError, CampaignFolder, FileError, Job, Journal, Limits, Mode, Past, Plan, PlanRecord, Stored,
    Summary, Work, Worked, read_plan,
};
use ordalia_checker::Budget;
use tokio::sync::watch;

use crate::args::CampaignArgs;
use crate::commands::interrupt;
use crate::commands::report::budget;
use crate::exit::{Failure, Outcome};
use display::{Display, Share};
pub use known::Registry;
use workbench::Workbench;

/// Carries out a campaign, or goes on with it.
pub fn campaign(args: &CampaignArgs) -> Outcome {
    let (plan, text) = read(&args.file)?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let limits = Limits {
        jobs: args.jobs.map(usize::from).or(plan.jobs).unwrap_or(processors),
        real_jobs: args.real_jobs.map_or(plan.real_jobs, usize::from),
        stop_early: args.stop_early.unwrap_or(plan.stop_early),
        deadline: None,
        reserve: Duration::ZERO,
    };
    let undertaking = Undertaking {
        plan: &plan,
        text: &text,
        order: plan.jobs_in_order(),
        limits,
        results: args.results.clone(),
        budget: budget(&args.budget),
        shrink: args.shrink.then_some(args.shrink_time),
        fresh: args.fresh,
        plain: args.plain,
    };
    let (folder, summary) = undertaking.carry_through()?;
    tell::tell(&folder, &summary, args.json)?;
    Ok(Some(summary.verdict))
}

/// Reads the file of a campaign. What it cannot ask for is wrong usage.
///
/// # Errors
/// It cannot be read, or asks for something that there is not.
pub fn read(file: &Path) -> Result<(Plan, String), Failure> {
    read_plan(file, &Registry).map_err(|error| match error {
        FileError::Io { .. } => Failure::from(error),
        FileError::Wrong { .. } => Failure::usage(error.to_string()),
    })
}

/// A plan with how it is to be worked off.
pub struct Undertaking<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The text of its file, which is kept.
    pub text: &'a str,
    /// The jobs in the order in which they are begun; those of the plan, or some of them.
    pub order: Vec<Job>,
    /// How many at a time, and until when.
    pub limits: Limits,
    /// The folder of campaigns and runs.
    pub results: PathBuf,
    /// What judging one run may spend.
    pub budget: Budget,
    /// For how long each simulated failure is made smaller.
    pub shrink: Option<Duration>,
    /// Whether to begin anew in any case.
    pub fresh: bool,
    /// Whether plain lines are asked for.
    pub plain: bool,
}

impl Undertaking<'_> {
    /// Carries out what is not done yet, and writes summary and page. The first Ctrl-C ends it in order.
    ///
    /// # Errors
    /// The campaign could not be recorded.
    pub fn carry_through(&self) -> Result<(CampaignFolder, Summary), Failure> {
        let (folder, record) = self.folder()?;
        let (journal, past) = Journal::open(&folder.journal()).map_err(as_usage)?;
        if !past.done.is_empty() || !past.begun.is_empty() {
            let (done, begun) = (past.done.len(), past.begun.len());
            eprintln!("{done} runs are done already; {begun} were under way and are run again");
        }
        let worked = self.work(journal, &past)?;
        let summary = Summary::of(self.plan, &record, &worked);
        folder.write_summary(&summary)?;
        ordalia_report::draw_campaign(&summary, &folder.page())?;
        Ok((folder, summary))
    }

    /// The folder of the campaign that is resumed, or one for a new one.
    fn folder(&self) -> Result<(CampaignFolder, PlanRecord), Failure> {
        let record = PlanRecord {
            name: self.plan.name.clone(),
            checksum: self.plan.checksum(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            binary: ordalia_runner::binary_checksum(),
            started: ordalia_runner::time_text(),
            cells: self.plan.cells.clone(),
        };
        let stored = if self.fresh { Stored::Nothing } else { CampaignFolder::find(&self.results, &record)? };
        match stored {
            Stored::Unfinished(folder) => {
                eprintln!("resuming {}", folder.root().display());
                let record = folder.record()?;
                return Ok((folder, record));
            }
            Stored::OtherBuild(folder, binary) => eprintln!(
                "{} is unfinished, but another build ({binary}, this is {}) began it: beginning anew",
                folder.root().display(),
                record.binary
            ),
            Stored::Nothing => {}
        }
        let stamp = ordalia_runner::time_stamp();
        let folder = CampaignFolder::create(&self.results, &stamp, &record, self.text)?;
        eprintln!(
            "{} runs in {} cells; recording to {}",
            self.jobs(),
            self.plan.cells.len(),
            folder.root().display()
        );
        Ok((folder, record))
    }

    /// The number of jobs of the plan.
    fn jobs(&self) -> u64 {
        self.plan.cells.iter().map(|cell| cell.seeds.len() as u64).sum()
    }

    fn work(&self, journal: Journal, past: &Past) -> Result<Worked, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let (interrupted, watched) = watch::channel(false);
        let stopping = Arc::clone(&stop);
        interrupt::heed("ending the campaign in order; the same command resumes it", move || {
            stopping.store(true, Ordering::Relaxed);
            interrupted.send_replace(true);
        })?;
        let carry = Workbench::new(self.results.clone(), self.budget, self.shrink, watched);
        let share = |mode| self.share(mode, past);
        let total = self.order.len() as u64;
        let display = Display::new(self.plain, total, share(Mode::Sim), share(Mode::Real));
        let work = Work { plan: self.plan, carry: &carry, watcher: &display, stop: &stop };
        Ok(work.carry_through(&self.order, journal, past, self.limits)?)
    }

    /// What is to be done of a kind.
    fn share(&self, mode: Mode, past: &Past) -> Share {
        let jobs = self.order.iter().filter_map(|job| Some((job, self.plan.cell(*job)?)));
        let left = jobs.filter(|(job, cell)| {
            cell.mode == mode && !past.done.contains_key(&(cell.name.clone(), job.seed))
        });
        let limits = left.map(|(_, cell)| cell.time_limit.as_millis() as u64).collect::<Vec<_>>();
        let aside = match mode {
            Mode::Sim => self.limits.jobs,
            Mode::Real => self.limits.real_jobs,
        };
        let load_ms = limits.iter().sum::<u64>() / (limits.len() as u64).max(1);
        Share { left: limits.len() as u64, aside, load_ms }
    }
}

/// That somebody else carries the campaign out is told as wrong usage.
fn as_usage(error: CampaignError) -> Failure {
    match error {
        CampaignError::UnderWay { .. } => Failure::usage(error.to_string()),
        _ => Failure::from(error),
    }
}
