//! A summary that is short enough for a pull request.

use std::fmt::Write;

use ordalia_checker::Verdict;

use crate::examine::{Concern, Examination};
use crate::words::{Words, short};

/// How many concerns are told in full.
const TOLD: usize = 10;

/// The longest reason, in characters.
const LONGEST: usize = 400;

/// The summary in Markdown.
pub fn markdown(found: &Examination) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "## Ordalia: {}\n", headline(found));
    for concern in found.concerns.iter().take(TOLD) {
        section(&mut text, concern);
    }
    if let Some(more) = found.concerns.len().checked_sub(TOLD).filter(|more| *more > 0) {
        let _ = writeln!(text, "… and {more} more.\n");
    }
    let _ = writeln!(
        text,
        "{} of {} runs, of {} cells; {} figures within the noise of the baseline or better{}.",
        found.done,
        found.planned,
        found.cells.len(),
        found.compared - worse(found),
        known(found)
    );
    if !found.notes.is_empty() {
        let _ = writeln!(text, "\n<details><summary>Not compared</summary>\n");
        for note in &found.notes {
            let _ = writeln!(text, "- {}", plain(note));
        }
        let _ = writeln!(text, "\n</details>");
    }
    text
}

/// What it comes to, in a few words.
pub(crate) fn headline(found: &Examination) -> String {
    let count = found.concerns.iter().filter(|concern| concern.verdict() == found.verdict()).count();
    let of = if count == 1 { "" } else { "s" };
    match found.verdict() {
        Verdict::Valid => "no regression".to_owned(),
        Verdict::Invalid => format!("{count} regression{of}"),
        Verdict::Unknown => format!("{count} thing{of} that cannot be told"),
    }
}

/// One concern: what broke, where, and how to repeat it.
fn section(text: &mut String, concern: &Concern) {
    let words = Words::of(concern);
    let _ = writeln!(text, "**{}** in `{}`", plain(&words.title), plain(concern.cell()));
    let _ = writeln!(text, "\n> {}\n", plain(&short(&words.why, LONGEST)));
    if let Some(repeat) = words.repeat {
        let _ = writeln!(text, "```sh\n{}\n```\n", short(&repeat, 2000).replace("```", ""));
    }
}

fn worse(found: &Examination) -> usize {
    found.concerns.iter().filter(|concern| matches!(concern, Concern::Worse { .. })).count()
}

fn known(found: &Examination) -> String {
    match found.known.len() {
        0 => String::new(),
        1 => "; 1 known finding was found again".to_owned(),
        count => format!("; {count} known findings were found again"),
    }
}

/// Text in which nothing is markup: what histories and nodes say reaches it too.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '`' => plain.push('\''),
            '*' | '[' | ']' | '|' | '\\' => {
                plain.push('\\');
                plain.push(c);
            }
            '\n' | '\r' => plain.push(' '),
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
