//! What `ephemeral` and `membership` share: who is present as long as a session lives.
//!
//! An owner is present at a key from an entry that was ok, as long as its session lives and it does not leave. The
//! history tells when an agent opened or lost a session (`session` acts with `owner` and `state`), but of an agent
//! that crashed only that the next session of the owner was opened. So a missing owner counts only where it
//! did something under the same session afterwards, and an owner that stays on only where no session
//! that it may have entered by can live any more.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_history::{FaultWindow, Operation, Outcome, Value, fault_windows};

use super::acts::{ended, quiet, seconds, text};
use super::findings::Findings;
use super::wording::{by_key, of_key, told};
use crate::{History, Judgement};

/// The names of the operations, and the bounds.
pub(super) struct Presence {
    pub(super) enter: &'static str,
    pub(super) leave: Option<&'static str>,
    pub(super) look: &'static str,
    /// How long after the end of its session an owner may still be seen.
    pub(super) bound: Duration,
    /// After how long without heartbeats a session ends.
    pub(super) timeout: Duration,
}

/// The owner that an operation is of: a member of its value, or the value itself.
fn owner(operation: &Operation) -> Option<&str> {
    operation.input.as_str().or_else(|| text(operation, "owner"))
}

/// The owners that a look returned: a list, or an object with one.
fn owners(look: &Operation) -> Option<Vec<&str>> {
    let list = look.output.as_array().or_else(|| look.output.get("owners").and_then(Value::as_array))?;
    list.iter().map(Value::as_str).collect()
}

/// The session acts of all owners, by time; `true` where the act says that the session ended.
type Sessions<'a> = BTreeMap<&'a str, Vec<(u64, bool)>>;

fn sessions(operations: &[Operation]) -> Sessions<'_> {
    let mut sessions = Sessions::new();
    for one in operations.iter().filter(|one| one.f == "session" && one.outcome != Outcome::Fail) {
        if let Some(who) = text(one, "owner") {
            let over = matches!(text(one, "state"), Some("expired" | "closed"));
            sessions.entry(who).or_default().push((one.invoked_ns, over));
        }
    }
    sessions
}

/// What one owner did at one key, in order of invocation.
type Moves<'a> = BTreeMap<&'a str, Vec<&'a Operation>>;

/// What a look is judged by.
struct Sight<'a> {
    look: &'a Operation,
    seen: Vec<&'a str>,
    done: u64,
}

impl Presence {
    pub(super) fn judge(&self, history: &History) -> Judgement {
        let mut findings = Findings::of(&["missing", "lingering", "made_up"]);
        let sessions = sessions(&history.operations);
        let faults = fault_windows(&history.events);
        let (mut looks, mut judged) = (0u64, 0u64);
        for of in by_key(&history.operations) {
            let mut moves = Moves::new();
            for one in of.operations.iter().filter(|one| self.moves(one)) {
                if let Some(who) = owner(one) {
                    moves.entry(who).or_default().push(one);
                }
            }
            for look in of.operations.iter().filter(|one| one.f == self.look && one.outcome == Outcome::Ok) {
                let Some((seen, done)) = owners(look).zip(look.completed_ns) else {
                    let (event, f) = (look.invoke_index, self.look);
                    findings.unknown("unfit", || {
                        format!("event {event}: expected {f} to complete with a list of owners")
                    });
                    continue;
                };
                looks += 1;
                let sight = Sight { look, seen, done };
                judged += self.check_missing(of.key, &sight, &moves, &sessions, &mut findings);
                judged += self.check_seen(of.key, &sight, &moves, &sessions, &faults, &mut findings);
            }
        }
        if looks == 0 {
            findings.unknown("nothing", || format!("no {} was ok", self.look));
        } else if judged == 0 {
            findings.unknown("unjudged", || {
                format!("of no owner it is known whether {} must show it", self.look)
            });
        }
        findings.detail("looks", looks);
        findings.detail("judged", judged);
        findings.conclude()
    }

    fn moves(&self, one: &Operation) -> bool {
        one.f == self.enter || self.leave.is_some_and(|leave| one.f == leave)
    }

