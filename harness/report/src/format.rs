//! Figures and values as a person reads them.

use ordalia_history::{Operation, Outcome};
use serde_json::Value;

/// A span of time with three significant digits: `53.1 µs`, `1.24 ms`, `12.4 s`, `2 m 05 s`.
pub(crate) fn duration(ns: u64) -> String {
    if ns >= 120_000_000_000 {
        let seconds = ns / 1_000_000_000;
        return format!("{} m {:02} s", seconds / 60, seconds % 60);
    }
    let figure = ns as f64;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..999_500 => format!("{} µs", three_digits(figure / 1e3)),
        999_500..999_500_000 => format!("{} ms", three_digits(figure / 1e6)),
        _ => format!("{} s", three_digits(figure / 1e9)),
    }
}

/// A number with three significant digits, without an exponent.
fn three_digits(figure: f64) -> String {
    let decimals = match figure {
        f if f < 9.995 => 2,
        f if f < 99.95 => 1,
        _ => 0,
    };
    format!("{figure:.decimals$}")
}

/// A point in time, in seconds since the start of the load: `12.345 s`.
pub(crate) fn time(ns: u64) -> String {
    format!("{:.3} s", ns as f64 / 1e9)
}

/// A whole number with its thousands apart: `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes: `840 B`, `12.3 kB`, `4.56 MB`.
pub(crate) fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{} kB", three_digits(number as f64 / 1e3)),
        1_000_000..1_000_000_000 => format!("{} MB", three_digits(number as f64 / 1e6)),
        _ => format!("{} GB", three_digits(number as f64 / 1e9)),
    }
}

/// A share of a whole: `97.3 %`. All that is not quite everything stays below `100 %`.
pub(crate) fn percent(fraction: f64) -> String {
    let figure = fraction * 100.0;
    if figure >= 100.0 {
        return "100 %".to_owned();
    }
    format!("{:.1} %", figure.min(99.9))
}

/// A value in few characters: strings without quotes, null as `nil`, other values as JSON.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    }
}

/// An operation in few characters: `cas 1→2`, `read 3`, `write 5`; a read without an answer is `read ?`.
pub(crate) fn operation(operation: &Operation) -> String {
    let text = match (operation.f.as_str(), &operation.input) {
        ("cas", Value::Array(pair)) if pair.len() == 2 => {
            format!("cas {}→{}", value(&pair[0]), value(&pair[1]))
        }
        ("read", _) if operation.outcome != Outcome::Ok => "read ?".to_owned(),
        ("read", _) => format!("read {}", value(&operation.output)),
        (f, Value::Null) if operation.output.is_null() => f.to_owned(),
        (f, Value::Null) => format!("{f} {}", value(&operation.output)),
        (f, input) => format!("{f} {}", value(input)),
    };
    shorten(&text, 28)
}

/// The text on one line of at most so many characters, without control characters, which XML forbids.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= most {
        return text.chars().map(clean).collect();
    }
    text.chars().take(most.saturating_sub(1)).map(clean).chain(['…']).collect()
}

/// The text on one line of at most so many characters, with what is too much left out of the middle: long values
/// differ at their ends as often as at their beginnings.
pub(crate) fn abridge(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return shorten(text, most);
    }
    let (head, tail) = (most - most / 3, (most / 3).saturating_sub(1));
    let ends = text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail));
    shorten(&ends.collect::<String>(), most)
}

/// The name of an outcome.
pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Fail => "fail",
        Outcome::Info => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_fitting_unit() {
        for (ns, text) in [
            (812, "812 ns"),
            (53_140, "53.1 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (1_240_000, "1.24 ms"),
            (999_499_999, "999 ms"),
            (999_500_000, "1.00 s"),
            (12_400_000_000, "12.4 s"),
            (125_000_000_000, "2 m 05 s"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn counts_bytes_and_shares() {
        assert_eq!(
            [count(7), count(999), count(1_000), count(1_234_567)],
            ["7", "999", "1,000", "1,234,567"]
        );
        assert_eq!([bytes(840), bytes(12_300), bytes(4_560_000)], ["840 B", "12.3 kB", "4.56 MB"]);
        assert_eq!([percent(1.0), percent(0.99999), percent(0.5)], ["100 %", "99.9 %", "50.0 %"]);
    }

    #[test]
    fn long_and_strange_text_is_made_fit_to_print() {
        assert_eq!(shorten("a\u{0}b\nc", 9), "a b c");
        assert_eq!(shorten("abcdef", 4), "abc…");
    }
}
