//! What the linearizability checker found, read from its judgement's details.
//!
//! Every detail is optional: the report shows what the checker says and asks for no more.

use ordalia_checker::Verdict;
use ordalia_history::Operation;
use serde_json::Value;

use crate::load::{Loaded, number};

/// The name of the checker whose details are shown.
pub(crate) const CHECKER: &str = "linearizable";

/// The place at which a history stops being linearizable.
#[derive(Debug)]
pub(crate) struct Violation<'a> {
    /// The key whose operations have no legal order; `None` in a test of a single object.
    pub key: Option<Value>,
    /// The operation that cannot be placed.
    pub culprit: Option<&'a Operation>,
    /// What would have been legal there.
    pub legal: Vec<String>,
    /// The states that the object may have had there.
    pub states: Vec<String>,
    /// The end of the longest legal order: operations in that order.
    pub order: Vec<&'a Operation>,
    /// The length of the longest legal order, in operations.
    pub prefix_length: Option<u64>,
    /// The span around the violation, in nanoseconds since the start of the load.
    pub window: Option<(u64, u64)>,
    /// Other keys that fail, or the same.
    pub failing_keys: Vec<Value>,
    /// How many keys fail.
    pub failing_key_count: Option<u64>,
}

impl<'a> Violation<'a> {
    /// The violation that the verdict tells of, if the history was found not to be linearizable.
    pub(crate) fn of(loaded: &'a Loaded) -> Option<Self> {
        let judgement = loaded.verdict.as_ref()?.checkers.get(CHECKER)?;
        if judgement.valid != Verdict::Invalid {
            return None;
        }
        let details = Value::Object(judgement.details.clone());
        // Operations stand in order of invocation.
        let find = |index: u64| {
            let at =
                loaded.operations.binary_search_by_key(&index, |operation| operation.invoke_index).ok()?;
            loaded.operations.get(at)
        };
        let culprit = details.get("operation").and_then(|found| number(found, "invoke_index")).and_then(find);
        let window = details.get("window").and_then(|window| {
            Some((number(window, "start_ns")?, number(window, "end_ns")?)).filter(|(start, end)| start <= end)
        });
        Some(Self {
            key: details.get("key").filter(|key| !key.is_null()).cloned(),
            culprit,
            legal: texts(&details, "legal"),
            states: [texts(&details, "states"), texts(&details, "final_states")].concat(),
            order: list(&details, "linearized").iter().filter_map(Value::as_u64).filter_map(find).collect(),
            prefix_length: number(&details, "prefix_length"),
            window,
            failing_keys: list(&details, "failing_keys").to_vec(),
            failing_key_count: number(&details, "failing_key_count"),
        })
    }

    /// The operation's place in the longest legal order, from 1.
    pub(crate) fn place(&self, operation: &Operation) -> Option<u64> {
        let at = self.order.iter().position(|other| other.invoke_index == operation.invoke_index)? as u64;
        let length = self.order.len() as u64;
        Some(self.prefix_length.unwrap_or(length).max(length) - length + at + 1)
    }

    /// Whether an operation is on the key that fails.
    pub(crate) fn concerns(&self, operation: &Operation) -> bool {
        operation.key == self.key
    }
}

/// A member that is a list.
fn list<'v>(details: &'v Value, member: &str) -> &'v [Value] {
    details.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A member that is a list of values, each in few characters.
fn texts(details: &Value, member: &str) -> Vec<String> {
    list(details, member).iter().map(crate::format::value).collect()
}
