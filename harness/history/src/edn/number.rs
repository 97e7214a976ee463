//! Numbers, as EDN and Clojure spell them.

use serde_json::{Number, Value};

/// What a number may be, for messages.
const INTEGER: &str = "an integer of 64 bits";

/// The value of a word that begins like a number; otherwise what was expected instead.
pub(super) fn number(word: &str) -> Result<Value, &'static str> {
    if word.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return float(word);
    }
    // An N says only that Clojure held the integer in a wider type.
    let digits = word.strip_suffix('N').unwrap_or(word);
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a decimal integer or a floating-point number");
    }
    if unsigned.len() > 1 && unsigned.starts_with('0') {
        // Clojure would read it as octal, EDN forbids it.
        return Err("an integer without leading zeros");
    }
    match digits.parse::<i64>() {
        Ok(number) => Ok(Value::from(number)),
        Err(_) => digits.parse::<u64>().map(Value::from).map_err(|_| INTEGER),
    }
}

fn float(word: &str) -> Result<Value, &'static str> {
    let spelled = word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let value = word.parse::<f64>().ok().filter(|_| spelled);
    value
        .and_then(Number::from_f64)
        .map(Value::Number)
        .ok_or("a floating-point number of 64 bits such as 1.5 or 2e-3")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_what_they_say_or_are_refused() {
        for (word, value) in [
            ("0", json!(0)),
            ("-12", json!(-12)),
            ("+7", json!(7)),
            ("3N", json!(3)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("1.5", json!(1.5)),
            ("2e3", json!(2000.0)),
        ] {
            assert_eq!(number(word), Ok(value), "{word}");
        }
        for word in ["18446744073709551616", "-9223372036854775809"] {
            assert_eq!(number(word), Err(INTEGER), "{word}");
        }
        for word in ["017", "0x1f", "1/2", "1.5M", "1e999", "1-2", "3M", "--1", "+-1", "2r101", "-"] {
            assert!(number(word).is_err(), "{word}");
        }
    }
}
