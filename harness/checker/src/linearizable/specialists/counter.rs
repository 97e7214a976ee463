//! Counters that only go up, or only down, in time O(n log n).
//!
//! A read names the value that it saw, and an increment that returned a value names those ahead of it and behind
//! it. So these have their places along the way that the counter goes, and each must complete no earlier than
//! any that is ahead of it begins.
//!
//! Increments that returned nothing fill the gaps. Where all increments are of one size, any of them fits into
//! any gap as far as time goes: it must begin by the time at which what follows completes, and complete no
//! earlier than what is ahead begins. Both times only grow along the way, so it is right to fill the gaps one
//! after the other, and to take each time the one that completes first (Glover, *Maximum matching in a convex
//! bipartite graph*, 1967). Those that crashed complete never, so they are taken last. Where increments are
//! of several sizes and some returned nothing, the gaps would be sums of subsets: that is left to a search.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::linearizable::{Decision, Limit, Meter, Specialist, Task};
use crate::models::{Counter, CounterOp};

/// The algorithm `counter`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CounterRules;

impl Specialist<Counter> for CounterRules {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn decide(&self, _: &Counter, task: &Task<Counter>, meter: &Meter) -> Result<Decision, Limit> {
        meter.check_time()?;
        let mut account = meter.account();
        account.charge(task.calls.len().saturating_mul(BYTES_PER_CALL))?;
        let decision = match Way::of(task) {
            Ok(way) => way.judge().unwrap_or_else(|decision| decision),
            Err(decision) => decision,
        };
        if !matches!(decision, Decision::Abstain(_)) {
            meter.advance(task.completed() as u64);
        }
        Ok(decision)
    }
}

/// Bytes for each call: its place along the way, the heap, and the order.
const BYTES_PER_CALL: usize = size_of::<Fixed>() + 6 * size_of::<u64>();

/// Completes at no time.
const NEVER: u64 = u64::MAX;

/// A call that has its place: where the counter stands ahead of it and behind it, counted in the direction in
/// which it goes.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    start: i128,
    end: i128,
    call: usize,
    invoke: u64,
    complete: u64,
}

/// An increment that returned nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Loose {
    complete: u64,
    invoke: u64,
    call: usize,
}

/// The way that the counter goes.
struct Way<'a> {
    task: &'a Task<Counter>,
    /// In order of their places.
    fixed: Vec<Fixed>,
    /// In order of invocation.
    loose: Vec<Loose>,
    /// Adds of nothing: they fit everywhere.
    idle: Vec<usize>,
}

/// What is added.
fn delta(op: &CounterOp) -> i128 {
    match op {
        CounterOp::Add(delta) | CounterOp::AddAndGet(delta, _) => *delta,
        CounterOp::Read(_) => 0,
    }
}

/// The size of a step along the way: the one that all increments have, or 1 with the sign that they have where
/// all returned a value.
fn step_size(task: &Task<Counter>) -> Result<i128, Decision> {
    let mut deltas = task.calls.iter().map(|call| delta(&call.op)).filter(|delta| *delta != 0);
    let Some(first) = deltas.next() else { return Ok(1) };
    if deltas.all(|delta| delta == first) {
        return Ok(first);
    }
    let same_sign = |op: &CounterOp| delta(op).signum() * first.signum() >= 0;
    if !task.calls.iter().all(|call| same_sign(&call.op)) {
        return Err(Decision::Abstain("it goes up and down"));
    }
    if task.calls.iter().any(|call| matches!(call.op, CounterOp::Add(delta) if delta != 0)) {
        return Err(Decision::Abstain("increments of several sizes do not all tell what they returned"));
    }
    Ok(first.signum())
}

impl<'a> Way<'a> {
    /// # Errors
    /// The history does not qualify, or a value is not on the way.
    fn of(task: &'a Task<Counter>) -> Result<Self, Decision> {
        let step = step_size(task)?;
        let mut way = Self { task, fixed: Vec::new(), loose: Vec::new(), idle: Vec::new() };
        for (at, call) in task.calls.iter().enumerate() {
            let complete = call.complete.unwrap_or(NEVER);
            match call.op {
                CounterOp::Add(0) => way.idle.extend(call.complete.map(|_| at)),
                CounterOp::Add(_) => way.loose.push(Loose { complete, invoke: call.invoke, call: at }),
                CounterOp::Read(_) | CounterOp::AddAndGet(0, _) if call.complete.is_none() => {}
                CounterOp::AddAndGet(..) if call.complete.is_none() => {
                    return Err(Decision::Abstain("a crashed increment is known to have returned a value"));
                }
                CounterOp::Read(value) | CounterOp::AddAndGet(_, value) => {
                    let (start, end) = way.place(at, delta(&call.op), value, step)?;
                    way.fixed.push(Fixed { start, end, call: at, invoke: call.invoke, complete });
                }
            }
        }
        // A read where the counter stands for a while goes ahead of the step on from there.
        way.fixed.sort_by_key(|fixed| (fixed.start, fixed.end, fixed.invoke));
        Ok(way)
    }

    /// Where the counter stands ahead of a call and behind it, in steps.
    fn place(&self, at: usize, delta: i128, value: i128, step: i128) -> Result<(i128, i128), Decision> {
        let end = value.checked_sub(self.task.init).and_then(|way| {
            let start = way.checked_sub(delta)?;
            Some((start, way))
        });
        let Some((start, end)) = end else { return Err(Decision::Abstain("a value is too large")) };
        let steps = |way: i128| Some((way.checked_div(step)?, way.checked_rem(step)?));
        match (steps(start), steps(end)) {
            (Some((start, 0)), Some((end, 0))) if start >= 0 => Ok((start, end)),
            (Some(_), Some(_)) => Err(self.illegal(&[at])),
            _ => Err(Decision::Abstain("a value is too large")),
        }
    }

