//! What figures are counted in, and how they are written.

use serde::{Deserialize, Serialize};

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// A number of things.
    #[serde(rename = "count")]
    Count,
    /// Operations a second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// Microseconds.
    #[serde(rename = "us")]
    Microseconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// A part of a whole, 0 to 1.
    #[serde(rename = "fraction")]
    Fraction,
    /// So many for each operation.
    #[serde(rename = "1/op")]
    PerOperation,
    /// Bytes for each operation.
    #[serde(rename = "B/op")]
    BytesPerOperation,
}

impl Unit {
    /// A figure for a person: three digits, and the unit where it has one: `1.24 ms`, `998/s`, `2.31`.
    pub fn text(self, figure: f64) -> String {
        let sign = if figure < 0.0 { "−" } else { "" };
        sign.to_owned() + &self.unsigned(figure.abs())
    }

    /// A difference: the same, with its sign.
    pub fn signed(self, figure: f64) -> String {
        let sign = if figure > 0.0 { "+" } else { "" };
        sign.to_owned() + &self.text(figure)
    }

    fn unsigned(self, figure: f64) -> String {
        match self {
            Unit::Count => digits(figure),
            Unit::PerSecond => format!("{}/s", digits(figure)),
            Unit::Microseconds => span(figure),
            Unit::Milliseconds => span(figure * 1e3),
            Unit::Fraction => format!("{:.2} %", figure * 100.0),
            Unit::PerOperation => digits(figure),
            Unit::BytesPerOperation => format!("{} B", digits(figure)),
        }
    }
}

/// A number with three digits that count, and without decimals where it has none.
fn digits(figure: f64) -> String {
    match figure {
        f if f.fract() == 0.0 || f >= 99.95 => format!("{figure:.0}"),
        f if f < 9.995 => format!("{figure:.2}"),
        _ => format!("{figure:.1}"),
    }
}

/// Microseconds in a unit that fits.
fn span(us: f64) -> String {
    match us {
        0.0 => "0 ms".to_owned(),
        f if f < 999.5 => format!("{} µs", digits(f)),
        f if f < 999_500.0 => format!("{} ms", digits(f / 1e3)),
        f => format!("{} s", digits(f / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit_that_fits() {
        assert_eq!(Unit::Microseconds.text(812.4), "812 µs");
        assert_eq!(Unit::Microseconds.text(1240.0), "1.24 ms");
        assert_eq!(Unit::Milliseconds.text(0.05), "50 µs");
        assert_eq!(Unit::Milliseconds.signed(-12_400.0), "−12.4 s");
        assert_eq!(Unit::PerSecond.signed(31.26), "+31.3/s");
        assert_eq!(Unit::Fraction.text(0.98765), "98.77 %");
        assert_eq!((Unit::Count.text(3.0), Unit::PerOperation.text(2.314)), ("3".into(), "2.31".into()));
        assert_eq!(Unit::Milliseconds.signed(0.0), "0 ms");
    }
}
