//! Where in a campaign's file something stands, and what is wrong there.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a campaign's file cannot be carried out.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What it asks for cannot be.
    #[error("{}:{line}: {text}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was expected, what was found, and the nearest name that there is.
        text: String,
    },
}

/// A file's text with its path.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

impl Source<'_> {
    /// The line of a byte, from 1.
    pub fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    /// What is wrong at a line.
    pub fn wrong(&self, line: usize, text: impl Into<String>) -> FileError {
        FileError::Wrong { path: self.path.to_owned(), line, text: text.into() }
    }
}

/// Says that a name is not known, which is nearest, and which there are.
pub(crate) fn unknown(what: &str, name: &str, known: &[String]) -> String {
    let nearest = nearest(name, known).map_or(String::new(), |near| format!("; did you mean {near:?}?"));
    if known.is_empty() {
        return format!("unknown {what} {name:?}; there is none");
    }
    format!("unknown {what} {name:?}{nearest}; known: {}", known.join(", "))
}

/// The known name that is so near that it may have been meant.
fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a String> {
    // Names are short; a long text was not meant as one, and comparing takes time in its square.
    if name.len() > 64 {
        return None;
    }
    let distance = |known: &String| strsim::damerau_levenshtein(name, known);
    let near = known.iter().min_by_key(|known| distance(known))?;
    let allowed = (near.chars().count() / 3).max(1);
    let begun = near.starts_with(name) || name.starts_with(near.as_str());
    (distance(near) <= allowed || begun && !name.is_empty()).then_some(near)
}
