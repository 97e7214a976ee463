//! The values of a history, each with its put and its take.

use crate::linearizable::{Call, Decision, ValueId};
use crate::models::BufferOp;

/// Later than all events.
pub(super) const NEVER: u64 = u64::MAX;

/// No call: the value was in from the beginning, or never taken.
pub(super) const NO_CALL: u32 = u32::MAX;

/// One value. Times are indices of events, moved up to leave room for what was in from the beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) value: ValueId,
    /// Positions of the calls.
    pub(super) put: u32,
    pub(super) take: u32,
    /// The span in which the put took effect.
    pub(super) put_from: u64,
    pub(super) put_by: u64,
    /// The span in which the take did; never and never where there is none.
    pub(super) take_from: u64,
    pub(super) take_by: u64,
}

impl Pair {
    pub(super) fn is_taken(&self) -> bool {
        self.take != NO_CALL
    }

    /// Takes into account that the put is ahead of the take.
    pub(super) fn narrow(&mut self) {
        self.put_by = self.put_by.min(self.take_by);
        self.take_from = self.take_from.max(self.put_from);
    }
}

/// A take that found nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Empty {
    pub(super) call: u32,
    pub(super) from: u64,
    pub(super) by: u64,
}

/// A history of values that are told apart.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) pairs: Vec<Pair>,
    pub(super) empties: Vec<Empty>,
    /// Whether there are crashed takes, which are in none of the pairs.
    pub(super) crashed_takes: bool,
    /// When those of them began that may have taken anything, with their calls.
    pub(super) unknown_takes: Vec<(u64, u32)>,
    /// Whether there are others, which can only have taken one value.
    pub(super) named_takes: bool,
}

/// Bytes that the sorting takes for each call, and the algorithms after it, by generous estimate.
pub(super) const BYTES_PER_CALL: usize = 3 * size_of::<Pair>();

/// A history with what is needed to name parts of it.
#[derive(Clone, Copy)]
pub(super) struct Story<'a> {
    pub(super) initial: &'a [ValueId],
    pub(super) calls: &'a [Call<BufferOp>],
}

impl Story<'_> {
    /// A time of the history, moved up.
    fn time(&self, event: u64) -> u64 {
        event.saturating_add(self.initial.len() as u64).min(NEVER - 1)
    }

    pub(super) fn from(&self, call: &Call<BufferOp>) -> u64 {
        self.time(call.invoke)
    }

    pub(super) fn by(&self, call: &Call<BufferOp>) -> u64 {
        self.time(call.complete.unwrap_or(NEVER))
    }

    /// The verdict that these values alone, and these takes that found nothing, cannot be ordered. With values
    /// that were in from the beginning all is tied to all.
    pub(super) fn illegal(&self, values: &[ValueId], empties: &[u32]) -> Decision {
        let belongs = |call: &Call<BufferOp>| match call.op {
            BufferOp::Put(value) | BufferOp::Take(value) => {
                !self.initial.is_empty() || values.contains(&value)
            }
            // Without it what it may have taken is in the way of others.
            BufferOp::TakeUnknown => true,
            BufferOp::Empty => false,
        };
        let calls = self.calls.iter().enumerate();
        let mut core: Vec<usize> = calls.filter(|(_, call)| belongs(call)).map(|(at, _)| at).collect();
        core.extend(empties.iter().map(|call| *call as usize));
        core.sort_unstable();
        core.dedup();
        Decision::Illegal { core }
    }

    /// How many numbers of values there may be.
    pub(super) fn values(&self) -> usize {
        let named = self.calls.iter().filter_map(|call| match call.op {
            BufferOp::Put(value) | BufferOp::Take(value) => Some(value.number()),
            BufferOp::Empty | BufferOp::TakeUnknown => None,
        });
        let initial = self.initial.iter().map(|value| value.number());
        named.chain(initial).max().map_or(0, |most| most as usize + 1)
    }

    /// The same, beside all crashed takes of which nobody knows what they took: what is left out is nothing that these
    /// would have to have taken.
    pub(super) fn illegal_with_unknown_takes(&self, values: &[ValueId], empties: &[u32]) -> Decision {
        let unknown = (0u32..).zip(self.calls).filter(|(_, call)| call.op == BufferOp::TakeUnknown);
        let extra: Vec<u32> = unknown.map(|(at, _)| at).filter(|_| self.initial.is_empty()).collect();
        self.illegal(values, &[empties, &extra].concat())
    }

    /// The takes that found nothing, and the crashed takes.
    pub(super) fn others(&self) -> Pairs {
        let mut others = Pairs::default();
        for (at, call) in self.calls.iter().enumerate() {
            match (call.op, call.complete) {
                (BufferOp::Empty, Some(_)) => {
                    let empty = Empty { call: at as u32, from: self.from(call), by: self.by(call) };
                    others.empties.push(empty);
                }
                (BufferOp::TakeUnknown, _) => others.unknown_takes.push((self.from(call), at as u32)),
                (BufferOp::Take(_), None) => others.named_takes = true,
                _ => {}
            }
        }
        others.crashed_takes = others.named_takes || !others.unknown_takes.is_empty();
        others
    }

    /// Refuses histories that no specialist for buffers can judge.
    ///
    /// # Errors
    /// It is such a one.
    pub(super) fn qualify(&self) -> Result<(), Decision> {
        if self.calls.len() >= NO_CALL as usize {
            return Err(Decision::Abstain("there are more than 2³² calls"));
        }
        let silent = |call: &Call<BufferOp>| call.op == BufferOp::TakeUnknown && call.complete.is_some();
        if self.calls.iter().any(silent) {
            return Err(Decision::Abstain("a take that completed does not tell what it took"));
        }
        Ok(())
    }

    /// Pairs puts with takes.
    ///
    /// # Errors
    /// The history is illegal for a value that was taken and not put in, taken twice, or taken ahead of its
    /// put; or values are not told apart.
    pub(super) fn pairs(&self) -> Result<Pairs, Decision> {
        self.qualify()?;
        let mut sorting = Sorting::new(*self);
        for at in 0..self.calls.len() {
            sorting.sort(at);
        }
        sorting.finish()
    }
}

