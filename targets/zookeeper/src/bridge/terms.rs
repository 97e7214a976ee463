//! The vocabulary of coordination in ZooKeeper's terms, and back.
//!
//! A value is a node's data as JSON. What the bridge itself keeps in the tree is hidden, and so is ZooKeeper's own.

use ordalia_coordination::tree::path;
use ordalia_node::{
    CoordinationAnswer, CoordinationRequest, ErrorCode, Refusal, SessionNumber, Stat, Value, WatchMode,
    WriteOp,
};

use super::attachment::{LONGEST_REQUEST, Trouble};
use super::protocol::{NodeStat, Op, Outcome, Part, Write};
use super::watches::View;
use crate::Code;

/// Where the bridge keeps its marks.
pub(super) const HIDDEN: &str = "/ordalia";
/// ZooKeeper's own.
const OWN: &str = "/zookeeper";

/// An answer, or why there is none.
pub(super) type Answered = Result<CoordinationAnswer, Refusal>;

pub(super) fn refuse<T>(code: ErrorCode, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(code, text))
}

/// The number of a session, as its client knows it.
pub(super) fn session_number(id: i64) -> SessionNumber {
    id.cast_unsigned()
}

/// A transaction's number, which grows from one to the next.
pub(super) fn zxid(zxid: i64) -> u64 {
    u64::try_from(zxid).unwrap_or(0)
}

pub(super) fn stat(stat: &NodeStat) -> Stat {
    let count = |number: i32| u64::try_from(number).unwrap_or(0);
    Stat {
        version: count(stat.version),
        children_version: count(stat.cversion),
        created: zxid(stat.czxid),
        modified: zxid(stat.mzxid),
        owner: (stat.owner != 0).then(|| session_number(stat.owner)),
    }
}

/// A server's refusal. What is not known to be definite counts as not.
pub(super) fn refusal(code: Code, path: &str) -> Refusal {
    let (own, text) = match code {
        Code::NO_NODE => (ErrorCode::KeyDoesNotExist, "there is no such node, or no parent"),
        Code::NODE_EXISTS => (ErrorCode::KeyAlreadyExists, "the node exists"),
        Code::BAD_VERSION => (ErrorCode::PreconditionFailed, "it has another version"),
        Code(-111) => (ErrorCode::PreconditionFailed, "it has children"),
        Code(-108) => (ErrorCode::MalformedRequest, "an ephemeral node can have no children"),
        Code(-8) => (ErrorCode::MalformedRequest, "ZooKeeper takes no such arguments"),
        _ => (ErrorCode::Crash, "ZooKeeper's error"),
    };
    Refusal::new(own, format!("{path}: {text} ({})", code.0))
}

/// What a client is told where ZooKeeper gave no answer. Neither is taken for the end of the matter by a
/// session's client, who asks the next member.
pub(super) fn trouble(trouble: &Trouble) -> Refusal {
    let code = match trouble {
        Trouble::Unreachable(_) => ErrorCode::TemporarilyUnavailable,
        Trouble::Lost(_) => ErrorCode::Timeout,
        Trouble::Ended => ErrorCode::SessionExpired,
    };
    Refusal::new(code, trouble.to_string())
}

/// Sees that a path is one, and nobody's own.
fn check(text: &str) -> Result<(), Refusal> {
    path::check(text)?;
    let is_at =
        |folder: &str| text.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_at(HIDDEN) || is_at(OWN) {
        return refuse(ErrorCode::MalformedRequest, format!("path: {text} is not for clients"));
    }
    Ok(())
}

/// A look at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub path: String,
    pub view: View,
    pub watch: Option<WatchMode>,
}

impl Look {
    /// As the look that a request is, if it is one.
    pub fn of(request: &CoordinationRequest) -> Option<Result<Self, Refusal>> {
        use CoordinationRequest as Ask;
        let (path, view, watch) = match request {
            Ask::Get { path, watch, .. } => (path, View::Data, *watch),
            Ask::Exists { path, watch, .. } => (path, View::Existence, *watch),
            Ask::Children { path, watch, .. } => (path, View::Children, *watch),
            Ask::SimpleGet { path } => (path, View::Data, None),
            Ask::SimpleList { path } => (path, View::Children, None),
            _ => return None,
        };
        Some(check(path).map(|()| Self { path: path.clone(), view, watch }))
    }

    /// The request, with a watch for once or without.
    pub fn op(&self, watch: bool) -> Op {
        let path = self.path.clone();
        match self.view {
            View::Data => Op::Get { path, watch },
            View::Existence => Op::Exists { path, watch },
            View::Children => Op::Children { path, watch },
        }
    }

    pub fn answer(&self, outcome: Outcome) -> Answered {
        use CoordinationAnswer as Answer;
        match outcome {
            Outcome::Data(data, found) => {
                Ok(Answer::Got { value: value(&self.path, &data)?, stat: stat(&found) })
            }
            Outcome::Stat(found) => Ok(Answer::Existence { stat: Some(stat(&found)) }),
            Outcome::Children(mut names, found) => {
                names.retain(|name| self.path != "/" || ![&HIDDEN[1..], &OWN[1..]].contains(&name.as_str()));
                names.sort_unstable();
                Ok(Answer::Listing { names, stat: stat(&found) })
            }
            Outcome::Refused(Code::NO_NODE) if self.view == View::Existence => {
                Ok(Answer::Existence { stat: None })
            }
            Outcome::Refused(code) | Outcome::RefusedAt(_, code) => Err(refusal(code, &self.path)),
            Outcome::Done | Outcome::Parts(_) => refuse(ErrorCode::Crash, "the reply does not fit"),
        }
    }
}

