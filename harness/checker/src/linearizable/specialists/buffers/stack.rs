//! Last in, first out: values that are told apart, in time O(n log n).
//!
//! - A value whose push and pop overlap is no trouble: push and pop go side by side, at a moment common to both.
//! - The others were certainly in for some time each. At a moment at which none was the stack was empty, or
//!   could have been: what comes before and what comes after is judged apart, and put together at that moment.
//! - Where there is no such moment, the stack was never empty from the first push to the last pop, so one value
//!   was at its bottom all the time: its push can go ahead of all and its pop behind all. Where there is no
//!   such value the history is illegal; and one will do as well as another, for the rest is a legal history
//!   if the whole is. What is left without it may have moments at which the stack is empty but for it.
//!
//! (After Emmi, Enea and Hamza, *Monitoring refinement via symbolic reasoning*, 2015, and Lee and Mathur,
//! *Efficient decrease-and-conquer linearizability monitoring*, 2025.) Values are numbered by the end of their
//! push, so that what belongs together is a range; a segment tree counts for each how many others are certainly
//! in when its push ends, a second has the starts of the pops, a third the ends of the pops of those whose
//! push began early enough to be at the bottom.

use super::cover::free_moments;
use super::pairs::{BYTES_PER_CALL, NO_CALL, Pair, Story};
use super::trees::{Coverage, Greatest};
use crate::linearizable::{Decision, Limit, Meter, Specialist, Task, ValueId};
use crate::models::Stack;

/// The algorithm `stack`.
#[derive(Clone, Copy, Debug, Default)]
pub struct StackRules;

impl Specialist<Stack> for StackRules {
    fn name(&self) -> &'static str {
        "stack"
    }

    fn decide(&self, _: &Stack, task: &Task<Stack>, meter: &Meter) -> Result<Decision, Limit> {
        meter.check_time()?;
        let mut account = meter.account();
        account.charge(task.calls.len().saturating_mul(BYTES_PER_CALL))?;
        let mut initial: Vec<ValueId> = task.init.iter_back().collect();
        initial.reverse();
        let decision = judge(&Story { initial: &initial, calls: &task.calls });
        if !matches!(decision, Decision::Abstain(_)) {
            meter.advance(task.completed() as u64);
        }
        Ok(decision)
    }
}

/// A call with the start of its span.
#[derive(Clone, Copy)]
struct Placed {
    from: u64,
    call: u32,
}

fn judge(story: &Story<'_>) -> Decision {
    let mut pairs = match story.pairs() {
        Ok(pairs) => pairs,
        Err(decision) => return decision,
    };
    let moments = match free_moments(story, &pairs) {
        Ok(moments) => moments,
        Err(decision) => return decision,
    };
    let (mut certain, passing): (Vec<Pair>, Vec<Pair>) =
        pairs.pairs.drain(..).partition(|pair| pair.put_by < pair.take_from);
    certain.sort_unstable_by_key(|pair| pair.put_by);
    let mut empties: Vec<Placed> =
        pairs.empties.iter().zip(moments).map(|(empty, from)| Placed { from, call: empty.call }).collect();
    empties.sort_unstable_by_key(|empty| empty.from);
    match Nesting::new(&certain).unfold(&empties) {
        Ok(nested) => Decision::Legal { order: merge(&nested, passing) },
        Err(core) => {
            let core = core.into_iter().map(|at| &certain[at]);
            if pairs.crashed_takes && !core.clone().all(Pair::is_taken) {
                return Decision::Abstain("a crashed take may have taken a value");
            }
            story.illegal(&core.map(|pair| pair.value).collect::<Vec<_>>(), &[])
        }
    }
}

/// What is still to be unfolded.
enum Work {
    /// The values of a range, of which the first is the first of a part.
    Range(usize, usize),
    /// The pop of a value.
    Pop(usize),
    /// A take that found nothing.
    Empty(Placed),
}

/// Values that were certainly in, by the end of their push, while they are unfolded.
struct Nesting<'a> {
    values: &'a [Pair],
    coverage: Coverage,
    pop_starts: Greatest,
    /// The ends of the pops of those values that can be at the bottom of what is unfolded.
    bottoms: Greatest,
    /// The values by the start of their push, and how many of them are in `bottoms` or were.
    by_start: Vec<u32>,
    begun: usize,
    gone: Vec<bool>,
    order: Vec<Placed>,
}

impl<'a> Nesting<'a> {
    fn new(values: &'a [Pair]) -> Self {
        let mut coverage = Coverage::new(values.len());
        let mut pop_starts = Greatest::new(values.len());
        for (at, pair) in values.iter().enumerate() {
            coverage.add(at + 1, covered(values, at), 1);
            pop_starts.set(at, pair.take_from);
        }
        let mut by_start: Vec<u32> = (0..values.len() as u32).collect();
        by_start.sort_unstable_by_key(|at| values[*at as usize].put_from);
        Self {
            values,
            coverage,
            pop_starts,
            bottoms: Greatest::new(values.len()),
            by_start,
            begun: 0,
            gone: vec![false; values.len()],
            order: Vec::with_capacity(2 * values.len()),
        }
    }

