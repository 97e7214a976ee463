//! Generators over independent keys.

use std::collections::VecDeque;

use ordalia_history::{Event, EventType, Value};

use super::choose::Waiting;
use super::threads::{Members, ask_within, tell_within};
use crate::{Context, Generator, Next};

/// One key after the other: for each a generator is made and played to its end by all threads. Its operations
/// are given the key. The next key begins while operations on the last one may still be under way.
pub fn sequential_keys<K, G, F>(keys: K, make: F) -> impl Generator
where
    K: IntoIterator<Item = Value>,
    K::IntoIter: Send,
    G: Generator,
    F: FnMut(&Value) -> G + Send,
{
    Keys {
        group_size: None,
        keys: keys.into_iter(),
        make,
        groups: Vec::new(),
        formed: false,
        turn: 0,
        last: None,
    }
}

/// Several keys at a time: the threads are divided into groups of `group_size` (at least one; the last group has
/// what remains), and each group plays one key to its end and takes the next. Which group gets which key
/// depends on who is done first.
pub fn concurrent_keys<K, G, F>(group_size: usize, keys: K, make: F) -> impl Generator
where
    K: IntoIterator<Item = Value>,
    K::IntoIter: Send,
    G: Generator,
    F: FnMut(&Value) -> G + Send,
{
    let group_size = Some(group_size.max(1));
    Keys { group_size, keys: keys.into_iter(), make, groups: Vec::new(), formed: false, turn: 0, last: None }
}

/// Threads that play one key together.
struct Group<G> {
    members: Members,
    /// The key with its generator; `None` before the first and after the last.
    present: Option<(Value, G)>,
}

struct Keys<K, G, F> {
    /// `None` for all threads.
    group_size: Option<usize>,
    keys: K,
    make: F,
    groups: Vec<Group<G>>,
    formed: bool,
    /// The group that is asked first.
    turn: usize,
    /// The group that gave the last operation.
    last: Option<usize>,
}

impl<K, G, F> Keys<K, G, F>
where
    K: Iterator<Item = Value> + Send,
    G: Generator,
    F: FnMut(&Value) -> G + Send,
{
    /// Divides the threads, whose number the first question tells.
    fn form(&mut self, threads: usize) {
        if std::mem::replace(&mut self.formed, true) {
            return;
        }
        let size = self.group_size.unwrap_or(threads.max(1));
        let mut left: VecDeque<usize> = (0..threads).collect();
        while !left.is_empty() {
            let members = left.drain(..size.min(left.len())).collect();
            self.groups.push(Group { members, present: None });
        }
    }

    /// What one group does next; it takes fresh keys as long as those that it has are done.
    fn ask(&mut self, group: usize, context: &Context<'_>) -> Next {
        let Group { members, present } = &mut self.groups[group];
        loop {
            if present.is_none() {
                // A key is taken only by a group that could begin it.
                if !members.iter().any(|thread| context.free.contains(thread)) {
                    return Next::Pending { until: None };
                }
                let Some(key) = self.keys.next() else { return Next::Done };
                let generator = (self.make)(&key);
                *present = Some((key, generator));
            }
            let Some((key, generator)) = present else { return Next::Done };
            match ask_within(context, members, |within| generator.next(within)) {
                Next::Done => *present = None,
                Next::Op { mut op, thread, intended } => {
                    op.key = Some(key.clone());
                    return Next::Op { op, thread, intended };
                }
                pending => return pending,
            }
        }
    }
}

impl<K, G, F> Generator for Keys<K, G, F>
where
    K: Iterator<Item = Value> + Send,
    G: Generator,
    F: FnMut(&Value) -> G + Send,
{
    fn next(&mut self, context: &Context<'_>) -> Next {
        self.form(context.threads);
        let (count, mut waiting) = (self.groups.len(), Waiting::default());
        for group in (self.turn..count).chain(0..self.turn) {
            if let Some(op) = waiting.add(self.ask(group, context)) {
                self.last = Some(group);
                self.turn = (group + 1) % count;
                return op;
            }
        }
        waiting.next()
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        for (at, group) in self.groups.iter_mut().enumerate() {
            let own = event.kind != EventType::Invoke || self.last == Some(at);
            if let Some((_, generator)) = group.present.as_mut().filter(|_| own) {
                tell_within(context, &group.members, |within| generator.update(within, event));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::source::ops;
    use super::super::testing::{Step, op, play};
    use super::*;

    fn keys(count: u64) -> impl Iterator<Item = Value> + Send {
        (0..count).map(Value::from)
    }

    fn seen(steps: &[Step]) -> Vec<(u64, u64)> {
        let number = |value: &Value| value.as_u64().unwrap();
        steps.iter().map(|step| (number(step.op.key.as_ref().unwrap()), number(&step.op.value))).collect()
    }

    #[test]
    fn keys_come_one_after_the_other() {
        let steps = play(sequential_keys(keys(3), |_| ops([op(1), op(2)])), 4, 99);
        assert_eq!(seen(&steps), [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]);
        assert!(play(sequential_keys(keys(0), |_| ops([op(1)])), 4, 99).is_empty());
    }

    #[test]
    fn groups_play_keys_side_by_side_and_each_key_whole() {
        let steps = play(concurrent_keys(2, keys(7), |_| ops((0..5).map(op))), 5, 999);
        let mut values: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        let mut groups: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
        for (step, (key, value)) in steps.iter().zip(seen(&steps)) {
            values.entry(key).or_default().push(value);
            groups.entry(key).or_default().insert(step.thread / 2);
        }
        assert_eq!(values.len(), 7);
        assert!(values.values().all(|seen| *seen == [0, 1, 2, 3, 4]), "{values:?}");
        assert!(groups.values().all(|of| of.len() == 1), "{groups:?}");
        let at_first: BTreeSet<u64> = steps
            .iter()
            .zip(seen(&steps))
            .filter(|(step, _)| step.time == 0)
            .map(|(_, seen)| seen.0)
            .collect();
        assert_eq!(at_first, BTreeSet::from([0, 1, 2]));
    }
}
