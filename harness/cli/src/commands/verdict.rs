//! How verdicts are printed.

use std::io::Write;

use ordalia_checker::TestVerdict;

/// The verdict as `verdict.json` has it.
pub fn print_json(verdict: &TestVerdict) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, verdict)?;
    Ok(writeln!(out)?)
}
