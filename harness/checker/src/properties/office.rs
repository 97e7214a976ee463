//! `office`: who is said to lead holds the office at some moment while it is asked.
//!
//! Source: linearizability (Herlihy and Wing, 1990) of an office's readings, as far as its holders' own answers tell.
//!
//! Assumes `campaign`, which completes with `[epoch, owner]` once elected; `resign`, which is ok only for who held the office
//! up to then; and `leader`, which completes with `[epoch, owner]`, or with nil where nobody leads. Epochs rise from holder
//! to holder. Then:
//! - no reading names an epoch below one that was known before the reading began, be it from an election or a reading;
//! - none names one whose holder had resigned by then, or had not campaigned by its end;
//! - between an election and the call of the holder's own resignation every reading names that holder.
//!
//! Without it clients follow a leader that is none.
//!
//! Left out: holds that no resignation proves. A session may end at any time, and its holder hear of it late.

use std::collections::BTreeMap;

use ordalia_history::{Operation, Outcome};

use super::findings::Findings;
use super::wording::{OfKey, by_key, of_key, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks the readings of offices.
#[derive(Clone, Copy, Debug, Default)]
pub struct Office;

/// One hold that its holder told of.
#[derive(Clone, Copy)]
struct Hold<'a> {
    epoch: u64,
    elected: &'a Operation,
    resigned: Option<&'a Operation>,
}

/// What is known of one office.
struct Record<'a> {
    /// In order of their elections' ends.
    holds: Vec<Hold<'a>>,
    by_epoch: BTreeMap<u64, usize>,
    /// Who told of an epoch, by when, and the greatest told of by then.
    told: Vec<(u64, u64, &'a Operation)>,
}

/// The epoch that an operation tells.
fn epoch(operation: &Operation) -> Option<u64> {
    operation.output.get(0)?.as_u64()
}

fn end(operation: &Operation) -> u64 {
    operation.complete_index.unwrap_or(u64::MAX)
}

impl Checker for Office {
    fn name(&self) -> &str {
        "office"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["stale", "vacated", "too_early", "another"]);
        let (mut readings, mut proved) = (0usize, 0usize);
        for of in by_key(&history.operations) {
            let record = Record::of(&of);
            proved += record.holds.iter().filter(|hold| hold.resigned.is_some()).count();
            for reading in ok(&of, "leader") {
                readings += 1;
                record.judge(&of, reading, &mut findings);
            }
        }
        if readings == 0 {
            findings.unknown("nothing", || "nobody was told who leads".to_owned());
        }
        findings.detail("readings", readings);
        findings.detail("proved_holds", proved);
        findings.conclude()
    }
}

fn ok<'a>(of: &OfKey<'a>, f: &'static str) -> impl Iterator<Item = &'a Operation> {
    of.operations.iter().copied().filter(move |one| one.f == f && one.outcome == Outcome::Ok)
}

impl<'a> Record<'a> {
    fn of(of: &OfKey<'a>) -> Self {
        let mut holds: Vec<Hold<'a>> = ok(of, "campaign")
            .filter_map(|elected| Some(Hold { epoch: epoch(elected)?, elected, resigned: None }))
            .collect();
        holds.sort_by_key(|hold| end(hold.elected));
        for resigned in ok(of, "resign") {
            let own = |hold: &&mut Hold<'_>| {
                hold.elected.process == resigned.process && end(hold.elected) < resigned.invoke_index
            };
            if let Some(hold) = holds.iter_mut().rev().find(own) {
                hold.resigned = Some(resigned);
            }
        }
        let tells = ok(of, "campaign").chain(ok(of, "leader"));
        let mut told: Vec<(u64, u64, &Operation)> =
            tells.filter_map(|one| Some((end(one), epoch(one)?, one))).collect();
        told.sort_by_key(|(end, ..)| *end);
        for at in 1..told.len() {
            if told[at].1 < told[at - 1].1 {
                (told[at].1, told[at].2) = (told[at - 1].1, told[at - 1].2);
            }
        }
        let by_epoch = holds.iter().enumerate().map(|(at, hold)| (hold.epoch, at)).collect();
        Self { holds, by_epoch, told }
    }

    fn judge(&self, of: &OfKey<'_>, reading: &Operation, findings: &mut Findings) {
        let named = epoch(reading);
        let say = |rest: String| format!("{}{} {rest}", of_key(of.key), told(reading));
        let begun = self.told.partition_point(|(end, ..)| *end < reading.invoke_index);
        let known = begun.checked_sub(1).and_then(|at| self.told.get(at));
        if let (Some(named), Some((_, greatest, by))) = (named, known)
            && named < *greatest
        {
            let by = told(by);
            findings.broken("stale", || {
                say(format!("named the epoch {named} after the epoch {greatest} was known by {by}"))
            });
        }
        let hold = named.and_then(|named| self.holds.get(*self.by_epoch.get(&named)?));
        if let Some(resigned) =
            hold.and_then(|hold| hold.resigned).filter(|one| end(one) < reading.invoke_index)
        {
            findings.broken("vacated", || say(format!("named who had resigned by {}", told(resigned))));
        }
        if let Some(hold) = hold.filter(|hold| hold.elected.invoke_index > end(reading)) {
            findings
                .broken("too_early", || say(format!("named who was elected only by {}", told(hold.elected))));
        }
        self.judge_within(reading, named, say, findings);
    }

    /// Holds a reading that lies within a hold that is proved to that hold.
    fn judge_within(
        &self,
        reading: &Operation,
        named: Option<u64>,
        say: impl Fn(String) -> String,
        findings: &mut Findings,
    ) {
        let begun = self.holds.partition_point(|hold| end(hold.elected) < reading.invoke_index);
        let present = begun.checked_sub(1).and_then(|at| self.holds.get(at));
        let Some((hold, resigned)) = present.and_then(|hold| Some((hold, hold.resigned?))) else { return };
        if end(reading) < resigned.invoke_index && named != Some(hold.epoch) {
            findings.broken("another", || {
                let found = named.map_or_else(|| "nobody".to_owned(), |named| format!("the epoch {named}"));
                let (from, to) = (told(hold.elected), told(resigned));
                say(format!("named {found} while the epoch {} lasted, from {from} to {to}", hold.epoch))
            });
        }
    }
}
