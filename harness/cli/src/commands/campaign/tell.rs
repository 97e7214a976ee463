//! What a campaign came to, for a terminal.

use std::io::Write;

use ordalia_campaign::{CampaignFolder, CellSummary, Finding, Summary, Totals};

/// How many seeds of a finding are listed.
const LISTED: usize = 12;

/// Prints a summary: as JSON, or in a few lines.
pub fn tell(folder: &CampaignFolder, summary: &Summary, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, summary)?;
        return Ok(writeln!(out)?);
    }
    let Totals { jobs, done, valid, unknown, invalid } = summary.totals;
    let verdict = summary.verdict;
    writeln!(
        out,
        "{verdict}: {}: {done} of {jobs} runs, {valid} valid, {unknown} unknown, {invalid} invalid",
        summary.name
    )?;
    if let Some(why) = &summary.stopped {
        writeln!(out, "ended early: {why}")?;
    }
    if summary.interrupted {
        writeln!(out, "interrupted: {} runs are left; the same command resumes it", jobs - done)?;
    }
    for cell in &summary.cells {
        for finding in &cell.findings {
            write!(out, "{}", text(cell, finding))?;
        }
    }
    Ok(writeln!(out, "page: {}", folder.page().display())?)
}

/// A finding in a few lines.
fn text(cell: &CellSummary, finding: &Finding) -> String {
    let mut seeds: Vec<String> = finding.seeds.iter().take(LISTED).map(u64::to_string).collect();
    if finding.seeds.len() > LISTED {
        seeds.push("…".to_owned());
    }
    let runs = cell.valid + cell.unknown + cell.invalid;
    format!(
        "  {}: {} is {} in {} of {runs} runs, seeds {}: {}\n    to repeat: {}\n",
        cell.cell.name,
        finding.checker,
        finding.verdict,
        finding.count,
        seeds.join(", "),
        finding.first.why,
        finding.first.repeat
    )
}
