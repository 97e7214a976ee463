//! `counter`: each read of a counter lies within what the additions allow.
//!
//! Source: Jepsen's `checker/counter`.
//!
//! Assumes: `add` with an integer (which may be negative), `increment` and `decrement` by one or by their
//! value; `read` completes with the sum. Keys are judged each by itself.
//!
//! A read must be at least the sum of what was certainly added before it began, less what may have been
//! subtracted by its end; and at most the sum of what may have been added by its end, less what was certainly
//! subtracted before it began. Additions of unknown outcome may count at any time. Without it acknowledged
//! additions are lost, or applied twice.
//!
//! Left out: whether all reads agree on one order of the additions; that is linearizability's.

use ordalia_history::{Operation, Outcome, Value};

use super::findings::Findings;
use super::wording::{by_key, of_key, show, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks the bounds of all reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter {
    /// What each counter holds at first.
    pub initial: i64,
}

/// The sums of additions and of subtractions, as far as they have come.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Positive ones that were invoked.
    added: i128,
    /// Positive ones that are acknowledged.
    surely_added: i128,
    /// Negative ones that were invoked.
    subtracted: i128,
    /// Negative ones that are acknowledged.
    surely_subtracted: i128,
}

impl Sums {
    fn invoked(&mut self, delta: i128) {
        if delta > 0 {
            self.added += delta;
        } else {
            self.subtracted += delta;
        }
    }

    fn acknowledged(&mut self, delta: i128) {
        if delta > 0 {
            self.surely_added += delta;
        } else {
            self.surely_subtracted += delta;
        }
    }
}

/// What an operation is to a counter.
enum Part {
    Add(i128),
    Read(i128),
    /// It tells nothing.
    Out,
}

impl Checker for Counter {
    fn name(&self) -> &str {
        "counter"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["out_of_bounds"]);
        let mut reads = 0;
        for of in by_key(&history.operations) {
            reads += self.check_key(of.key, &of.operations, &mut findings);
        }
        if reads == 0 {
            findings.unknown("nothing", || "no read was ok, so nothing is known of the sum".to_owned());
        }
        findings.detail("reads", reads);
        findings.conclude()
    }
}

impl Counter {
    /// Judges one counter, and returns the number of its reads.
    fn check_key(&self, key: Option<&Value>, operations: &[&Operation], findings: &mut Findings) -> u64 {
        // Invocations and completions by event, the latter marked.
        let mut changes: Vec<(u64, bool, usize)> = Vec::new();
        let mut parts = Vec::with_capacity(operations.len());
        for (at, operation) in operations.iter().enumerate() {
            let part = part(operation).unwrap_or_else(|expected| {
                let event = operation.invoke_index;
                findings.unknown("unfit", || format!("event {event}: counter expected {expected}"));
                Part::Out
            });
            parts.push(part);
            changes.push((operation.invoke_index, false, at));
            changes.extend(operation.complete_index.map(|end| (end, true, at)));
        }
        changes.sort_unstable();
        let (mut sums, mut reads) = (Sums::default(), 0);
        let mut before = vec![Sums::default(); operations.len()];
        for (_, completed, at) in changes {
            match parts[at] {
                Part::Add(delta) if !completed => sums.invoked(delta),
                Part::Add(delta) if operations[at].outcome == Outcome::Ok => sums.acknowledged(delta),
                Part::Read(_) if !completed => before[at] = sums,
                Part::Read(found) => {
                    reads += 1;
                    self.judge(key, operations[at], found, (before[at], sums), findings);
                }
                Part::Add(_) | Part::Out => {}
            }
        }
        reads
    }

    /// Holds a read against the sums at its beginning and its end.
    fn judge(
        &self,
        key: Option<&Value>,
        read: &Operation,
        found: i128,
        (begin, end): (Sums, Sums),
        findings: &mut Findings,
    ) {
        let initial = i128::from(self.initial);
        let low = initial + begin.surely_added + end.subtracted;
        let high = initial + end.added + begin.surely_subtracted;
        if found < low || found > high {
            findings.broken("out_of_bounds", || {
                let why = if found < low {
                    "additions that were acknowledged before it began are missing"
                } else {
                    "more than all that was ever added by its end"
                };
                let (of, what) = (of_key(key), told(read));
                format!("{of}{what} returned {found}, expected {low} to {high}: {why}")
            });
        }
    }
}

/// Reads an operation, or says what it should be.
fn part(operation: &Operation) -> Result<Part, String> {
    let integer = |value: &Value| match (value.as_i64(), value.as_u64()) {
        (Some(number), _) => Ok(i128::from(number)),
        (_, Some(number)) => Ok(i128::from(number)),
        _ => Err(format!("{} with an integer of at most 64 bits, found {}", operation.f, show(value))),
    };
    let step = || if operation.input.is_null() { Ok(1) } else { integer(&operation.input) };
    let delta = match operation.f.as_str() {
        "read" if operation.outcome == Outcome::Ok => return integer(&operation.output).map(Part::Read),
        "read" => return Ok(Part::Out),
        "add" => integer(&operation.input)?,
        "increment" => step()?,
        "decrement" => -step()?,
        other => return Err(format!("add, increment, decrement or read, found {other:?}")),
    };
    Ok(if operation.outcome == Outcome::Fail { Part::Out } else { Part::Add(delta) })
}
