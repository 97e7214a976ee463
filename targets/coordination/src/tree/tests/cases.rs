//! Single situations.

use ordalia_node::{
    Change, CoordinationAnswer, CreateMode, ErrorCode, Event, SessionNumber, Value, WatchMode, WriteOp,
};
use ordalia_raft::StateMachine;
use serde_json::json;

use crate::bugs::{Bug, Bugs};
use crate::tree::Tree;
use crate::tree::command::{Action, Command, Query, Reply, View, Writer};

fn act(tree: &mut Tree, action: Action) -> Reply {
    tree.apply(&Command { action, bugs: Bugs::default() })
}

fn open(tree: &mut Tree) -> SessionNumber {
    match act(tree, Action::Open(1000)).unwrap() {
        CoordinationAnswer::SessionOpened { session } => session,
        other => panic!("{other:?}"),
    }
}

fn create(path: &str, mode: CreateMode) -> WriteOp {
    WriteOp::Create { path: path.to_owned(), value: json!(path), mode }
}

fn set(path: &str, value: Value, version: Option<u64>) -> WriteOp {
    WriteOp::Set { path: path.to_owned(), value, version }
}

fn remove(path: &str) -> WriteOp {
    WriteOp::Remove { path: path.to_owned(), version: None }
}

fn by(session: SessionNumber) -> Writer {
    Writer { session: Some(session), seq: None }
}

fn write(tree: &mut Tree, op: WriteOp) -> Reply {
    act(tree, Action::Write(op, Writer::default()))
}

fn make(tree: &mut Tree, path: &str) {
    write(tree, create(path, CreateMode::Persistent)).unwrap();
}

fn watch(tree: &mut Tree, session: SessionNumber, path: &str, view: View, mode: WatchMode) -> Reply {
    act(tree, Action::Watch { session, path: path.to_owned(), view, mode })
}

fn code(reply: Reply) -> ErrorCode {
    reply.unwrap_err().code
}

fn names(tree: &Tree, path: &str) -> Vec<String> {
    match tree.query(&Query::Look(View::Children, path.to_owned())).unwrap() {
        CoordinationAnswer::Listing { names, .. } => names,
        other => panic!("{other:?}"),
    }
}

fn exists(tree: &Tree, path: &str) -> bool {
    tree.nodes.get(path).is_some()
}

fn told(tree: &Tree, session: SessionNumber) -> Vec<(u64, String, Change)> {
    let events: Vec<Event> = tree.events_after(session, 0).unwrap();
    events.into_iter().map(|event| (event.number, event.path, event.what)).collect()
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let mut tree = Tree::default();
    let session = open(&mut tree);
    make(&mut tree, "/a");
    act(&mut tree, Action::Write(create("/e", CreateMode::Ephemeral), by(session))).unwrap();
    let before = tree.clone();
    for (op, expected) in [
        (create("/a", CreateMode::Persistent), ErrorCode::KeyAlreadyExists),
        (create("/", CreateMode::Persistent), ErrorCode::KeyAlreadyExists),
        (create("/b/c", CreateMode::Persistent), ErrorCode::KeyDoesNotExist),
        (create("/e/c", CreateMode::Persistent), ErrorCode::MalformedRequest),
        (create("/a/", CreateMode::Persistent), ErrorCode::MalformedRequest),
        (create("/c", CreateMode::Ephemeral), ErrorCode::MalformedRequest),
        (create("no/slash", CreateMode::Sequential), ErrorCode::KeyDoesNotExist),
        (set("/b", json!(1), None), ErrorCode::KeyDoesNotExist),
        (set("/a", json!(1), Some(1)), ErrorCode::PreconditionFailed),
        (remove("/"), ErrorCode::MalformedRequest),
        (remove("/b"), ErrorCode::KeyDoesNotExist),
    ] {
        assert_eq!(code(write(&mut tree, op.clone())), expected, "{op:?}");
    }
    make(&mut tree, "/a/b");
    assert_eq!(code(write(&mut tree, remove("/a"))), ErrorCode::PreconditionFailed, "it has children");
    write(&mut tree, remove("/a/b")).unwrap();
    assert_eq!(tree.zxid, before.zxid + 2);
    assert_eq!(code(act(&mut tree, Action::Open(199))), ErrorCode::MalformedRequest);
    assert_eq!(code(act(&mut tree, Action::Close(99))), ErrorCode::SessionExpired);
}

