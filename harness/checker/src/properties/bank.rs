//! `bank`: transfers move money between accounts, and make or destroy none.
//!
//! Source: Jepsen's `jepsen.tests.bank`.
//!
//! Assumes: `read` completes with the balances of all accounts, a map or a list of `[account, balance]`;
//! `transfer` takes `{"from", "to", "amount"}`. The total is the one given, or else that of the first read.
//! Keys are judged each by itself.
//!
//! Every read must show the same accounts, the same total, and no negative balance unless that is allowed.
//! Without it a read saw half of a transfer: snapshot isolation does not hold, or a transfer was applied in part.
//!
//! Left out: which transfer it was. Totals cannot tell a transfer that was lost from one that never happened.

use std::collections::BTreeMap;

use ordalia_history::{Operation, Outcome, Value};

use super::findings::Findings;
use super::wording::{OfKey, by_key, listed, of_key, show, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks that the money stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bank {
    /// What all accounts hold together; `None`: as in the first read.
    pub total: Option<i64>,
    /// Whether a balance may be below zero.
    pub allow_negative: bool,
}

/// Balances by account.
type Balances = BTreeMap<String, i128>;

impl Checker for Bank {
    fn name(&self) -> &str {
        "bank"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["wrong_total", "negative", "wrong_accounts"]);
        let mut reads = 0;
        let mut transfers = 0;
        for of in by_key(&history.operations) {
            reads += self.check_key(&of, &mut findings);
            let moved =
                |operation: &&&Operation| operation.f == "transfer" && operation.outcome == Outcome::Ok;
            transfers += of.operations.iter().filter(moved).count();
        }
        if reads == 0 {
            findings.unknown("nothing", || "no read was ok, so nothing is known of the balances".to_owned());
        } else if transfers == 0 {
            findings.unknown("nothing", || "no transfer was ok, so the totals prove nothing".to_owned());
        }
        findings.detail("reads", reads);
        findings.detail("transfers", transfers);
        findings.conclude()
    }
}

impl Bank {
    /// Judges one bank, and returns the number of its reads.
    fn check_key(&self, of: &OfKey<'_>, findings: &mut Findings) -> usize {
        let mut reads: Vec<(&Operation, Balances)> = Vec::new();
        for operation in &of.operations {
            match part(operation) {
                Ok(Some(balances)) => reads.push((operation, balances)),
                Ok(None) => {}
                Err(expected) => {
                    let event = operation.invoke_index;
                    findings.unknown("unfit", || format!("event {event}: bank expected {expected}"));
                }
            }
        }
        reads.sort_by_key(|(read, _)| read.complete_index);
        let Some((first, expected)) = reads.first() else { return 0 };
        for (read, balances) in &reads {
            let mut broken = |kind, what: String| {
                findings.broken(kind, || format!("{}{} {what}", of_key(of.key), told(read)));
            };
            if let Some(what) = other_accounts(balances, expected) {
                broken("wrong_accounts", format!("{what} (as {} did)", told(first)));
            }
            if let Some(what) = self.other_total(balances, first, expected) {
                broken("wrong_total", what);
            }
            if let Some(what) = self.negative(balances) {
                broken("negative", what);
            }
        }
        reads.len()
    }

    fn other_total(&self, balances: &Balances, first: &Operation, expected: &Balances) -> Option<String> {
        let source = match self.total {
            Some(_) => "the given total".to_owned(),
            None => format!("the total of the first {}", told(first)),
        };
        let total = self.total.map_or_else(|| expected.values().sum(), i128::from);
        let found: i128 = balances.values().sum();
        (found != total).then(|| format!("found {found} in all accounts, expected {total}, {source}"))
    }

    fn negative(&self, balances: &Balances) -> Option<String> {
        let below: Vec<String> = balances
            .iter()
            .filter(|(_, balance)| **balance < 0 && !self.allow_negative)
            .map(|(account, balance)| format!("account {account} at {balance}"))
            .collect();
        (!below.is_empty()).then(|| format!("found {}, expected no balance below 0", listed(below)))
    }
}

/// How the accounts differ from those of the first read.
fn other_accounts(balances: &Balances, expected: &Balances) -> Option<String> {
    let lacking = |of: &Balances, other: &Balances| -> Vec<String> {
        other.keys().filter(|account| !of.contains_key(*account)).cloned().collect()
    };
    let (missing, strange) = (lacking(balances, expected), lacking(expected, balances));
    match (missing.is_empty(), strange.is_empty()) {
        (true, true) => None,
        (false, _) => Some(format!("found no balance of {}, expected the same accounts", listed(missing))),
        (_, false) => {
            Some(format!("found the accounts {} besides, expected the same accounts", listed(strange)))
        }
    }
}

/// The balances that an operation read; `None` of one that tells none.
fn part(operation: &Operation) -> Result<Option<Balances>, String> {
    match operation.f.as_str() {
        "read" if operation.outcome == Outcome::Ok => balances(&operation.output)
            .map(Some)
            .ok_or_else(|| format!("a map from accounts to integers, found {}", show(&operation.output))),
        "transfer" => match operation.input.get("from").zip(operation.input.get("to")) {
            Some(_) => Ok(None),
            None => {
                let found = show(&operation.input);
                Err(format!("transfer with {{\"from\", \"to\", \"amount\"}}, found {found}"))
            }
        },
        "read" => Ok(None),
        other => Err(format!("read or transfer, found {other:?}")),
    }
}

fn balances(value: &Value) -> Option<Balances> {
    let number = |value: &Value| value.as_i64().map(i128::from);
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| Some((name.clone(), number(value)?))).collect(),
        Value::Array(rows) => rows
            .iter()
            .map(|row| match row.as_array()?.as_slice() {
                [Value::String(name), balance] => Some((name.clone(), number(balance)?)),
                [name, balance] => Some((name.to_string(), number(balance)?)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
