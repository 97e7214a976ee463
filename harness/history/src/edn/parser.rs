//! EDN's forms as JSON values.

use std::io::Read;

use serde_json::{Map, Value};

use super::bytes::{Bytes, ends_word, is_blank};
use super::number::number;
use crate::ParseError;
use crate::read_error::excerpt;

/// How deep forms may nest.
const MAX_DEPTH: u32 = 128;

/// The tags of what Jepsen's independent tests have for a value: a key, and the value of that key.
const TUPLES: [&str; 3] = ["jepsen.independent/tuple", "jepsen.independent.Tuple", "clojure.lang.MapEntry"];

/// The tag of an operation.
const OPERATION: &str = "jepsen.history.Op";

/// Reads forms from an input.
pub(crate) struct Parser<R> {
    pub(super) bytes: Bytes<R>,
    depth: u32,
    discarding: bool,
}

impl<R: Read> Parser<R> {
    /// Reads from this input, whose first line has this number.
    pub(crate) fn new(input: R, line: u64) -> Self {
        Self { bytes: Bytes::new(input, line), depth: 0, discarding: false }
    }

    /// Takes white space, comments and discarded forms; then tells the next byte.
    pub(crate) fn next_form(&mut self) -> Result<Option<u8>, ParseError> {
        loop {
            match self.bytes.peek(0)? {
                Some(b';') => while !matches!(self.bytes.take()?, Some(b'\n') | None) {},
                Some(b'#') if self.bytes.peek(1)? == Some(b'_') => self.discard()?,
                Some(byte) if is_blank(byte) => drop(self.bytes.take()?),
                other => return Ok(other),
            }
        }
    }

    /// Takes `#_` and the form that it discards, in which any tag may stand.
    fn discard(&mut self) -> Result<(), ParseError> {
        self.bytes.take()?;
        self.bytes.take()?;
        let outer = std::mem::replace(&mut self.discarding, true);
        self.nested(Self::value)?;
        self.discarding = outer;
        Ok(())
    }

    /// The next form.
    pub(crate) fn value(&mut self) -> Result<Value, ParseError> {
        match self.next_form()? {
            None => Err(self.ends("a value")),
            Some(b'[') => self.nested(|parser| parser.sequence(b']')).map(Value::Array),
            Some(b'(') => self.nested(|parser| parser.sequence(b')')).map(Value::Array),
            Some(b'{') => self.nested(|parser| parser.map(false)).map(Value::Object),
            Some(b'"') => self.string(),
            Some(b'\\') => self.character(),
            Some(b'#') => self.dispatch(),
            Some(closer @ (b']' | b')' | b'}')) => {
                Err(ParseError::form(self.bytes.line(), "a value", char::from(closer).to_string()))
            }
            Some(_) => self.word_value(),
        }
    }

    /// An operation's map, with or without its tag. A tagged tuple as its `:value` is split into the
    /// members `key` and `value`.
    pub(super) fn operation(&mut self) -> Result<Map<String, Value>, ParseError> {
        let line = self.bytes.line();
        if self.bytes.peek(0)? == Some(b'#') {
            let tag = self.tag()?;
            if tag != OPERATION {
                return Err(ParseError::form(
                    line,
                    format!("an operation, tagged #{OPERATION} if at all"),
                    format!("#{tag}"),
                ));
            }
        }
        match self.next_form()? {
            Some(b'{') => self.nested(|parser| parser.map(true)),
            None => Err(self.ends("an operation such as {:process 0, :type :invoke, :f :read}")),
            Some(_) => {
                let expected = "an operation such as {:process 0, :type :invoke, :f :read}";
                let mut word = Vec::new();
                word.extend(self.bytes.take()?);
                self.rest_of_word(&mut word)?;
                Err(ParseError::form(line, expected, excerpt(&word)))
            }
        }
    }