#[test]
fn sequential_names_count_beneath_each_parent() {
    let mut tree = Tree::default();
    for path in ["/a", "/b"] {
        make(&mut tree, path);
    }
    for _ in 0..2 {
        write(&mut tree, create("/a/s-", CreateMode::Sequential)).unwrap();
    }
    write(&mut tree, remove("/a/s-0000000001")).unwrap();
    write(&mut tree, create("/a/t-", CreateMode::Sequential)).unwrap();
    write(&mut tree, create("/b/7", CreateMode::Sequential)).unwrap();
    write(&mut tree, create("/b/", CreateMode::Sequential)).unwrap();
    assert_eq!(names(&tree, "/a"), ["s-0000000000", "t-0000000002"], "a number is not given twice");
    assert_eq!(names(&tree, "/b"), ["0000000001", "70000000000"]);
}

#[test]
fn a_multi_is_carried_out_whole_or_not_at_all() {
    let mut tree = Tree::default();
    make(&mut tree, "/a");
    let before = tree.clone();
    let ops = vec![
        create("/a/b", CreateMode::Persistent),
        set("/a", json!(2), Some(0)),
        create("/a/s", CreateMode::Sequential),
        remove("/a/b"),
        WriteOp::Check { path: "/a".into(), version: Some(7) },
    ];
    let refusal = act(&mut tree, Action::Multi(ops.clone(), Writer::default())).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::PreconditionFailed);
    assert!(refusal.text.contains("operation 4"), "{refusal}");
    assert_eq!(tree, before);
    act(&mut tree, Action::Multi(ops[..4].to_vec(), Writer::default())).unwrap();
    assert_eq!(tree.zxid, before.zxid + 1, "one change");
    assert_eq!(names(&tree, "/a"), ["s0000000000"]);
    let planted = |bug: Option<Bug>| {
        let mut bugs = Bugs::default();
        bug.into_iter().for_each(|bug| bugs.plant(bug));
        let action = Action::Multi(vec![set("/a", json!(3), Some(0))], Writer::default());
        Command { action, bugs }
    };
    assert!(tree.apply(&planted(None)).is_err());
    assert!(tree.apply(&planted(Some(Bug::VersionIgnored))).is_ok());
}

#[test]
fn ephemerals_go_with_their_session() {
    let mut tree = Tree::default();
    let (first, second) = (open(&mut tree), open(&mut tree));
    for (path, session) in [("/x", first), ("/y", second), ("/z", first)] {
        act(&mut tree, Action::Write(create(path, CreateMode::Ephemeral), by(session))).unwrap();
    }
    watch(&mut tree, second, "/", View::Children, WatchMode::Persistent).unwrap();
    act(&mut tree, Action::Expire { session: first, known_from: 0 }).unwrap();
    assert_eq!(names(&tree, "/"), ["y"]);
    let children = |number| (number, "/".to_owned(), Change::Children);
    assert_eq!(told(&tree, second), [children(1), children(2)]);
    act(&mut tree, Action::Close(second)).unwrap();
    assert_eq!((names(&tree, "/").len(), tree.watch_count()), (0, 0));
}

#[test]
fn a_leak_spares_what_is_older_than_the_leaders_office() {
    let mut tree = Tree::default();
    let session = open(&mut tree);
    act(&mut tree, Action::Write(create("/old", CreateMode::Ephemeral), by(session))).unwrap();
    let known_from = tree.zxid;
    act(&mut tree, Action::Write(create("/new", CreateMode::Ephemeral), by(session))).unwrap();
    let mut bugs = Bugs::default();
    bugs.plant(Bug::EphemeralLeak);
    tree.apply(&Command { action: Action::Expire { session, known_from }, bugs }).unwrap();
    assert!(exists(&tree, "/old") && !exists(&tree, "/new"));
}

