//! Measures how fast a history is loaded.
//!
//! `cargo run --release -p ordalia-history --example loading -- make EVENTS FILE` writes the history of a
//! cas-register with 10 keys and 10 clients; `… -- read FILE` reads and pairs it and prints what that took.
//! One core: `taskset -c 0`.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use ordalia_history::{Event, EventType, Process, Sink, Value, jsonl, pair, read_auto};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", events, file] => make(events.parse()?, Path::new(file)),
        ["read", file] => read(Path::new(file)),
        _ => Err("expected make EVENTS FILE or read FILE".into()),
    }
}

/// Writes a history. Its values make no sense; only their shapes do.
fn make(events: u64, path: &Path) -> Result<(), Box<dyn Error>> {
    let mut sink = Sink::create(path)?;
    for index in 0..events {
        // Ten clients invoke, then all ten complete.
        let (round, client) = (index / 20, index % 10);
        let kind = if index % 20 < 10 { EventType::Invoke } else { EventType::Ok };
        let mixed = (round * 10 + client).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let (f, value) = match mixed % 3 {
            0 if kind == EventType::Invoke => ("read", Value::Null),
            0 => ("read", Value::from(mixed / 3 % 5)),
            1 => ("write", Value::from(mixed / 3 % 5)),
            _ => ("cas", Value::from(vec![mixed / 3 % 5, mixed / 15 % 5])),
        };
        let event = Event {
            index,
            time: index * 1731,
            process: Process::Client(client),
            kind,
            f: f.into(),
            key: Some(format!("k{}", mixed / 75 % 10).into()),
            value,
            error: None,
            node: Some(format!("n{}", client % 5 + 1).into()),
            intended: None,
        };
        jsonl::write_event(&mut sink, &event)?;
    }
    sink.flush()?;
    Ok(sink.finish()?)
}

fn read(path: &Path) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let events = read_auto(path)?.events;
    let read = begun.elapsed();
    println!("read {} events in {read:.3?}: {:.2} million a second", events.len(), rate(events.len(), read));
    let begun = Instant::now();
    let operations = pair(&events)?;
    let paired = begun.elapsed();
    println!("paired {} operations in {paired:.3?}", operations.len());
    println!("together {:.2} million events a second", rate(events.len(), read + paired));
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
    Ok(())
}

/// Millions a second.
fn rate(count: usize, time: std::time::Duration) -> f64 {
    count as f64 / time.as_secs_f64() / 1e6
}
