//! From event to event with all configurations that can be reached.

use crate::linearizable::{Deadlock, Finding, Limit, Meter, Model, Reached, Task};

use super::checkpoint::Checkpoints;
use super::crashes::Crashes;
use super::events::{Event, Events};
use super::index::NONE;
use super::layer::{Configuration, DEAD, Layer};
use super::log::Log;
use super::mask::Mask;
use super::objects::Objects;
use super::paid::Paid;
use super::pending::Pending;
use super::refute::{refutes, states};
use super::replay::Replay;
use super::steps::Steps;

/// Why a search ended without a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The budget ran out.
    Spent(Limit),
    /// More operations are under way than there are slots.
    TooNarrow,
    /// No configuration is left, but some were cut off.
    Cut,
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Self {
        Self::Spent(limit)
    }
}

/// How many steps are made between looks at the clock.
const STEPS_PER_LOOK: u32 = 256;

/// How many completions are passed between reports.
const CALLS_PER_REPORT: u64 = 4096;

/// So many configurations are asked which states unused crashed calls lead to.
const ENOUGH: usize = 1 << 10;

/// Fewer states than this, or packs of crashed calls, are not worth a collection.
const FEW: usize = 1 << 10;

/// By how many powers of two more configurations are kept, for each time that a pass goes back.
const WIDER: u32 = 4;

/// So often it goes back without getting further.
const LEVELS: u32 = 3;

/// So often a pass asks whether a reason is near at hand: each time costs a look at the whole history.
const MOST_ASKED: u32 = 64;

/// One pass over a history.
pub(super) struct Search<'a, M: Model, K> {
    pub(super) model: &'a M,
    pub(super) task: &'a Task<M>,
    meter: &'a Meter,
    pub(super) events: Events,
    pub(super) objects: Objects<'a, M>,
    pub(super) pending: Pending<'a, K>,
    pub(super) crashes: Crashes<'a, K>,
    pub(super) log: Log<'a>,
    pub(super) frontier: Paid<'a, Configuration<K>>,
    pub(super) layer: Layer<'a, K>,
    /// Which crashed calls can open the way to others: for a state and a class, whether they do.
    pub(super) openings: Steps<'a>,
    pub(super) points: Checkpoints<'a, K>,
    /// How many configurations are kept at most, while the pass is not in trouble.
    width: usize,
    /// How much trouble it is in.
    level: u32,
    /// The most completions that were passed when it came into trouble.
    pub(super) worst: u64,
    /// How often it was asked whether the trouble has a reason near at hand.
    pub(super) asked: u32,
    /// Whether any were cut off.
    pub(super) cut: bool,
    event: u64,
    pub(super) passed: u64,
    clock: u32,
    state_bound: usize,
    pack_bound: usize,
}

impl<'a, M: Model, K: Mask> Search<'a, M, K> {
    /// Ahead of the first event, keeping at most `width` configurations from event to event.
    pub(super) fn begin(
        model: &'a M,
        task: &'a Task<M>,
        meter: &'a Meter,
        width: usize,
    ) -> Result<Self, Limit> {
        meter.check_time()?;
        let mut objects = Objects::new(model, &task.calls, meter);
        let crashed = |at: &usize| {
            let call = &task.calls[*at];
            call.complete.is_none() && !model.is_observation(&call.op)
        };
        let crashes = Crashes::new((0..task.calls.len()).filter(crashed), &mut objects, meter)?;
        let mut frontier = Paid::new(meter);
        frontier.push(Configuration::new(K::EMPTY, objects.number(task.init.clone())?))?;
        Ok(Self {
            model,
            task,
            meter,
            events: Events::default(),
            objects,
            pending: Pending::new(meter),
            crashes,
            log: Log::new(meter)?,
            frontier,
            layer: Layer::new(meter),
            openings: Steps::new(meter),
            points: Checkpoints::new(),
            width,
            level: 0,
            worst: 0,
            asked: 0,
            cut: false,
            event: 0,
            passed: 0,
            clock: 0,
            state_bound: FEW,
            pack_bound: FEW,
        })
    }

    /// Passes all events. `told` is how many completions were reported by now.
    pub(super) fn run(&mut self, told: &mut u64) -> Result<Finding<M::State>, Stop> {
        while let Some(event) = self.events.next(&self.task.calls) {
            self.look_at_the_clock()?;
            match event {
                Event::Invoke(call) => self.invoke(call)?,
                Event::Complete(slot) => {
                    self.event = self.pending.at(slot).complete;
                    if self.complete(slot)? {
                        self.proceed(told)?;
                    } else if let Some(failure) = self.hesitate(slot)? {
                        return Ok(failure);
                    }
                }
            }
        }
        self.report(told);
        self.order()
    }

    /// A completion was passed.
    fn proceed(&mut self, told: &mut u64) -> Result<(), Limit> {
        self.passed += 1;
        if self.passed >= *told + CALLS_PER_REPORT {
            self.report(told);
        }
        if self.width < usize::MAX && self.note_point(self.meter)? && self.passed > self.worst {
            self.level = self.level.saturating_sub(1);
        }
        Ok(())
    }