#[test]
fn a_one_shot_watch_tells_once_and_a_persistent_one_each_time() {
    let mut tree = Tree::default();
    let (once, always) = (open(&mut tree), open(&mut tree));
    let absent = watch(&mut tree, once, "/a", View::Data, WatchMode::Once);
    assert_eq!(code(absent), ErrorCode::KeyDoesNotExist, "only exists watches what is absent");
    watch(&mut tree, once, "/a", View::Existence, WatchMode::Once).unwrap();
    watch(&mut tree, always, "/a", View::Existence, WatchMode::Persistent).unwrap();
    make(&mut tree, "/a");
    write(&mut tree, set("/a", json!(2), None)).unwrap();
    make(&mut tree, "/a/b");
    write(&mut tree, remove("/a/b")).unwrap();
    write(&mut tree, remove("/a")).unwrap();
    let path = || "/a".to_owned();
    assert_eq!(told(&tree, once), [(1, path(), Change::Created)]);
    use Change::{Changed, Children, Created, Removed};
    let all: Vec<Change> = told(&tree, always).into_iter().map(|(.., what)| what).collect();
    assert_eq!(all, [Created, Changed, Children, Children, Removed]);
    act(&mut tree, Action::Taken(always, 3)).unwrap();
    assert_eq!(told(&tree, always), [(4, path(), Children), (5, path(), Removed)]);
    act(&mut tree, Action::Unwatch(always, "/a".into())).unwrap();
    make(&mut tree, "/a");
    assert_eq!(told(&tree, always).len(), 2);
}

#[test]
fn a_repeated_write_is_answered_from_memory() {
    let mut tree = Tree::default();
    let session = open(&mut tree);
    let writer = |seq| Writer { session: Some(session), seq: Some(seq) };
    let queue = |seq| Action::Write(create("/q-", CreateMode::Sequential), writer(seq));
    let first = act(&mut tree, queue(4));
    assert_eq!(act(&mut tree, queue(4)), first);
    assert_eq!(code(act(&mut tree, queue(3))), ErrorCode::MalformedRequest);
    let mut tree = Tree::restore(tree.snapshot());
    assert_eq!(act(&mut tree, queue(4)), first, "also over a snapshot");
    act(&mut tree, queue(5)).unwrap();
    assert_eq!(names(&tree, "/").len(), 2);
}

#[test]
fn the_simple_form_creates_what_is_absent() {
    let mut tree = Tree::default();
    let put = |value| Action::Put("/a/b/c".into(), json!(value));
    act(&mut tree, put(1)).unwrap();
    act(&mut tree, put(2)).unwrap();
    let CoordinationAnswer::Got { value, stat } =
        tree.query(&Query::Look(View::Data, "/a/b/c".into())).unwrap()
    else {
        panic!("no value");
    };
    assert_eq!((value, stat.version, stat.created, stat.modified), (json!(2), 1, 1, 2));
    let swap = |from, to| Action::Swap("/a".into(), from, to, false);
    assert_eq!(code(act(&mut tree, swap(json!(1), json!(2)))), ErrorCode::PreconditionFailed);
    act(&mut tree, swap(Value::Null, json!(2))).unwrap();
}

#[test]
fn a_session_about_to_end_is_not_told_that_it_lives() {
    let mut tree = Tree::default();
    let session = open(&mut tree);
    assert!(tree.query(&Query::Heartbeat(session, 0)).is_ok());
    tree.set_closing(session);
    assert_eq!(code(tree.query(&Query::Heartbeat(session, 0))), ErrorCode::TemporarilyUnavailable);
    tree.clear_closing();
    assert!(tree.query(&Query::Heartbeat(session, 0)).is_ok());
    assert_eq!(code(tree.query(&Query::Heartbeat(session + 1, 0))), ErrorCode::SessionExpired);
}

#[test]
fn a_damaged_snapshot_restores_what_fits() {
    let snapshot = json!({"zxid": u64::MAX, "sessions": [], "nodes": [
        {"p": "/lost/child", "v": 1, "s": {"version": u64::MAX, "children_version": u64::MAX,
            "created": 0, "modified": 0, "owner": 7}},
        {"p": "wrong", "v": 1, "s": {"version": 0, "children_version": 0, "created": 0, "modified": 0,
            "owner": null}},
        {"p": "/kept", "v": 1, "n": u64::MAX, "s": {"version": u64::MAX, "children_version": u64::MAX,
            "created": 0, "modified": 0, "owner": null}},
    ]});
    let mut tree = Tree::restore(serde_json::from_value(snapshot).unwrap());
    assert_eq!(names(&tree, "/"), ["kept"]);
    write(&mut tree, set("/kept", json!(2), None)).unwrap();
    make(&mut tree, "/kept/x");
    write(&mut tree, create("/kept/", CreateMode::Sequential)).unwrap();
    assert_eq!(code(write(&mut tree, create("/kept/", CreateMode::Sequential))), ErrorCode::MalformedRequest);
    open(&mut tree);
}
