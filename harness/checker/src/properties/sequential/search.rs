//! The bounded search for an order.

use std::collections::{HashMap, HashSet};

use ordalia_history::{Operation, Outcome, Value};

use crate::linearizable::{Account, Limit, Meter, Model, Part, Unfit, Values};

/// One operation of a session, in the model's terms.
pub(super) struct Step<'a, M: Model> {
    pub(super) op: M::Op,
    pub(super) operation: &'a Operation,
    /// The object, by number.
    key: usize,
    /// Whether it certainly took effect.
    required: bool,
    observation: bool,
}

/// The history as what each session did, in its order.
pub(super) struct Program<'a, M: Model> {
    pub(super) sessions: Vec<Vec<Step<'a, M>>>,
    /// What each object holds at first.
    initial: Vec<M::State>,
    /// How many operations certainly took effect.
    pub(super) required: usize,
}

impl<'a, M: Model> Program<'a, M> {
    /// Splits a history into sessions.
    ///
    /// # Errors
    /// The first operation that the model cannot read.
    pub(super) fn read(model: &M, operations: &'a [Operation], values: &mut Values) -> Result<Self, Unfit> {
        let mut of_process: HashMap<u64, usize> = HashMap::new();
        let mut at_key: HashMap<Option<&Value>, usize> = HashMap::new();
        let mut program = Program { sessions: Vec::new(), initial: Vec::new(), required: 0 };
        for operation in operations {
            let session = *of_process.entry(operation.process).or_insert(program.sessions.len());
            if session == program.sessions.len() {
                program.sessions.push(Vec::new());
            }
            if operation.outcome == Outcome::Info {
                of_process.remove(&operation.process);
            }
            let key = *at_key.entry(operation.key.as_ref()).or_insert(program.initial.len());
            if key == program.initial.len() {
                program.initial.push(model.init(values));
            }
            let (op, required) = match model.parse(operation, values)? {
                Part::Out => continue,
                Part::Must(op) => (op, true),
                Part::May(op) => (op, false),
            };
            program.required += usize::from(required);
            let observation = model.is_observation(&op);
            program.sessions[session].push(Step { op, operation, key, required, observation });
        }
        Ok(program)
    }
}

/// What the search came to.
pub(super) enum Answer {
    /// There is an order.
    Order,
    /// There is none.
    NoOrder,
}

/// How many operations of each session are placed, and what each object holds.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Configuration<S> {
    placed: Vec<u32>,
    states: Vec<S>,
}

/// A session that was advanced, with the object that it changed and what that held before.
struct Advance<S> {
    session: usize,
    before: Option<(usize, S)>,
}

/// A choice, with what it takes to go back.
struct Frame<S> {
    /// What was done since the choice before.
    undo: Vec<Advance<S>>,
    /// The sessions that are still to be tried, the best last.
    untried: Vec<usize>,
}

/// A depth-first search.
pub(super) struct Search<'s, M: Model> {
    model: &'s M,
    program: &'s Program<'s, M>,
    meter: &'s Meter,
    account: Account<'s>,
    now: Configuration<M::State>,
    required: usize,
    /// Configurations from which there is no order.
    barren: HashSet<Configuration<M::State>>,
    deepest: (usize, Configuration<M::State>),
    steps: u32,
}

/// How many choices are made between looks at the clock.
const STEPS_PER_LOOK: u32 = 64;

impl<'s, M: Model> Search<'s, M> {
    pub(super) fn new(model: &'s M, program: &'s Program<'s, M>, meter: &'s Meter) -> Self {
        let now = Configuration { placed: vec![0; program.sessions.len()], states: program.initial.clone() };
        let deepest = (0, now.clone());
        let (account, barren) = (meter.account(), HashSet::new());
        Self { model, program, meter, account, now, required: 0, barren, deepest, steps: 0 }
    }

    /// How many of the operations that took effect were placed at best.
    pub(super) fn deepest_placed(&self) -> usize {
        self.deepest.0
    }

    /// There, the next operation of each session that must yet be placed, and what its object holds.
    pub(super) fn deepest(&self) -> Vec<(&Step<'s, M>, &M::State)> {
        let there = &self.deepest.1;
        let next = self.program.sessions.iter().zip(&there.placed);
        let next = next.filter_map(|(session, placed)| session.get(*placed as usize));
        next.filter(|step| step.required).map(|step| (step, &there.states[step.key])).collect()
    }

