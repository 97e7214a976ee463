//! What a node that wraps the core can do with it: commands of its own, reads that are always led,
//! reports of the reads that were served, and timers and messages beside the core's.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod node;
mod trio;

use ordalia_node::{Key, Value};
use serde_json::json;

use node::{Greeting, Message, Timer};
use trio::Trio;

#[test]
fn a_leaders_own_commands_are_applied_once_everywhere_and_answer_nobody() {
    let mut trio = Trio::new("read-index");
    trio.fire(0, Timer::Own);
    trio.count(0, "x");
    trio.fire(0, Timer::Own);
    trio.beat(0);
    assert_eq!(trio.counts("own"), [2, 2, 2]);
    assert_eq!(trio.counts("x"), [1, 1, 1]);
    assert_eq!(trio.answers, [json!(1)], "only the client's");
}

#[test]
fn a_followers_own_command_is_dropped() {
    let mut trio = Trio::new("read-index");
    trio.fire(1, Timer::Own);
    assert_eq!(trio.nodes[1].raft.log().last_index(), 1, "the entry that opened the term");
    trio.campaign(1);
    assert_eq!(trio.counts("own"), [0, 0, 0]);
}

#[test]
fn a_leader_that_hands_over_takes_no_own_commands() {
    let mut trio = Trio::new("read-index");
    trio.cut_off = Some(1);
    trio.transfer(0, 1);
    trio.fire(0, Timer::Own);
    assert_eq!(trio.counts("own"), [0, 0, 0]);
    trio.wait(300);
    trio.beat(0);
    trio.cut_off = None;
    trio.wait(300);
    trio.beat(0);
    trio.fire(0, Timer::Own);
    assert_eq!(trio.counts("own"), [1, 0, 0], "the transfer failed");
}

#[test]
fn a_deposed_leaders_own_command_is_not_sent_again() {
    let mut trio = Trio::new("read-index");
    trio.cut_off = Some(0);
    trio.fire(0, Timer::Own);
    trio.count(0, "x");
    trio.campaign(1);
    trio.cut_off = None;
    trio.beat(1);
    trio.beat(1);
    assert_eq!(trio.counts("own"), [0, 0, 0]);
    assert_eq!(trio.counts("x"), [1, 1, 1], "a client's command is");
}

#[test]
fn a_query_that_is_always_led_does_not_trust_the_asked_node() {
    let mut trio = Trio::new("local");
    trio.cut_off = Some(2);
    trio.count(0, "x");
    trio.count(0, "led");
    trio.answers.clear();
    trio.read(2, "x");
    assert_eq!(trio.answers, [json!(0)], "answered from what the node has applied");
    trio.read(2, "led");
    assert_eq!(trio.answers.len(), 1, "waits for the leader");
    trio.cut_off = None;
    trio.wait(300);
    trio.fire(2, Timer::Raft(ordalia_raft::Timer::Gateway));
    assert_eq!(trio.answers, [json!(0), json!(1)]);
}

#[test]
fn a_cut_off_leader_does_not_answer_a_query_that_is_always_led() {
    let mut trio = Trio::new("local");
    trio.cut_off = Some(0);
    trio.read(0, "led");
    assert_eq!(trio.answers, Vec::<Value>::new());
}

#[test]
fn the_leader_reports_what_it_served_once_it_is_confirmed() {
    for reads in ["read-index", "local"] {
        let mut trio = Trio::new(reads);
        trio.read(1, "led");
        let served: Vec<_> = trio.nodes.iter().map(|node| node.served.as_slice()).collect();
        assert_eq!(served, [&[Key::new("led")][..], &[], &[]], "{reads}");
        trio.cut_off = Some(0);
        trio.read(0, "led");
        assert_eq!(trio.nodes[0].served.len(), 1, "{reads}: no round was confirmed since");
    }
}

#[test]
fn a_read_under_a_lease_is_reported_and_a_local_one_is_not() {
    let mut lease = Trio::new("lease");
    lease.beat(0);
    lease.cut_off = Some(0);
    lease.read(0, "x");
    assert_eq!((lease.answers.len(), lease.nodes[0].served.len()), (1, 1));
    let mut local = Trio::new("local");
    local.read(0, "x");
    assert_eq!((local.answers.len(), local.nodes[0].served.len()), (1, 0));
}

#[test]
fn the_status_says_where_the_core_stands() {
    use ordalia_node::Node;
    let mut trio = Trio::new("lease");
    trio.count(0, "x");
    let status = trio.nodes[0].status();
    let leader = status.leader.map(|node| node.to_string());
    assert_eq!((status.role.as_str(), status.term, leader.as_deref()), ("leader", Some(1), Some("n1")));
    let expected = json!({
        "commit_index": 2, "applied_index": 2, "last_index": 2, "snapshot_index": 0, "voted_for": "n1", "reads": "lease",
    });
    assert_eq!(serde_json::to_value(status.fields).unwrap(), expected);
}

#[test]
fn own_messages_stand_beside_the_cores() {
    let text = r#"{"type":"hello","name":"n2"}"#;
    let message: Message = serde_json::from_str(text).unwrap();
    assert!(matches!(&message, Message::Own(Greeting::Hello { name }) if name == "n2"));
    assert_eq!(serde_json::to_string(&message).unwrap(), text);
    let text = r#"{"type":"heartbeated","term":3,"round":4}"#;
    let message: Message = serde_json::from_str(text).unwrap();
    assert!(matches!(message, Message::Raft(ordalia_raft::message::Message::Heartbeated(_))));
}
