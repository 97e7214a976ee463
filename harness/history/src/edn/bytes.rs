//! A stream of bytes that can be looked into, and that knows its line.

use std::io::{self, Read};

use crate::ParseError;
use crate::source::{CHUNK_BYTES, MAX_FORM_BYTES};

/// The bytes of an input.
pub(super) struct Bytes<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    line: u64,
    form_bytes: usize,
}

impl<R: Read> Bytes<R> {
    /// The bytes of this input, whose first line has this number.
    pub(super) fn new(input: R, line: u64) -> Self {
        Self { input, buffer: Vec::new(), at: 0, ended: false, line, form_bytes: 0 }
    }

    /// The number of the line that the next byte stands in.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Begins another operation, for the bound on an operation's length.
    pub(super) fn begin_form(&mut self) {
        self.form_bytes = 0;
    }

    /// The next byte, or the one after so many more; `None` after the last.
    pub(super) fn peek(&mut self, ahead: usize) -> Result<Option<u8>, ParseError> {
        while self.at + ahead >= self.buffer.len() && !self.ended {
            self.fill()?;
        }
        Ok(self.buffer.get(self.at + ahead).copied())
    }

    /// Takes the next byte.
    pub(super) fn take(&mut self) -> Result<Option<u8>, ParseError> {
        let byte = self.peek(0)?;
        if let Some(byte) = byte {
            self.at += 1;
            self.line += u64::from(byte == b'\n');
            self.form_bytes += 1;
            if self.form_bytes > MAX_FORM_BYTES {
                let expected = format!("an operation of at most {MAX_FORM_BYTES} bytes");
                return Err(ParseError::form(self.line, expected, "a longer one"));
            }
        }
        Ok(byte)
    }

    /// Reads the next chunk behind what was not taken yet.
    fn fill(&mut self) -> Result<(), ParseError> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let kept = self.buffer.len();
        self.buffer.resize(kept + CHUNK_BYTES, 0);
        let read = loop {
            match self.input.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(kept + read.as_ref().map_or(0, |read| *read));
        self.ended = read? == 0;
        Ok(())
    }
}

/// White space, which for EDN includes the comma.
pub(super) fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | 0x0b)
}

/// What ends a keyword, a symbol or a number.
pub(super) fn ends_word(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'"' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}')
}