    /// No configuration passes the completion of the operation in a slot. Finds that none can, or goes back a
    /// little, to keep more of them.
    fn hesitate(&mut self, slot: usize) -> Result<Option<Finding<M::State>>, Stop> {
        if !self.cut || (self.level > 0 && self.is_refuted(slot)?) {
            return self.deadlock(slot).map(Some);
        }
        if self.level == LEVELS || self.width == usize::MAX {
            return Err(Stop::Cut);
        }
        self.level += 1;
        self.worst = self.worst.max(self.passed);
        self.go_back()?;
        Ok(None)
    }

    /// Whether there is a reason near at hand why the operation in a slot cannot complete.
    fn is_refuted(&mut self, slot: usize) -> Result<bool, Stop> {
        self.asked += 1;
        if self.asked > MOST_ASKED {
            return Ok(false);
        }
        let Some(numbers) = states(&mut self.objects, self.task.init.clone())? else { return Ok(false) };
        let states: Vec<M::State> = numbers.iter().map(|state| self.objects.state(*state).clone()).collect();
        let stuck = self.pending.at(slot).call as usize;
        // Once from its invocation, then from ever further back.
        let back = ((self.events.invoked() - stuck) << self.level).max(8 << (2 * self.level));
        let start = if self.level == 1 { stuck } else { stuck.saturating_sub(back) };
        match refutes::<M, K>((self.model, self.task, self.meter), &states, start, stuck) {
            Err(Stop::Spent(Limit::Memory(_))) => Ok(false),
            other => other,
        }
    }

    /// How many configurations are kept at most.
    fn limit(&self) -> usize {
        self.width.saturating_mul(1 << (WIDER * self.level))
    }

    fn report(&self, told: &mut u64) {
        self.meter.advance(self.passed.saturating_sub(*told));
        *told = self.passed.max(*told);
    }

    /// How far it came: the completed calls placed, and where it stands.
    pub(super) fn reached(&self) -> (usize, Reached) {
        let placed = self.frontier.iter().map(|one| one.placed.count()).max().unwrap_or(0);
        let configurations = self.frontier.len().max(self.layer.len());
        (self.passed as usize + placed, Reached { event: self.event, configurations })
    }

    pub(super) fn look_at_the_clock(&mut self) -> Result<(), Limit> {
        self.clock = self.clock.wrapping_add(1);
        if self.clock.is_multiple_of(STEPS_PER_LOOK) { self.meter.check_time() } else { Ok(()) }
    }

    pub(super) fn invoke(&mut self, at: usize) -> Result<(), Stop> {
        let call = &self.task.calls[at];
        let observes = self.model.is_observation(&call.op);
        let Some(complete) = call.complete else {
            if !observes {
                let class = self.objects.class_of(at)?;
                self.crashes.begin(class);
            }
            return Ok(());
        };
        let complete = complete.max(call.invoke);
        let class = self.objects.class_of(at)?;
        let Some(slot) = self.pending.begin(at, class, complete, observes)? else {
            return Err(Stop::TooNarrow);
        };
        self.events.expect(complete, slot);
        if !observes {
            self.crashes.begin_twin(class, slot);
            return Ok(());
        }
        for one in self.frontier.iter_mut() {
            if self.pending.legal(one.state, &mut self.objects)?.has(slot) {
                one.placed = one.placed.or(K::only(slot));
            }
        }
        Ok(())
    }

    /// Passes the completion of the operation in a slot. False: no configuration can.
    pub(super) fn complete(&mut self, slot: usize) -> Result<bool, Stop> {
        let gone = K::only(slot);
        if !self.frontier.iter().all(|one| one.placed.has(slot)) {
            self.expand_all(slot)?;
            if !self.layer.entries().iter().any(|one| one.blind == NONE && one.placed.has(slot)) {
                return Ok(false);
            }
            let limit = self.limit();
            self.frontier.clear();
            for one in self.layer.entries().iter().filter(|one| one.blind == NONE && one.placed.has(slot)) {
                if self.frontier.len() == limit {
                    self.cut = true;
                    break;
                }
                self.frontier.push(*one)?;
            }
        }
        for one in self.frontier.iter_mut() {
            one.placed = one.placed.without(gone);
        }
        self.crashes.end_twin(self.pending.at(slot).class, slot);
        self.pending.end(slot);
        self.collect()?;
        Ok(true)
    }

    /// Reaches all configurations in which the operation in a slot is placed, and was so last.
    fn expand_all(&mut self, slot: usize) -> Result<(), Stop> {
        self.layer.clear();
        let limit = self.limit();
        let mut done = 0;
        for at in 0..self.frontier.len() {
            done += usize::from(self.frontier[at].placed.has(slot));
            self.layer.add(self.frontier[at], self.pending.mutators, &self.crashes)?;
        }
        let mut at = 0;
        while at < self.layer.len() {
            let one = *self.layer.at(at);
            at += 1;
            if one.blind == DEAD || one.placed.has(slot) {
                continue;
            }
            if done >= limit {
                self.cut = true;
                break;
            }
            self.look_at_the_clock()?;
            done += self.expand(one, slot)?;
        }
        Ok(())
    }

