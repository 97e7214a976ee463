//! What sessions and watches promise, under random crashes, cuts, halts and changes of leader.
//!
//! - A session that is ended for its silence ends no sooner than its time-out after the *sending* of any
//!   heartbeat that was confirmed. Clients count on that: they stop to rely on a session by then.
//! - A session's events are told in order and without gaps, and in the end all of them.
//! - A persistent watch has told each version of the data.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_coordination::Message;
use ordalia_coordination::tree::command::{Query, View};
use ordalia_node::{
    Change, CoordinationAnswer, CoordinationRequest as Ask, Event, NodeId, Refusal, Request, SessionNumber,
    Ticket, Time, Value, WatchMode,
};
use ordalia_raft::StateMachine;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::network::{Heard, Network};

const TIMEOUT: Duration = Duration::from_millis(900);
const MEMBERS: u16 = 3;
const CLIENT: NodeId = NodeId::new(20);
/// Its sessions watch, and go on when one has ended.
const PATH: &str = "/a";

/// What one session's client knows.
#[derive(Default)]
struct Session {
    /// When the last of the confirmed heartbeats was sent.
    confirmed: Option<Time>,
    /// When the first member ended it, for its silence.
    ended: Option<Time>,
    is_watching: bool,
    events: Vec<Event>,
}

struct Trial {
    network: Network,
    rng: ChaCha8Rng,
    sessions: BTreeMap<SessionNumber, Session>,
    current: Option<SessionNumber>,
    /// When each question was sent, and in which session.
    asked: BTreeMap<u64, (Time, SessionNumber)>,
    last: u64,
    silent_until: Time,
}

impl Trial {
    fn new(seed: u64, options: &[(&str, &str)], bugs: &[&str]) -> Self {
        let mut options = options.to_vec();
        options.extend([("election-timeout-ms", "100"), ("snapshot-every", "20")]);
        let network = Network::new(MEMBERS, &options, bugs);
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let (sessions, asked) = (BTreeMap::new(), BTreeMap::new());
        Self { network, rng, sessions, current: None, asked, last: 0, silent_until: Time::ZERO }
    }

    fn any(&mut self) -> NodeId {
        NodeId::new(self.rng.random_range(1..=MEMBERS))
    }

    fn send(&mut self, request: Ask) {
        self.last += 1;
        let (id, to) = (self.last, self.any());
        self.asked.insert(id, (self.network.now, request.session().unwrap_or(0)));
        self.network.send(CLIENT, to, Message::Ask { id, request });
    }

    /// The client's turn, every 100 ms.
    fn client(&mut self) {
        let Some(session) = self.current else {
            return self.send(Ask::OpenSession { timeout_ms: TIMEOUT.as_millis() as u64 });
        };
        let state = &self.sessions[&session];
        if !state.is_watching {
            let watch = Some(WatchMode::Persistent);
            self.send(Ask::Exists { path: PATH.into(), watch, session: Some(session) });
        } else if self.network.now >= self.silent_until {
            let seen = state.events.len() as u64;
            self.send(Ask::Heartbeat { session, seen });
            if self.rng.random_range(0..30) == 0 {
                let span = self.rng.random_range(300..2000);
                self.silent_until = self.network.now + Duration::from_millis(span);
            }
        }
    }

    fn write(&mut self) {
        let (at, path, value) = (self.any(), PATH.to_owned(), Value::from(self.last));
        self.last += 1;
        let write = Request::Coordination(Ask::SimpleSet { path, value });
        self.network.ask(at, Ticket(self.last), write);
    }

    fn fault(&mut self) {
        let node = self.any();
        match self.rng.random_range(0..8) {
            0 => self.network.crash(node),
            1 => self.network.cut(node, None),
            2 => self.network.pause(node),
            3 => self.network.ask(node, Ticket(0), Request::Transfer { to: None }),
            4 => {
                let from = self.any();
                self.network.cut(node, Some(from));
            }
            _ => self.heal(),
        }
    }

    fn heal(&mut self) {
        self.network.heal();
        for node in NodeId::all(MEMBERS) {
            if self.network.member(node).is_none() {
                self.network.boot(node);
            }
            self.network.resume(node);
        }
    }

    fn run(&mut self, steps: u32, has_faults: bool) {
        for step in 0..steps {
            self.network.run(Duration::from_millis(20));
            for (at, heard) in std::mem::take(&mut self.network.heard) {
                self.hear(at, heard);
            }
            match step % 5 {
                0 => self.client(),
                1 if self.rng.random_range(0..3) == 0 => self.write(),
                2 if has_faults && self.rng.random_range(0..6) == 0 => self.fault(),
                _ => {}
            }
        }
    }

