//! The leader's work: it takes office, gathers each round's measurements, stores and posts their mean, and
//! releases the round.
//!
//! Every write goes with a check of `/leader`'s version. If that is refused, somebody else has taken office, and
//! this one ends. What it finds it takes up: a round under way, a mean that is stored.

mod mean;
mod posting;
mod round;
mod sweep;

use ordalia_coordination::client::{CallId, Happening};
use ordalia_coordination::recipes::Members;
use ordalia_node::{
    ActKind, CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, PostError, Refusal, Value,
    WriteOp,
};
use serde_json::json;

use crate::bugs::Bug;
use crate::paths;
use crate::sensor::{Cx, LEADER, NOTES, config};
use mean::Mean;
use posting::{Posted, Posting};
use round::Round;
use sweep::Sweep;

/// How far it is.
#[derive(Debug)]
enum Step {
    /// The nodes that everybody needs are created, by so many calls.
    Preparing(Vec<CallId>),
    /// Reading `/leader`.
    ReadingOffice(CallId),
    /// Setting it, from that version.
    TakingOffice(CallId, u64),
    ReadingCurrent(CallId),
    /// There is no round yet, and nobody is known to be there.
    AwaitingMembers,
    OpeningFirst(CallId, Vec<String>),
    ReadingRound(u64, CallId),
    ReadingMean(u64, CallId),
    Gathering,
    StoringMean(CallId, Mean),
    Posting(Posting),
    Releasing(CallId, Mean, Vec<String>),
    Deposed,
}

/// One office.
#[derive(Debug)]
pub(crate) struct Leader {
    epoch: u64,
    /// Its own node among the candidates.
    candidate: String,
    /// The version of `/leader` since it is in office.
    version: u64,
    is_in_office: bool,
    members: Members,
    round: Round,
    sweep: Sweep,
    step: Step,
}

impl Leader {
    /// The candidate of that node was elected.
    pub fn take_office(epoch: u64, candidate: String, cx: &mut Cx<'_>) -> Self {
        // Those that are there already stay as they are. The settings are there to be read, and changed.
        let period = Value::from(cx.settings.period_ms);
        let needed = [
            (paths::LEADER.to_owned(), Value::Null),
            (paths::ROUNDS.to_owned(), Value::Null),
            (paths::COUNTER.to_owned(), Value::from(0)),
            (paths::CONFIG.to_owned(), Value::Null),
            (paths::config(config::PERIOD), period),
            (paths::config(config::API_URL), Value::from(cx.settings.api_url.as_str())),
        ];
        let mut create = |(path, value)| {
            let mode = CreateMode::Persistent;
            cx.session.ask(CoordinationRequest::Create { path, value, mode, session: None, seq: None })
        };
        let calls = needed.map(&mut create).to_vec();
        Self {
            epoch,
            candidate,
            version: 0,
            is_in_office: false,
            members: Members::new(paths::SENSORS, cx.session),
            round: Round::default(),
            sweep: Sweep::default(),
            step: Step::Preparing(calls),
        }
    }

    /// Greater than that of every earlier leader.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether somebody else is in office.
    pub fn is_deposed(&self) -> bool {
        matches!(self.step, Step::Deposed)
    }

    /// A planted defect: it goes on in another session.
    pub fn haunt(&mut self, cx: &mut Cx<'_>) {
        self.members = Members::new(paths::SENSORS, cx.session);
        self.sweep = Sweep::default();
        self.step = match self.is_in_office {
            true => read_current(cx),
            false => Step::Deposed,
        };
    }

    /// It leads no more.
    pub fn end(&mut self, why: &str, cx: &mut Cx<'_>) {
        let step = std::mem::replace(&mut self.step, Step::Deposed);
        match step {
            Step::Posting(posting) => posting.give_up(cx),
            Step::Releasing(_, mean, expected) => {
                let value = self.release_value(&mean, &expected, cx);
                cx.fault(LEADER, ActKind::Info, "release", value, ("timeout", why));
            }
            _ => {}
        }
        if self.is_in_office {
            let value = json!({"sensor": cx.name, "epoch": self.epoch, "ended": true});
            cx.act(NOTES, ActKind::Ok, "lead", value);
        }
    }

