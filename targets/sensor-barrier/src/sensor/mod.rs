//! One sensor: its session, and what stands on it.
//!
//! A sensor stores nothing. Each session begins with the membership; who is a member stands for election and
//! takes part in rounds. When a session ends, all of that ends with it and a new session begins; what is in
//! force of the settings, and a pass that is still to be counted, outlive it.

pub(crate) mod config;
mod counting;
mod participant;

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_coordination::Message;
use ordalia_coordination::client::{Happening, Session, SessionSettings};
use ordalia_coordination::recipes::{Election, ElectionOutcome, Membership, MembershipOutcome};
use ordalia_node::{Act, ActKind, Effects, Env, NodeId, PostError, Status, Value};
use rand::RngExt;
use serde_json::json;

use crate::bugs::Bug;
use crate::leader::Leader;
use crate::options::Settings;
use crate::{SensorBarrier, paths};
use config::Config;
use participant::Participant;

/// The lane of a sensor's own round.
pub(crate) const ROUND: u16 = 0;
/// The lane of the leader's work.
pub(crate) const LEADER: u16 = 1;
/// The lane of what is only noted.
pub(crate) const NOTES: u16 = 2;

/// The names of the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The session wants to be told the time.
    Session,
    /// The measurement is complete.
    Measured,
    /// The counter is tried again.
    Count,
    /// A sensor has waited for long, which only a planted defect minds.
    Patience,
}

/// What all parts of a sensor work with, while it handles one input.
pub(crate) struct Cx<'a> {
    pub name: &'a str,
    pub settings: &'a Settings,
    pub config: &'a Config,
    pub session: &'a mut Session,
    pub env: &'a mut Env,
    pub out: &'a mut Effects<SensorBarrier>,
}

impl Cx<'_> {
    /// Adds to the history.
    pub fn act(&mut self, lane: u16, kind: ActKind, f: &'static str, value: Value) {
        self.out.act(Act::new(lane, kind, f, value));
    }

    /// Adds a failure, or an unknown outcome, to the history.
    pub fn fault(&mut self, lane: u16, kind: ActKind, f: &'static str, value: Value, error: (&str, &str)) {
        self.out.act(Act::new(lane, kind, f, value).because(error.0, error.1));
    }

    pub fn has(&self, bug: Bug) -> bool {
        self.settings.bugs.has(bug)
    }

    /// Hands a timer back after that span.
    pub fn set_timer(&mut self, timer: Timer, after: Duration) {
        self.out.set_timer(crate::Timer::Sensor(timer), after);
    }
}

/// One sensor.
#[derive(Debug)]
pub struct Sensor {
    me: NodeId,
    name: String,
    ensemble: Vec<NodeId>,
    settings: Settings,
    session: Session,
    /// The number of the session that was opened last.
    number: Option<u64>,
    membership: Membership,
    election: Option<Election>,
    config: Config,
    participant: Participant,
    leader: Option<Leader>,
    /// Posts so far, by which each has a number of its own.
    posts: u64,
}

impl Sensor {
    /// Starts. `ensemble` are the members, of which there is at least one.
    pub fn start(
        me: NodeId,
        ensemble: Vec<NodeId>,
        settings: Settings,
        env: &mut Env,
        out: &mut Effects<SensorBarrier>,
    ) -> Self {
        let name = me.to_string();
        let mut session = new_session(me, &ensemble, &settings, env);
        let membership = join(&name, &mut session);
        let mut sensor = Self {
            config: Config::new(&settings, &mut session),
            participant: Participant::new(&mut session, env),
            me,
            name,
            ensemble,
            settings,
            session,
            number: None,
            membership,
            election: None,
            leader: None,
            posts: 0,
        };
        sensor.session.on_tick(env.now());
        sensor.settle(env, out);
        sensor
    }