    /// Searches.
    ///
    /// # Errors
    /// The budget did not suffice.
    pub(super) fn run(&mut self) -> Result<Answer, Limit> {
        self.meter.check_time()?;
        let mut path: Vec<Frame<M::State>> = Vec::new();
        let mut undo = Vec::new();
        loop {
            self.steps = self.steps.wrapping_add(1);
            if self.steps.is_multiple_of(STEPS_PER_LOOK) {
                self.meter.check_time()?;
            }
            self.observe(&mut undo);
            if self.required > self.deepest.0 {
                self.deepest.0 = self.required;
                self.deepest.1.clone_from(&self.now);
            }
            if self.required == self.program.required {
                return Ok(Answer::Order);
            }
            let untried = if self.barren.contains(&self.now) { Vec::new() } else { self.choices() };
            path.push(Frame { undo: std::mem::take(&mut undo), untried });
            let Some(session) = self.next_choice(&mut path)? else { return Ok(Answer::NoOrder) };
            self.advance(session, &mut undo);
        }
    }

    /// The next session to be tried, going back where there is none.
    fn next_choice(&mut self, path: &mut Vec<Frame<M::State>>) -> Result<Option<usize>, Limit> {
        while let Some(frame) = path.last_mut() {
            if let Some(session) = frame.untried.pop() {
                return Ok(Some(session));
            }
            self.mark_barren()?;
            let Some(frame) = path.pop() else { break };
            for Advance { session, before } in frame.undo.into_iter().rev() {
                self.now.placed[session] -= 1;
                let step = &self.program.sessions[session][self.now.placed[session] as usize];
                self.required -= usize::from(step.required);
                if let Some((key, state)) = before {
                    self.now.states[key] = state;
                }
            }
        }
        Ok(None)
    }

    fn mark_barren(&mut self) -> Result<(), Limit> {
        let sizes = (self.now.placed.len() * size_of::<u32>(), self.now.states.len() * size_of::<M::State>());
        // The entry itself, a table that is at worst half empty, and what the allocator adds.
        self.account.charge(sizes.0 + sizes.1 + 2 * size_of::<Configuration<M::State>>() + 64)?;
        self.barren.insert(self.now.clone());
        Ok(())
    }

    fn next_of(&self, session: usize) -> Option<&'s Step<'s, M>> {
        self.program.sessions[session].get(self.now.placed[session] as usize)
    }

    /// Places all observations that are legal now.
    fn observe(&mut self, undo: &mut Vec<Advance<M::State>>) {
        for session in 0..self.now.placed.len() {
            while let Some(step) = self.next_of(session).filter(|step| step.observation) {
                if self.model.step(&self.now.states[step.key], &step.op).is_none() {
                    break;
                }
                self.now.placed[session] += 1;
                self.required += usize::from(step.required);
                undo.push(Advance { session, before: None });
            }
        }
    }

    /// The sessions whose next operation is legal now, the one that completed first last.
    fn choices(&self) -> Vec<usize> {
        let legal = |session: &usize| {
            let step = self.next_of(*session)?;
            self.model.step(&self.now.states[step.key], &step.op)?;
            let due = step.operation.complete_index.filter(|_| step.required).unwrap_or(u64::MAX);
            Some((due, *session))
        };
        let mut legal: Vec<(u64, usize)> =
            (0..self.now.placed.len()).filter_map(|session| legal(&session)).collect();
        legal.sort_unstable();
        legal.into_iter().rev().map(|(_, session)| session).collect()
    }

    /// Places the next operation of a session, which is legal.
    fn advance(&mut self, session: usize, undo: &mut Vec<Advance<M::State>>) {
        let Some(step) = self.next_of(session) else { return };
        let Some(after) = self.model.step(&self.now.states[step.key], &step.op) else { return };
        let before = std::mem::replace(&mut self.now.states[step.key], after);
        self.now.placed[session] += 1;
        self.required += usize::from(step.required);
        undo.push(Advance { session, before: Some((step.key, before)) });
    }
}