    fn hear(&mut self, at: Time, heard: Heard) {
        match heard {
            Heard::Message { message, .. } => match *message {
                Message::Answer { id, result } => self.answered(id, result),
                // What is told unasked may be lost.
                Message::Events { session, events } if self.rng.random_range(0..2) == 0 => {
                    self.told(session, &events);
                }
                _ => {}
            },
            Heard::Trace { event: "session-end", detail, .. } if detail.contains("time-out") => {
                let session = detail.split(':').next().unwrap().parse().unwrap();
                self.sessions.entry(session).or_default().ended.get_or_insert(at);
            }
            _ => {}
        }
    }

    fn answered(&mut self, id: u64, result: Result<CoordinationAnswer, Refusal>) {
        let Some((sent, session)) = self.asked.remove(&id) else { return };
        let state = self.sessions.entry(session).or_default();
        match result {
            Ok(CoordinationAnswer::SessionOpened { session }) => {
                self.sessions.entry(session).or_default();
                self.current.get_or_insert(session);
            }
            Ok(CoordinationAnswer::Existence { .. }) => state.is_watching = true,
            Ok(CoordinationAnswer::Alive { events }) => {
                state.confirmed = state.confirmed.max(Some(sent));
                self.told(session, &events);
            }
            Err(refusal) if refusal.code.number() == 1001 && self.current == Some(session) => {
                self.current = None;
            }
            _ => {}
        }
    }

    /// What is next is taken, what is known or too early is left.
    fn told(&mut self, session: SessionNumber, events: &[Event]) {
        let state = self.sessions.entry(session).or_default();
        for event in events {
            if event.number == state.events.len() as u64 + 1 && event.what != Change::Expired {
                state.events.push(event.clone());
            }
        }
    }

    /// The first promise that was not kept.
    fn broken(&self) -> Option<String> {
        for (number, session) in &self.sessions {
            if let (Some(confirmed), Some(ended)) = (session.confirmed, session.ended)
                && ended.since(confirmed) < TIMEOUT
            {
                let span = ended.since(confirmed);
                return Some(format!("session {number} ended {span:?} after a confirmed heartbeat was sent"));
            }
            let versions: Vec<u64> = session.events.iter().filter_map(|event| event.version).collect();
            if versions.windows(2).any(|pair| pair[1] != pair[0] + 1) {
                return Some(format!("session {number} was told of the versions {versions:?}"));
            }
        }
        let leader = self.network.member(self.network.leader()?)?;
        let session = self.current.filter(|session| self.sessions[session].ended.is_none())?;
        let told = self.sessions[&session].events.last()?.version?;
        let query = Query::Look(View::Existence, PATH.to_owned());
        let Ok(CoordinationAnswer::Existence { stat: Some(stat) }) = leader.tree().query(&query) else {
            return None;
        };
        (told != stat.version)
            .then(|| format!("session {session} was told of version {told} last, not of {}", stat.version))
    }
}

/// One trial: faults, then a while without.
fn trial(seed: u64, options: &[(&str, &str)], bugs: &[&str]) -> (Option<String>, usize, usize) {
    let mut trial = Trial::new(seed, options, bugs);
    trial.run(1200, true);
    trial.heal();
    trial.silent_until = trial.network.now;
    trial.run(200, false);
    let told = trial.sessions.values().map(|session| session.events.len()).sum();
    let ended = trial.sessions.values().filter(|session| session.ended.is_some()).count();
    (trial.broken(), told, ended)
}

#[test]
fn promises_are_kept_under_faults() {
    for options in [&[][..], &[("reads", "lease")], &[("reads", "local")]] {
        let (mut told, mut ended) = (0, 0);
        for seed in 0..4 {
            let (broken, events, ends) = trial(seed, options, &[]);
            assert_eq!(broken, None, "seed {seed}, {options:?}");
            told += events;
            ended += ends;
        }
        assert!(told > 50 && ended > 0, "{told} events, {ended} sessions ended");
    }
}

#[test]
fn broken_promises_are_noticed() {
    for bug in ["early-expiry", "lost-watch"] {
        assert!((0..12).any(|seed| trial(seed, &[], &[bug]).0.is_some()), "{bug}");
    }
}
