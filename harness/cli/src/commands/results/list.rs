//! `ordalia results list`

use std::io::Write;
use std::path::Path;

use ordalia_checker::Verdict;

use super::store::{Row, StoredRun, runs};
use crate::args::{Judged, ListResultsArgs};
use crate::exit::Outcome;

/// Lists the stored runs, the newest first.
pub fn list(results: &Path, args: &ListResultsArgs) -> Outcome {
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let since = args.since.map(ordalia_runner::time_stamp_before);
    let all = runs(results)?;
    let asked = all.iter().filter(|run| asked_for(run, args, since.as_deref()));
    let rows =
        asked.filter_map(StoredRun::row).filter(|row| args.verdict.is_none_or(|judged| is(row, judged)));
    let rows: Vec<Row> = rows.take(limit).collect();
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &rows)?;
        writeln!(out)?;
        return Ok(None);
    }
    for row in &rows {
        writeln!(out, "{}", line(row))?;
    }
    eprintln!("{} of {} stored runs", rows.len(), all.len());
    Ok(None)
}

/// What the name of a folder tells is decided by it.
fn asked_for(run: &StoredRun, args: &ListResultsArgs, since: Option<&str>) -> bool {
    let of_target =
        |target: &String| run.test.strip_prefix(target.as_str()).is_some_and(|rest| rest.starts_with('.'));
    args.target.as_ref().is_none_or(of_target) && since.is_none_or(|since| run.stamp.as_str() >= since)
}

fn is(row: &Row, judged: Judged) -> bool {
    row.verdict
        == match judged {
            Judged::Valid => Some(Verdict::Valid),
            Judged::Unknown => Some(Verdict::Unknown),
            Judged::Invalid => Some(Verdict::Invalid),
            Judged::Unjudged => None,
        }
}

fn line(row: &Row) -> String {
    let verdict = row.verdict.map_or("–".to_owned(), |verdict| verdict.to_string());
    let early = row.ended_early.as_ref().map_or("", |_| " · ended early");
    format!("{verdict:8} {} · {} · {} · n{}{early}", row.run, row.target, row.workload, row.nodes)
}
