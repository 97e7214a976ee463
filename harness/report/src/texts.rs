//! The texts of a page, each once, and short enough together that the page stays small.

use std::collections::HashMap;

/// How many bytes the texts of a page may have, uncompressed.
const MAX_BYTES: usize = 3_000_000;

/// How long a text may be, where that leaves the whole within its bounds; else the next.
const LENGTHS: [usize; 6] = [600, 200, 100, 50, 25, 12];

/// Texts, numbered.
#[derive(Default)]
pub(crate) struct Texts<'a> {
    all: Vec<std::borrow::Cow<'a, str>>,
    numbers: HashMap<std::borrow::Cow<'a, str>, i64>,
}

impl<'a> Texts<'a> {
    /// The number of a text.
    pub(crate) fn number(&mut self, text: impl Into<std::borrow::Cow<'a, str>>) -> i64 {
        let text = text.into();
        if let Some(known) = self.numbers.get(&text) {
            return *known;
        }
        let number = self.all.len() as i64;
        self.numbers.insert(text.clone(), number);
        self.all.push(text);
        number
    }

    /// The texts in the order of their numbers, each cut to the length that the page can bear.
    pub(crate) fn cut(&self) -> Vec<String> {
        let total = |length: usize| -> usize { self.all.iter().map(|text| text.len().min(length)).sum() };
        let length = LENGTHS.into_iter().find(|length| total(*length) <= MAX_BYTES);
        let length = length.unwrap_or(LENGTHS[LENGTHS.len() - 1]);
        self.all.iter().map(|text| crate::format::abridge(text, length)).collect()
    }
}
