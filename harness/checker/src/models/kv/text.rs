//! Strings that share what they have in common.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An immutable string that is cheap to clone, to hash, and to append to.
///
/// It is a chain of pieces, the last first. Two strings are equal when their bytes are, however they were
/// put together; the comparison ends where the two chains meet, so strings with a common past cost what
/// they differ in.
#[derive(Clone)]
pub struct Text(Arc<Piece>);

struct Piece {
    before: Option<Text>,
    own: Arc<str>,
    /// Bytes of the whole string.
    length: usize,
    /// The whole string's digest.
    digest: Digest,
}

impl Text {
    /// What one more piece takes, beside its bytes, which it shares with the operation that brought them.
    pub const PIECE_BYTES: usize = size_of::<Piece>() + 2 * size_of::<usize>();

    /// A string of one piece.
    pub fn new(own: &str) -> Self {
        Self(Arc::new(Piece { before: None, own: own.into(), length: own.len(), digest: Digest::of(own) }))
    }

    /// This string, and the other one behind it. Linear in the pieces of the other, which is mostly one.
    #[must_use]
    pub fn append(&self, other: &Self) -> Self {
        let pieces: Vec<&Piece> = other.pieces().collect();
        pieces.into_iter().rev().filter(|piece| !piece.own.is_empty()).fold(self.clone(), Self::and)
    }

    fn and(self, piece: &Piece) -> Self {
        let own = match &piece.before {
            None => piece.digest,
            Some(_) => Digest::of(&piece.own),
        };
        let (length, digest) = (self.0.length.saturating_add(piece.own.len()), self.0.digest.then(own));
        Self(Arc::new(Piece { before: Some(self), own: Arc::clone(&piece.own), length, digest }))
    }

    /// The pieces, the last first.
    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        std::iter::successors(Some(&*self.0), |piece| piece.before.as_ref().map(|before| &*before.0))
    }

    /// At most so many bytes of its end, and whether that is all of it.
    pub fn end(&self, most_bytes: usize) -> (String, bool) {
        let mut pieces = Vec::new();
        let mut length = 0;
        for piece in self.pieces() {
            if length >= most_bytes {
                break;
            }
            length += piece.own.len();
            pieces.push(&*piece.own);
        }
        pieces.reverse();
        let text: String = pieces.concat();
        let mut from = text.len().saturating_sub(most_bytes);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        (text[from..].to_owned(), text.len() - from == self.0.length)
    }

    /// Whether the two are the same bytes, piece by piece from the end.
    fn same_bytes(&self, other: &Self) -> bool {
        let (mut left, mut right) = (Ending::of(self), Ending::of(other));
        loop {
            if left.rest.len() == right.rest.len() && left.meets(&right) {
                return true;
            }
            let common = left.rest.len().min(right.rest.len());
            if left.split(common) != right.split(common) {
                return false;
            }
            match (left.fill(), right.fill()) {
                (true, true) => {}
                (left, right) => return left == right,
            }
        }
    }
}

/// The part of a string that is not compared yet: what is left of a piece, and all ahead of that.
struct Ending<'a> {
    piece: &'a Piece,
    rest: &'a [u8],
}

impl<'a> Ending<'a> {
    fn of(text: &'a Text) -> Self {
        Self { piece: &text.0, rest: text.0.own.as_bytes() }
    }

    fn meets(&self, other: &Self) -> bool {
        std::ptr::eq(self.piece, other.piece)
    }

    /// Takes so many bytes off the end.
    fn split(&mut self, bytes: usize) -> &'a [u8] {
        let (rest, end) = self.rest.split_at(self.rest.len() - bytes);
        self.rest = rest;
        end
    }

    /// Goes on to the next piece where this one is used up; says whether anything is left.
    fn fill(&mut self) -> bool {
        while self.rest.is_empty() {
            let Some(before) = &self.piece.before else { return false };
            self.piece = &before.0;
            self.rest = before.0.own.as_bytes();
        }
        true
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.length == other.0.length && self.0.digest == other.0.digest && self.same_bytes(other))
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.length.hash(state);
        self.0.digest.value.hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (end, whole) = self.end(64);
        write!(f, "{}{end:?}", if whole { "" } else { "…" })
    }
}