    /// What came of a post.
    pub fn on_posted(
        &mut self,
        call: u64,
        outcome: &Result<u16, PostError>,
        posts: &mut u64,
        cx: &mut Cx<'_>,
    ) {
        let Step::Posting(posting) = &mut self.step else { return };
        if let Some(Posted { mean }) = posting.on_posted(call, outcome, posts, cx) {
            self.release(mean, cx);
        }
    }

    /// Takes note of what befell.
    pub fn on(&mut self, happening: &Happening, posts: &mut u64, cx: &mut Cx<'_>) {
        let has_members = matches!(self.members.on(happening, cx.session), Some(Ok(_)));
        self.sweep.on(happening, cx);
        let has_values = self.round.on(happening, cx.session);
        match &mut self.step {
            Step::Deposed => {}
            Step::Gathering => {
                if has_members || has_values {
                    self.gather(posts, cx);
                }
            }
            Step::AwaitingMembers => self.open_first(cx),
            // What could not be posted while the session was suspended.
            Step::Posting(posting) => posting.go_on(posts, cx),
            _ => self.on_answer(happening, posts, cx),
        }
    }

    fn on_answer(&mut self, happening: &Happening, posts: &mut u64, cx: &mut Cx<'_>) {
        let result = |call: &CallId| happening.answer_to(Some(*call)).cloned();
        match &mut self.step {
            Step::Preparing(calls) => {
                calls.retain(|call| happening.answer_to(Some(*call)).is_none());
                if calls.is_empty() {
                    self.read_office(cx);
                }
            }
            Step::ReadingOffice(call) => {
                if let Some(result) = result(call) {
                    self.on_office(&result, cx);
                }
            }
            Step::TakingOffice(call, version) => {
                let version = *version;
                if let Some(result) = result(call) {
                    self.on_taken(version, &result, cx);
                }
            }
            Step::ReadingCurrent(call) => {
                if let Some(result) = result(call) {
                    self.on_current(&result, cx);
                }
            }
            Step::OpeningFirst(call, expected) => {
                let expected = std::mem::take(expected);
                match result(call) {
                    Some(Ok(_)) => self.begin_round(1, expected, posts, cx),
                    Some(Err(refusal)) => self.on_refusal(&refusal, cx),
                    None => self.step = Step::OpeningFirst(*call, expected),
                }
            }
            Step::ReadingRound(number, call) => {
                let number = *number;
                if let Some(result) = result(call) {
                    self.on_round(number, &result, cx);
                }
            }
            Step::ReadingMean(number, call) => {
                let number = *number;
                if let Some(result) = result(call) {
                    self.on_mean(number, &result, posts, cx);
                }
            }
            Step::StoringMean(call, mean) => {
                let mean = mean.clone();
                if let Some(result) = result(call) {
                    self.on_stored(mean, &result, posts, cx);
                }
            }
            Step::Releasing(call, mean, expected) => {
                let (mean, expected) = (mean.clone(), expected.clone());
                if let Some(result) = result(call) {
                    self.on_released(&mean, expected, &result, posts, cx);
                }
            }
            Step::AwaitingMembers | Step::Gathering | Step::Posting(_) | Step::Deposed => {}
        }
    }

    fn read_office(&mut self, cx: &mut Cx<'_>) {
        let path = paths::LEADER.to_owned();
        let call = cx.session.ask(CoordinationRequest::Get { path, watch: None, session: None });
        self.step = Step::ReadingOffice(call);
    }

    fn on_office(&mut self, result: &Result<CoordinationAnswer, Refusal>, cx: &mut Cx<'_>) {
        let Ok(CoordinationAnswer::Got { stat, .. }) = result else { return self.step = Step::Deposed };
        let ops = vec![
            // Nobody is elected before this node is gone.
            WriteOp::Check { path: self.candidate.clone(), version: None },
            WriteOp::Set {
                path: paths::LEADER.to_owned(),
                value: json!({"epoch": self.epoch, "sensor": cx.name}),
                version: Some(stat.version),
            },
        ];
        let call = cx.session.ask(CoordinationRequest::Multi { ops, session: None, seq: None });
        self.step = Step::TakingOffice(call, stat.version);
    }

