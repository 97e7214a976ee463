//! What a person is told of a comparison.

use std::io::Write;

use ordalia_checker::Verdict;
use ordalia_measure::comparison::{Comparison, Entry, Row, Unit};
use ordalia_measure::statistics::Difference;

use super::folder::Folder;
use crate::args::CompareArgs;
use crate::commands::trial::quoted;
use crate::values::duration_text;

/// A run that is done, in a line.
pub fn line(side: &str, seed: u64, entry: &Entry) {
    let figures = &entry.figures;
    let p99 = figures.latency.map_or("–".to_owned(), |all| Unit::Microseconds.text(all.invocation.p99_us));
    eprintln!(
        "seed {seed}, {side}: {}, {:.0} ok/s, p99 {p99}, unavailable {} ms",
        entry.verdict.valid, figures.ok_per_s, figures.unavailable_ms
    );
}

/// The command that makes the comparison again.
pub fn command(args: &CompareArgs) -> String {
    let mut words = vec!["ordalia compare".to_owned()];
    if !args.runs.is_empty() {
        words.push("--runs".to_owned());
        words.extend(args.runs.iter().map(|run| quoted(&run.display().to_string())));
        return words.join(" ");
    }
    words.extend(args.sides.iter().map(|side| quoted(side)));
    words.push(format!("--seeds {}..{}", args.seeds.start, args.seeds.end));
    words.extend(args.workload.iter().map(|workload| format!("-w {workload}")));
    words.extend(args.nodes.iter().map(|nodes| format!("-n {nodes}")));
    words.push(format!("-c {} -r {} -t {}", args.concurrency, args.rate, duration_text(args.time_limit)));
    match &args.schedule {
        Some(path) => words.push(format!("--schedule {}", quoted(&path.display().to_string()))),
        None => words.push(format!(
            "--faults {} --fault-interval {}",
            quoted(&args.faults),
            duration_text(args.fault_interval)
        )),
    }
    words.push(format!("--client-timeout {}", duration_text(args.client_timeout)));
    words.extend(args.warm_up.iter().map(|time| format!("--warm-up {}", duration_text(*time))));
    words.extend(args.sim.then(|| "--sim".to_owned()));
    words.join(" ")
}

/// Prints `compare.json`, or the table in plain text.
pub fn print(comparison: &Comparison, folder: &Folder, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, comparison)?;
        return Ok(writeln!(out)?);
    }
    write!(out, "{}", text(comparison))?;
    writeln!(out, "compared    {}", folder.json().display())?;
    Ok(writeln!(out, "page        {}", folder.page().display())?)
}

/// The verdict in words, the sides, and the figures that differ.
fn text(comparison: &Comparison) -> String {
    let mut lines = vec![verdict(comparison)];
    for (at, side) in comparison.sides.iter().enumerate() {
        let why = if side.why.is_empty() { String::new() } else { format!(": {}", one_line(&side.why)) };
        let counts = format!("{} valid, {} unknown, {} invalid", side.valid, side.unknown, side.invalid);
        lines.push(format!("side {}      {} is {} ({counts}){why}", at + 1, side.name, side.verdict));
    }
    lines.extend(comparison.notes.iter().map(|note| format!("note        {}", one_line(note))));
    lines.push(String::new());
    let width = comparison.rows.iter().map(|row| row.title.chars().count()).max().unwrap_or(0);
    for row in &comparison.rows {
        lines.push(table_line(row, width));
    }
    lines.join("\n") + "\n"
}

/// Which side the verdict is owed to.
fn verdict(comparison: &Comparison) -> String {
    let worst = comparison.verdict;
    let names = comparison.sides.iter().filter(|side| side.verdict == worst).map(|side| side.name.as_str());
    let names: Vec<&str> = names.collect();
    match worst {
        Verdict::Valid => "verdict     valid: every side kept its promise in every run".to_owned(),
        _ if names.is_empty() => format!("verdict     {worst}: the comparison is not complete"),
        _ => format!("verdict     {worst}: {}", names.join(", ")),
    }
}

/// A row: the first side's median, and each other side's with its difference.
fn table_line(row: &Row, width: usize) -> String {
    let median = |at: usize| {
        row.sides
            .get(at)
            .and_then(|side| side.median)
            .map_or("–".to_owned(), |median| row.unit.text(median))
    };
    let mut line = format!("{:width$}  {:>10}", row.title, median(0));
    for (at, difference) in row.differences.iter().enumerate() {
        line += &format!("  {:>10} {:28}", median(at + 1), told(row.unit, difference));
    }
    line.trim_end().to_owned()
}

/// A difference in words.
fn told(unit: Unit, difference: &Difference) -> String {
    let Some((median, interval)) = difference.median_difference.zip(difference.interval) else {
        return String::new();
    };
    if difference.why_not.is_some() {
        return "(too few pairs)".to_owned();
    }
    if !difference.significant {
        return "(not significant)".to_owned();
    }
    format!("({}; {} to {})", unit.signed(median), unit.signed(interval.low), unit.signed(interval.high))
}

/// The text on one line, so that nothing a node said can forge a line or move the cursor.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
