//! From what happened at barriers to the judgement.

use ordalia_history::{Operation, Value};
use serde_json::json;

use super::super::judgement::show_object;
use super::super::{Examination, Failure, KeyExamination, Limit, Unfit, ValueId, Values};
use super::generation::{Generation, TooEarly, Why};
use super::{KeyVisits, NAME};
use crate::{History, Judgement, Verdict};

/// How many keys, parties, or operations of a prefix are listed.
const MAX_KEYS: usize = 20;
const MAX_PARTIES: usize = 8;
const MAX_PREFIX: usize = 200;

/// The least margin of a window of time, in nanoseconds.
const MIN_MARGIN_NS: u64 = 1_000_000;

/// The judgement of a history that the model cannot read.
pub(super) fn unfit(unfit: &Unfit) -> Examination {
    let mut judgement = begun();
    judgement.because(Verdict::Unknown, unfit.to_string());
    Examination { judgement, keys: Vec::new() }
}

/// The judgement where the budget does not suffice for a single pass.
pub(super) fn exhausted(keys: &[KeyVisits], limit: Limit) -> Examination {
    let mut judgement = begun();
    let total: usize = keys.iter().map(|key| key.completed).sum();
    let reason = format!("undecided, for {limit} after 0 of {total} operations were placed");
    judgement.because(Verdict::Unknown, reason);
    judgement.detail("keys_checked", keys.len());
    judgement.detail("unknown_key_count", keys.len());
    let names: Vec<&Option<Value>> = keys.iter().take(MAX_KEYS).map(|key| &key.key).collect();
    judgement.detail("unknown_keys", names);
    let unknown = |key: &KeyVisits| examined(key, Verdict::Unknown, Vec::new());
    Examination { judgement, keys: keys.iter().map(unknown).collect() }
}

fn begun() -> Judgement {
    let mut judgement = Judgement::new(Verdict::Valid);
    judgement.detail("model", NAME);
    judgement.detail("algorithm", NAME);
    judgement
}

fn examined(key: &KeyVisits, verdict: Verdict, order: Vec<usize>) -> KeyExamination {
    KeyExamination { key: key.key.clone(), verdict, algorithm: NAME, order, stuck: None, failure: None }
}

/// All that the judgement speaks of.
pub(super) struct Report<'a> {
    pub(super) history: &'a History,
    pub(super) values: &'a Values,
    pub(super) parties: Option<u64>,
}

