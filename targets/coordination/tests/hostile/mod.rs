//! What arrives from outside is rejected, never asserted on: whatever clients ask and nodes say, a
//! member neither panics nor loses its tree.

use std::time::Duration;

use ordalia_coordination::{Coordination, Message, Timer, ensemble};
use ordalia_node::{
    Answer, Effect, Effects, Env, ErrorCode, Input, Node, NodeConfig, NodeId, Recovered, Refusal, Request,
    Ticket, Time,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

/// A member that is its own majority, or one of three.
struct Victim {
    node: Coordination,
    env: Env,
    out: Effects<Coordination>,
    now: Time,
    tickets: u64,
}

impl Victim {
    fn new(members: u16) -> Self {
        let (mut env, mut out) = (Env::new(1), Effects::new());
        let config = NodeConfig {
            id: NodeId::new(1),
            nodes: NodeId::all(members),
            options: [("snapshot-every".to_owned(), "7".to_owned())].into(),
            bugs: [].into(),
        };
        let node = Coordination::start(&config, Recovered::default(), &mut env, &mut out).unwrap();
        let mut victim = Self { node, env, out, now: Time::ZERO, tickets: 0 };
        victim.out.drain();
        for _ in 0..2 {
            victim.wait(Duration::from_secs(1));
            victim.timer(ensemble::Timer::Raft(ordalia_raft::Timer::Election));
        }
        victim
    }

    fn wait(&mut self, span: Duration) {
        self.now = self.now + span;
        self.env.set_now(self.now);
    }

    fn timer(&mut self, timer: ensemble::Timer) {
        self.step(Input::Timer(Timer::Member(timer)));
    }

    fn step(&mut self, input: Input<Coordination>) -> Vec<Effect<Coordination>> {
        self.wait(Duration::from_millis(20));
        self.node.step(input, &mut self.env, &mut self.out);
        self.out.take()
    }

    /// What a client is answered at once, if anything; a text that is no request is none.
    fn ask(&mut self, body: &Value) -> Option<Result<Answer, Refusal>> {
        let request = serde_json::from_str::<Request>(&body.to_string()).ok()?;
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let effects = self.step(Input::Request { ticket, request });
        effects.into_iter().find_map(|effect| match effect {
            Effect::Reply { ticket: to, result } if to == ticket => Some(result),
            _ => None,
        })
    }

    fn say(&mut self, from: u16, body: &Value) {
        if let Ok(message) = serde_json::from_str::<Message>(&body.to_string()) {
            self.step(Input::Message { from: NodeId::new(from), message });
        }
    }
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..6u64, 1 => Just(u64::MAX), 1 => Just(u64::MAX / 2), 1 => any::<u64>()]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(vec!["/a", "/a/b", "/b", "/kv", "/kv/x", "/a/s-"]).prop_map(str::to_owned),
        1 => proptest::sample::select(vec!["/", "", "//", "a", "/a/", "/ä", "/a\u{0}", "/.."]).prop_map(str::to_owned),
        1 => Just(format!("/{}", "x".repeat(256))),
        1 => ".{0,12}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => number().prop_map(Value::from),
        1 => Just(json!({"deep": [[[null]]], "text": "é"})),
    ]
}

/// Strategies are boxed, since nested ones fill a test's stack.
fn op() -> BoxedStrategy<Value> {
    let mode = || {
        proptest::sample::select(vec!["persistent", "ephemeral", "sequential", "ephemeral_sequential", "odd"])
    };
    let version = || proptest::option::of(number());
    prop_oneof![
        (path(), value(), mode()).prop_map(
            |(path, value, mode)| json!({"type": "create", "path": path, "value": value, "mode": mode})
        ),
        (path(), value(), version()).prop_map(
            |(path, value, version)| json!({"type": "set", "path": path, "value": value, "version": version})
        ),
        (path(), version())
            .prop_map(|(path, version)| json!({"type": "remove", "path": path, "version": version})),
        (path(), version())
            .prop_map(|(path, version)| json!({"type": "check", "path": path, "version": version})),
    ]
    .boxed()
}

fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().into_iter().flatten() {
        body[name.as_str()] = value.clone();
    }
    body
}

