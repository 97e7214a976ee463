//! The colours of page and plots, in light and dark.
//!
//! Plots are drawn in the light colours, so that a plot's own file looks right on white. Inside the page
//! each colour is replaced by its CSS variable, which follows the reader's preference.

use plotters::style::RGBColor;

/// A colour with its variable's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ink {
    name: &'static str,
    light: u32,
    dark: u32,
}

/// Declares the colours and the list of them all.
macro_rules! inks {
    ($($constant:ident $name:literal $light:literal $dark:literal;)*) => {
        $(pub(crate) const $constant: Ink = Ink { name: $name, light: $light, dark: $dark };)*
        /// Every colour there is. Their light forms differ, for they identify them in a plot.
        const ALL: &[Ink] = &[$($constant),*];
    };
}

inks! {
    SURFACE "surface" 0xFFFFFF 0x171A20;
    PAPER "paper" 0xF5F6F8 0x0F1115;
    TEXT "text" 0x1A1F27 0xE4E8EE;
    MUTED "muted" 0x5A6472 0x97A1B0;
    GRID "grid" 0xE4E8ED 0x2A3039;
    OK "ok" 0x1A8F4C 0x45C17F;
    FAIL "fail" 0x7C8798 0x8E99AA;
    INFO "info" 0xCC7A00 0xF2A93B;
    BAD "bad" 0xD1242F 0xFF6B6B;
    BLUE "blue" 0x2B6CD8 0x6BA4FF;
    ORANGE "orange" 0xD9661A 0xFF9A57;
    VIOLET "violet" 0x8449D6 0xBE95FF;
    TEAL "teal" 0x0E8C86 0x46CFC5;
    PINK "pink" 0xBF3B84 0xFF8CC3;
    KILL "kill" 0xC8374B 0xF0707F;
    PAUSE "pause" 0x8A63C9 0xB596EC;
    PARTITION "partition" 0x2F7FA8 0x63B5DE;
    DELAY "delay" 0xB58310 0xE0B64A;
    LOSS "loss" 0x9A5B2C 0xD2935F;
    OTHER "other" 0x6B7280 0x9AA3B0;
    LEADER "leader" 0x2F54C9 0x6D8DFF;
    FOLLOWER "follower" 0xCFD8E6 0x343D4C;
    CANDIDATE "candidate" 0xF0B429 0xD9A32A;
    SILENT "silent" 0xEDEFF2 0x20252D;
    ON_DARK "on-dark" 0xFEFEFE 0x0B0D11;
}

impl Ink {
    /// The light form as plots write it: `#RRGGBB`.
    pub(crate) fn hex(self) -> String {
        format!("#{:06X}", self.light)
    }

    /// The variable that the page knows it by.
    pub(crate) fn variable(self) -> String {
        format!("var(--{})", self.name)
    }

    /// The light form for plotters.
    pub(crate) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }
}

/// The declarations of all variables, light or dark.
fn declarations(dark: bool) -> String {
    let declare = |ink: &Ink| format!("--{}:#{:06x};", ink.name, if dark { ink.dark } else { ink.light });
    ALL.iter().map(declare).collect()
}

/// A style sheet that uses the variables, with the declarations of both schemes ahead of it.
pub(crate) fn style(rules: &str) -> String {
    format!(
        ":root{{color-scheme:light dark;{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n{rules}",
        declarations(false),
        declarations(true)
    )
}

/// A plot with its colours replaced by variables. Only whole attributes match, and quotes in text are
/// escaped, so text is never touched.
pub(crate) fn with_variables(svg: &str) -> String {
    ALL.iter().fold(svg.to_owned(), |svg, ink| {
        svg.replace(&format!("\"{}\"", ink.hex()), &format!("\"{}\"", ink.variable()))
    })
}

/// The colour of a kind of fault.
pub(crate) fn fault(kind: &str) -> Ink {
    match kind {
        "kill" => KILL,
        "pause" => PAUSE,
        "partition" => PARTITION,
        "delay" | "bandwidth" => DELAY,
        "loss" | "duplicate" | "reorder" => LOSS,
        _ => OTHER,
    }
}

/// The colours of the operations' names, in their order; the usual names keep theirs in every report.
pub(crate) fn operation(f: &str, position: usize) -> Ink {
    match f {
        "read" => BLUE,
        "write" => ORANGE,
        "cas" => VIOLET,
        _ => [TEAL, PINK, DELAY, BLUE, VIOLET, ORANGE][position % 6],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_can_be_told_from_the_others() {
        let light: std::collections::BTreeSet<u32> = ALL.iter().map(|ink| ink.light).collect();
        assert_eq!(light.len(), ALL.len());
    }

    #[test]
    fn attributes_become_variables_and_text_does_not() {
        let svg = r##"<text fill="#D1242F">#D1242F</text>"##;
        assert_eq!(with_variables(svg), r##"<text fill="var(--bad)">#D1242F</text>"##);
    }
}
