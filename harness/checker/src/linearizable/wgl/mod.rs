//! The search of Wing and Gong (*Testing and verifying concurrent objects*, 1993) with the cache of
//! Lowe (*Testing for linearizability*, 2017) and more pruning.
//!
//! A depth-first search places one call after the other. A call can be placed next if no other
//! unplaced call completed before it was invoked, and if the model allows its result. When the next
//! event is the completion of a call that was not placed, the search goes back. A configuration (the
//! set of placed calls and the state) from which the search went back once is never entered again.
//!
//! What is pruned, and why nothing is lost:
//! - *Observations* (reads, refused cas) that are legal now are placed at once and for good: in any legal
//!   order they can be moved to this place. That holds only of operations that change no state at all. A
//!   write of the value that the register holds already may be needed later, to write it again.
//! - *Identical calls* that are pending together: the one that completes first stands for them all,
//!   and of crashed ones the eldest, since the two can be exchanged in any legal order.
//! - *Crashed calls* never complete: they need not be placed, and are tried last. One without effect is
//!   left out. So is one whose effect the next call does not notice, that is, where the next call is
//!   legal with the same outcome without it: an order with the fewest crashed calls has none such.
//!
//! Left out: dominance between configurations, and the frontier search, whose cost is linear in the
//! length of the history.

mod crashed;
mod placed;
mod seen;
mod timeline;

use std::collections::HashMap;

use super::{Algorithm, Call, Deadlock, Finding, Limit, Meter, Model, Task};
use crashed::Crashed;
use placed::Placed;
pub(super) use seen::Mix;
use seen::{Configuration, Seen};
use timeline::{ENDS, Timeline};

/// The search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wgl;

impl<M: Model> Algorithm<M> for Wgl {
    fn name(&self) -> &'static str {
        "wgl"
    }

    fn search(&self, model: &M, task: &Task<M>, meter: &Meter) -> Finding<M::State> {
        let exhausted = |limit, placed| Finding::Exhausted { limit, placed, at: None };
        match Search::begin(model, task, meter) {
            Err(limit) => exhausted(limit, 0),
            Ok(mut search) => match search.run() {
                Ok(finding) => finding,
                Err(limit) => exhausted(limit, search.deepest.completed),
            },
        }
    }
}

/// How many steps the search makes between looks at the clock.
const STEPS_PER_LOOK: u32 = 512;

/// A call that may be placed next.
struct Choice<S> {
    kind: Kind,
    call: usize,
    after: S,
}

#[derive(Clone, Copy)]
enum Kind {
    /// A completed observation, never reconsidered.
    Settled { rank: usize },
    /// A completed call.
    Completed { rank: usize },
    /// The eldest of a class of crashed calls.
    Crashed { class: usize },
}

/// Where to look for the next choice.
#[derive(Clone, Copy)]
enum Cursor {
    /// From that entry of the timeline on, and then among the crashed calls.
    Entry(u32),
    /// From that class of crashed calls on.
    Class(usize),
}

/// A call that is placed, with what it takes to take it back.
struct Frame<S> {
    kind: Kind,
    call: usize,
    state_before: S,
    unobserved_before: Option<S>,
    high_before: usize,
}

/// The furthest point reached so far.
struct Deepest<S> {
    /// The entry of the completion that could not be passed, and the number of completed calls placed.
    rank: (u32, usize),
    prefix: Vec<usize>,
    /// How much of `prefix` is still the current order.
    shared: usize,
    states: Vec<S>,
    /// Most completed calls ever placed at a time.
    completed: usize,
}

struct Search<'a, M: Model> {
    model: &'a M,
    task: &'a Task<M>,
    meter: &'a Meter,
    /// The position in the task of each completed call, by rank.
    completed: Vec<usize>,
    /// Equal numbers for identical operations, by position in the task.
    identity: Vec<u32>,
    timeline: Timeline,
    crashed: Crashed,
    placed: Placed,
    state: M::State,
    unobserved: Option<M::State>,
    /// The completion that must not be passed before its call is placed.
    frontier: u32,
    order: Vec<Frame<M::State>>,
    deepest: Deepest<M::State>,
    seen: Seen<'a, M::State>,
    steps: u32,
}

