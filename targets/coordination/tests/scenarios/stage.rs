//! The ensemble and the clients that a scenario commands.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use ordalia_coordination::Message;
use ordalia_node::{
    Answer, CoordinationAnswer, CoordinationRequest as Ask, CreateMode, NodeId, Refusal, Request,
    SessionNumber, Ticket, Time, Value, WatchMode, WriteOp,
};

use super::show;
use crate::network::{Heard, Network};

/// The nodes that the clients with sessions are: `s1` is n11.
const CLIENTS: u16 = 10;

#[derive(Default)]
struct Client {
    session: SessionNumber,
    timeout: Duration,
    /// The last event heard.
    seen: u64,
    /// Where it beats, and when next.
    beats: Option<(NodeId, Time)>,
    is_paused: bool,
    /// What it will find when it goes on.
    kept: Vec<(NodeId, Message)>,
}

#[derive(Default)]
pub struct Stage {
    network: Option<Network>,
    clients: BTreeMap<NodeId, Client>,
    /// What each client's questions were about.
    asked: BTreeMap<u64, String>,
    last: u64,
    started: Time,
    pub transcript: String,
}

fn node(word: &str) -> NodeId {
    word.parse().unwrap()
}

fn client(word: &str) -> NodeId {
    NodeId::new(CLIENTS + word.strip_prefix('s').unwrap().parse::<u16>().unwrap())
}

fn value(word: &str) -> Value {
    serde_json::from_str(word).unwrap()
}

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

impl Stage {
    pub fn note(&mut self, line: &str) {
        writeln!(self.transcript, "{line}").unwrap();
    }

    fn network(&mut self) -> &mut Network {
        self.network.as_mut().unwrap()
    }

