//! `one-leader`: one sensor acts in an epoch, and none of an earlier epoch once a later one was seen to act.
//!
//! Source: fencing by epochs, as of Chubby's sequencers (Burrows, OSDI 2006, §2.4) and of Zab's epochs.
//!
//! Assumes the acts `lead`, `post`, `release`, and `posted` of the sink, each with epoch and sensor. Without it a leader that
//! was paused or cut off releases a round that is no longer its own.
//!
//! - All acts of an epoch come from one sensor, whatever came of them.
//! - Once a release of an epoch was ok, no release of a lower one that is begun afterwards is ok. One that was begun before
//!   may have taken effect before.
//! - Nor is a post of a lower epoch that is begun afterwards recorded as the first of its round. The ensemble cannot
//!   fence what goes elsewhere, so a process that was frozen between its last look and the post is
//!   excused: the post counts only if the sensor did something else in between. With clock faults a leader cannot know that its
//!   session ended; posts are then not judged.

use std::collections::BTreeMap;

use ordalia_history::{Operation, Outcome, fault_windows};

use super::acts::{Acts, begun, ended, in_round, name, number, place, sensor};
use super::findings::{Findings, Place};
use crate::{Budget, Checker, History, Judgement};

/// Checks that leaders follow each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneLeader;

impl Checker for OneLeader {
    fn name(&self) -> &str {
        "one-leader"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["shared_epoch", "stale_release", "stale_post"]);
        let acts = Acts::of(&history.operations);
        let mut leaders: BTreeMap<u64, &Operation> = BTreeMap::new();
        for operation in &history.operations {
            let leads = matches!(operation.f.as_str(), "lead" | "post" | "release" | "posted");
            let (Some(epoch), Some(who), true) = (number(operation, "epoch"), sensor(operation), leads)
            else {
                continue;
            };
            let first = *leaders.entry(epoch).or_insert(operation);
            if sensor(first) != Some(who) {
                let places = [first, operation].map(|one| placed(&acts, one));
                findings.broken_at("shared_epoch", &places, || {
                    let (one, other) = (acted(&acts, first), acted(&acts, operation));
                    format!(
                        "epoch {epoch}: {} ({one}) and {who} ({other}) both acted as its leader",
                        name(first)
                    )
                });
            }
        }
        let reigns = Reigns::of(&history.operations);
        reigns.check_releases(&history.operations, &mut findings);
        let clocks = fault_windows(&history.events).iter().any(|fault| fault.kind.starts_with("clock"));
        if !clocks {
            reigns.check_posts(&history.operations, &mut findings);
        }
        if reigns.ends.is_empty() {
            findings.unknown("no_release", || "no release was ok, so nobody was seen to lead".to_owned());
        }
        findings.detail("epochs", leaders.len());
        findings.detail("posts_judged", !clocks);
        findings.conclude()
    }
}

/// Where an act stands among the rounds: where its own say nothing of it, where its sensor was.
fn placed<'a>(acts: &Acts<'a>, act: &'a Operation) -> Place<'a> {
    match (place(act), sensor(act)) {
        (Place { round: None, .. }, Some(who)) => acts.place_at(who, act.invoked_ns),
        (place, _) => place,
    }
}

/// `release at 3.204 s (events 7–9), in round 12`
fn acted(acts: &Acts<'_>, act: &Operation) -> String {
    format!("{} {}{}", act.f, begun(act), in_round(placed(acts, act)))
}

/// The releases that were ok, by completion, each with the one of the highest epoch up to it.
struct Reigns<'a> {
    ends: Vec<(u64, u64, &'a Operation)>,
}

impl<'a> Reigns<'a> {
    fn of(operations: &'a [Operation]) -> Self {
        let ok = operations.iter().filter(|one| one.f == "release" && one.outcome == Outcome::Ok);
        let mut ends: Vec<(u64, u64, &Operation)> =
            ok.filter_map(|one| Some((one.completed_ns?, number(one, "epoch")?, one))).collect();
        ends.sort_by_key(|(time, epoch, _)| (*time, *epoch));
        for at in 1..ends.len() {
            if ends[at].1 < ends[at - 1].1 {
                ends[at] = (ends[at].0, ends[at - 1].1, ends[at - 1].2);
            }
        }
        Self { ends }
    }

    /// The release of a higher epoch that was ok before that time.
    fn over(&self, epoch: u64, time: u64) -> Option<&'a Operation> {
        let at = self.ends.partition_point(|(ended, ..)| *ended < time).checked_sub(1)?;
        let (_, highest, release) = self.ends[at];
        (highest > epoch).then_some(release)
    }

    fn check_releases(&self, operations: &[Operation], findings: &mut Findings) {
        for release in operations.iter().filter(|one| one.f == "release" && one.outcome == Outcome::Ok) {
            let Some(epoch) = number(release, "epoch") else { continue };
            if let Some(later) = self.over(epoch, release.invoked_ns) {
                let places = [place(release), place(later)];
                findings.broken_at("stale_release", &places, || stale("released", release, epoch, later));
            }
        }
    }

    fn check_posts(&self, operations: &[Operation], findings: &mut Findings) {
        let mut recorded: BTreeMap<(u64, u64), &Operation> = BTreeMap::new();
        for one in operations.iter().filter(|one| one.f == "posted" && one.output["first"] == true) {
            if let Some((epoch, round)) = number(one, "epoch").zip(number(one, "round")) {
                recorded.insert((epoch, round), one);
            }
        }
        let mut posts: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        for one in operations {
            let Some(who) = sensor(one) else { continue };
            let before = last.get(who).copied().unwrap_or(0);
            if one.f != "posted" {
                last.insert(who, one.invoked_ns);
            }
            let Some(at) = number(one, "epoch").zip(number(one, "round")).filter(|_| one.f == "post") else {
                continue;
            };
            *posts.entry(at).or_default() += 1;
            let Some(later) = self.over(at.0, one.invoked_ns) else { continue };
            let awake = later.completed_ns.is_some_and(|ended| ended < before);
            // Only of a first attempt it is plain that the record is its own.
            let own = recorded.get(&at).filter(|_| posts[&at] == 1);
            let own = own.filter(|record| record.invoked_ns >= one.invoked_ns);
            if awake && own.is_some() {
                let places = [place(one), place(later)];
                findings
                    .broken_at("stale_post", &places, || stale("posted the mean first", one, at.0, later));
            }
        }
    }
}

fn stale(what: &str, operation: &Operation, epoch: u64, later: &Operation) -> String {
    let round = number(operation, "round").map_or(String::new(), |round| format!("round {round}: "));
    let (who, when, next) = (name(operation), begun(operation), name(later));
    let over = number(later, "epoch").unwrap_or(0);
    let next_round = number(later, "round").map_or(String::new(), |round| format!("round {round} "));
    format!(
        "{round}{who} {what} for epoch {epoch} {when}, after {next} had released {next_round}for epoch {over} {}",
        ended(later)
    )
}
