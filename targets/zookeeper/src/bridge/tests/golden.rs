//! The protocol, byte for byte.

use ordalia_node::CreateMode;

use crate::Code;
use crate::bridge::protocol::{
    Befallen, Message, NodeStat, Op, Outcome, Part, Reply, Told, WatchLists, Write, reply,
};
use crate::jute::Malformed;

/// Bytes as they are written in hex, with blanks for the eye.
fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn requests_are_those_bytes() {
    let path = || "/a".to_owned();
    let lists = WatchLists { since: 9, data: vec![path()], children: vec![path()], ..WatchLists::default() };
    for (op, bytes) in [
        (Op::Ping, "00000008 fffffffe 0000000b"),
        (Op::Close, "00000008 00000007 fffffff5"),
        (Op::Sync, "0000000d 00000007 00000009 00000001 2f"),
        (Op::Exists { path: path(), watch: true }, "0000000f 00000007 00000003 00000002 2f61 01"),
        (Op::Get { path: path(), watch: false }, "0000000f 00000007 00000004 00000002 2f61 00"),
        (Op::Children { path: path(), watch: true }, "0000000f 00000007 0000000c 00000002 2f61 01"),
        (Op::AddWatch { path: path() }, "00000012 00000007 0000006a 00000002 2f61 00000000"),
        (Op::RemoveWatches { path: path() }, "00000012 00000007 00000012 00000002 2f61 00000003"),
        (
            Op::SetWatches(lists),
            "00000030 00000007 00000069 0000000000000009 00000001 00000002 2f61 00000000 \
             00000001 00000002 2f61 00000000 00000000",
        ),
    ] {
        assert_eq!(op.frame(7), hex(bytes), "{op:?}");
    }
}

#[test]
fn a_transaction_is_those_bytes() {
    let path = || "/a".to_owned();
    let op = Op::Multi(vec![
        Write::Create { path: path(), data: b"1".to_vec(), mode: CreateMode::EphemeralSequential },
        Write::Delete { path: path(), version: None },
        Write::Set { path: path(), data: Vec::new(), version: Some(3) },
        Write::Check { path: path(), version: Some(u64::MAX) },
    ]);
    let expected = "00000081 00000007 0000000e \
         00000001 00 ffffffff 00000002 2f61 00000001 31 \
           00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000003 \
         00000002 00 ffffffff 00000002 2f61 ffffffff \
         00000005 00 ffffffff 00000002 2f61 00000000 00000003 \
         0000000d 00 ffffffff 00000002 2f61 7fffffff \
         ffffffff 01 ffffffff";
    assert_eq!(op.frame(7), hex(expected));
}

const STAT: &str = "0000000000000010 0000000000000011 0000000000000000 0000000000000000 \
     00000002 00000003 00000000 0000000000000005 00000000 00000000 0000000000000010";

fn stat() -> NodeStat {
    NodeStat { czxid: 16, mzxid: 17, version: 2, cversion: 3, owner: 5 }
}

#[test]
fn replies_are_read() {
    let path = || "/a".to_owned();
    let head = "00000007 0000000000000020 00000000";
    for (op, bytes, outcome) in [
        (Op::Sync, format!("{head} 00000001 2f"), Outcome::Done),
        (Op::Ping, "fffffffe 0000000000000020 00000000".to_owned(), Outcome::Done),
        (Op::Exists { path: path(), watch: true }, format!("{head} {STAT}"), Outcome::Stat(stat())),
        (
            Op::Get { path: path(), watch: false },
            format!("{head} 00000001 35 {STAT}"),
            Outcome::Data(b"5".to_vec(), stat()),
        ),
        (
            Op::Children { path: path(), watch: false },
            format!("{head} 00000001 00000001 62 {STAT}"),
            Outcome::Children(vec!["b".to_owned()], stat()),
        ),
        (
            Op::Get { path: path(), watch: false },
            "00000007 0000000000000020 ffffff9b".to_owned(),
            Outcome::Refused(Code::NO_NODE),
        ),
    ] {
        assert_eq!(reply(&op, 7, &hex(&bytes)), Ok(Reply { zxid: 32, outcome }), "{op:?}");
    }
}

#[test]
fn replies_to_transactions_are_read() {
    let check = || Write::Check { path: "/a".to_owned(), version: None };
    let head = "00000007 0000000000000020 00000000";
    let end = "ffffffff 01 ffffffff";
    let done = format!(
        "{head} 00000005 00 00000000 {STAT} 00000001 00 00000000 00000002 2f61 0000000d 00 00000000 {end}"
    );
    let parts = vec![Part::Stat(stat()), Part::Path("/a".to_owned()), Part::Done];
    let op = Op::Multi(vec![check(), check(), check()]);
    assert_eq!(reply(&op, 7, &hex(&done)).unwrap().outcome, Outcome::Parts(parts));
    let error = |code: &str| format!("ffffffff 00 {code} {code}");
    let refused = format!("{head} {} {} {} {end}", error("00000000"), error("ffffff99"), error("fffffffe"));
    let outcome = Outcome::RefusedAt(1, Code::BAD_VERSION);
    assert_eq!(reply(&op, 7, &hex(&refused)).unwrap().outcome, outcome);
    // Fewer parts than were asked for, more, and one of a kind that nobody asked for.
    for wrong in [
        format!("{head} {end}"),
        format!("{head} {} {end}", "0000000d 00 00000000".repeat(4)),
        format!("{head} 00000063 00 00000000 {end}"),
        head.to_owned(),
    ] {
        assert_eq!(reply(&op, 7, &hex(&wrong)), Err(Malformed), "{wrong}");
    }
}

#[test]
fn what_watches_tell_is_no_reply() {
    let told = "ffffffff ffffffffffffffff 00000000 00000003 00000003 00000002 2f61";
    let expected = Told { path: "/a".to_owned(), what: Befallen::DataChanged };
    assert_eq!(Message::read(&hex(told)), Ok(Message::Told(expected)));
    let state = "ffffffff ffffffffffffffff 00000000 ffffffff 00000003 00000000";
    assert_eq!(Message::read(&hex(state)), Ok(Message::Other));
    let answer = "00000007 0000000000000020 00000000";
    assert_eq!(Message::read(&hex(answer)), Ok(Message::Reply { xid: 7 }));
    assert_eq!(Message::read(&[0, 0]), Err(Malformed));
    // A reply to something else.
    assert_eq!(reply(&Op::Sync, 8, &hex(answer)), Err(Malformed));
}
