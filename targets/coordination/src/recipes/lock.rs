//! A lock with a fencing token.

use ordalia_node::{Refusal, Value, Zxid};

use super::line::{Line, Turn};
use crate::client::{Happening, Session};

/// What became of a lock that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockOutcome {
    /// It is held.
    Acquired {
        /// Greater than the token of every earlier holder.
        token: Zxid,
    },
    /// It was given back, or is waited for no longer.
    Released,
    /// Somebody removed its node: it is held and waited for no longer.
    Lost,
    /// A step failed. Its node, if there is one, goes with the session.
    Failed(Refusal),
}

/// One who takes a lock: the holder is the lowest of ephemeral sequential nodes in the lock's folder.
///
/// Guarantees: of all whose sessions live, at most one holds it; those who wait get it in the order in
/// which they came; the token, the number of the change that created the holder's node, grows from holder
/// to holder. When a holder's session ends, the next one gets it. So whoever may be suspended without
/// noticing must show its token to what the lock protects, which refuses a lower one.
///
/// Leaves out: taking it twice, sharing it among readers, and a time-out; whoever gives up calls
/// [`release`](Self::release).
#[derive(Debug)]
pub struct Lock {
    line: Line,
}

impl Lock {
    /// Asks for the lock of that folder. `holder` is for those who look.
    pub fn acquire(folder: impl Into<String>, holder: Value, session: &mut Session) -> Self {
        Self { line: Line::join(folder, holder, session) }
    }

    /// The token while it is held. Whether the session lives is for the caller to see.
    pub fn token(&self) -> Option<Zxid> {
        self.line.created().filter(|_| self.line.is_first())
    }

    /// Gives it back, or gives up waiting.
    pub fn release(&mut self, session: &mut Session) {
        self.line.leave(session);
    }

    /// Takes note of what befell.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<LockOutcome> {
        Some(match self.line.on(happening, session)? {
            Turn::First => LockOutcome::Acquired { token: self.line.created().unwrap_or_default() },
            Turn::Left => LockOutcome::Released,
            Turn::Lost => LockOutcome::Lost,
            Turn::Failed(refusal) => LockOutcome::Failed(refusal),
        })
    }
}
