//! The formats of recorded histories, and how they are told apart.

use std::io::BufRead;
use std::path::Path;

use crate::edn::Keys;
use crate::read_error::excerpt;
use crate::source::{CHUNK_BYTES, open, with_head};
use crate::{ParseError, ReadError, Recorded, edn, jsonl, porcupine};

/// A format of recorded histories. Each may be compressed with gzip or zstd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON event a line: what Ordalia writes.
    #[default]
    Jsonl,
    /// Operation maps as Jepsen and Knossos write them.
    Edn,
    /// The logs that Porcupine's tests read.
    Porcupine,
}

/// Reads a whole history in a format that is known.
///
/// # Errors
/// The file cannot be read, or is not of that format; the message names the file, and the line where
/// there is one.
pub fn read(path: &Path, format: Format) -> Result<Recorded, ReadError> {
    read_from(open(path)?, path, format, Keys::Tagged)
}

/// Reads a whole history from a stream; the path is for the messages.
fn read_from(input: impl BufRead, path: &Path, format: Format, keys: Keys) -> Result<Recorded, ReadError> {
    let recorded = match format {
        Format::Jsonl => jsonl::parse(input),
        Format::Edn => edn::record(input, keys),
        Format::Porcupine => porcupine::record(input),
    };
    recorded.map_err(|error| error.of(path))
}

/// Reads a whole history in the format that its content tells.
///
/// Porcupine's key-value logs are operation maps and are read as EDN, which comes to the same. A file
/// without content holds no events.
///
/// # Errors
/// Those of [`read`], and a content of no known format.
pub fn read_auto(path: &Path) -> Result<Recorded, ReadError> {
    read_with(path, None, Keys::Tagged)
}

/// Reads a whole history in a format that is known, or in that which its content tells, with the keys of
/// EDN as `keys` says.
///
/// # Errors
/// Those of [`read`] and [`read_auto`].
pub fn read_with(path: &Path, format: Option<Format>, keys: Keys) -> Result<Recorded, ReadError> {
    if let Some(format) = format {
        return read_from(open(path)?, path, format, keys);
    }
    let io_error = |source| ReadError::Io { path: path.to_owned(), source };
    let (head, reader) = with_head(open(path)?, CHUNK_BYTES).map_err(io_error)?;
    let format = detect(&head).map_err(|error| error.of(path))?;
    read_from(reader, path, format, keys)
}

/// Tells the format by how the content begins.
///
/// # Errors
/// It begins like none; the message shows how.
pub fn detect(head: &[u8]) -> Result<Format, ParseError> {
    let content = edn::after_blanks(head);
    let skipped = &head[..head.len() - content.len()];
    match content.first() {
        _ if skipped.contains(&b';') => Ok(Format::Edn),
        None => Ok(Format::Jsonl),
        Some(b'{') => Ok(brace(&content[1..])),
        // A JSON array is no JSON Lines, but that reader's message fits it best.
        Some(b'[') => Ok(match edn::after_blanks(&content[1..]) {
            [b'{', inside @ ..] => brace(inside),
            _ => Format::Edn,
        }),
        Some(b'(' | b'#') => Ok(Format::Edn),
        _ if porcupine::begins_log_line(content) => Ok(Format::Porcupine),
        _ => {
            let line = 1 + skipped.iter().filter(|byte| **byte == b'\n').count() as u64;
            let first = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let expected = "a history as JSON Lines, as EDN or as one of Porcupine's logs";
            Err(ParseError::form(line, expected, excerpt(first)))
        }
    }
}

/// Tells JSON from EDN by what follows a brace: both may begin with a string, but then JSON has a colon
/// that stands alone, and EDN a value, which may be a keyword with its colon before a letter.
fn brace(inside: &[u8]) -> Format {
    match edn::after_blanks(inside) {
        [b'"', text @ ..] => {
            let Some(after) = after_string(text) else { return Format::Jsonl };
            match (after, after.trim_ascii_start()) {
                ([] | [b':', ..], _) | (_, [] | [b':']) => Format::Jsonl,
                (_, [b':', next, ..]) if next.is_ascii_whitespace() => Format::Jsonl,
                (_, [b':', b'"' | b'{' | b'[' | b'-' | b'0'..=b'9', ..]) => Format::Jsonl,
                _ => Format::Edn,
            }
        }
        [] | [b'}', ..] => Format::Jsonl,
        _ => Format::Edn,
    }
}

/// What follows the closing quote; `None` where there is none.
fn after_string(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        match text {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', _, rest @ ..] | [_, rest @ ..] => text = rest,
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_beginning() {
        for (head, format) in [
            ("", Format::Jsonl),
            (" \n", Format::Jsonl),
            ("{\"ind", Format::Jsonl),
            ("\n{\"index\":0,", Format::Jsonl),
            ("{ \"type\" : \"invoke\"", Format::Jsonl),
            ("{\"key\" :null", Format::Edn),
            ("{\"type\" :invoke", Format::Edn),
            ("{\"process\" 0, \"type\" :invoke", Format::Edn),
            ("{\"a\\\"b\": 1}", Format::Jsonl),
            ("{:process 0", Format::Edn),
            ("; a remark\n{\"odd\": 1}", Format::Edn),
            ("[{:process 0", Format::Edn),
            ("[{\"index\":0}]", Format::Jsonl),
            ("({:process 0", Format::Edn),
            ("#jepsen.history.Op{:index 0", Format::Edn),
            ("INFO  jepsen.util - 0\t:invoke\t:read\tnil", Format::Porcupine),
        ] {
            assert_eq!(detect(head.as_bytes()).unwrap(), format, "{head}");
        }
    }

    #[test]
    fn what_is_no_history_is_refused_with_its_line() {
        let error = detect(b"\n\n<html>\n<body>").unwrap_err().to_string();
        assert!(error.starts_with("line 3: expected a history as JSON Lines"), "{error}");
        assert!(error.ends_with("found \"<html>\""), "{error}");
    }
}
