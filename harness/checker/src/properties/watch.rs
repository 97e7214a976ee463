//! `watch`: a persistent watch tells of every change, in order, and of all in the end.
//!
//! Source: watches in Hunt et al., *ZooKeeper*, USENIX ATC 2010, §2.1, and persistent watches of ZooKeeper 3.6.
//!
//! Assumes `watch_log` with an owner, which completes with the list of versions that the owner's watch of the key has told
//! since it was set by the first such operation; writes (`write`, `set`, `cas`) of the key, which complete with the version
//! (a number, `{"version": n}`, or `[value, n]`); and `session` acts of the agents with owner and state. Then:
//! - each log's versions rise by one;
//! - a later log of the same owner at the same node and under the same session goes on where the earlier one stood;
//! - a log that was asked for when nothing was in force for the bound shows all writes that were acknowledged that long
//!   before, and begun after an earlier log of that session.
//!
//! Without it a follower waits for ever for a change that came long ago.
//!
//! After the end of a session, or where an agent opened another, a watch begins anew, and nothing is demanded across. Writes
//! of unknown outcome may be told or not.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_history::{FaultWindow, Operation, Outcome, Value, fault_windows};

use super::acts::{ended, quiet, seconds, text};
use super::findings::Findings;
use super::wording::{OfKey, by_key, listed, of_key, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks the logs of watches.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// How soon a change must be told when nothing is in force.
    pub bound: Duration,
}

impl Default for Watch {
    /// Five seconds.
    fn default() -> Self {
        Self { bound: Duration::from_secs(5) }
    }
}

/// By owner: at which nodes a session of its own began or ended, and when.
type Sessions<'a> = BTreeMap<&'a str, Vec<(Option<&'a str>, u64)>>;

/// One log.
struct Log<'a> {
    operation: &'a Operation,
    owner: &'a str,
    versions: Vec<u64>,
}

impl Checker for Watch {
    fn name(&self) -> &str {
        "watch"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["out_of_order", "rewritten", "lost"]);
        let faults = fault_windows(&history.events);
        let mut sessions = Sessions::new();
        for one in history.operations.iter().filter(|one| one.f == "session") {
            if let Some(who) = text(one, "owner") {
                sessions.entry(who).or_default().push((one.node.as_deref(), one.invoked_ns));
            }
        }
        let (mut logs, mut judged) = (0, 0);
        for of in by_key(&history.operations) {
            let all = logs_of(&of, &mut findings);
            logs += all.len();
            judged += self.check_key(&of, &all, &sessions, &faults, &mut findings);
        }
        if logs == 0 {
            findings.unknown("nothing", || "no log of a watch was read".to_owned());
        } else if judged == 0 {
            findings.unknown("unjudged", || "no write is known to have come when a watch was set".to_owned());
        }
        findings.detail("logs", logs);
        findings.detail("writes_judged", judged);
        findings.conclude()
    }
}

fn logs_of<'a>(of: &OfKey<'a>, findings: &mut Findings) -> Vec<Log<'a>> {
    let mut logs = Vec::new();
    for operation in of.operations.iter().filter(|one| one.f == "watch_log" && one.outcome == Outcome::Ok) {
        let list = operation
            .output
            .as_array()
            .or_else(|| operation.output.get("versions").and_then(Value::as_array));
        let versions: Option<Vec<u64>> = list.and_then(|list| list.iter().map(Value::as_u64).collect());
        let owner = operation.input.as_str().or_else(|| text(operation, "owner"));
        match versions.zip(owner) {
            Some((versions, owner)) => logs.push(Log { operation, owner, versions }),
            None => {
                let event = operation.invoke_index;
                findings.unknown("unfit", || format!("event {event}: watch expected watch_log with an owner to complete with a list of versions"));
            }
        }
    }
    logs
}

/// The version that a write left.
fn version(write: &Operation) -> Option<u64> {
    let output = &write.output;
    output
        .as_u64()
        .or_else(|| output.get("version").and_then(Value::as_u64))
        .or_else(|| output.get(1).and_then(Value::as_u64))
}

