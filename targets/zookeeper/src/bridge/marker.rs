//! Writes that are carried out once.
//!
//! ZooKeeper numbers no writes. So each session has a *marker*, an ephemeral node of its own, and every numbered write
//! is a transaction that begins with setting the marker to the write's number, from the version that it is known to
//! have. Where no reply came the marker tells, read after a `sync`, whether the transaction was carried out: then its
//! data is the number, and the transaction that set it is the one that did the rest. A copy that is still under way
//! finds another version, and does nothing.

use ordalia_coordination::tree::path;
use ordalia_node::{CoordinationAnswer, CreateMode, ErrorCode, WriteOp};

use super::attachment::{Attachment, Trouble};
use super::protocol::{NodeStat, Op, Outcome, Part, Write};
use super::terms::{Answered, HIDDEN, Writing, created, refuse, stat, zxid};
use crate::Code;

/// How often the marker is looked at for one write.
const LOOKS: usize = 4;

/// The marker of one session.
#[derive(Debug)]
pub(super) struct Marker {
    path: String,
    /// Its version, as far as is known.
    version: u64,
    /// Whether a write may be under way, or may have been carried out without a reply.
    is_unsure: bool,
    /// The last write that was answered, and how.
    last: Option<(u64, Answered)>,
}

/// What one transaction came to.
enum Tried {
    Settled(Answered),
    /// The marker has another version.
    Elsewhere,
}

impl Marker {
    /// Creates the marker of a session that was just opened.
    pub async fn create(attachment: &mut Attachment) -> Result<Self, Trouble> {
        let create = |path: &str, mode| Write::Create { path: path.to_owned(), data: b"0".to_vec(), mode };
        let folder = Op::Multi(vec![create(HIDDEN, CreateMode::Persistent)]);
        match attachment.call_one(folder).await?.outcome {
            Outcome::Parts(_) | Outcome::RefusedAt(_, Code::NODE_EXISTS) => {}
            other => return Err(Trouble::Lost(format!("{HIDDEN} cannot be created: {other:?}"))),
        }
        let path = format!("{HIDDEN}/s-{:016x}", attachment.id());
        let node = Op::Multi(vec![create(&path, CreateMode::Ephemeral)]);
        match attachment.call_one(node).await?.outcome {
            Outcome::Parts(_) => Ok(Self { path, version: 0, is_unsure: false, last: None }),
            other => Err(Trouble::Lost(format!("{path} cannot be created: {other:?}"))),
        }
    }

    /// Carries a numbered write out, unless it was before. May be given up at any point, and asked again.
    pub async fn write(
        &mut self,
        seq: u64,
        writing: &Writing,
        attachment: &mut Attachment,
    ) -> Result<Answered, Trouble> {
        match &self.last {
            Some((last, answered)) if *last == seq => return Ok(answered.clone()),
            Some((last, _)) if *last > seq => {
                return Ok(refuse(
                    ErrorCode::MalformedRequest,
                    format!("seq: expected {last} or more, found {seq}"),
                ));
            }
            _ => {}
        }
        for _ in 0..LOOKS {
            let before = if self.is_unsure { self.look(seq, writing, attachment).await? } else { None };
            let answered = match before {
                Some(answered) => answered,
                None => match self.try_once(seq, writing, attachment).await? {
                    Tried::Settled(answered) => answered,
                    Tried::Elsewhere => continue,
                },
            };
            self.is_unsure = false;
            self.last = Some((seq, answered.clone()));
            return Ok(answered);
        }
        Err(Trouble::Lost("others set the marker".to_owned()))
    }

    async fn try_once(
        &mut self,
        seq: u64,
        writing: &Writing,
        attachment: &mut Attachment,
    ) -> Result<Tried, Trouble> {
        let (path, data) = (self.path.clone(), seq.to_string().into_bytes());
        let op = match writing.op(vec![Write::Set { path, data, version: Some(self.version) }]) {
            Ok(op) => op,
            Err(refusal) => return Ok(Tried::Settled(Err(refusal))),
        };
        self.is_unsure = true;
        let reply = attachment.call_one(op).await?;
        match reply.outcome {
            Outcome::Parts(parts) => {
                self.version = self.version.saturating_add(1);
                let own = parts.get(1..).unwrap_or_default();
                Ok(Tried::Settled(writing.answer(writing.results(own, reply.zxid, attachment.id()))))
            }
            Outcome::RefusedAt(0, Code::BAD_VERSION) => Ok(Tried::Elsewhere),
            // The marker goes with the session, and nobody else touches it.
            Outcome::RefusedAt(0, Code::NO_NODE) => Err(Trouble::Ended),
            Outcome::RefusedAt(place, code) if place > 0 => {
                let refusal = writing.refused(place - 1, code);
                if refusal.code.is_definite() {
                    return Ok(Tried::Settled(Err(refusal)));
                }
                attachment.detach();
                Err(Trouble::Lost(refusal.text))
            }
            other => {
                attachment.detach();
                Err(Trouble::Lost(format!("a transaction came to {other:?}")))
            }
        }
    }

