//! Carries out the fault schedule, as the runner does with real processes.

use ordalia_history::{Event, EventType, FaultPhase, Process, fault_event_value};
use ordalia_node::{Node, NodeId};
use ordalia_record::FaultRecord;
use ordalia_schedule::{Injection, Leader, Link, LinkChange, Occasion, Sight, TimedFault, is_new_leader};
use serde_json::{Value, json};

use super::{Coming, World};
use crate::trace::Happened;

/// How often a fault that waits for a role or an occasion looks again.
const LOOK_AGAIN_NS: u64 = 5_000_000;

/// Where each fault stands.
#[derive(Debug)]
pub(super) struct Nemesis {
    stories: Vec<Story>,
    /// No fault begins any more.
    stopped: bool,
}

#[derive(Clone, Debug, Default)]
struct Story {
    waiting: Option<Waiting>,
    in_force: Option<Injection>,
    /// Messages that the links had hindered when it began.
    hindered_before: u64,
    over: bool,
}

/// What a fault knew when it began to wait for its occasion.
#[derive(Clone, Debug)]
struct Waiting {
    leader: Option<Leader>,
}

impl Nemesis {
    pub(super) fn new(faults: usize) -> Self {
        Self { stories: vec![Story::default(); faults], stopped: false }
    }

    /// A node told something of itself.
    pub(super) fn hear(&mut self, _event: &'static str) {}
}

impl<N: Node> World<'_, N> {
    /// Puts all faults on the queue.
    pub(super) fn schedule_faults(&mut self) {
        let start_ns = self.load_start_ns;
        for (at, fault) in self.settings.schedule.faults.iter().enumerate() {
            self.queue.put(start_ns + fault.at_ms * 1_000_000, Coming::Fault { at });
        }
    }

    /// Ends all faults, and lets none begin.
    pub(super) fn stop_faults(&mut self) {
        for at in 0..self.nemesis.stories.len() {
            self.end_fault(at);
        }
        self.nemesis.stopped = true;
    }

    fn fault(&self, at: usize) -> &TimedFault {
        &self.settings.schedule.faults[at]
    }

    /// A fault is due: it begins, or waits for its role or its occasion.
    pub(super) fn fault_due(&mut self, at: usize) {
        if self.nemesis.stopped || self.nemesis.stories[at].over {
            return;
        }
        let settings = self.settings;
        let fault = &settings.schedule.faults[at];
        let end_ns = self.load_start_ns + fault.end_ms() * 1_000_000;
        if self.now_ns >= end_ns {
            return self.skip_fault(at);
        }
        let sight = self.sight();
        match self.aim(at, &sight) {
            None => self.queue.put(self.now_ns + LOOK_AGAIN_NS, Coming::Fault { at }),
            Some(injection) if fault.hold_ms == 0 => self.begin_fault(at, injection),
            Some(injection) => {
                let begin_ns = self.now_ns + fault.hold_ms * 1_000_000;
                if begin_ns >= end_ns {
                    return self.skip_fault(at);
                }
                self.queue.put(begin_ns, Coming::Begin { at, injection: Box::new(injection) });
            }
        }
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
        let (number, label, end_ms) = (fault.id, fault.label(Some(&injection)), fault.end_ms());
        let resolved = serde_json::to_value(&injection).unwrap_or_default();
        self.note_fault(at, FaultPhase::Start, &label, resolved, None, Value::Null);
        self.nemesis.stories[at].hindered_before = self.hindered(&injection);
        let (effective, evidence) = self.inject(number, &injection);
        self.note_fault(at, FaultPhase::Started, &label, Value::Null, effective, evidence);
        self.nemesis.stories[at].in_force = Some(injection);
        let end_ns = self.load_start_ns + end_ms * 1_000_000;
        self.queue.put(end_ns.max(self.now_ns), Coming::EndFault { at });
    }

