//! JSON Lines: one event a line, in time order.

use std::io::{self, BufRead, Write};
use std::path::Path;

use crate::Event;
use crate::source::{open, read_line};
pub use crate::{ReadError, Recorded};

/// Reads a whole history from a file, which may be compressed with gzip.
///
/// # Errors
/// The file cannot be read, or a line is not an event; the message names file and line. A torn
/// last line is no error, but is reported in [`Recorded::torn_tail`].
pub fn read(path: &Path) -> Result<Recorded, ReadError> {
    read_from(open(path)?, path)
}

/// Reads a whole history from a stream; the path is for the messages.
pub(crate) fn read_from(mut reader: impl BufRead, path: &Path) -> Result<Recorded, ReadError> {
    let mut recorded = Recorded::default();
    let mut text = Vec::new();
    let mut line = 1;
    while read_line(&mut reader, &mut text, line).map_err(|error| error.of(path))? {
        if !text.iter().all(u8::is_ascii_whitespace) {
            match serde_json::from_slice::<Event>(&text) {
                Ok(event) => push(&mut recorded.events, event, path, line)?,
                Err(_) if text.last() != Some(&b'\n') => recorded.torn_tail = true,
                Err(source) => return Err(ReadError::Line { path: path.to_owned(), line, source }),
            }
        }
        line += 1;
    }
    Ok(recorded)
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
