//! `total-queue`: every value that was enqueued is dequeued once.
//!
//! Source: Jepsen's `checker/total-queue`, and stricter: a value that is dequeued twice breaks it.
//!
//! Assumes: `enqueue` with a value, `dequeue` completes with one, or fails (with the error `empty`, or none)
//! where nothing was there; `drain` completes with a list of values and leaves nothing. Order does not count. Keys
//! are judged each by itself. Values may repeat: they are counted.
//!
//! An acknowledged value is *lost* if it was never dequeued although the queue was found empty after it was
//! enqueued; where nothing shows the queue to be empty, or a dequeue of unknown outcome may have taken the
//! value, the verdict is unknown. A value is *unexpected* if nobody enqueued it before, *duplicated* if it was
//! dequeued more often than enqueued, *recovered* if it was dequeued though its enqueue was not acknowledged.

use std::collections::HashMap;

use ordalia_history::{Operation, Outcome, Value};

use super::findings::Findings;
use super::wording::{OfKey, by_key, of_key, show, told, values};
use crate::{Budget, Checker, History, Judgement};

/// Checks that nothing is lost, made up, or dequeued twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct TotalQueue {
    /// Whether a value may be dequeued more than once, as in Jepsen's checker.
    pub at_least_once: bool,
    /// Whether a value that is missing may be one that a dequeue of unknown outcome took, and the verdict stays valid. A check
    /// of order beside it tells whether it can be so.
    pub crashed_take: bool,
}

/// What happened to one value.
#[derive(Default)]
struct Traffic<'a> {
    /// Enqueues that did not fail.
    attempts: usize,
    first_attempt: Option<&'a Operation>,
    /// Those that are acknowledged, in order of completion.
    acknowledged: Vec<&'a Operation>,
    /// The operations that dequeued it.
    taken: Vec<&'a Operation>,
}

/// What happened to one queue.
#[derive(Default)]
struct Queue<'a> {
    values: HashMap<&'a Value, Traffic<'a>>,
    in_order: Vec<&'a Value>,
    /// The invocation of the last operation that found or left the queue empty.
    last_empty: Option<u64>,
    /// Dequeues that may have taken one value each.
    crashed: usize,
    /// A drain that may have taken any number.
    crashed_drain: bool,
}

impl<'a> Queue<'a> {
    fn of(&mut self, value: &'a Value) -> &mut Traffic<'a> {
        let Queue { values, in_order, .. } = self;
        values.entry(value).or_insert_with(|| {
            in_order.push(value);
            Traffic::default()
        })
    }

    /// Takes in an operation, or says what it should be.
    fn add(&mut self, operation: &'a Operation) -> Result<(), String> {
        match (operation.f.as_str(), operation.outcome) {
            ("enqueue", Outcome::Fail) | ("drain", Outcome::Fail) => {}
            ("enqueue", outcome) => {
                let traffic = self.of(&operation.input);
                traffic.attempts += 1;
                traffic.first_attempt = traffic.first_attempt.or(Some(operation));
                traffic.acknowledged.extend((outcome == Outcome::Ok).then_some(operation));
            }
            ("dequeue", Outcome::Ok) => self.of(&operation.output).taken.push(operation),
            ("dequeue", Outcome::Fail) => {
                let empty = operation.error.as_ref().is_none_or(|error| error.kind.contains("empty"));
                self.last_empty = self.last_empty.max(empty.then_some(operation.invoke_index));
            }
            ("dequeue", Outcome::Info) => self.crashed += 1,
            ("drain", Outcome::Info) => self.crashed_drain = true,
            ("drain", Outcome::Ok) => {
                let taken = operation.output.as_array();
                let taken =
                    taken.ok_or_else(|| format!("drain with a list, found {}", show(&operation.output)))?;
                taken.iter().for_each(|value| self.of(value).taken.push(operation));
                self.last_empty = self.last_empty.max(Some(operation.invoke_index));
            }
            (other, _) => return Err(format!("enqueue, dequeue or drain, found {other:?}")),
        }
        Ok(())
    }
}

impl Checker for TotalQueue {
    fn name(&self) -> &str {
        "total-queue"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut kinds = vec!["lost", "unexpected"];
        kinds.extend((!self.at_least_once).then_some("duplicated"));
        let mut findings = Findings::of(&kinds);
        let (mut recovered, mut duplicated, mut taken) = (0, 0, 0);
        for of in by_key(&history.operations) {
            let queue = read(&of, &mut findings);
            recovered += queue.values.values().map(recovered_of).sum::<usize>();
            duplicated += queue.values.values().map(duplicated_of).sum::<usize>();
            taken += queue.values.values().map(|traffic| traffic.taken.len()).sum::<usize>();
            self.judge_values(of.key, &queue, &mut findings);
            self.judge_losses(of.key, &queue, &mut findings);
        }
        if taken == 0 {
            findings.unknown("nothing", || "nothing was dequeued".to_owned());
        }
        findings.detail("dequeued", taken);
        findings.detail("recovered_count", recovered);
        findings.detail("duplicated_count", duplicated);
        findings.conclude()
    }
}

fn read<'a>(of: &OfKey<'a>, findings: &mut Findings) -> Queue<'a> {
    let mut queue = Queue::default();
    for operation in &of.operations {
        if let Err(expected) = queue.add(operation) {
            let event = operation.invoke_index;
            findings.unknown("unfit", || format!("event {event}: total-queue expected {expected}"));
        }
    }
    queue
}

