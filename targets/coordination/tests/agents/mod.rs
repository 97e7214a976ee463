//! What agents promise their clients, under crashes and halts of members and cuts between them and the
//! agents:
//!
//! - Every request is answered within its 2 s.
//! - Tokens of a lock and epochs of an office grow from answer to answer.
//! - No addition is lost or made twice, but for those whose outcome was unknown; nor is an element.
//! - Once all is whole again everything is done.
//! - Sessions of owners begin and end in the history, and those of silent owners are closed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordalia_node::{
    Answer, ErrorCode, Key, NodeId, RecipeAnswer, RecipeRequest as Ask, Refusal, Request, Ticket, Time, Value,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::network::{Heard, Network};

const MEMBERS: u16 = 3;
const PATIENCE: Duration = Duration::from_millis(2100);

#[derive(Default)]
struct Client {
    open: Option<(Ticket, Ask, Time)>,
    token: Option<u64>,
    is_leading: bool,
}

#[derive(Default)]
struct Told {
    tokens: Vec<u64>,
    epochs: Vec<u64>,
    added: Vec<i64>,
    maybe_added: usize,
    enqueued: BTreeSet<i64>,
    maybe_enqueued: BTreeSet<i64>,
    dequeued: Vec<i64>,
    maybe_dequeued: usize,
    oks: BTreeMap<&'static str, usize>,
    refusals: usize,
    sessions: BTreeMap<String, usize>,
}

struct Trial {
    network: Network,
    rng: ChaCha8Rng,
    clients: Vec<Client>,
    last: u64,
    told: Told,
}

fn key() -> Key {
    Key::new("k")
}

impl Trial {
    fn new(seed: u64) -> Self {
        let network = Network::new(5, &[("election-timeout-ms", "100"), ("snapshot-every", "50")], &[]);
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let clients = (0..4).map(|_| Client::default()).collect();
        Self { network, rng, clients, last: 0, told: Told::default() }
    }

    fn ask(&mut self, place: usize, request: Ask) {
        self.last += 1;
        let ticket = Ticket(self.last);
        let agent = NodeId::new(MEMBERS + 1 + u16::try_from(place % 2).unwrap());
        self.clients[place].open = Some((ticket, request.clone(), self.network.now));
        self.network.ask(agent, ticket, Request::Recipe(request));
    }

    /// A client asks for the next thing, unless it waits.
    fn turn(&mut self, place: usize) {
        if self.clients[place].open.is_some() {
            return;
        }
        let (key, owner) = (key(), format!("c{place}"));
        let client = &self.clients[place];
        let request = match self.rng.random_range(0..12) {
            0 | 1 => match client.token {
                Some(token) => Ask::Release { key, owner, token },
                None => Ask::Acquire { key, owner },
            },
            2 | 3 if client.is_leading => Ask::Resign { key, owner },
            2 | 3 => Ask::Campaign { key, owner },
            4 => Ask::Add { key, delta: 1 },
            5 => Ask::Enqueue { key, value: Value::from(self.last) },
            6 => Ask::Dequeue { key },
            7 => Ask::Hold { key, owner },
            8 => Ask::Join { key, owner },
            9 => Ask::Leave { key, owner },
            10 => Ask::WatchLog { key, owner },
            _ => Ask::Leader { key },
        };
        self.ask(place, request);
    }

