//! Annotations as GitHub's runners take them from the standard output.
//!
//! `::error title=TITLE::MESSAGE` on a line of its own, `%`, carriage return and line feed escaped as in URLs, in
//! titles colon and comma too (GitHub, *Workflow commands for GitHub Actions*).

use ordalia_checker::Verdict;

use crate::examine::{Concern, Examination};
use crate::words::{Words, short};

/// A line for each concern: an error for what is worse, a warning for what cannot be told.
pub fn annotations(found: &Examination) -> Vec<String> {
    found.concerns.iter().map(annotation).collect()
}

fn annotation(concern: &Concern) -> String {
    let words = Words::of(concern);
    let level = if concern.verdict() == Verdict::Invalid { "error" } else { "warning" };
    let repeat = words.repeat.map(|command| format!("\nto repeat: {command}")).unwrap_or_default();
    let message = format!("{}: {}{repeat}", concern.cell(), short(&words.why, 1000));
    format!("::{level} title={}::{}", property(&words.title), data(&message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::news;

    #[test]
    fn a_violation_is_an_error_on_one_line() {
        let mut found = Examination::default();
        found.concerns.push(news("sim raft-kv", "linearizable", "key k: 50 %\nstale"));
        let lines = annotations(&found);
        assert_eq!(
            lines,
            [concat!(
                "::error title=linearizable found a violation::sim raft-kv: key k: 50 %25 stale (seed 7, 1 of 3 runs)",
                "%0Ato repeat: ordalia sim raft-kv --seed 7"
            )]
        );
    }
}