    fn on_taken(&mut self, version: u64, result: &Result<CoordinationAnswer, Refusal>, cx: &mut Cx<'_>) {
        match result {
            Ok(_) => {
                self.version = version.saturating_add(1);
                self.is_in_office = true;
                let value = json!({"sensor": cx.name, "epoch": self.epoch});
                cx.act(NOTES, ActKind::Ok, "lead", value);
                cx.out.trace("take-office", format!("epoch {}", self.epoch));
                self.step = read_current(cx);
            }
            // The read was old.
            Err(refusal) if refusal.code == ErrorCode::PreconditionFailed => self.read_office(cx),
            Err(_) => self.step = Step::Deposed,
        }
    }

    fn on_current(&mut self, result: &Result<CoordinationAnswer, Refusal>, cx: &mut Cx<'_>) {
        match result {
            Ok(CoordinationAnswer::Got { value, .. }) => match value.as_u64() {
                Some(number) => self.step = Step::ReadingRound(number, get(paths::round(number), cx)),
                None => self.step = Step::Deposed,
            },
            Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => {
                self.step = Step::AwaitingMembers;
                self.open_first(cx);
            }
            Err(refusal) => self.on_refusal(&refusal.clone(), cx),
            Ok(_) => self.step = Step::Deposed,
        }
    }

    /// The sensors that are there, if that is known.
    fn present(&self) -> Option<Vec<String>> {
        let names = self.members.names()?.iter().filter(|name| paths::is_sensor(name));
        Some(names.cloned().collect()).filter(|names: &Vec<String>| !names.is_empty())
    }

    /// Opens the first round, once it is known who is there.
    fn open_first(&mut self, cx: &mut Cx<'_>) {
        let Some(expected) = self.present() else { return };
        let mut ops = self.fence(cx);
        ops.extend([open(1, &expected), create(paths::CURRENT.to_owned(), Value::from(1))]);
        let call = cx.session.ask(CoordinationRequest::Multi { ops, session: None, seq: None });
        self.step = Step::OpeningFirst(call, expected);
    }

    fn on_round(&mut self, number: u64, result: &Result<CoordinationAnswer, Refusal>, cx: &mut Cx<'_>) {
        let Ok(CoordinationAnswer::Got { value, .. }) = result else { return self.on_odd(result, cx) };
        let expected = value.get("expected").and_then(Value::as_array).into_iter().flatten();
        let expected: Vec<String> = expected.filter_map(|name| Some(name.as_str()?.to_owned())).collect();
        self.round = Round::new(number, expected, self.round.leftovers(), cx.session);
        self.step = Step::ReadingMean(number, get(paths::mean(number), cx));
    }

    fn on_mean(
        &mut self,
        number: u64,
        result: &Result<CoordinationAnswer, Refusal>,
        posts: &mut u64,
        cx: &mut Cx<'_>,
    ) {
        match result {
            Ok(CoordinationAnswer::Got { value, .. }) if !cx.has(Bug::MeanAnew) => {
                match Mean::read(number, value) {
                    Some(mean) => self.post(mean, posts, cx),
                    None => self.step = Step::Deposed,
                }
            }
            Ok(CoordinationAnswer::Got { .. }) => self.begin_gathering(posts, cx),
            Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => self.begin_gathering(posts, cx),
            _ => self.on_odd(result, cx),
        }
    }

    fn begin_gathering(&mut self, posts: &mut u64, cx: &mut Cx<'_>) {
        self.step = Step::Gathering;
        self.gather(posts, cx);
    }

    fn begin_round(&mut self, number: u64, expected: Vec<String>, posts: &mut u64, cx: &mut Cx<'_>) {
        self.round = Round::new(number, expected, self.round.leftovers(), cx.session);
        self.begin_gathering(posts, cx);
    }

    /// Stores the mean if all have written.
    fn gather(&mut self, posts: &mut u64, cx: &mut Cx<'_>) {
        let Some(present) = self.members.names() else { return };
        let Some(mean) = self.round.complete(present, &cx.settings.bugs) else { return };
        if mean.values.is_empty() {
            // All that measured are gone: there is nothing to tell anybody.
            return self.release(mean, cx);
        }
        let mut ops = self.fence(cx);
        ops.push(create(paths::mean(mean.round), mean.to_value()));
        let call = cx.session.ask(CoordinationRequest::Multi { ops, session: None, seq: None });
        self.step = Step::StoringMean(call, mean);
        let _ = posts;
    }

