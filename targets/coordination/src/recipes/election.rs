//! The election of a leader.

use ordalia_node::{Refusal, Value, Zxid};

use super::line::{Line, Turn};
use crate::client::{Happening, Session};

/// What became of a candidacy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElectionOutcome {
    /// The candidate leads.
    Elected {
        /// Greater than the epoch of every earlier leader.
        epoch: Zxid,
    },
    /// The candidate leads no more, and stands no more.
    Resigned,
    /// Somebody removed the candidate's node: it leads and stands no more.
    Lost,
    /// A step failed. The candidate's node, if there is one, goes with the session.
    Failed(Refusal),
}

/// One candidate: the leader is the lowest of ephemeral sequential nodes in the office's folder, of which
/// each watches the one ahead.
///
/// Guarantees: of all candidates whose sessions live at most one is elected; the epoch, the number of the
/// change that created the candidate's node, grows from leader to leader; as long as candidates stand and
/// the ensemble serves, one of them is elected within a session time-out.
///
/// Leaves out: a leader that knows at every moment whether it still leads. Its session may have ended
/// while it was halted, so what it does must carry the epoch and be refused where a higher one was seen: by
/// a `check` of a node that each new leader sets, in one `multi` with the deed.
#[derive(Debug)]
pub struct Election {
    line: Line,
}

impl Election {
    /// Stands for the office of that folder. `candidate` is for those who look.
    pub fn stand(folder: impl Into<String>, candidate: Value, session: &mut Session) -> Self {
        Self { line: Line::join(folder, candidate, session) }
    }

    /// The epoch while the candidate leads. Whether the session lives is for the caller to see.
    pub fn epoch(&self) -> Option<Zxid> {
        self.line.created().filter(|_| self.line.is_first())
    }

    /// The candidate's node, from when it is known.
    pub fn path(&self) -> Option<String> {
        self.line.path()
    }

    /// Leaves the office, or withdraws.
    pub fn resign(&mut self, session: &mut Session) {
        self.line.leave(session);
    }

    /// Takes note of what befell.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<ElectionOutcome> {
        Some(match self.line.on(happening, session)? {
            Turn::First => ElectionOutcome::Elected { epoch: self.line.created().unwrap_or_default() },
            Turn::Left => ElectionOutcome::Resigned,
            Turn::Lost => ElectionOutcome::Lost,
            Turn::Failed(refusal) => ElectionOutcome::Failed(refusal),
        })
    }
}

/// Which of the names in an office's folder is the leader's.
pub fn first(names: &[String]) -> Option<&String> {
    names.iter().filter_map(|name| Some((super::line::number(name)?, name))).min().map(|(_, name)| name)
}
