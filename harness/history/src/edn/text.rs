//! Strings and characters.

use std::io::Read;

use serde_json::Value;

use super::Parser;
use crate::ParseError;
use crate::read_error::excerpt;

impl<R: Read> Parser<R> {
    /// A string, whose opening quote comes next.
    pub(super) fn string(&mut self) -> Result<Value, ParseError> {
        let begun = self.bytes.line();
        self.bytes.take()?;
        let mut text = Vec::new();
        loop {
            match self.bytes.take()? {
                Some(b'"') => break,
                Some(b'\\') => {
                    let character = self.escape()?;
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(byte) => text.push(byte),
                None => return Err(self.ends(&format!("\" to close the string of line {begun}"))),
            }
        }
        String::from_utf8(text)
            .map(Value::String)
            .map_err(|error| ParseError::form(begun, "UTF-8 text", excerpt(error.as_bytes())))
    }

    /// What an escape in a string stands for; its backslash is taken.
    fn escape(&mut self) -> Result<char, ParseError> {
        let line = self.bytes.line();
        let escaped = self.bytes.take()?;
        Ok(match escaped {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\')) => char::from(byte),
            Some(b'u') => return self.unicode(line),
            Some(byte) => {
                let expected = "one of the escapes \\n \\t \\r \\b \\f \\\" \\\\ \\uXXXX";
                return Err(ParseError::form(line, expected, excerpt(&[b'\\', byte])));
            }
            None => return Err(self.ends("the rest of a string")),
        })
    }

    /// A character by its four hexadecimal digits; one beyond the first plane by two such escapes, since
    /// the strings of Java are UTF-16.
    fn unicode(&mut self, line: u64) -> Result<char, ParseError> {
        let mut unit = self.hexadecimal(line)?;
        if (0xd800..0xdc00).contains(&unit)
            && (self.bytes.peek(0)?, self.bytes.peek(1)?) == (Some(b'\\'), Some(b'u'))
        {
            self.bytes.take()?;
            self.bytes.take()?;
            let low = self.hexadecimal(line)?;
            if (0xdc00..0xe000).contains(&low) {
                unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            }
        }
        let found = || format!("\\u{unit:04x}, half of a character");
        char::from_u32(unit).ok_or_else(|| ParseError::form(line, "a character", found()))
    }

    fn hexadecimal(&mut self, line: u64) -> Result<u32, ParseError> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.bytes.take()?.and_then(|byte| char::from(byte).to_digit(16));
            let expected = "four hexadecimal digits after \\u";
            number = number * 16 + digit.ok_or_else(|| ParseError::form(line, expected, "something else"))?;
        }
        Ok(number)
    }

    /// A character such as `\a` or `\newline`, whose backslash comes next, as a string.
    pub(super) fn character(&mut self) -> Result<Value, ParseError> {
        let line = self.bytes.line();
        self.bytes.take()?;
        let mut word = Vec::new();
        // The first may be one that else ends a word, such as a bracket.
        word.extend(self.bytes.take()?);
        self.rest_of_word(&mut word)?;
        let refused = || ParseError::form(line, "a character such as \\a or \\newline", excerpt(&word));
        let name = std::str::from_utf8(&word).map_err(|_| refused())?;
        let text = match name {
            "newline" => "\n",
            "return" => "\r",
            "space" => " ",
            "tab" => "\t",
            "formfeed" => "\u{c}",
            "backspace" => "\u{8}",
            _ if name.chars().count() == 1 => name,
            _ => {
                let digits = name.strip_prefix('u').filter(|digits| digits.len() == 4);
                let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let character = unit.and_then(char::from_u32).ok_or_else(refused)?;
                return Ok(Value::String(character.to_string()));
            }
        };
        Ok(Value::String(text.to_owned()))
    }
}
