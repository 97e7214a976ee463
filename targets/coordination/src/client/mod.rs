//! A client of the ensemble, without input or output of its own, for nodes to embed.
//!
//! A [`Session`] is one session of the service, from its opening to its end. It is told of answers, of
//! events and of the time, and gives back messages to send and [`Happening`]s to react to:
//!
//! ```text
//! session.on_answer(from, id, result, now);       // or on_events, or on_tick
//! while let Some(happening) = session.happening() {
//!     let outcome = recipe.on(&happening, &mut session);
//! }
//! for (to, message) in session.take_messages() { /* send */ }
//! /* have on_tick called after session.until_tick() */
//! ```
//!
//! What it promises:
//! - A write is carried out once, however often its question was sent: it has a number in the session, and
//!   one write is outstanding at a time, in the order in which they were asked. Reads may overlap with
//!   each other and with writes.
//! - Events come in their order, each once, without a gap.
//! - A question is asked again, of the next member, until there is an answer or the session ends. What is
//!   told of a write that was sent and is unanswered at the end is indefinite, since a copy of it may have
//!   been carried out.
//! - [`Suspended`](Happening::Suspended) comes, by the node's own clock, before the ensemble may have ended
//!   the session: the time-out counts from the sending of the last heartbeat that was answered. A clock that
//!   was set back cannot prolong it, one that goes too slowly can: what must be safe even then needs a
//!   fencing token.
//!
//! Left out: a session that outlives its node, reads of one member after another that never go back in
//! time under `reads local` (`sync` is there for that), and several writes under way at once.

pub(crate) mod clock;
mod question;
mod session;
#[cfg(test)]
mod tests;

use std::time::Duration;

use ordalia_node::{CoordinationAnswer, Event, Refusal, SessionNumber};

pub use session::Session;

/// How a session is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// After so long without a heartbeat the ensemble ends the session; from 200 ms to 600 s. Heartbeats are
    /// sent after each third of it, and what is unanswered after a sixth goes to the next member.
    pub timeout: Duration,
    /// The questions are numbered from here on. Draw it at random below 2^53, anew for each session, so
    /// that no answer to another session or to an earlier life is taken for one to this.
    pub first_question: u64,
}

/// Names something that was asked in a session, until it is answered. No other session has
/// it, if their questions are numbered apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) u64);

/// What befell a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It has begun.
    Opened {
        /// Its number.
        session: SessionNumber,
    },
    /// There is an answer. A refusal says with its code whether it is definite. Each call is answered once, at
    /// the latest before the session's end is told.
    Answered {
        /// The call.
        call: CallId,
        /// The answer, or why there is none.
        result: Result<CoordinationAnswer, Refusal>,
    },
    /// A watch told something.
    Event(Event),
    /// The ensemble may have ended the session, or is about to: do nothing that needs it.
    Suspended,
    /// It lives after all, and all that was owned and watched still is.
    Resumed,
    /// The ensemble has ended it: its ephemerals and watches are gone. A new one is a new [`Session`].
    Expired,
    /// It has ended as [`Session::close`] wanted.
    Closed,
}

impl Happening {
    /// Whether it is the session's last.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Expired | Self::Closed)
    }

    /// The answer to that call, if it is one.
    pub fn answer_to(&self, asked: Option<CallId>) -> Option<&Result<CoordinationAnswer, Refusal>> {
        match self {
            Self::Answered { call, result } if Some(*call) == asked => Some(result),
            _ => None,
        }
    }
}
