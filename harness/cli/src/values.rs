//! The forms of values on the command line.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

/// A span of time such as `20s`, `500ms`, `2m` or `1h`.
///
/// # Errors
/// The text is of another form, or longer than a year; says what is expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("expected a duration such as 500ms, 20s, 5m or 1h, found {text:?}");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return Err(expected()),
    };
    let number: f64 = number.parse().map_err(|_| expected())?;
    let milliseconds = (number * milliseconds).round();
    if !(1.0..=3.2e10).contains(&milliseconds) {
        return Err(format!("expected a duration between 1ms and a year, found {text:?}"));
    }
    Ok(Duration::from_millis(milliseconds as u64))
}

/// An age: a duration as [`duration`] reads it, or days such as `30d`.
///
/// # Errors
/// The text is of another form, or longer than a year; says what is expected.
pub fn age(text: &str) -> Result<Duration, String> {
    let Some(days) = text.strip_suffix('d') else { return duration(text) };
    let hours = days.parse::<u32>().ok().and_then(|days| days.checked_mul(24));
    let hours = hours.ok_or_else(|| format!("expected an age such as 12h or 30d, found {text:?}"))?;
    duration(&format!("{hours}h"))
}

/// Writes a duration in the form that [`duration`] reads.
pub fn duration_text(span: Duration) -> String {
    match span.as_millis() {
        ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

/// A half-open range of seeds such as `0..1000`.
///
/// # Errors
/// The text is of another form, or the range holds no seed; says what is expected.
pub fn seed_range(text: &str) -> Result<Range<u64>, String> {
    let expected = || format!("expected a half-open range of seeds such as 0..1000, found {text:?}");
    let (start, end) = text.split_once("..").ok_or_else(expected)?;
    let start: u64 = start.trim().parse().map_err(|_| expected())?;
    let end: u64 = end.trim().parse().map_err(|_| expected())?;
    match start.cmp(&end) {
        Ordering::Less => Ok(start..end),
        Ordering::Equal => Err(format!(
            "the range {text} is empty, for its end is not part of it; did you mean {start}..{}?",
            end.saturating_add(1)
        )),
        Ordering::Greater => Err(format!("the range {text} is reversed; did you mean {end}..{start}?")),
    }
}

/// A number of clients: absolute, or for each node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// So many in all.
    Total(usize),
    /// So many for each node, written `2n`.
    PerNode(usize),
}

impl Concurrency {
    /// The number in all.
    pub fn of(self, nodes: u16) -> usize {
        match self {
            Concurrency::Total(number) => number,
            Concurrency::PerNode(number) => number * usize::from(nodes),
        }
    }
}

impl fmt::Display for Concurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Concurrency::Total(number) => write!(f, "{number}"),
            Concurrency::PerNode(number) => write!(f, "{number}n"),
        }
    }
}

impl FromStr for Concurrency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, per_node) = match text.strip_suffix('n') {
            Some("") => ("1", true),
            Some(digits) => (digits, true),
            None => (text, false),
        };
        match digits.parse() {
            Ok(number @ 1..=10_000) if per_node => Ok(Concurrency::PerNode(number)),
            Ok(number @ 1..=10_000) => Ok(Concurrency::Total(number)),
            _ => Err(format!("expected 1 to 10000 clients, or 2n for twice the nodes, found {text:?}")),
        }
    }
}

/// Operations a second, or `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub Option<f64>);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Rate(None)),
            Ok(rate) if rate > 0.0 && rate <= 1e7 => Ok(Rate(Some(rate))),
            _ => Err(format!("expected operations a second above 0, or max, found {text:?}")),
        }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(rate) => write!(f, "{rate}"),
            None => f.write_str("max"),
        }
    }
}

/// A number of bytes such as `512MB`, `2GB` or `1000000`.
///
/// # Errors
/// The text is of another form; says what is expected.
pub fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" | "K" => 1 << 10,
        "MB" | "M" => 1 << 20,
        "GB" | "G" => 1 << 30,
        _ => 0,
    };
    let total = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    total
        .filter(|total| *total > 0)
        .ok_or_else(|| format!("expected bytes such as 512MB or 2GB, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_seeds_are_half_open_and_hold_a_seed() {
        assert_eq!(seed_range("3..5"), Ok(3..5));
        assert!(seed_range("5..5").unwrap_err().contains("did you mean 5..6?"));
        assert!(seed_range("9..2").unwrap_err().contains("did you mean 2..9?"));
        for wrong in ["", "5", "a..b", "1..", "-1..4", "1..=4"] {
            assert!(seed_range(wrong).unwrap_err().contains("half-open range"), "{wrong}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration_text(Duration::from_millis(1500)), "1500ms");
        for wrong in ["", "20", "s", "-1s", "0s", "1e9s", "1.2.3s", "20 s", "99999999h", "1d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn concurrency_is_a_number_or_a_multiple_of_the_nodes() {
        assert_eq!("10".parse(), Ok(Concurrency::Total(10)));
        assert_eq!("2n".parse::<Concurrency>().map(|c| c.of(5)), Ok(10));
        assert_eq!("n".parse(), Ok(Concurrency::PerNode(1)));
        for wrong in ["0", "0n", "", "-1", "x", "99999999"] {
            assert!(wrong.parse::<Concurrency>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_and_bytes() {
        assert_eq!("max".parse(), Ok(Rate(None)));
        assert!("0".parse::<Rate>().is_err() && "NaN".parse::<Rate>().is_err());
        assert_eq!(bytes("2GB"), Ok(2 << 30));
        assert!(bytes("0").is_err() && bytes("1TB").is_err() && bytes("99999999999999GB").is_err());
    }
}