    /// Owners that must be seen. Returns how many there are.
    fn check_missing(
        &self,
        key: Option<&Value>,
        sight: &Sight<'_>,
        moves: &Moves<'_>,
        sessions: &Sessions<'_>,
        findings: &mut Findings,
    ) -> u64 {
        let mut judged = 0;
        for (who, own) in moves {
            let begin = sight.look.invoked_ns;
            let at = own.partition_point(|one| one.invoked_ns <= begin);
            let entered = own[..at].iter().rev().find(|one| {
                one.f == self.enter
                    && one.outcome == Outcome::Ok
                    && one.completed_ns.is_some_and(|end| end < begin)
            });
            let Some(entered) = entered else { continue };
            // Whoever left or may have left at any time since is not judged, nor is who may have done so before.
            let away = |one: &&&Operation| one.f != self.enter && one.outcome != Outcome::Fail;
            let gone = own.iter().filter(away).any(|one| {
                one.invoked_ns <= sight.done
                    && (one.outcome == Outcome::Info
                        || one.completed_ns.is_none_or(|end| end >= entered.invoked_ns))
            });
            let proof = own[at..]
                .iter()
                .find(|one| one.f == self.enter && one.outcome == Outcome::Ok && one.invoked_ns > sight.done);
            let until = proof.and_then(|one| one.completed_ns);
            let Some(until) = until.filter(|_| !gone) else { continue };
            let acts = sessions.get(who).map_or(&[][..], Vec::as_slice);
            let broken = acts.iter().any(|(time, _)| *time >= entered.invoked_ns && *time < until);
            if broken {
                continue;
            }
            judged += 1;
            if !sight.seen.contains(who) {
                findings.broken("missing", || {
                    let (of, what, then) = (of_key(key), told(sight.look), ended(entered));
                    let (when, enter, until) = (seconds(sight.done), self.enter, seconds(until));
                    format!(
                        "{of}{what} did not show {who} at {when}, which was there from {enter} {then}; its session lived until {until} at least"
                    )
                });
            }
        }
        judged
    }

    /// Owners that may not be seen any more. Returns how many could be judged.
    fn check_seen(
        &self,
        key: Option<&Value>,
        sight: &Sight<'_>,
        moves: &Moves<'_>,
        sessions: &Sessions<'_>,
        faults: &[FaultWindow],
        findings: &mut Findings,
    ) -> u64 {
        let bound = nanos(self.bound);
        let calm = quiet(faults, sight.look.invoked_ns.saturating_sub(bound), sight.look.invoked_ns);
        let mut judged = 0;
        for who in &sight.seen {
            let own = moves.get(who).map_or(&[][..], Vec::as_slice);
            let mut entries = own
                .iter()
                .filter(|one| {
                    one.f == self.enter && one.outcome != Outcome::Fail && one.invoked_ns <= sight.done
                })
                .peekable();
            if entries.peek().is_none() {
                findings.broken("made_up", || {
                    format!(
                        "{}{} showed {who}, which never began to {}",
                        of_key(key),
                        told(sight.look),
                        self.enter
                    )
                });
            }
        }
        for (who, own) in moves {
            let entries: Vec<&&Operation> = own
                .iter()
                .filter(|one| {
                    one.f == self.enter && one.outcome != Outcome::Fail && one.invoked_ns <= sight.done
                })
                .collect();
            if entries.is_empty() || !calm {
                continue;
            }
            let ends: Option<Vec<(u64, String)>> =
                entries.iter().map(|one| self.end(one, who, own, sessions)).collect();
            let Some((end, why)) = ends.and_then(|ends| ends.into_iter().max()) else { continue };
            if end >= sight.look.invoked_ns {
                continue;
            }
            judged += 1;
            if sight.seen.contains(who) {
                findings.broken("lingering", || {
                    format!(
                        "{}{} still showed {who} at {}, though {why}; expected it gone by {}",
                        of_key(key),
                        told(sight.look),
                        seconds(sight.look.invoked_ns),
                        seconds(end)
                    )
                });
            }
        }
        judged
    }

    /// By when what one entry made is gone, and why; `None` where it may still be there.
    fn end(
        &self,
        entry: &Operation,
        who: &str,
        own: &[&Operation],
        sessions: &Sessions<'_>,
    ) -> Option<(u64, String)> {
        // An entry of unknown outcome may take effect at any time.
        let entered = entry.completed_ns.filter(|_| entry.outcome == Outcome::Ok)?;
        let leave = own
            .iter()
            .filter(|one| one.f != self.enter && one.outcome == Outcome::Ok && one.invoked_ns > entered);
        let left = leave
            .filter_map(|one| one.completed_ns.map(|end| (end, format!("it had left {}", ended(one)))))
            .min();
        let acts = sessions.get(who).map_or(&[][..], Vec::as_slice);
        let over = acts.iter().find(|(time, _)| *time > entered).map(|(time, over)| {
            let (bound, why) = match over {
                true => (nanos(self.bound), format!("its session was over at {}", seconds(*time))),
                false => (
                    nanos(self.bound).saturating_add(nanos(self.timeout)),
                    format!("it had a new session from {}", seconds(*time)),
                ),
            };
            (time.saturating_add(bound), why)
        });
        [left, over].into_iter().flatten().min()
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
