//! Who is to be told of what.

use std::collections::BTreeMap;

use ordalia_node::{Change, SessionNumber, WatchMode};

use super::command::View;

/// What one session wants to know of one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Watch {
    /// The next change of the data.
    data: bool,
    /// The next change of the children.
    children: bool,
    /// All changes of either.
    persistent: bool,
}

impl Watch {
    /// Whether it tells of that, which uses a one-shot watch up.
    fn fire(&mut self, what: Change) -> bool {
        let is_meant = match what {
            Change::Created | Change::Changed => std::mem::take(&mut self.data),
            Change::Children => std::mem::take(&mut self.children),
            // A removed node is told of once, to those who watched its children too.
            Change::Removed | Change::Expired => {
                std::mem::take(&mut self.data) | std::mem::take(&mut self.children)
            }
        };
        is_meant || self.persistent
    }

    fn is_spent(&self) -> bool {
        *self == Self::default()
    }
}

/// All watches, by path and session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watches {
    map: BTreeMap<String, BTreeMap<SessionNumber, Watch>>,
    count: usize,
}

impl Watches {
    /// Of how many paths how many sessions want to know.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn set(&mut self, session: SessionNumber, path: &str, view: View, mode: WatchMode) {
        let of_path = self.map.entry(path.to_owned()).or_default();
        let before = of_path.len();
        let watch = of_path.entry(session).or_default();
        match (mode, view) {
            (WatchMode::Persistent, _) => watch.persistent = true,
            (WatchMode::Once, View::Children) => watch.children = true,
            (WatchMode::Once, View::Data | View::Existence) => watch.data = true,
        }
        self.count += of_path.len() - before;
    }

    /// Whether there was one.
    pub fn remove(&mut self, session: SessionNumber, path: &str) -> bool {
        let Some(of_path) = self.map.get_mut(path) else { return false };
        let was_there = of_path.remove(&session).is_some();
        if of_path.is_empty() {
            self.map.remove(path);
        }
        self.count -= usize::from(was_there);
        was_there
    }

    /// Who is told of a change, in order, and whose watch of the path is used up by it.
    pub fn fire(&mut self, path: &str, what: Change) -> Vec<(SessionNumber, bool)> {
        let Some(of_path) = self.map.get_mut(path) else { return Vec::new() };
        let mut told = Vec::new();
        of_path.retain(|session, watch| {
            if watch.fire(what) {
                told.push((*session, watch.is_spent()));
            }
            !watch.is_spent()
        });
        self.count -= told.iter().filter(|(_, is_spent)| *is_spent).count();
        if of_path.is_empty() {
            self.map.remove(path);
        }
        told
    }

    /// All watches of a session's path, as they are stored.
    pub fn stored(&self, session: SessionNumber, path: &str) -> Vec<(View, WatchMode)> {
        let Some(watch) = self.map.get(path).and_then(|of_path| of_path.get(&session)) else {
            return Vec::new();
        };
        [
            (watch.data, (View::Data, WatchMode::Once)),
            (watch.children, (View::Children, WatchMode::Once)),
            (watch.persistent, (View::Data, WatchMode::Persistent)),
        ]
        .into_iter()
        .filter_map(|(is_set, watch)| is_set.then_some(watch))
        .collect()
    }
}
