//! The algorithms one after the other, the cheapest first.

use std::time::Duration;

use super::{
    Algorithm, Call, Deadlock, Decision, Finding, Frontier, Limit, Meter, Model, Specialist, Task, Wgl,
};

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
                Ok(Decision::Illegal { core }) => deadlock_of(model, specialist.as_ref(), task, &core, meter),
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
/// history where a search finds the place soon or the specialist can tell it, otherwise in the core alone.
pub(super) fn deadlock_of<M: Model>(
    model: &M,
    specialist: &dyn Specialist<M>,
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
    if let Some(found) = first_failing_cut(model, specialist, task, meter) {
        return Finding::NotLinearizable(found);
    }
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

/// The first completion up to which the history fails, found by halves, and the legal order up to then. `None` where
/// the specialist does not decide what is cut off.
fn first_failing_cut<M: Model>(
    model: &M,
    specialist: &dyn Specialist<M>,
    task: &Task<M>,
    meter: &Meter,
) -> Option<Deadlock<M::State>> {
    let silent = meter.slice(Duration::MAX, meter.budget().memory_bytes / 4);
    let decide = |end: u64| specialist.decide(model, &until(task, end), &silent);
    let mut ends: Vec<(u64, usize)> =
        task.calls.iter().enumerate().filter_map(|(at, call)| Some((call.complete?, at))).collect();
    ends.sort_unstable();
    // Fewer than `low` completions can be ordered, and `high` cannot.
    let (mut low, mut high) = (0, ends.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match decide(ends[middle].0) {
            Ok(Decision::Illegal { .. }) => high = middle,
            Ok(Decision::Legal { .. }) => low = middle + 1,
            Ok(Decision::Abstain(_)) | Err(_) => return None,
        }
    }
    let (end, stuck) = *ends.get(low)?;
    let prefix = match end.checked_sub(1).map(decide) {
        Some(Ok(Decision::Legal { order })) => order,
        None => Vec::new(),
        Some(_) => return None,
    };
    let state =
        prefix.iter().try_fold(task.init.clone(), |state, at| model.step(&state, &task.calls[*at].op))?;
    Some(Deadlock { prefix, stuck, states: vec![state] })
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
