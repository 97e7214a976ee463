//! Why a history is not linearizable, for a person.

use std::time::Duration;

use ordalia_history::{Operation, Outcome, Value};
use serde_json::json;

use super::judgement::show_object;
use super::partition::KeyTask;
use super::{Call, Deadlock, Failure, Model, Part};

/// A key's name without quotes; `-` in a test of a single object.
pub(super) fn show_key(key: &Option<Value>) -> String {
    match key {
        None => "-".to_owned(),
        Some(Value::String(name)) => name.clone(),
        Some(other) => other.to_string(),
    }
}

/// A failure with everything around it.
pub(super) struct Scene<'a, M: Model> {
    pub(super) model: &'a M,
    pub(super) key: &'a KeyTask<M>,
    pub(super) operations: &'a [Operation],
    pub(super) deadlock: &'a Deadlock<M::State>,
}

impl<'a, M: Model> Scene<'a, M> {
    /// The operation that cannot be placed.
    pub(super) fn stuck(&self) -> &'a Operation {
        self.operation(self.deadlock.stuck)
    }

    fn operation(&self, call: usize) -> &'a Operation {
        &self.operations[self.key.sources[call]]
    }

    fn call(&self, call: usize) -> &'a Call<M::Op> {
        &self.key.task.calls[call]
    }

    /// The states possible where the search was stuck.
    pub(super) fn states(&self) -> Vec<String> {
        let show = |state| self.model.show_state(state, &self.key.values);
        self.deadlock.states.iter().map(show).collect()
    }

    /// How the operation could have come out.
    pub(super) fn legal(&self) -> Vec<String> {
        let op = &self.call(self.deadlock.stuck).op;
        let mut legal: Vec<String> = Vec::new();
        for state in &self.deadlock.states {
            let text = self.model.legal(state, op, &self.key.values);
            if !legal.contains(&text) {
                legal.push(text);
            }
        }
        legal
    }

    /// All that a person wants to know.
    pub(super) fn failure(&self) -> Failure {
        Failure {
            sentence: self.sentence(),
            shown: self.shown(self.deadlock.stuck),
            states: self.states(),
            legal: self.legal(),
            setter: self.setter().map(|call| self.key.sources[call]),
            window_ns: self.window(),
        }
    }

    /// A call in the model's words.
    pub(super) fn shown(&self, call: usize) -> String {
        self.model.show(&self.call(call).op, &self.key.values)
    }

    /// A call as a member of the judgement's details.
    pub(super) fn mention(&self, call: usize) -> Value {
        let operation = self.operation(call);
        json!({
            "shown": self.shown(call), "process": operation.process, "node": operation.node,
            "invoke_index": operation.invoke_index,
            // Of an operation whose outcome is unknown the completion says nothing.
            "complete_index": self.call(call).complete.and(operation.complete_index),
        })
    }

    /// The calls whose span overlaps the stuck one's, the latest first.
    pub(super) fn concurrent(&self) -> impl Iterator<Item = usize> + '_ {
        let stuck = self.call(self.deadlock.stuck);
        let calls = &self.key.task.calls;
        let begun = stuck.complete.map_or(calls.len(), |end| calls.partition_point(|call| call.invoke < end));
        let overlaps = move |at: &usize| {
            *at != self.deadlock.stuck && calls[*at].complete.is_none_or(|complete| complete > stuck.invoke)
        };
        (0..begun).rev().filter(overlaps)
    }

    /// The failure in one sentence, by the most telling of the reasons that hold.
    pub(super) fn sentence(&self) -> String {
        let stuck = self.stuck();
        let claim = brief(self.model.claim(&self.call(self.deadlock.stuck).op, &self.key.values));
        let (object, f, process) = (show_object(&self.key.key), &stuck.f, stuck.process);
        let why = self.never_written().or_else(|| self.read_too_early()).or_else(|| self.overwritten());
        let why = why.or_else(|| self.by_model()).unwrap_or_else(|| self.every_order());
        format!("{object}{f} by process {process} ({}) {claim}, but {why}", events(stuck))
    }

    /// What the model has to say of it.
    fn by_model(&self) -> Option<String> {
        self.model.why(&self.key.task.calls, self.deadlock.stuck, &self.key.values).map(brief)
    }

    /// The state that the stuck operation claims to have seen, for a person. Only where each change of the
    /// object tells what it leaves can be said when a state was left, and by whom.
    fn seen(&self) -> Option<(M::State, String)> {
        let tells = |op: &M::Op| self.model.is_observation(op) || self.model.produces(op).is_some();
        if !self.key.task.calls.iter().all(|call| tells(&call.op)) {
            return None;
        }
        let state = self.model.observes(&self.call(self.deadlock.stuck).op)?;
        let text = brief(self.model.show_state(&state, &self.key.values));
        Some((state, text))
    }

    /// The calls that leave a state, in order of invocation.
    fn producers(&self, state: &'a M::State) -> impl Iterator<Item = usize> + '_ {
        let leaves = |call: &usize| self.model.produces(&self.call(*call).op).as_ref() == Some(state);
        (0..self.key.task.calls.len()).filter(leaves)
    }

    fn never_written(&self) -> Option<String> {
        let (state, text) = self.seen()?;
        if state == self.key.task.init || self.producers(&state).next().is_some() {
            return None;
        }
        Some(match self.failed_producer(&state) {
            Some(failed) => format!(
                "{text} was only ever written by a {} by process {} that was reported to have failed ({})",
                failed.f,
                failed.process,
                events(failed)
            ),
            None => format!("no operation ever wrote {text}"),
        })
    }

    /// An operation reported as failed that would have left the state.
    fn failed_producer(&self, state: &M::State) -> Option<&'a Operation> {
        let mut values = self.key.values.clone();
        let failed =
            |operation: &&Operation| operation.outcome == Outcome::Fail && operation.key == self.key.key;
        self.operations.iter().filter(failed).find(|operation| {
            let as_if_ok = Operation { outcome: Outcome::Ok, ..(*operation).clone() };
            match self.model.parse(&as_if_ok, &mut values) {
                Ok(Part::Must(op)) => self.model.produces(&op).as_ref() == Some(state),
                _ => false,
            }
        })
    }

    fn read_too_early(&self) -> Option<String> {
        let (state, text) = self.seen()?;
        let first = self.producers(&state).next()?;
        let completed = self.call(self.deadlock.stuck).complete?;
        if state == self.key.task.init || self.call(first).invoke < completed {
            return None;
        }
        let (stuck, writer) = (self.stuck(), self.operation(first));
        let later = between(stuck.completed_ns.unwrap_or(stuck.invoked_ns), writer.invoked_ns);
        let (what, event) = (self.named(first), writer.invoke_index);
        Some(format!(
            "{text} was not written yet: {what} began at event {event}, {later} after this {} completed",
            stuck.f
        ))
    }

    fn overwritten(&self) -> Option<String> {
        let (state, text) = self.seen()?;
        let by = self.overwriter(&state)?;
        let (stuck, writer) = (self.stuck(), self.operation(by));
        let earlier = between(writer.completed_ns.unwrap_or(writer.invoked_ns), stuck.invoked_ns);
        let (what, event) = (self.named(by), writer.complete_index.unwrap_or(writer.invoke_index));
        let f = &stuck.f;
        Some(format!(
            "the value {text} had been overwritten by {what}, which completed (event {event}) {earlier} before this {f} began"
        ))
    }

    /// A call that certainly came after everything that left the state, and certainly before the stuck
    /// call: of those the first to complete.
    fn overwriter(&self, state: &M::State) -> Option<usize> {
        let began = self.call(self.deadlock.stuck).invoke;
        // (invocation, earliest completion from there on, its call), in order of invocation.
        let mut others: Vec<(u64, u64, usize)> = Vec::new();
        for (at, call) in self.key.task.calls.iter().enumerate() {
            let leaves_another = self.model.produces(&call.op).is_some_and(|left| left != *state);
            if let Some(complete) = call.complete.filter(|complete| leaves_another && *complete < began) {
                others.push((call.invoke, complete, at));
            }
        }
        for at in (1..others.len()).rev() {
            if others[at].1 < others[at - 1].1 {
                (others[at - 1].1, others[at - 1].2) = (others[at].1, others[at].2);
            }
        }
        let after = |end: u64| others.get(others.partition_point(|(invoke, ..)| *invoke <= end)).copied();
        let mut latest = None;
        if *state == self.key.task.init {
            latest = Some(others.first().copied()?);
        }
        let concurrent_end = self.call(self.deadlock.stuck).complete?;
        for producer in self.producers(state).filter(|call| *call != self.deadlock.stuck) {
            let call = self.call(producer);
            if call.invoke > concurrent_end {
                break;
            }
            let found = after(call.complete?)?;
            latest = Some(
                latest
                    .map_or(found, |known: (u64, u64, usize)| if found.1 > known.1 { found } else { known }),
            );
        }
        latest.map(|(.., call)| call)
    }

    fn every_order(&self) -> String {
        let (object, states) = (self.model.object(), self.states());
        let states: Vec<String> = states.into_iter().map(brief).collect();
        let shown = match states.as_slice() {
            many if many.len() >= Deadlock::<M::State>::MAX_STATES => {
                format!("one of {} values or more", many.len())
            }
            [] => "nothing".to_owned(),
            [one] => one.clone(),
            [firsts @ .., last] => format!("{} or {last}", firsts.join(", ")),
        };
        let setter = self.setter().map(|call| {
            let operation = self.operation(call);
            let end = match (self.call(call).complete, operation.complete_index) {
                (Some(_), Some(event)) => format!("completed at event {event}"),
                _ => format!("invoked at event {}, never completed", operation.invoke_index),
            };
            format!(" ({} {end})", self.named(call))
        });
        format!(
            "every order of the operations leaves the {object} at {shown} by then{}",
            setter.unwrap_or_default()
        )
    }

    /// The call of the prefix that left its last state.
    pub(super) fn setter(&self) -> Option<usize> {
        let state = self.deadlock.states.first()?;
        let leaves = |call: &&usize| self.model.produces(&self.call(**call).op).as_ref() == Some(state);
        self.deadlock.prefix.iter().rev().find(leaves).copied()
    }

    /// `write 5 by process 3`
    fn named(&self, call: usize) -> String {
        let what = brief(self.shown(call));
        format!("{what} by process {}", self.operation(call).process)
    }

    /// The span of time that shows the failure, in nanoseconds: the stuck operation, and what left the
    /// state that contradicts it, with a margin.
    pub(super) fn window(&self) -> (u64, u64) {
        let stuck = self.stuck();
        let end = stuck.completed_ns.unwrap_or(stuck.invoked_ns);
        let seen = self.seen().and_then(|(state, _)| self.overwriter(&state));
        let witness = seen.or_else(|| self.setter()).map(|call| self.operation(call).invoked_ns);
        let start = witness.map_or(stuck.invoked_ns, |witness| witness.min(stuck.invoked_ns));
        let margin = ((end - start.min(end)) / 10).max(MIN_MARGIN_NS);
        (start.saturating_sub(margin), end.saturating_add(margin))
    }
}

/// The least margin of a window: room for a few operations of a fast system.
const MIN_MARGIN_NS: u64 = 1_000_000;

/// A text that leaves room for the rest of its sentence: what is too long loses its middle.
fn brief(text: String) -> String {
    const MOST: usize = 120;
    let length = text.chars().count();
    if length <= MOST {
        return text;
    }
    let (head, tail) = (text.chars().take(MOST * 2 / 3), text.chars().skip(length - MOST / 3));
    head.chain(['…']).chain(tail).collect()
}

/// `events 340–345`
fn events(operation: &Operation) -> String {
    match operation.complete_index {
        Some(complete) => format!("events {}–{complete}", operation.invoke_index),
        None => format!("event {}", operation.invoke_index),
    }
}

/// A span for a person, with three digits or so: `12.3 ms`.
fn between(start_ns: u64, end_ns: u64) -> String {
    let span = Duration::from_nanos(end_ns.saturating_sub(start_ns));
    match span.as_nanos() {
        0..1_000 => format!("{} ns", span.as_nanos()),
        1_000..1_000_000 => format!("{:.1} µs", span.as_secs_f64() * 1e6),
        1_000_000..1_000_000_000 => format!("{:.1} ms", span.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", span.as_secs_f64()),
    }
}
