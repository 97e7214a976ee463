//! The algorithms one after the other, the cheapest first.

use std::time::Duration;

use super::{Algorithm, Call, Deadlock, Decision, Finding, Frontier, Limit, Meter, Model, Task, Wgl};

/// The portfolio: the model's specialists, then the frontier, and where that ends for want of memory the
/// depth-first search, which may be lucky.
#[derive(Clone, Copy, Debug, Default)]
pub struct Auto;

impl<M: Model> Algorithm<M> for Auto {
    fn name(&self) -> &'static str {
        "auto"
    }

    fn search(&self, model: &M, task: &Task<M>, meter: &Meter) -> Finding<M::State> {
        self.decide(model, task, meter).0
    }

    fn decide(&self, model: &M, task: &Task<M>, meter: &Meter) -> (Finding<M::State>, &'static str) {
        for specialist in model.specialists() {
            let finding = match specialist.decide(model, task, meter) {
                Ok(Decision::Abstain(_)) => continue,
                Ok(Decision::Legal { order }) => Finding::Linearizable { order },
                Ok(Decision::Illegal { core }) => deadlock_of(model, task, &core, meter),
                // Others may get by with less memory; time is up for all.
                Err(_) => continue,
            };
            return (finding, specialist.name());
        }
        search(model, task, meter)
    }
}

/// The searches that decide every history.
fn search<M: Model>(model: &M, task: &Task<M>, meter: &Meter) -> (Finding<M::State>, &'static str) {
    let found = Algorithm::<M>::decide(&Frontier, model, task, meter);
    let Finding::Exhausted { limit, placed, at } = found.0 else { return found };
    if matches!(limit, Limit::Time(_) | Limit::Interrupted) {
        return found;
    }
    match Algorithm::<M>::decide(&Wgl, model, task, meter) {
        (Finding::Exhausted { limit, placed: deepest, .. }, _) => {
            (Finding::Exhausted { limit, placed: placed.max(deepest), at }, found.1)
        }
        decided => decided,
    }
}

/// How long the whole history is searched for the place at which a known failure shows.
const PLACING: Duration = Duration::from_secs(2);

/// The failure of a core in the terms of a search: what can be placed, and what cannot any more. In the whole
/// history where a search finds the place soon, otherwise in the core alone.
pub(super) fn deadlock_of<M: Model>(
    model: &M,
    task: &Task<M>,
    core: &[usize],
    meter: &Meter,
) -> Finding<M::State> {
    let memory = meter.budget().memory_bytes / 4;
    let mut account = meter.account();
    if account.charge(memory as usize).is_ok() {
        let end = core.iter().filter_map(|call| task.calls[*call].complete).max().unwrap_or(u64::MAX);
        let until = until(task, end);
        let finding = Frontier.search(model, &until, &meter.slice(PLACING, memory));
        if matches!(finding, Finding::NotLinearizable(_)) {
            return finding;
        }
    }
    drop(account);
    let calls = core.iter().map(|call| task.calls[*call].clone()).collect();
    let alone = Task { init: task.init.clone(), calls };
    let whole = |calls: Vec<usize>| calls.into_iter().map(|call| core[call]).collect();
    match search(model, &alone, meter).0 {
        Finding::NotLinearizable(found) => Finding::NotLinearizable(Deadlock {
            prefix: whole(found.prefix),
            stuck: core[found.stuck],
            states: found.states,
        }),
        Finding::Linearizable { order } => Finding::Linearizable { order: whole(order) },
        exhausted @ Finding::Exhausted { .. } => exhausted,
    }
}

/// The calls invoked by an event, open where they complete later. Positions stay, for calls are in order of
/// invocation.
fn until<M: Model>(task: &Task<M>, end: u64) -> Task<M> {
    let invoked = task.calls.partition_point(|call| call.invoke <= end);
    let cut = |call: &Call<M::Op>| Call {
        complete: call.complete.filter(|complete| *complete <= end),
        ..call.clone()
    };
    Task { init: task.init.clone(), calls: task.calls[..invoked].iter().map(cut).collect() }
}
