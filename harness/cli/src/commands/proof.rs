//! The files that prove a verdict: its certificate, and the operations that a failure comes down to.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use ordalia_checker::certificate::Refusal;
use ordalia_checker::linearizable::{Examination, Examiner, Shrunk};
use ordalia_checker::{Budget, Certificate, History, Verdict};
use ordalia_history::edn::Keys;
use ordalia_history::{Event, Value, edn, jsonl};

/// What was judged, and what was found.
pub struct Case<'a> {
    /// The name of the model.
    pub model: &'a str,
    /// What each object holds at first, where that was said.
    pub initial: Option<&'a Value>,
    /// The checker that judged.
    pub checker: &'a dyn Examiner,
    /// The history.
    pub history: &'a History,
    /// What was found.
    pub found: &'a Examination,
    /// What cutting the failure down may spend.
    pub budget: Budget,
}

impl Case<'_> {
    /// Writes the files that are asked for. What there is no proof of is said, and no failure.
    pub fn write(&self, certificate: Option<&Path>, minimal: Option<&Path>) -> anyhow::Result<()> {
        if certificate.is_none() && minimal.is_none() {
            return Ok(());
        }
        let shrunk = self.shrunk();
        if let Some(path) = certificate {
            self.write_certificate(path, shrunk.as_ref())?;
        }
        match (minimal, &shrunk) {
            (Some(path), Some(shrunk)) => self.write_minimal(path, shrunk)?,
            (Some(path), None) => {
                let verdict = self.found.judgement.valid;
                eprintln!(
                    "ordalia: {} is not written: no failure is shown, the verdict being {verdict}",
                    path.display()
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// The first failure in time, cut down.
    fn shrunk(&self) -> Option<Shrunk> {
        if self.found.judgement.valid != Verdict::Invalid {
            return None;
        }
        self.checker.shrink(self.history, self.found.first_failure(self.history)?, &self.budget)
    }

    fn write_certificate(&self, path: &Path, shrunk: Option<&Shrunk>) -> anyhow::Result<()> {
        let core = shrunk.map(|shrunk| &shrunk.proof);
        let unwritten = |reason: &dyn std::fmt::Display| {
            eprintln!("ordalia: {} is not written: {reason}", path.display());
            Ok(())
        };
        let certificate = match Certificate::of(self.model, self.initial, self.history, self.found, core) {
            Ok(certificate) => certificate,
            Err(reason) => return unwritten(&reason),
        };
        match self.checker.verify(self.history, &certificate) {
            Ok(_) => {}
            Err(large @ Refusal::TooLarge(..)) => eprintln!("ordalia: {}: {large}", path.display()),
            Err(reason) => return unwritten(&reason),
        }
        written(path, |out| certificate.write(out))
    }

    fn write_minimal(&self, path: &Path, shrunk: &Shrunk) -> anyhow::Result<()> {
        let events = shrunk.shown().events(&self.history.operations);
        written(path, |out| events.iter().try_for_each(|event| write_event(path, out, event)))?;
        let few = &shrunk.shown().operations;
        let kind = if shrunk.shown().sound { "prove the failure" } else { "illustrate the failure" };
        eprintln!("ordalia: {} operations in {} {kind}", few.len(), path.display());
        Ok(())
    }
}

/// Writes an event in the form that the file's name tells: EDN, or else JSON Lines.
fn write_event(path: &Path, out: &mut impl Write, event: &Event) -> std::io::Result<()> {
    match path.extension() {
        Some(extension) if extension == "edn" => edn::write_event(out, event, Keys::Tagged),
        _ => jsonl::write_event(out, event),
    }
}

/// Writes a file.
fn written(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let named = || path.display().to_string();
    let mut out = BufWriter::new(File::create(path).with_context(named)?);
    write(&mut out).and_then(|()| out.flush()).with_context(named)
}