    /// Does something one level deeper, if that is not too deep.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        if self.depth == MAX_DEPTH {
            let expected = format!("forms nested at most {MAX_DEPTH} deep");
            return Err(ParseError::form(self.bytes.line(), expected, "a deeper one"));
        }
        self.depth += 1;
        let form = read(self);
        self.depth -= 1;
        form
    }

    /// The forms up to a closing bracket, whose opening one comes next.
    fn sequence(&mut self, closer: u8) -> Result<Vec<Value>, ParseError> {
        let begun = self.bytes.line();
        self.bytes.take()?;
        let mut values = Vec::new();
        while !self.closes(closer, begun)? {
            values.push(self.value()?);
        }
        Ok(values)
    }

    /// The members of a map, whose opening brace comes next.
    fn map(&mut self, of_operation: bool) -> Result<Map<String, Value>, ParseError> {
        let begun = self.bytes.line();
        self.bytes.take()?;
        let mut members = Map::new();
        while !self.closes(b'}', begun)? {
            let line = self.bytes.line();
            let name = match self.value()? {
                Value::String(name) => name,
                other => other.to_string(),
            };
            if self.closes(b'}', begun)? {
                return Err(ParseError::form(line, format!("a value for {}", excerpt(name.as_bytes())), "}"));
            }
            let tuple = if of_operation && name == "value" { self.tuple()? } else { None };
            let value = match tuple {
                Some((key, value)) => {
                    insert(&mut members, "key".to_owned(), key, line)?;
                    value
                }
                None => self.value()?,
            };
            insert(&mut members, name, value, line)?;
        }
        Ok(members)
    }

    /// Whether the closing bracket comes next, which it then takes.
    fn closes(&mut self, closer: u8, begun: u64) -> Result<bool, ParseError> {
        match self.next_form()? {
            Some(byte) if byte == closer => self.bytes.take().map(|_| true),
            Some(byte @ (b']' | b')' | b'}')) => {
                let expected = closing(closer, begun);
                Err(ParseError::form(self.bytes.line(), expected, char::from(byte).to_string()))
            }
            Some(_) => Ok(false),
            None => Err(self.ends(&closing(closer, begun))),
        }
    }

    /// A tagged tuple of key and value, if one comes next.
    fn tuple(&mut self) -> Result<Option<(Value, Value)>, ParseError> {
        if self.next_form()? != Some(b'#') || self.bytes.peek(1)? == Some(b'{') {
            return Ok(None);
        }
        let line = self.bytes.line();
        let tag = self.tag()?;
        if !TUPLES.contains(&tag.as_str()) {
            return Err(unknown_tag(line, &tag));
        }
        let found = self.nested(Self::value)?;
        match <[Value; 2]>::try_from(found.as_array().cloned().unwrap_or_default()) {
            Ok([key, value]) => Ok(Some((key, value))),
            Err(_) => {
                let found = excerpt(found.to_string().as_bytes());
                Err(ParseError::form(line, format!("[key value] after #{tag}"), found))
            }
        }
    }

    /// A form that begins with `#`: a set, or what a tag stands before.
    fn dispatch(&mut self) -> Result<Value, ParseError> {
        let line = self.bytes.line();
        if self.bytes.peek(1)? == Some(b'{') {
            self.bytes.take()?;
            return self.nested(|parser| parser.sequence(b'}')).map(Value::Array);
        }
        let tag = self.tag()?;
        // ##NaN and ##Inf have no form after them, and JSON has no such values.
        let symbolic = tag.starts_with('#');
        match self.discarding {
            true if symbolic => Ok(Value::Null),
            true => self.nested(Self::value),
            false => Err(unknown_tag(line, &tag)),
        }
    }

    /// A tag without its `#`, which comes next.
    fn tag(&mut self) -> Result<String, ParseError> {
        self.bytes.take()?;
        self.word()
    }

    /// A keyword, symbol or number.
    fn word_value(&mut self) -> Result<Value, ParseError> {
        let line = self.bytes.line();
        let word = self.word()?;
        let mut bytes = word.bytes();
        match (bytes.next(), bytes.next()) {
            (Some(b':'), Some(next)) if next != b':' => Ok(Value::String(word[1..].to_owned())),
            (Some(b':'), _) => {
                Err(ParseError::form(line, "a keyword such as :read", excerpt(word.as_bytes())))
            }
            (Some(b'0'..=b'9'), _) | (Some(b'+' | b'-'), Some(b'0'..=b'9')) => {
                number(&word).map_err(|expected| ParseError::form(line, expected, excerpt(word.as_bytes())))
            }
            _ => Ok(match word.as_str() {
                "nil" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::String(word),
            }),
        }
    }

    /// The bytes up to white space, a bracket or a quote, as text.
    fn word(&mut self) -> Result<String, ParseError> {
        let line = self.bytes.line();
        let mut word = Vec::new();
        self.rest_of_word(&mut word)?;
        match String::from_utf8(word) {
            Ok(word) if !word.contains(char::is_control) => Ok(word),
            Ok(word) => Err(ParseError::form(line, "a value", excerpt(word.as_bytes()))),
            Err(error) => Err(ParseError::form(line, "UTF-8 text", excerpt(error.as_bytes()))),
        }
    }

    /// Adds what is left of a word to its beginning.
    pub(super) fn rest_of_word(&mut self, word: &mut Vec<u8>) -> Result<(), ParseError> {
        while let Some(byte) = self.bytes.peek(0)?.filter(|byte| !ends_word(*byte)) {
            word.push(byte);
            self.bytes.take()?;
        }
        Ok(())
    }

    /// The input ended too early.
    pub(super) fn ends(&self, expected: &str) -> ParseError {
        ParseError::form(self.bytes.line(), expected, "the end of the input")
    }
}

/// Adds a member to a map that must not have it yet.
fn insert(members: &mut Map<String, Value>, name: String, value: Value, line: u64) -> Result<(), ParseError> {
    if members.contains_key(&name) {
        return Err(ParseError::form(
            line,
            "each key of a map once",
            format!("{} again", excerpt(name.as_bytes())),
        ));
    }
    members.insert(name, value);
    Ok(())
}

/// The closing bracket that is missing.
pub(super) fn closing(closer: u8, begun: u64) -> String {
    let opener = match closer {
        b']' => '[',
        b')' => '(',
        _ => '{',
    };
    format!("{} to close the {opener} of line {begun}", char::from(closer))
}

fn unknown_tag(line: u64, tag: &str) -> ParseError {
    let expected = format!(
        "no other tags than #{OPERATION}, or before the [key value] of an operation #{}",
        TUPLES.join(" or #")
    );
    ParseError::form(line, expected, format!("#{tag}"))
}
