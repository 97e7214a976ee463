//! JSON (RFC 8259) in one line of text, read strictly.
//!
//! The reader differs from the usual one where a history could be misjudged: an integer beyond 64 bits is
//! refused and not rounded, and so is a name that occurs twice in an object. It is made for speed on short
//! lines: it looks at each byte once, and arrays get the memory that they need and no more.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

/// How deep arrays and objects may nest.
const MAX_DEPTH: u32 = 128;

/// What should stand somewhere in a line but does not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What should stand there.
    pub(super) expected: Cow<'static, str>,
    /// How many bytes of the line come before.
    pub(super) at: usize,
}

/// A line of text, and how much of it is read.
pub(super) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
    /// The items of the arrays that are open.
    items: Vec<Value>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0, items: Vec::new() }
    }

    /// A refusal of what comes next.
    pub(super) fn refuse<T>(&self, expected: impl Into<Cow<'static, str>>) -> Result<T, Refusal> {
        Err(Refusal { expected: expected.into(), at: self.at })
    }

    /// The next byte that is no white space, which stays.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes a byte, perhaps after white space, if it is this one.
    pub(super) fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, wanted: u8, expected: &'static str) -> Result<(), Refusal> {
        if self.take(wanted) { Ok(()) } else { self.refuse(expected) }
    }

    /// Takes a word such as `null`, if it comes next.
    pub(super) fn take_word(&mut self, word: &[u8]) -> bool {
        self.peek();
        let found = self.text[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Any value.
    pub(super) fn value(&mut self) -> Result<Value, Refusal> {
        match self.peek() {
            Some(b'"') => self.string().map(|text| Value::String(text.into_owned())),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'[') => self.nested(Self::array),
            Some(b'{') => self.nested(Self::object),
            _ if self.take_word(b"null") => Ok(Value::Null),
            _ if self.take_word(b"true") => Ok(Value::Bool(true)),
            _ if self.take_word(b"false") => Ok(Value::Bool(false)),
            _ => self.refuse("a JSON value"),
        }
    }

    /// Reads something one level deeper, if that is not too deep.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Value, Refusal>) -> Result<Value, Refusal> {
        if self.depth == MAX_DEPTH {
            return self.refuse(format!("values nested at most {MAX_DEPTH} deep"));
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Value, Refusal> {
        self.at += 1;
        let first = self.items.len();
        if !self.take(b']') {
            loop {
                let item = self.value()?;
                self.items.push(item);
                if !self.take(b',') {
                    break;
                }
            }
            self.expect(b']', ", or ]")?;
        }
        Ok(Value::Array(self.items.drain(first..).collect()))
    }

    fn object(&mut self) -> Result<Value, Refusal> {
        self.at += 1;
        let mut members = Map::new();
        if !self.take(b'}') {
            loop {
                let begun = self.at;
                let name = self.name()?.into_owned();
                if members.contains_key(&name) {
                    return Err(Refusal { expected: "each name of an object once".into(), at: begun });
                }
                let value = self.value()?;
                members.insert(name, value);
                if !self.take(b',') {
                    break;
                }
            }
            self.expect(b'}', ", or }")?;
        }
        Ok(Value::Object(members))
    }

    /// The name of a member, with its colon.
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>, Refusal> {
        if self.peek() != Some(b'"') {
            return self.refuse("a name in quotes");
        }
        let name = self.string()?;
        self.expect(b':', ": after a name")?;
        Ok(name)
    }

    /// A string, whose opening quote comes next; borrowed where it has no escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Refusal> {
        let begun = self.at;
        self.at += 1;
        let plain = self.plain_text()?;
        if self.text.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return self.refuse("no control character in a string"),
                None => return Err(Refusal { expected: "a string that ends".into(), at: begun }),
            }
            text.push_str(self.plain_text()?);
        }
        self.at += 1;
        Ok(Cow::Owned(text))
    }

    /// The text up to a quote, a backslash, a control character or the end.
    fn plain_text(&mut self) -> Result<&'a str, Refusal> {
        let rest = &self.text[self.at..];
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let length = rest.iter().position(special).unwrap_or(rest.len());
        match std::str::from_utf8(&rest[..length]) {
            Ok(text) => {
                self.at += length;
                Ok(text)
            }
            Err(error) => {
                self.at += error.valid_up_to();
                self.refuse("UTF-8 text")
            }
        }
    }

    /// What an escape stands for, whose backslash comes next.
    fn escape(&mut self) -> Result<char, Refusal> {
        let character = match self.text.get(self.at + 1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'u') => return self.unicode(),
            _ => return self.refuse("one of the escapes \\n \\t \\r \\b \\f \\\" \\\\ \\/ \\uXXXX"),
        };
        self.at += 2;
        Ok(character)
    }

    /// A character by its code in UTF-16, of one or two units.
    fn unicode(&mut self) -> Result<char, Refusal> {
        const EXPECTED: &str = "\\u and four hexadecimal digits that make a character";
        let Some(high) = self.unit(self.at) else { return self.refuse(EXPECTED) };
        let low = self.unit(self.at + 6);
        let units = [high, low.unwrap_or_default()];
        let length = if (0xd800..0xdc00).contains(&high) { 2 } else { 1 };
        match char::decode_utf16(units.into_iter().take(length)).next() {
            Some(Ok(character)) => {
                self.at += 6 * length;
                Ok(character)
            }
            _ => self.refuse(EXPECTED),
        }
    }

    /// One unit of UTF-16, `\uXXXX`, if it stands there.
    fn unit(&self, at: usize) -> Option<u16> {
        let [b'\\', b'u', digits @ ..] = self.text.get(at..at + 6)? else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let number = digits.iter().try_fold(0, |number, byte| Some(number * 16 + digit(byte)?))?;
        u16::try_from(number).ok()
    }

    /// An integer that is not negative, for the fields that are such.
    pub(super) fn unsigned(&mut self, expected: &'static str) -> Result<u64, Refusal> {
        self.peek();
        let begun = self.at;
        match self.digits() {
            Some(number) if !matches!(self.text.get(self.at), Some(b'.' | b'e' | b'E')) => Ok(number),
            _ => Err(Refusal { expected: expected.into(), at: begun }),
        }
    }

    /// Decimal digits without leading zeros; `None` if there are none or they exceed 64 bits.
    fn digits(&mut self) -> Option<u64> {
        let begun = self.at;
        let mut number = 0_u64;
        while let Some(byte @ b'0'..=b'9') = self.text.get(self.at) {
            number = number.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
            self.at += 1;
        }
        let length = self.at - begun;
        (length == 1 || (length > 1 && self.text[begun] != b'0')).then_some(number)
    }

    /// A number, of which the first byte comes next.
    fn number(&mut self) -> Result<Number, Refusal> {
        let begun = self.at;
        let negative = self.text[begun] == b'-';
        self.at += usize::from(negative);
        let digits = self.digits();
        // An integer too wide leaves digits behind, which only make a number with a fraction or an exponent.
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if matches!(self.text.get(self.at), Some(b'.' | b'e' | b'E')) {
            return self.float(begun);
        }
        let number = match digits {
            Some(0) if negative => Number::from_f64(-0.0),
            Some(number) if negative => 0_i64.checked_sub_unsigned(number).map(Number::from),
            number => number.map(Number::from),
        };
        number.ok_or(Refusal { expected: "an integer of 64 bits without leading zeros".into(), at: begun })
    }

    /// A number with a fraction or an exponent.
    fn float(&mut self, begun: usize) -> Result<Number, Refusal> {
        let body = begun + usize::from(self.text[begun] == b'-');
        let whole = self.at - body;
        let mut well_formed = whole == 1 || (whole > 1 && self.text[body] != b'0');
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            well_formed &= self.skip_digits();
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            well_formed &= self.skip_digits();
        }
        let number = std::str::from_utf8(&self.text[begun..self.at]).ok().filter(|_| well_formed);
        number
            .and_then(|number| number.parse().ok())
            .and_then(Number::from_f64)
            .ok_or(Refusal { expected: "a floating-point number of 64 bits".into(), at: begun })
    }

    /// Takes digits; false if there are none.
    fn skip_digits(&mut self) -> bool {
        let begun = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at > begun
    }
}