    fn fault(&mut self) {
        let node = NodeId::new(self.rng.random_range(1..=MEMBERS));
        match self.rng.random_range(0..8) {
            0 => self.network.crash(node),
            1 => self.network.pause(node),
            2 => self.network.cut(NodeId::new(self.rng.random_range(4..=5)), None),
            3 | 4 => {
                let agent = NodeId::new(self.rng.random_range(4..=5));
                self.network.cut(agent, Some(node));
            }
            5 => self.network.cut(node, None),
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

    fn pass(&mut self) {
        self.network.run(Duration::from_millis(20));
        for (at, heard) in std::mem::take(&mut self.network.heard) {
            match heard {
                Heard::Reply { ticket, result, .. } => self.replied(at, ticket, result),
                Heard::Act { act, .. } if act.f == "session" => {
                    let state = act.value["state"].as_str().unwrap_or_default().to_owned();
                    *self.told.sessions.entry(state).or_default() += 1;
                }
                _ => {}
            }
        }
        for client in &self.clients {
            if let Some((_, request, since)) = &client.open {
                assert!(self.network.now.since(*since) < PATIENCE, "unanswered: {request:?}");
            }
        }
    }

    fn replied(&mut self, at: Time, ticket: Ticket, result: Result<Answer, Refusal>) {
        let place =
            self.clients.iter().position(|client| client.open.as_ref().is_some_and(|(of, ..)| *of == ticket));
        let client = &mut self.clients[place.unwrap()];
        let (_, request, since) = client.open.take().unwrap();
        assert!(at.since(since) < PATIENCE, "{request:?}");
        let told = &mut self.told;
        match result {
            Ok(Answer::Recipe(answer)) => {
                *told.oks.entry(request.kind().name()).or_default() += 1;
                match (answer, request) {
                    (RecipeAnswer::Acquired { token }, _) => {
                        client.token = Some(token);
                        told.tokens.push(token);
                    }
                    (RecipeAnswer::Elected { epoch }, _) => {
                        client.is_leading = true;
                        told.epochs.push(epoch);
                    }
                    (RecipeAnswer::Released, _) => client.token = None,
                    (RecipeAnswer::Resigned, _) => client.is_leading = false,
                    (RecipeAnswer::Added { value }, _) => told.added.push(value),
                    (RecipeAnswer::Enqueued, Ask::Enqueue { value, .. }) => {
                        told.enqueued.extend(value.as_i64());
                    }
                    (RecipeAnswer::Dequeued { value }, _) => told.dequeued.extend(value.as_i64()),
                    _ => {}
                }
            }
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => {
                told.refusals += 1;
                match request {
                    Ask::Add { .. } if !refusal.code.is_definite() => told.maybe_added += 1,
                    Ask::Enqueue { value, .. } if !refusal.code.is_definite() => {
                        told.maybe_enqueued.extend(value.as_i64());
                    }
                    Ask::Dequeue { .. } if !refusal.code.is_definite() => told.maybe_dequeued += 1,
                    Ask::Release { .. } => client.token = None,
                    Ask::Resign { .. } => client.is_leading = false,
                    _ => {}
                }
            }
        }
    }

    /// Asks, and waits for the answer.
    fn done(&mut self, place: usize, request: &Ask) -> Result<RecipeAnswer, Refusal> {
        self.ask(place, request.clone());
        let ticket = Ticket(self.last);
        loop {
            self.network.run(Duration::from_millis(5));
            for (_, heard) in std::mem::take(&mut self.network.heard) {
                if let Heard::Reply { ticket: of, result, .. } = heard
                    && of == ticket
                {
                    self.clients[place].open = None;
                    return result.map(|answer| match answer {
                        Answer::Recipe(answer) => answer,
                        other => panic!("{other:?}"),
                    });
                }
            }
        }
    }

    fn drain(&mut self) -> Vec<i64> {
        let mut rest = Vec::new();
        loop {
            match self.done(0, &Ask::Dequeue { key: key() }) {
                Ok(RecipeAnswer::Dequeued { value }) => rest.extend(value.as_i64()),
                Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => return rest,
                other => panic!("{other:?}"),
            }
        }
    }
}

fn grows(numbers: &[u64]) -> bool {
    numbers.windows(2).all(|pair| pair[0] < pair[1])
}

fn trial(seed: u64) -> Told {
    let mut trial = Trial::new(seed);
    for step in 0..1500 {
        trial.pass();
        let place = trial.rng.random_range(0..trial.clients.len());
        trial.turn(place);
        if step % 8 == 0 && trial.rng.random_range(0..4) == 0 {
            trial.fault();
        }
    }
    trial.heal();
    // All that is under way ends, and the sessions of silent owners are closed.
    (0..400).for_each(|_| trial.pass());
    let told = &trial.told;
    assert!(grows(&told.tokens), "seed {seed}: {:?}", told.tokens);
    assert!(grows(&told.epochs), "seed {seed}: {:?}", told.epochs);
    let opened = told.sessions["opened"];
    let ended: usize = ["expired", "closed"].iter().filter_map(|state| told.sessions.get(*state)).sum();
    assert_eq!(opened, ended, "seed {seed}: {:?}", told.sessions);

    let total = trial.done(0, &Ask::Total { key: key() });
    let (known, unknown) = (trial.told.added.len(), trial.told.maybe_added);
    let Ok(RecipeAnswer::TotalIs { value }) = total else { panic!("seed {seed}: {total:?}") };
    let value = usize::try_from(value).unwrap();
    assert!((known..=known + unknown).contains(&value), "seed {seed}: {value} of {known} and {unknown}");

    let rest = trial.drain();
    let told = &trial.told;
    let mut seen = BTreeSet::new();
    for element in told.dequeued.iter().chain(&rest) {
        assert!(seen.insert(*element), "seed {seed}: {element} twice");
        let is_known = told.enqueued.contains(element) || told.maybe_enqueued.contains(element);
        assert!(is_known, "seed {seed}: {element} came from nowhere");
    }
    let missing = told.enqueued.difference(&seen).count();
    assert!(missing <= told.maybe_dequeued, "seed {seed}: {missing} missing, {}", told.maybe_dequeued);
    trial.told
}

#[test]
fn promises_are_kept_under_faults() {
    let mut oks: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut refusals, mut expired) = (0, 0);
    for seed in 0..8 {
        let told = trial(seed);
        told.oks.iter().for_each(|(kind, count)| *oks.entry(kind).or_default() += count);
        refusals += told.refusals;
        expired += told.sessions.get("expired").copied().unwrap_or_default();
    }
    assert!(oks.len() == 7 && oks.values().all(|count| *count > 5), "{oks:?}");
    assert!(refusals > 0 && expired > 0, "{refusals} refusals, {expired} sessions expired");
}

#[test]
fn one_owner_after_the_other_has_the_lock() {
    let mut trial = Trial::new(1);
    let mut last = 0;
    (0..50).for_each(|_| trial.pass());
    for round in 0..6 {
        let (key, owner) = (key(), format!("c{}", round % 4));
        let Ok(RecipeAnswer::Acquired { token }) =
            trial.done(round % 4, &Ask::Acquire { key: key.clone(), owner: owner.clone() })
        else {
            panic!("round {round}");
        };
        assert!(token > last);
        last = token;
        let other = Ask::Acquire { key: key.clone(), owner: "other".into() };
        let refusal = trial.done(3, &other).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::TemporarilyUnavailable, "round {round}");
        let wrong = Ask::Release { key: key.clone(), owner: owner.clone(), token: token + 1 };
        assert_eq!(trial.done(round % 4, &wrong).unwrap_err().code, ErrorCode::PreconditionFailed);
        assert_eq!(trial.done(round % 4, &Ask::Release { key, owner, token }), Ok(RecipeAnswer::Released));
    }
}

