//! The requests of ZooKeeper's protocol that sessions need, as bytes, and the replies to them.
//!
//! Numbers and shapes are those of `ZooDefs.OpCode` and `zookeeper.jute` in ZooKeeper 3.8. The registers' client has
//! five requests of its own; these are those of a client with watches, ephemeral nodes and transactions.

use ordalia_node::CreateMode;

use crate::Code;
use crate::jute::{Malformed, Reader, Writer};

/// The number of a reply that answers a ping.
const PING: i32 = -2;
/// The number of what a watch tells.
const TOLD: i32 = -1;

/// One write of a transaction. A version is the expected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Write {
    Create { path: String, data: Vec<u8>, mode: CreateMode },
    Delete { path: String, version: Option<u64> },
    Set { path: String, data: Vec<u8>, version: Option<u64> },
    Check { path: String, version: Option<u64> },
}

/// All that a session watches, for another server to take up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WatchLists {
    /// The last transaction that the client knows of. What changed since is told at once.
    pub since: i64,
    pub data: Vec<String>,
    pub existence: Vec<String>,
    pub children: Vec<String>,
    pub persistent: Vec<String>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Ping,
    Close,
    /// Has the server catch up with its leader before it serves what comes next.
    Sync,
    Exists {
        path: String,
        watch: bool,
    },
    Get {
        path: String,
        watch: bool,
    },
    Children {
        path: String,
        watch: bool,
    },
    /// All or none.
    Multi(Vec<Write>),
    /// Tells of all changes of a path, until it is taken back.
    AddWatch {
        path: String,
    },
    /// Takes all watches of a path back.
    RemoveWatches {
        path: String,
    },
    SetWatches(WatchLists),
}

impl Op {
    /// The message, under that number; a ping has a number of its own.
    pub fn frame(&self, xid: i32) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Op::Ping => writer.int(PING).int(11),
            Op::Close => writer.int(xid).int(-11),
            Op::Sync => writer.int(xid).int(9).bytes(b"/"),
            Op::Exists { path, watch } => writer.int(xid).int(3).bytes(path.as_bytes()).flag(*watch),
            Op::Get { path, watch } => writer.int(xid).int(4).bytes(path.as_bytes()).flag(*watch),
            Op::Children { path, watch } => writer.int(xid).int(12).bytes(path.as_bytes()).flag(*watch),
            Op::Multi(writes) => {
                writer.int(xid).int(14);
                for write in writes {
                    write.part(&mut writer);
                }
                writer.int(-1).flag(true).int(-1)
            }
            // 0: persistent, not recursive.
            Op::AddWatch { path } => writer.int(xid).int(106).bytes(path.as_bytes()).int(0),
            // 3: watches of any kind.
            Op::RemoveWatches { path } => writer.int(xid).int(18).bytes(path.as_bytes()).int(3),
            Op::SetWatches(lists) => {
                writer.int(xid).int(105).long(lists.since).texts(&lists.data);
                writer.texts(&lists.existence).texts(&lists.children).texts(&lists.persistent).int(0)
            }
        };
        writer.frame()
    }

    /// Whether a reply of that number is to this request, sent under the other.
    fn is_answered_by(&self, found: i32, xid: i32) -> bool {
        found == if *self == Op::Ping { PING } else { xid }
    }

    fn outcome(&self, mut reader: Reader<'_>) -> Result<Outcome, Malformed> {
        Ok(match self {
            Op::Exists { .. } => Outcome::Stat(NodeStat::read(&mut reader)?),
            Op::Get { .. } => {
                let data = reader.bytes()?.to_vec();
                Outcome::Data(data, NodeStat::read(&mut reader)?)
            }
            Op::Children { .. } => {
                let names = reader.texts()?;
                Outcome::Children(names, NodeStat::read(&mut reader)?)
            }
            Op::Multi(writes) => parts(&mut reader, writes.len())?,
            _ => Outcome::Done,
        })
    }
}

impl Write {
    fn part(&self, writer: &mut Writer) {
        // A version beyond what ZooKeeper counts is one that no node has.
        let int = |version: &Option<u64>| version.map_or(-1, |it| i32::try_from(it).unwrap_or(i32::MAX));
        match self {
            Write::Create { path, data, mode } => {
                writer.int(1).flag(false).int(-1).bytes(path.as_bytes()).bytes(data);
                // One entry of access control: all rights for world:anyone.
                writer.int(1).int(31).bytes(b"world").bytes(b"anyone");
                writer.int(i32::from(mode.is_ephemeral()) + 2 * i32::from(mode.is_sequential()))
            }
            Write::Delete { path, version } => {
                writer.int(2).flag(false).int(-1).bytes(path.as_bytes()).int(int(version))
            }
            Write::Set { path, data, version } => {
                writer.int(5).flag(false).int(-1).bytes(path.as_bytes()).bytes(data).int(int(version))
            }
            Write::Check { path, version } => {
                writer.int(13).flag(false).int(-1).bytes(path.as_bytes()).int(int(version))
            }
        };
    }
}

