//! How verdicts are printed.

use std::io::Write;

use ordalia_checker::TestVerdict;

/// The verdict as `verdict.json` has it.
pub fn print_json(verdict: &TestVerdict) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, verdict)?;
    Ok(writeln!(out)?)
}

/// The verdict and its reasons in a few lines.
pub fn print_plain(verdict: &TestVerdict) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", verdict.valid)?;
    for (name, judgement) in &verdict.checkers {
        writeln!(out, "  {name}: {}", judgement.valid)?;
        for reason in &judgement.reasons {
            writeln!(out, "    {reason}")?;
        }
    }
    Ok(())
}
