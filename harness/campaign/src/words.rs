//! A target as it stands on the command line: its name, its options, its bugs.

use std::collections::BTreeMap;
use std::fmt;

use crate::Known;
use crate::file::unknown;

/// A target with what was said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The target's name.
    pub target: String,
    /// Its options that were given.
    pub options: BTreeMap<String, String>,
    /// The defects to plant, in order of their names, each once.
    pub bugs: Vec<String>,
}

impl Words {
    /// Reads words such as `raft-kv --reads lease --bug NAME`.
    ///
    /// # Errors
    /// A name or value is not known; says which are, and which is nearest.
    pub fn parse(text: &str, known: &dyn Known) -> Result<Self, String> {
        let mut rest = text.split_whitespace();
        let target =
            rest.next().ok_or("expected a target such as \"raft-kv --reads lease\", found nothing")?;
        let targets = known.targets();
        if !targets.iter().any(|name| name == target) {
            return Err(unknown("target", target, &targets));
        }
        let mut words = Self { target: target.to_owned(), ..Self::default() };
        while let Some(word) = rest.next() {
            let Some(flag) = word.strip_prefix("--") else {
                return Err(format!(
                    "expected an option such as --reads after the target's name, found {word:?}"
                ));
            };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (flag, rest.next()),
            };
            let value = value.ok_or_else(|| format!("expected a value after --{name}"))?;
            words.take(name, value, known)?;
        }
        words.bugs.sort();
        words.bugs.dedup();
        Ok(words)
    }

    fn take(&mut self, name: &str, value: &str, known: &dyn Known) -> Result<(), String> {
        if name == "bug" {
            let bugs = known.bugs_of(&self.target);
            if !bugs.iter().any(|bug| bug == value) {
                return Err(unknown(&format!("bug of {}", self.target), value, &bugs));
            }
            self.bugs.push(value.to_owned());
            return Ok(());
        }
        check_option(&self.target, name, value, known)?;
        match self.options.insert(name.to_owned(), value.to_owned()) {
            Some(_) => Err(format!("--{name} stands there twice")),
            None => Ok(()),
        }
    }
}

/// Checks that a target takes this option with this value.
pub(crate) fn check_option(target: &str, name: &str, value: &str, known: &dyn Known) -> Result<(), String> {
    let options = known.options_of(target);
    if !options.iter().any(|option| option == name) {
        return Err(unknown(&format!("option of {target}"), name, &options));
    }
    let values = known.values_of(target, name);
    if !values.is_empty() && !values.iter().any(|known| known == value) {
        return Err(unknown(&format!("value of {name}"), value, &values));
    }
    if values.is_empty() && value.parse::<u64>().is_err() {
        return Err(format!("{name}: expected a number, found {value:?}"));
    }
    Ok(())
}

/// As they would be typed, in one order.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.target)?;
        for (name, value) in &self.options {
            write!(f, " --{name} {value}")?;
        }
        for bug in &self.bugs {
            write!(f, " --bug {bug}")?;
        }
        Ok(())
    }
}
