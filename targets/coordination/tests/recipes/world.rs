//! A small world: one member of the ensemble that goes by three names, and clients whose messages are
//! delayed, lost, doubled and refused, whose clocks jump, who are cut off and halted, all from one seed.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use ordalia_coordination::client::{Happening, Session, SessionSettings};
use ordalia_coordination::ensemble::{self, Ensemble, Out};
use ordalia_coordination::tree::command::{Query, Reply, View};
use ordalia_coordination::{Message, Tree};
use ordalia_node::{CoordinationRequest, Env, ErrorCode, NodeId, Recovered, Refusal, Time};
use ordalia_raft::StateMachine;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub const TIMEOUT: Duration = Duration::from_millis(600);

/// What a client does with its sessions.
pub trait Actor: Debug {
    /// A new session begins.
    fn begin(&mut self, session: &mut Session);
    /// Something befell it. The end of a session is told last, and `begin` follows.
    fn on(&mut self, happening: &Happening, session: &mut Session, now: Time);
    /// Time passed.
    fn tick(&mut self, _session: &mut Session, _now: Time) {}
    /// Whether nothing is left to do.
    fn is_done(&self) -> bool;
}

/// What may go wrong until when; chances are in a thousand.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    pub until: Time,
    pub loss: u32,
    pub doubling: u32,
    pub refusal: u32,
    pub cuts: u32,
    pub halts: u32,
    pub jumps: u32,
    pub delay: Duration,
}

impl Faults {
    pub const NONE: Self = Self {
        until: Time::ZERO,
        loss: 0,
        doubling: 0,
        refusal: 0,
        cuts: 0,
        halts: 0,
        jumps: 0,
        delay: Duration::from_millis(2),
    };

    /// Some of each, other amounts for each seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(!seed);
        let mut upto = |most: u32| rng.random_range(0..=most);
        Self {
            until: at(12_000),
            loss: upto(200),
            doubling: upto(200),
            refusal: upto(100),
            cuts: upto(300),
            halts: upto(200),
            jumps: upto(150),
            delay: Duration::from_millis(u64::from(upto(60)) + 1),
        }
    }
}

pub fn at(ms: u64) -> Time {
    Time::ZERO + Duration::from_millis(ms)
}

/// What a client does and what befalls it.
#[derive(Clone, Debug)]
pub enum Note {
    Asked(NodeId, CoordinationRequest),
    Befell(Happening),
}

#[derive(Debug)]
enum Item {
    ToMember(usize, Message),
    ToClient(usize, NodeId, Message),
    Timer(ensemble::Timer, u64),
    Tick(usize, u64),
    Trouble,
}

#[derive(Debug)]
pub struct Client<A> {
    pub id: NodeId,
    pub session: Session,
    pub actor: A,
    pub sessions: u64,
    cut_until: Time,
    halted_until: Time,
    /// How far its clock is ahead.
    ahead: Duration,
    asked: NodeId,
    tick: u64,
    /// The number of the last event of its session.
    last_event: u64,
}

pub struct World<A> {
    pub seed: u64,
    pub now: Time,
    pub clients: Vec<Client<A>>,
    pub faults: Faults,
    /// What is asked and what befalls, by place, if somebody reads along.
    pub notes: Option<Vec<(usize, Note)>>,
    rng: ChaCha8Rng,
    env: Env,
    ensemble: Ensemble,
    timers: BTreeMap<ensemble::Timer, u64>,
    queue: BTreeMap<(Time, u64), Item>,
    count: u64,
}

impl<A: Actor> World<A> {
    pub fn new(seed: u64, faults: Faults, actors: Vec<A>) -> Self {
        let mut env = Env::new(seed);
        let mut out = Vec::new();
        let settings = ensemble::Settings::default();
        let ensemble =
            Ensemble::start(NodeId::new(1), Vec::new(), &settings, Recovered::default(), &mut env, &mut out);
        let mut world = Self {
            seed,
            now: Time::ZERO,
            clients: Vec::new(),
            faults,
            notes: None,
            rng: ChaCha8Rng::seed_from_u64(seed),
            env,
            ensemble: ensemble.unwrap(),
            timers: BTreeMap::new(),
            queue: BTreeMap::new(),
            count: 0,
        };
        world.carry_out(out);
        world.put(at(250), Item::Trouble);
        for (place, actor) in actors.into_iter().enumerate() {
            world.add(place, actor);
        }
        world
    }

