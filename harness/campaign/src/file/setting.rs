//! The keys of a cell, and their values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use super::place::{FileError, Source, unknown};
use crate::words::Words;
use crate::{Known, Mode};

/// The most seeds that one cell may have. Beyond it somebody mistyped.
const MAX_SEEDS: u64 = 1_000_000;

/// A key of a cell, in the order in which the product of a matrix turns: the last fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Mode,
    Target,
    Options,
    Workload,
    Faults,
    Nodes,
    Concurrency,
    Rate,
    FaultInterval,
    TimeLimit,
    ClientTimeout,
    Liveness,
    Schedule,
    Seeds,
}

impl Key {
    pub const ALL: [Key; 14] = [
        Key::Mode,
        Key::Target,
        Key::Options,
        Key::Workload,
        Key::Faults,
        Key::Nodes,
        Key::Concurrency,
        Key::Rate,
        Key::FaultInterval,
        Key::TimeLimit,
        Key::ClientTimeout,
        Key::Liveness,
        Key::Schedule,
        Key::Seeds,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Key::Mode => "mode",
            Key::Target => "target",
            Key::Options => "options",
            Key::Workload => "workload",
            Key::Faults => "faults",
            Key::Nodes => "nodes",
            Key::Concurrency => "concurrency",
            Key::Rate => "rate",
            Key::FaultInterval => "fault-interval",
            Key::TimeLimit => "time-limit",
            Key::ClientTimeout => "client-timeout",
            Key::Liveness => "liveness",
            Key::Schedule => "schedule",
            Key::Seeds => "seeds",
        }
    }
}

/// A value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Mode(Mode),
    Target(Words),
    /// Whether the target has them is checked when it is known.
    Options(BTreeMap<String, String>),
    Nodes(u16),
    Seeds(BTreeSet<u64>),
    Span(Duration),
    /// A file, and the checksum of what is in it.
    Schedule(String, String),
    /// A workload, faults, clients or a rate.
    Text(String),
}

/// A value with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub line: usize,
    pub setting: Setting,
}