fn value(path: &str, data: &[u8]) -> Result<Value, Refusal> {
    if data.is_empty() {
        return Ok(Value::Null);
    }
    let text = |_| Refusal::new(ErrorCode::NotSupported, format!("{path} holds no JSON"));
    serde_json::from_slice(data).map_err(text)
}

/// The writes that a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Writing {
    pub ops: Vec<WriteOp>,
    pub seq: Option<u64>,
    /// Whether the answer is one for all of them.
    is_multi: bool,
}

impl Writing {
    /// As the writes that a request asks for, if it does.
    pub fn of(request: &CoordinationRequest) -> Option<Result<Self, Refusal>> {
        use CoordinationRequest as Ask;
        let (ops, seq, session, is_multi) = match request.clone() {
            Ask::Create { path, value, mode, session, seq } => {
                (vec![WriteOp::Create { path, value, mode }], seq, session, false)
            }
            Ask::Set { path, value, version, session, seq } => {
                (vec![WriteOp::Set { path, value, version }], seq, session, false)
            }
            Ask::Remove { path, version, session, seq } => {
                (vec![WriteOp::Remove { path, version }], seq, session, false)
            }
            Ask::SimpleDelete { path } => (vec![WriteOp::Remove { path, version: None }], None, None, false),
            Ask::Multi { ops, session, seq } => (ops, seq, session, true),
            _ => return None,
        };
        Some(Self { ops, seq, is_multi }.checked(session))
    }

    fn checked(self, session: Option<SessionNumber>) -> Result<Self, Refusal> {
        if self.seq.is_some() && session.is_none() {
            return refuse(ErrorCode::MalformedRequest, "seq: it counts within a session, name one");
        }
        for op in &self.ops {
            match op {
                WriteOp::Create { mode, .. } if mode.is_ephemeral() && session.is_none() => {
                    return refuse(ErrorCode::MalformedRequest, "an ephemeral node needs a session");
                }
                // The number completes the name, which may be nothing without it.
                WriteOp::Create { path, mode, .. } if mode.is_sequential() => check(&format!("{path}0"))?,
                WriteOp::Create { path, .. }
                | WriteOp::Set { path, .. }
                | WriteOp::Remove { path, .. }
                | WriteOp::Check { path, .. } => check(path)?,
            }
        }
        Ok(self)
    }

    /// The request, with those writes ahead of it.
    pub fn op(&self, ahead: Vec<Write>) -> Result<Op, Refusal> {
        let mut writes = ahead;
        writes.extend(self.ops.iter().cloned().map(write));
        let op = Op::Multi(writes);
        match op.frame(0).len() {
            0..=LONGEST_REQUEST => Ok(op),
            bytes => refuse(
                ErrorCode::MalformedRequest,
                format!("expected at most {LONGEST_REQUEST} bytes, found {bytes}"),
            ),
        }
    }

    /// The answer to all of it, from that to each.
    pub fn answer(&self, mut results: Vec<CoordinationAnswer>) -> Answered {
        match (self.is_multi, results.len()) {
            (true, _) => Ok(CoordinationAnswer::MultiDone { results }),
            (false, 1) => Ok(results.remove(0)),
            _ => refuse(ErrorCode::Crash, "the reply does not fit"),
        }
    }

    /// What each write came to, in the transaction of that number, of the session of that one.
    pub fn results(&self, parts: &[Part], done: i64, session: i64) -> Vec<CoordinationAnswer> {
        let result = |(op, part): (&WriteOp, &Part)| match (op, part) {
            (WriteOp::Create { mode, .. }, Part::Path(path)) => {
                created(path.clone(), done, mode.is_ephemeral().then_some(session))
            }
            (_, Part::Stat(found)) => CoordinationAnswer::SetDone { stat: stat(found) },
            (WriteOp::Remove { .. }, _) => CoordinationAnswer::Removed,
            _ => CoordinationAnswer::Checked,
        };
        self.ops.iter().zip(parts).map(result).collect()
    }

    /// Why nothing was done: that write was refused.
    pub fn refused(&self, place: usize, code: Code) -> Refusal {
        let path = self.ops.get(place).map_or("", |op| match op {
            WriteOp::Create { path, .. }
            | WriteOp::Set { path, .. }
            | WriteOp::Remove { path, .. }
            | WriteOp::Check { path, .. } => path.as_str(),
        });
        let Refusal { code, text } = refusal(code, path);
        Refusal::new(code, if self.is_multi { format!("write {place}: {text}") } else { text })
    }
}

/// The answer to a creation by the transaction of that number: nothing befell the node yet.
pub(super) fn created(path: String, done: i64, owner: Option<i64>) -> CoordinationAnswer {
    let found = NodeStat { czxid: done, mzxid: done, version: 0, cversion: 0, owner: owner.unwrap_or(0) };
    CoordinationAnswer::Created { path, stat: stat(&found) }
}

fn write(op: WriteOp) -> Write {
    match op {
        WriteOp::Create { path, value, mode } => {
            Write::Create { path, data: value.to_string().into_bytes(), mode }
        }
        WriteOp::Set { path, value, version } => {
            Write::Set { path, data: value.to_string().into_bytes(), version }
        }
        WriteOp::Remove { path, version } => Write::Delete { path, version },
        WriteOp::Check { path, version } => Write::Check { path, version },
    }
}
