//! Carries out the fault schedule, as the runner does with real processes.

use std::collections::BTreeSet;

use ordalia_history::{Event, EventType, FaultPhase, Process, fault_event_value};
use ordalia_node::{Node, NodeId};
use ordalia_record::FaultRecord;
use ordalia_schedule::{Injection, Leader, Occasion, Roles, Sight, TimedFault, is_new_leader};
use serde_json::Value;

use super::harm::Effect;
use super::{Coming, World};
use crate::trace::Happened;

/// How often a fault that waits for a role or an occasion looks again.
const LOOK_AGAIN_NS: u64 = 5_000_000;

/// Where each fault stands.
#[derive(Debug)]
pub(super) struct Nemesis {
    stories: Vec<Story>,
    /// The faults that wait for a moment of a node's trace.
    listening: BTreeSet<usize>,
    /// No fault begins any more.
    stopped: bool,
}

#[derive(Clone, Debug, Default)]
struct Story {
    waiting: Option<Waiting>,
    /// It has begun, or does so once its hold is over.
    aimed: bool,
    in_force: Option<Injection>,
    /// What it touches had been touched so often when it began.
    touched_before: u64,
    over: bool,
}

/// What a fault knew when it began to wait for its occasion.
#[derive(Clone, Debug)]
struct Waiting {
    leader: Option<Leader>,
}

impl Nemesis {
    pub(super) fn new(faults: usize) -> Self {
        Self { stories: vec![Story::default(); faults], listening: BTreeSet::new(), stopped: false }
    }

    /// Whether some fault waits for what nodes tell.
    pub(super) fn listens(&self) -> bool {
        !self.listening.is_empty()
    }
}