    fn judge(&self) -> Result<Decision, Decision> {
        self.in_time()?;
        // For each fixed call, when the first of it and all that follow completes.
        let mut due: Vec<u64> = self.fixed.iter().map(|fixed| fixed.complete).collect();
        for at in (1..due.len()).rev() {
            due[at - 1] = due[at - 1].min(due[at]);
        }
        let mut filling = Filling { way: self, next: 0, heap: BinaryHeap::new(), order: Vec::new() };
        let mut stands = 0;
        let mut begun: (u64, Option<usize>) = (0, None);
        for (fixed, due) in self.fixed.iter().zip(due) {
            if fixed.start < stands {
                return Err(self.illegal(&[fixed.call]));
            }
            filling.fill(fixed.start - stands, due, begun)?;
            filling.order.push((fixed.invoke, fixed.call));
            stands = fixed.end;
            begun = begun.max((fixed.invoke, Some(fixed.call)));
        }
        filling.fill_rest(begun)?;
        Ok(Decision::Legal { order: self.with_idle(&filling.order) })
    }

    /// Refuses calls that complete ahead of one that must go first.
    fn in_time(&self) -> Result<(), Decision> {
        let mut begun: (u64, Option<usize>) = (0, None);
        for fixed in &self.fixed {
            if let (invoke, Some(earlier)) = begun
                && fixed.complete < invoke
            {
                return Err(self.illegal(&[earlier, fixed.call]));
            }
            begun = begun.max((fixed.invoke, Some(fixed.call)));
        }
        Ok(())
    }

    /// The verdict that these calls cannot be, with all that changed the counter: a value is the sum of all.
    fn illegal(&self, calls: &[usize]) -> Decision {
        let belongs = |at: &usize| delta(&self.task.calls[*at].op) != 0 || calls.contains(at);
        Decision::Illegal { core: (0..self.task.calls.len()).filter(belongs).collect() }
    }

    /// The verdict that too much was added by the time at which that call began. Where it is too much for the
    /// call itself, nothing else is needed as proof.
    fn too_many(&self, begun: Option<usize>) -> Decision {
        let calls = &self.task.calls;
        if let Some(fixed) = self.fixed.iter().find(|fixed| Some(fixed.call) == begun) {
            let ahead = calls.iter().filter(|call| delta(&call.op) != 0);
            let ahead = ahead.filter(|call| call.complete.is_some_and(|complete| complete < fixed.invoke));
            if ahead.count() as i128 > fixed.start {
                return self.illegal(&[fixed.call]);
            }
        }
        Decision::Illegal { core: (0..calls.len()).filter(|at| calls[*at].op != CounterOp::Add(0)).collect() }
    }

    /// The order with the adds of nothing at the times at which they begin.
    fn with_idle(&self, order: &[(u64, usize)]) -> Vec<usize> {
        let mut idle = self.idle.iter().copied().peekable();
        let mut all = Vec::with_capacity(order.len() + self.idle.len());
        let mut time = 0;
        for (invoke, call) in order {
            time = time.max(*invoke);
            while let Some(at) = idle.next_if(|at| self.task.calls[*at].invoke < time) {
                all.push(at);
            }
            all.push(*call);
        }
        all.extend(idle);
        all
    }
}

/// The filling of gaps.
struct Filling<'a> {
    way: &'a Way<'a>,
    /// The first loose call that is not yet considered.
    next: usize,
    /// Those that could be taken, the first to complete on top.
    heap: BinaryHeap<Reverse<Loose>>,
    /// Calls with their invocations.
    order: Vec<(u64, usize)>,
}

impl Filling<'_> {
    /// Fills a gap of that many steps ahead of something that is due, behind something that began.
    fn fill(&mut self, count: i128, due: u64, begun: (u64, Option<usize>)) -> Result<(), Decision> {
        if count == 0 {
            return Ok(());
        }
        while let Some(loose) = self.way.loose.get(self.next).filter(|loose| loose.invoke <= due) {
            self.heap.push(Reverse(*loose));
            self.next += 1;
        }
        let from = self.order.len();
        for _ in 0..count {
            let Some(Reverse(loose)) = self.heap.pop() else { return Err(self.too_few(due)) };
            self.take(loose, begun)?;
        }
        self.order[from..].sort_unstable();
        Ok(())
    }

    fn take(&mut self, loose: Loose, begun: (u64, Option<usize>)) -> Result<(), Decision> {
        if loose.complete < begun.0 {
            return Err(self.way.too_many(begun.1));
        }
        self.order.push((loose.invoke, loose.call));
        Ok(())
    }

    /// Adds what is left and completed at the end.
    fn fill_rest(&mut self, begun: (u64, Option<usize>)) -> Result<(), Decision> {
        let from = self.order.len();
        let waiting = std::mem::take(&mut self.heap).into_iter().map(|Reverse(loose)| loose);
        let rest = self.way.loose[self.next..].iter().copied();
        for loose in waiting.chain(rest).filter(|loose| loose.complete < NEVER) {
            self.take(loose, begun)?;
        }
        self.order[from..].sort_unstable();
        Ok(())
    }

    /// The verdict that too little was added for the call that completes then.
    fn too_few(&self, due: u64) -> Decision {
        let late = self.way.fixed.iter().rev().find(|fixed| fixed.complete == due);
        self.way.illegal(&late.map(|fixed| fixed.call).into_iter().collect::<Vec<_>>())
    }
}
