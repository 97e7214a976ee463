//! JSON Lines: one event a line, in time order.
//!
//! The text is cut into blocks of whole lines, which are read on all cores and joined in their order. A
//! text of one block is read where it is.

mod blocks;
mod json;
mod line;

use std::borrow::Cow;
use std::io::{self, BufRead, Write};
use std::path::Path;

use memchr::memchr;

use self::blocks::{Blocks, Cut};
use self::json::Refusal;
use crate::name::Names;
use crate::parallel::in_order;
use crate::read_error::excerpt;
use crate::source::{MAX_FORM_BYTES, open};
use crate::{Event, Lines, ParseError};
pub use crate::{ReadError, Recorded};

/// Reads a whole history from a file, which may be compressed with gzip or zstd.
///
/// # Errors
/// The file cannot be read, or a line is not an event; the message names file and line. A torn
/// last line is no error, but is reported in [`Recorded::torn_tail`].
pub fn read(path: &Path) -> Result<Recorded, ReadError> {
    read_from(open(path)?, path)
}

/// Reads a whole history from a stream; the path is for the messages.
pub(crate) fn read_from(reader: impl BufRead, path: &Path) -> Result<Recorded, ReadError> {
    parse(reader).map_err(|error| error.of(path))
}

/// Reads a whole history from a stream.
pub(crate) fn parse(reader: impl BufRead) -> Result<Recorded, ParseError> {
    let mut blocks = Blocks::new(reader);
    let mut joined = Joined::default();
    let mut names = Names::default();
    let cut = |cut: Cut, line: u64| match cut {
        Cut::Io(error) => ParseError::Io(error),
        Cut::TooLong => {
            let expected = format!("a line of at most {MAX_FORM_BYTES} bytes");
            ParseError::form(line, expected, "a longer one")
        }
    };
    let mut failed = None;
    let next = || match blocks.next() {
        Ok(block) => block,
        Err(cut) => {
            failed = Some(cut);
            None
        }
    };
    let work = |block: Vec<u8>, names: &mut Names| read_block(&block, names);
    in_order(next, &mut names, work, |block| joined.add(block))?;
    match failed {
        Some(failed) => Err(cut(failed, joined.lines + 1)),
        None => Ok(joined.recorded),
    }
}

/// What a block of lines holds, counted from its own beginning.
#[derive(Default)]
struct Block {
    events: Vec<Event>,
    /// The lines of the events, the first being 0.
    places: Lines,
    /// How many lines there are, up to the one that is refused.
    lines: u64,
    /// Why the line after them is no event.
    refused: Option<(Refusal, Box<[u8]>)>,
    torn_tail: bool,
}

/// Reads the lines of a block.
fn read_block(text: &[u8], names: &mut Names) -> Block {
    let mut block = Block::default();
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest);
        let (line, further) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        rest = further;
        match line::event(line, names) {
            Ok(event) => {
                block.places.note(block.events.len() as u64, block.lines);
                block.events.push(event);
            }
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) if end.is_none() => block.torn_tail = true,
            Err(refusal) => {
                block.refused = Some((refusal, line.into()));
                return block;
            }
        }
        block.lines += 1;
    }
    block
}

/// What was read so far.
#[derive(Default)]
struct Joined {
    recorded: Recorded,
    lines: u64,
}

impl Joined {
    /// Adds the next block.
    fn add(&mut self, mut block: Block) -> Result<(), ParseError> {
        let known = self.recorded.events.len() as u64;
        // Lines count from 1.
        self.recorded.lines.extend(known, self.lines + 1, &block.places);
        for (expected, event) in (known..).zip(&block.events) {
            if event.index != expected {
                let line = self.recorded.lines.of(expected).unwrap_or_default();
                return Err(ParseError::Index { line, expected, found: event.index });
            }
        }
        self.recorded.events.append(&mut block.events);
        self.recorded.torn_tail |= block.torn_tail;
        self.lines += block.lines;
        block.refused.map_or(Ok(()), |(refusal, text)| Err(refused(self.lines + 1, &refusal, &text)))
    }
}

/// A line that is no event.
fn refused(line: u64, refusal: &Refusal, text: &[u8]) -> ParseError {
    let Refusal { expected, at } = refusal;
    let example = r#"{"index":0,"time":12,"process":3,"type":"invoke","f":"read","value":null}"#;
    let rest = text.get(*at..).unwrap_or_default().trim_ascii();
    let found = if rest.is_empty() { Cow::from("the end of the line") } else { excerpt(rest).into() };
    ParseError::form(line, format!("an event such as {example}: after {at} bytes {expected}"), found)
}

/// Writes one event and its newline.
///
/// # Errors
/// The writer's.
pub fn write_event(writer: &mut impl Write, event: &Event) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, event)?;
    writer.write_all(b"\n")
}

#[cfg(test)]
mod tests;
