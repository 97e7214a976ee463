//! The calls of each value, gathered in one pass.

use super::clock::{Clock, Moment, NEVER};
use crate::linearizable::{Account, Limit, Meter, Task, ValueId};
use crate::models::{Register, RegisterOp};

/// No cluster, no call, no place.
pub(super) const NONE: u32 = u32::MAX;

/// Marks in [`Clusters::of_call`] the call that writes its cluster's value.
pub(super) const WRITES: u32 = 1 << 31;

/// What the calls of one value have in common: the one that wrote it and those that saw it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cluster {
    /// When the first of them ended; [`NEVER`] where only a crashed write names the value.
    pub(super) first_end: Moment,
    /// When the last of them began. Once all clusters have their places, where the next read goes.
    pub(super) last_begin: Moment,
    /// When the write began; [`NEVER`] where there is none.
    pub(super) write_begin: Moment,
    /// How many there are. Once all clusters have their places, the first place.
    pub(super) calls: u32,
}

/// A cas: one cluster follows another without anything between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A history of unique values as clusters.
#[derive(Debug)]
pub(super) struct Clusters {
    /// In falling order of their last begin.
    pub(super) list: Vec<Cluster>,
    /// The cluster of each call, with [`WRITES`] where it writes the value; [`NONE`] for a call that is left
    /// out.
    pub(super) of_call: Vec<u32>,
    /// Of each cas the value that it replaced, and the cluster of the one that it wrote.
    pub(super) cas: Vec<(ValueId, u32)>,
    /// The cluster of each value's number.
    of_value: Vec<u32>,
    /// How many cas were refused.
    pub(super) refused: usize,
    init: ValueId,
}

/// Why calls cannot be gathered.
pub(super) enum Ungathered {
    Abstain(&'static str),
    Limit(Limit),
}

impl From<Limit> for Ungathered {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

/// How many calls go by between two looks at the clock.
const CALLS_A_LOOK: usize = 1 << 16;

impl Clusters {
    /// Gathers from the last call to the first, which leaves the clusters in the order of the sweep: a cluster
    /// is met first at the call of it that began last.
    pub(super) fn gather(
        task: &Task<Register>,
        clock: Clock,
        meter: &Meter,
        account: &mut Account<'_>,
    ) -> Result<Self, Ungathered> {
        let calls = &task.calls;
        if calls.len() >= WRITES as usize {
            return Err(Ungathered::Abstain("it has more calls than can be numbered"));
        }
        account.charge(calls.len() * (size_of::<u32>() + size_of::<Cluster>()))?;
        let mut clusters = Self {
            list: Vec::with_capacity(calls.len()),
            of_call: vec![NONE; calls.len()],
            cas: Vec::new(),
            of_value: Vec::new(),
            refused: 0,
            init: task.init,
        };
        for (at, call) in calls.iter().enumerate().rev() {
            if at % CALLS_A_LOOK == 0 {
                meter.check_time()?;
            }
            let (begin, end) = (clock.begin(call), clock.end(call));
            clusters.of_call[at] = match call.op {
                RegisterOp::Write(value) => clusters.write(value, begin, end, account)?,
                RegisterOp::Cas(from, to) if from != to => {
                    let to = clusters.write(to, begin, end, account)?;
                    account.charge(size_of::<(ValueId, u32)>())?;
                    clusters.cas.push((from, to & !WRITES));
                    to
                }
                _ if end == NEVER => NONE,
                RegisterOp::Read(value) | RegisterOp::Cas(value, _) => {
                    clusters.add(value, begin, end, account)?
                }
                RegisterOp::Refused(..) => {
                    clusters.refused += 1;
                    NONE
                }
            };
        }
        Ok(clusters)
    }

