//! What arrives from outside is rejected, never asserted on: whatever a peer says, a node in any
//! role neither panics nor undoes what is committed.

use std::time::Duration;

use ordalia_node::{Effects, Env, Input, Key, Node, NodeId, Recovered, Request, Ticket, Time};
use ordalia_raft::Timer;
use ordalia_raft_kv::RaftKv;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::network::config;

type Message = <RaftKv as Node>::Message;

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..6u64, Just(u64::MAX), Just(u64::MAX - 1), Just(u64::MAX / 2), any::<u64>()]
}

fn entry() -> impl Strategy<Value = Value> {
    (number(), number(), number(), any::<bool>()).prop_map(|(term, seq, oldest, is_noop)| {
        let session = json!({"n": seq % 4, "l": oldest});
        match is_noop {
            true => json!({"t": term}),
            false => json!({"t": term, "p": {"i": session, "s": seq, "o": oldest, "c": {"w": ["x", seq]}}}),
        }
    })
}

fn result() -> impl Strategy<Value = Value> {
    prop_oneof![
        number().prop_map(|index| json!({"ok": index})),
        (number(), proptest::option::of(number()), number()).prop_map(|(prev, term, first)| {
            json!({"no": {"prev_index": prev, "conflict_term": term, "conflict_index": first}})
        }),
        Just(json!("stale")),
    ]
}

fn body() -> impl Strategy<Value = Value> {
    let n = number;
    prop_oneof![
        (n(), any::<bool>(), any::<bool>(), n(), n()).prop_map(|(term, pre, transfer, last, last_term)| {
            json!({"type": "vote", "term": term, "pre": pre, "transfer": transfer,
                "last_index": last, "last_term": last_term})
        }),
        (n(), any::<bool>(), any::<bool>()).prop_map(|(term, pre, granted)| {
            json!({"type": "voted", "term": term, "pre": pre, "granted": granted})
        }),
        (n(), n(), n(), n(), proptest::collection::vec(entry(), 0..4)).prop_map(|(term, pi, pt, c, e)| {
            json!({"type": "append", "term": term, "pi": pi, "pt": pt, "c": c, "e": e})
        }),
        (n(), result()).prop_map(|(term, r)| json!({"type": "appended", "term": term, "r": r})),
        (n(), n(), n(), n()).prop_map(|(term, round, index, commit)| {
            json!({"type": "heartbeat", "term": term, "round": round, "match_index": index, "commit": commit})
        }),
        (n(), n()).prop_map(|(term, round)| json!({"type": "heartbeated", "term": term, "round": round})),
        (n(), n(), n(), n(), any::<bool>()).prop_map(|(term, index, index_term, offset, done)| {
            let state = json!({"index": index, "term": index_term, "machine": {"é": 1}, "sessions": []});
            json!({"type": "install", "term": term, "index": index, "index_term": index_term,
                "offset": offset % 2 * offset, "data": state.to_string(), "done": done})
        }),
        (n(), n(), n()).prop_map(|(term, index, offset)| {
            json!({"type": "installed", "term": term, "index": index, "offset": offset})
        }),
        n().prop_map(|term| json!({"type": "timeout_now", "term": term})),
        (n(), n(), n()).prop_map(|(life, seq, oldest)| {
            json!({"type": "forward", "life": life, "seq": seq, "oldest": oldest, "op": {"c": {"d": "x"}}})
        }),
        (n(), n()).prop_map(|(life, seq)| {
            json!({"type": "forward", "life": life, "seq": seq, "oldest": 0, "op": {"t": "n9"}})
        }),
        (n(), n()).prop_map(|(life, seq)| json!({"type": "answers", "life": life, "a": [[seq, "t"]]})),
    ]
}

/// What happens next: a message of n1 to n4 (n1 is the node itself, n4 unknown), or a timer.
fn event() -> impl Strategy<Value = (u16, Value)> {
    prop_oneof![
        12 => (1..5u16, body()),
        1 => Just((0, json!("election"))),
        1 => Just((0, json!("heartbeat"))),
        1 => Just((0, json!("gateway"))),
        1 => Just((0, json!("request"))),
        1 => Just((0, json!("elected"))),
    ]
}

struct Victim {
    node: RaftKv,
    env: Env,
    out: Effects<RaftKv>,
    now: Time,
}

impl Victim {
    fn new() -> Self {
        let (mut env, mut out) = (Env::new(1), Effects::new());
        let config = config(NodeId::new(1), 3, &[("snapshot-every", "3")], &[]);
        let node = RaftKv::start(&config, Recovered::default(), &mut env, &mut out).unwrap();
        Self { node, env, out, now: Time::ZERO }
    }

    fn step(&mut self, input: Input<RaftKv>) {
        self.now = self.now + Duration::from_millis(70);
        self.env.set_now(self.now);
        self.node.step(input, &mut self.env, &mut self.out);
        self.out.drain();
    }

    fn message(&mut self, from: u16, body: &Value) {
        let message: Message = serde_json::from_str(&body.to_string()).unwrap();
        self.step(Input::Message { from: NodeId::new(from), message });
    }

    /// Lets n2 vote for the node, so that hostile messages meet a leader too.
    fn elect(&mut self) {
        self.now = self.now + Duration::from_secs(1);
        self.step(Input::Timer(Timer::Election));
        let term = self.node.raft().term().saturating_add(1);
        for pre in [true, false] {
            self.message(2, &json!({"type": "voted", "term": term, "pre": pre, "granted": true}));
        }
    }

    fn handle(&mut self, from: u16, what: &Value) {
        match what.as_str() {
            Some("election") => self.step(Input::Timer(Timer::Election)),
            Some("heartbeat") => self.step(Input::Timer(Timer::Heartbeat)),
            Some("gateway") => self.step(Input::Timer(Timer::Gateway)),
            Some("elected") => self.elect(),
            Some(_) => {
                let request = Request::Write { key: Key::new("x"), value: json!(1) };
                self.step(Input::Request { ticket: Ticket(self.now.as_nanos()), request });
            }
            None => self.message(from, what),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn nothing_a_peer_says_panics(events in proptest::collection::vec(event(), 1..40)) {
        let mut victim = Victim::new();
        for (from, what) in &events {
            victim.handle(*from, what);
            let raft = victim.node.raft();
            prop_assert!(raft.applied_index() <= raft.commit_index());
            prop_assert!(raft.commit_index() <= raft.log().last_index());
            prop_assert!(raft.log().base_index() <= raft.snapshot_index());
        }
    }
}

#[test]
fn the_victim_gets_elected() {
    let mut victim = Victim::new();
    victim.elect();
    assert!(victim.node.raft().is_leader());
}
