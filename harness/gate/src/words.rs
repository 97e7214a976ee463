//! What speaks against a change, in sentences.

use crate::examine::Concern;
use crate::figure::Figure;

/// A concern in words.
pub(crate) struct Words {
    /// A few words: what broke.
    pub title: String,
    /// A sentence: how.
    pub why: String,
    /// The command that repeats it, where there is one.
    pub repeat: Option<String>,
}

impl Words {
    pub(crate) fn of(concern: &Concern) -> Self {
        match concern {
            Concern::News { finding, runs, .. } => {
                let what = match finding.verdict {
                    ordalia_checker::Verdict::Invalid => "found a violation",
                    _ => "could not decide",
                };
                let first = &finding.first;
                let why = format!("{} (seed {}, {} of {runs} runs)", first.why, first.seed, finding.count);
                Self { title: format!("{} {what}", finding.checker), why, repeat: Some(first.repeat.clone()) }
            }
            Concern::Worse { figure, worsening, .. } => {
                let text = |value| figure.text(value);
                let why = format!(
                    "{} before, {} now: worse by {}, where {} would be noise or too little to tell",
                    text(worsening.before),
                    text(worsening.now),
                    difference(*figure, (worsening.before - worsening.now).abs()),
                    difference(*figure, worsening.allowed)
                );
                Self { title: format!("{} got worse", figure.name()), why, repeat: None }
            }
            Concern::Vanished { checker, reason, runs, .. } => {
                let why = format!(
                    "it is known that {checker} finds fault here ({reason}), and in {runs} runs it did not: either that \
                     was mended, and the baseline wants --update, or the check has lost its bite"
                );
                Self { title: "a known finding vanished".to_owned(), why, repeat: None }
            }
            Concern::Untried { .. } => Self {
                title: "not tried".to_owned(),
                why: "no run of it was done within the time allowed".to_owned(),
                repeat: None,
            },
        }
    }
}

/// A difference of a figure with its unit.
fn difference(figure: Figure, value: f64) -> String {
    match figure {
        Figure::Availability => format!("{:.2} points", value * 100.0),
        Figure::RecoveryMs | Figure::P99Ms => figure.text(value),
    }
}

/// A text on one line, of at most so many characters.
pub(crate) fn short(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let mut cut: String = line.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}
