//! Leaving out whole groups of operations that share values.

use std::collections::{BTreeMap, HashMap};

use super::super::{Model, Tie, ValueId};
use super::{Trial, minimal};

/// What stays of all pieces when the groups that the failure does not need are left out.
pub(super) fn without_groups<M: Model>(trial: &Trial<'_, M>, stuck: usize) -> Vec<usize> {
    let all: Vec<usize> = (0..trial.pieces.pieces.len()).collect();
    let Some(groups) = Groups::of(trial, stuck) else { return all };
    let every: Vec<usize> = (0..groups.members.len()).collect();
    // Where a group goes, what speaks of all values has to go first.
    let unswept = groups.assemble(trial, &every);
    if unswept.len() < all.len() && !matches!(trial.fails(&unswept), Ok(true)) {
        return all;
    }
    let needed = minimal(every.len(), |few| trial.fails(&groups.assemble(trial, few)));
    groups.assemble(trial, &needed)
}

/// The mutators, in groups that share no value.
struct Groups {
    /// The pieces of each group, the group most likely to matter first.
    members: Vec<Vec<usize>>,
    /// The group that each value belongs to.
    of_value: HashMap<ValueId, usize>,
    /// The pieces that are never left out.
    always: Vec<usize>,
}

impl Groups {
    /// `None` where an operation ties all others together.
    fn of<M: Model>(trial: &Trial<'_, M>, stuck: usize) -> Option<Self> {
        let mutators = (0..trial.pieces.pieces.len()).filter(|at| !trial.piece(*at).observation);
        let (always, mutators): (Vec<usize>, Vec<usize>) =
            mutators.partition(|at| trial.piece(*at).tie == Tie::Stays);
        let mut joined = Joined((0..mutators.len()).collect());
        let mut first: HashMap<ValueId, usize> = HashMap::new();
        for (number, at) in mutators.iter().enumerate() {
            let Tie::Values(values) = &trial.piece(*at).tie else { return None };
            for value in values {
                joined.join(number, *first.entry(*value).or_insert(number));
            }
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, at) in mutators.iter().enumerate() {
            groups.entry(joined.root(number)).or_default().push(*at);
        }
        Some(Self { always, ..Self::ranked(trial, stuck, groups.into_values().collect()) })
    }

    /// Puts the groups that the failure speaks of first, and then those that are near to it in time.
    fn ranked<M: Model>(trial: &Trial<'_, M>, stuck: usize, mut members: Vec<Vec<usize>>) -> Self {
        let all: Vec<usize> = (0..trial.pieces.pieces.len()).collect();
        let mut suspects = trial.suspects(&all);
        suspects.push(stuck);
        let spoken_of: Vec<ValueId> =
            suspects.iter().flat_map(|at| named(&trial.piece(*at).tie)).copied().collect();
        let spoken_of: std::collections::HashSet<ValueId> = spoken_of.into_iter().collect();
        members.sort_by_cached_key(|group| {
            let values = || group.iter().flat_map(|at| named(&trial.piece(*at).tie));
            let unspoken = !values().any(|value| spoken_of.contains(value));
            (unspoken, group.iter().map(|at| trial.distance(*at, stuck)).min())
        });
        let mut of_value = HashMap::new();
        for (number, group) in members.iter().enumerate() {
            let values = group.iter().flat_map(|at| named(&trial.piece(*at).tie));
            of_value.extend(values.map(|value| (*value, number)));
        }
        Self { members, of_value, always: Vec::new() }
    }

    /// The pieces of some groups, and the observations that speak of no value of the others.
    fn assemble<M: Model>(&self, trial: &Trial<'_, M>, few: &[usize]) -> Vec<usize> {
        let mut stays = vec![false; self.members.len()];
        few.iter().for_each(|group| stays[*group] = true);
        let stays = |value: &ValueId| self.of_value.get(value).is_none_or(|group| stays[*group]);
        let observes = |at: &usize| {
            let piece = trial.piece(*at);
            piece.observation && matches!(&piece.tie, Tie::Values(values) if values.iter().all(stays))
        };
        let mut kept: Vec<usize> = (0..trial.pieces.pieces.len()).filter(observes).collect();
        kept.extend(few.iter().flat_map(|group| &self.members[*group]));
        kept.extend(&self.always);
        kept.sort_unstable();
        kept
    }
}

/// The values that a tie names.
fn named(tie: &Tie) -> &[ValueId] {
    match tie {
        Tie::Values(values) => values,
        Tie::Fixed | Tie::Global | Tie::Stays => &[],
    }
}

/// Disjoint sets: each element's parent, a root being its own.
struct Joined(Vec<usize>);

impl Joined {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left.max(right)] = left.min(right);
    }
}
