//! What the calls say of each level.

use std::collections::BTreeMap;

use crate::linearizable::{Call, Task, ValueId};
use crate::models::{VersionedOp, VersionedRegister};

use super::Stop;

/// A call and its span. Times are indices of events moved up by one; 0 is ahead of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) call: usize,
    pub(super) from: u64,
    /// [`NEVER`] for one that crashed.
    pub(super) by: u64,
}

/// Later than all events.
pub(super) const NEVER: u64 = u64::MAX;

impl Span {
    fn of(at: usize, call: &Call<VersionedOp>) -> Self {
        let time = |event: u64| event.saturating_add(1).min(NEVER - 1);
        Self { call: at, from: time(call.invoke), by: call.complete.map_or(NEVER, time) }
    }
}

/// One level.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    /// The write or cas that completed and made it.
    pub(super) writer: Option<Span>,
    /// What the register holds, and a call that shows it.
    pub(super) value: Option<(ValueId, usize)>,
    pub(super) reads: Vec<Span>,
    /// The cas that were refused at this level, and so overlap another.
    pub(super) refused: Vec<Span>,
    /// Crashed ones that can make this level and no other, with their values.
    pub(super) bound: Vec<(ValueId, Span)>,
}

/// All levels from what was there at first to the highest that must be reached.
#[derive(Debug)]
pub(super) struct Levels {
    pub(super) all: Vec<Level>,
    /// The crashed writes that can make any level, in order of invocation.
    pub(super) free: Vec<(ValueId, Span)>,
    /// The cas that were refused at versions which the register never had.
    pub(super) refused_elsewhere: Vec<Span>,
    /// What crashed bound to a level above the highest, and what was refused there, by level.
    pub(super) above: BTreeMap<usize, Vec<Above>>,
}

/// What speaks of a level above the highest that completed calls name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Above {
    Bound(ValueId, Span),
    Refused(Span),
}

/// What a call names: a level counted from version 0 as 1, nothing being 0.
fn named(op: &VersionedOp) -> Result<Option<u64>, ()> {
    match *op {
        VersionedOp::Read(None) => Ok(Some(0)),
        VersionedOp::Read(Some((_, version))) | VersionedOp::Refused(version) => {
            version.checked_add(1).map(Some).ok_or(())
        }
        VersionedOp::Write(_, Some(version)) => version.checked_add(1).map(Some).ok_or(()),
        VersionedOp::Write(_, None) => Ok(None),
        VersionedOp::Cas(at, _, told) => match at.checked_add(1) {
            Some(next) if told.is_none_or(|told| told == next) => next.checked_add(1).map(Some).ok_or(()),
            _ => Err(()),
        },
    }
}

impl Levels {
    /// Gathers them.
    ///
    /// # Errors
    /// Two calls contradict each other, or a write told no version.
    pub(super) fn of(task: &Task<VersionedRegister>) -> Result<Self, Stop> {
        let base = task.init.map_or(0, |(_, version)| version.saturating_add(1));
        if base == u64::MAX {
            return Err(Stop::Abstain("there are more versions than can be numbered"));
        }
        let untold = |call: &Call<VersionedOp>| {
            matches!(call.op, VersionedOp::Write(_, None)) && call.complete.is_some()
        };
        if task.calls.iter().any(untold) {
            return Err(Stop::Abstain("a write told no version"));
        }
        let mut levels = Self::empty(task, base)?;
        for (at, call) in task.calls.iter().enumerate() {
            levels.add(at, call, base)?;
        }
        Ok(levels)
    }

    /// As many levels as completed calls name.
    fn empty(task: &Task<VersionedRegister>, base: u64) -> Result<Self, Stop> {
        let mut highest = (base, None);
        let mut writes = 0;
        for (at, call) in task.calls.iter().enumerate() {
            let writer = matches!(call.op, VersionedOp::Write(..) | VersionedOp::Cas(..));
            writes += usize::from(writer);
            if call.complete.is_none() || matches!(call.op, VersionedOp::Refused(_)) {
                continue;
            }
            match named(&call.op) {
                Ok(Some(level)) if level > highest.0 => highest = (level, Some(at)),
                Ok(_) => {}
                // No such version can be.
                Err(()) => return Err(Stop::Illegal(vec![at])),
            }
        }
        let count = usize::try_from(highest.0 - base).unwrap_or(usize::MAX);
        if count > writes {
            return Err(Stop::Illegal(highest.1.into_iter().collect()));
        }
        let mut all = vec![Level::default(); count + 1];
        all[0].value = task.init.map(|(value, _)| (value, usize::MAX));
        Ok(Self { all, free: Vec::new(), refused_elsewhere: Vec::new(), above: BTreeMap::new() })
    }

