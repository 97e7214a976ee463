//! Sets from which nothing is removed, in linear time.
//!
//! An element comes in once, with the first of its adds to begin: any other that went first could be exchanged
//! for it. So the reads of the whole set are a chain, each a part of the next, and everything has its place in
//! one arrangement: adds of what the first read shows, the first read, adds of what the second shows beyond that,
//! and so on; adds of what none shows; adds behind the `contains` that did not find the element, and ahead
//! of those that did. The history is legal iff each call completes no earlier than the latest of those
//! ahead of it in the arrangement begins; and an order follows from sorting by that time.

use crate::linearizable::{Call, Decision, Limit, Meter, Specialist, Task, ValueId};
use crate::models::{Elements, Set, SetOp};

/// The algorithm `set`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetRules;

impl Specialist<Set> for SetRules {
    fn name(&self) -> &'static str {
        "set"
    }

    fn decide(&self, _: &Set, task: &Task<Set>, meter: &Meter) -> Result<Decision, Limit> {
        meter.check_time()?;
        let mut account = meter.account();
        let numbers = numbers(task);
        let bytes = numbers.saturating_mul(size_of::<Element>());
        account.charge(bytes.saturating_add(task.calls.len().saturating_mul(BYTES_PER_CALL)))?;
        let decision = match Arrangement::of(task, numbers) {
            Ok(arrangement) => arrangement.judge(),
            Err(decision) => decision,
        };
        if !matches!(decision, Decision::Abstain(_)) {
            meter.advance(task.completed() as u64);
        }
        Ok(decision)
    }
}

/// Bytes for each call: where it goes, and its place in the order.
const BYTES_PER_CALL: usize = size_of::<(u64, u64, usize)>() + size_of::<usize>();

/// How many numbers of elements there may be.
fn numbers(task: &Task<Set>) -> usize {
    let most = |op: &SetOp| match op {
        SetOp::Add(element) | SetOp::Remove(element) | SetOp::Contains(element, _) => Some(*element),
        SetOp::Read(elements) => elements.list().last().copied(),
    };
    let named = task.calls.iter().filter_map(|call| most(&call.op)).chain(task.init.iter());
    named.max().map_or(0, |most| most.number() as usize + 1)
}

/// A time with the call that it comes from.
type Bound = (u64, Option<usize>);

/// Where an element belongs.
#[derive(Clone, Copy)]
struct Element {
    /// Whether it was in from the beginning.
    initial: bool,
    /// The first of its adds.
    add: Option<usize>,
    /// Whether a `contains` found it.
    found: bool,
    /// How many different reads go ahead of its adds.
    level: usize,
    /// The latest invocation of those that did not find it.
    missed: Bound,
}

struct Arrangement<'a> {
    task: &'a Task<Set>,
    elements: Vec<Element>,
    /// One read of each different kind, by size.
    kinds: Vec<(&'a Elements, usize)>,
    /// For each level, the latest invocation of the reads ahead and of what is ahead of these.
    ahead: Vec<Bound>,
    /// For each kind of read, the latest invocation of the adds that it shows and of what is ahead of these.
    shown: Vec<Bound>,
}

impl<'a> Arrangement<'a> {
    /// # Errors
    /// The elements have no such places.
    fn of(task: &'a Task<Set>, numbers: usize) -> Result<Self, Decision> {
        let reads = reads(task);
        let none = Element { initial: false, add: None, found: false, level: usize::MAX, missed: (0, None) };
        let mut arrangement = Self {
            task,
            elements: vec![none; numbers],
            kinds: Vec::new(),
            ahead: Vec::new(),
            shown: Vec::new(),
        };
        for element in task.init.iter() {
            arrangement.elements[element.number() as usize].initial = true;
        }
        for (at, call) in task.calls.iter().enumerate() {
            arrangement.note(at, call)?;
        }
        arrangement.sort_kinds(&reads)?;
        arrangement.found_without_add()?;
        arrangement.bound(&reads);
        Ok(arrangement)
    }