    pub fn command(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["ensemble", count, ref settings @ ..] => self.ensemble(count.parse().unwrap(), settings),
            ["lead", id] => self.lead(node(id)),
            ["wait", span] => self.run(ms(span.parse().unwrap())),
            ["crash", id] => self.network().crash(node(id)),
            ["restart", id] => self.network().boot(node(id)),
            ["halt", id] => self.network().pause(node(id)),
            ["resume", id] => self.network().resume(node(id)),
            ["cut", id] => self.network().cut(node(id), None),
            ["cut", id, from] => self.network().cut(node(id), Some(node(from))),
            ["heal"] => self.network().heal(),
            ["ask", id, ref what @ ..] => self.ask(node(id), what),
            [name, ref what @ .., "at", id] => self.act(client(name), what, node(id)),
            [name, "falls", "silent"] => self.clients.get_mut(&client(name)).unwrap().beats = None,
            [name, "pauses"] => self.clients.get_mut(&client(name)).unwrap().is_paused = true,
            [name, "goes", "on"] => self.go_on(client(name)),
            _ => panic!("unknown command {line:?}"),
        }
        self.run(ms(10));
    }

    fn ensemble(&mut self, count: u16, settings: &[&str]) {
        let pairs: Vec<_> = settings.iter().map(|word| word.split_once('=').unwrap()).collect();
        let (bugs, options): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| *name == "bug");
        let bugs: Vec<_> = bugs.into_iter().map(|(_, bug)| bug).collect();
        let mut network = Network::new(count, &options, &bugs);
        while network.leader().is_none() {
            network.run(ms(10));
        }
        network.run(ms(100));
        network.heard.clear();
        self.started = network.now;
        self.network = Some(network);
    }

    /// Has the leader hand over.
    fn lead(&mut self, to: NodeId) {
        let leader = self.network().leader().unwrap();
        if leader != to {
            self.network().ask(leader, Ticket(0), Request::Transfer { to: Some(to) });
            self.run(ms(100));
        }
        assert_eq!(self.network().leader(), Some(to), "{}", self.transcript);
    }

    fn ask(&mut self, id: NodeId, what: &[&str]) {
        self.last += 1;
        let (ticket, path) = (Ticket(self.last), what.get(1).map(|path| (*path).to_owned()));
        let request = match (what, path) {
            (["GET", _], Some(path)) => Ask::SimpleGet { path },
            (["LIST", _], Some(path)) => Ask::SimpleList { path },
            (["DELETE", _], Some(path)) => Ask::SimpleDelete { path },
            (["WATCH", _], Some(path)) => Ask::SimpleWatch { path, wait_ms: None },
            (["SET", _, word], Some(path)) => Ask::SimpleSet { path, value: value(word) },
            (["sync"], _) => Ask::Sync {},
            _ => panic!("unknown question {what:?}"),
        };
        self.asked.insert(self.last, what.join(" "));
        self.network().ask(id, ticket, Request::Coordination(request));
    }

    fn act(&mut self, name: NodeId, what: &[&str], at: NodeId) {
        let state = self.clients.entry(name).or_default();
        let (session, seen) = (Some(state.session), state.seen);
        let path = what.get(1).map_or(String::new(), |path| (*path).to_owned());
        let request = match what {
            ["opens", span] => {
                let timeout_ms = span.parse().unwrap();
                *state = Client { timeout: ms(timeout_ms), ..Client::default() };
                Ask::OpenSession { timeout_ms }
            }
            ["beats"] => {
                let every = state.timeout / 3;
                state.beats = Some((at, self.network.as_ref().unwrap().now + every));
                return self.beat(name, at, seen);
            }
            ["closes"] => Ask::CloseSession { session: state.session },
            ["creates", _, word, rest @ ..] => {
                let mode = match rest {
                    [] => CreateMode::Persistent,
                    ["ephemeral"] => CreateMode::Ephemeral,
                    ["sequential"] => CreateMode::Sequential,
                    _ => panic!("unknown mode {rest:?}"),
                };
                Ask::Create { path, value: value(word), mode, session, seq: None }
            }
            ["sets", _, word] => Ask::Set { path, value: value(word), version: None, session, seq: None },
            ["removes", _] => Ask::Remove { path, version: None, session, seq: None },
            ["writes", seq, path] => {
                let seq = Some(seq.trim_start_matches('#').parse().unwrap());
                let (path, mode) = ((*path).to_owned(), CreateMode::Sequential);
                Ask::Create { path, value: Value::Null, mode, session, seq }
            }
            ["watches", _, mode] => {
                let once = *mode == "once";
                let watch = Some(if once { WatchMode::Once } else { WatchMode::Persistent });
                Ask::Exists { path, watch, session }
            }
            ["multi", rest @ ..] => Ask::Multi { ops: ops(&rest.join(" ")), session, seq: None },
            _ => panic!("unknown act {what:?}"),
        };
        self.send(name, at, request, what.join(" "));
    }

    fn beat(&mut self, name: NodeId, at: NodeId, seen: u64) {
        let session = self.clients[&name].session;
        self.send(name, at, Ask::Heartbeat { session, seen }, String::new());
    }

    fn send(&mut self, name: NodeId, at: NodeId, request: Ask, about: String) {
        self.last += 1;
        let id = self.last;
        self.asked.insert(id, about);
        self.network().send(name, at, Message::Ask { id, request });
    }

    fn go_on(&mut self, name: NodeId) {
        let state = self.clients.get_mut(&name).unwrap();
        state.is_paused = false;
        for (from, message) in std::mem::take(&mut state.kept) {
            self.hear(name, from, message);
        }
    }

    /// Lets time pass, a millisecond at a time, and clients beat.
    fn run(&mut self, span: Duration) {
        let end = self.network().now + span;
        while self.network().now < end {
            let now = self.network().now;
            let mut due = Vec::new();
            for (name, state) in self.clients.iter_mut().filter(|(_, state)| !state.is_paused) {
                let every = state.timeout / 3;
                if let Some((at, next)) = &mut state.beats
                    && *next <= now
                {
                    *next = now + every;
                    due.push((*name, *at, state.seen));
                }
            }
            due.into_iter().for_each(|(name, at, seen)| self.beat(name, at, seen));
            self.network().run(ms(1));
            self.look();
        }
    }

    fn look(&mut self) {
        for (at, heard) in std::mem::take(&mut self.network().heard) {
            let time = at.since(self.started).as_millis();
            match heard {
                Heard::Message { from, to, message } if self.clients[&to].is_paused => {
                    self.clients.get_mut(&to).unwrap().kept.push((from, *message));
                }
                Heard::Message { from, to, message } => self.hear(to, from, *message),
                Heard::Reply { node, ticket, result } => {
                    let about = self.asked.get(&ticket.0).cloned().unwrap_or_default();
                    if !about.is_empty() {
                        self.note(&format!("{time} {node} answers {about}: {}", show::result(&result)));
                    }
                }
                Heard::Trace { node, event: event @ ("become-leader" | "session-expire"), detail } => {
                    self.note(&format!("{time} {node} {event}: {detail}"));
                }
                Heard::Trace { .. } | Heard::Act { .. } => {}
            }
        }
    }

    fn hear(&mut self, name: NodeId, from: NodeId, message: Message) {
        let time = self.network().now.since(self.started).as_millis();
        let called = format!("s{}", name.number() - CLIENTS);
        match message {
            Message::Answer { id, result } => {
                let about = self.asked.remove(&id).unwrap_or_default();
                self.take(name, &result);
                let shown = show::result(&result.map(Answer::Coordination));
                // Heartbeats that tell nothing are not told.
                if !about.is_empty() {
                    self.note(&format!("{time} {from} answers {called} {about}: {shown}"));
                } else if shown != "alive" {
                    self.note(&format!("{time} {from} answers {called} heartbeat: {shown}"));
                }
            }
            Message::Events { events, .. } => {
                let state = self.clients.get_mut(&name).unwrap();
                let is_next = events.first().is_some_and(|event| event.number <= state.seen + 1);
                if let Some(last) = events.last().filter(|_| is_next) {
                    state.seen = state.seen.max(last.number);
                }
                let gap = if is_next { "" } else { " (left, since some before are missing)" };
                self.note(&format!("{time} {from} tells {called} {}{gap}", show::events(&events)));
            }
            _ => {}
        }
    }

    fn take(&mut self, name: NodeId, result: &Result<CoordinationAnswer, Refusal>) {
        let state = self.clients.get_mut(&name).unwrap();
        match result {
            Ok(CoordinationAnswer::SessionOpened { session }) => state.session = *session,
            Ok(CoordinationAnswer::Alive { events }) => {
                state.seen = state.seen.max(events.last().map_or(0, |event| event.number));
            }
            Err(refusal) if refusal.code.number() == 1001 => state.beats = None,
            _ => {}
        }
    }
}

fn ops(text: &str) -> Vec<WriteOp> {
    let op = |words: Vec<&str>| match words[..] {
        ["create", path] => {
            WriteOp::Create { path: path.into(), value: Value::Null, mode: CreateMode::Persistent }
        }
        ["set", path, version] => {
            let (value, version) = (Value::from("by multi"), Some(version.parse().unwrap()));
            WriteOp::Set { path: path.into(), value, version }
        }
        ["remove", path] => WriteOp::Remove { path: path.into(), version: None },
        ["check", path, version] => {
            WriteOp::Check { path: path.into(), version: Some(version.parse().unwrap()) }
        }
        _ => panic!("unknown operation {words:?}"),
    };
    text.split(';').map(|part| op(part.split_whitespace().collect())).collect()
}
