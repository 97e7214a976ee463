//! `ordalia results`: the record, to look through and to clear away.

mod diff;
mod gc;
mod list;
mod removal;
mod rm;
mod show;
mod store;

use crate::args::{ResultsArgs, ResultsCommand};
use crate::exit::Outcome;

/// Looks through the record, or clears it away.
pub fn results(args: &ResultsArgs) -> Outcome {
    let results = &args.results;
    match &args.what {
        ResultsCommand::List(args) => list::list(results, args),
        ResultsCommand::Show(args) => show::show(results, args),
        ResultsCommand::Rm(args) => rm::rm(results, args),
        ResultsCommand::Gc(args) => gc::gc(results, args),
        ResultsCommand::Diff(args) => diff::diff(results, args),
    }
}

/// A number of bytes for a person: `1.2 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
