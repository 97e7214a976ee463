//! Where the files of a run are, and how they are read and written.

use std::fs::{self, File};
use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ordalia_history::{Event, jsonl};
use ordalia_node::NodeId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::compress::plain_or_compressed;

/// Why a file of a run could not be read or written.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not hold what it should.
    #[error("{}:{line}: expected {expected}: {source}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What the parser found.
        source: serde_json::Error,
    },
    /// The history could not be read.
    #[error(transparent)]
    History(#[from] jsonl::ReadError),
    /// The folder holds no run.
    #[error("{} holds no run: expected a folder with run.json and history.jsonl, such as results/latest", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
}

/// The folder of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    root: PathBuf,
}

impl RunFolder {
    /// Makes `results/TARGET.WORKLOAD/STAMP-SEED/` and the link `results/latest` to it. If a run of the
    /// same name exists already (two began in the same second with the same seed), a number is added.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn create(results: &Path, test: &str, stamp: &str, seed: u64) -> Result<Self, RecordError> {
        let parent = results.join(test);
        fs::create_dir_all(&parent).map_err(|source| RecordError::Io { path: parent.clone(), source })?;
        let mut name = format!("{stamp}-{seed}");
        for number in 2.. {
            match fs::create_dir(parent.join(&name)) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    name = format!("{stamp}-{seed}.{number}");
                }
                Err(source) => return Err(RecordError::Io { path: parent.join(&name), source }),
            }
        }
        link_latest(results, &Path::new(test).join(&name))?;
        Ok(Self { root: parent.join(name) })
    }

    /// The folder of a stored run.
    ///
    /// # Errors
    /// There is no run in it.
    pub fn open(root: &Path) -> Result<Self, RecordError> {
        let folder = Self { root: root.to_owned() };
        if folder.run_json().is_file() && folder.history().is_file() {
            return Ok(folder);
        }
        Err(RecordError::NoRun { path: root.to_owned() })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `run.json`
    pub fn run_json(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// `schedule.json`
    pub fn schedule(&self) -> PathBuf {
        self.root.join("schedule.json")
    }

    /// `history.jsonl`, or `history.jsonl.zst` of a run that was compressed.
    pub fn history(&self) -> PathBuf {
        plain_or_compressed(self.root.join("history.jsonl"))
    }

    /// `faults.jsonl`
    pub fn faults(&self) -> PathBuf {
        self.root.join("faults.jsonl")
    }

    /// `status.jsonl`
    pub fn status(&self) -> PathBuf {
        self.root.join("status.jsonl")
    }

    /// `links.json`
    pub fn links(&self) -> PathBuf {
        self.root.join("links.json")
    }

    /// `disks.json`; absent of systems that do not tell how often they call fsync.
    pub fn disks(&self) -> PathBuf {
        self.root.join("disks.json")
    }

    /// `acts.json`: when the load began on the clock of the nodes' acts, and whether they have joined the history.
    pub fn acts_json(&self) -> PathBuf {
        self.root.join("acts.json")
    }

    /// `nodes/nI/acts.jsonl`: what a node of a real run did, in lines of
    /// [`ActLine`](ordalia_node::wire::ActLine).
    pub fn acts(&self, node: NodeId) -> PathBuf {
        self.node(node).join("acts.jsonl")
    }

    /// `verdict.json`
    pub fn verdict(&self) -> PathBuf {
        self.root.join("verdict.json")
    }

    /// `linearization.json`: what a picture of a history that is not linearizable needs beside the history;
    /// only there where it is not.
    pub fn linearization(&self) -> PathBuf {
        self.root.join("linearization.json")
    }

    /// `sim.json`: everything that repeats a simulated run exactly; absent of a real one.
    pub fn simulation(&self) -> PathBuf {
        self.root.join("sim.json")
    }

    /// `trace.jsonl`: what happened in a simulated run, event by event; or `trace.jsonl.zst`.
    pub fn trace(&self) -> PathBuf {
        plain_or_compressed(self.root.join("trace.jsonl"))
    }

    /// `minimal.jsonl`: the few operations that a failure comes down to, as a history of their own; only there
    /// where the history is not linearizable.
    pub fn minimal(&self) -> PathBuf {
        self.root.join("minimal.jsonl")
    }

    /// `nodes/nI`
    pub fn node(&self, node: NodeId) -> PathBuf {
        self.root.join("nodes").join(node.to_string())
    }

    /// `report/`
    pub fn report(&self) -> PathBuf {
        self.root.join("report")
    }
}

/// Points the link `latest` in a folder to one of its folders. The link is made under another name and renamed, so
/// that it is whole at every moment, also with runs side by side, in one process or in several.
///
/// # Errors
/// The link cannot be made.
pub fn link_latest(results: &Path, run: &Path) -> Result<(), RecordError> {
    static LINKS: AtomicU64 = AtomicU64::new(0);
    let number = LINKS.fetch_add(1, Ordering::Relaxed);
    let fresh = results.join(format!(".latest-{}-{number}", std::process::id()));
    let latest = results.join("latest");
    let io_error = |source| RecordError::Io { path: latest.clone(), source };
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
        _ => {}
    }
    std::os::unix::fs::symlink(run, &fresh).map_err(io_error)?;
    fs::rename(&fresh, &latest).map_err(io_error)
}

