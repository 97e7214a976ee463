//! What can go wrong with the files of a campaign.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a campaign could not be carried on.
#[derive(Debug, Error)]
pub enum CampaignError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line of the journal is none.
    #[error("{}:{line}: expected a line of a campaign's journal: {source}", path.display())]
    Line {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser found.
        source: serde_json::Error,
    },
    /// Another process carries the campaign out.
    #[error("{}: another process is carrying this campaign out; --fresh begins one of its own", path.display())]
    UnderWay {
        /// The journal.
        path: PathBuf,
    },
    /// A file of the record could not be read or written.
    #[error(transparent)]
    Record(#[from] ordalia_record::RecordError),
    /// What was left of a run could not be marked.
    #[error("{folder}: what is left of the run cannot be marked: {why}")]
    Mark {
        /// The run's folder, relative to the folder of results.
        folder: String,
        /// Why.
        why: String,
    },
}
