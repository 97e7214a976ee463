//! Counting a pass, once.
//!
//! The mark `p-nN` of the round and the counter's new value are written in one `multi`: a pass that was counted in
//! an earlier session, without its sensor having heard, finds its mark there. Many count at a time, and of those
//! who read the same value one gets on; the others try again after a while that is drawn, and doubled each time.

use std::time::Duration;

use ordalia_coordination::client::{CallId, Happening};
use ordalia_node::{
    ActKind, CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, Refusal, Value, WriteOp,
};
use rand::RngExt;
use serde_json::json;

use super::participant::kind;
use super::{Cx, ROUND, Timer};
use crate::bugs::Bug;
use crate::paths;

/// The most that is drawn for a while, before it is doubled and in the end, in ms.
const PAUSES_MS: (u64, u64) = (4, 500);

#[derive(Debug)]
enum Step {
    Reading(CallId),
    Writing(CallId, u64),
    /// Until the timer runs out.
    Pausing,
}

/// One pass that is being counted.
#[derive(Debug)]
pub(super) struct Counting {
    round: u64,
    tries: u32,
    step: Step,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// It is counted, or can no longer be.
    Settled,
    /// Nobody knows whether it is.
    Unknown,
}

impl Counting {
    /// Begins to count the pass of a round.
    pub fn begin(round: u64, cx: &mut Cx<'_>) -> Self {
        cx.act(ROUND, ActKind::Invoke, "increment", json!({"sensor": cx.name, "round": round}));
        Self { round, tries: 0, step: read(cx) }
    }

    pub fn round(&self) -> u64 {
        self.round
    }

    /// The pause is over.
    pub fn try_again(&mut self, cx: &mut Cx<'_>) {
        if matches!(self.step, Step::Pausing) {
            self.step = read(cx);
        }
    }

    /// Takes note of what befell.
    pub fn on(&mut self, happening: &Happening, cx: &mut Cx<'_>) -> Option<Counted> {
        match self.step {
            Step::Pausing => None,
            Step::Reading(call) => match happening.answer_to(Some(call))? {
                Ok(CoordinationAnswer::Got { value, stat }) => self.add(value, stat.version, cx),
                Ok(_) => self.end(ActKind::Fail, ("crash", "the answer does not fit"), Counted::Settled, cx),
                // Nothing was written in this try; the pass is still to be counted if the session is over.
                Err(refusal) => {
                    let counted = match refusal.code {
                        ErrorCode::KeyDoesNotExist => Counted::Settled,
                        _ => Counted::Unknown,
                    };
                    self.end(ActKind::Fail, (refusal.code.name(), &refusal.text), counted, cx)
                }
            },
            Step::Writing(call, total) => match happening.answer_to(Some(call))? {
                Ok(_) => {
                    let value = json!({"sensor": cx.name, "round": self.round, "total": total});
                    cx.act(ROUND, ActKind::Ok, "increment", value);
                    Some(Counted::Settled)
                }
                Err(refusal) => self.on_refusal(&refusal.clone(), cx),
            },
        }
    }

    fn add(&mut self, value: &Value, version: u64, cx: &mut Cx<'_>) -> Option<Counted> {
        let Some(total) = value.as_u64().and_then(|value| value.checked_add(1)) else {
            let text = format!("the counter is no number with room to count: {value}");
            return self.end(ActKind::Fail, ("malformed", &text), Counted::Settled, cx);
        };
        let (path, value) = (paths::COUNTER.to_owned(), json!(total));
        let request = if cx.has(Bug::LostIncrement) {
            CoordinationRequest::Set { path, value, version: None, session: None, seq: None }
        } else {
            let mark = WriteOp::Create {
                path: paths::pass(self.round, cx.name),
                value: json!(total),
                mode: CreateMode::Persistent,
            };
            let set = WriteOp::Set { path, value, version: Some(version) };
            CoordinationRequest::Multi { ops: vec![mark, set], session: None, seq: None }
        };
        self.step = Step::Writing(cx.session.ask(request), total);
        None
    }

    fn on_refusal(&mut self, refusal: &Refusal, cx: &mut Cx<'_>) -> Option<Counted> {
        let error = (refusal.code.name(), refusal.text.as_str());
        match refusal.code {
            // Another sensor was ahead.
            ErrorCode::PreconditionFailed => {
                let (least, most) = PAUSES_MS;
                let bound = least.saturating_mul(1 << self.tries.min(10)).min(most);
                self.tries = self.tries.saturating_add(1);
                let pause = Duration::from_micros(cx.env.rng().random_range(0..=bound * 1000));
                cx.set_timer(Timer::Count, pause);
                self.step = Step::Pausing;
                None
            }
            // An earlier session's try counted it, or the round is gone and with it the mark.
            ErrorCode::KeyAlreadyExists | ErrorCode::KeyDoesNotExist => {
                self.end(ActKind::Fail, error, Counted::Settled, cx)
            }
            _ => self.end(kind(refusal), error, Counted::Unknown, cx),
        }
    }

    fn end(&self, kind: ActKind, error: (&str, &str), counted: Counted, cx: &mut Cx<'_>) -> Option<Counted> {
        cx.fault(ROUND, kind, "increment", json!({"sensor": cx.name, "round": self.round}), error);
        Some(counted)
    }

    /// The session ended during a pause.
    pub fn give_up(&self, cx: &mut Cx<'_>) {
        let error = ("session-expired", "the session ended between two tries");
        self.end(ActKind::Fail, error, Counted::Unknown, cx);
    }
}

fn read(cx: &mut Cx<'_>) -> Step {
    let path = paths::COUNTER.to_owned();
    Step::Reading(cx.session.ask(CoordinationRequest::Get { path, watch: None, session: None }))
}
