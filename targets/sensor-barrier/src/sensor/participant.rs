//! A sensor's own part in the rounds: measure, write, wait, count.

use std::time::Duration;

use ordalia_coordination::client::{CallId, Happening, Session};
use ordalia_coordination::recipes::{Barrier, Look, Opens, Passed, View};
use ordalia_node::{
    ActKind, CoordinationAnswer, CoordinationRequest, CreateMode, Env, ErrorCode, Refusal, Time, Value,
    WatchMode,
};
use rand::RngExt;
use serde_json::json;

use super::counting::{Counted, Counting};
use super::{Cx, ROUND, Timer};
use crate::bugs::Bug;
use crate::paths;

/// How far the sensor is.
#[derive(Debug)]
enum Step {
    /// It waits for a round in which it can take part.
    Idle,
    /// It reads who is expected.
    Reading(u64, CallId),
    Measuring {
        round: u64,
        since: Time,
    },
    Writing {
        round: u64,
        tenths: i64,
        call: CallId,
    },
    Waiting {
        round: u64,
        barrier: Barrier,
    },
    Counting(Counting),
}

/// The part that one sensor plays.
#[derive(Debug)]
pub(crate) struct Participant {
    /// The look at the number of the round, which a watch keeps fresh.
    current: Look,
    /// That number, as it was read last in this session.
    round: Option<u64>,
    /// A round that went on without it.
    missed: Option<u64>,
    /// The last round that it passed.
    passed: Option<u64>,
    /// A round whose pass is not known to be counted.
    owed: Option<u64>,
    /// With a planted defect the round that it goes on with.
    believed: Option<u64>,
    step: Step,
    /// What the next measurement is near, in tenths.
    level: i64,
}

impl Participant {
    pub fn new(session: &mut Session, env: &mut Env) -> Self {
        Self {
            current: look(session),
            round: None,
            missed: None,
            passed: None,
            owed: None,
            believed: None,
            step: Step::Idle,
            level: 200 + env.rng().random_range(-30..=30),
        }
    }

    /// The round that it takes part in, or else the last that it knows of.
    pub fn round(&self) -> Option<u64> {
        match &self.step {
            Step::Measuring { round, .. } | Step::Writing { round, .. } | Step::Waiting { round, .. } => {
                Some(*round)
            }
            Step::Counting(counting) => Some(counting.round()),
            Step::Idle | Step::Reading(..) => self.round,
        }
    }

