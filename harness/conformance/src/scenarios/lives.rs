//! What a life of a process begins and ends with.

use super::{Entry, N1, N2, inputs, journal, reborn, three};
use crate::Deed::{Panic, Persist, Reply, ReplyTo, Send, SetTimer, WriteBehind};
use crate::{BOOT, SYNC, Setup, Stage};

pub(super) fn scenarios<S: Stage>() -> Vec<Entry> {
    vec![
        (
            "a-new-life",
            "a restart forgets timers, tickets and inputs that waited, and nothing else of the disk",
            a_new_life::<S>,
        ),
        ("nobody-at-home", "a node that does not run takes nothing in and says nothing", nobody_at_home::<S>),
        ("held", "a node that is held does nothing, and everything after it", held::<S>),
        ("a-panic", "a panic ends the node with the batch in which it came, and nothing else", a_panic::<S>),
        ("a-panic-at-the-start", "a node that panics when it starts does not run", panic_at_start::<S>),
        (
            "messages-as-they-come",
            "messages that come twice, late or out of order are handed over as they come",
            as_they_come::<S>,
        ),
        ("one-at-a-time", "what one node is told, another one never sees", one_at_a_time::<S>),
    ]
}

fn a_new_life<S: Stage>() {
    let mut stage = three::<S>();
    let timer = SetTimer('a', 5_000, vec![Send(N2, 1)]);
    // In a new life a host may give the first tickets again, so the one that counts is a later one.
    stage.ask(N1, vec![Persist(1), timer]);
    stage.ask(N1, vec![WriteBehind(2)]);
    let old = stage.ask(N1, vec![]).expect("n1 runs");
    stage.settle(N1);
    stage.hold(N1);
    stage.ask(N1, vec![Persist(3), Reply]);
    stage.tell(N2, N1, 7, vec![Send(N2, 2)]);
    stage.journal(N1);
    assert_eq!(reborn(&mut stage), "disk [1]");
    stage.pass(10 * BOOT);
    assert_eq!(inputs(&mut stage), [""; 0]);
    stage.ask(N1, vec![ReplyTo(old.0), Send(N2, 3)]);
    assert_eq!(journal(&mut stage), ["send 3 to n2"]);
}

fn nobody_at_home<S: Stage>() {
    let mut stage = S::new(&Setup::default());
    assert!(!stage.is_up(N1) && stage.status(N1).is_none());
    assert!(stage.ask(N1, vec![Reply]).is_none());
    stage.tell(N2, N1, 7, vec![Send(N2, 1)]);
    assert!(stage.start(N1));
    assert_eq!(stage.seen(N1).expect("n1 runs"), ["start with disk []"]);
    stage.kill(N1);
    assert!(stage.status(N1).is_none() && stage.ask(N1, vec![Reply]).is_none());
    stage.pass(BOOT);
    assert!(!stage.is_up(N1), "nobody has started it");
    assert_eq!(stage.journal(N1), [""; 0]);
}

fn held<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![SetTimer('a', 1_000, vec![Send(N2, 2)])]);
    stage.hold(N1);
    stage.ask(N1, vec![Send(N2, 1), Persist(1), Reply]);
    stage.pass(5 * BOOT);
    assert!(stage.status(N1).is_none() && stage.is_up(N1) && !stage.is_writing(N1));
    assert_eq!(stage.journal(N1), [""; 0]);
    stage.let_go(N1);
    stage.pass(SYNC);
    assert_eq!(journal(&mut stage), ["send 1 to n2", "disk [1]", "answer 1", "send 2 to n2"]);
}

fn a_panic<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Persist(1), WriteBehind(2), SetTimer('a', 1_000, vec![Send(N2, 1)]), Reply]);
    assert_eq!(journal(&mut stage), ["disk [1]", "answer 0"]);
    stage.hold(N1);
    stage.ask(N1, vec![Send(N2, 2), Reply, Persist(3)]);
    stage.ask(N1, vec![Send(N2, 3), Panic]);
    stage.ask(N1, vec![Send(N2, 4), Reply]);
    stage.let_go(N1);
    assert!(!stage.is_up(N1));
    stage.pass(5 * BOOT);
    assert_eq!(stage.journal(N1), [""; 0]);
    stage.ask(N2, vec![Reply]);
    assert_eq!(stage.journal(N2), ["answer 4"], "the others run on");
    assert_eq!(reborn(&mut stage), "disk [1]");
    stage.ask(N1, vec![Reply]);
    assert_eq!(journal(&mut stage), ["answer 5"]);
}

fn panic_at_start<S: Stage>() {
    let mut stage = S::new(&Setup { on_start: vec![Send(N2, 1), Persist(1), Panic], ..Setup::default() });
    for _ in 0..2 {
        assert!(!stage.start(N1) && !stage.is_up(N1));
    }
    stage.pass(BOOT);
    assert_eq!(stage.journal(N1), [""; 0]);
}

fn as_they_come<S: Stage>() {
    let mut stage = three::<S>();
    for word in [1, 2, 2, 1] {
        stage.tell(N2, N1, word, vec![Send(N2, word)]);
        stage.pass(BOOT);
    }
    assert_eq!(inputs(&mut stage), ["1 from n2", "2 from n2", "2 from n2", "1 from n2"]);
    assert_eq!(journal(&mut stage), ["send 1 to n2", "send 2 to n2", "send 2 to n2", "send 1 to n2"]);
    stage.kill(N1);
    assert!(stage.start(N1));
    stage.tell(N2, N1, 3, vec![Send(N2, 9)]);
    assert_eq!(inputs(&mut stage), ["3 from n2"], "a message of old is as good as a new one");
}

fn one_at_a_time<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Persist(1), Reply]);
    stage.ask(N2, vec![Persist(2), Reply]);
    assert_eq!(journal(&mut stage), ["disk [1]", "answer 0"]);
    stage.settle(N2);
    assert_eq!(stage.journal(N2), ["disk [2]", "answer 1"]);
    stage.kill(N1);
    assert_eq!(stage.seen(N2).expect("n2 runs"), ["start with disk []", "request 1"]);
}
