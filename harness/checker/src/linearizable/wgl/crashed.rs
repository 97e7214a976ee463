//! Calls without completion, sorted into classes of identical ones.

use std::collections::HashMap;
use std::hash::Hash;

use crate::linearizable::Call;

/// The crashed calls of a task. Identical ones can stand in for each other, so of each class only the
/// eldest that is not yet used is ever tried, and what is used of a class is a count.
#[derive(Debug)]
pub(super) struct Crashed {
    classes: Vec<Class>,
    /// Which calls are used, by crash number.
    words: Vec<u64>,
    used: usize,
}

/// Identical crashed calls.
#[derive(Debug, Default)]
struct Class {
    members: Vec<Member>,
    used: usize,
}

/// One crashed call.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// Its position in the task.
    call: usize,
    /// Its number among the crashed calls.
    number: usize,
    /// The last entry of the timeline ahead of its invocation.
    opened: u32,
}

impl Crashed {
    /// Bytes that each crashed call takes.
    pub(super) const BYTES_PER_CALL: usize = 2 * size_of::<Member>() + 2 * size_of::<Class>() + 2 * 24;

    /// Sorts the calls, given with their positions in the task and the last entry ahead of each.
    pub(super) fn new<Op: Eq + Hash>(calls: &[(usize, &Call<Op>)], opened: &[u32]) -> Self {
        let mut class_of: HashMap<&Op, usize> = HashMap::new();
        let mut classes: Vec<Class> = Vec::new();
        for (number, ((call, what), opened)) in calls.iter().zip(opened).enumerate() {
            let class = *class_of.entry(&what.op).or_insert(classes.len());
            if class == classes.len() {
                classes.push(Class::default());
            }
            classes[class].members.push(Member { call: *call, number, opened: *opened });
        }
        Self { classes, words: vec![0; calls.len().div_ceil(64)], used: 0 }
    }

    /// How many classes there are.
    pub(super) fn classes(&self) -> usize {
        self.classes.len()
    }

    /// The call that stands for a class now, if one is left that was invoked ahead of that entry.
    pub(super) fn eldest(&self, class: usize, frontier: u32) -> Option<usize> {
        let class = &self.classes[class];
        let member = class.members.get(class.used)?;
        (member.opened < frontier).then_some(member.call)
    }

    /// Marks the eldest of a class as used.
    pub(super) fn take(&mut self, class: usize) {
        let class = &mut self.classes[class];
        if let Some(member) = class.members.get(class.used) {
            self.words[member.number / 64] |= 1 << (member.number % 64);
            class.used += 1;
            self.used += 1;
        }
    }

    /// Takes back the last [`Crashed::take`] of a class.
    pub(super) fn give_back(&mut self, class: usize) {
        let class = &mut self.classes[class];
        if let Some(member) = class.used.checked_sub(1).and_then(|last| class.members.get(last)) {
            self.words[member.number / 64] &= !(1 << (member.number % 64));
            class.used -= 1;
            self.used -= 1;
        }
    }

    /// Which calls are used, in words without trailing zeros.
    pub(super) fn window(&self) -> &[u64] {
        if self.used == 0 {
            return &[];
        }
        let end = self.words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        &self.words[..end]
    }
}
