//! `monotonic`: values from one increasing source are never seen to go backwards.
//!
//! Source: the `monotonic` workload of Jepsen's CockroachDB and TiDB tests.
//!
//! Assumes: `add`, `insert`, `increment` or `write` put a number into the object, each greater than those
//! before it; they complete with it, or take it as their argument. `read` completes with the greatest number
//! so far, or with the list of all numbers in the order in which the database has them; nil and the empty list
//! are less than all numbers. Keys are judged each by itself.
//!
//! What an operation saw is at least what each operation saw that completed before it began; first within each
//! process, then over all processes in real time. A list must rise from its first number to its last.
//! Without it time in the database runs backwards: a snapshot is older than one that was seen before, or a
//! timestamp was given out in the wrong order.
//!
//! Left out: numbers that are missing from lists; see `set-full`.

use std::collections::HashMap;

use ordalia_history::{Operation, Outcome, Value};

use super::findings::Findings;
use super::wording::{OfKey, by_key, of_key, show, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks that nothing goes backwards.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    /// Whether processes are held against each other in real time, too.
    pub global: bool,
}

impl Default for Monotonic {
    /// In real time.
    fn default() -> Self {
        Self { global: true }
    }
}

/// An operation and the greatest number that it saw; `None` for nothing yet.
type Sight<'a> = (&'a Operation, Option<i128>);

impl Checker for Monotonic {
    fn name(&self) -> &str {
        "monotonic"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings =
            Findings::of(&["backwards_in_process", "backwards_in_real_time", "backwards_in_list"]);
        let mut reads = 0;
        for of in by_key(&history.operations) {
            let sights = sights(&of, &mut findings);
            reads += sights.iter().filter(|(operation, _)| operation.f == "read").count();
            self.judge(of.key, &sights, &mut findings);
        }
        if reads == 0 {
            findings.unknown("nothing", || "no read was ok".to_owned());
        }
        findings.detail("reads", reads);
        findings.conclude()
    }
}

/// What the operations on a key saw, in order of invocation.
fn sights<'a>(of: &OfKey<'a>, findings: &mut Findings) -> Vec<Sight<'a>> {
    let mut sights = Vec::new();
    for operation in &of.operations {
        match sight(operation) {
            Ok(Some(numbers)) => {
                if let Some(pair) = numbers.windows(2).find(|pair| pair[0] >= pair[1]) {
                    findings.broken("backwards_in_list", || {
                        let (key, what) = (of_key(of.key), told(operation));
                        format!("{key}{what} lists {} ahead of {}; expected rising numbers", pair[0], pair[1])
                    });
                }
                sights.push((*operation, numbers.into_iter().max()));
            }
            Ok(None) => {}
            Err(found) => findings.unknown("unfit", || {
                let event = operation.invoke_index;
                format!("event {event}: monotonic expected add, insert, increment, write or read with integers, found {found}")
            }),
        }
    }
    sights
}

/// The numbers that an operation saw, in their order; `None` of one that shows nothing.
fn sight(operation: &Operation) -> Result<Option<Vec<i128>>, String> {
    let value = match operation.f.as_str() {
        "read" => &operation.output,
        "add" | "insert" | "increment" | "write" if operation.output.is_i64() => &operation.output,
        "add" | "insert" | "increment" | "write" => &operation.input,
        other => return Err(format!("{other:?}")),
    };
    if operation.outcome != Outcome::Ok {
        return Ok(None);
    }
    let number = |value: &Value| value.as_i64().map(i128::from).ok_or_else(|| show(value));
    match value {
        Value::Null if operation.f == "read" => Ok(Some(Vec::new())),
        // An increment that does not tell what it came to.
        Value::Null => Ok(None),
        Value::Array(list) => list.iter().map(number).collect::<Result<_, _>>().map(Some),
        one => number(one).map(|number| Some(vec![number])),
    }
}

impl Monotonic {
    fn judge(&self, key: Option<&Value>, sights: &[Sight<'_>], findings: &mut Findings) {
        let mut by_completion: Vec<&Sight<'_>> = sights.iter().collect();
        by_completion.sort_by_key(|(operation, _)| operation.complete_index);
        let mut completed = by_completion.into_iter().peekable();
        let mut in_process: HashMap<u64, &Sight<'_>> = HashMap::new();
        let mut greatest: Option<&Sight<'_>> = None;
        for sight @ (operation, number) in sights {
            while let Some(earlier) =
                completed.next_if(|(earlier, _)| earlier.complete_index < Some(operation.invoke_index))
            {
                raise(&mut greatest, earlier);
            }
            let own = in_process.entry(operation.process).or_insert(sight);
            if *number < own.1 {
                findings.broken("backwards_in_process", || backwards(key, sight, own, "the same process"));
            } else {
                *own = sight;
                let earlier = greatest.filter(|(_, seen)| self.global && number < seen);
                if let Some(earlier) = earlier {
                    findings.broken("backwards_in_real_time", || {
                        backwards(key, sight, earlier, "another process")
                    });
                }
            }
        }
    }
}

fn raise<'a, 'b>(greatest: &mut Option<&'b Sight<'a>>, sight: &'b Sight<'a>) {
    if greatest.is_none_or(|(_, number)| *number < sight.1) {
        *greatest = Some(sight);
    }
}

fn backwards(key: Option<&Value>, later: &Sight<'_>, earlier: &Sight<'_>, who: &str) -> String {
    let number = |sight: &Sight<'_>| sight.1.map_or("nothing".to_owned(), |number| number.to_string());
    let (of, what, before) = (of_key(key), told(later.0), told(earlier.0));
    let (found, least) = (number(later), number(earlier));
    format!("{of}{what} saw {found} after {who} had seen {least} in {before}; expected {least} or more")
}