    /// Finds out whether the write was carried out, and what it came to.
    async fn look(
        &mut self,
        seq: u64,
        writing: &Writing,
        attachment: &mut Attachment,
    ) -> Result<Option<Answered>, Trouble> {
        let get = Op::Get { path: self.path.clone(), watch: false };
        let replies = attachment.call(&[Op::Sync, get]).await?;
        let outcomes: Vec<Outcome> = replies.into_iter().map(|reply| reply.outcome).collect();
        let (data, found) = match <[Outcome; 2]>::try_from(outcomes) {
            Ok([Outcome::Done, Outcome::Data(data, found)]) => (data, found),
            Ok([Outcome::Done, Outcome::Refused(Code::NO_NODE)]) => return Err(Trouble::Ended),
            other => {
                attachment.detach();
                return Err(Trouble::Lost(format!("a look at the marker came to {other:?}")));
            }
        };
        self.version = stat(&found).version;
        if data != seq.to_string().into_bytes() {
            return Ok(None);
        }
        let mut results = Vec::new();
        for op in &writing.ops {
            match result(op, found.mzxid, attachment).await? {
                Some(result) => results.push(result),
                // It was carried out, and what it came to cannot be told any more. The end of the session says just
                // that: its client counts the write as one of unknown outcome.
                None => {
                    attachment.call_one(Op::Close).await?;
                    return Err(Trouble::Ended);
                }
            }
        }
        Ok(Some(writing.answer(results)))
    }
}

/// What a write came to that the transaction of that number carried out; `None` if that cannot be told any more.
async fn result(
    op: &WriteOp,
    done: i64,
    attachment: &mut Attachment,
) -> Result<Option<CoordinationAnswer>, Trouble> {
    Ok(match op {
        WriteOp::Create { path, mode, .. } => {
            let path = match mode.is_sequential() {
                true => find(path, done, attachment).await?,
                false => Some(path.clone()),
            };
            let owner = mode.is_ephemeral().then_some(attachment.id());
            path.map(|path| created(path, done, owner))
        }
        WriteOp::Set { path, version, .. } => {
            let found = exists(path.clone(), attachment).await?;
            found.and_then(|found| stat_then(found, *version, done))
        }
        WriteOp::Remove { .. } => Some(CoordinationAnswer::Removed),
        WriteOp::Check { .. } => Some(CoordinationAnswer::Checked),
    })
}

/// What was known of a node once that transaction had set it, from what is known now.
fn stat_then(now: NodeStat, expected: Option<u64>, done: i64) -> Option<CoordinationAnswer> {
    let mut then = stat(&now);
    if now.mzxid != done {
        // It was set again since. The version after a set from a known one is known, if the node is the same.
        then.version = expected.filter(|_| now.czxid <= done)?.saturating_add(1);
        then.modified = zxid(done);
    }
    Some(CoordinationAnswer::SetDone { stat: then })
}

/// The node with a number at its end that the transaction created; `None` if it is gone.
async fn find(beginning: &str, done: i64, attachment: &mut Attachment) -> Result<Option<String>, Trouble> {
    let Some((parent, start)) = path::split(beginning) else { return Ok(None) };
    let listing = Op::Children { path: parent.to_owned(), watch: false };
    let Outcome::Children(names, _) = attachment.call_one(listing).await?.outcome else { return Ok(None) };
    for name in names.iter().filter(|name| name.starts_with(start)) {
        let path = format!("{}/{name}", parent.trim_end_matches('/'));
        let found = exists(path.clone(), attachment).await?;
        if found.is_some_and(|found| found.czxid == done) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

async fn exists(path: String, attachment: &mut Attachment) -> Result<Option<NodeStat>, Trouble> {
    Ok(match attachment.call_one(Op::Exists { path, watch: false }).await?.outcome {
        Outcome::Stat(found) => Some(found),
        _ => None,
    })
}

/// What the writes of a transaction without a marker came to.
pub(super) async fn write_unnumbered(
    writing: &Writing,
    attachment: &mut Attachment,
) -> Result<Answered, Trouble> {
    let op = match writing.op(Vec::new()) {
        Ok(op) => op,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let reply = attachment.call_one(op).await?;
    Ok(match reply.outcome {
        Outcome::Parts(parts) => {
            let parts: &[Part] = &parts;
            writing.answer(writing.results(parts, reply.zxid, attachment.id()))
        }
        Outcome::RefusedAt(place, code) => Err(writing.refused(place, code)),
        Outcome::Refused(code) => Err(writing.refused(0, code)),
        other => refuse(ErrorCode::Crash, format!("a transaction came to {other:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_set_came_to_is_told_later_only_where_it_is_certain() {
        let now = |czxid, mzxid, version| NodeStat { czxid, mzxid, version, cversion: 0, owner: 0 };
        let version = |told: Option<CoordinationAnswer>| match told {
            Some(CoordinationAnswer::SetDone { stat }) => Some((stat.version, stat.modified)),
            _ => None,
        };
        // Nobody else set it since; somebody did, from a version that was named, or was not; it is another node.
        assert_eq!(version(stat_then(now(1, 7, 4), None, 7)), Some((4, 7)));
        assert_eq!(version(stat_then(now(1, 9, 5), Some(3), 7)), Some((4, 7)));
        assert_eq!(version(stat_then(now(1, 9, 5), None, 7)), None);
        assert_eq!(version(stat_then(now(8, 9, 1), Some(3), 7)), None);
    }
}
