//! From tables of choices to cells.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::place::FileError;
use super::setting::{Choice, Key, Reader, Setting};
use crate::words::{Words, check_option};
use crate::{Cell, Mode};

/// The most cells that a campaign may have, and the most jobs. Beyond them somebody mistyped.
const MAX_CELLS: usize = 20_000;
const MAX_JOBS: usize = 2_000_000;

/// What a table says of each key.
pub(super) type Choices = BTreeMap<Key, Vec<Choice>>;

/// One value for each key that has one.
type Combination = BTreeMap<Key, Choice>;

/// A cell, and what it was made of.
pub(super) struct Made {
    pub cell: Cell,
    pub line: usize,
    from: Combination,
}

/// All combinations of a table's choices, the last key turning fastest.
pub(super) fn combinations(table: &Choices) -> Option<Vec<Combination>> {
    let count = table.values().try_fold(1_usize, |count, choices| count.checked_mul(choices.len()));
    count.filter(|count| *count <= MAX_CELLS)?;
    let mut all = vec![Combination::new()];
    for (key, choices) in table {
        let with = |combination: &Combination, choice: &Choice| {
            let mut more = combination.clone();
            more.insert(*key, choice.clone());
            more
        };
        all = all.iter().flat_map(|one| choices.iter().map(|choice| with(one, choice))).collect();
    }
    Some(all)
}

/// Makes the cells of a table. `line` is the table's.
pub(super) fn cells(
    reader: &Reader<'_>,
    line: usize,
    table: &Choices,
    defaults: &Combination,
) -> Result<Vec<Made>, FileError> {
    let too_many = || reader.source.wrong(line, format!("expected at most {MAX_CELLS} cells"));
    let combinations = combinations(table).ok_or_else(too_many)?;
    combinations.into_iter().map(|given| make(reader, line, &given, defaults)).collect()
}

/// One cell of what was given for it and, where nothing was, by default.
fn make(
    reader: &Reader<'_>,
    line: usize,
    given: &Combination,
    defaults: &Combination,
) -> Result<Made, FileError> {
    let mut all = defaults.clone();
    all.extend(given.clone());
    let missing = |what: &str, example: &str| {
        reader.source.wrong(line, format!("expected {what}, here or in [defaults], such as {example}"))
    };
    let Some(Choice { setting: Setting::Target(words), line: at }) = all.get(&Key::Target).cloned() else {
        return Err(missing("a target", "target = [\"raft-kv\"]"));
    };
    let Some(Choice { setting: Setting::Seeds(seeds), .. }) = all.get(&Key::Seeds) else {
        return Err(missing("seeds", "seeds = \"0..20\""));
    };
    let words = with_options(reader, words, all.get(&Key::Options))?;
    let own = || reader.known.workload_of(&words.target);
    let workload = text(&all, Key::Workload).or_else(own).unwrap_or_default();
    let mode = match all.get(&Key::Mode) {
        Some(Choice { setting: Setting::Mode(mode), .. }) => *mode,
        _ => Mode::Sim,
    };
    let mut cell = Cell {
        name: String::new(),
        mode,
        target: words.target.clone(),
        options: words.options.clone(),
        bugs: words.bugs.clone(),
        workload,
        faults: text(&all, Key::Faults),
        nodes: match all.get(&Key::Nodes) {
            Some(Choice { setting: Setting::Nodes(nodes), .. }) => Some(*nodes),
            _ => None,
        },
        time_limit: span(&all, Key::TimeLimit).unwrap_or(default_limit(mode)),
        concurrency: text(&all, Key::Concurrency),
        rate: text(&all, Key::Rate),
        fault_interval: span(&all, Key::FaultInterval),
        client_timeout: span(&all, Key::ClientTimeout),
        liveness: span(&all, Key::Liveness),
        schedule: None,
        schedule_checksum: None,
        seeds: seeds.iter().copied().collect(),
    };
    if let Some(Choice { setting: Setting::Schedule(file, checksum), .. }) = all.get(&Key::Schedule) {
        (cell.schedule, cell.schedule_checksum) = (Some(file.clone()), Some(checksum.clone()));
    }
    cell.name = name(&cell, &words, given);
    Ok(Made { cell, line: at, from: all })
}

/// How long the load lasts where nothing is said: as on the command line.
fn default_limit(mode: Mode) -> Duration {
    match mode {
        Mode::Sim => Duration::from_secs(30),
        Mode::Real => Duration::from_secs(20),
    }
}

