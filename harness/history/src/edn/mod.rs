//! EDN as Jepsen and Knossos write their histories.
//!
//! A history is operation maps, one after the other or in a vector or list:
//! `{:process 0, :type :invoke, :f :cas, :value [1 2], :time 123, :index 4}`, each perhaps tagged
//! `#jepsen.history.Op`. Fields and values may be keywords or strings, which become the same: a keyword
//! loses its colon. Lists, vectors and sets become arrays; maps become objects, and a key of a map that
//! is neither keyword nor string becomes its JSON text. Fields that a history has no use for are dropped.
//!
//! The order of the file is the order of the events, so they are numbered by their position; an `:index`
//! that does not rise is refused. A missing `:time` is the position, and a time before that of the event
//! ahead is raised to it, since tools stamp events before they put them in order. A missing `:f` beside a
//! vector is `txn`, as for Elle. Where no operation has a `:process` each gets one of its own, which is
//! only possible where they come one after the other.
//!
//! `[key value]` of an independent test cannot be told from a plain vector, so it stays the value unless
//! a tag, `#jepsen.independent/tuple`, `#jepsen.independent.Tuple` or `#clojure.lang.MapEntry`, says what it
//! is, or [`Keys::Plain`] is asked for. Left out on purpose:
//! all other tags, ratios, and exact decimals, which would lose digits and make different values equal.

mod bytes;
mod number;
mod operations;
mod parser;
mod text;
mod writer;

use std::io::Read;

use crate::{Event, Format, ParseError, Recorded};

pub(crate) use operations::Operations;
pub(crate) use parser::Parser;
pub use writer::write_event;

/// How a key stands beside the value that belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// A tag makes a vector a key and a value: `#jepsen.independent/tuple [key value]`.
    #[default]
    Tagged,
    /// Every value of a client that is a vector of two is a key and a value, as Jepsen prints the tuples of
    /// an independent test. A cas of a single register is such a vector too, so this has to be asked for.
    Plain,
}

/// Reads a whole history from any input, keys being tagged; see [`parse_with`].
///
/// # Errors
/// Those of [`parse_with`].
pub fn parse(input: impl Read) -> Result<Vec<Event>, ParseError> {
    parse_with(input, Keys::Tagged)
}

/// Reads a whole history from any input. Beside the events it needs memory for one operation's text.
///
/// # Errors
/// The input cannot be read, or holds something else than operations; the message names the line.
pub fn parse_with(input: impl Read, keys: Keys) -> Result<Vec<Event>, ParseError> {
    record(input, keys).map(|recorded| recorded.events)
}

/// Reads a whole history with the lines of its events.
pub(crate) fn record(input: impl Read, keys: Keys) -> Result<Recorded, ParseError> {
    let mut operations = Operations::new(input, keys);
    let mut recorded = Recorded { format: Format::Edn, ..Recorded::default() };
    while let Some((line, event)) = operations.next()? {
        recorded.push(event, line);
    }
    Ok(recorded)
}

/// What follows white space and comments.
pub(crate) fn after_blanks(mut text: &[u8]) -> &[u8] {
    loop {
        match text {
            [b';', comment @ ..] => {
                let length = comment.iter().position(|byte| *byte == b'\n').unwrap_or(comment.len());
                text = &comment[length..];
            }
            [byte, rest @ ..] if bytes::is_blank(*byte) => text = rest,
            _ => return text,
        }
    }
}
