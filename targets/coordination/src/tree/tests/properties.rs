//! Random commands on the tree and on the model, and what must be equal after each.

use std::collections::BTreeMap;

use ordalia_node::{CoordinationAnswer, CreateMode, SessionNumber, Value, WatchMode, WriteOp};
use ordalia_raft::StateMachine;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::model::Naive;
use crate::bugs::Bugs;
use crate::tree::Tree;
use crate::tree::command::{Action, Command, Query, Reply, View, Writer};

const PATHS: &[&str] =
    &["/a", "/b", "/a/x", "/a/y", "/a/x/z", "/b/s-", "/", "/a/", "wrong", "/a/x0000000000"];

/// A command whose sessions are places in the list of those opened so far.
#[derive(Clone, Debug)]
enum Step {
    Command(Action),
    /// The tree is stored and read back.
    Restore,
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => (0..6usize).prop_map(|place| PATHS[place].to_owned()),
        1 => (6..PATHS.len()).prop_map(|place| PATHS[place].to_owned()),
    ]
}

fn mode() -> impl Strategy<Value = CreateMode> {
    prop_oneof![
        3 => Just(CreateMode::Persistent),
        2 => Just(CreateMode::Ephemeral),
        1 => Just(CreateMode::Sequential),
        1 => Just(CreateMode::EphemeralSequential),
    ]
}

fn version() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![3 => Just(None), 2 => (0..3u64).prop_map(Some)]
}

fn op() -> impl Strategy<Value = WriteOp> {
    let value = || (0..100u64).prop_map(Value::from);
    prop_oneof![
        4 => (path(), value(), mode()).prop_map(|(path, value, mode)| WriteOp::Create { path, value, mode }),
        3 => (path(), value(), version()).prop_map(|(path, value, version)| WriteOp::Set { path, value, version }),
        2 => (path(), version()).prop_map(|(path, version)| WriteOp::Remove { path, version }),
        1 => (path(), version()).prop_map(|(path, version)| WriteOp::Check { path, version }),
    ]
}

fn writer() -> impl Strategy<Value = Writer> {
    let seq = || proptest::option::weighted(0.3, 0..6u64);
    (proptest::option::weighted(0.7, 0..5u64), seq()).prop_map(|(session, seq)| Writer { session, seq })
}

fn step() -> impl Strategy<Value = Step> {
    let view = prop_oneof![Just(View::Data), Just(View::Existence), Just(View::Children)];
    let watch = (0..5u64, path(), view, any::<bool>()).prop_map(|(session, path, view, once)| {
        let mode = if once { WatchMode::Once } else { WatchMode::Persistent };
        Action::Watch { session, path, view, mode }
    });
    let action = prop_oneof![
        1 => Just(Action::Open(1000)),
        12 => (op(), writer()).prop_map(|(op, writer)| Action::Write(op, writer)),
        4 => (proptest::collection::vec(op(), 0..5), writer()).prop_map(|(ops, by)| Action::Multi(ops, by)),
        5 => watch,
        1 => (0..5u64, path()).prop_map(|(session, path)| Action::Unwatch(session, path)),
        1 => (0..5u64, any::<bool>()).prop_map(|(session, is_close)| match is_close {
            true => Action::Close(session),
            false => Action::Expire { session, known_from: 0 },
        }),
        1 => (0..5u64, 0..8u64).prop_map(|(session, number)| Action::Taken(session, number)),
    ];
    prop_oneof![12 => action.prop_map(Step::Command), 1 => Just(Step::Restore)]
}

/// Puts the numbers of sessions in the place of their places.
fn resolve(action: &mut Action, opened: &[SessionNumber]) {
    let number = |place: &mut u64| {
        *place = usize::try_from(*place).ok().and_then(|place| opened.get(place).copied()).unwrap_or(9999);
    };
    match action {
        Action::Open(_) | Action::Put(..) | Action::Swap(..) => {}
        Action::Close(session)
        | Action::Expire { session, .. }
        | Action::Taken(session, _)
        | Action::Watch { session, .. }
        | Action::Unwatch(session, _) => number(session),
        Action::Write(_, writer) | Action::Multi(_, writer) => {
            writer.session.iter_mut().for_each(number);
        }
    }
}

fn created(reply: &Reply) -> Result<Option<String>, ordalia_node::ErrorCode> {
    match reply {
        Ok(CoordinationAnswer::Created { path, .. }) => Ok(Some(path.clone())),
        Ok(_) => Ok(None),
        Err(refusal) => Err(refusal.code),
    }
}

/// Whether all that can be asked of the two is equal.
fn compare(tree: &Tree, naive: &Naive, taken: &BTreeMap<SessionNumber, u64>) -> Result<(), TestCaseError> {
    prop_assert_eq!(tree.zxid(), naive.zxid);
    prop_assert_eq!(tree.node_count(), naive.nodes.len());
    for (path, node) in &naive.nodes {
        let (value, stat) = (node.value.clone(), node.stat);
        let got = tree.query(&Query::Look(View::Data, path.clone()));
        prop_assert_eq!(got, Ok(CoordinationAnswer::Got { value, stat }), "{}", path);
        let listing = CoordinationAnswer::Listing { names: naive.children(path), stat };
        prop_assert_eq!(tree.query(&Query::Look(View::Children, path.clone())), Ok(listing));
    }
    prop_assert_eq!(tree.sessions().len(), naive.sessions.len());
    for (session, state) in &naive.sessions {
        let after = taken.get(session).copied().unwrap_or(0);
        let events = tree.events_after(*session, 0).unwrap_or_default();
        let told: Vec<_> =
            events.into_iter().map(|event| (event.number, (event.zxid, event.path, event.what))).collect();
        let expected: Vec<_> =
            (1..).zip(state.events.iter().cloned()).filter(|(number, _)| *number > after).collect();
        prop_assert_eq!(told, expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn the_tree_does_what_the_model_does(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut tree, mut naive) = (Tree::default(), Naive::new());
        let (mut opened, mut taken) = (Vec::new(), BTreeMap::new());
        for step in steps {
            let Step::Command(mut action) = step else {
                let text = serde_json::to_string(&tree.snapshot()).unwrap();
                let restored = Tree::restore(serde_json::from_str(&text).unwrap());
                prop_assert_eq!(&restored, &tree);
                tree = restored;
                continue;
            };
            resolve(&mut action, &opened);
            let reply = tree.apply(&Command { action: action.clone(), bugs: Bugs::default() });
            prop_assert_eq!(created(&reply), naive.act(&action), "{:?}: {:?}", action, reply);
            match (&action, &reply) {
                (Action::Open(_), Ok(CoordinationAnswer::SessionOpened { session })) => opened.push(*session),
                (Action::Taken(session, number), Ok(_)) => {
                    let taken: &mut u64 = taken.entry(*session).or_default();
                    *taken = (*taken).max((*number).min(naive.sessions[session].events.len() as u64));
                }
                _ => {}
            }
            compare(&tree, &naive, &taken)?;
        }
    }
}
