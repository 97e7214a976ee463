//! Durable storage: an append-only log of records, and snapshots that replace it.
//!
//! The folder holds one *generation* of files: `log-G`, a row of [frames](frame) with one JSON
//! record each, and `snapshot-G`, one frame with the node's own state. Generation 0 has no snapshot.
//!
//! A snapshot begins the next generation: `log-G` with the records that remain is written and
//! synced, then `snapshot-G.tmp`, then the latter is renamed to `snapshot-G`. The rename is the
//! commit point. Files of other generations are left-overs of a crash and are removed.
//!
//! Records written behind stay in this process's memory until something demands durability, so that
//! `kill -9` loses them as a power cut would.
//!
//! A write that a crash cut short leaves a torn frame at the end of the log; it is cut off with a
//! warning. Damage ahead of the end, a damaged snapshot, and a file that is missing are errors, and
//! never "no state". What remains open: a bit flipped in the very last record cannot be told from a
//! torn write, and a power cut that kept later pages of one write and lost earlier ones is reported
//! as damage.

mod disk;
mod error;
mod frame;
mod generation;
#[cfg(test)]
mod tests;

use std::io;

use ordalia_node::Recovered;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use disk::{Disk, Folder};
pub use error::StorageError;
use frame::Found;
use generation::{Generations, log_name, snapshot_name, temporary_name};

/// The durable state of one node.
#[derive(Debug)]
pub struct Storage<D> {
    disk: D,
    generation: u64,
    log: String,
    /// Frames that are not on the disk yet, in order.
    staged: Vec<u8>,
    /// How many bytes of `staged` must become durable with the next commit.
    demanded: usize,
    /// The frame of a snapshot that replaces everything before `staged`.
    snapshot: Option<Vec<u8>>,
    /// How often files or the folder were synced.
    fsyncs: u64,
}

impl<D: Disk> Storage<D> {
    /// Opens the durable state, or begins an empty one where the folder holds none.
    ///
    /// # Errors
    /// The state is damaged, or the file system refuses.
    pub fn open<R: DeserializeOwned>(disk: D) -> Result<(Self, Recovered<R>), StorageError> {
        let mut disk = disk;
        let names = disk.list().map_err(|source| failed(&disk, "list the files beside", "log-0", source))?;
        let found = Generations::of(&names);
        let generation = found.committed();
        let log = log_name(generation);
        let (staged, demanded, snapshot, fsyncs) = (Vec::new(), 0, None, 0);
        let mut storage = Self { disk, generation, log, staged, demanded, snapshot, fsyncs };
        if found.is_empty() {
            storage.create_first_log()?;
            return Ok((storage, Recovered::default()));
        }
        found.check().map_err(|(file, because)| StorageError::Missing {
            file: storage.disk.describe(&file),
            because,
        })?;
        let snapshot = if generation > 0 { Some(storage.read_snapshot()?) } else { None };
        let records = storage.read_log()?;
        for file in found.left_over(&names) {
            storage.disk.remove(&file).map_err(|source| failed(&storage.disk, "remove", &file, source))?;
        }
        Ok((storage, Recovered { snapshot, records }))
    }

    /// The disk below.
    pub fn disk_mut(&mut self) -> &mut D {
        &mut self.disk
    }

    /// How often files or the folder were synced since the state was opened, that included.
    pub fn fsyncs(&self) -> u64 {
        self.fsyncs
    }

    /// Takes a record in. A crash loses it until it is [demanded](Storage::demand) and
    /// [committed](Storage::commit).
    ///
    /// # Errors
    /// The record has no JSON form, or a huge one.
    pub fn stage<R: Serialize>(&mut self, record: &R) -> Result<(), StorageError> {
        let start = frame::begin(&mut self.staged);
        serde_json::to_writer(&mut self.staged, record).map_err(StorageError::Encode)?;
        frame::seal(&mut self.staged, start).map_err(|bytes| StorageError::TooLong { bytes })
    }

    /// Demands that all records taken in so far become durable with the next commit.
    pub fn demand(&mut self) {
        self.demanded = self.staged.len();
    }

    /// Replaces all that is stored, and all that was taken in, by a state and the records that
    /// follow it, and demands that they become durable with the next commit.
    ///
    /// # Errors
    /// As [`stage`](Storage::stage).
    pub fn stage_snapshot<R: Serialize>(&mut self, state: &[u8], records: &[R]) -> Result<(), StorageError> {
        let mut snapshot = Vec::with_capacity(state.len() + frame::HEADER);
        let start = frame::begin(&mut snapshot);
        snapshot.extend_from_slice(state);
        frame::seal(&mut snapshot, start).map_err(|bytes| StorageError::TooLong { bytes })?;
        self.snapshot = Some(snapshot);
        self.staged.clear();
        for record in records {
            self.stage(record)?;
        }
        self.demand();
        Ok(())
    }

    /// Whether a commit is due.
    pub fn is_demanded(&self) -> bool {
        self.demanded > 0 || self.snapshot.is_some()
    }

    /// Makes durable what was demanded: one write and one sync, or a new generation.
    ///
    /// # Errors
    /// The file system refused. The storage must not be used any more, since nobody knows what is
    /// durable.
    pub fn commit(&mut self) -> Result<(), StorageError> {
        if let Some(snapshot) = self.snapshot.take() {
            self.begin_generation(&snapshot)?;
        } else if self.demanded > 0 {
            let log = self.log.as_str();
            let written = self.disk.append(log, &self.staged[..self.demanded]);
            written.map_err(|source| failed(&self.disk, "write to", log, source))?;
            self.fsyncs += 1;
            self.disk.sync(log).map_err(|source| failed(&self.disk, "sync", log, source))?;
        }
        self.staged.drain(..self.demanded);
        self.demanded = 0;
        Ok(())
    }

