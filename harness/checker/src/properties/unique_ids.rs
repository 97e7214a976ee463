//! `unique-ids`: no identifier is given out twice.
//!
//! Source: Jepsen's `checker/unique-ids`, and Maelstrom's workload of that name.
//!
//! Assumes: `generate` completes with the identifier. Identifiers are compared as JSON values over the whole
//! history, whatever the keys.
//!
//! Without it two things get one name, and one of them is overwritten or taken for the other.
//!
//! Left out: identifiers of operations whose outcome is unknown, for nobody has seen them.

use std::collections::HashMap;

use ordalia_history::{Operation, Outcome, Value};

use super::findings::Findings;
use super::wording::{show, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks that every generated identifier is distinct.
#[derive(Clone, Copy, Debug, Default)]
pub struct UniqueIds;

impl Checker for UniqueIds {
    fn name(&self) -> &str {
        "unique-ids"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["duplicated"]);
        let mut first: HashMap<&Value, &Operation> = HashMap::new();
        let mut acknowledged = 0u64;
        for operation in &history.operations {
            if operation.f != "generate" {
                findings.unknown("unfit", || {
                    let (event, found) = (operation.invoke_index, &operation.f);
                    format!("event {event}: unique-ids expected generate, found {found:?}")
                });
            } else if operation.outcome == Outcome::Ok {
                acknowledged += 1;
                let earlier = *first.entry(&operation.output).or_insert(operation);
                if !std::ptr::eq(earlier, operation) {
                    findings.broken("duplicated", || twice(earlier, operation));
                }
            }
        }
        if acknowledged == 0 {
            findings.unknown("nothing", || "no identifier was generated".to_owned());
        }
        findings.detail("attempted", history.operations.len());
        findings.detail("acknowledged", acknowledged);
        findings.detail("distinct", first.len());
        findings.conclude()
    }
}

fn twice(earlier: &Operation, later: &Operation) -> String {
    let (what, earlier, id) = (told(later), told(earlier), show(&later.output));
    format!("{what} returned {id}, which {earlier} had returned too; every identifier must be new")
}
