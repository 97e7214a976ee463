//! The figures of a stored run.

use std::path::{Path, PathBuf};

use ordalia_history::{PairError, fault_windows, jsonl, pair};
use ordalia_record::{
    DiskTotals, LinkTotals, RecordError, RunFolder, RunInfo, StatusSample, read_json, read_json_lines,
};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::{Figures, RunRecord, figures};

/// Why a stored run has no figures.
#[derive(Debug, Error)]
pub enum MeasureError {
    /// A file of the run could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The history is none.
    #[error("{}: {source}", path.display())]
    Pairing {
        /// The history.
        path: PathBuf,
        /// Where and why.
        source: PairError,
    },
}

/// The figures of a stored run. Files that not every run has (`links.json`, `disks.json`, `status.jsonl`) may be
/// absent.
///
/// # Errors
/// A file cannot be read, or the history is none.
pub fn figures_of(folder: &RunFolder) -> Result<Figures, MeasureError> {
    let info: RunInfo = read_json(&folder.run_json(), "the settings of a run")?;
    let path = folder.history();
    let events = jsonl::read(&path).map_err(RecordError::from)?.events;
    let operations = pair(&events).map_err(|source| MeasureError::Pairing { path, source })?;
    let status: Vec<StatusSample> = read_json_lines(&folder.status(), "a node's status")?;
    let links: Vec<LinkTotals> = read_list(&folder.links(), "a list of link totals")?;
    let disks: Vec<DiskTotals> = read_list(&folder.disks(), "a list of disk totals")?;
    Ok(figures(&RunRecord {
        info: &info,
        operations: &operations,
        faults: &fault_windows(&events),
        status: &status,
        links: &links,
        disks: &disks,
        elections: None,
    }))
}

/// A file of one list; an absent one is empty.
fn read_list<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<Vec<T>, RecordError> {
    if path.exists() { read_json(path, expected) } else { Ok(Vec::new()) }
}