    /// The calls in a legal order.
    ///
    /// # Errors
    /// There is none, for these values alone.
    fn unfold(mut self, empties: &[Placed]) -> Result<Vec<Placed>, Vec<usize>> {
        let mut work = self.parts(0, self.values.len(), empties);
        while let Some(next) = work.pop() {
            match next {
                Work::Range(start, end) => {
                    self.unfold_part(start, end, &mut work)?;
                    work.append(&mut self.parts(start, end, &[]));
                }
                Work::Pop(at) => {
                    let pair = &self.values[at];
                    self.order.push(Placed { from: pair.take_from, call: pair.take });
                }
                Work::Empty(empty) => self.order.push(empty),
            }
        }
        Ok(self.order)
    }

    /// The parts of a range between which nothing was certainly in, the last first; among them those takes that
    /// found nothing.
    fn parts(&self, start: usize, end: usize, empties: &[Placed]) -> Vec<Work> {
        let mut parts = Vec::new();
        let mut empties = empties.iter().copied().peekable();
        let mut next = self.coverage.first_bare(start, end);
        while let Some(first) = next {
            let ahead = |empty: &Placed| empty.from <= self.values[first].put_by;
            while let Some(empty) = empties.next_if(ahead) {
                parts.push(Work::Empty(empty));
            }
            next = self.coverage.first_bare(first + 1, end);
            parts.push(Work::Range(first, next.unwrap_or(end)));
        }
        parts.extend(empties.map(Work::Empty));
        parts.reverse();
        parts
    }

    /// Takes the values off a part that can be at its bottom: pushes them, and leaves their pops as work.
    fn unfold_part(&mut self, start: usize, end: usize, work: &mut Vec<Work>) -> Result<(), Vec<usize>> {
        let first_end = self.values[start].put_by;
        self.begin_until(first_end);
        let last_start = self.pop_starts.greatest(start, end).map_or(0, |(_, time)| time);
        let mut found = false;
        while let Some((at, _)) = self.bottoms.greatest(start, end).filter(|(_, by)| *by >= last_start) {
            found = true;
            let pair = &self.values[at];
            if pair.put != NO_CALL {
                self.order.push(Placed { from: pair.put_from, call: pair.put });
            }
            if pair.is_taken() {
                work.push(Work::Pop(at));
            }
            self.take_out(at);
        }
        if found { Ok(()) } else { Err(self.chain(start, end, last_start)) }
    }

    /// Lets in the values whose push began by then. Parts are unfolded in order of time, so that time never
    /// goes back.
    fn begin_until(&mut self, time: u64) {
        while let Some(at) = self.by_start.get(self.begun).map(|at| *at as usize) {
            if self.values[at].put_from > time {
                break;
            }
            self.begun += 1;
            if !self.gone[at] {
                self.bottoms.set(at, self.values[at].take_by);
            }
        }
    }

    fn take_out(&mut self, at: usize) {
        self.gone[at] = true;
        self.coverage.add(at + 1, covered(self.values, at), -1);
        self.coverage.strike_out(at);
        self.pop_starts.set(at, 0);
        self.bottoms.set(at, 0);
    }

    /// Few values of a part that leave no moment free from its first push to its last pop: none of them can be
    /// at their bottom, for none can be at that of the part.
    fn chain(&self, start: usize, end: usize, last_start: u64) -> Vec<usize> {
        let mut chain = vec![start];
        let mut reached = self.values[start].take_from;
        while reached < last_start {
            let overlapping = self.values.partition_point(|pair| pair.put_by < reached).min(end);
            match self.pop_starts.greatest(start, overlapping).filter(|(_, time)| *time > reached) {
                Some((at, time)) => {
                    chain.push(at);
                    reached = time;
                }
                None => break,
            }
        }
        chain
    }
}

/// The end of the values whose push ended while that one was certainly in.
fn covered(values: &[Pair], at: usize) -> usize {
    values.partition_point(|pair| pair.put_by < values[at].take_from)
}

/// Adds the values whose push and pop can go side by side.
fn merge(nested: &[Placed], mut passing: Vec<Pair>) -> Vec<usize> {
    passing.sort_unstable_by_key(|pair| pair.take_from);
    let mut order = Vec::with_capacity(nested.len() + 2 * passing.len());
    let mut passing = passing.iter().peekable();
    let mut time = 0;
    let add = |pair: &Pair, order: &mut Vec<usize>| {
        order
            .extend([pair.put, pair.take].iter().filter(|call| **call != NO_CALL).map(|call| *call as usize));
    };
    for placed in nested {
        time = time.max(placed.from);
        while let Some(pair) = passing.next_if(|pair| pair.take_from < time) {
            add(pair, &mut order);
        }
        order.push(placed.call as usize);
    }
    passing.for_each(|pair| add(pair, &mut order));
    order
}
