//! The file of a campaign: TOML, read with the places of everything in it.
//!
//! A key or value that is not known is refused with its line and the nearest name that there is, before anything is
//! run. See `harness/docs/campaigns.md` for the form.

mod place;
mod product;
mod setting;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use place::FileError;
pub(crate) use place::unknown;

use crate::{Known, Plan, StopEarly};
use place::Source;
use product::{Choices, Made};
use setting::{Choice, Key, Reader, integer};

/// The keys of the whole file.
const KEYS: [&str; 8] =
    ["name", "jobs", "real-jobs", "stop-early", "defaults", "matrix", "exclude", "include"];

/// The most tests side by side.
const MAX_JOBS_ASIDE: u64 = 256;

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: usize = 4 << 20;

/// Reads and checks the file of a campaign.
///
/// # Errors
/// The file cannot be read, or asks for something that there is not; says where and what.
pub fn read_plan(path: &Path, known: &dyn Known) -> Result<(Plan, String), FileError> {
    let text = fs::read_to_string(path).map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    Ok((parse_plan(&text, path, known)?, text))
}

/// The same of a text; `path` is what messages call it, and its stem the name of a campaign that gives none.
///
/// # Errors
/// It asks for something that there is not; says where and what.
pub fn parse_plan(text: &str, path: &Path, known: &dyn Known) -> Result<Plan, FileError> {
    let source = Source { path, text };
    if text.len() > MAX_FILE_BYTES {
        return Err(source.wrong(1, format!("expected at most {MAX_FILE_BYTES} bytes")));
    }
    let document = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| source.line(span.start));
        source.wrong(line, format!("expected TOML: {}", error.message().replace('\n', ", ")))
    })?;
    let file = File { reader: Reader { source, known }, table: document.get_ref() };
    file.check_keys()?;
    file.plan()
}

/// The whole file, parsed.
struct File<'a, 'i> {
    reader: Reader<'a>,
    table: &'a DeTable<'i>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl<'i> File<'_, 'i> {
    fn check_keys(&self) -> Result<(), FileError> {
        let known = KEYS.map(ToOwned::to_owned);
        match self.table.keys().find(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some(key) => {
                let source = self.reader.source;
                let mut text = unknown("key", key.get_ref(), &known);
                if Key::ALL.iter().any(|cell| cell.name() == key.get_ref().as_ref()) {
                    text = format!("the key {:?} belongs into [matrix] or [defaults]", key.get_ref());
                }
                Err(source.wrong(source.line(key.span().start), text))
            }
        }
    }

    fn plan(&self) -> Result<Plan, FileError> {
        let name = self.name()?;
        let (jobs, real_jobs) = (self.aside("jobs")?, self.aside("real-jobs")?.unwrap_or(1));
        let stop_early = self.stop_early()?;
        let made = self.cells()?;
        product::check_whole(&self.reader, &made)?;
        for one in &made {
            let wrong = |why| self.reader.source.wrong(one.line, format!("{}: {why}", one.cell.name));
            self.reader.known.check(&one.cell).map_err(wrong)?;
        }
        Ok(Plan { name, jobs, real_jobs, stop_early, cells: made.into_iter().map(|one| one.cell).collect() })
    }

    fn name(&self) -> Result<String, FileError> {
        let (line, name) = match self.table.get("name") {
            Some(value) => {
                (self.reader.line(value), self.reader.text(value, "name", "a text such as \"nightly\"")?)
            }
            None => {
                let stem = self.reader.source.path.file_stem();
                (1, stem.map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default())
            }
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=64).contains(&name.len()) && name.chars().all(fits) && !name.starts_with('-') {
            return Ok(name);
        }
        let text =
            format!("name: expected letters a to z, digits and hyphens, such as \"nightly\", found {name:?}");
        Err(self.reader.source.wrong(line, text))
    }