#[test]
fn an_owner_sees_who_leads_who_holds_and_what_changed() {
    let mut trial = Trial::new(1);
    (0..50).for_each(|_| trial.pass());
    let owner = "a".to_owned();
    let Ok(RecipeAnswer::Elected { epoch }) =
        trial.done(0, &Ask::Campaign { key: key(), owner: owner.clone() })
    else {
        panic!("not elected");
    };
    let leader = Some(ordalia_node::Leadership { owner: owner.clone(), epoch });
    assert_eq!(trial.done(1, &Ask::Leader { key: key() }), Ok(RecipeAnswer::Leads { leader }));
    let held = trial.done(0, &Ask::Hold { key: key(), owner: owner.clone() });
    assert!(matches!(held, Ok(RecipeAnswer::Held { .. })), "{held:?}");
    let holding = Ok(RecipeAnswer::Holding { owners: vec![owner.clone()] });
    assert_eq!(trial.done(1, &Ask::Holders { key: key() }), holding);
    assert_eq!(trial.done(1, &Ask::Join { key: key(), owner: owner.clone() }), Ok(RecipeAnswer::Joined));
    let members = Ok(RecipeAnswer::MembersAre { owners: vec![owner.clone()] });
    assert_eq!(trial.done(0, &Ask::Members { key: key() }), members);
    let log = Ask::WatchLog { key: key(), owner: owner.clone() };
    assert_eq!(trial.done(0, &log), Ok(RecipeAnswer::Seen { versions: vec![] }));
    for value in 0..3 {
        let (path, value) = ("/w/k".to_owned(), Value::from(value));
        let set = ordalia_node::CoordinationRequest::SimpleSet { path, value };
        trial.network.ask(NodeId::new(5), Ticket(0), Request::Coordination(set));
        trial.network.run(Duration::from_millis(50));
    }
    trial.network.run(Duration::from_secs(1));
    assert_eq!(trial.done(0, &log), Ok(RecipeAnswer::Seen { versions: vec![0, 1, 2] }));
    // Whoever is silent has nothing any more.
    trial.network.run(Duration::from_secs(5));
    assert_eq!(trial.done(1, &Ask::Holders { key: key() }), Ok(RecipeAnswer::Holding { owners: vec![] }));
    assert_eq!(trial.done(1, &Ask::Leader { key: key() }), Ok(RecipeAnswer::Leads { leader: None }));
}