/// Writes a value as indented JSON: whole, or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RecordError> {
    write_whole(path, |writer| {
        serde_json::to_writer_pretty(&mut *writer, value)?;
        writer.write_all(b"\n")
    })
}

/// Writes a value that is large and that no person reads as JSON on one line: whole, or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_compact_json(path: &Path, value: &impl Serialize) -> Result<(), RecordError> {
    write_whole(path, |writer| {
        serde_json::to_writer(&mut *writer, value)?;
        writer.write_all(b"\n")
    })
}

/// Writes a history, one event a line: whole, or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_history(path: &Path, events: &[Event]) -> Result<(), RecordError> {
    write_whole(path, |writer| events.iter().try_for_each(|event| jsonl::write_event(writer, event)))
}

/// Writes a file under another name and gives it its own once it is on the disk.
fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), RecordError> {
    let io_error = |source| RecordError::Io { path: path.to_owned(), source };
    let temporary = path.with_extension("json.part");
    let mut writer = BufWriter::new(File::create(&temporary).map_err(io_error)?);
    write(&mut writer).map_err(io_error)?;
    let file = writer.into_inner().map_err(|error| io_error(error.into_error()))?;
    file.sync_all().map_err(io_error)?;
    fs::rename(&temporary, path).map_err(io_error)
}

/// Writes one JSON value a line.
///
/// # Errors
/// The file cannot be written.
pub fn write_json_lines<T: Serialize>(
    path: &Path,
    values: impl IntoIterator<Item = T>,
) -> Result<(), RecordError> {
    let io_error = |source| RecordError::Io { path: path.to_owned(), source };
    let mut writer = BufWriter::new(File::create(path).map_err(io_error)?);
    for value in values {
        serde_json::to_writer(&mut writer, &value).map_err(|error| io_error(error.into()))?;
        writer.write_all(b"\n").map_err(io_error)?;
    }
    writer.flush().map_err(io_error)
}

/// Reads a JSON file; `expected` says in a few words what it should hold.
///
/// # Errors
/// The file cannot be read, or holds something else.
pub fn read_json<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<T, RecordError> {
    let text = fs::read(path).map_err(|source| RecordError::Io { path: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|source| {
        let line = source.line();
        RecordError::Shape { path: path.to_owned(), line, expected, source }
    })
}

/// Reads a file of one JSON value a line, compressed or not. A file that is absent is empty, and a last line without its
/// newline that does not parse (its writer was killed) is left out.
///
/// # Errors
/// The file cannot be read, or a line holds something else.
pub fn read_json_lines<T: DeserializeOwned>(
    path: &Path,
    expected: &'static str,
) -> Result<Vec<T>, RecordError> {
    let io_error = |source| RecordError::Io { path: path.to_owned(), source };
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => return Ok(Vec::new()),
        Err(source) => return Err(io_error(source)),
    }
    let mut reader = ordalia_history::open(path)?;
    let (mut values, mut text, mut line) = (Vec::new(), Vec::new(), 0);
    loop {
        text.clear();
        if reader.read_until(b'\n', &mut text).map_err(io_error)? == 0 {
            return Ok(values);
        }
        line += 1;
        match serde_json::from_slice(&text) {
            Ok(value) => values.push(value),
            Err(_) if text.last() != Some(&b'\n') => {}
            Err(source) => return Err(RecordError::Shape { path: path.to_owned(), line, expected, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_the_same_second_and_seed_get_folders_of_their_own() {
        let results = tempfile::tempdir().unwrap();
        let first = RunFolder::create(results.path(), "t.w", "20260102T030405", 7).unwrap();
        let second = RunFolder::create(results.path(), "t.w", "20260102T030405", 7).unwrap();
        assert_ne!(first, second);
        let latest = fs::canonicalize(results.path().join("latest")).unwrap();
        assert_eq!(latest, fs::canonicalize(second.root()).unwrap());
        assert!(matches!(RunFolder::open(first.root()), Err(RecordError::NoRun { .. })));
    }

    #[test]
    fn damage_names_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.jsonl");
        fs::write(&path, "1\nx\n3\n").unwrap();
        let error = read_json_lines::<u64>(&path, "a number").unwrap_err().to_string();
        assert!(error.contains("faults.jsonl:2: expected a number"), "{error}");
        fs::write(&path, "1\n2\n{\"to").unwrap();
        assert_eq!(read_json_lines::<u64>(&path, "a number").unwrap(), [1, 2]);
    }
}