    fn aside(&self, key: &str) -> Result<Option<usize>, FileError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let number = integer(value).filter(|number| (1..=MAX_JOBS_ASIDE).contains(number));
        let number = number.and_then(|number| usize::try_from(number).ok());
        let expected = format!("a number from 1 to {MAX_JOBS_ASIDE}");
        number.map(Some).ok_or_else(|| self.reader.unexpected(value, key, &expected))
    }

    fn stop_early(&self) -> Result<StopEarly, FileError> {
        let Some(value) = self.table.get("stop-early") else { return Ok(StopEarly::Never) };
        let text = self.reader.text(value, "stop-early", "\"never\", \"unknown\" or \"invalid\"")?;
        text.parse().map_err(|why: String| self.reader.source.wrong(self.reader.line(value), why))
    }

    fn cells(&self) -> Result<Vec<Made>, FileError> {
        let defaults = self.defaults()?;
        let mut made = Vec::new();
        if let Some(matrix) = self.table.get("matrix") {
            let table = self.choices(matrix, "matrix")?;
            made = product::cells(&self.reader, self.reader.line(matrix), &table, &defaults)?;
        }
        for exclusion in self.tables("exclude")? {
            let table = self.choices(exclusion, "exclude")?;
            if !product::exclude(&mut made, &table) {
                let text = "[[exclude]] names no cell of the matrix";
                return Err(self.reader.source.wrong(self.reader.line(exclusion), text));
            }
        }
        for inclusion in self.tables("include")? {
            let table = self.choices(inclusion, "include")?;
            made.extend(product::cells(&self.reader, self.reader.line(inclusion), &table, &defaults)?);
        }
        if made.is_empty() {
            let line = self.table.get("matrix").map_or(1, |matrix| self.reader.line(matrix));
            let text = match self.table.contains_key("exclude") {
                true => "the matrix is empty: every cell is excluded",
                false => "the matrix is empty: expected [matrix] with target and seeds, or [[include]]",
            };
            return Err(self.reader.source.wrong(line, text));
        }
        Ok(made)
    }

    /// The defaults: one value a key.
    fn defaults(&self) -> Result<BTreeMap<Key, Choice>, FileError> {
        let Some(value) = self.table.get("defaults") else { return Ok(BTreeMap::new()) };
        let choices = self.choices(value, "defaults")?;
        let single = |(key, mut choices): (Key, Vec<Choice>)| match (choices.pop(), choices.is_empty()) {
            (Some(choice), true) => Ok((key, choice)),
            (choice, _) => {
                let line = choice.map_or(1, |choice| choice.line);
                let text =
                    format!("[defaults] {}: expected one value; several stand in [matrix]", key.name());
                Err(self.reader.source.wrong(line, text))
            }
        };
        choices.into_iter().map(single).collect()
    }

    /// The tables of a list of tables.
    fn tables(&self, name: &str) -> Result<Vec<&Value<'i>>, FileError> {
        let Some(value) = self.table.get(name) else { return Ok(Vec::new()) };
        let list = value.get_ref().as_array();
        let list = list.ok_or_else(|| self.reader.unexpected(value, name, &format!("[[{name}]] tables")))?;
        Ok(list.iter().collect())
    }

    /// What a table says of each key.
    fn choices(&self, value: &Value<'i>, what: &str) -> Result<Choices, FileError> {
        let source = self.reader.source;
        let table = value.get_ref().as_table();
        let table = table.ok_or_else(|| self.reader.unexpected(value, what, "a table"))?;
        if table.is_empty() && what != "defaults" {
            return Err(source.wrong(self.reader.line(value), format!("the table {what} is empty")));
        }
        let known = Key::ALL.map(|key| key.name().to_owned());
        let read = table.iter().map(|(name, value)| {
            let key = Key::ALL.into_iter().find(|key| key.name() == name.get_ref().as_ref());
            let line = source.line(name.span().start);
            let what = format!("key of [{what}]");
            let key = key.ok_or_else(|| source.wrong(line, unknown(&what, name.get_ref(), &known)))?;
            Ok((key, self.reader.choices(key, value)?))
        });
        read.collect()
    }
}

/// As it is written in files and on the command line.
impl std::str::FromStr for StopEarly {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "never" => Ok(StopEarly::Never),
            "unknown" => Ok(StopEarly::Unknown),
            "invalid" => Ok(StopEarly::Invalid),
            _ => {
                let known = ["never", "unknown", "invalid"].map(ToOwned::to_owned);
                Err(unknown("value of stop-early", text, &known))
            }
        }
    }
}
