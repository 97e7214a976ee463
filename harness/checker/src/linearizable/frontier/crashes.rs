//! Calls without completion: how many of each class an order has made use of.

use crate::linearizable::{Limit, Meter, Model};

use super::index::{Index, NONE};
use super::mask::{Mask, mix};
use super::objects::Objects;
use super::paid::Paid;

/// Identical crashed calls.
#[derive(Debug)]
struct Class<'a> {
    /// Their positions in the task, in order of invocation.
    members: Paid<'a, u32>,
    /// How many are invoked by now.
    invoked: u32,
    /// Where their count lies: in which word, how far up.
    word: u32,
    shift: u32,
    /// The bits of the count.
    field: u64,
}

/// The crashed calls of a task that may change something, and what orders made use of: for each class a
/// count, all counts packed into words with a bit to spare above each, and each distinct pack numbered.
#[derive(Debug)]
pub(super) struct Crashes<'a, K> {
    classes: Vec<Class<'a>>,
    /// The identical completed operations under way, by class.
    twins: Vec<K>,
    /// The classes of which a call is invoked.
    open: Vec<u32>,
    /// Words in a pack.
    words: usize,
    /// The spare bits.
    spare: Vec<u64>,
    packs: Paid<'a, u64>,
    index: Index<'a>,
    scratch: Vec<u64>,
}