    /// Writes log and snapshot of the next generation and commits them by the rename.
    fn begin_generation(&mut self, snapshot: &[u8]) -> Result<(), StorageError> {
        let next = self.generation + 1;
        let log = log_name(next);
        self.write_whole(&log, None)?;
        self.write_whole(&temporary_name(next), Some(snapshot))?;
        // The log's name must be durable no later than the snapshot's.
        self.sync_directory()?;
        let (from, to) = (temporary_name(next), snapshot_name(next));
        self.disk.rename(&from, &to).map_err(|source| failed(&self.disk, "rename", &from, source))?;
        self.sync_directory()?;
        let old = (self.log.clone(), snapshot_name(self.generation), self.generation);
        (self.generation, self.log) = (next, log);
        self.remove_superseded(&old.0);
        if old.2 > 0 {
            self.remove_superseded(&old.1);
        }
        Ok(())
    }

    /// Creates a file with the given bytes, or else with the staged records, and syncs it.
    fn write_whole(&mut self, file: &str, bytes: Option<&[u8]>) -> Result<(), StorageError> {
        let bytes = bytes.unwrap_or(&self.staged[..self.demanded]);
        self.disk.create(file).map_err(|source| failed(&self.disk, "create", file, source))?;
        let written = self.disk.append(file, bytes);
        written.map_err(|source| failed(&self.disk, "write to", file, source))?;
        self.fsyncs += 1;
        self.disk.sync(file).map_err(|source| failed(&self.disk, "sync", file, source))
    }

    /// A file of an older generation does no harm, and the next start tries again.
    fn remove_superseded(&mut self, file: &str) {
        if let Err(error) = self.disk.remove(file) {
            tracing::warn!(file = self.disk.describe(file), %error, "a superseded file could not be removed");
        }
    }

    fn sync_directory(&mut self) -> Result<(), StorageError> {
        self.fsyncs += 1;
        let synced = self.disk.sync_directory();
        synced.map_err(|source| failed(&self.disk, "sync the directory of", &self.log, source))
    }

    fn create_first_log(&mut self) -> Result<(), StorageError> {
        let created = self.disk.create(&self.log);
        created.map_err(|source| failed(&self.disk, "create", &self.log, source))?;
        self.sync_directory()
    }

    fn read_file(&mut self, file: &str) -> Result<Vec<u8>, StorageError> {
        self.disk.read(file).map_err(|source| failed(&self.disk, "read", file, source))
    }

    fn read_snapshot(&mut self) -> Result<Vec<u8>, StorageError> {
        let file = snapshot_name(self.generation);
        let bytes = self.read_file(&file)?;
        let problem = match frame::read(&bytes, 0) {
            Found::Frame { payload, next } if next == bytes.len() => return Ok(payload.to_vec()),
            Found::Frame { next, .. } => format!("expected {next} bytes, found {}", bytes.len()),
            Found::End => "the file is empty".to_owned(),
            Found::Short(problem) | Found::Broken(problem) => problem,
        };
        Err(StorageError::Damaged { file: self.disk.describe(&file), offset: 0, problem })
    }

    /// Reads all records, and cuts off a torn one at the end.
    fn read_log<R: DeserializeOwned>(&mut self) -> Result<Vec<R>, StorageError> {
        let log = self.log.clone();
        let bytes = self.read_file(&log)?;
        let damaged = |disk: &D, offset: usize, problem: String| StorageError::Damaged {
            file: disk.describe(&log),
            offset: offset as u64,
            problem,
        };
        let (mut records, mut offset) = (Vec::new(), 0);
        loop {
            match frame::read(&bytes, offset) {
                Found::Frame { payload, next } => {
                    let record = serde_json::from_slice(payload);
                    let record = record.map_err(|error| {
                        damaged(&self.disk, offset, format!("expected a record of this node: {error}"))
                    })?;
                    records.push(record);
                    offset = next;
                }
                Found::End => return Ok(records),
                Found::Short(problem) | Found::Broken(problem) => {
                    // A damaged length can point anywhere, also beyond the end; only a whole record
                    // further on tells it from a write that was cut short.
                    if frame::any_frame_from(&bytes, offset + 1) {
                        let problem = format!("{problem}, and whole records follow");
                        return Err(damaged(&self.disk, offset, problem));
                    }
                    self.cut(offset, bytes.len(), &problem)?;
                    return Ok(records);
                }
            }
        }
    }

    /// Cuts a torn record off the end of the log.
    fn cut(&mut self, offset: usize, length: usize, problem: &str) -> Result<(), StorageError> {
        let log = self.log.as_str();
        tracing::warn!(
            file = self.disk.describe(log),
            offset,
            bytes = length - offset,
            problem,
            "the last record is torn and is cut off"
        );
        let cut = self.disk.truncate(log, offset as u64);
        cut.map_err(|source| failed(&self.disk, "cut", log, source))?;
        self.fsyncs += 1;
        self.disk.sync(log).map_err(|source| failed(&self.disk, "sync", log, source))
    }
}

fn failed<D: Disk>(disk: &D, action: &'static str, file: &str, source: io::Error) -> StorageError {
    StorageError::Io { action, file: disk.describe(file), source }
}