impl<'a, M: Model> Search<'a, M> {
    fn begin(model: &'a M, task: &'a Task<M>, meter: &'a Meter) -> Result<Self, Limit> {
        meter.check_time()?;
        let mut seen = Seen::new(meter);
        let per_call = size_of::<Frame<M::State>>() + 2 * size_of::<M::Op>() + 64;
        let per_call = per_call + Timeline::BYTES_PER_CALL.max(Crashed::BYTES_PER_CALL);
        // Entries are numbered in 32 bits, two to a call and one bit for the kind.
        let calls = if task.calls.len() < 1 << 29 { task.calls.len() } else { usize::MAX / per_call };
        seen.account().charge(calls * per_call)?;
        let numbered = || task.calls.iter().enumerate();
        let completed: Vec<usize> =
            numbered().filter(|(_, call)| call.complete.is_some()).map(|(at, _)| at).collect();
        let open: Vec<(usize, &Call<M::Op>)> =
            numbered().filter(|(_, call)| call.complete.is_none()).collect();
        let spans: Vec<&Call<M::Op>> = completed.iter().map(|at| &task.calls[*at]).collect();
        let opens: Vec<u64> = open.iter().map(|(_, call)| call.invoke).collect();
        let (timeline, opened) = Timeline::new(&spans, &opens);
        Ok(Self {
            model,
            task,
            meter,
            identity: identities(task),
            timeline,
            crashed: Crashed::new(&open, &opened),
            placed: Placed::new(completed.len()),
            completed,
            state: task.init.clone(),
            unobserved: None,
            frontier: ENDS,
            order: Vec::with_capacity(task.calls.len()),
            deepest: Deepest {
                rank: (0, 0),
                prefix: Vec::new(),
                shared: 0,
                states: Vec::new(),
                completed: 0,
            },
            seen,
            steps: 0,
        })
    }

    fn run(&mut self) -> Result<Finding<M::State>, Limit> {
        loop {
            self.look_at_the_clock()?;
            self.settle();
            if self.placed.is_full() {
                let order = self.order.iter().map(|frame| frame.call).collect();
                return Ok(Finding::Linearizable { order });
            }
            self.note_depth();
            let mut choice = self.next_choice(Cursor::Entry(self.timeline.after(ENDS)));
            // Where there is no choice nothing is saved by remembering.
            if choice.is_some() && !self.remember()? {
                choice = None;
            }
            while choice.is_none() {
                self.look_at_the_clock()?;
                let Some(cursor) = self.go_back() else { return Ok(self.deadlock()) };
                choice = self.next_choice(cursor);
            }
            if let Some(choice) = choice {
                self.place(choice);
            }
        }
    }

    fn look_at_the_clock(&mut self) -> Result<(), Limit> {
        self.steps = self.steps.wrapping_add(1);
        if self.steps.is_multiple_of(STEPS_PER_LOOK) { self.meter.check_time() } else { Ok(()) }
    }

    /// Places all observations that are legal now, and finds the frontier.
    fn settle(&mut self) {
        let mut at = self.timeline.after(ENDS);
        while let Some(rank) = self.timeline.invoked(at) {
            let call = self.completed[rank];
            let op = &self.task.calls[call].op;
            if !self.model.is_observation(op) || self.model.step(&self.state, op).is_none() {
                at = self.timeline.after(at);
                continue;
            }
            let ahead = self.timeline.ahead(at);
            // What it sees would also have been so without the crashed call placed last.
            let blind = |before: &M::State| self.model.step(before, op).is_some();
            let unobserved = self.unobserved.clone().filter(blind);
            self.place(Choice { kind: Kind::Settled { rank }, call, after: self.state.clone() });
            self.unobserved = unobserved;
            at = self.timeline.after(ahead);
        }
        self.frontier = at;
    }

    /// Whether the operation would have come to the same without the crashed call placed last.
    fn unnoticed(&self, op: &M::Op, after: &M::State) -> bool {
        let without = |before| self.model.step(before, op).as_ref() == Some(after);
        self.unobserved.as_ref().is_some_and(without)
    }

    fn next_choice(&self, cursor: Cursor) -> Option<Choice<M::State>> {
        let first_class = match cursor {
            Cursor::Class(class) => class,
            Cursor::Entry(entry) => match self.next_completed(entry) {
                Some(choice) => return Some(choice),
                None => 0,
            },
        };
        (first_class..self.crashed.classes()).find_map(|class| self.try_crashed(class))
    }

    fn next_completed(&self, mut at: u32) -> Option<Choice<M::State>> {
        while let Some(rank) = self.timeline.invoked(at) {
            let call = self.completed[rank];
            if let Some(after) = self.noticed_step(call)
                && !self.has_earlier_twin(rank)
            {
                return Some(Choice { kind: Kind::Completed { rank }, call, after });
            }
            at = self.timeline.after(at);
        }
        None
    }

    fn try_crashed(&self, class: usize) -> Option<Choice<M::State>> {
        let call = self.crashed.eldest(class, self.frontier)?;
        let after = self.noticed_step(call).filter(|after| *after != self.state)?;
        let has_twin = self.pending().any(|rank| self.identity[self.completed[rank]] == self.identity[call]);
        (!has_twin).then_some(Choice { kind: Kind::Crashed { class }, call, after })
    }