/// A chain of a hundred thousand pieces is taken apart in a loop: one drop inside the other would overflow
/// the stack.
impl Drop for Piece {
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(Text(piece)) = next {
            next = Arc::into_inner(piece).and_then(|mut piece| piece.before.take());
        }
    }
}

/// A prime; 2 to the power 61, less 1.
const PRIME: u64 = (1 << 61) - 1;

/// Any number below the prime that is no small power of another.
const BASE: u64 = 0x0c3a_7d15_9b2f_4e61;

/// The polynomial digest of Karp and Rabin (1987): that of a whole follows from those of its parts. Equal
/// strings have equal digests; the converse is never relied on.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Digest {
    value: u64,
    /// The base to the power of the string's length.
    power: u64,
}

impl Digest {
    fn of(text: &str) -> Self {
        text.bytes().fold(Self { value: 0, power: 1 }, |digest, byte| {
            digest.then(Self { value: u64::from(byte) + 1, power: BASE })
        })
    }

    fn then(self, other: Self) -> Self {
        let shifted = times(self.value, other.power);
        Self { value: reduced(shifted + other.value), power: times(self.power, other.power) }
    }
}

fn times(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    reduced((product >> 61) as u64 + (product as u64 & PRIME))
}

/// The remainder of a number below twice the prime.
fn reduced(number: u64) -> u64 {
    if number >= PRIME { number - PRIME } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// All ways to put a string together from pieces.
    fn ways(text: &str) -> Vec<Text> {
        (0..1 << text.len().saturating_sub(1))
            .map(|cuts: u32| {
                let mut built = Text::new("");
                let mut from = 0;
                for at in 1..=text.len() {
                    if at == text.len() || cuts >> (at - 1) & 1 == 1 {
                        built = built.append(&Text::new(&text[from..at]));
                        from = at;
                    }
                }
                built
            })
            .collect()
    }

    #[test]
    fn strings_are_equal_however_they_were_put_together() {
        let texts = ["", "a", "b", "ab", "ba", "aab", "aba", "abab", "abba", "aaaa", "aaab"];
        let all: Vec<(&str, Text)> =
            texts.iter().flat_map(|text| ways(text).into_iter().map(move |way| (*text, way))).collect();
        for (left, left_way) in &all {
            assert_eq!(left_way.end(100), ((*left).to_owned(), true));
            for (right, right_way) in &all {
                assert_eq!(left == right, left_way == right_way, "{left} {right}");
                // The digest of different strings is the same once in 2⁶¹; the bytes must tell then.
                assert_eq!(left == right, left.len() == right.len() && left_way.same_bytes(right_way));
            }
        }
        let distinct: HashSet<Text> = all.into_iter().map(|(_, way)| way).collect();
        assert_eq!(distinct.len(), texts.len());
    }

    #[test]
    fn a_piece_that_is_itself_a_chain_counts_whole() {
        let ab = Text::new("a").append(&Text::new("b"));
        assert_eq!(ab.append(&ab), Text::new("abab"));
    }

    #[test]
    fn long_chains_are_cheap() {
        let piece = Text::new("x");
        let mut texts = vec![Text::new("")];
        for at in 0..200_000 {
            texts.push(texts[at].append(&piece));
        }
        let last = texts[200_000].clone();
        assert_eq!(texts[199_999].append(&piece), last);
        assert_eq!(last, Text::new(&"x".repeat(200_000)));
        drop(texts);
        assert_eq!(last.end(3), ("xxx".to_owned(), false));
    }

    #[test]
    fn an_end_is_cut_between_characters() {
        assert_eq!(Text::new("aéé").end(3), ("é".to_owned(), false));
        assert_eq!(format!("{:?}", Text::new(&"y".repeat(65))).chars().count(), 67);
    }
}