/// Asks an agent for something in a session that is half a second old, so that it is suspended before the agent's patience
/// is over; cuts the agent off after so long, and tells whether that took effect and what the client heard.
fn cut_off_after(
    ms: u64,
    earlier: &Ask,
    request: &Ask,
    took_effect: impl Fn(&mut Trial) -> bool,
) -> (bool, Result<Answer, Refusal>) {
    let mut trial = Trial::new(1);
    (0..50).for_each(|_| trial.pass());
    // Nothing may be there to be taken; the session is open all the same.
    let _ = trial.done(0, earlier);
    trial.network.run(Duration::from_millis(500));
    trial.ask(0, request.clone());
    let ticket = Ticket(trial.last);
    trial.network.run(Duration::from_millis(ms));
    trial.network.cut(NodeId::new(MEMBERS + 1), None);
    let reply = |trial: &Trial| {
        trial.network.heard.iter().find_map(|(_, heard)| match heard {
            Heard::Reply { ticket: of, result, .. } if *of == ticket => Some(result.clone()),
            _ => None,
        })
    };
    if let Some(result) = reply(&trial) {
        return (true, result);
    }
    // The other agent sees what became of it, and nothing is on its way any more.
    trial.network.run(Duration::from_millis(100));
    let done = took_effect(&mut trial);
    trial.network.run(PATIENCE);
    (done, reply(&trial).unwrap())
}

/// However an agent notices that it is cut off, by its patience or by its session that is suspended: what it had asked for
/// may have been done, and is told as unknown.
#[test]
fn what_an_agent_that_is_cut_off_had_asked_for_is_told_as_unknown() {
    let owner = || "a".to_owned();
    type Look = fn(&mut Trial) -> bool;
    let other = || Key::new("other");
    let cases: [(Ask, Ask, Look); 4] = [
        (Ask::Add { key: key(), delta: 0 }, Ask::Add { key: key(), delta: 1 }, |trial| {
            matches!(trial.done(1, &Ask::Total { key: key() }), Ok(RecipeAnswer::TotalIs { value: 1 }))
        }),
        (Ask::Dequeue { key: key() }, Ask::Enqueue { key: key(), value: Value::from(5) }, |trial| {
            matches!(trial.done(1, &Ask::Dequeue { key: key() }), Ok(RecipeAnswer::Dequeued { .. }))
        }),
        (Ask::Hold { key: other(), owner: owner() }, Ask::Hold { key: key(), owner: owner() }, |trial| {
            let looked = trial.done(1, &Ask::Holders { key: key() });
            matches!(looked, Ok(RecipeAnswer::Holding { owners }) if !owners.is_empty())
        }),
        (Ask::Join { key: other(), owner: owner() }, Ask::Join { key: key(), owner: owner() }, |trial| {
            let looked = trial.done(1, &Ask::Members { key: key() });
            matches!(looked, Ok(RecipeAnswer::MembersAre { owners }) if !owners.is_empty())
        }),
    ];
    for (earlier, request, took_effect) in cases {
        let mut unheard = 0;
        for ms in 1..60 {
            match cut_off_after(ms, &earlier, &request, took_effect) {
                (_, Ok(_)) => break,
                (true, Err(refusal)) => {
                    unheard += 1;
                    assert!(!refusal.code.is_definite(), "{request:?} after {ms} ms: {refusal:?}");
                }
                (false, Err(_)) => {}
            }
        }
        assert!(unheard > 0, "{request:?} was never done without an answer");
    }
}

#[test]
fn what_is_no_name_is_refused() {
    let mut trial = Trial::new(1);
    let long = "x".repeat(300);
    for (key, owner) in [("", "a"), ("k", ""), ("k/l", "a"), ("k", "a/b"), (long.as_str(), "a"), ("k", "ä")]
    {
        let hold = Ask::Hold { key: Key::new(key), owner: owner.to_owned() };
        assert_eq!(trial.done(0, &hold).unwrap_err().code, ErrorCode::MalformedRequest, "{key:?} {owner:?}");
    }
}