    fn add(&mut self, at: usize, call: &Call<VersionedOp>, base: u64) -> Result<(), Stop> {
        let span = Span::of(at, call);
        let completed = call.complete.is_some();
        let level = match named(&call.op) {
            Ok(Some(level)) => {
                level.checked_sub(base).map(|level| usize::try_from(level).unwrap_or(usize::MAX))
            }
            Ok(None) => {
                if let VersionedOp::Write(value, _) = call.op {
                    self.free.push((value, span));
                }
                return Ok(());
            }
            Err(()) => None,
        };
        match (call.op, level, completed) {
            (VersionedOp::Refused(_), Some(level), true) => match self.all.get_mut(level) {
                Some(one) => one.refused.push(span),
                None => self.above.entry(level).or_default().push(Above::Refused(span)),
            },
            (VersionedOp::Refused(_), None, true) => self.refused_elsewhere.push(span),
            (VersionedOp::Refused(_) | VersionedOp::Read(_), _, false) => {}
            (VersionedOp::Read(found), Some(level), true) => {
                self.read(level, found.map(|(value, _)| value), span)?
            }
            (VersionedOp::Write(value, _) | VersionedOp::Cas(_, value, _), Some(level), _) => {
                if level > 0 {
                    self.write(level, value, span, completed)?;
                } else if completed {
                    return Err(Stop::Illegal(vec![at]));
                }
            }
            (_, None, true) => return Err(Stop::Illegal(vec![at])),
            (_, None, false) => {}
        }
        Ok(())
    }

    fn read(&mut self, level: usize, found: Option<ValueId>, span: Span) -> Result<(), Stop> {
        // Completed calls name no level beyond the highest.
        let Some(one) = self.all.get_mut(level) else { return Ok(()) };
        one.reads.push(span);
        match found {
            Some(value) => one.holds(value, span.call),
            None => Ok(()),
        }
    }

    fn write(&mut self, level: usize, value: ValueId, span: Span, completed: bool) -> Result<(), Stop> {
        let Some(one) = self.all.get_mut(level) else {
            self.above.entry(level).or_default().push(Above::Bound(value, span));
            return Ok(());
        };
        if !completed {
            one.bound.push((value, span));
            return Ok(());
        }
        if let Some(other) = one.writer.replace(span) {
            return Err(Stop::Illegal(vec![other.call, span.call]));
        }
        one.holds(value, span.call)
    }

    /// Adds the level after the highest, with what speaks of it.
    pub(super) fn grow(&mut self) {
        let level = self.all.len();
        let mut one = Level::default();
        for above in self.above.remove(&level).unwrap_or_default() {
            match above {
                Above::Bound(value, span) => one.bound.push((value, span)),
                Above::Refused(span) => one.refused.push(span),
            }
        }
        self.all.push(one);
    }

    /// Those refused above the highest level, which is never exceeded.
    pub(super) fn settle(&mut self) {
        for above in std::mem::take(&mut self.above).into_values().flatten() {
            if let Above::Refused(span) = above {
                self.refused_elsewhere.push(span);
            }
        }
    }
}

impl Level {
    fn holds(&mut self, value: ValueId, call: usize) -> Result<(), Stop> {
        match self.value {
            Some((held, shown_by)) if held != value => {
                let shown_by = Some(shown_by).filter(|call| *call != usize::MAX);
                Err(Stop::Illegal(shown_by.into_iter().chain([call]).collect()))
            }
            _ => {
                self.value.get_or_insert((value, call));
                Ok(())
            }
        }
    }
}
