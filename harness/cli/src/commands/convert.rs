//! `ordalia convert`: writes a recorded history in another format.

use std::io;
use std::path::Path;

use anyhow::Context;
use ordalia_history::edn::Keys;
use ordalia_history::{Event, EventType, Format, Recorded, Sink, edn, jsonl};

use crate::args::{ConvertArgs, Written};
use crate::exit::{Failure, Outcome};

/// Converts a history.
pub fn convert(args: &ConvertArgs) -> Outcome {
    let written = args.to.map_or_else(|| by_name(&args.output), Ok)?;
    let keys = if args.plain_keys { Keys::Plain } else { Keys::Tagged };
    let recorded = ordalia_history::read_with(&args.input, args.from.named(), keys)?;
    if recorded.torn_tail {
        eprintln!("ordalia: the last line of {} is torn and is left out", args.input.display());
    }
    if written == Written::Jsonl {
        tell_of_nils(&recorded);
    }
    write(&args.output, written, keys, &recorded.events)
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    Ok(None)
}

/// Says that reads of nil, which Knossos takes for reads of unknown values where a register begins with
/// something else, mean nothing but nil in JSON Lines.
fn tell_of_nils(recorded: &Recorded) {
    let is_nil = |event: &&Event| event.kind == EventType::Ok && event.f == "read" && event.value.is_null();
    let nils = recorded.events.iter().filter(is_nil).count();
    if recorded.format == Format::Edn && nils > 0 {
        eprintln!(
            "ordalia: {nils} reads of nil are written as reads of null, and are judged as such; where registers begin with another value, check the EDN itself, which takes them for reads of unknown values, as Knossos does"
        );
    }
}

/// The form that a file's name tells, its compression left aside.
fn by_name(path: &Path) -> Result<Written, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    match name.rsplit('.').next() {
        _ if name == "-" => Ok(Written::Jsonl),
        Some("jsonl" | "json" | "ndjson") => Ok(Written::Jsonl),
        Some("edn") => Ok(Written::Edn),
        _ => Err(Failure::usage(format!(
            "{}: expected a name that ends in .jsonl or .edn, perhaps with .gz or .zst, or --to",
            path.display()
        ))),
    }
}

/// Writes all events to a file, or to the standard output.
fn write(path: &Path, written: Written, keys: Keys, events: &[Event]) -> io::Result<()> {
    let mut sink = if path == Path::new("-") { Sink::stdout() } else { Sink::create(path)? };
    for event in events {
        match written {
            Written::Jsonl => jsonl::write_event(&mut sink, event)?,
            Written::Edn => edn::write_event(&mut sink, event, keys)?,
        }
    }
    sink.finish()
}