    fn add(&mut self, place: usize, actor: A) {
        let id = NodeId::new(u16::try_from(place).unwrap() + 4);
        let session = self.open(id);
        let (cut_until, halted_until) = (Time::ZERO, Time::ZERO);
        let asked = NodeId::new(1);
        let ahead = Duration::from_secs(self.rng.random_range(1..100));
        let mut client = Client {
            id,
            session,
            actor,
            sessions: 1,
            cut_until,
            halted_until,
            ahead,
            asked,
            tick: 0,
            last_event: 0,
        };
        client.actor.begin(&mut client.session);
        self.clients.push(client);
        self.put(self.now, Item::Tick(place, 0));
    }

    fn open(&mut self, id: NodeId) -> Session {
        let first_question = self.rng.random::<u64>() >> 12;
        Session::new(id, NodeId::all(3), &SessionSettings { timeout: TIMEOUT, first_question })
    }

    pub fn tree(&self) -> &Tree {
        self.ensemble.tree()
    }

    /// What a member answers to a look, without a detour.
    pub fn look(&self, view: View, path: &str) -> Reply {
        self.tree().query(&Query::Look(view, path.to_owned()))
    }

    /// Whether the ensemble holds that client's session for alive.
    pub fn is_alive(&self, client: &Client<A>) -> bool {
        client.session.number().is_some_and(|session| self.tree().timeout_ms(session).is_some())
    }

    /// Cuts a client off until then.
    pub fn cut(&mut self, place: usize, until: Time) {
        self.clients[place].cut_until = until;
    }

    /// Goes on until all is done, and looks at the world after each step.
    pub fn run(&mut self, mut check: impl FnMut(&Self)) {
        while self.now < self.faults.until || !self.clients.iter().all(|client| client.actor.is_done()) {
            self.step();
            check(self);
            let is_late = self.now > self.faults.until + Duration::from_secs(30);
            assert!(!is_late, "seed {}: not done long after the last fault\n{:#?}", self.seed, self.clients);
        }
    }

    /// Goes on until that time, and looks at the world after each step.
    pub fn run_until(&mut self, end: Time, mut look: impl FnMut(&mut Self)) {
        while self.queue.first_key_value().is_some_and(|((time, _), _)| *time <= end) {
            self.step();
            look(self);
        }
        self.now = end;
    }

    pub fn step(&mut self) {
        let Some(((time, _), item)) = self.queue.pop_first() else { return };
        self.now = time;
        self.env.set_now(time);
        match item {
            Item::ToMember(place, message) => self.on_member_input(place, message),
            Item::ToClient(place, member, message) => match self.is_halted(place) {
                Some(until) => self.put(until, Item::ToClient(place, member, message)),
                None => self.on_client_input(place, member, message),
            },
            Item::Timer(timer, number) if self.timers.get(&timer) == Some(&number) => {
                let mut out = Vec::new();
                self.ensemble.on_timer(timer, &mut self.env, &mut out);
                self.carry_out(out);
            }
            Item::Tick(place, number) if self.clients[place].tick == number => match self.is_halted(place) {
                Some(until) => self.put(until, Item::Tick(place, number)),
                None => self.tick(place),
            },
            Item::Trouble => self.trouble(),
            Item::Timer(..) | Item::Tick(..) => {}
        }
    }

    fn is_halted(&self, place: usize) -> Option<Time> {
        let until = self.clients[place].halted_until;
        (until > self.now).then_some(until)
    }

    /// Has somebody's actor ask for something right now.
    pub fn have(&mut self, place: usize, act: impl FnOnce(&mut A, &mut Session)) {
        let client = &mut self.clients[place];
        act(&mut client.actor, &mut client.session);
        self.pump(place);
    }

    fn tick(&mut self, place: usize) {
        let client = &mut self.clients[place];
        let now = self.now + client.ahead;
        client.session.on_tick(now);
        client.actor.tick(&mut client.session, now);
        self.pump(place);
    }

    fn on_client_input(&mut self, place: usize, member: NodeId, message: Message) {
        let client = &mut self.clients[place];
        let now = self.now + client.ahead;
        match message {
            Message::Answer { id, result } => {
                client.session.on_answer(member, id, result, now);
            }
            Message::Events { session, events } => {
                client.session.on_events(member, session, events, now);
            }
            _ => {}
        }
        self.pump(place);
    }