    /// Adds a write, the only one of its value.
    fn write(
        &mut self,
        value: ValueId,
        begin: Moment,
        end: Moment,
        account: &mut Account<'_>,
    ) -> Result<u32, Ungathered> {
        let cluster = self.add(value, begin, end, account)?;
        let written = &mut self.list[cluster as usize].write_begin;
        if *written != NEVER {
            return Err(Ungathered::Abstain("a value is written twice, or again after it was there first"));
        }
        *written = begin;
        Ok(cluster | WRITES)
    }

    fn add(
        &mut self,
        value: ValueId,
        begin: Moment,
        end: Moment,
        account: &mut Account<'_>,
    ) -> Result<u32, Limit> {
        let at = self.cluster(value, begin, account)?;
        let cluster = &mut self.list[at as usize];
        cluster.first_end = cluster.first_end.min(end);
        cluster.calls += 1;
        Ok(at)
    }

    /// The cluster of a value; a new one where this is its last call.
    fn cluster(&mut self, value: ValueId, begin: Moment, account: &mut Account<'_>) -> Result<u32, Limit> {
        if self.of_value.len() <= value.number() as usize {
            let grown = (value.number() as usize + 1).max(self.of_value.len() + self.of_value.len() / 2);
            account.charge((grown - self.of_value.len()) * size_of::<u32>())?;
            self.of_value.resize(grown, NONE);
        }
        let at = &mut self.of_value[value.number() as usize];
        if *at == NONE {
            *at = self.list.len() as u32;
            // What the object holds at first was written before everything.
            let written = if value == self.init { 0 } else { NEVER };
            let first_end = written;
            self.list.push(Cluster { first_end, last_begin: begin, write_begin: written, calls: 0 });
        }
        Ok(*at)
    }

    /// The cas as links between clusters. A replaced value that no call wrote or read gets an empty cluster.
    pub(super) fn links(&mut self, account: &mut Account<'_>) -> Result<Vec<Link>, Limit> {
        account.charge(self.cas.len() * size_of::<Link>())?;
        let mut links = Vec::with_capacity(self.cas.len());
        for at in 0..self.cas.len() {
            let (from, to) = self.cas[at];
            links.push(Link { from: self.cluster(from, 0, account)?, to });
        }
        Ok(links)
    }
}

/// Clusters that have their places in a legal order.
impl Clusters {
    /// Puts a cluster at that place, its write first; returns the place after it.
    pub(super) fn put(&mut self, at: u32, place: u32) -> u32 {
        let cluster = &mut self.list[at as usize];
        let after = place + cluster.calls;
        let written = u32::from(!matches!(cluster.write_begin, 0 | NEVER));
        (cluster.calls, cluster.last_begin) = (place, place + written);
        after
    }

    /// Leaves out a cluster of which nothing shows that its write took effect.
    pub(super) fn leave_out(&mut self, at: u32) {
        self.list[at as usize].calls = NONE;
    }

    /// The calls in their places.
    pub(super) fn order(&mut self, count: usize, account: &mut Account<'_>) -> Result<Vec<usize>, Limit> {
        account.charge(count * size_of::<usize>())?;
        let mut order = vec![0; count];
        for (call, of) in self.of_call.iter().enumerate().filter(|(_, of)| **of != NONE) {
            let cluster = &mut self.list[(of & !WRITES) as usize];
            if cluster.calls == NONE {
                continue;
            }
            let place = if of & WRITES != 0 {
                cluster.calls
            } else {
                cluster.last_begin += 1;
                cluster.last_begin - 1
            };
            order[place as usize] = call;
        }
        Ok(order)
    }

    /// The places ahead of which the object holds a value, from the first to the last, once all calls have
    /// their places; `None` for a value that it never holds.
    pub(super) fn held(&self, value: ValueId) -> Option<(usize, usize)> {
        let Some(at) = self.of_value.get(value.number() as usize).filter(|at| **at != NONE) else {
            return (value == self.init).then_some((0, 0));
        };
        let cluster = &self.list[*at as usize];
        let first = cluster.calls as usize + usize::from(value != self.init);
        (cluster.calls != NONE).then_some((first, cluster.last_begin as usize))
    }
}