impl Watch {
    /// Judges the logs of a key, and returns how many writes some log had to show.
    fn check_key(
        &self,
        of: &OfKey<'_>,
        logs: &[Log<'_>],
        sessions: &Sessions<'_>,
        faults: &[FaultWindow],
        findings: &mut Findings,
    ) -> usize {
        let writes: Vec<(&Operation, u64)> = of
            .operations
            .iter()
            .filter(|one| matches!(one.f.as_str(), "write" | "set" | "cas") && one.outcome == Outcome::Ok)
            .filter_map(|one| Some((*one, version(one)?)))
            .collect();
        // The first and the last log of each watch; the first says since when it is set.
        let mut watches: BTreeMap<(&str, Option<&str>), (&Log<'_>, &Log<'_>)> = BTreeMap::new();
        let mut judged = 0;
        for log in logs {
            if let Some(pair) = log.versions.windows(2).find(|pair| pair[0].checked_add(1) != Some(pair[1])) {
                findings.broken("out_of_order", || {
                    format!(
                        "{}{} of {} told of version {} next after {}",
                        of_key(of.key),
                        told(log.operation),
                        log.owner,
                        pair[1],
                        pair[0]
                    )
                });
            }
            let at = (log.owner, log.operation.node.as_deref());
            let acts = sessions.get(log.owner).map_or(&[][..], Vec::as_slice);
            let known = watches.get(&at).copied().filter(|(_, last)| {
                let until = log.operation.completed_ns.unwrap_or(u64::MAX);
                last.operation.completed_ns.is_some_and(|end| end < log.operation.invoked_ns)
                    && !acts.iter().any(|(node, time)| {
                        // A session that the owner has elsewhere is another one.
                        let elsewhere = node.is_some() && at.1.is_some() && *node != at.1;
                        !elsewhere && *time >= last.operation.invoked_ns && *time <= until
                    })
            });
            let Some((first, last)) = known else {
                watches.insert(at, (log, log));
                continue;
            };
            if !log.versions.starts_with(&last.versions) {
                findings.broken("rewritten", || {
                    format!(
                        "{}{} of {} does not go on from {}, which had told of {} versions",
                        of_key(of.key),
                        told(log.operation),
                        log.owner,
                        told(last.operation),
                        last.versions.len()
                    )
                });
            }
            judged += self.check_complete(of, (first, log), &writes, faults, findings);
            watches.insert(at, (first, log));
        }
        judged
    }

    fn check_complete(
        &self,
        of: &OfKey<'_>,
        (first, log): (&Log<'_>, &Log<'_>),
        writes: &[(&Operation, u64)],
        faults: &[FaultWindow],
        findings: &mut Findings,
    ) -> usize {
        let bound = u64::try_from(self.bound.as_nanos()).unwrap_or(u64::MAX);
        let asked = log.operation.invoked_ns;
        let due = asked.saturating_sub(bound);
        if !quiet(faults, due, asked) {
            return 0;
        }
        let set = first.operation.completed_ns.unwrap_or(u64::MAX);
        let told_by: std::collections::HashSet<u64> = log.versions.iter().copied().collect();
        let must = || {
            writes.iter().filter(|(write, _)| {
                write.invoked_ns > set && write.completed_ns.is_some_and(|end| end <= due)
            })
        };
        let lost: Vec<&(&Operation, u64)> =
            must().filter(|(_, version)| !told_by.contains(version)).collect();
        if let Some((write, number)) = lost.first() {
            findings.broken("lost", || {
                let (watched, since) = (told(log.operation), seconds(set));
                let rest = listed(lost.iter().map(|(_, version)| version.to_string()));
                format!("{}{watched} of {}, whose watch was set by {since}, lacks version {number}, written {}; lacking are {rest}", of_key(of.key), log.owner, ended(write))
            });
        }
        must().count()
    }
}
