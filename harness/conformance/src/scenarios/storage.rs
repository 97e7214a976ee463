//! What survives.

use std::collections::BTreeSet;

use super::{Entry, N1, N2, journal, reborn, three};
use crate::Deed::{Persist, Reply, Send, Snapshot, WriteBehind};
use crate::{BOOT, Stage};

pub(super) fn scenarios<S: Stage>() -> Vec<Entry> {
    vec![
        (
            "what-is-durable-survives",
            "a start finds all that was durable, in order, however often it starts",
            durable_survives::<S>,
        ),
        (
            "a-write-cut-short",
            "of a write cut short the first records survive, a torn one is cut off, and nothing that waited has left",
            a_write_cut_short::<S>,
        ),
        (
            "a-snapshot-cut-short",
            "a snapshot cut short replaces all that is stored or nothing, and nothing that waited has left before",
            a_snapshot_cut_short::<S>,
        ),
        (
            "a-snapshot-replaces-all",
            "a snapshot replaces what is stored and what was written ahead of it, and records follow it",
            a_snapshot_replaces_all::<S>,
        ),
        ("damage-is-no-empty-disk", "a node whose stored records are damaged does not start", damage::<S>),
    ]
}

/// Enough to reach all points at which a write can be cut short.
const DOOMS: u32 = 80;

fn durable_survives<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Persist(1), Persist(2), Reply]);
    stage.settle(N1);
    assert_eq!(reborn(&mut stage), "disk [1, 2]");
    stage.ask(N1, vec![Persist(3)]);
    stage.settle(N1);
    assert_eq!(reborn(&mut stage), "disk [1, 2, 3]");
    assert_eq!(reborn(&mut stage), "disk [1, 2, 3]");
}

/// Has a write cut short in all ways; what survived, and what had left.
fn cut_short<S: Stage>(script: &[crate::Deed], mut judge: impl FnMut(&mut S, &str, &[String])) {
    for doom in 0..DOOMS {
        let mut stage = three::<S>();
        stage.ask(N1, vec![Persist(1), Reply]);
        journal(&mut stage);
        stage.doom(N1, doom);
        stage.ask(N1, script.to_vec());
        stage.pass(BOOT);
        assert!(!stage.is_up(N1), "a doomed process ends");
        let happened = stage.journal(N1);
        let survived = reborn(&mut stage);
        judge(&mut stage, &survived, &happened);
    }
}

fn a_write_cut_short<S: Stage>() {
    const ALL: &str = "disk [1, 2, 3, 4]";
    let mut outcomes = BTreeSet::new();
    let script = [Send(N2, 1), Persist(2), WriteBehind(3), Persist(4), WriteBehind(5), Send(N2, 2), Reply];
    cut_short::<S>(&script, |stage, survived, happened| {
        assert!(["disk [1]", "disk [1, 2]", "disk [1, 2, 3]", ALL].contains(&survived), "{survived}");
        assert_eq!(happened[0], "send 1 to n2", "nothing held it back");
        let has_left = happened.len() > 1;
        if has_left {
            assert_eq!(happened[1], ALL);
            assert_eq!(survived, ALL);
        }
        stage.ask(N1, vec![Persist(9)]);
        stage.settle(N1);
        assert_eq!(reborn(stage), format!("{}, 9]", survived.trim_end_matches(']')), "what follows is whole");
        outcomes.insert((survived.to_owned(), has_left));
    });
    let survivors: BTreeSet<&str> = outcomes.iter().map(|(survived, _)| survived.as_str()).collect();
    assert!(survivors.len() > 2 && survivors.contains("disk [1]"), "{outcomes:?}");
    let both_ends = [(ALL.to_owned(), false), (ALL.to_owned(), true)];
    assert!(both_ends.iter().all(|end| outcomes.contains(end)), "{outcomes:?}");
}

fn a_snapshot_cut_short<S: Stage>() {
    const AFTER: &str = "disk 7 [8, 9]";
    let mut outcomes = BTreeSet::new();
    let script = [WriteBehind(6), Snapshot(7, vec![8]), Persist(9), WriteBehind(10), Send(N2, 2), Reply];
    cut_short::<S>(&script, |stage, survived, happened| {
        assert!(["disk [1]", AFTER].contains(&survived), "{survived}");
        if let Some(first) = happened.first() {
            assert_eq!((first.as_str(), survived), (AFTER, AFTER));
        }
        stage.ask(N1, vec![Snapshot(11, vec![]), Persist(12)]);
        stage.settle(N1);
        assert_eq!(reborn(stage), "disk 11 [12]");
        outcomes.insert((survived.to_owned(), happened.len() > 1));
    });
    let all = [("disk [1]", false), (AFTER, false), (AFTER, true)];
    assert_eq!(outcomes, all.map(|(survived, left)| (survived.to_owned(), left)).into());
}

fn a_snapshot_replaces_all<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Persist(1), WriteBehind(2)]);
    stage.settle(N1);
    let script = [WriteBehind(3), Persist(4), Send(N2, 1), Snapshot(5, vec![6]), Send(N2, 2), WriteBehind(7)];
    stage.ask(N1, script.to_vec());
    assert_eq!(journal(&mut stage), ["disk [1]", "disk 5 [6]", "send 1 to n2", "send 2 to n2"]);
    stage.ask(N1, vec![Persist(8), Reply]);
    assert_eq!(journal(&mut stage), ["disk 5 [6, 7, 8]", "answer 2"]);
    stage.ask(N1, vec![Snapshot(9, vec![1]), Snapshot(10, vec![]), WriteBehind(11), Reply]);
    assert_eq!(journal(&mut stage), ["disk 10 []", "answer 3"], "of two in one batch the last counts");
    assert_eq!(reborn(&mut stage), "disk 10 []");
}

fn damage<S: Stage>() {
    for script in [vec![Persist(1), Persist(2), Persist(3)], vec![Snapshot(123, vec![])]] {
        let mut stage = three::<S>();
        assert!(!stage.damage(N1), "nothing is stored");
        stage.ask(N1, script);
        stage.settle(N1);
        stage.kill(N1);
        assert!(stage.damage(N1));
        stage.journal(N1);
        for _ in 0..2 {
            assert!(!stage.start(N1) && !stage.is_up(N1));
        }
        assert_eq!(stage.journal(N1), [""; 0]);
        assert_eq!(stage.seen(N2).map(|seen| seen.len()), Some(1), "the others run on");
    }
}