    fn on_stored(
        &mut self,
        mean: Mean,
        result: &Result<CoordinationAnswer, Refusal>,
        posts: &mut u64,
        cx: &mut Cx<'_>,
    ) {
        match result {
            Ok(_) => self.post(mean, posts, cx),
            Err(refusal) if refusal.code == ErrorCode::KeyAlreadyExists => {
                if cx.has(Bug::MeanAnew) {
                    return self.post(mean, posts, cx);
                }
                self.step = Step::ReadingMean(mean.round, get(paths::mean(mean.round), cx));
            }
            Err(refusal) => self.on_refusal(refusal, cx),
        }
    }

    fn post(&mut self, mean: Mean, posts: &mut u64, cx: &mut Cx<'_>) {
        self.step = Step::Posting(Posting::begin(mean, self.epoch, posts, cx));
    }

    /// Releases the round and opens the next one.
    fn release(&mut self, mean: Mean, cx: &mut Cx<'_>) {
        let next = mean.round.saturating_add(1);
        // Known since the round is complete.
        let expected = self.present().unwrap_or_default();
        let value = self.release_value(&mean, &mean.expected, cx);
        cx.act(LEADER, ActKind::Invoke, "release", value);
        let mut ops = self.fence(cx);
        ops.extend([
            create(paths::released(mean.round), json!({"values": mean.readings()})),
            open(next, &expected),
            WriteOp::Set { path: paths::CURRENT.to_owned(), value: Value::from(next), version: None },
        ]);
        let call = cx.session.ask(CoordinationRequest::Multi { ops, session: None, seq: None });
        self.step = Step::Releasing(call, mean, expected);
    }

    fn release_value(&self, mean: &Mean, expected: &[String], cx: &Cx<'_>) -> Value {
        json!({
            "sensor": cx.name, "epoch": self.epoch, "round": mean.round,
            "expected": expected, "values": mean.readings(),
        })
    }

    fn on_released(
        &mut self,
        mean: &Mean,
        expected: Vec<String>,
        result: &Result<CoordinationAnswer, Refusal>,
        posts: &mut u64,
        cx: &mut Cx<'_>,
    ) {
        let value = self.release_value(mean, &mean.expected, cx);
        match result {
            Ok(_) => {
                cx.act(LEADER, ActKind::Ok, "release", value);
                self.sweep.begin(mean.round, self.fence(cx), cx);
                self.begin_round(mean.round.saturating_add(1), expected, posts, cx);
            }
            Err(refusal) => {
                let kind = if refusal.code.is_definite() { ActKind::Fail } else { ActKind::Info };
                cx.fault(LEADER, kind, "release", value, (refusal.code.name(), &refusal.text));
                self.on_refusal(refusal, cx);
            }
        }
    }

    /// A write was refused. If somebody else wrote it, what is there is looked at anew.
    fn on_refusal(&mut self, refusal: &Refusal, cx: &mut Cx<'_>) {
        self.step = match refusal.code {
            ErrorCode::KeyAlreadyExists | ErrorCode::KeyDoesNotExist => read_current(cx),
            // A planted defect: it waits for another session, and goes on in that.
            ErrorCode::Timeout | ErrorCode::SessionExpired if cx.has(Bug::TwoLeaders) => Step::Gathering,
            _ => Step::Deposed,
        };
    }

    /// A read came out as it cannot, unless somebody else went on with the rounds.
    fn on_odd(&mut self, result: &Result<CoordinationAnswer, Refusal>, cx: &mut Cx<'_>) {
        match result {
            Err(refusal) => self.on_refusal(&refusal.clone(), cx),
            Ok(_) => self.step = Step::Deposed,
        }
    }

    /// What a write of this leader begins with.
    fn fence(&self, cx: &Cx<'_>) -> Vec<WriteOp> {
        if cx.has(Bug::TwoLeaders) {
            return Vec::new();
        }
        vec![WriteOp::Check { path: paths::LEADER.to_owned(), version: Some(self.version) }]
    }
}

fn read_current(cx: &mut Cx<'_>) -> Step {
    Step::ReadingCurrent(get(paths::CURRENT.to_owned(), cx))
}

fn get(path: String, cx: &mut Cx<'_>) -> CallId {
    cx.session.ask(CoordinationRequest::Get { path, watch: None, session: None })
}

fn create(path: String, value: Value) -> WriteOp {
    WriteOp::Create { path, value, mode: CreateMode::Persistent }
}

fn open(round: u64, expected: &[String]) -> WriteOp {
    create(paths::round(round), json!({"expected": expected}))
}
