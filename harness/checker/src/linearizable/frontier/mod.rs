//! The frontier engine.

mod crashes;
mod events;
mod expand;
mod index;
mod layer;
mod log;
mod mask;
mod objects;
mod paid;
mod pending;
mod replay;
mod search;
mod steps;
#[cfg(test)]
mod tests;

use super::{Algorithm, Finding, Limit, Meter, Model, Task};
use mask::{Mask, Wide};
use search::{Search, Stop};

/// The search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frontier;

/// How many configurations are kept in one pass after the other, if those before cut too much.
const WIDTHS: [usize; 3] = [32, 1024, usize::MAX];

impl<M: Model> Algorithm<M> for Frontier {
    fn name(&self) -> &'static str {
        "frontier"
    }

    fn search(&self, model: &M, task: &Task<M>, meter: &Meter) -> Finding<M::State> {
        if task.calls.len() >= u32::MAX as usize / 2 {
            let limit = Limit::Unsuited("so many operations have no numbers in 32 bits");
            return Finding::Exhausted { limit, placed: 0, at: None };
        }
        let mut told = 0;
        let passes = [pass::<M, u64>, pass::<M, u128>, pass::<M, Wide<8>>, pass::<M, Wide<64>>];
        let mut narrow = 0;
        let mut width = 0;
        loop {
            let Some(pass) = passes.get(narrow) else {
                let limit = Limit::Unsuited("more than 4096 operations are under way at a time");
                return Finding::Exhausted { limit, placed: 0, at: None };
            };
            match pass(model, task, meter, WIDTHS[width], &mut told) {
                Ok(finding) => return finding,
                Err(Stop::TooNarrow) => narrow += 1,
                Err(_) => width = (width + 1).min(WIDTHS.len() - 1),
            }
        }
    }
}

/// One pass. Where the budget runs out, that is what is found.
fn pass<M: Model, K: Mask>(
    model: &M,
    task: &Task<M>,
    meter: &Meter,
    width: usize,
    told: &mut u64,
) -> Result<Finding<M::State>, Stop> {
    let exhausted = |limit, placed, at| Ok(Finding::Exhausted { limit, placed, at });
    let mut search = match Search::<M, K>::begin(model, task, meter, width) {
        Ok(search) => search,
        Err(limit) => return exhausted(limit, 0, None),
    };
    match search.run(told) {
        Err(Stop::Spent(limit)) => {
            let (placed, at) = search.reached();
            exhausted(limit, placed, Some(at))
        }
        other => other,
    }
}
