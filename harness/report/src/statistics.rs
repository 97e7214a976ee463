//! Counts and latencies of each kind of operation.

use std::collections::BTreeMap;

use ordalia_history::{Operation, Outcome};

use crate::quantiles::{Basis, Quantiles, ok_samples, quantiles};

/// Operations by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Happened.
    pub ok: u64,
    /// Did not happen.
    pub fail: u64,
    /// Nobody knows.
    pub info: u64,
}

impl Counts {
    /// All of them.
    pub(crate) fn total(self) -> u64 {
        self.ok + self.fail + self.info
    }

    /// The part that went ok, 0 to 1; `None` of nothing.
    pub(crate) fn ok_fraction(self) -> Option<f64> {
        (self.total() > 0).then(|| self.ok as f64 / self.total() as f64)
    }

    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::Info => self.info += 1,
        }
    }
}

/// What became of the operations of one name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OperationStatistics {
    /// The operations' name.
    pub f: String,
    /// How they ended.
    pub counts: Counts,
    /// How many had which kind of error, by outcome and kind.
    pub errors: BTreeMap<(String, &'static str), u64>,
    /// The latency of the ok ones, from the invocation.
    pub invocation: Option<Quantiles>,
    /// The latency of the ok ones, from the intended start; `None` if they have none.
    pub intended: Option<Quantiles>,
}

/// How all operations ended.
pub(crate) fn counts(operations: &[Operation]) -> Counts {
    let mut counts = Counts::default();
    operations.iter().for_each(|operation| counts.add(operation.outcome));
    counts
}

/// The quantiles of the ok operations' latencies.
pub(crate) fn latencies(operations: &[Operation], basis: Basis) -> Option<Quantiles> {
    quantiles(ok_samples(operations, basis).iter().map(|sample| sample.latency_ns).collect())
}

/// The names of operations, sorted.
pub(crate) fn names(operations: &[Operation]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for operation in operations {
        if let Err(at) = names.binary_search_by(|name: &String| name.as_str().cmp(&operation.f)) {
            names.insert(at, operation.f.to_string());
        }
    }
    names
}

/// The statistics of each name of operation, in the order of the names.
pub(crate) fn by_name(operations: &[Operation]) -> Vec<OperationStatistics> {
    names(operations).into_iter().map(|f| of_name(f, operations)).collect()
}

/// The statistics of one name.
fn of_name(f: String, operations: &[Operation]) -> OperationStatistics {
    let own: Vec<Operation> = operations.iter().filter(|operation| operation.f == f).cloned().collect();
    let mut errors = BTreeMap::new();
    for operation in &own {
        if let Some(error) = &operation.error {
            let outcome = crate::format::outcome(operation.outcome);
            *errors.entry((error.kind.clone(), outcome)).or_insert(0) += 1;
        }
    }
    OperationStatistics {
        counts: counts(&own),
        errors,
        invocation: latencies(&own, Basis::Invocation),
        intended: latencies(&own, Basis::Intended),
        f,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_history::OpError;
    use serde_json::Value;

    fn operation(f: &str, outcome: Outcome, error: Option<&str>, latency_ns: u64) -> Operation {
        Operation {
            process: 0,
            f: f.into(),
            key: None,
            input: Value::Null,
            output: Value::Null,
            outcome,
            error: error.map(OpError::new),
            node: None,
            invoked_ns: 100,
            intended_ns: Some(60),
            completed_ns: Some(100 + latency_ns),
            invoke_index: 0,
            complete_index: None,
        }
    }

    #[test]
    fn each_name_has_its_counts_errors_and_both_latencies_of_ok_alone() {
        let operations = [
            operation("write", Outcome::Ok, None, 7),
            operation("read", Outcome::Ok, None, 5),
            operation("read", Outcome::Fail, Some("not-leader"), 900),
            operation("read", Outcome::Info, Some("timeout"), 900),
            operation("read", Outcome::Info, Some("timeout"), 900),
        ];
        let all = by_name(&operations);
        assert_eq!(all.iter().map(|one| one.f.as_str()).collect::<Vec<_>>(), ["read", "write"]);
        assert_eq!(all[0].counts, Counts { ok: 1, fail: 1, info: 2 });
        assert_eq!(all[0].errors[&("timeout".to_owned(), "info")], 2);
        assert_eq!(all[0].invocation.map(|found| (found.count, found.max)), Some((1, 5)));
        assert_eq!(all[0].intended.map(|found| found.max), Some(45));
    }
}
