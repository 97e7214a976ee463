//! How one job of a campaign is carried out in this process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ordalia_campaign::{Carried, Carry, Cell, Job, JobResult, Mode, complaints, storable};
use ordalia_checker::{Budget, TestVerdict, Verdict};
use ordalia_measure::{Figures, figures_of};
use ordalia_record::{RunInfo, read_json, write_json};
use ordalia_runner::{Observer, Progress};
use tokio::sync::watch;

use super::known::{run_args, sim_args};
use crate::commands::sim::{Case, Plan, keep_told, smaller};
use crate::commands::trial::Trial;
use crate::exit::Failure;

/// How many simulated runs of one cell are stored at most; of the others verdict, reason and command are kept.
const KEPT_PER_CELL: u32 = 20;

/// Carries out jobs with the targets and workloads of the command line.
pub struct Workbench {
    /// The folder of all runs.
    pub results: PathBuf,
    /// What judging one run may spend.
    pub budget: Budget,
    /// For how long a simulated failure is made smaller before it is stored; `None` for not at all.
    pub shrink: Option<Duration>,
    /// Becomes true when the campaign is to end.
    pub interrupted: watch::Receiver<bool>,
    kept: Mutex<BTreeMap<String, u32>>,
}

/// Is told the folder of a run as soon as there is one.
type Told<'a> = &'a (dyn Fn(&Path) + Sync);

/// An observer that passes on where a run is recorded, and nothing else.
struct Herald<'a> {
    told: Told<'a>,
}

impl Observer for Herald<'_> {
    fn folder(&self, root: &Path) {
        (self.told)(root);
    }
    fn phase(&self, _: &str) {}
    fn progress(&self, _: &Progress) {}
    fn note(&self, _: &str) {}
}

/// What a test came to, before its figures are written down.
struct Came {
    verdict: TestVerdict,
    figures: Option<Figures>,
    folder: Option<String>,
    repeat: String,
}

impl Workbench {
    /// With nothing kept yet.
    pub fn new(
        results: PathBuf,
        budget: Budget,
        shrink: Option<Duration>,
        interrupted: watch::Receiver<bool>,
    ) -> Self {
        Self { results, budget, shrink, interrupted, kept: Mutex::default() }
    }

    /// The folder of a run as it is told to others.
    fn relative(&self, root: &Path) -> String {
        root.strip_prefix(&self.results).unwrap_or(root).display().to_string()
    }

    /// A test in the simulator. What is not valid is run again with everything recorded, and stored.
    fn simulate(&self, cell: &Cell, seed: u64, told: Told<'_>) -> Result<Came, Failure> {
        let args = sim_args(cell, &self.results)?;
        let case = Plan::new(&args)?.case(seed)?;
        let (verdict, figures) = case.measured(&self.budget)?;
        let repeat = case.command.clone().unwrap_or_default();
        let mut came = Came { verdict, figures: Some(figures), folder: None, repeat };
        if came.verdict.valid != Verdict::Valid && self.may_keep(cell) {
            came.folder = Some(self.keep(case, &came.verdict, told)?);
        }
        Ok(came)
    }

    /// Whether there is room for one more run of this cell; takes it.
    fn may_keep(&self, cell: &Cell) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let count = kept.entry(cell.name.clone()).or_default();
        *count += 1;
        *count <= KEPT_PER_CELL
    }

    fn keep(&self, mut case: Case, verdict: &TestVerdict, told: Told<'_>) -> Result<String, Failure> {
        let worst = complaints(verdict).into_iter().find(|complaint| complaint.verdict == Verdict::Invalid);
        if let (Some(time), Some(worst)) = (self.shrink, worst) {
            case = case.with(&smaller(&case, &worst.checker, &self.budget, time).settings);
        }
        let kept = keep_told(&case, &self.results, &self.budget, told)?;
        ordalia_report::draw(&kept.folder)?;
        kept.folder.compress()?;
        Ok(self.relative(kept.folder.root()))
    }

    /// A test with real processes; `None` if it was interrupted.
    fn really(&self, cell: &Cell, seed: u64, told: Told<'_>) -> Result<Option<Came>, Failure> {
        let trial = Trial::new(run_args(cell, seed, &self.results)?)?;
        let repeat = trial.settings().command.clone();
        let carried = trial.carry_out(&Herald { told }, self.interrupted.clone());
        if *self.interrupted.borrow() {
            return Ok(None);
        }
        let (folder, verdict) = carried?;
        let figures = figures_of(&folder)?;
        ordalia_report::draw(&folder)?;
        folder.compress()?;
        let folder = Some(self.relative(folder.root()));
        Ok(Some(Came { verdict, figures: Some(figures), folder, repeat }))
    }
}

impl Carry for Workbench {
    fn carry_out(&self, cell: &Cell, job: Job, recording: &(dyn Fn(&str) + Sync)) -> Carried {
        let begun = Instant::now();
        let seen = Mutex::new(None);
        let told = |root: &Path| {
            let folder = self.relative(root);
            recording(&folder);
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder);
        };
        let came = match cell.mode {
            Mode::Sim => self.simulate(cell, job.seed, &told).map(Some),
            Mode::Real => self.really(cell, job.seed, &told),
        };
        let wall_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let seen = || seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Carried::Done(Box::new(match came {
            Ok(None) => return Carried::Interrupted(seen()),
            Ok(Some(came)) => JobResult {
                verdict: came.verdict.valid,
                complaints: complaints(&came.verdict),
                folder: came.folder,
                repeat: came.repeat,
                wall_ms,
                figures: came.figures.and_then(storable),
            },
            Err(failure) => JobResult::failed(failure.to_string(), seen(), self.repeat(cell, job), wall_ms),
        }))
    }

    fn repeat(&self, cell: &Cell, job: Job) -> String {
        let command = match cell.mode {
            Mode::Sim => sim_args(cell, &self.results)
                .and_then(|args| Ok(Plan::new(&args)?.case(job.seed)?.command.unwrap_or_default())),
            Mode::Real => run_args(cell, job.seed, &self.results)
                .and_then(|args| Ok(Trial::new(args)?.settings().command.clone())),
        };
        command.unwrap_or_default()
    }

    fn abandon(&self, folder: &str) -> Result<(), String> {
        let run_json = self.results.join(folder).join("run.json");
        // Killed before its settings were written, the run has nothing to mark.
        if !run_json.exists() {
            return Ok(());
        }
        let info = read_json::<RunInfo>(&run_json, "the settings of a run");
        let mut info = info.map_err(|error| error.to_string())?;
        info.ended_early.get_or_insert_with(|| "its campaign was killed".to_owned());
        write_json(&run_json, &info).map_err(|error| error.to_string())
    }
}
