//! What leaves, when, and in which order.

use ordalia_node::NodeId;

use super::{Entry, N1, N2, journal, reborn, three};
use crate::Deed::{Persist, Refuse, Reply, ReplyTo, Send, SetTimer, WriteBehind};
use crate::{BOOT, Setup, Stage};

pub(super) fn scenarios<S: Stage>() -> Vec<Entry> {
    vec![
        (
            "persist-holds-back",
            "what stands before a persist leaves at once, and what stands after it when it is durable",
            persist_holds_back::<S>,
        ),
        (
            "order-of-a-batch",
            "a batch's effects leave in the order of its inputs, and from the first persist on they wait",
            order_of_a_batch::<S>,
        ),
        ("group-commit", "inputs that waited are made durable by one write", group_commit::<S>),
        (
            "group-commit-during-a-write",
            "inputs that come during a write are handled as one batch after it",
            during_a_write::<S>,
        ),
        (
            "write-behind-waits-for-nothing",
            "a record written behind holds nothing back and is not durable by itself",
            write_behind_waits_for_nothing::<S>,
        ),
        (
            "persist-covers-what-is-behind",
            "a persist makes durable what was written behind ahead of it, and not what comes after",
            persist_covers_what_is_behind::<S>,
        ),
        (
            "nobody-to-send-to",
            "messages to the node itself and to nodes that do not exist are dropped",
            nobody_to_send_to::<S>,
        ),
        ("one-answer", "a ticket is answered once, by the first answer", one_answer::<S>),
        (
            "a-start-is-a-batch",
            "what a start writes leaves as a batch of its own, ahead of timers that it set to run out at once",
            a_start_is_a_batch::<S>,
        ),
    ]
}

fn persist_holds_back<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Send(N2, 1), Persist(10), Send(N2, 2), Persist(11), Send(N2, 3), Reply]);
    let happened = journal(&mut stage);
    assert_eq!(happened, ["send 1 to n2", "disk [10, 11]", "send 2 to n2", "send 3 to n2", "answer 0"]);
}

fn order_of_a_batch<S: Stage>() {
    let mut stage = three::<S>();
    stage.hold(N1);
    stage.ask(N1, vec![Send(N2, 1), Reply]);
    stage.tell(N2, N1, 9, vec![Send(N2, 2), Persist(10), Send(N2, 3)]);
    stage.ask(N1, vec![Send(N2, 4), Refuse]);
    stage.let_go(N1);
    let expected =
        ["send 1 to n2", "answer 0", "send 2 to n2", "disk [10]", "send 3 to n2", "send 4 to n2", "refuse 1"];
    assert_eq!(journal(&mut stage), expected);
    stage.ask(N1, vec![Reply]);
    assert_eq!(journal(&mut stage), ["answer 2"], "the next batch has nothing to wait for");
}

fn group_commit<S: Stage>() {
    let mut stage = three::<S>();
    stage.hold(N1);
    for record in 1..=3 {
        stage.ask(N1, vec![Persist(record), Reply]);
    }
    stage.let_go(N1);
    assert_eq!(journal(&mut stage), ["disk [1, 2, 3]", "answer 0", "answer 1", "answer 2"]);
}

fn during_a_write<S: Stage>() {
    let mut stage = three::<S>();
    for record in 1..=3 {
        stage.ask(N1, vec![Send(N2, record), Persist(record), Reply]);
        assert!(stage.is_writing(N1));
    }
    let expected = [
        "send 1 to n2",
        "disk [1]",
        "answer 0",
        "send 2 to n2",
        "disk [1, 2, 3]",
        "answer 1",
        "send 3 to n2",
        "answer 2",
    ];
    assert_eq!(journal(&mut stage), expected);
}

fn write_behind_waits_for_nothing<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![WriteBehind(1), Reply]);
    assert!(!stage.is_writing(N1));
    assert_eq!(journal(&mut stage), ["answer 0"]);
    assert_eq!(reborn(&mut stage), "disk []");
}

fn persist_covers_what_is_behind<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![WriteBehind(1), Reply]);
    stage.ask(N1, vec![WriteBehind(2), Persist(3), WriteBehind(4), Reply]);
    assert_eq!(journal(&mut stage), ["answer 0", "disk [1, 2, 3]", "answer 1"]);
    stage.ask(N1, vec![Persist(5), Reply]);
    assert_eq!(journal(&mut stage), ["disk [1, 2, 3, 4, 5]", "answer 2"]);
    stage.ask(N1, vec![WriteBehind(6)]);
    assert_eq!(reborn(&mut stage), "disk [1, 2, 3, 4, 5]");
}

fn nobody_to_send_to<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Send(N1, 1), Send(NodeId::new(4), 2), Send(NodeId::new(u16::MAX), 3), Send(N2, 4)]);
    assert_eq!(journal(&mut stage), ["send 4 to n2"]);
    assert_eq!(super::inputs(&mut stage), ["request 0"], "nothing came back");
}

fn one_answer<S: Stage>() {
    let mut stage = three::<S>();
    let first = stage.ask(N1, vec![Refuse, Reply]).expect("n1 runs");
    let later = stage.ask(N1, vec![]).expect("n1 runs");
    stage.ask(N1, vec![ReplyTo(first.0), ReplyTo(later.0), ReplyTo(u64::MAX)]);
    stage.ask(N1, vec![Reply, Persist(1), Refuse, ReplyTo(later.0)]);
    assert_eq!(journal(&mut stage), ["refuse 0", "answer 1", "answer 3", "disk [1]"]);
}

fn a_start_is_a_batch<S: Stage>() {
    let at_once = SetTimer('a', 0, vec![Persist(6), Send(N2, 3)]);
    let on_start = vec![Send(N2, 1), at_once, Persist(5), Send(N2, 2)];
    let mut stage = S::running(&Setup { on_start, ..Setup::default() });
    stage.pass(BOOT);
    let expected = ["send 1 to n2", "disk [5]", "send 2 to n2", "disk [5, 6]", "send 3 to n2"];
    assert_eq!(journal(&mut stage), expected);
}
