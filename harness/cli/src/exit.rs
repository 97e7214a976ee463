//! Exit statuses: 0 valid, 1 invalid, 2 unknown, 254 wrong usage, 255 the harness failed.

use std::fmt;
use std::process::ExitCode;

use ordalia_checker::Verdict;

/// Wrong usage: what was asked for cannot be.
const USAGE: u8 = 254;

/// The harness failed, so there is no verdict.
const FAILED: u8 = 255;

/// How a command ended: with a verdict, or with nothing to judge.
pub type Outcome = Result<Option<Verdict>, Failure>;

/// Why a command did not end well.
#[derive(Debug)]
pub enum Failure {
    /// What was asked for cannot be; the text says what could.
    Usage(String),
    /// The harness failed.
    Harness(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Harness(error.into())
    }
}

impl Failure {
    /// Wrong usage, with a text for a person.
    pub fn usage(text: impl Into<String>) -> Self {
        Failure::Usage(text.into())
    }
}

/// As a person is told.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(text) => f.write_str(text),
            Failure::Harness(error) => f.write_str(&told(error)),
        }
    }
}

/// Reports a failure and turns the outcome into the exit status.
pub fn code(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(verdict) => ExitCode::from(verdict.map_or(0, Verdict::exit_status)),
        Err(failure) => {
            eprintln!("ordalia: {failure}");
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { USAGE } else { FAILED })
        }
    }
}

/// An error with its causes, apart from those that its own text tells already.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        said if said.contains(&cause) => text,
        _ => format!("{text}: {cause}"),
    })
}

/// Shows clap's refusal, or the help that was asked for. Clap's own status for wrong usage is 2, which
/// here means unknown.
pub fn refused(refusal: &clap::Error) -> ExitCode {
    // A closed pipe behind the help text is no failure of ours.
    let _ = refusal.print();
    ExitCode::from(if refusal.use_stderr() { USAGE } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn causes_are_told_once() {
        assert_eq!(
            told(&anyhow!("disk full").context("cannot write x: disk full")),
            "cannot write x: disk full"
        );
        assert_eq!(told(&anyhow!("disk full").context("cannot write x")), "cannot write x: disk full");
    }
}
