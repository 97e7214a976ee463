//! `ordalia verify`: checks the certificate of a verdict against the history.
//!
//! The status is that of the verdict which is proved: 0 for valid, 1 for invalid. It is 2 where the proof is too
//! large to be checked, and 255 where the certificate does not hold or cannot be read.

use std::fs::File;
use std::io::{BufReader, Write};

use anyhow::Context;
use ordalia_checker::certificate::{Proved, Refusal};
use ordalia_checker::{Certificate, History, Verdict, examiner};
use ordalia_history::Value;

use crate::args::VerifyArgs;
use crate::exit::Outcome;

/// Checks a certificate.
pub fn verify(args: &VerifyArgs) -> Outcome {
    let named = || args.certificate.display().to_string();
    let file = File::open(&args.certificate).with_context(named)?;
    let certificate = Certificate::read(BufReader::new(file)).with_context(named)?;
    let checker = examiner(&certificate.model, certificate.initial.as_ref(), "auto").with_context(named)?;
    let history = read(args, certificate.initial.as_ref().unwrap_or(&Value::Null))?;
    let proved = match checker.verify(&history, &certificate) {
        Err(reason @ Refusal::TooLarge(..)) => {
            eprintln!("ordalia: {}: {reason}", named());
            return Ok(Some(Verdict::Unknown));
        }
        proved => proved.with_context(named)?,
    };
    let verdict = tell(&proved, &certificate)?;
    Ok(Some(verdict))
}

/// The history, as `check` reads it.
fn read(args: &VerifyArgs, initial: &Value) -> anyhow::Result<History> {
    let mut recorded = match args.format.named() {
        Some(format) => ordalia_history::read(&args.history, format)?,
        None => ordalia_history::read_auto(&args.history)?,
    };
    recorded.forget_unknown_reads(initial);
    History::new(recorded.events)
        .map_err(|error| anyhow::anyhow!(recorded.lines.explain(&args.history, &error)))
}

/// Prints what is proved, and of what.
fn tell(proved: &Proved, certificate: &Certificate) -> anyhow::Result<Verdict> {
    let initial = certificate.initial.as_ref().map(|initial| format!(", at first {initial}"));
    let model = format!("as {}{}", certificate.model, initial.unwrap_or_default());
    let mut out = std::io::stdout().lock();
    match proved {
        Proved::Valid { keys, operations } => {
            let objects = if *keys == 1 { "object" } else { "objects" };
            writeln!(out, "verified: valid")?;
            writeln!(
                out,
                "  {operations} operations on {keys} {objects} take effect in the order given, {model}"
            )?;
            Ok(Verdict::Valid)
        }
        Proved::Invalid { operations } => {
            let key = certificate.violation.as_ref().and_then(|violation| violation.key.as_ref());
            let key = key.map(|key| format!(" on key {key}")).unwrap_or_default();
            writeln!(out, "verified: invalid")?;
            writeln!(
                out,
                "  {operations} operations{key} have no order, {model}; what is left out cannot give them one"
            )?;
            Ok(Verdict::Invalid)
        }
    }
}
