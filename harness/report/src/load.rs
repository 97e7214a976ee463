//! Reads all that a run's folder holds, and notes what it does not hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ordalia_checker::TestVerdict;
use ordalia_checker::linearizable::Depiction;
use ordalia_history::{Event, EventType, FaultWindow, Operation, PairError, Process, fault_windows, pair};
use ordalia_node::NodeId;
use ordalia_record::{
    FIRST_ACTING_PROCESS, FaultRecord, LinkTotals, RecordError, RunFolder, RunInfo, StatusSample, read_json,
    read_json_lines,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::rounds::{self, Rounds};

/// What was read of a run.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The run's folder.
    pub root: PathBuf,
    /// The settings, if they could be read.
    pub info: Option<RunInfo>,
    /// All operations, in order of invocation: those of clients, and the acts of nodes and of what stands outside.
    pub operations: Vec<Operation>,
    /// The clients' operations alone, where there are acts beside them.
    pub clients: Option<Vec<Operation>>,
    /// The spans of the faults, in order of their start.
    pub windows: Vec<FaultWindow>,
    /// What each fault did, in time order.
    pub faults: Vec<FaultRecord>,
    /// What the nodes said of themselves, in time order.
    pub status: Vec<StatusSample>,
    /// The totals of the links; empty if there are none.
    pub links: Vec<LinkTotals>,
    /// The verdict, if the run was judged.
    pub verdict: Option<TestVerdict>,
    /// What was found where the history is not linearizable, in the model's words.
    pub depiction: Option<Depiction>,
    /// The rounds of sensors, if the history has any.
    pub rounds: Option<Rounds>,
    /// Where the few operations are that the failure comes down to, if it was cut down.
    pub minimal: Option<PathBuf>,
    /// Whether there is a space–time diagram, which only a simulated run has.
    pub space_time: bool,
    /// The last time of anything recorded, in nanoseconds since the start of the load; at least 1.
    pub end_ns: u64,
    /// What is missing or damaged, in sentences for a person.
    pub missing: Vec<String>,
}

impl Loaded {
    /// Reads a run. Never fails: what cannot be read is in `missing`.
    pub(crate) fn read(run: &RunFolder) -> Self {
        let mut loaded = Self { root: run.root().to_owned(), ..Self::default() };
        loaded.info = loaded.single(&run.run_json(), "the settings of a run");
        loaded.verdict = loaded.single(&run.verdict(), "a verdict");
        if run.linearization().exists() {
            loaded.depiction = loaded.single(&run.linearization(), "what was found of each key");
        }
        loaded.minimal = Some(run.minimal()).filter(|path| path.exists());
        loaded.links = loaded.single(&run.links(), "a list of link totals").unwrap_or_default();
        loaded.faults = loaded.lines(&run.faults(), "a fault's record");
        loaded.status = loaded.lines(&run.status(), "a node's status");
        let events = loaded.read_history(&run.history());
        loaded.windows = loaded.fault_windows(&events);
        loaded.end_ns = loaded.last_time(&events).max(1);
        if loaded.operations.iter().any(is_act) {
            loaded.clients = Some(loaded.operations.iter().filter(|one| !is_act(one)).cloned().collect());
        }
        loaded.rounds = rounds::read(&loaded.operations, loaded.verdict.as_ref(), loaded.end_ns);
        loaded
    }

    /// The clients' operations: what latency and throughput are figures of. How long a node waited at a barrier is
    /// neither.
    pub(crate) fn clients(&self) -> &[Operation] {
        self.clients.as_deref().unwrap_or(&self.operations)
    }