    fn note(&mut self, at: usize, call: &Call<SetOp>) -> Result<(), Decision> {
        let completed = call.complete.is_some();
        match &call.op {
            SetOp::Remove(_) => return Err(Decision::Abstain("an element was removed")),
            SetOp::Add(element) => {
                self.element(*element).add.get_or_insert(at);
            }
            SetOp::Contains(element, true) if completed => self.element(*element).found = true,
            SetOp::Contains(element, false) if completed => {
                let element = self.element(*element);
                element.missed = element.missed.max((call.invoke, Some(at)));
            }
            SetOp::Contains(..) | SetOp::Read(_) => {}
        }
        Ok(())
    }

    fn element(&mut self, element: ValueId) -> &mut Element {
        &mut self.elements[element.number() as usize]
    }

    fn get(&self, element: ValueId) -> &Element {
        &self.elements[element.number() as usize]
    }

    /// Finds the different reads and at which of them each element comes in.
    fn sort_kinds(&mut self, reads: &[(&'a Elements, usize)]) -> Result<(), Decision> {
        for (elements, call) in reads {
            match self.kinds.last() {
                Some((last, _)) if last == elements => continue,
                Some((last, other)) if !is_part(last, elements) => return Err(self.illegal(&[*other, *call])),
                _ => {}
            }
            self.show(elements, *call)?;
            self.kinds.push((elements, *call));
        }
        let levels = self.kinds.len();
        for element in &mut self.elements {
            element.level = element.level.min(levels);
        }
        Ok(())
    }

    /// Notes what a read shows for the first time.
    fn show(&mut self, elements: &Elements, call: usize) -> Result<(), Decision> {
        let level = self.kinds.len();
        let mut initial = 0;
        for element in elements.list() {
            let entry = self.element(*element);
            initial += u64::from(entry.initial);
            if !entry.initial && entry.add.is_none() {
                return Err(self.illegal(&[call]));
            }
            entry.level = entry.level.min(level);
        }
        // It is the smallest or shows all that the smallest does.
        if initial < self.task.init.len() { Err(self.illegal(&[call])) } else { Ok(()) }
    }

    /// Refuses elements that were found and never added, or not found and in from the beginning.
    fn found_without_add(&self) -> Result<(), Decision> {
        for (at, call) in self.task.calls.iter().enumerate() {
            let SetOp::Contains(element, held) = &call.op else { continue };
            let entry = self.get(*element);
            let impossible = if *held { !entry.initial && entry.add.is_none() } else { entry.initial };
            if impossible && call.complete.is_some() {
                return Err(self.illegal(&[at]));
            }
        }
        Ok(())
    }

    /// Whether that add is the one that brings the element in.
    fn brings_in(&self, at: usize, element: &Element) -> bool {
        element.add == Some(at) && !element.initial
    }

    /// Finds what all that is ahead of a level, and of a kind of read, waits for.
    fn bound(&mut self, reads: &[(&Elements, usize)]) {
        let levels = self.kinds.len();
        let mut adds: Vec<Bound> = vec![(0, None); levels];
        for (at, call) in self.task.calls.iter().enumerate() {
            let SetOp::Add(element) = &call.op else { continue };
            let element = self.get(*element);
            if self.brings_in(at, element) && element.level < levels {
                let bound = &mut adds[element.level];
                *bound = (*bound).max((call.invoke, Some(at))).max(element.missed);
            }
        }
        let mut next_read = reads.iter().peekable();
        let mut reached: Bound = (0, None);
        for (level, kind) in self.kinds.iter().enumerate() {
            self.ahead.push(reached);
            reached = reached.max(adds[level]);
            self.shown.push(reached);
            while let Some((_, at)) = next_read.next_if(|(elements, _)| *elements == kind.0) {
                reached = reached.max((self.task.calls[*at].invoke, Some(*at)));
            }
        }
        self.ahead.push(reached);
    }

    /// What a call waits for, and its rank among those that wait for the same; `None` for a crashed one that
    /// need not have happened.
    fn place(&self, at: usize) -> Option<(Bound, usize)> {
        let call = &self.task.calls[at];
        let own = (call.invoke, Some(at));
        match &call.op {
            SetOp::Add(element) => {
                let element = self.get(*element);
                let shown = element.found || element.level < self.kinds.len();
                if call.complete.is_none() && !(shown && self.brings_in(at, element)) {
                    return None;
                }
                if element.initial {
                    return Some((own, 0));
                }
                let bound = own.max(element.missed).max(self.ahead[element.level]);
                Some((bound, 2 * element.level + 1))
            }
            _ if call.complete.is_none() => None,
            SetOp::Contains(element, true) => {
                let element = self.get(*element);
                let add = element.add.filter(|_| !element.initial).and_then(|add| self.place(add));
                Some((add.map_or(own, |(bound, _)| own.max(bound)), usize::MAX))
            }
            SetOp::Read(elements) => {
                let size = elements.list().len();
                let kind = self.kinds.partition_point(|(kind, _)| kind.list().len() < size);
                Some((own.max(self.shown[kind]), 2 * kind + 2))
            }
            SetOp::Contains(_, false) | SetOp::Remove(_) => Some((own, 0)),
        }
    }

    fn judge(&self) -> Decision {
        let mut placed: Vec<(u64, usize, usize)> = Vec::with_capacity(self.task.calls.len());
        for (at, call) in self.task.calls.iter().enumerate() {
            let Some((bound, rank)) = self.place(at) else { continue };
            if call.complete.is_some_and(|complete| complete < bound.0) {
                return self.too_late(at, bound);
            }
            placed.push((bound.0, rank, at));
        }
        // Most wait for nothing but their own invocation.
        placed.sort();
        Decision::Legal { order: placed.into_iter().map(|(.., at)| at).collect() }
    }

    /// The verdict where a call completed ahead of one that must go first.
    fn too_late(&self, at: usize, bound: Bound) -> Decision {
        let mut observers: Vec<usize> = bound.1.into_iter().chain([at]).collect();
        let element = match &self.task.calls[at].op {
            SetOp::Add(element) | SetOp::Contains(element, _) => Some(self.get(*element)),
            _ => None,
        };
        // Where the way leads over reads of the whole set, the last of them is part of the proof.
        let over_reads = |element: &&Element| bound.0 <= self.ahead[element.level].0;
        if let Some(element) = element.filter(over_reads)
            && let Some((_, read)) = element.level.checked_sub(1).and_then(|level| self.kinds.get(level))
        {
            observers.push(*read);
        }
        self.illegal(&observers)
    }

    /// The verdict that these observations cannot be, with the adds of the elements that they name; with all
    /// adds where one of them is a read of the whole set.
    fn illegal(&self, observers: &[usize]) -> Decision {
        let calls = &self.task.calls;
        let global = observers.iter().any(|at| matches!(calls[*at].op, SetOp::Read(_)));
        let named = |at: &usize| match &calls[*at].op {
            SetOp::Add(element) | SetOp::Contains(element, _) => Some(*element),
            _ => None,
        };
        let named: Vec<ValueId> = observers.iter().filter_map(named).collect();
        let belongs = |at: &usize| match &calls[*at].op {
            SetOp::Add(element) => global || named.contains(element),
            _ => observers.contains(at),
        };
        Decision::Illegal { core: (0..calls.len()).filter(belongs).collect() }
    }
}

/// The completed reads of the whole set, by size, equal ones together unless the history is illegal.
fn reads(task: &Task<Set>) -> Vec<(&Elements, usize)> {
    let completed = task.calls.iter().enumerate().filter(|(_, call)| call.complete.is_some());
    let read = |(at, call): (usize, &'_ Call<SetOp>)| match call.op {
        SetOp::Read(_) => Some(at),
        _ => None,
    };
    let positions: Vec<usize> = completed.filter_map(read).collect();
    let elements = |at: usize| match &task.calls[at].op {
        SetOp::Read(elements) => Some((elements, at)),
        _ => None,
    };
    let mut reads: Vec<(&Elements, usize)> = positions.into_iter().filter_map(elements).collect();
    reads.sort_by_key(|(elements, _)| elements.list().len());
    reads
}

/// Whether all elements of the first are among the second.
fn is_part(one: &Elements, other: &Elements) -> bool {
    let mut rest = other.list().iter();
    one.list().iter().all(|element| rest.any(|found| found == element))
}
