//! Gathering the measurements of one round.

use std::collections::BTreeMap;

use ordalia_coordination::client::{CallId, Happening, Session};
use ordalia_coordination::recipes::{Look, View};
use ordalia_node::{CoordinationAnswer, CoordinationRequest, Refusal, WatchMode};

use super::mean::{Mean, tenths};
use crate::bugs::{Bug, Bugs};
use crate::paths;

/// One round, as far as its measurements are known.
#[derive(Debug, Default)]
pub(super) struct Round {
    number: u64,
    expected: Vec<String>,
    values: BTreeMap<String, i64>,
    /// The look at the names in the round's folder, which a watch keeps fresh.
    look: Option<Look>,
    reading: BTreeMap<CallId, String>,
    /// What the table held of earlier rounds, which only a planted defect reads.
    leftovers: BTreeMap<String, i64>,
}

impl Round {
    /// Begins to gather.
    pub fn new(
        number: u64,
        expected: Vec<String>,
        leftovers: BTreeMap<String, i64>,
        session: &mut Session,
    ) -> Self {
        let look = Look::new(paths::round(number), View::Children, WatchMode::Once, session);
        Self { number, expected, look: Some(look), leftovers, ..Self::default() }
    }

    /// What is left in the table for the next round.
    pub fn leftovers(&mut self) -> BTreeMap<String, i64> {
        let mut all = std::mem::take(&mut self.leftovers);
        all.append(&mut self.values);
        all
    }

    /// Takes note of what befell. True if there is another value.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> bool {
        if let Some(Ok(CoordinationAnswer::Listing { names, .. })) =
            self.look.as_mut().and_then(|look| look.on(happening, session))
        {
            self.read_new(&names, session);
        }
        let Happening::Answered { call, result } = happening else { return false };
        let Some(name) = self.reading.remove(call) else { return false };
        self.take(name, result)
    }

    /// Reads the measurements that are listed and not known.
    fn read_new(&mut self, names: &[String], session: &mut Session) {
        for name in names.iter().filter_map(|name| name.strip_prefix(paths::MEASURED)) {
            let is_known = self.values.contains_key(name) || self.reading.values().any(|other| other == name);
            if !is_known {
                let path = paths::measurement(self.number, name);
                let call = session.ask(CoordinationRequest::Get { path, watch: None, session: None });
                self.reading.insert(call, name.to_owned());
            }
        }
    }

    /// One that is gone again leaves nothing; if it is written anew, the list says so.
    fn take(&mut self, name: String, result: &Result<CoordinationAnswer, Refusal>) -> bool {
        match result {
            Ok(CoordinationAnswer::Got { value, .. }) => match tenths(value) {
                Some(value) => self.values.insert(name, value).is_none(),
                None => false,
            },
            _ => false,
        }
    }

    /// What the round came to, once everybody who was expected and is still there has written.
    pub fn complete(&self, present: &[String], bugs: &Bugs) -> Option<Mean> {
        let expected = self.expected.iter().filter(|name| present.contains(name));
        let expected: Vec<String> = expected.cloned().collect();
        let written = expected.iter().filter_map(|name| Some((name.clone(), *self.values.get(name)?)));
        let mut values: BTreeMap<String, i64> = written.collect();
        let is_enough = match bugs.has(Bug::EarlyRelease) {
            true => values.len() * 2 > expected.len() || expected.is_empty(),
            false => values.len() == expected.len(),
        };
        if bugs.has(Bug::MeanOfAll) {
            for (name, value) in &self.leftovers {
                values.entry(name.clone()).or_insert(*value);
            }
        }
        is_enough.then_some(Mean { round: self.number, expected, values })
    }
}