    /// The nodes of the run: as many as the settings say, or all that are mentioned.
    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        if let Some(info) = &self.info {
            return NodeId::all(info.nodes);
        }
        let named = self.links.iter().flat_map(|link| [&link.from, &link.to]).filter_map(|n| n.parse().ok());
        let nodes: BTreeSet<NodeId> = self.status.iter().map(|sample| sample.node).chain(named).collect();
        nodes.into_iter().collect()
    }

    /// Reads a file of one value; notes if it is absent or damaged.
    fn single<T: DeserializeOwned>(&mut self, path: &Path, expected: &'static str) -> Option<T> {
        match read_json(path, expected) {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(path, &error);
                None
            }
        }
    }

    /// Reads a file of a value a line; notes if it is absent or damaged.
    pub(crate) fn lines<T: DeserializeOwned>(&mut self, path: &Path, expected: &'static str) -> Vec<T> {
        if !path.exists() {
            self.missing.push(format!("{} is not there.", self.short(path)));
            return Vec::new();
        }
        read_json_lines(path, expected).unwrap_or_else(|error| {
            self.note(path, &error);
            Vec::new()
        })
    }

    /// Notes that a file could not be read.
    fn note(&mut self, path: &Path, error: &RecordError) {
        let name = self.short(path);
        self.missing.push(match error {
            RecordError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                match name.as_str() {
                    "verdict.json" => "verdict.json is not there: the run was not judged.".to_owned(),
                    _ => format!("{name} is not there."),
                }
            }
            error => format!("{name} cannot be read: {error}"),
        });
    }

    /// The path as seen from the run's folder.
    fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// Reads the history and pairs it into operations, up to the first event that does not fit.
    fn read_history(&mut self, path: &Path) -> Vec<Event> {
        let recorded = match ordalia_history::jsonl::read(path) {
            Ok(recorded) => recorded,
            Err(error) => {
                self.missing.push(format!("The history cannot be read: {error}"));
                return Vec::new();
            }
        };
        if recorded.torn_tail {
            self.missing.push(
                "The last line of history.jsonl was cut off in the middle; all before it is drawn."
                    .to_owned(),
            );
        }
        self.operations = match pair(&recorded.events) {
            Ok(operations) => operations,
            Err(error) => {
                self.missing
                    .push(format!("The history is drawn only up to a place where it breaks: {error}"));
                let sound = recorded.events.iter().take_while(|event| event.index < place(&error));
                pair(&sound.cloned().collect::<Vec<_>>()).unwrap_or_default()
            }
        };
        recorded.events
    }

    /// The spans of the faults from the history, or from the fault records if it has none.
    fn fault_windows(&self, events: &[Event]) -> Vec<FaultWindow> {
        let windows = fault_windows(events);
        if !windows.is_empty() {
            return windows;
        }
        let events: Vec<Event> = self.faults.iter().map(as_event).collect();
        fault_windows(&events)
    }

    /// The last time that anything was recorded.
    fn last_time(&self, events: &[Event]) -> u64 {
        let phases = self.info.iter().flat_map(|info| &info.phases).map(|phase| phase.end_ns);
        let events = events.last().map(|event| event.time);
        let status = self.status.last().map(|sample| sample.time);
        let faults = self.faults.last().map(|fault| fault.time);
        phases.chain(events).chain(status).chain(faults).max().unwrap_or(0)
    }
}

/// Whether a node or what stands outside did it, not a client.
fn is_act(operation: &Operation) -> bool {
    operation.process >= FIRST_ACTING_PROCESS
}

/// The index of the event at which pairing failed.
fn place(error: &PairError) -> u64 {
    match error {
        PairError::AlreadyOpen { index, .. }
        | PairError::NothingOpen { index, .. }
        | PairError::OtherOperation { index, .. }
        | PairError::TimeBackwards { index, .. } => *index,
    }
}

/// A fault's record as the event that a history would hold.
fn as_event(record: &FaultRecord) -> Event {
    Event {
        index: 0,
        time: record.time,
        process: Process::Nemesis,
        kind: EventType::Info,
        f: record.kind.as_str().into(),
        key: None,
        value: json!({"fault": record.fault, "phase": record.phase, "label": record.label}),
        error: None,
        node: None,
        intended: None,
    }
}

/// The member of an object as a number, where it is one.
pub(crate) fn number(value: &Value, member: &str) -> Option<u64> {
    value.get(member).and_then(Value::as_u64)
}