/// The target's words with further options, which are checked here.
fn with_options(reader: &Reader<'_>, mut words: Words, more: Option<&Choice>) -> Result<Words, FileError> {
    let Some(Choice { setting: Setting::Options(options), line }) = more else { return Ok(words) };
    for (name, value) in options {
        let checked = check_option(&words.target, name, value, reader.known);
        checked.map_err(|why| reader.source.wrong(*line, format!("options: {why}")))?;
        words.options.insert(name.clone(), value.clone());
    }
    Ok(words)
}

fn text(all: &Combination, key: Key) -> Option<String> {
    match all.get(&key) {
        Some(Choice { setting: Setting::Text(text), .. }) => Some(text.clone()),
        _ => None,
    }
}

fn span(all: &Combination, key: Key) -> Option<Duration> {
    match all.get(&key) {
        Some(Choice { setting: Setting::Span(span), .. }) => Some(*span),
        _ => None,
    }
}

/// The cell's name: what it always says, and what was given for it apart from the defaults.
fn name(cell: &Cell, words: &Words, given: &Combination) -> String {
    let mut parts = vec![format!("{} {words}", cell.mode), cell.workload.clone()];
    parts.extend(cell.faults.clone());
    parts.extend(cell.nodes.map(|nodes| format!("n{nodes}")));
    for (key, short) in [(Key::Concurrency, "c"), (Key::Rate, "r")] {
        parts.extend(text(given, key).map(|text| format!("{short}{text}")));
    }
    let spans = [
        (Key::TimeLimit, "t"),
        (Key::FaultInterval, "every "),
        (Key::ClientTimeout, "timeout "),
        (Key::Liveness, "liveness "),
    ];
    for (key, short) in spans {
        parts.extend(span(given, key).map(|span| format!("{short}{span:?}")));
    }
    if let Some(Choice { setting: Setting::Schedule(file, _), .. }) = given.get(&Key::Schedule) {
        parts.push(file.clone());
    }
    parts.join(" · ")
}

/// Leaves out what an exclusion names: whole cells, or only some seeds of them. False where it names nothing.
pub(super) fn exclude(made: &mut Vec<Made>, exclusion: &Choices) -> bool {
    let seeds: Option<BTreeSet<u64>> = exclusion.get(&Key::Seeds).map(|choices| {
        let seeds = choices.iter().filter_map(|choice| match &choice.setting {
            Setting::Seeds(seeds) => Some(seeds.clone()),
            _ => None,
        });
        seeds.flatten().collect()
    });
    let mut met = false;
    for one in made.iter_mut().filter(|one| one.is_named_by(exclusion)) {
        let before = one.cell.seeds.len();
        one.cell.seeds.retain(|seed| seeds.as_ref().is_some_and(|seeds| !seeds.contains(seed)));
        met |= one.cell.seeds.len() < before;
    }
    made.retain(|one| !one.cell.seeds.is_empty());
    met
}

impl Made {
    /// Whether all keys of an exclusion, apart from its seeds, have the values of this cell.
    fn is_named_by(&self, exclusion: &Choices) -> bool {
        let mut keys = exclusion.iter().filter(|(key, _)| **key != Key::Seeds);
        keys.all(|(key, choices)| choices.iter().any(|choice| self.has(*key, &choice.setting)))
    }

    fn has(&self, key: Key, setting: &Setting) -> bool {
        match (key, setting) {
            (Key::Options, Setting::Options(options)) => {
                options.iter().all(|(name, value)| self.cell.options.get(name) == Some(value))
            }
            (Key::Mode, Setting::Mode(mode)) => self.cell.mode == *mode,
            (Key::Workload, Setting::Text(workload)) => self.cell.workload == *workload,
            _ => self.from.get(&key).is_some_and(|choice| choice.setting == *setting),
        }
    }
}

/// Checks that no cell is there twice, and that there are not too many jobs.
pub(super) fn check_whole(reader: &Reader<'_>, made: &[Made]) -> Result<(), FileError> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    let mut jobs = 0;
    for one in made {
        if let Some(first) = lines.insert(&one.cell.name, one.line) {
            let text = format!("the cell {:?} is there already, from line {first}", one.cell.name);
            return Err(reader.source.wrong(one.line, text));
        }
        jobs += one.cell.seeds.len();
        if jobs > MAX_JOBS {
            return Err(reader.source.wrong(one.line, format!("expected at most {MAX_JOBS} jobs")));
        }
    }
    Ok(())
}
