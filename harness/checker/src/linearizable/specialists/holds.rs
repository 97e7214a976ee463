//! Fenced locks: tokens rise with every acquisition, so the order of all holds is known.
//!
//! A hold is an acquire and the release by the same process that follows it. Holds must stand in the order of
//! their tokens, each released before the next: a chain, which is legal exactly if no call of it ended before
//! one ahead of it began. A crashed release counts where another hold follows, and as one that never ended. A
//! crashed acquire is left out: it would keep the lock for ever, and nothing but an observation can come after.

use super::super::{Account, Call, Decision, Limit, Meter, Specialist, Task, Tie, ValueId};
use crate::linearizable::Model;
use crate::models::{Fence, FencedLock, FencedLockOp, ValueToken};

/// The decision by holds in order of their tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holds;

/// No call.
const NONE: u32 = u32::MAX;

/// One time for which a process had the lock.
#[derive(Clone, Copy, Debug)]
struct Hold {
    token: u64,
    acquire: u32,
    /// [`NONE`] while it lasts.
    release: u32,
}

/// What a process did last.
#[derive(Clone, Copy, Debug)]
struct Process {
    /// When it is free for the next call; `None` once a call of it crashed.
    ended: Option<u64>,
    /// Its latest hold.
    hold: u32,
}

/// Why holds cannot be gathered, or not be put in order.
enum Stop {
    Abstain(&'static str),
    Limit(Limit),
    /// These calls fail, with all that name their tokens.
    Illegal(Vec<u32>),
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl Specialist<FencedLock> for Holds {
    fn name(&self) -> &'static str {
        "holds"
    }

    fn decide(&self, model: &FencedLock, task: &Task<FencedLock>, meter: &Meter) -> Result<Decision, Limit> {
        let mut account = meter.account();
        match arrange(task, meter, &mut account) {
            Ok(order) => {
                meter.advance(task.completed() as u64);
                Ok(Decision::Legal { order })
            }
            Err(Stop::Illegal(calls)) => {
                Ok(Decision::Illegal { core: core(model, &task.calls, &calls, &mut account)? })
            }
            Err(Stop::Abstain(why)) => Ok(Decision::Abstain(why)),
            Err(Stop::Limit(limit)) => Err(limit),
        }
    }
}

fn arrange(task: &Task<FencedLock>, meter: &Meter, account: &mut Account<'_>) -> Result<Vec<usize>, Stop> {
    let calls = &task.calls;
    if task.init != Fence::default() {
        return Err(Stop::Abstain("the lock was used before"));
    }
    if calls.len() >= NONE as usize {
        return Err(Stop::Abstain("it has more calls than can be numbered"));
    }
    account.charge(calls.len() * (size_of::<Hold>() + size_of::<usize>()))?;
    let mut gathered = Gathered::default();
    for (at, call) in (0u32..).zip(calls) {
        if at % CALLS_A_LOOK == 0 {
            meter.check_time()?;
        }
        gathered.add(at, call, calls, account)?;
    }
    if let Some(calls) = gathered.failure {
        return Err(Stop::Illegal(calls));
    }
    let mut holds = gathered.holds;
    if !holds.is_sorted_by_key(|hold| hold.token) {
        holds.sort_by_key(|hold| hold.token);
    }
    let order = chain(calls, &holds)?;
    if gathered.observations {
        return Err(Stop::Abstain("it holds refusals"));
    }
    Ok(order)
}

/// How many calls go by between two looks at the clock.
const CALLS_A_LOOK: u32 = 1 << 16;

#[derive(Default)]
struct Gathered {
    holds: Vec<Hold>,
    /// By the number of the process.
    processes: Vec<Process>,
    observations: bool,
    /// The first release that nothing allows. It counts once no process is seen to do two things at once.
    failure: Option<Vec<u32>>,
}

impl Gathered {
    fn add(
        &mut self,
        at: u32,
        call: &Call<FencedLockOp>,
        calls: &[Call<FencedLockOp>],
        account: &mut Account<'_>,
    ) -> Result<(), Stop> {
        match (call.op, call.complete) {
            (FencedLockOp::Acquire(process, token), Some(_)) => {
                self.process(process, call, account)?.hold = self.holds.len() as u32;
                self.holds.push(Hold { token: token.number, acquire: at, release: NONE });
            }
            (FencedLockOp::Release(process, token), _) => {
                let hold = self.process(process, call, account)?.hold;
                self.release(at, hold, token, calls);
            }
            (FencedLockOp::Held | FencedLockOp::NotHeld(_), Some(_)) => self.observations = true,
            (FencedLockOp::Held | FencedLockOp::NotHeld(_) | FencedLockOp::Grab, None) => {}
            (FencedLockOp::Acquire(..), None) | (FencedLockOp::Grab, Some(_)) => {
                return Err(Stop::Abstain(
                    "an acquire that crashed has a token, or one that did not has none",
                ));
            }
        }
        Ok(())
    }

