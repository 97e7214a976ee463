//! Telling people and machines what the gate found.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use ordalia_gate::{Examination, annotations, junit, markdown};

use crate::args::GateArgs;

/// Prints the summary, and writes what was asked for.
pub fn tell(found: &Examination, args: &GateArgs) -> anyhow::Result<()> {
    let summary = markdown::markdown(found);
    let mut out = std::io::stdout().lock();
    write!(out, "{summary}")?;
    if let Some(path) = &args.markdown {
        write_whole(path, &summary)?;
    }
    if let Some(path) = &args.junit {
        write_whole(path, &junit::junit(found))?;
    }
    if args.github {
        for line in annotations::annotations(found) {
            writeln!(out, "{line}")?;
        }
        if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") {
            append(Path::new(&path), &summary)?;
        }
    }
    Ok(())
}

fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("{} cannot be written", path.display()))
}