    /// Does the harm. The answer is whether it took effect, where this shows, and what shows it.
    fn inject(&mut self, fault: u64, injection: &Injection) -> (Option<bool>, Value) {
        match injection {
            Injection::Kill(nodes) => {
                let hit: Vec<NodeId> =
                    nodes.iter().copied().filter(|node| self.hold_down(*node, fault)).collect();
                (Some(!hit.is_empty()), json!({ "killed": hit }))
            }
            Injection::Pause(nodes) => {
                let hit: Vec<NodeId> =
                    nodes.iter().copied().filter(|node| self.pause(*node, fault)).collect();
                (Some(!hit.is_empty()), json!({ "stopped": hit }))
            }
            Injection::Links { links, change } => {
                links.iter().for_each(|link| self.network.change(*link, fault, *change));
                let cut = matches!(change, LinkChange::Cut(_));
                (cut.then_some(true), Value::Null)
            }
        }
    }

    /// Kills a node, and keeps it down until that fault ends.
    fn hold_down(&mut self, id: NodeId, fault: u64) -> bool {
        let killed = self.kill(id, "killed");
        self.nodes[id.index()].killed_by.push(fault);
        killed
    }

    pub(super) fn end_fault(&mut self, at: usize) {
        let story = &mut self.nemesis.stories[at];
        story.over = true;
        let Some(injection) = story.in_force.take() else { return };
        let fault = self.fault(at);
        let (number, label) = (fault.id, fault.label(Some(&injection)));
        self.note_fault(at, FaultPhase::Heal, &label, Value::Null, None, Value::Null);
        let hindered = self.hindered(&injection) - self.nemesis.stories[at].hindered_before;
        self.undo(number, &injection);
        let is_links = matches!(injection, Injection::Links { .. });
        let evidence = if is_links { json!({ "messages_hindered": hindered }) } else { Value::Null };
        let cut = matches!(injection, Injection::Links { change: LinkChange::Cut(_), .. });
        // A chance may have hindered nothing; a cut is in force whether or not anything was sent.
        let effective = (is_links && !cut && hindered > 0).then_some(true);
        self.note_fault(at, FaultPhase::Healed, &label, Value::Null, effective, evidence);
    }

    fn undo(&mut self, fault: u64, injection: &Injection) {
        match injection {
            Injection::Kill(nodes) => {
                for id in nodes {
                    let node = &mut self.nodes[id.index()];
                    node.killed_by.retain(|by| *by != fault);
                    if node.killed_by.is_empty() {
                        self.start(*id);
                    }
                }
            }
            Injection::Pause(nodes) => nodes.iter().for_each(|node| self.resume(*node, fault)),
            Injection::Links { links, .. } => links.iter().for_each(|link| self.restore(*link, fault)),
        }
    }

    /// Takes a change of a link back, and lets go what it held.
    fn restore(&mut self, link: Link, fault: u64) {
        for (number, message) in self.network.restore(link, fault) {
            self.pass(link, number, message);
        }
    }

    /// The messages that the links of an injection have hindered so far.
    fn hindered(&self, injection: &Injection) -> u64 {
        match injection {
            Injection::Links { links, .. } => links.iter().map(|link| self.network.hindered(*link)).sum(),
            _ => 0,
        }
    }

    /// A fault whose role nobody had, or whose occasion did not come: it is written down, and shows neither
    /// effect nor failure.
    fn skip_fault(&mut self, at: usize) {
        self.nemesis.stories[at].over = true;
        let fault = self.fault(at);
        let why = match fault.upon {
            None => "nobody had the role that it aims at",
            Some(_) => "what it waits for did not come in time",
        };
        let label = fault.label(None);
        self.note_fault(at, FaultPhase::Healed, &label, Value::Null, None, Value::Null);
        if let Some(record) = self.faults.last_mut() {
            record.error = Some(format!("{why}; nothing was done"));
        }
    }

    fn note_fault(
        &mut self,
        at: usize,
        phase: FaultPhase,
        label: &str,
        resolved: Value,
        effective: Option<bool>,
        evidence: Value,
    ) {
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