impl<N: Node> World<'_, N> {
    /// Puts all faults on the queue.
    pub(super) fn schedule_faults(&mut self) {
        let start_ns = self.load_start_ns;
        for (at, fault) in self.settings.schedule.faults.iter().enumerate() {
            self.queue.put(after_ms(start_ns, fault.at_ms), Coming::Fault { at });
        }
    }

    /// Ends all faults, and lets none begin.
    pub(super) fn stop_faults(&mut self) {
        for at in 0..self.nemesis.stories.len() {
            self.end_fault(at);
        }
        self.nemesis.listening.clear();
        self.nemesis.stopped = true;
    }

    fn fault(&self, at: usize) -> &TimedFault {
        &self.settings.schedule.faults[at]
    }

    /// When a fault ends, on the world's clock.
    fn end_ns(&self, at: usize) -> u64 {
        after_ms(self.load_start_ns, self.fault(at).end_ms())
    }

    /// A fault is due: it begins, or waits for its role or its occasion.
    pub(super) fn fault_due(&mut self, at: usize) {
        let story = &self.nemesis.stories[at];
        if self.nemesis.stopped || story.over || story.aimed {
            return;
        }
        let (upon, end_ns) = (self.fault(at).upon, self.end_ns(at));
        if self.now_ns >= end_ns {
            return self.skip_fault(at);
        }
        if upon.is_some_and(|occasion| Occasion::MOMENTS.contains(&occasion)) {
            self.nemesis.listening.insert(at);
            return self.queue.put(end_ns, Coming::Fault { at });
        }
        let sight = self.sight();
        match self.aim(at, &sight) {
            None => self.queue.put(self.now_ns + LOOK_AGAIN_NS, Coming::Fault { at }),
            Some(injection) => self.begin_after_hold(at, injection),
        }
    }

    /// A node told something of itself for which faults may wait. They begin at once: before what the node
    /// wrote after it has left.
    pub(super) fn moment(&mut self, witness: NodeId, event: &str) {
        let Some(occasion) = Occasion::shown_by(event) else { return };
        let settings = self.settings;
        let faults = &settings.schedule.faults;
        let waiting = self.nemesis.listening.iter().copied();
        let due: Vec<usize> = waiting.filter(|at| faults[*at].upon == Some(occasion)).collect();
        for at in due {
            let roles = Roles { witness: Some(witness), ..self.sight().roles() };
            if let Some(injection) = faults[at].fault.resolve(&roles, &NodeId::all(settings.nodes)) {
                self.nemesis.listening.remove(&at);
                self.begin_after_hold(at, injection);
            }
        }
    }

    fn begin_after_hold(&mut self, at: usize, injection: Injection) {
        let hold_ms = self.fault(at).hold_ms;
        self.nemesis.stories[at].aimed = true;
        if hold_ms == 0 {
            return self.begin_fault(at, injection);
        }
        let begin_ns = after_ms(self.now_ns, hold_ms);
        if begin_ns >= self.end_ns(at) {
            return self.skip_fault(at);
        }
        self.queue.put(begin_ns, Coming::Begin { at, injection: Box::new(injection) });
    }

    /// The fault with its roles resolved, once it is time to begin it.
    fn aim(&mut self, at: usize, sight: &Sight) -> Option<Injection> {
        let leader = sight.leader();
        let story = &mut self.nemesis.stories[at];
        let fault = &self.settings.schedule.faults[at];
        if let Some(Occasion::NewLeader) = fault.upon {
            let before = story.waiting.get_or_insert(Waiting { leader }).leader;
            leader.filter(|leader| is_new_leader(before, *leader))?;
        }
        let nodes = NodeId::all(self.settings.nodes);
        fault.fault.resolve(&sight.roles(), &nodes)
    }

    pub(super) fn begin_fault(&mut self, at: usize, injection: Injection) {
        if self.nemesis.stopped || self.nemesis.stories[at].over {
            return;
        }
        let fault = self.fault(at);
        let (number, label, end_ns) = (fault.id, fault.label(Some(&injection)), self.end_ns(at));
        let resolved = serde_json::to_value(&injection).unwrap_or_default();
        self.note_fault(at, FaultPhase::Start, &label, resolved, Effect::default());
        self.nemesis.stories[at].touched_before = self.touched(&injection);
        let effect = self.inject(number, &injection);
        self.note_fault(at, FaultPhase::Started, &label, Value::Null, effect);
        self.nemesis.stories[at].in_force = Some(injection);
        self.queue.put(end_ns.max(self.now_ns), Coming::EndFault { at });
    }

    pub(super) fn end_fault(&mut self, at: usize) {
        let story = &mut self.nemesis.stories[at];
        story.over = true;
        let Some(injection) = story.in_force.take() else { return };
        let fault = self.fault(at);
        let (number, label) = (fault.id, fault.label(Some(&injection)));
        self.note_fault(at, FaultPhase::Heal, &label, Value::Null, Effect::default());
        let touched = self.touched(&injection) - self.nemesis.stories[at].touched_before;
        let effect = self.effect(number, &injection, touched);
        self.undo(number, &injection);
        self.note_fault(at, FaultPhase::Healed, &label, Value::Null, effect);
    }

    /// A fault whose role nobody had, or whose occasion did not come: it is written down, and shows neither
    /// effect nor failure.
    fn skip_fault(&mut self, at: usize) {
        self.nemesis.stories[at].over = true;
        self.nemesis.listening.remove(&at);
        let fault = self.fault(at);
        let why = match fault.upon {
            None => "nobody had the role that it aims at",
            Some(_) => "what it waits for did not come in time",
        };
        let label = fault.label(None);
        self.note_fault(at, FaultPhase::Healed, &label, Value::Null, Effect::default());
        if let Some(record) = self.faults.last_mut() {
            record.error = Some(format!("{why}; nothing was done"));
        }
    }

    fn note_fault(&mut self, at: usize, phase: FaultPhase, label: &str, resolved: Value, effect: Effect) {
        let fault = self.fault(at);
        let (number, kind) = (fault.id, fault.fault.kind().name().to_owned());
        self.digest.add([8, self.now_ns, number, phase as u64]);
        self.tracer
            .note(self.now_ns, || Happened::Fault { fault: number, text: format!("{label}: {phase:?}") });
        self.record(Event {
            index: 0,
            time: 0,
            process: Process::Nemesis,
            kind: EventType::Info,
            f: kind.as_str().into(),
            key: None,
            value: fault_event_value(number, phase, label),
            error: None,
            node: None,
            intended: None,
        });
        let (time, label) = (self.load_ns(), label.to_owned());
        let Effect { effective, evidence } = effect;
        let error = None;
        self.faults.push(FaultRecord {
            time,
            fault: number,
            kind,
            phase,
            label,
            resolved,
            effective,
            evidence,
            error,
        });
    }
}

/// A time so many milliseconds after another, in nanoseconds.
fn after_ms(at_ns: u64, ms: u64) -> u64 {
    at_ns.saturating_add(ms.saturating_mul(1_000_000))
}
