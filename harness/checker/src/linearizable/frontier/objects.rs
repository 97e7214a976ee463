//! States and operations as numbers, and the steps between them.

use std::hash::{Hash, Hasher};

use crate::linearizable::wgl::Mix;
use crate::linearizable::{Call, Limit, Meter, Model};

use super::index::{Index, NONE};
use super::mask::mix;
use super::paid::Paid;
use super::steps::Steps;

/// The states met so far, and the classes of identical operations, numbered. Each step of the model is
/// remembered, for its states can be large.
pub(super) struct Objects<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Op>],
    states: Paid<'a, M::State>,
    state_index: Index<'a>,
    /// For each class a call of it.
    classes: Paid<'a, u32>,
    class_index: Index<'a>,
    steps: Steps<'a>,
}

impl<'a, M: Model> Objects<'a, M> {
    /// Of no state and no class.
    pub(super) fn new(model: &'a M, calls: &'a [Call<M::Op>], meter: &'a Meter) -> Self {
        Self {
            model,
            calls,
            states: Paid::new(meter),
            state_index: Index::new(meter),
            classes: Paid::new(meter),
            class_index: Index::new(meter),
            steps: Steps::new(meter),
        }
    }

    /// The class of a call.
    ///
    /// # Errors
    /// There is no memory left for a new one.
    pub(super) fn class_of(&mut self, call: usize) -> Result<u32, Limit> {
        let (calls, classes) = (self.calls, &self.classes);
        let op = &calls[call].op;
        let hash = hash_of(op);
        let is = |class: u32| calls[classes[class as usize] as usize].op == *op;
        if let Some(known) = self.class_index.find(hash, is) {
            return Ok(known);
        }
        self.classes.push(call as u32)?;
        self.class_index.add(hash)
    }

    /// The number of a state.
    ///
    /// # Errors
    /// There is no memory left for a new one.
    pub(super) fn number(&mut self, state: M::State) -> Result<u32, Limit> {
        let (hash, states) = (hash_of(&state), &self.states);
        if let Some(known) = self.state_index.find(hash, |known| states[known as usize] == state) {
            return Ok(known);
        }
        self.states.account().charge(self.model.heap_bytes(&state))?;
        self.states.push(state)?;
        self.state_index.add(hash)
    }

    /// How many classes are numbered.
    pub(super) fn classes(&self) -> usize {
        self.classes.len()
    }

    /// The state of that number.
    pub(super) fn state(&self, number: u32) -> &M::State {
        &self.states[number as usize]
    }

    /// How many states are kept.
    pub(super) fn states(&self) -> usize {
        self.states.len()
    }

    /// The number of the state after an operation of that class; [`NONE`] where it is not legal.
    ///
    /// # Errors
    /// There is no memory left for a new state.
    #[inline]
    pub(super) fn step(&mut self, state: u32, class: u32) -> Result<u32, Limit> {
        match self.steps.get(state, class) {
            Some(known) => Ok(known),
            None => self.first_step(state, class),
        }
    }

    #[cold]
    fn first_step(&mut self, state: u32, class: u32) -> Result<u32, Limit> {
        let op = &self.calls[self.classes[class as usize] as usize].op;
        let after = match self.model.step(&self.states[state as usize], op) {
            Some(after) => self.number(after)?,
            None => NONE,
        };
        self.steps.fit(self.states.len())?;
        self.steps.put(state, class, after);
        Ok(after)
    }

    /// Keeps only the states marked with a number other than [`NONE`], and marks each with its new number.
    ///
    /// # Errors
    /// There is no memory to sort them.
    pub(super) fn keep_states(&mut self, marks: &mut [u32]) -> Result<(), Limit> {
        let mut kept = 0;
        for (at, mark) in marks.iter_mut().enumerate() {
            if *mark == NONE {
                let gone = self.model.heap_bytes(&self.states[at]);
                self.states.account().release(gone);
                continue;
            }
            self.states.swap(at, kept);
            *mark = kept as u32;
            kept += 1;
        }
        self.states.truncate(kept);
        self.state_index.clear();
        for state in self.states.iter() {
            self.state_index.add(hash_of(state))?;
        }
        self.steps.clear();
        Ok(())
    }
}

fn hash_of(what: &impl Hash) -> u64 {
    let mut hasher = Mix::default();
    what.hash(&mut hasher);
    mix(hasher.finish())
}
