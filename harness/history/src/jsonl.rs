//! JSON Lines: one event a line, in time order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::Event;

/// Why a history could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file could not be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is no event.
    #[error("{}:{line}: expected an event such as {{\"index\":0,\"time\":12,\"process\":3,\"type\":\"invoke\",\"f\":\"read\",\"value\":null}}: {source}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What the parser found.
        source: serde_json::Error,
    },
    /// The indices do not count up from 0.
    #[error("{}:{line}: expected index {expected}, found {found}; events must be numbered from 0 without gaps", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The index that should stand here.
        expected: u64,
        /// The index that stands here.
        found: u64,
    },
}

/// What a file held: its events, and whether its last line was cut off in the middle.
#[derive(Debug, Default)]
pub struct Recorded {
    /// All whole events, in order.
    pub events: Vec<Event>,
    /// The last line did not end with a newline and is no event: its writer was killed while
    /// writing it. All that was recorded before it is in `events`.
    pub torn_tail: bool,
}

/// Reads a whole history from a file.
///
/// # Errors
/// The file cannot be read, or a line is not an event; the message names file and line. A torn
/// last line is no error, but is reported in [`Recorded::torn_tail`].
pub fn read(path: &Path) -> Result<Recorded, ReadError> {
    let io_error = |source| ReadError::Io { path: path.to_owned(), source };
    let mut reader = BufReader::new(File::open(path).map_err(io_error)?);
    let mut recorded = Recorded::default();
    let mut text = Vec::new();
    let mut line = 0;
    loop {
        text.clear();
        if reader.read_until(b'\n', &mut text).map_err(io_error)? == 0 {
            return Ok(recorded);
        }
        line += 1;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Event>(&text) {
            Ok(event) => push(&mut recorded.events, event, path, line)?,
            Err(_) if text.last() != Some(&b'\n') => recorded.torn_tail = true,
            Err(source) => return Err(ReadError::Line { path: path.to_owned(), line, source }),
        }
    }
}

/// Adds an event after checking its index.
fn push(events: &mut Vec<Event>, event: Event, path: &Path, line: u64) -> Result<(), ReadError> {
    let expected = events.len() as u64;
    if event.index != expected {
        return Err(ReadError::Index { path: path.to_owned(), line, expected, found: event.index });
    }
    events.push(event);
    Ok(())
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
mod tests {
    use super::*;

    fn reading(text: &str) -> Result<Recorded, ReadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    const LINE: &str = r#"{"index":0,"time":1,"process":0,"type":"invoke","f":"read","value":null}"#;

    #[test]
    fn a_torn_last_line_is_reported_and_the_rest_kept() {
        let recorded = reading(&format!("{LINE}\n{{\"index\":1,\"ti")).unwrap();
        assert_eq!(recorded.events.len(), 1);
        assert!(recorded.torn_tail);
    }

    #[test]
    fn damage_in_the_middle_names_the_line() {
        let error = reading(&format!("{LINE}\nnonsense\n{LINE}\n")).unwrap_err();
        assert!(error.to_string().contains("history.jsonl:2: expected an event"), "{error}");
    }

    #[test]
    fn a_gap_in_the_numbering_is_damage() {
        let error = reading(&format!("{LINE}\n{LINE}\n")).unwrap_err();
        assert!(matches!(error, ReadError::Index { line: 2, expected: 1, found: 0, .. }));
    }
}