    /// Reacts to what befell a client, sends what it wants sent, and has it look again in time.
    fn pump(&mut self, place: usize) {
        let client = &mut self.clients[place];
        let now = self.now + client.ahead;
        while let Some(happening) = client.session.happening() {
            if let Some(notes) = &mut self.notes {
                notes.push((place, Note::Befell(happening.clone())));
            }
            if let Happening::Event(event) = &happening {
                client.last_event += 1;
                assert_eq!(event.number, client.last_event, "seed {}: {}", self.seed, client.id);
            }
            client.actor.on(&happening, &mut client.session, now);
            if happening.is_end() {
                let id = client.id;
                let session = self.open(id);
                let client = &mut self.clients[place];
                client.session = session;
                (client.sessions, client.last_event) = (client.sessions + 1, 0);
                client.session.on_tick(now);
                client.actor.begin(&mut client.session);
                return self.pump(place);
            }
        }
        self.see_that_life_is_true(place);
        let client = &mut self.clients[place];
        client.tick += 1;
        let (tick, after) = (client.tick, client.session.until_tick());
        for (member, message) in client.session.take_messages() {
            self.clients[place].asked = member;
            if let (Some(notes), Message::Ask { request, .. }) = (&mut self.notes, &message) {
                notes.push((place, Note::Asked(member, request.clone())));
            }
            self.send(place, member, &message);
        }
        self.put(self.now + after, Item::Tick(place, tick));
    }

    /// A session that counts as live by a clock that goes well is alive.
    fn see_that_life_is_true(&self, place: usize) {
        let client = &self.clients[place];
        if self.faults.jumps == 0 && client.session.is_live() {
            assert!(
                self.is_alive(client),
                "seed {}: {} relies on a session that ended\n{:#?}",
                self.seed,
                client.id,
                client.session
            );
        }
    }

    fn send(&mut self, place: usize, member: NodeId, message: &Message) {
        let is_faulty = self.now < self.faults.until;
        if self.clients[place].cut_until > self.now || is_faulty && self.chance(self.faults.loss) {
            return;
        }
        if let (Message::Ask { id, .. }, true) = (message, is_faulty && self.chance(self.faults.refusal)) {
            let result = Err(Refusal::new(ErrorCode::TemporarilyUnavailable, "no leader is known"));
            self.deliver_to_client(place, member, Message::Answer { id: *id, result });
            // Another copy may yet arrive.
            if self.chance(500) {
                return;
            }
        }
        let copies = 1 + usize::from(is_faulty && self.chance(self.faults.doubling));
        for _ in 0..copies {
            let time = self.arrival();
            self.put(time, Item::ToMember(place, message.clone()));
        }
    }

    fn on_member_input(&mut self, place: usize, message: Message) {
        let mut out = Vec::new();
        let from = self.clients[place].id;
        self.ensemble.on_message(from, message, &mut self.env, &mut out);
        self.carry_out(out);
    }

    fn carry_out(&mut self, out: Vec<Out>) {
        for one in out {
            match one {
                Out::Send(to, message) => {
                    let place = usize::from(to.number()) - 4;
                    let member = self.clients[place].asked;
                    let is_faulty = self.now < self.faults.until;
                    if self.clients[place].cut_until <= self.now
                        && !(is_faulty && self.chance(self.faults.loss))
                    {
                        let copies = 1 + usize::from(is_faulty && self.chance(self.faults.doubling));
                        (0..copies).for_each(|_| self.deliver_to_client(place, member, message.clone()));
                    }
                }
                Out::SetTimer(timer, after) => {
                    self.count += 1;
                    self.timers.insert(timer, self.count);
                    self.put(self.now + after, Item::Timer(timer, self.count));
                }
                _ => {}
            }
        }
    }

    fn deliver_to_client(&mut self, place: usize, member: NodeId, message: Message) {
        let time = self.arrival();
        self.put(time, Item::ToClient(place, member, message));
    }

    fn arrival(&mut self) -> Time {
        let most = match self.now < self.faults.until {
            true => self.faults.delay,
            false => Faults::NONE.delay,
        };
        let nanos = u64::try_from(most.as_nanos()).unwrap();
        self.now + Duration::from_nanos(self.rng.random_range(nanos / 10..=nanos))
    }

    fn trouble(&mut self) {
        if self.now >= self.faults.until {
            return;
        }
        for place in 0..self.clients.len() {
            let span = Duration::from_millis(self.rng.random_range(0..2_000));
            if self.chance(self.faults.cuts) {
                self.clients[place].cut_until = self.now + span;
            }
            if self.chance(self.faults.halts) {
                self.clients[place].halted_until = self.now + span;
            }
            if self.chance(self.faults.jumps) {
                let ahead = self.rng.random_range(0..100_000);
                self.clients[place].ahead = Duration::from_millis(ahead);
            }
        }
        self.put(self.now + Duration::from_millis(250), Item::Trouble);
    }

    fn chance(&mut self, in_a_thousand: u32) -> bool {
        self.rng.random_range(0..1000) < in_a_thousand
    }

    fn put(&mut self, time: Time, item: Item) {
        self.count += 1;
        self.queue.insert((time, self.count), item);
    }
}