impl Report<'_> {
    pub(super) fn examine(&self, keys: &[KeyVisits]) -> Examination {
        let mut judgement = begun();
        let (completed, crashed) =
            keys.iter().fold((0, 0), |sum, key| (sum.0 + key.completed, sum.1 + key.crashed));
        judgement.detail("keys_checked", keys.len());
        judgement.detail("operations", completed + crashed);
        judgement.detail("crashed", crashed);
        if completed == 0 {
            judgement.because(Verdict::Unknown, "no completed operation says anything of an object's state");
        }
        let keys: Vec<KeyExamination> = keys.iter().map(|key| self.key(key)).collect();
        self.conclude(&keys, &mut judgement);
        judgement.detail("decided_by", json!({ NAME: keys.len() }));
        judgement.detail("unknown_key_count", 0);
        judgement.detail("unknown_keys", json!([]));
        Examination { judgement, keys }
    }

    fn key(&self, key: &KeyVisits) -> KeyExamination {
        let early = key.generations.iter().filter_map(|(number, generation)| {
            generation.too_early(self.parties).map(|early| (*number, generation, early))
        });
        let early = early.min_by_key(|(.., early)| early.complete);
        let by = early.as_ref().map_or(u64::MAX, |(.., early)| early.complete);
        let places = |(_, generation): &(_, Generation)| generation.places(by, &self.history.operations);
        let mut order: Vec<(u64, u8, usize)> = key.generations.iter().flat_map(places).collect();
        order.sort_unstable();
        let order = order.into_iter().map(|(.., operation)| operation).collect();
        match early {
            None => examined(key, Verdict::Valid, order),
            Some((number, generation, early)) => KeyExamination {
                stuck: Some(early.passage),
                failure: Some(self.failure(&key.key, number, generation, early)),
                ..examined(key, Verdict::Invalid, order)
            },
        }
    }

    fn failure(
        &self,
        key: &Option<Value>,
        number: ValueId,
        generation: &Generation,
        early: TooEarly,
    ) -> Failure {
        let stuck = &self.history.operations[early.passage];
        let number = self.values.text(number);
        let (arrived, why) = (self.arrived(generation, early.complete), self.why(early.why));
        let end_ns = stuck.completed_ns.unwrap_or(stuck.invoked_ns);
        let later_ns = match early.why {
            Why::Later { arrival, .. } => self.history.operations[arrival].invoked_ns,
            _ => end_ns,
        };
        let margin_ns = (later_ns.saturating_sub(stuck.invoked_ns) / 10).max(MIN_MARGIN_NS);
        Failure {
            sentence: format!(
                "{}{} by process {} ({}) passed in generation {number}, but {why}",
                show_object(key),
                stuck.f,
                stuck.process,
                events(stuck),
            ),
            shown: format!("pass in generation {number}"),
            states: vec![arrived],
            legal: vec!["still waiting".to_owned()],
            setter: None,
            window_ns: (
                stuck.invoked_ns.saturating_sub(margin_ns),
                end_ns.max(later_ns).saturating_add(margin_ns),
            ),
        }
    }

    fn why(&self, why: Why) -> String {
        match why {
            Why::Later { arrival, party } => {
                let later = &self.history.operations[arrival];
                let party = self.values.text(party);
                format!(
                    "party {party} did not arrive before event {}: {} by process {} ({})",
                    later.invoke_index,
                    later.f,
                    later.process,
                    events(later)
                )
            }
            Why::Stranger { party } => {
                format!("party {} had not arrived there", self.values.text(party))
            }
            Why::TooFew { arrived, parties } => {
                format!("of {parties} parties no more than {arrived} can have arrived by then")
            }
        }
    }

    /// The parties that can have arrived by an event, for a person.
    fn arrived(&self, generation: &Generation, by: u64) -> String {
        let all = generation.arrived(by);
        let shown = all.iter().take(MAX_PARTIES).map(|party| self.values.text(*party));
        let shown = shown.collect::<Vec<_>>().join(", ");
        match all.len() {
            0 => "nobody arrived".to_owned(),
            count if count > MAX_PARTIES => format!("{shown} and {} more arrived", count - MAX_PARTIES),
            _ => format!("{shown} arrived"),
        }
    }

    /// Explains the first failure in time, and names the others.
    fn conclude(&self, keys: &[KeyExamination], judgement: &mut Judgement) {
        let complete =
            |key: &KeyExamination| key.stuck.and_then(|stuck| self.history.operations[stuck].complete_index);
        let mut failing: Vec<&KeyExamination> = keys.iter().filter(|key| key.stuck.is_some()).collect();
        failing.sort_by_key(|key| complete(key));
        judgement.detail("failing_key_count", failing.len());
        let names: Vec<&Option<Value>> = failing.iter().take(MAX_KEYS).map(|key| &key.key).collect();
        if let Some((first, others)) = failing.split_first() {
            judgement.detail("failing_keys", names);
            self.describe(first, judgement);
            if !others.is_empty() {
                judgement.because(Verdict::Invalid, format!("{} more keys fail", others.len()));
            }
        }
    }

    /// The details of one failure.
    fn describe(&self, key: &KeyExamination, judgement: &mut Judgement) {
        let (Some(stuck), Some(failure)) = (key.stuck, &key.failure) else { return };
        let operations = &self.history.operations;
        let last = &key.order[key.order.len().saturating_sub(MAX_PREFIX)..];
        let linearized: Vec<u64> = last.iter().map(|at| operations[*at].invoke_index).collect();
        judgement.because(Verdict::Invalid, failure.sentence.clone());
        judgement.detail("key", &key.key);
        judgement.detail("operation", recorded(&operations[stuck]));
        judgement.detail("legal", &failure.legal);
        judgement.detail("states", &failure.states);
        judgement.detail("prefix_length", key.order.len());
        judgement.detail("linearized", linearized);
        let (start_ns, end_ns) = failure.window_ns;
        judgement.detail("window", json!({"start_ns": start_ns, "end_ns": end_ns}));
    }
}

fn recorded(stuck: &Operation) -> Value {
    json!({
        "invoke_index": stuck.invoke_index, "complete_index": stuck.complete_index,
        "process": stuck.process, "f": stuck.f, "input": stuck.input, "output": stuck.output,
        "node": stuck.node, "invoked_ns": stuck.invoked_ns, "completed_ns": stuck.completed_ns,
    })
}

/// `events 340–345`
fn events(operation: &Operation) -> String {
    match operation.complete_index {
        Some(complete) => format!("events {}–{complete}", operation.invoke_index),
        None => format!("event {}", operation.invoke_index),
    }
}
