//! What a session watches.
//!
//! ZooKeeper keeps watches with the connection. Here is what another connection takes up, and what the client wants
//! to know: what a server tells beyond that is passed over. A path with a persistent watch gets none for once
//! beside it, since in 3.8 the later of two watches of a path replaces the other (ZOOKEEPER-4466).

use std::collections::BTreeMap;

use ordalia_node::{Change, WatchMode};

use super::protocol::{Befallen, WatchLists};

/// Paths that a session may watch.
const MAX_WATCHES: usize = 10_000;
/// The paths of one message, in bytes.
const MAX_BATCH: usize = 128 << 10;

/// What of a node was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Data,
    Existence,
    Children,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Watch {
    /// The next change of the data.
    data: bool,
    /// The next change of the children.
    children: bool,
    /// All changes of either.
    persistent: bool,
    /// Whether the node was there when it was heard of last.
    is_there: bool,
}

impl Watch {
    fn is_spent(&self) -> bool {
        !(self.data || self.children || self.persistent)
    }
}

/// The watches of one session, by path.
#[derive(Debug, Default)]
pub(super) struct Watches(BTreeMap<String, Watch>);

impl Watches {
    /// Whether there is room for a watch of that path.
    pub fn has_room(&self, path: &str) -> bool {
        self.0.len() < MAX_WATCHES || self.0.contains_key(path)
    }

    /// Whether all changes of that path are told of.
    pub fn is_persistent(&self, path: &str) -> bool {
        self.0.get(path).is_some_and(|watch| watch.persistent)
    }

    /// Sets a watch of a node that is there, or is not.
    pub fn set(&mut self, path: &str, view: View, mode: WatchMode, is_there: bool) {
        let watch = self.0.entry(path.to_owned()).or_default();
        watch.is_there = is_there;
        match (mode, view) {
            (WatchMode::Persistent, _) => watch.persistent = true,
            (WatchMode::Once, View::Children) => watch.children = true,
            (WatchMode::Once, View::Data | View::Existence) => watch.data = true,
        }
    }

    /// Takes all watches of a path back.
    pub fn remove(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// What the client is told, if it wants to know. A watch for once is used up by it.
    pub fn fire(&mut self, path: &str, what: Befallen) -> Option<Change> {
        let watch = self.0.get_mut(path)?;
        watch.is_there = what != Befallen::Deleted;
        let (is_meant, change) = match what {
            Befallen::Created => (std::mem::take(&mut watch.data), Change::Created),
            Befallen::DataChanged => (std::mem::take(&mut watch.data), Change::Changed),
            Befallen::ChildrenChanged => (std::mem::take(&mut watch.children), Change::Children),
            Befallen::Deleted => {
                let both = std::mem::take(&mut watch.data) | std::mem::take(&mut watch.children);
                (both, Change::Removed)
            }
        };
        let is_told = is_meant || watch.persistent;
        if watch.is_spent() {
            self.0.remove(path);
        }
        is_told.then_some(change)
    }

    /// All of it, for another connection; in several messages where it is much.
    pub fn lists(&self, since: i64) -> Vec<WatchLists> {
        let mut all = Vec::new();
        let (mut lists, mut bytes) = (WatchLists { since, ..WatchLists::default() }, 0);
        for (path, watch) in &self.0 {
            let add = |list: &mut Vec<String>, is_wanted: bool| {
                if is_wanted {
                    list.push(path.clone());
                }
            };
            // The server tells of a persistent watch only what comes: what was missed is asked for as by the others.
            let is_data = watch.data || watch.persistent;
            add(&mut lists.data, is_data && watch.is_there);
            add(&mut lists.existence, is_data && !watch.is_there);
            add(&mut lists.children, (watch.children || watch.persistent) && watch.is_there);
            add(&mut lists.persistent, watch.persistent);
            bytes += 4 * path.len() + 16;
            if bytes > MAX_BATCH {
                all.push(std::mem::replace(&mut lists, WatchLists { since, ..WatchLists::default() }));
                bytes = 0;
            }
        }
        if bytes > 0 {
            all.push(lists);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_for_once_tells_once() {
        let mut watches = Watches::default();
        watches.set("/a", View::Data, WatchMode::Once, true);
        watches.set("/a", View::Children, WatchMode::Once, true);
        assert_eq!(watches.fire("/a", Befallen::DataChanged), Some(Change::Changed));
        assert_eq!(watches.fire("/a", Befallen::DataChanged), None);
        assert_eq!(watches.fire("/a", Befallen::Deleted), Some(Change::Removed));
        assert_eq!(watches.fire("/a", Befallen::Created), None);
        assert_eq!(watches.lists(1), []);
    }

    #[test]
    fn a_persistent_watch_stays_and_asks_for_what_was_missed() {
        let mut watches = Watches::default();
        watches.set("/a", View::Data, WatchMode::Persistent, true);
        assert_eq!(watches.fire("/a", Befallen::ChildrenChanged), Some(Change::Children));
        let a = || vec!["/a".to_owned()];
        let there = WatchLists { since: 5, data: a(), children: a(), persistent: a(), existence: vec![] };
        assert_eq!(watches.lists(5), [there]);
        assert_eq!(watches.fire("/a", Befallen::Deleted), Some(Change::Removed));
        let gone = WatchLists { since: 6, existence: a(), persistent: a(), ..WatchLists::default() };
        assert_eq!(watches.lists(6), [gone]);
        watches.remove("/a");
        assert_eq!(watches.fire("/a", Befallen::Created), None);
    }

    #[test]
    fn much_goes_in_several_messages() {
        let mut watches = Watches::default();
        for number in 0..200 {
            let path = format!("/{}{number}", "x".repeat(1000));
            watches.set(&path, View::Children, WatchMode::Once, true);
        }
        let lists = watches.lists(1);
        assert!(lists.len() > 1 && lists.iter().map(|list| list.children.len()).sum::<usize>() == 200);
    }
}