fn request() -> BoxedStrategy<Value> {
    let n = number;
    let writer = || {
        (proptest::option::of(n()), proptest::option::of(n()))
            .prop_map(|(session, seq)| json!({"session": session, "seq": seq}))
    };
    let looks = proptest::sample::select(vec!["get", "exists", "children"]);
    let simple = proptest::sample::select(vec!["GET", "SET", "DELETE", "WATCH", "LIST"]);
    let watch = proptest::sample::select(vec![json!("once"), json!("persistent"), Value::Null, json!(3)]);
    prop_oneof![
        2 => prop_oneof![Just(1000), n()].prop_map(|ms| json!({"type": "open_session", "timeout_ms": ms})),
        1 => n().prop_map(|session| json!({"type": "close_session", "session": session})),
        2 => (n(), n()).prop_map(|(session, seen)| json!({"type": "heartbeat", "session": session, "seen": seen})),
        2 => (n(), n(), n()).prop_map(
            |(session, after, ms)| json!({"type": "events", "session": session, "after": after, "wait_ms": ms})
        ),
        6 => (op(), writer()).prop_map(|(op, writer)| with(op, &writer)),
        4 => (proptest::collection::vec(op(), 0..4), writer())
            .prop_map(|(ops, writer)| with(json!({"type": "multi", "ops": ops}), &writer)),
        4 => (looks, path(), watch, proptest::option::of(n())).prop_map(
            |(kind, path, watch, session)| json!({"type": kind, "path": path, "watch": watch, "session": session})
        ),
        1 => (n(), path()).prop_map(|(session, path)| json!({"type": "unwatch", "session": session, "path": path})),
        2 => (simple, path(), value()).prop_map(
            |(kind, path, value)| json!({"type": kind, "path": path, "value": value})
        ),
        1 => Just(json!({"type": "sync"})),
        1 => (path(), value(), value()).prop_map(
            |(key, from, to)| json!({"type": "cas", "key": key, "from": from, "to": to, "create_if_not_exists": true})
        ),
        1 => (path(), value()).prop_map(|(key, value)| json!({"type": "write", "key": key, "value": value})),
        1 => path().prop_map(|key| json!({"type": "read", "key": key})),
        1 => path().prop_map(|key| json!({"type": "members", "key": key})),
    ]
    .boxed()
}

/// What a member stores in its log, as another might send it.
fn command() -> BoxedStrategy<Value> {
    let n = number;
    let action = prop_oneof![
        n().prop_map(|ms| json!({"o": ms})),
        n().prop_map(|session| json!({"c": session})),
        (n(), n()).prop_map(|(session, from)| json!({"x": {"s": session, "f": from}})),
        (n(), n()).prop_map(|(session, number)| json!({"t": [session, number]})),
        (op(), n(), n()).prop_map(|(op, session, seq)| json!({"w": [op, {"s": session, "q": seq}]})),
        (path(), value()).prop_map(|(path, value)| json!({"p": [path, value]})),
        (path(), value()).prop_map(|(path, value)| json!({"r": [path, value, value, true]})),
        (n(), path())
            .prop_map(|(session, path)| json!({"l": {"s": session, "p": path, "v": "e", "m": "once"}})),
        (n(), path()).prop_map(|(session, path)| json!({"u": [session, path]})),
    ];
    (action, 0..64u8).prop_map(|(action, bugs)| json!({"d": action, "b": bugs})).boxed()
}

fn message() -> BoxedStrategy<Value> {
    let n = number;
    prop_oneof![
        4 => (n(), request()).prop_map(|(id, request)| json!({"type": "ask", "of": {"id": id, "request": request}})),
        2 => (n(), request()).prop_map(|(id, request)| json!({"type": "relay", "of": {"id": id, "request": request}})),
        1 => (n(), n()).prop_map(|(id, _)| json!({"type": "answer", "of": {"id": id, "result": {"Ok": {"type": "removed"}}}})),
        1 => n().prop_map(|session| json!({"type": "events", "of": {"session": session, "events": []}})),
        3 => (n(), n(), command()).prop_map(|(life, seq, command)| json!({"type": "raft", "of":
            {"type": "forward", "life": life, "seq": seq, "oldest": 0, "op": {"c": command}}})),
        2 => (n(), n(), command()).prop_map(|(term, at, command)| json!({"type": "raft", "of":
            {"type": "append", "term": term % 9, "pi": at, "pt": at, "c": at, "e": [
                {"t": term % 9, "p": {"i": {"n": 2, "l": 1}, "s": at, "o": 0, "c": command}}]}})),
        1 => (n(), n()).prop_map(|(index, zxid)| {
            let stat = json!({"version": zxid, "children_version": zxid, "created": 0, "modified": 0, "owner": 3});
            let tree = json!({"zxid": zxid, "nodes": [{"p": "/x/y", "v": 1, "s": stat}, {"p": "", "v": 1, "s": stat}],
                "sessions": [{"i": 3, "t": zxid, "w": [["", [["c", "once"]]]], "o": [], "e": zxid, "l": null}]});
            let state = json!({"index": index, "term": 3, "machine": tree, "sessions": []});
            json!({"type": "raft", "of": {"type": "install", "term": 8, "index": index, "index_term": 3,
                "offset": 0, "data": state.to_string(), "done": true}})
        }),
    ]
    .boxed()
}