/// How often the value was dequeued thanks to enqueues of unknown outcome.
fn recovered_of(traffic: &Traffic<'_>) -> usize {
    traffic.taken.len().min(traffic.attempts).saturating_sub(traffic.acknowledged.len())
}

fn duplicated_of(traffic: &Traffic<'_>) -> usize {
    if traffic.attempts == 0 { 0 } else { traffic.taken.len().saturating_sub(traffic.attempts) }
}

impl TotalQueue {
    /// Looks for values that should not have been dequeued.
    fn judge_values(&self, key: Option<&Value>, queue: &Queue<'_>, findings: &mut Findings) {
        for value in &queue.in_order {
            let Some(traffic) = queue.values.get(value) else { continue };
            let Some(taker) = traffic.taken.iter().min_by_key(|taker| taker.complete_index) else { continue };
            let why = match traffic.first_attempt {
                None => Some("nobody enqueued".to_owned()),
                Some(first) if taker.complete_index < Some(first.invoke_index) => {
                    Some(format!("{} began to enqueue only afterwards", told(first)))
                }
                Some(_) => None,
            };
            if let Some(why) = why {
                findings.broken("unexpected", || {
                    format!("{}{} returned {}, which {why}", of_key(key), told(taker), show(value))
                });
            }
            if duplicated_of(traffic) > 0 && !self.at_least_once {
                findings.broken("duplicated", || twice(key, value, traffic));
            }
        }
    }
}

fn twice(key: Option<&Value>, value: &Value, traffic: &Traffic<'_>) -> String {
    let takers = super::wording::listed(traffic.taken.iter().map(|taker| told(taker)));
    let (of, value, times, allowed) = (of_key(key), show(value), traffic.taken.len(), traffic.attempts);
    format!(
        "{of}{value} was dequeued {times} times, expected at most {allowed}, as often as it was enqueued: {takers}"
    )
}

impl TotalQueue {
    /// Looks for acknowledged values that were never dequeued.
    fn judge_losses(&self, key: Option<&Value>, queue: &Queue<'_>, findings: &mut Findings) {
        let (mut lost, mut waiting) = (Vec::new(), Vec::new());
        for value in &queue.in_order {
            let Some(traffic) = queue.values.get(value) else { continue };
            let missing = traffic.acknowledged.len().saturating_sub(traffic.taken.len());
            // Of equal values those enqueued first are taken for dequeued, so that the last are missing.
            let mut enqueues = traffic.acknowledged.clone();
            enqueues.sort_by_key(|enqueue| enqueue.complete_index);
            // The loss of one of several equal values shows only when all were enqueued before the queue was empty.
            for enqueue in enqueues.iter().rev().take(missing) {
                let gone = enqueue.complete_index < queue.last_empty;
                if gone { lost.push((*value, *enqueue)) } else { waiting.push(*value) }
            }
        }
        if lost.len() > queue.crashed && !queue.crashed_drain {
            for (value, enqueue) in lost {
                findings.broken("lost", || {
                let (of, value, what) = (of_key(key), show(value), told(enqueue));
                format!("{of}{value} of {what} was acknowledged and never dequeued, though the queue was empty later")
            });
            }
        } else if !lost.is_empty() && !self.crashed_take {
            findings.unknown("perhaps_lost", || {
                let names = values(lost.iter().map(|(value, _)| *value));
                let of = of_key(key);
                format!(
                    "{of}{names}: acknowledged and never dequeued, unless by a dequeue of unknown outcome"
                )
            });
        }
        if !waiting.is_empty() {
            findings.unknown("not_drained", || {
            let (of, names) = (of_key(key), values(waiting.iter().copied()));
            format!("{of}{names}: acknowledged and not dequeued, and nothing shows that the queue was drained after")
        });
        }
    }
}
