//! Why a history could not be read.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a history could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file could not be opened, read or decompressed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The indices do not count up from 0.
    #[error("{}:{line}: expected index {expected}, found {found}; events must be numbered from 0 without gaps", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The index that should stand here.
        expected: u64,
        /// The index that stands here.
        found: u64,
    },
    /// The content is not of its format, or of no format that is known.
    #[error("{}:{line}: expected {expected}, found {found}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What should stand here.
        expected: String,
        /// What stands here.
        found: String,
    },
}

/// Why an input, which has no name, is no history of a format.
#[derive(Debug, Error)]
pub enum ParseError {
    /// The input could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The indices do not count up from 0.
    #[error(
        "line {line}: expected index {expected}, found {found}; events must be numbered from 0 without gaps"
    )]
    Index {
        /// The line, from 1.
        line: u64,
        /// The index that should stand here.
        expected: u64,
        /// The index that stands here.
        found: u64,
    },
    /// It is not of the format.
    #[error("line {line}: expected {expected}, found {found}")]
    Form {
        /// The line, from 1.
        line: u64,
        /// What should stand here.
        expected: String,
        /// What stands here.
        found: String,
    },
}

impl ParseError {
    pub(crate) fn form(line: u64, expected: impl Into<String>, found: impl Into<String>) -> Self {
        ParseError::Form { line, expected: expected.into(), found: found.into() }
    }

    /// The error as one of a file.
    pub(crate) fn of(self, path: &Path) -> ReadError {
        let path = path.to_owned();
        match self {
            ParseError::Io(source) => ReadError::Io { path, source },
            ParseError::Index { line, expected, found } => ReadError::Index { path, line, expected, found },
            ParseError::Form { line, expected, found } => ReadError::Form { path, line, expected, found },
        }
    }
}

/// The start of a text from a file, fit to stand in a message: one line, of bounded length.
pub(crate) fn excerpt(text: &[u8]) -> String {
    const LENGTH: usize = 40;
    // Four bytes a character at most, so that the cut comes after the last character that is shown.
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * (LENGTH + 1))]);
    let mut characters = text.trim().chars();
    let shown: String = characters.by_ref().take(LENGTH).collect();
    let more = if characters.next().is_some() { "…" } else { "" };
    format!("{:?}{more}", shown)
}
