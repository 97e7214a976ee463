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