/// Reads values.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub source: Source<'a>,
    pub known: &'a dyn Known,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    pub fn line(&self, value: &Value<'_>) -> usize {
        self.source.line(value.span().start)
    }

    /// Says what was expected of a value, and what stands there.
    pub fn unexpected(&self, value: &Value<'_>, what: &str, expected: &str) -> FileError {
        let found = match value.get_ref() {
            DeValue::String(text) => format!("{text:?}"),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            other => format!("a value of another kind ({})", other.type_str()),
        };
        self.source.wrong(self.line(value), format!("{what}: expected {expected}, found {found}"))
    }

    /// All values of a key: those of a list, or the only one.
    pub fn choices(&self, key: Key, value: &Value<'_>) -> Result<Vec<Choice>, FileError> {
        match value.get_ref() {
            // A list of seeds is one value.
            DeValue::Array(values) if key != Key::Seeds => {
                if values.is_empty() {
                    let text = format!("{} lists nothing, so the matrix is empty", key.name());
                    return Err(self.source.wrong(self.line(value), text));
                }
                values.iter().map(|value| self.choice(key, value)).collect()
            }
            _ => Ok(vec![self.choice(key, value)?]),
        }
    }

    fn choice(&self, key: Key, value: &Value<'_>) -> Result<Choice, FileError> {
        let setting = match key {
            Key::Mode => Setting::Mode(self.mode(value)?),
            Key::Target => {
                let text = self.text(value, "target", "a target such as \"raft-kv --reads lease\"")?;
                let words = Words::parse(&text, self.known);
                Setting::Target(words.map_err(|why| self.source.wrong(self.line(value), why))?)
            }
            Key::Options => Setting::Options(self.options(value)?),
            Key::Workload => Setting::Text(self.workload(value)?),
            Key::Faults => Setting::Text(self.faults(value)?),
            Key::Nodes => {
                let expected = "a number from 1 to 99";
                let nodes = integer(value).and_then(|nodes| u16::try_from(nodes).ok());
                let nodes = nodes.filter(|nodes| (1..=99).contains(nodes));
                Setting::Nodes(nodes.ok_or_else(|| self.unexpected(value, "nodes", expected))?)
            }
            Key::Concurrency => self.number(value, key, |text| self.known.check_concurrency(text))?,
            Key::Rate => self.number(value, key, |text| self.known.check_rate(text))?,
            Key::FaultInterval | Key::TimeLimit | Key::ClientTimeout | Key::Liveness => {
                let text = self.text(value, key.name(), "a duration such as \"10s\"")?;
                let span = self.known.duration(&text);
                Setting::Span(span.map_err(|why| self.because(value, key, &why))?)
            }
            Key::Schedule => self.schedule(value)?,
            Key::Seeds => Setting::Seeds(self.seeds(value)?),
        };
        Ok(Choice { line: self.line(value), setting })
    }

    fn because(&self, value: &Value<'_>, key: Key, why: &str) -> FileError {
        self.source.wrong(self.line(value), format!("{}: {why}", key.name()))
    }

    /// A text.
    pub fn text(&self, value: &Value<'_>, what: &str, expected: &str) -> Result<String, FileError> {
        let text = value.get_ref().as_str().map(ToOwned::to_owned);
        text.ok_or_else(|| self.unexpected(value, what, expected))
    }

    fn mode(&self, value: &Value<'_>) -> Result<Mode, FileError> {
        let text = self.text(value, "mode", "\"sim\" or \"real\"")?;
        let modes = [Mode::Sim, Mode::Real];
        let names = modes.map(|mode| mode.name().to_owned());
        let mode = modes.into_iter().find(|mode| mode.name() == text);
        mode.ok_or_else(|| self.source.wrong(self.line(value), unknown("mode", &text, &names)))
    }

    fn workload(&self, value: &Value<'_>) -> Result<String, FileError> {
        let (text, names) = (self.text(value, "workload", "a workload's name")?, self.known.workloads());
        if names.contains(&text) {
            return Ok(text);
        }
        Err(self.source.wrong(self.line(value), unknown("workload", &text, &names)))
    }

    fn faults(&self, value: &Value<'_>) -> Result<String, FileError> {
        let text = self.text(value, "faults", "names such as \"kill,partition\", or \"none\"")?;
        let names = self.known.faults();
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        match words.iter().find(|word| !names.iter().any(|name| name == *word)) {
            Some(stranger) => Err(self.source.wrong(self.line(value), unknown("fault", stranger, &names))),
            None => Ok(words.join(",")),
        }
    }

    /// A number as the command line takes it, written as a text or as a number.
    fn number(
        &self,
        value: &Value<'_>,
        key: Key,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<Setting, FileError> {
        let text = scalar(value).ok_or_else(|| self.unexpected(value, key.name(), "a number or a text"))?;
        check(&text).map_err(|why| self.because(value, key, &why))?;
        Ok(Setting::Text(text))
    }

    fn options(&self, value: &Value<'_>) -> Result<BTreeMap<String, String>, FileError> {
        let expected = "a table such as {reads = \"local\"}";
        let table: &DeTable<'_> =
            value.get_ref().as_table().ok_or_else(|| self.unexpected(value, "options", expected))?;
        let pairs = table.iter().map(|(name, value)| {
            let name = name.get_ref().to_string();
            let text = scalar(value).ok_or_else(|| self.unexpected(value, &name, "a text or a number"))?;
            Ok((name, text))
        });
        pairs.collect()
    }

    /// A schedule's file, with its path as seen from the campaign's file.
    fn schedule(&self, value: &Value<'_>) -> Result<Setting, FileError> {
        let text = self.text(value, "schedule", "the path of a recorded schedule")?;
        let path = self.source.path.parent().map_or_else(|| text.clone().into(), |folder| folder.join(&text));
        let content = std::fs::read(&path);
        let content = content.map_err(|error| {
            self.source.wrong(self.line(value), format!("schedule: {}: {error}", path.display()))
        })?;
        let checksum = format!("{:08x}", crc32fast::hash(&content));
        Ok(Setting::Schedule(path.display().to_string(), checksum))
    }

    fn seeds(&self, value: &Value<'_>) -> Result<BTreeSet<u64>, FileError> {
        match value.get_ref() {
            DeValue::Array(values) => self.listed_seeds(value, values),
            _ => self.some_seeds(value),
        }
    }

    fn listed_seeds(&self, list: &Value<'_>, values: &DeArray<'_>) -> Result<BTreeSet<u64>, FileError> {
        let mut all = BTreeSet::new();
        for value in values.iter() {
            all.extend(self.some_seeds(value)?);
        }
        match all.len() as u64 {
            0 => Err(self.source.wrong(self.line(list), "seeds lists nothing, so the matrix is empty")),
            1..=MAX_SEEDS => Ok(all),
            more => Err(self.too_many(list, more)),
        }
    }

    /// A range, or one seed.
    fn some_seeds(&self, value: &Value<'_>) -> Result<BTreeSet<u64>, FileError> {
        if let Some(text) = value.get_ref().as_str() {
            let range = self.known.seeds(text).map_err(|why| self.because(value, Key::Seeds, &why))?;
            return match range.end - range.start {
                0..=MAX_SEEDS => Ok(range.collect()),
                more => Err(self.too_many(value, more)),
            };
        }
        let seed = integer(value);
        let expected = "a range such as \"0..20\" or a list of seeds";
        seed.map(|seed| BTreeSet::from([seed])).ok_or_else(|| self.unexpected(value, "seeds", expected))
    }

    fn too_many(&self, value: &Value<'_>, found: u64) -> FileError {
        let text = format!("seeds: expected at most {MAX_SEEDS} of them, found {found}");
        self.source.wrong(self.line(value), text)
    }
}

/// A whole number from 0.
pub(super) fn integer(value: &Value<'_>) -> Option<u64> {
    let number: &DeInteger<'_> = value.get_ref().as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A text or a number, as a text.
fn scalar(value: &Value<'_>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}
