//! What can be wrong with the durable state.

use std::io;

use thiserror::Error;

/// The durable state is damaged, or can no longer be written. The node ends.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The file system refused.
    #[error("cannot {action} {file}: {source}")]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// On which file.
        file: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A file holds what was never written to it.
    #[error("{file} is damaged at offset {offset}: {problem}")]
    Damaged {
        /// Which file.
        file: String,
        /// The first byte of the frame that is damaged.
        offset: u64,
        /// What was expected and what was found.
        problem: String,
    },
    /// A file that must be there is not.
    #[error("{file} is missing, but {because}")]
    Missing {
        /// Which file.
        file: String,
        /// Why it must be there.
        because: String,
    },
    /// A record or a snapshot does not fit a frame.
    #[error("{bytes} bytes are too many for one record or snapshot; expected fewer than 4 GiB")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A record has no JSON form.
    #[error("a record cannot be written as JSON: {0}")]
    Encode(serde_json::Error),
}