impl<'a, K: Mask> Crashes<'a, K> {
    /// Sorts the crashed calls of a task into classes, which are the first that `objects` numbers.
    ///
    /// # Errors
    /// There is no memory left.
    pub(super) fn new<M: Model>(
        crashed: impl Iterator<Item = usize>,
        objects: &mut Objects<'_, M>,
        meter: &'a Meter,
    ) -> Result<Self, Limit> {
        let mut classes: Vec<Class<'a>> = Vec::new();
        let mut packs = Paid::new(meter);
        for call in crashed {
            let class = objects.class_of(call)? as usize;
            if class == classes.len() {
                packs.account().charge(2 * (size_of::<Class<'a>>() + size_of::<K>() + 16))?;
                let members = Paid::new(meter);
                classes.push(Class { members, invoked: 0, word: 0, shift: 0, field: 0 });
            }
            classes[class].members.push(call as u32)?;
        }
        let spare = lay_out(&mut classes);
        let (words, twins) = (spare.len(), vec![K::EMPTY; classes.len()]);
        let (open, index) = (Vec::new(), Index::new(meter));
        let mut new = Self { classes, twins, open, words, spare, packs, index, scratch: vec![0; words] };
        new.number_scratch()?;
        Ok(new)
    }

    /// How many classes there are. Their numbers are the classes of [`Objects`].
    pub(super) fn classes(&self) -> usize {
        self.classes.len()
    }

    /// Notes the invocation of a crashed call.
    pub(super) fn begin(&mut self, class: u32) {
        let known = &mut self.classes[class as usize];
        known.invoked += 1;
        if known.invoked == 1 {
            self.open.push(class);
        }
    }

    /// Takes back the latest invocation of a class.
    pub(super) fn unbegin(&mut self, class: u32) {
        let known = &mut self.classes[class as usize];
        known.invoked -= 1;
        if known.invoked == 0 {
            // Classes are opened one after the other, and are closed in the opposite order.
            self.open.pop();
        }
    }

    /// The classes of which a call is invoked: the one at that place of the list.
    pub(super) fn open(&self, at: usize) -> Option<u32> {
        self.open.get(at).copied()
    }

    /// The completed operations under way that are identical to those of a class.
    pub(super) fn twins(&self, class: u32) -> K {
        self.twins[class as usize]
    }

    /// Notes that a completed operation of that class occupies a slot.
    pub(super) fn begin_twin(&mut self, class: u32, slot: usize) {
        if let Some(twins) = self.twins.get_mut(class as usize) {
            *twins = twins.or(K::only(slot));
        }
    }

    /// Notes that a completed operation of that class left its slot.
    pub(super) fn end_twin(&mut self, class: u32, slot: usize) {
        if let Some(twins) = self.twins.get_mut(class as usize) {
            *twins = twins.without(K::only(slot));
        }
    }

    fn pack(&self, number: u32) -> &[u64] {
        &self.packs[number as usize * self.words..][..self.words]
    }

    /// Takes the eldest call of a class that is not yet used: the call, and what is used with it. `None`: all
    /// that are invoked are used.
    ///
    /// # Errors
    /// There is no memory left.
    pub(super) fn take(&mut self, used: u32, class: u32) -> Result<Option<(u32, u32)>, Limit> {
        let Class { invoked, word, shift, field, .. } = self.classes[class as usize];
        let count = self.pack(used)[word as usize] >> shift & field;
        if count >= u64::from(invoked) {
            return Ok(None);
        }
        let call = self.classes[class as usize].members[count as usize];
        self.scratch.copy_from_slice(&self.packs[used as usize * self.words..][..self.words]);
        self.scratch[word as usize] += 1 << shift;
        Ok(Some((call, self.number_scratch()?)))
    }

    fn number_scratch(&mut self) -> Result<u32, Limit> {
        let (words, packs, scratch) = (self.words, &self.packs, &self.scratch);
        let hash = scratch.iter().fold(0, |hash: u64, word| mix(hash.rotate_left(7) ^ word));
        let is = |known: u32| packs[known as usize * words..][..words] == **scratch;
        if let Some(known) = self.index.find(hash, is) {
            return Ok(known);
        }
        for word in 0..words {
            self.packs.push(self.scratch[word])?;
        }
        self.index.add(hash)
    }

    /// Whether nothing is used in the first that is not used in the second.
    #[inline]
    pub(super) fn no_more(&self, first: u32, second: u32) -> bool {
        if first == second || first == 0 {
            return true;
        }
        let pairs = self.pack(first).iter().zip(self.pack(second)).zip(&self.spare);
        // A count that is too large borrows the spare bit above.
        pairs.into_iter().all(|((first, second), spare)| ((second | spare) - first) & spare == *spare)
    }

    /// How many packs are kept.
    pub(super) fn packs(&self) -> usize {
        self.packs.len().checked_div(self.words).unwrap_or(1)
    }

    /// Keeps the empty pack and those that are marked with a number other than [`NONE`], and marks each with
    /// its new number.
    ///
    /// # Errors
    /// There is no memory to sort them.
    pub(super) fn keep(&mut self, marks: &mut [u32]) -> Result<(), Limit> {
        let mut kept = 0;
        for (at, mark) in marks.iter_mut().enumerate() {
            if *mark == NONE && at > 0 {
                continue;
            }
            self.packs.copy_within(at * self.words..(at + 1) * self.words, kept * self.words);
            *mark = kept as u32;
            kept += 1;
        }
        self.packs.truncate(kept * self.words);
        self.index.clear();
        for at in 0..kept {
            let pack = &self.packs[at * self.words..][..self.words];
            self.index.add(pack.iter().fold(0, |hash: u64, word| mix(hash.rotate_left(7) ^ word)))?;
        }
        Ok(())
    }
}

/// Gives each class its place in a pack. Returns the words with only the spare bits set.
fn lay_out(classes: &mut [Class<'_>]) -> Vec<u64> {
    let mut spare = Vec::new();
    let mut shift = u64::BITS;
    for class in classes {
        let bits = u64::BITS - (class.members.len() as u64).leading_zeros();
        if shift + bits + 1 > u64::BITS {
            spare.push(0);
            shift = 0;
        }
        (class.word, class.shift, class.field) = (spare.len() as u32 - 1, shift, (1 << bits) - 1);
        shift += bits + 1;
        if let Some(word) = spare.last_mut() {
            *word |= 1 << (shift - 1);
        }
    }
    spare
}
