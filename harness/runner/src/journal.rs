//! What the faults did, written to `faults.jsonl` with evidence and to the history as events.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ordalia_history::{Event, EventType, FaultPhase, Process, fault_event_value};
use ordalia_record::FaultRecord;

use crate::Recorder;

/// The journal of all faults of a test.
#[derive(Debug)]
pub struct Journal {
    recorder: Arc<Recorder>,
    file: Mutex<File>,
    in_force: Mutex<BTreeMap<u64, String>>,
}

impl Journal {
    /// An empty journal beside the history.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path, recorder: Arc<Recorder>) -> io::Result<Self> {
        let file = Mutex::new(File::create(path)?);
        Ok(Self { recorder, file, in_force: Mutex::default() })
    }

    /// Stamps a record with the time, writes its event to the history and itself to `faults.jsonl`, and
    /// hands both to the system at once.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, mut record: FaultRecord) -> io::Result<()> {
        record.time = self.recorder.record(nemesis_event(&record))?;
        self.recorder.flush()?;
        self.track(&record);
        let mut line = serde_json::to_vec(&record)?;
        line.push(b'\n');
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }

    /// The labels of the faults that are in force, in order of their numbers.
    pub fn in_force(&self) -> Vec<String> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).sync_all()
    }

    fn track(&self, record: &FaultRecord) {
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        match record.phase {
            FaultPhase::Healed => in_force.remove(&record.fault),
            _ => in_force.insert(record.fault, record.label.clone()),
        };
    }
}

/// The event that stands for a record in the history.
fn nemesis_event(record: &FaultRecord) -> Event {
    Event {
        index: 0,
        time: 0,
        process: Process::Nemesis,
        kind: EventType::Info,
        f: record.kind.as_str().into(),
        key: None,
        value: fault_event_value(record.fault, record.phase, &record.label),
        error: None,
        node: None,
        intended: None,
    }
}