/// What is known of a node besides its data, as far as it is of use here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeStat {
    /// The transaction that created it.
    pub czxid: i64,
    /// The transaction that set its data last.
    pub mzxid: i64,
    pub version: i32,
    pub cversion: i32,
    /// The session that it goes with; 0 for none.
    pub owner: i64,
}

impl NodeStat {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (czxid, mzxid) = (reader.long()?, reader.long()?);
        let (_created_ms, _modified_ms) = (reader.long()?, reader.long()?);
        let (version, cversion, _acl_version) = (reader.int()?, reader.int()?, reader.int()?);
        let owner = reader.long()?;
        let (_length, _children, _pzxid) = (reader.int()?, reader.int()?, reader.long()?);
        Ok(Self { czxid, mzxid, version, cversion, owner })
    }
}

/// What one write of a transaction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Done,
    /// Where a node was created.
    Path(String),
    /// What is known of a node since its data was set.
    Stat(NodeStat),
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Stat(NodeStat),
    Data(Vec<u8>, NodeStat),
    Children(Vec<String>, NodeStat),
    /// Each write of a transaction.
    Parts(Vec<Part>),
    Refused(Code),
    /// The first write of a transaction that was refused.
    RefusedAt(usize, Code),
}

/// An outcome, and the last transaction that the server knew of. For a write that is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub zxid: i64,
    pub outcome: Outcome,
}

/// What befell a watched node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Befallen {
    Created,
    Deleted,
    DataChanged,
    ChildrenChanged,
}

/// What a watch tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub path: String,
    pub what: Befallen,
}

/// A message of a server, as far as it can be read without knowing what was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// A watch tells something.
    Told(Told),
    /// A watch tells of what is of no use here.
    Other,
    /// A reply, still to be read.
    Reply { xid: i32 },
}

impl Message {
    pub fn read(frame: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(frame);
        let (xid, _zxid, _code) = (reader.int()?, reader.long()?, reader.int()?);
        if xid != TOLD {
            return Ok(Self::Reply { xid });
        }
        let (kind, _state, path) = (reader.int()?, reader.int()?, reader.text()?);
        let what = match kind {
            1 => Befallen::Created,
            2 => Befallen::Deleted,
            3 => Befallen::DataChanged,
            4 => Befallen::ChildrenChanged,
            _ => return Ok(Self::Other),
        };
        Ok(Self::Told(Told { path, what }))
    }
}

/// The reply to a request that was sent under that number.
pub(super) fn reply(op: &Op, xid: i32, frame: &[u8]) -> Result<Reply, Malformed> {
    let mut reader = Reader(frame);
    let (found, zxid, code) = (reader.int()?, reader.long()?, reader.int()?);
    if !op.is_answered_by(found, xid) {
        return Err(Malformed);
    }
    let outcome = if code == 0 { op.outcome(reader)? } else { Outcome::Refused(Code(code)) };
    Ok(Reply { zxid, outcome })
}

/// The parts of a transaction's reply. Of one that was refused each part has a code: none ahead of the write that
/// was refused, its own, and -2 behind it.
fn parts(reader: &mut Reader<'_>, expected: usize) -> Result<Outcome, Malformed> {
    const BEHIND: i32 = -2;
    let (mut parts, mut refused) = (Vec::new(), None);
    loop {
        let (kind, is_last, _code) = (reader.int()?, reader.flag()?, reader.int()?);
        if is_last {
            break;
        }
        parts.push(match kind {
            1 => Part::Path(reader.text()?),
            5 => Part::Stat(NodeStat::read(reader)?),
            2 | 13 => Part::Done,
            -1 => {
                let code = reader.int()?;
                if code != 0 && code != BEHIND && refused.is_none() {
                    refused = Some(Outcome::RefusedAt(parts.len(), Code(code)));
                }
                Part::Done
            }
            _ => return Err(Malformed),
        });
        if parts.len() > expected {
            return Err(Malformed);
        }
    }
    match refused {
        Some(refused) => Ok(refused),
        None if parts.len() == expected => Ok(Outcome::Parts(parts)),
        None => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes as they are written in hex, with blanks for the eye.
    fn hex(text: &str) -> Vec<u8> {
        let digits: String = text.split_whitespace().collect();
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn requests_are_those_bytes() {
        let path = || "/a".to_owned();
        let lists =
            WatchLists { since: 9, data: vec![path()], children: vec![path()], ..WatchLists::default() };
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
        let refused =
            format!("{head} {} {} {} {end}", error("00000000"), error("ffffff99"), error("fffffffe"));
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
        let reply = "00000007 0000000000000020 00000000";
        assert_eq!(Message::read(&hex(reply)), Ok(Message::Reply { xid: 7 }));
        assert_eq!(Message::read(&[0, 0]), Err(Malformed));
        // A reply to something else.
        assert_eq!(super::reply(&Op::Sync, 8, &hex(reply)), Err(Malformed));
    }
}