    /// The state after a call, where it is legal and makes use of the crashed call placed last.
    fn noticed_step(&self, call: usize) -> Option<M::State> {
        let op = &self.task.calls[call].op;
        self.model.step(&self.state, op).filter(|after| !self.unnoticed(op, after))
    }

    /// Whether an identical call is pending that completes before that one.
    fn has_earlier_twin(&self, rank: usize) -> bool {
        let identity = self.identity[self.completed[rank]];
        let completion = self.timeline.completion(rank);
        self.pending().any(|other| {
            self.identity[self.completed[other]] == identity && self.timeline.completion(other) < completion
        })
    }

    /// The completed calls that can be placed next, as far as time goes.
    fn pending(&self) -> impl Iterator<Item = usize> + '_ {
        let first = self.timeline.invoked(self.timeline.after(ENDS));
        std::iter::successors(first, |rank| {
            self.timeline.invoked(self.timeline.after(self.timeline.invocation(*rank)))
        })
    }

    fn place(&mut self, choice: Choice<M::State>) {
        let mut high_before = 0;
        let state_before = std::mem::replace(&mut self.state, choice.after);
        let unobserved_before = self.unobserved.take();
        match choice.kind {
            Kind::Settled { rank } | Kind::Completed { rank } => {
                self.timeline.lift(rank);
                high_before = self.placed.add(rank);
            }
            Kind::Crashed { class } => {
                self.crashed.take(class);
                self.unobserved = Some(state_before.clone());
            }
        }
        let (kind, call) = (choice.kind, choice.call);
        self.order.push(Frame { kind, call, state_before, unobserved_before, high_before });
    }

    /// Takes back everything up to and with the last choice. Returns where the next one is looked for;
    /// `None` if there was no choice left.
    fn go_back(&mut self) -> Option<Cursor> {
        while let Some(frame) = self.order.pop() {
            self.deepest.shared = self.deepest.shared.min(self.order.len());
            self.state = frame.state_before;
            self.unobserved = frame.unobserved_before;
            match frame.kind {
                Kind::Settled { rank } | Kind::Completed { rank } => {
                    self.timeline.unlift(rank);
                    self.placed.remove(rank, frame.high_before);
                }
                Kind::Crashed { class } => self.crashed.give_back(class),
            }
            let cursor = match frame.kind {
                Kind::Settled { .. } => continue,
                Kind::Completed { rank } => {
                    Cursor::Entry(self.timeline.after(self.timeline.invocation(rank)))
                }
                Kind::Crashed { class } => Cursor::Class(class + 1),
            };
            self.find_frontier();
            return Some(cursor);
        }
        None
    }

    fn find_frontier(&mut self) {
        let mut at = self.timeline.after(ENDS);
        while self.timeline.invoked(at).is_some() {
            at = self.timeline.after(at);
        }
        self.frontier = at;
    }

    /// Remembers the configuration; false if it was known.
    fn remember(&mut self) -> Result<bool, Limit> {
        let (state, unobserved) = (self.state.clone(), self.unobserved.clone());
        self.seen.insert(Configuration::new(&self.placed, &self.crashed, state, unobserved))
    }

    /// Keeps the current order if none went further.
    fn note_depth(&mut self) {
        let deepest = &mut self.deepest;
        deepest.completed = deepest.completed.max(self.placed.count());
        let rank = (self.frontier, self.placed.count());
        if rank.0 < deepest.rank.0 {
            return;
        }
        if rank.0 > deepest.rank.0 {
            deepest.states.clear();
        }
        let known = deepest.states.iter().position(|state| *state == self.state);
        if rank > deepest.rank {
            deepest.rank = rank;
            deepest.prefix.truncate(deepest.shared);
            deepest.prefix.extend(self.order[deepest.shared..].iter().map(|frame| frame.call));
            deepest.shared = self.order.len();
            known.map(|at| deepest.states.remove(at));
            deepest.states.insert(0, self.state.clone());
            deepest.states.truncate(Deadlock::<M::State>::MAX_STATES);
        } else if known.is_none() && deepest.states.len() < Deadlock::<M::State>::MAX_STATES {
            deepest.states.push(self.state.clone());
        }
    }

    fn deadlock(&mut self) -> Finding<M::State> {
        let stuck = self.completed[self.timeline.rank(self.deepest.rank.0)];
        let prefix = std::mem::take(&mut self.deepest.prefix);
        let states = std::mem::take(&mut self.deepest.states);
        Finding::NotLinearizable(Deadlock { prefix, stuck, states })
    }
}

/// Equal numbers for identical operations.
fn identities<M: Model>(task: &Task<M>) -> Vec<u32> {
    let mut known: HashMap<&M::Op, u32> = HashMap::new();
    let mut identity = |call| {
        let next = known.len() as u32;
        *known.entry(call).or_insert(next)
    };
    task.calls.iter().map(|call| identity(&call.op)).collect()
}