    /// In a word.
    pub fn state(&self) -> &'static str {
        match self.step {
            Step::Idle | Step::Reading(..) => "idle",
            Step::Measuring { .. } => "measuring",
            Step::Writing { .. } => "writing",
            Step::Waiting { .. } => "waiting",
            Step::Counting(_) => "counting",
        }
    }

    pub fn is_measuring(&self) -> bool {
        matches!(self.step, Step::Measuring { .. })
    }

    /// Takes note of what befell.
    pub fn on(&mut self, happening: &Happening, is_member: bool, cx: &mut Cx<'_>) {
        // It is absent until the first round is opened.
        if let Some(Ok(CoordinationAnswer::Got { value, .. })) = self.current.on(happening, cx.session) {
            self.round = value.as_u64().or(self.round);
        }
        if happening.is_end() {
            return self.interrupt(cx);
        }
        match &mut self.step {
            Step::Idle | Step::Measuring { .. } => {}
            Step::Reading(round, call) => {
                if let Some(result) = happening.answer_to(Some(*call)) {
                    let round = *round;
                    self.on_read(round, result, cx);
                }
            }
            Step::Writing { call, .. } => {
                if let Some(result) = happening.answer_to(Some(*call)) {
                    self.on_written(result, cx);
                }
            }
            Step::Waiting { round, barrier } => {
                let outcome = barrier.on(happening, cx.session);
                let is_over = self.round.is_some_and(|current| current > *round);
                match outcome {
                    Some(Passed::Open(_)) => self.pass(cx),
                    _ if is_over => self.pass(cx),
                    Some(Passed::Failed(refusal)) => self.on_wait_failed(&refusal, cx),
                    None => {}
                }
            }
            Step::Counting(counting) => {
                let counted = counting.on(happening, cx);
                self.on_counted(counted);
            }
        }
        if is_member {
            self.go_on(cx);
        }
    }

    /// Begins what can be begun.
    fn go_on(&mut self, cx: &mut Cx<'_>) {
        if !matches!(self.step, Step::Idle) || !cx.session.is_live() {
            return;
        }
        if let Some(round) = self.owed {
            self.step = Step::Counting(Counting::begin(round, cx));
        } else if let Some(round) = self.believed.take() {
            self.measure(round, cx);
        } else if let Some(round) = self
            .round
            .filter(|round| Some(*round) != self.missed && self.passed.is_none_or(|passed| *round > passed))
        {
            let path = paths::round(round);
            let call = cx.session.ask(CoordinationRequest::Get { path, watch: None, session: None });
            self.step = Step::Reading(round, call);
        }
    }

    fn on_read(&mut self, round: u64, result: &Result<CoordinationAnswer, Refusal>, cx: &mut Cx<'_>) {
        self.step = Step::Idle;
        match result {
            Ok(CoordinationAnswer::Got { value, .. }) if is_expected(value, cx.name) => {
                self.measure(round, cx);
            }
            // It came too late, or the round is over and removed.
            Ok(_) => self.missed = Some(round),
            Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => self.missed = Some(round),
            Err(_) => {}
        }
    }

    fn measure(&mut self, round: u64, cx: &mut Cx<'_>) {
        cx.act(ROUND, ActKind::Invoke, "measure", json!({"sensor": cx.name, "round": round}));
        let since = cx.env.now();
        cx.set_timer(Timer::Measured, Duration::from_millis(cx.config.period_ms()));
        self.step = Step::Measuring { round, since };
    }

    /// Another period is in force, for the measurement under way as well.
    pub fn on_period(&mut self, cx: &mut Cx<'_>) {
        if let Step::Measuring { since, .. } = self.step {
            let period = Duration::from_millis(cx.config.period_ms());
            cx.set_timer(Timer::Measured, period.saturating_sub(cx.env.now().since(since)));
        }
    }

    /// The sampling period is over.
    pub fn on_measured(&mut self, cx: &mut Cx<'_>) {
        let Step::Measuring { round, .. } = self.step else { return };
        // It wanders, slowly drawn back to 20.
        self.level += cx.env.rng().random_range(-8..=8) - (self.level - 200) / 16;
        let tenths = self.level;
        let path = paths::measurement(round, cx.name);
        let (value, mode) = (reading(tenths), CreateMode::Ephemeral);
        let call =
            cx.session.ask(CoordinationRequest::Create { path, value, mode, session: None, seq: None });
        self.step = Step::Writing { round, tenths, call };
    }

    fn on_written(&mut self, result: &Result<CoordinationAnswer, Refusal>, cx: &mut Cx<'_>) {
        let Step::Writing { round, tenths, .. } = self.step else { return };
        let value = json!({"sensor": cx.name, "round": round, "value": reading(tenths)});
        self.step = Step::Idle;
        match result {
            Ok(_) => {
                cx.act(ROUND, ActKind::Ok, "measure", value);
                self.wait(round, cx);
            }
            Err(refusal) => {
                cx.fault(ROUND, kind(refusal), "measure", value, (refusal.code.name(), &refusal.text));
                if refusal.code == ErrorCode::KeyDoesNotExist {
                    self.missed = Some(round);
                }
            }
        }
    }

    fn wait(&mut self, round: u64, cx: &mut Cx<'_>) {
        cx.act(ROUND, ActKind::Invoke, "wait", json!({"sensor": cx.name, "round": round}));
        let barrier = Barrier::wait(paths::released(round), Opens::WhenThere, cx.session);
        self.step = Step::Waiting { round, barrier };
        if cx.has(Bug::BarrierTimeout) {
            cx.set_timer(Timer::Patience, cx.settings.session_timeout);
        }
    }

    /// A planted defect: who waited for so long passes.
    pub fn on_patience(&mut self, cx: &mut Cx<'_>) {
        if matches!(self.step, Step::Waiting { .. }) {
            self.pass(cx);
        }
    }

    fn pass(&mut self, cx: &mut Cx<'_>) {
        let Step::Waiting { round, .. } = self.step else { return };
        cx.act(ROUND, ActKind::Ok, "wait", json!({"sensor": cx.name, "round": round}));
        if cx.has(Bug::BarrierTimeout) {
            cx.out.cancel_timer(crate::Timer::Sensor(Timer::Patience));
        }
        self.passed = Some(round);
        self.owed = Some(round);
        self.step = Step::Counting(Counting::begin(round, cx));
    }

    fn on_wait_failed(&mut self, refusal: &Refusal, cx: &mut Cx<'_>) {
        let Step::Waiting { round, .. } = self.step else { return };
        match refusal.code {
            ErrorCode::SessionExpired => self.interrupt(cx),
            // Nobody refuses a look for good but for a defect; it is looked at anew.
            _ => {
                let barrier = Barrier::wait(paths::released(round), Opens::WhenThere, cx.session);
                self.step = Step::Waiting { round, barrier };
            }
        }
    }

    /// Time to try the counter again.
    pub fn on_count(&mut self, cx: &mut Cx<'_>) {
        if let Step::Counting(counting) = &mut self.step {
            counting.try_again(cx);
        }
    }

    fn on_counted(&mut self, counted: Option<Counted>) {
        match counted {
            None => {}
            Some(Counted::Settled) => {
                self.owed = None;
                self.step = Step::Idle;
            }
            Some(Counted::Unknown) => self.step = Step::Idle,
        }
    }

    /// The session ended. What waited for an answer has been told before.
    fn interrupt(&mut self, cx: &mut Cx<'_>) {
        let error = ("session-expired", "the session ended meanwhile");
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::Idle | Step::Reading(..) | Step::Writing { .. } => {}
            Step::Measuring { round, .. } => {
                let value = json!({"sensor": cx.name, "round": round});
                cx.fault(ROUND, ActKind::Fail, "measure", value, error);
                cx.out.cancel_timer(crate::Timer::Sensor(Timer::Measured));
            }
            Step::Waiting { round, .. } => {
                let value = json!({"sensor": cx.name, "round": round});
                cx.fault(ROUND, ActKind::Fail, "wait", value, error);
                if cx.has(Bug::StaleRound) {
                    self.believed = Some(round + 1);
                }
            }
            Step::Counting(counting) => counting.give_up(cx),
        }
    }

    /// Goes on in a new session.
    pub fn renew(&mut self, cx: &mut Cx<'_>) {
        self.interrupt(cx);
        self.current = look(cx.session);
        (self.round, self.missed) = (None, None);
    }
}

fn look(session: &mut Session) -> Look {
    Look::new(paths::CURRENT, View::Data, WatchMode::Once, session)
}

/// Tenths as they are written.
fn reading(tenths: i64) -> Value {
    json!(tenths as f64 / 10.0)
}

fn is_expected(round: &Value, name: &str) -> bool {
    let expected = round.get("expected").and_then(Value::as_array);
    expected.is_some_and(|expected| expected.iter().any(|one| one.as_str() == Some(name)))
}

/// How an act ends that was refused.
pub(crate) fn kind(refusal: &Refusal) -> ActKind {
    if refusal.code.is_definite() { ActKind::Fail } else { ActKind::Info }
}
