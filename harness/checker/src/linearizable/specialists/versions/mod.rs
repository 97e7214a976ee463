//! Versioned registers: versions name the order of all writes, so what is left is when each version began.
//!
//! A level is a version's distance from what the register held at first. Level v begins at a moment t(v), and
//! t(1) < t(2) < …. What completed bounds these moments: a write or cas that made level v holds t(v) within its span; a
//! read of level v began ahead of t(v + 1) or overlaps it, and ended after t(v). A cas refused at level v overlaps
//! another level: it began ahead of t(v), or ended after t(v + 1).
//!
//! - The moments at which level v can begin, as far as the levels up to v tell, are a single span. From one that allows
//!   level v, level v + 1 can follow at once; later only until the first refusal ends that began after the span. So
//!   the last moment of each level follows from that of the level below, one pass upwards; and since nobody minds
//!   levels that begin late, a pass downwards gives the last moment that the levels above allow as well.
//! - A level that nobody completed was made by a crashed write, which may take effect at any moment after its
//!   invocation. So it fits where it began ahead of that last moment, whatever fills the other levels, and
//!   filling them is a matching: a crashed cas fits one level only and goes there. A level of which the value was
//!   read takes of the crashed writes of this value that fit the one that began last, lower levels first, which leaves
//!   those to others that fit the most; and the other levels take what is left by deadline.
//! - Where calls are refused at the highest level that began after its last moment, another level must follow.
//!
//! All of this is exact, so each history is decided but those in which a write completed and told no version.

mod bounds;
mod fill;
mod levels;

use crate::linearizable::{Decision, Limit, Meter, Specialist, Task};
use crate::models::{VersionedOp, VersionedRegister};

use bounds::Bounds;
use levels::Levels;

/// The algorithm `versions`.
#[derive(Clone, Copy, Debug, Default)]
pub struct VersionRules;

/// Bytes that the decision takes for each call, by generous estimate.
const BYTES_PER_CALL: usize = 256;

/// Why there is no legal order.
pub(super) enum Stop {
    Abstain(&'static str),
    /// These observations, beside all writes, cannot be ordered.
    Illegal(Vec<usize>),
}

impl Specialist<VersionedRegister> for VersionRules {
    fn name(&self) -> &'static str {
        "versions"
    }

    fn decide(
        &self,
        _: &VersionedRegister,
        task: &Task<VersionedRegister>,
        meter: &Meter,
    ) -> Result<Decision, Limit> {
        meter.check_time()?;
        let mut account = meter.account();
        account.charge(task.calls.len().saturating_mul(BYTES_PER_CALL))?;
        let decision = match arrange(task) {
            Ok(order) => Decision::Legal { order },
            Err(Stop::Illegal(observations)) => Decision::Illegal { core: core(task, &observations) },
            Err(Stop::Abstain(why)) => return Ok(Decision::Abstain(why)),
        };
        meter.advance(task.completed() as u64);
        Ok(decision)
    }
}

fn arrange(task: &Task<VersionedRegister>) -> Result<Vec<usize>, Stop> {
    let mut levels = Levels::of(task)?;
    let bounds = Bounds::of(&mut levels)?;
    let writers = fill::fill(&levels, &bounds)?;
    Ok(order(&levels, &bounds, &writers))
}

/// All calls in order: each level begins at its last moment, with what it shows after it.
fn order(levels: &Levels, bounds: &Bounds, writers: &[usize]) -> Vec<usize> {
    let mut seen: Vec<Vec<(u64, usize)>> = vec![Vec::new(); levels.all.len()];
    for (level, one) in levels.all.iter().enumerate() {
        seen[level].extend(one.reads.iter().map(|read| (read.from, read.call)));
        for refusal in &one.refused {
            let at = bounds.level_at(refusal.from);
            // It began while this level stood, so the next one began before it ended.
            let at = if at == level { (at + 1).min(levels.all.len() - 1) } else { at };
            seen[at].push((refusal.from, refusal.call));
        }
    }
    for refusal in &levels.refused_elsewhere {
        seen[bounds.level_at(refusal.from)].push((refusal.from, refusal.call));
    }
    let mut order = Vec::new();
    for (level, mut seen) in seen.into_iter().enumerate() {
        order.extend(level.checked_sub(1).and_then(|made| writers.get(made)));
        seen.sort_unstable();
        order.extend(seen.into_iter().map(|(_, call)| call));
    }
    order
}

/// These observations and all else, for a write that is left out makes other versions of those after it.
fn core(task: &Task<VersionedRegister>, observations: &[usize]) -> Vec<usize> {
    let writes = task.calls.iter().enumerate().filter_map(|(at, call)| {
        matches!(call.op, VersionedOp::Write(..) | VersionedOp::Cas(..)).then_some(at)
    });
    let mut core: Vec<usize> = writes.chain(observations.iter().copied()).collect();
    core.sort_unstable();
    core.dedup();
    core
}