/// What happens next: a client's request, the message of a node (n1 is the member itself, n9 no member),
/// or nothing but time.
#[derive(Clone, Debug)]
enum Happening {
    Request(Value),
    Message(u16, Value),
    Tick,
    Late,
}

fn happening() -> BoxedStrategy<Happening> {
    prop_oneof![
        10 => request().prop_map(Happening::Request),
        6 => (proptest::sample::select(vec![1u16, 2, 3, 9]), message())
            .prop_map(|(from, body)| Happening::Message(from, body)),
        3 => Just(Happening::Tick),
        1 => Just(Happening::Late),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_asked_or_said_panics(
        members in proptest::sample::select(vec![1u16, 3]),
        happenings in proptest::collection::vec(happening(), 1..60),
    ) {
        let mut victim = Victim::new(members);
        for happening in &happenings {
            match happening {
                Happening::Request(body) => drop(victim.ask(body)),
                Happening::Message(from, body) => victim.say(*from, body),
                Happening::Tick => victim.timer(ensemble::Timer::Tick),
                Happening::Late => {
                    victim.wait(Duration::from_secs(5));
                    victim.timer(ensemble::Timer::Raft(ordalia_raft::Timer::Gateway));
                    victim.timer(ensemble::Timer::Tick);
                }
            }
            let member = victim.node.member().unwrap();
            prop_assert!(member.tree().node_count() >= 1);
            serde_json::to_string(&victim.node.status()).unwrap();
        }
    }
}

#[test]
fn what_is_wrong_is_refused_clearly() {
    use ErrorCode::{KeyDoesNotExist, MalformedRequest, NotSupported, PreconditionFailed, SessionExpired};
    let mut victim = Victim::new(1);
    victim.ask(&json!({"type": "SET", "path": "/a", "value": 1})).unwrap().unwrap();
    let big = "x".repeat(2 << 20);
    for (body, code, said) in [
        (json!({"type": "create", "path": "a"}), MalformedRequest, "a slash in front"),
        (json!({"type": "get", "path": "/a/"}), MalformedRequest, "between slashes"),
        (json!({"type": "set", "path": "/a", "value": 1, "version": 9}), PreconditionFailed, "version 9"),
        (json!({"type": "set", "path": "/a", "value": big}), MalformedRequest, "at most 1048576 bytes"),
        (json!({"type": "create", "path": "/e", "mode": "ephemeral"}), MalformedRequest, "session"),
        (json!({"type": "create", "path": "/e", "session": 77}), SessionExpired, "77"),
        (json!({"type": "create", "path": "/e", "seq": 1}), MalformedRequest, "within a session"),
        (json!({"type": "get", "path": "/a", "watch": "once"}), MalformedRequest, "a watch needs one"),
        (json!({"type": "get", "path": "/b"}), KeyDoesNotExist, "/b"),
        (json!({"type": "heartbeat", "session": 9, "seen": 0}), SessionExpired, "session 9"),
        (json!({"type": "open_session", "timeout_ms": 5}), MalformedRequest, "200 to 600000"),
        (json!({"type": "remove", "path": "/"}), MalformedRequest, "root"),
        (json!({"type": "read", "key": "a/b"}), MalformedRequest, "without slashes"),
        (json!({"type": "total", "key": "a"}), NotSupported, "agents"),
    ] {
        let refusal = victim.ask(&body).unwrap().unwrap_err();
        assert_eq!(refusal.code, code, "{body}: {refusal}");
        assert!(refusal.text.contains(said), "{refusal}");
    }
}