/// The pairing under way.
struct Sorting<'a> {
    story: Story<'a>,
    /// The pair of each value, by its number.
    seats: Vec<u32>,
    pairs: Vec<Pair>,
    has_put: Vec<bool>,
    twice_taken: Option<ValueId>,
    /// Whether a value was put in twice.
    duplicates: bool,
}

impl<'a> Sorting<'a> {
    fn new(story: Story<'a>) -> Self {
        let count = story.calls.len() / 2 + 1;
        let mut sorting = Self {
            story,
            seats: vec![NO_CALL; story.values()],
            pairs: Vec::with_capacity(count),
            has_put: Vec::with_capacity(count),
            twice_taken: None,
            duplicates: false,
        };
        for (at, value) in story.initial.iter().enumerate() {
            sorting.put(*value, NO_CALL, (at as u64, at as u64));
        }
        sorting
    }

    fn seat(&mut self, value: ValueId) -> usize {
        let seat = &mut self.seats[value.number() as usize];
        if *seat == NO_CALL {
            *seat = self.pairs.len() as u32;
            self.has_put.push(false);
            self.pairs.push(Pair {
                value,
                put: NO_CALL,
                take: NO_CALL,
                put_from: NEVER,
                put_by: NEVER,
                take_from: NEVER,
                take_by: NEVER,
            });
        }
        *seat as usize
    }

    fn put(&mut self, value: ValueId, call: u32, span: (u64, u64)) {
        let seat = self.seat(value);
        self.duplicates |= std::mem::replace(&mut self.has_put[seat], true);
        let pair = &mut self.pairs[seat];
        pair.put = call;
        (pair.put_from, pair.put_by) = span;
    }

    fn sort(&mut self, at: usize) {
        let call = &self.story.calls[at];
        let span = (self.story.from(call), self.story.by(call));
        match call.op {
            BufferOp::Put(value) => self.put(value, at as u32, span),
            BufferOp::Take(value) if call.complete.is_some() => {
                let seat = self.seat(value);
                let pair = &mut self.pairs[seat];
                if pair.is_taken() {
                    self.twice_taken.get_or_insert(value);
                    return;
                }
                pair.take = at as u32;
                (pair.take_from, pair.take_by) = span;
            }
            BufferOp::Take(_) | BufferOp::Empty | BufferOp::TakeUnknown => {}
        }
    }

    /// The value whose take is the first to complete that no order allows, judged by itself.
    fn offender(&self) -> Option<ValueId> {
        let pairs = self.pairs.iter().zip(&self.has_put);
        let unfounded = pairs.filter(|(pair, has_put)| {
            pair.is_taken() && (!**has_put || (!self.duplicates && pair.take_by < pair.put_from))
        });
        let first = unfounded.min_by_key(|(pair, _)| pair.take_by).map(|(pair, _)| pair.value);
        first.or(self.twice_taken.filter(|_| !self.duplicates))
    }

    fn finish(mut self) -> Result<Pairs, Decision> {
        if let Some(value) = self.offender() {
            return Err(self.story.illegal(&[value], &[]));
        }
        if self.duplicates {
            return Err(Decision::Abstain("a value was put in more than once"));
        }
        let calls = self.story.calls;
        let happened = |pair: &Pair| {
            pair.is_taken() || pair.put == NO_CALL || calls[pair.put as usize].complete.is_some()
        };
        self.pairs.retain(happened);
        self.pairs.iter_mut().for_each(Pair::narrow);
        Ok(Pairs { pairs: self.pairs, ..self.story.others() })
    }
}
