//! What a guarantee demands of the order of each key's writes.

use std::collections::{BTreeMap, HashMap};

use ordalia_history::Operation;

use super::Guarantee;
use super::traces::{Access, Step, Traces};
use crate::linearizable::{Limit, Meter};

/// That one version came before another.
pub(super) struct Demand<'a> {
    /// The earlier version.
    pub(super) from: usize,
    /// The later one; `None`: the value at first, before which nothing came.
    pub(super) to: Option<usize>,
    /// The guarantee itself demands it; otherwise it is assumed beside it.
    pub(super) own: bool,
    /// Why.
    pub(super) why: Why<'a>,
}

/// Why a version came before another: operations in the order in which the sentence names them.
#[derive(Clone, Copy)]
pub(super) enum Why<'a> {
    /// One session did the first and then the second.
    Did(&'a Operation, &'a Operation),
    /// A session did the second and then the third. The first did the like of the fourth before what the
    /// second read.
    Handed {
        /// What the writer had written or read before.
        earlier: &'a Operation,
        /// The read that saw the writer's later write.
        saw: &'a Operation,
        /// The later read.
        then: &'a Operation,
    },
}

/// How many steps are taken between looks at the clock.
const STEPS_PER_LOOK: usize = 1024;

/// All demands, by key.
///
/// # Errors
/// The time is over.
pub(super) fn demands<'a>(
    guarantee: Guarantee,
    traces: &Traces<'a>,
    meter: &Meter,
) -> Result<Vec<Vec<Demand<'a>>>, Limit> {
    let mut demands: Vec<Vec<Demand<'a>>> = traces.keys.iter().map(|_| Vec::new()).collect();
    let past = Past::of(guarantee, traces);
    for (number, session) in traces.sessions.iter().enumerate() {
        let mut walk =
            Walk { guarantee, number, traces, past: &past, last: HashMap::new(), seen: BTreeMap::new() };
        for (at, step) in session.iter().enumerate() {
            if at % STEPS_PER_LOOK == 0 {
                meter.check_time()?;
            }
            walk.step(step, &mut demands[step.key]);
        }
    }
    Ok(demands)
}

/// What a session hands on with each of its writes: of each key its writes, or the versions that it read.
struct Past<'a> {
    /// By session and key the events, with what was written or read there, in their order.
    by_key: HashMap<(usize, usize), Vec<(usize, Touched<'a>)>>,
}

impl<'a> Past<'a> {
    fn of(guarantee: Guarantee, traces: &Traces<'a>) -> Self {
        let mut by_key: HashMap<_, Vec<_>> = HashMap::new();
        for (number, session) in traces.sessions.iter().enumerate() {
            for step in session {
                let handed = match (guarantee, step.access) {
                    (Guarantee::MonotonicWrites, Access::Write(version)) => Some(version),
                    (Guarantee::WritesFollowReads, Access::Read(version)) => version,
                    _ => None,
                };
                if let Some(version) = handed {
                    let event = step.operation.invoke_index as usize;
                    by_key.entry((number, step.key)).or_default().push((event, (version, step.operation)));
                }
            }
        }
        Self { by_key }
    }

    /// The last version of a key that a session hands on with what it did at an event.
    fn before(&self, session: usize, key: usize, event: usize) -> Option<Touched<'a>> {
        let handed = self.by_key.get(&(session, key))?;
        let (_, touched) = handed[..handed.partition_point(|(at, _)| *at < event)].last()?;
        Some(*touched)
    }
}

/// A version with the operation that read or wrote it.
type Touched<'a> = (usize, &'a Operation);

/// What a session last did to a key.
#[derive(Default)]
struct Last<'a> {
    write: Option<Touched<'a>>,
    read: Option<Touched<'a>>,
    /// The versions read since that write.
    reads: Vec<Touched<'a>>,
}

/// A walk through one session.
struct Walk<'t, 'a> {
    guarantee: Guarantee,
    number: usize,
    traces: &'t Traces<'a>,
    past: &'t Past<'a>,
    last: HashMap<usize, Last<'a>>,
    /// Of each other session the event of the latest write that was read, and its read.
    seen: BTreeMap<usize, (usize, &'a Operation)>,
}

impl<'a> Walk<'_, 'a> {
    fn step(&mut self, step: &Step<'a>, demands: &mut Vec<Demand<'a>>) {
        match step.access {
            Access::Write(version) => self.write(step, version, demands),
            Access::Read(version) => self.read(step, version, demands),
        }
    }

    fn write(&mut self, step: &Step<'a>, version: usize, demands: &mut Vec<Demand<'a>>) {
        let last = self.last.entry(step.key).or_default();
        let mut demand = |(from, before): Touched<'a>, own| {
            demands.push(Demand { from, to: Some(version), own, why: Why::Did(before, step.operation) });
        };
        if let Some(write) = last.write {
            demand(write, self.guarantee == Guarantee::MonotonicWrites);
        }
        // None but writes follow reads keeps any.
        last.reads.drain(..).for_each(|read| demand(read, true));
        last.write = Some((version, step.operation));
    }

    fn read(&mut self, step: &Step<'a>, version: Option<usize>, demands: &mut Vec<Demand<'a>>) {
        let last = self.last.entry(step.key).or_default();
        let mut demand = |before: Option<Touched<'a>>, own: bool| {
            let Some((from, operation)) = before.filter(|(from, _)| Some(*from) != version) else { return };
            demands.push(Demand { from, to: version, own, why: Why::Did(operation, step.operation) });
        };
        match self.guarantee {
            Guarantee::ReadYourWrites => demand(last.write, true),
            Guarantee::MonotonicReads => demand(last.read, true),
            // The eyes of such sessions: going back to the value at first is no matter of these two.
            _ if version.is_some() => demand(last.read, false),
            _ => {}
        }
        last.read = version.map(|version| (version, step.operation)).or(last.read);
        if self.guarantee == Guarantee::WritesFollowReads {
            let again = |version: &usize| last.reads.last().is_some_and(|(known, _)| known == version);
            let fresh = version.filter(|version| !again(version));
            last.reads.extend(fresh.map(|version| (version, step.operation)));
        }
        if matches!(self.guarantee, Guarantee::MonotonicWrites | Guarantee::WritesFollowReads) {
            self.handed(step, version, demands);
        }
    }

    /// Demands what the sessions that were read from hand on, and notes what is read now.
    fn handed(&mut self, step: &Step<'a>, version: Option<usize>, demands: &mut Vec<Demand<'a>>) {
        for (session, (event, saw)) in &self.seen {
            let handed = self.past.before(*session, step.key, *event);
            let Some((from, earlier)) = handed.filter(|(from, _)| Some(*from) != version) else { continue };
            let why = Why::Handed { earlier, saw, then: step.operation };
            demands.push(Demand { from, to: version, own: true, why });
        }
        let Some(version) = version else { return };
        let write = &self.traces.keys[step.key].writes[version];
        let event = write.operation.invoke_index as usize;
        if write.session != self.number
            && self.seen.get(&write.session).is_none_or(|(known, _)| *known < event)
        {
            self.seen.insert(write.session, (event, step.operation));
        }
    }
}
