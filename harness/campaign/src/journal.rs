//! The journal of a campaign, `journal.jsonl`: what was begun and what is done, each line durable before anything
//! that follows from it. It is what a campaign is resumed from.
//!
//! A job that was begun and not done is run again. A last line without its newline, whose writer was killed, is
//! dropped. The file is locked while a campaign is under way, so that no two processes carry out the same one.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{CampaignError, JobResult};

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
pub enum Line {
    /// A job was begun.
    Begun {
        /// The cell's name.
        cell: String,
        /// The seed.
        seed: u64,
    },
    /// Its run is being recorded.
    Recording {
        /// The cell's name.
        cell: String,
        /// The seed.
        seed: u64,
        /// The run's folder, relative to the folder of results.
        folder: String,
    },
    /// It is done.
    Done {
        /// The cell's name.
        cell: String,
        /// The seed.
        seed: u64,
        /// What it came to.
        result: Box<JobResult>,
    },
    /// It was begun and is to be run again.
    Abandoned {
        /// The cell's name.
        cell: String,
        /// The seed.
        seed: u64,
        /// What is left of it, marked as ended early.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
    },
}

/// A job by what it is called in every plan that has it: the cell's name, and the seed.
pub type JobId = (String, u64);

/// What a journal tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// What is done.
    pub done: BTreeMap<JobId, JobResult>,
    /// What was begun and is neither done nor given up, with the folder of its run if it had one.
    pub begun: BTreeMap<JobId, Option<String>>,
}

impl Past {
    fn add(&mut self, line: Line) {
        match line {
            Line::Begun { cell, seed } => {
                self.begun.insert((cell, seed), None);
            }
            Line::Recording { cell, seed, folder } => {
                self.begun.insert((cell, seed), Some(folder));
            }
            Line::Done { cell, seed, result } => {
                self.begun.remove(&(cell.clone(), seed));
                self.done.insert((cell, seed), *result);
            }
            Line::Abandoned { cell, seed, .. } => {
                self.begun.remove(&(cell, seed));
            }
        }
    }
}

/// A journal that is open, and locked, for writing.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens a journal, made if it is not there, and reads what it tells.
    ///
    /// # Errors
    /// Another process has it open, it cannot be read, or a line holds something else.
    pub fn open(path: &Path) -> Result<(Self, Past), CampaignError> {
        let io_error = |source| CampaignError::Io { path: path.to_owned(), source };
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CampaignError::UnderWay { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(io_error)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let past = read(path, &text[..whole])?;
        file.set_len(whole as u64).map_err(io_error)?;
        file.seek(SeekFrom::End(0)).map_err(io_error)?;
        Ok((Self { file, path: path.to_owned() }, past))
    }

    /// What a journal tells that may be under way.
    ///
    /// # Errors
    /// It cannot be read, or a line holds something else.
    pub fn look(path: &Path) -> Result<Past, CampaignError> {
        let text = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            text => text.map_err(|source| CampaignError::Io { path: path.to_owned(), source })?,
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        read(path, &text[..whole])
    }

    /// Adds a line. It is durable when this returns.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, line: &Line) -> Result<(), CampaignError> {
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            self.file.write_all(&text)?;
            self.file.sync_data()
        });
        written.map_err(|source| CampaignError::Io { path: self.path.clone(), source })
    }
}

/// Reads whole lines.
fn read(path: &Path, text: &[u8]) -> Result<Past, CampaignError> {
    let mut past = Past::default();
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let line = serde_json::from_slice(line).map_err(|source| CampaignError::Line {
            path: path.to_owned(),
            line: at + 1,
            source,
        })?;
        past.add(line);
    }
    Ok(past)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn begun(seed: u64) -> Line {
        Line::Begun { cell: "c".to_owned(), seed }
    }

    fn done(seed: u64) -> Line {
        let result = JobResult::failed("x".to_owned(), None, "again".to_owned(), 1);
        Line::Done { cell: "c".to_owned(), seed, result: Box::new(result) }
    }

    #[test]
    fn what_was_begun_and_not_done_is_told_and_a_torn_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let (mut journal, past) = Journal::open(&path).unwrap();
        assert_eq!(past, Past::default());
        for line in [begun(1), done(1), begun(2), begun(3)] {
            journal.add(&line).unwrap();
        }
        let line = Line::Recording { cell: "c".to_owned(), seed: 3, folder: "t.w/x-3".to_owned() };
        journal.add(&line).unwrap();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        let torn = serde_json::to_vec(&done(2)).unwrap();
        fs::write(&path, [whole.as_slice(), &torn[..torn.len() / 2]].concat()).unwrap();
        let (mut journal, past) = Journal::open(&path).unwrap();
        assert_eq!(past.done.keys().map(|(_, seed)| *seed).collect::<Vec<_>>(), [1]);
        let left = [(("c".to_owned(), 2), None), (("c".to_owned(), 3), Some("t.w/x-3".to_owned()))];
        assert_eq!(past.begun, BTreeMap::from(left));
        journal.add(&done(2)).unwrap();
        assert_eq!(Journal::look(&path).unwrap().done.len(), 2);
    }

    #[test]
    fn one_process_at_a_time_and_damage_has_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let (open, _) = Journal::open(&path).unwrap();
        assert!(matches!(Journal::open(&path), Err(CampaignError::UnderWay { .. })));
        drop(open);
        fs::write(&path, "{}\n").unwrap();
        let error = Journal::open(&path).unwrap_err().to_string();
        assert!(error.contains("journal.jsonl:1"), "{error}");
    }
}