    /// A member's message.
    pub fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        env: &mut Env,
        out: &mut Effects<SensorBarrier>,
    ) {
        self.look(env);
        let now = env.now();
        let is_own = match message {
            Message::Answer { id, result } => self.session.on_answer(from, id, result, now),
            Message::Events { session, events } => self.session.on_events(from, session, events, now),
            _ => false,
        };
        if !is_own {
            // An answer to an earlier session or life, or what nobody says to a sensor.
            out.trace("reject-message", format!("{from} says what is not for this session"));
        }
        self.settle(env, out);
    }

    /// A timer ran out.
    pub fn on_timer(&mut self, timer: Timer, env: &mut Env, out: &mut Effects<SensorBarrier>) {
        self.look(env);
        let (participant, mut cx) = self.split(env, out);
        match timer {
            Timer::Session => {}
            Timer::Measured => participant.on_measured(&mut cx),
            Timer::Count => participant.on_count(&mut cx),
            Timer::Patience => participant.on_patience(&mut cx),
        }
        self.settle(env, out);
    }

    /// What came of a post.
    pub fn on_posted(
        &mut self,
        call: u64,
        outcome: &Result<u16, PostError>,
        env: &mut Env,
        out: &mut Effects<SensorBarrier>,
    ) {
        self.look(env);
        self.settle(env, out);
        let mut leader = self.leader.take();
        if let Some(leader) = &mut leader {
            let mut posts = self.posts;
            let (_, mut cx) = self.split(env, out);
            leader.on_posted(call, outcome, &mut posts, &mut cx);
            self.posts = posts;
        }
        self.leader = leader;
        self.settle(env, out);
    }

    /// What this sensor says of itself.
    pub fn status(&self) -> Status {
        let session = self.session.number().map_or(Value::Null, Value::from);
        let mut fields = BTreeMap::from([
            ("round".to_owned(), self.participant.round().map_or(Value::Null, Value::from)),
            ("state".to_owned(), Value::from(self.participant.state())),
            ("session".to_owned(), session),
            ("leads".to_owned(), Value::from(self.leader.is_some())),
        ]);
        if let Some(leader) = &self.leader {
            fields.insert("epoch".to_owned(), Value::from(leader.epoch()));
        }
        Status { role: "sensor".to_owned(), term: None, leader: None, fields }
    }

    /// Tells the session the time, before anything relies on it.
    fn look(&mut self, env: &Env) {
        if !self.is_asleep() {
            self.session.on_tick(env.now());
        }
    }

    /// A planted defect: the process sleeps while it measures.
    fn is_asleep(&self) -> bool {
        self.settings.bugs.has(Bug::SessionIdle) && self.participant.is_measuring()
    }

    fn split<'a>(
        &'a mut self,
        env: &'a mut Env,
        out: &'a mut Effects<SensorBarrier>,
    ) -> (&'a mut Participant, Cx<'a>) {
        let Self { name, settings, config, session, participant, .. } = self;
        (participant, Cx { name, settings, config, session, env, out })
    }

    /// Reacts to all that befell, sends what is to be sent, and sets the session's timer.
    fn settle(&mut self, env: &mut Env, out: &mut Effects<SensorBarrier>) {
        loop {
            while let Some(happening) = self.session.happening() {
                self.befall(&happening, env, out);
            }
            if !self.session.is_ended() {
                break;
            }
            self.begin_anew(env, out);
        }
        for (to, message) in self.session.take_messages() {
            out.send(to, message);
        }
        if !self.is_asleep() {
            let timer = crate::Timer::Sensor(Timer::Session);
            out.set_timer(timer, self.session.until_tick());
        }
    }

    fn befall(&mut self, happening: &Happening, env: &mut Env, out: &mut Effects<SensorBarrier>) {
        match happening {
            Happening::Opened { session } => {
                self.number = Some(*session);
                self.note_session("opened", out);
            }
            Happening::Expired => self.note_session("expired", out),
            _ => {}
        }
        match self.membership.on(happening, &mut self.session) {
            Some(MembershipOutcome::Joined) => self.stand(),
            Some(MembershipOutcome::Failed(_) | MembershipOutcome::Left) if !self.session.is_ended() => {
                self.membership = join(&self.name, &mut self.session);
            }
            _ => {}
        }
        self.on_election(happening, env, out);
        if self.config.on(happening, &self.name, &mut self.session, out) {
            let (participant, mut cx) = self.split(env, out);
            participant.on_period(&mut cx);
        }
        let is_member = self.membership.is_joined();
        let (participant, mut cx) = self.split(env, out);
        participant.on(happening, is_member, &mut cx);
        self.on_leadership(happening, env, out);
    }

    fn stand(&mut self) {
        self.election = Some(Election::stand(paths::ELECTION, json!(self.name), &mut self.session));
    }

    fn on_election(&mut self, happening: &Happening, env: &mut Env, out: &mut Effects<SensorBarrier>) {
        let Some(election) = &mut self.election else { return };
        let outcome = election.on(happening, &mut self.session);
        let candidate = election.path().unwrap_or_default();
        match outcome {
            None => {}
            Some(ElectionOutcome::Elected { epoch }) => {
                let (_, mut cx) = self.split(env, out);
                let leader = Leader::take_office(epoch, candidate, &mut cx);
                if let Some(mut earlier) = self.leader.replace(leader) {
                    let (_, mut cx) = self.split(env, out);
                    earlier.end("another office began", &mut cx);
                }
            }
            Some(ElectionOutcome::Resigned | ElectionOutcome::Lost | ElectionOutcome::Failed(_)) => {
                self.election = None;
                self.end_leadership("the candidacy ended", env, out);
                if !self.session.is_ended() && self.membership.is_joined() {
                    self.stand();
                }
            }
        }
    }

    fn on_leadership(&mut self, happening: &Happening, env: &mut Env, out: &mut Effects<SensorBarrier>) {
        let Some(mut leader) = self.leader.take() else { return };
        let mut posts = self.posts;
        let (_, mut cx) = self.split(env, out);
        leader.on(happening, &mut posts, &mut cx);
        self.posts = posts;
        self.leader = Some(leader);
        if self.leader.as_ref().is_some_and(Leader::is_deposed) {
            self.end_leadership("somebody else was in office", env, out);
            if let Some(election) = &mut self.election {
                election.resign(&mut self.session);
            }
        }
    }

    fn end_leadership(&mut self, why: &str, env: &mut Env, out: &mut Effects<SensorBarrier>) {
        if let Some(mut leader) = self.leader.take() {
            let (_, mut cx) = self.split(env, out);
            leader.end(why, &mut cx);
        }
    }

    /// The session is over: all that stood on it is too, and another one begins.
    fn begin_anew(&mut self, env: &mut Env, out: &mut Effects<SensorBarrier>) {
        let goes_on = self.settings.bugs.has(Bug::TwoLeaders);
        if !goes_on {
            self.end_leadership("the session ended", env, out);
        }
        self.election = None;
        self.session = new_session(self.me, &self.ensemble, &self.settings, env);
        self.membership = join(&self.name, &mut self.session);
        if !self.settings.bugs.has(Bug::ConfigOnce) {
            self.config.renew(&mut self.session);
        }
        let mut leader = self.leader.take();
        let (participant, mut cx) = self.split(env, out);
        participant.renew(&mut cx);
        if let Some(leader) = &mut leader {
            leader.haunt(&mut cx);
        }
        self.leader = leader;
        self.session.on_tick(env.now());
    }

    fn note_session(&self, state: &str, out: &mut Effects<SensorBarrier>) {
        let value = json!({"sensor": self.name, "session": self.number, "state": state});
        out.act(Act::new(NOTES, ActKind::Ok, "session", value));
    }
}

/// A session whose questions have numbers that no other session's have.
fn new_session(me: NodeId, ensemble: &[NodeId], settings: &Settings, env: &mut Env) -> Session {
    let first_question = env.rng().random::<u64>() >> 12;
    let settings = SessionSettings { timeout: settings.session_timeout, first_question };
    Session::new(me, ensemble.to_vec(), &settings)
}

fn join(name: &str, session: &mut Session) -> Membership {
    Membership::join(paths::SENSORS, name, Value::Null, session)
}
