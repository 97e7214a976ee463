//! How a job is carried out: by whoever knows targets and workloads.

use crate::{Cell, Job, JobResult};

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Carried {
    /// It is done. A test that could not be carried through is done as well: [`JobResult::failed`].
    Done(Box<JobResult>),
    /// It was interrupted, and is to be run again. What it left behind, if anything, is marked as ended early.
    Interrupted(Option<String>),
}

/// Carries out jobs. Several may be under way at once, on threads of their own.
pub trait Carry: Sync {
    /// Carries out one job. `recording` is told the run's folder, relative to the folder of results, as soon as there
    /// is one.
    fn carry_out(&self, cell: &Cell, job: Job, recording: &(dyn Fn(&str) + Sync)) -> Carried;

    /// The command that repeats a job.
    fn repeat(&self, cell: &Cell, job: Job) -> String;

    /// Marks the folder of a run that was under way when its controller died.
    ///
    /// # Errors
    /// It cannot be written.
    fn abandon(&self, folder: &str) -> Result<(), String>;
}
