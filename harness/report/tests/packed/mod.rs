//! The data of a page, unpacked as its script does.

#![allow(clippy::unwrap_used, reason = "a test may end where it cannot go on")]

use std::io::Read;

use serde_json::Value;

/// The bytes that a text in base64 stands for.
fn decode(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let digits: Vec<u8> = group.iter().filter(|c| **c != b'=').map(|c| digit(*c)).collect();
        let word = digits.iter().enumerate().fold(0, |word, (at, d)| word | u32::from(*d) << (18 - 6 * at));
        bytes.extend(&word.to_be_bytes()[1..digits.len()]);
    }
    bytes
}

/// The data in a page.
pub fn data(page: &str) -> Value {
    let start = page.find("id=\"data\"").unwrap();
    let start = start + page[start..].find('>').unwrap() + 1;
    let packed = &page[start..start + page[start..].find('<').unwrap()];
    let mut json = String::new();
    flate2::read::GzDecoder::new(&decode(packed)[..]).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}