    /// Ends a hold. Only that of the process can be meant, for a process does one thing at a time.
    fn release(&mut self, at: u32, hold: u32, token: Option<ValueToken>, calls: &[Call<FencedLockOp>]) {
        let named = |hold: &Hold| token.is_none_or(|token| token.number == hold.token);
        let involved = match self.holds.get_mut(hold as usize) {
            Some(hold) if hold.release == NONE && named(hold) => {
                hold.release = at;
                return;
            }
            Some(hold) => vec![at, hold.acquire, hold.release],
            None => vec![at],
        };
        // One that crashed did not happen then.
        if calls[at as usize].complete.is_some() && self.failure.is_none() {
            self.failure = Some(involved.into_iter().filter(|call| *call != NONE).collect());
        }
    }

    /// The process of a call, which must have nothing else to do.
    fn process(
        &mut self,
        process: ValueId,
        call: &Call<FencedLockOp>,
        account: &mut Account<'_>,
    ) -> Result<&mut Process, Stop> {
        let number = process.number() as usize;
        if self.processes.len() <= number {
            let more = number + 1 - self.processes.len();
            account.charge(more * size_of::<Process>())?;
            self.processes.resize(number + 1, Process { ended: Some(0), hold: NONE });
        }
        let process = &mut self.processes[number];
        if process.ended.is_none_or(|ended| ended > call.invoke) {
            return Err(Stop::Abstain("a process does two things at once"));
        }
        process.ended = call.complete;
        Ok(process)
    }
}

/// All holds one after the other, with their releases.
fn chain(calls: &[Call<FencedLockOp>], holds: &[Hold]) -> Result<Vec<usize>, Stop> {
    let mut order = Vec::with_capacity(2 * holds.len());
    // When the last of the calls in order began, and which it is.
    let mut begun = (0, NONE);
    let mut add = |at: u32| {
        let call = &calls[at as usize];
        if call.complete.is_some_and(|end| end < begun.0) {
            return Err(Stop::Illegal(vec![begun.1, at]));
        }
        if call.invoke >= begun.0 {
            begun = (call.invoke, at);
        }
        order.push(at as usize);
        Ok(())
    };
    for (at, hold) in holds.iter().enumerate() {
        add(hold.acquire)?;
        let next = holds.get(at + 1);
        match next {
            Some(next) if next.token == hold.token || hold.release == NONE => {
                return Err(Stop::Illegal(vec![hold.acquire, next.acquire]));
            }
            _ if hold.release == NONE => {}
            // Nothing follows, so it need not have happened.
            None if calls[hold.release as usize].complete.is_none() => {}
            _ => add(hold.release)?,
        }
    }
    Ok(order)
}

/// The calls that name the tokens of those that fail. A release without a token leaves nothing out.
fn core(
    model: &FencedLock,
    calls: &[Call<FencedLockOp>],
    failing: &[u32],
    account: &mut Account<'_>,
) -> Result<Vec<usize>, Limit> {
    let token = |call: &u32| match model.tie(&calls[*call as usize].op) {
        Tie::Values(tokens) => tokens.first().copied(),
        Tie::Fixed | Tie::Global | Tie::Stays => None,
    };
    let tokens: Vec<ValueId> = failing.iter().filter_map(token).collect();
    let whole = calls.iter().any(|call| model.tie(&call.op) == Tie::Fixed);
    let mut core = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let named = match call.op {
            FencedLockOp::Acquire(_, token) | FencedLockOp::Release(_, Some(token)) => {
                tokens.contains(&token.value)
            }
            _ => false,
        };
        if named || whole && !model.is_observation(&call.op) {
            account.charge(size_of::<usize>())?;
            core.push(at);
        }
    }
    Ok(core)
}
