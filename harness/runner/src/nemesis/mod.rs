//! Carries out a fault schedule against the world, with evidence.
//!
//! Each fault is a little story of its own: wait for its time or occasion, resolve its roles, begin it, wait,
//! end it.
//! All stories run side by side in one task. Faults that overlap are kept apart by who holds what: a node
//! that two faults have killed is restarted when the second one ends, and changes of a link add up.

mod aim;
mod links;
mod processes;

use std::io;
use std::time::Duration;

use futures_util::future::join_all;
use ordalia_history::FaultPhase;
use ordalia_record::FaultRecord;
use ordalia_schedule::{Injection, Schedule, TimedFault};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use links::Links;
use processes::Processes;

use crate::journal::Journal;
use crate::world::World;

/// Why nothing was done; such schedules are refused before the start.
const SIMULATED: &str = "clocks and disks of real processes are out of reach; only the simulator can do it";

/// What came of beginning or ending a fault.
#[derive(Clone, Debug, Default)]
struct Effect {
    /// Whether it took effect, where this shows it.
    effective: Option<bool>,
    evidence: Value,
    error: Option<String>,
}

impl Effect {
    fn failed(error: &(impl ToString + ?Sized)) -> Self {
        Self { effective: Some(false), evidence: Value::Null, error: Some(error.to_string()) }
    }
}

/// The carrying out of one schedule.
pub(crate) struct Nemesis<'a> {
    world: &'a World<'a>,
    journal: &'a Journal,
    start: Instant,
    stop: watch::Receiver<bool>,
    processes: Processes<'a>,
    links: Links<'a>,
}

impl<'a> Nemesis<'a> {
    /// A nemesis whose schedule counts from `start`, and which ends early once `stop` becomes true.
    pub(crate) fn new(
        world: &'a World<'a>,
        journal: &'a Journal,
        start: std::time::Instant,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let (processes, links) = (Processes::new(world), Links::new(world.network.as_ref()));
        Self { world, journal, start: start.into(), stop, processes, links }
    }

    /// Carries out all faults, and heals each at its end or when stopped, whichever is first.
    pub(crate) async fn carry_out(&self, schedule: &Schedule) -> io::Result<()> {
        let stories = schedule.faults.iter().map(|fault| self.story(fault));
        join_all(stories).await.into_iter().collect()
    }

    /// One fault from beginning to end.
    async fn story(&self, fault: &TimedFault) -> io::Result<()> {
        let begin = self.start + Duration::from_millis(fault.at_ms);
        let end = begin + Duration::from_millis(fault.for_ms);
        if self.stopped_before(begin).await {
            return Ok(());
        }
        let Some(injection) = self.aim(fault, end).await else {
            return self.skip(fault);
        };
        let label = fault.label(Some(&injection));
        self.note(fault, FaultPhase::Start, &label, Some(&injection), Effect::default())?;
        let effect = self.begin(fault.id, &injection).await;
        self.note(fault, FaultPhase::Started, &label, None, effect)?;
        self.stopped_before(end).await;
        self.note(fault, FaultPhase::Heal, &label, None, Effect::default())?;
        let effect = self.end(fault.id, &injection).await;
        self.note(fault, FaultPhase::Healed, &label, None, effect)
    }

    async fn begin(&self, fault: u64, injection: &Injection) -> Effect {
        match injection {
            Injection::Kill(nodes) => self.processes.kill(fault, nodes).await,
            Injection::Pause(nodes) => self.processes.pause(fault, nodes).await,
            Injection::Links { links, change } => self.links.change(fault, links, *change),
            Injection::Clock { .. } | Injection::Disk { .. } => Effect::failed(SIMULATED),
        }
    }

    async fn end(&self, fault: u64, injection: &Injection) -> Effect {
        match injection {
            Injection::Kill(nodes) => self.processes.restart(fault, nodes).await,
            Injection::Pause(nodes) => self.processes.resume(fault, nodes).await,
            Injection::Links { links, change } => self.links.restore(fault, links, *change),
            Injection::Clock { .. } | Injection::Disk { .. } => Effect::default(),
        }
    }

    /// A fault whose role nobody had, or whose occasion did not come: it is written down, and shows neither effect nor failure.
    fn skip(&self, fault: &TimedFault) -> io::Result<()> {
        let label = fault.label(None);
        let why = match fault.upon {
            None => "nobody had the role that it aims at",
            Some(_) => "what it waits for did not come in time",
        };
        let error = Some(format!("{why}; nothing was done"));
        self.note(fault, FaultPhase::Healed, &label, None, Effect { error, ..Effect::default() })
    }

    /// Waits until the time; true if it was stopped first.
    async fn stopped_before(&self, time: Instant) -> bool {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = sleep_until(time) => false,
            // The sender outlives the nemesis, so this ends only by becoming true.
            _ = stop.wait_for(|stop| *stop) => true,
        }
    }

    fn note(
        &self,
        fault: &TimedFault,
        phase: FaultPhase,
        label: &str,
        resolved: Option<&Injection>,
        effect: Effect,
    ) -> io::Result<()> {
        self.journal.write(FaultRecord {
            time: 0,
            fault: fault.id,
            kind: fault.fault.kind().name().to_owned(),
            phase,
            label: label.to_owned(),
            resolved: resolved.and_then(|injection| serde_json::to_value(injection).ok()).unwrap_or_default(),
            effective: effect.effective,
            evidence: effect.evidence,
            error: effect.error,
        })
    }
}
