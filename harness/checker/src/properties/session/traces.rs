//! What each session did, in its order, with each value turned into the write that it comes from.

use std::collections::HashMap;

use ordalia_history::{Operation, Outcome, Value};

use crate::properties::findings::Findings;
use crate::properties::wording::{of_key, show, told};

/// The writes and reads of one key.
pub(super) struct Key<'a> {
    /// The key; `None` in a test of a single object.
    pub(super) name: Option<&'a Value>,
    /// Its writes, by version.
    pub(super) writes: Vec<Write<'a>>,
    /// The version that wrote each value.
    versions: HashMap<&'a Value, usize>,
    /// Some value does not tell its write.
    ambiguous: bool,
}

/// A write, and where it stands.
pub(super) struct Write<'a> {
    pub(super) operation: &'a Operation,
    pub(super) value: &'a Value,
    pub(super) session: usize,
}

/// What a step saw or did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It read that version; `None`: the value at first.
    Read(Option<usize>),
    /// It wrote that version.
    Write(usize),
}

/// One step of a session.
pub(super) struct Step<'a> {
    pub(super) operation: &'a Operation,
    pub(super) key: usize,
    pub(super) access: Access,
}

/// All sessions.
#[derive(Default)]
pub(super) struct Traces<'a> {
    pub(super) keys: Vec<Key<'a>>,
    pub(super) sessions: Vec<Vec<Step<'a>>>,
}

/// A read or write that was recorded: the operation, session, key and value, and whether it wrote.
#[derive(Clone, Copy)]
struct Told<'a> {
    operation: &'a Operation,
    session: usize,
    key: usize,
    value: &'a Value,
    wrote: bool,
}

impl<'a> Traces<'a> {
    /// Reads a history of registers. What does not fit is noted, and left out.
    pub(super) fn read(operations: &'a [Operation], initial: &Value, findings: &mut Findings) -> Self {
        let mut traces = Traces::default();
        let told = traces.sort(operations, findings);
        traces.sessions.resize_with(told.session_count, Vec::new);
        // A read may be invoked before the write that it returns, so all writes come first.
        for step in told.steps.iter().filter(|step| step.wrote) {
            traces.keys[step.key].add(step, initial, findings);
        }
        for step in told.steps {
            traces.place(step, initial, findings);
        }
        traces
    }

    /// How many reads there are.
    pub(super) fn reads(&self) -> usize {
        let read = |step: &&Step<'_>| matches!(step.access, Access::Read(_));
        self.sessions.iter().flatten().filter(read).count()
    }

    /// Splits the history into keys and sessions.
    fn sort(&mut self, operations: &'a [Operation], findings: &mut Findings) -> Recorded<'a> {
        let mut at_key: HashMap<Option<&Value>, usize> = HashMap::new();
        let mut of_process: HashMap<u64, usize> = HashMap::new();
        let mut recorded = Recorded::default();
        for operation in operations {
            let name = operation.key.as_ref();
            let key = *at_key.entry(name).or_insert(self.keys.len());
            if key == self.keys.len() {
                let (writes, versions) = (Vec::new(), HashMap::new());
                self.keys.push(Key { name, writes, versions, ambiguous: false });
            }
            let session = *of_process.entry(operation.process).or_insert_with(|| {
                recorded.session_count += 1;
                recorded.session_count - 1
            });
            if operation.outcome == Outcome::Info {
                of_process.remove(&operation.process);
            }
            let mut add = |value, wrote| recorded.steps.push(Told { operation, session, key, value, wrote });
            match (operation.f.as_str(), operation.outcome) {
                ("read" | "write" | "cas", Outcome::Fail) | ("read", Outcome::Info) => {}
                ("read", Outcome::Ok) => add(&operation.output, false),
                ("write", _) => add(&operation.input, true),
                ("cas", outcome) => match operation.input.as_array().map(Vec::as_slice) {
                    Some([from, to]) => {
                        if outcome == Outcome::Ok {
                            add(from, false);
                        }
                        add(to, true);
                    }
                    _ => unfit(operation, "cas with [from, to]", findings),
                },
                _ => unfit(operation, "read, write or cas", findings),
            }
        }
        recorded
    }

    /// Puts a step into its session.
    fn place(&mut self, told: Told<'a>, initial: &Value, findings: &mut Findings) {
        let key = &self.keys[told.key];
        let version = key.versions.get(told.value).copied();
        let access = match (told.wrote, version) {
            (true, Some(version)) => Access::Write(version),
            (false, Some(_)) => Access::Read(version),
            (false, None) if told.value == initial => Access::Read(None),
            _ => {
                findings.unknown("unwritten", || {
                    let (of, what, value) = (of_key(key.name), told_step(told), show(told.value));
                    format!(
                        "{of}{what} returned {value}, which nobody wrote; the guarantee says nothing of that"
                    )
                });
                return;
            }
        };
        if !key.ambiguous {
            self.sessions[told.session].push(Step { operation: told.operation, key: told.key, access });
        }
    }
}

fn told_step(step: Told<'_>) -> String {
    told(step.operation)
}

#[derive(Default)]
struct Recorded<'a> {
    steps: Vec<Told<'a>>,
    session_count: usize,
}

impl<'a> Key<'a> {
    /// Gives a write its version.
    fn add(&mut self, step: &Told<'a>, initial: &Value, findings: &mut Findings) {
        let version = self.writes.len();
        let earlier = self.versions.insert(step.value, version).map(|version| &self.writes[version]);
        if (earlier.is_some() || step.value == initial) && !self.ambiguous {
            self.ambiguous = true;
            findings.unknown("ambiguous", || {
                let (of, what, value) = (of_key(self.name), told(step.operation), show(step.value));
                let first = earlier.map_or("which the key holds at first".to_owned(), |first| {
                    format!("as {} did", told(first.operation))
                });
                format!("{of}{what} writes {value}, {first}; expected each value once, or else reads do not tell what they saw")
            });
        }
        self.writes.push(Write { operation: step.operation, value: step.value, session: step.session });
    }
}

fn unfit(operation: &Operation, expected: &str, findings: &mut Findings) {
    findings.unknown("unfit", || {
        let (event, f, input) = (operation.invoke_index, &operation.f, show(&operation.input));
        format!("event {event}: expected {expected}, found {f:?} with {input}")
    });
}
