//! The arguments of `check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::values::{bytes, duration};

/// The arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The history.
    pub file: PathBuf,
    /// The properties that are judged, comma-separated; see `ordalia list checkers`. Models, algorithms and files
    /// are for linearizable.
    #[arg(long = "checker", value_name = "NAME", value_delimiter = ',', default_value = "linearizable")]
    pub checkers: Vec<String>,
    /// What the history is held against; see `ordalia list models` [default: told by the operations' names].
    #[arg(long)]
    pub model: Option<String>,
    /// The value that objects have at first: JSON, nil, empty, or x=0 y=0 [default: the model's own].
    #[arg(long)]
    pub initial: Option<String>,
    /// Judge this key alone; may be repeated.
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<String>,
    /// How it is decided: auto, wgl, or another of the model's algorithms.
    #[arg(long, default_value = "auto")]
    pub algorithm: String,
    /// The form of the file, which may be compressed with gzip or zstd.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub format: Format,
    /// How long it may take before the verdict is unknown.
    #[arg(short, long, default_value = "60s", value_parser = duration)]
    pub time_limit: Duration,
    /// How much memory it may take before the verdict is unknown.
    #[arg(long, default_value = "1GB", value_parser = bytes)]
    pub memory: u64,
    /// Print the verdict as JSON.
    #[arg(long)]
    pub json: bool,
    /// Draw what was found, as a page of its own.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write the proof of the verdict, for `ordalia verify`.
    #[arg(long, value_name = "FILE", conflicts_with = "keys")]
    pub certificate: Option<PathBuf>,
    /// Write the few operations that a failure comes down to, as a history of their own (.jsonl or .edn).
    #[arg(long, value_name = "FILE")]
    pub minimal: Option<PathBuf>,
    /// Plain lines instead of a live display.
    #[arg(long)]
    pub plain: bool,
}

/// The forms of recorded histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Told by the content.
    Auto,
    /// One JSON event a line.
    Jsonl,
    /// Operation maps as Jepsen and Knossos write them.
    Edn,
    /// The etcd and key-value logs of Porcupine.
    Porcupine,
}

impl Format {
    /// The format that is asked for; `None` where the content tells it.
    pub fn named(self) -> Option<ordalia_history::Format> {
        match self {
            Format::Auto => None,
            Format::Jsonl => Some(ordalia_history::Format::Jsonl),
            Format::Edn => Some(ordalia_history::Format::Edn),
            Format::Porcupine => Some(ordalia_history::Format::Porcupine),
        }
    }
}