    /// Drops what no configuration needs any more, when enough has gathered.
    fn collect(&mut self) -> Result<(), Limit> {
        if self.log.is_large() {
            let Self { log, frontier, points, .. } = self;
            log.keep(living(frontier, points).map(|one| &mut one.node))?;
        }
        if self.objects.states() > self.state_bound {
            let mut marks = self.marks(self.objects.states(), |one| one.state)?;
            self.objects.keep_states(&mut marks)?;
            self.pending.keep_states(&marks);
            self.openings.clear();
            living(&mut self.frontier, &mut self.points)
                .for_each(|one| one.state = marks[one.state as usize]);
            self.state_bound = (2 * self.objects.states()).max(FEW);
        }
        if self.crashes.packs() > self.pack_bound {
            let mut marks = self.marks(self.crashes.packs(), |one| one.used)?;
            self.crashes.keep(&mut marks)?;
            living(&mut self.frontier, &mut self.points).for_each(|one| one.used = marks[one.used as usize]);
            self.pack_bound = (2 * self.crashes.packs()).max(FEW);
        }
        Ok(())
    }

    /// Of so many numbers those that the frontier has.
    fn marks(
        &mut self,
        numbers: usize,
        number: impl Fn(&Configuration<K>) -> u32,
    ) -> Result<Paid<'a, u32>, Limit> {
        let mut marks = Paid::new(self.meter);
        marks.resize(numbers, NONE)?;
        living(&mut self.frontier, &mut self.points).for_each(|one| marks[number(one) as usize] = 0);
        Ok(marks)
    }

    fn order(&self) -> Result<Finding<M::State>, Stop> {
        let node = self.frontier.first().map_or(Log::ROOT, |one| one.node);
        let replay = Replay { model: self.model, task: self.task, mutators: self.log.path(node) };
        Ok(Finding::Linearizable { order: replay.order(self.meter, |_| true)? })
    }

    /// The failure, when the operation in a slot cannot be placed.
    fn deadlock(&mut self, slot: usize) -> Result<Finding<M::State>, Stop> {
        let reached = self.layer.entries().iter().filter(|one| one.blind == NONE);
        let Some(furthest) = reached.max_by_key(|one| one.placed.count()) else {
            return Err(Stop::Cut);
        };
        let furthest = *furthest;
        let numbers = self.states_from(furthest.state)?;
        let states = numbers.into_iter().map(|number| self.objects.state(number).clone()).collect();
        let replay = Replay { model: self.model, task: self.task, mutators: self.log.path(furthest.node) };
        let placed = furthest.placed.and(self.pending.observations).slots();
        let placed: Vec<u32> = placed.map(|slot| self.pending.at(slot).call).collect();
        let end = self.pending.at(slot).complete;
        let before = |call: usize| self.task.calls[call].complete.is_some_and(|complete| complete < end);
        let observed = |call: usize| before(call) || placed.contains(&(call as u32));
        let stuck = self.pending.at(slot).call as usize;
        let prefix = replay.order(self.meter, observed)?;
        Ok(Finding::NotLinearizable(Deadlock { prefix, stuck, states }))
    }

    /// The states that were reached, that one first, and then those that an unused crashed call leads to, which
    /// the search left out because nothing would notice.
    fn states_from(&mut self, first: u32) -> Result<Vec<u32>, Limit> {
        let mut numbers = vec![first];
        for one in self.layer.entries().iter().filter(|one| one.blind != DEAD) {
            if !numbers.contains(&one.state) && numbers.len() < Deadlock::<M::State>::MAX_STATES {
                numbers.push(one.state);
            }
        }
        for at in 0..self.layer.len().min(ENOUGH) {
            let (one, mut next) = (*self.layer.at(at), 0);
            while let Some(class) = self.crashes.open(next)
                && one.blind != DEAD
                && numbers.len() < Deadlock::<M::State>::MAX_STATES
            {
                let after = self.objects.step(one.state, class)?;
                let leads = after != NONE && !numbers.contains(&after);
                if leads && self.crashes.take(one.used, class)?.is_some() {
                    numbers.push(after);
                }
                next += 1;
            }
        }
        Ok(numbers)
    }
}

/// All configurations from which the search may go on.
fn living<'b, K>(
    frontier: &'b mut Paid<'_, Configuration<K>>,
    points: &'b mut Checkpoints<'_, K>,
) -> impl Iterator<Item = &'b mut Configuration<K>> {
    let points = points.earlier.iter_mut().chain(&mut points.later);
    frontier.iter_mut().chain(points.flat_map(|point| point.frontier.iter_mut()))
}
