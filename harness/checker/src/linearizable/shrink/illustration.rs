//! A few operations that tell the story of a failure whose proof is long.
//!
//! Where the values are few, each was written many times, and no write can be left out with proof: it might
//! have been the one that was read. A person sees the point all the same when the history begins late, with
//! the last write ahead of the failure, and goes on with what is concurrent to it. The writers of every value
//! that is observed stay, so that the small history fails for the reason of the large one and not
//! because a value now comes from nowhere.

use std::collections::HashSet;

use super::super::{Finding, Model};
use super::Trial;

/// How many beginnings are tried, each twice as far back as the one before.
const BEGINNINGS: usize = 20;

/// Operations so many are not thinned out one by one.
const MANY: usize = 400;

/// Few of the pieces of a proof that fail on their own; `None` where none are found.
pub(super) fn illustrate<M: Model>(trial: &Trial<'_, M>, proof: &[usize]) -> Option<Vec<usize>> {
    let Finding::NotLinearizable(deadlock) = trial.search(&trial.pieces.task(proof)) else { return None };
    let order: Vec<usize> = deadlock.prefix.iter().filter_map(|call| proof.get(*call).copied()).collect();
    let begins = |at: &usize| {
        let op = &trial.piece(*at).call.op;
        trial.model.produces(op).is_some() && trial.model.step(&trial.pieces.init, op).is_some()
    };
    let beginnings: Vec<usize> = (0..order.len()).rev().filter(|at| begins(&order[*at])).collect();
    let scene = (0..BEGINNINGS).map_while(|power| beginnings.get((1 << power) - 1)).find_map(|begin| {
        let scene = from(trial, proof, &order, *begin)?;
        matches!(trial.fails(&scene), Ok(true)).then_some(scene)
    })?;
    Some(thinned(trial, scene))
}

/// All pieces but those ahead of a beginning, and of these the writers of what is observed later. `None`
/// where one of these cannot stand at the front.
fn from<M: Model>(
    trial: &Trial<'_, M>,
    proof: &[usize],
    order: &[usize],
    begin: usize,
) -> Option<Vec<usize>> {
    let ahead: HashSet<usize> = order[..begin].iter().copied().collect();
    let mut scene: Vec<usize> = proof.iter().copied().filter(|at| !ahead.contains(at)).collect();
    let mut missing = Vec::new();
    for at in &scene {
        let Some(seen) = trial.model.observes(&trial.piece(*at).call.op) else { continue };
        let writes = |at: &&usize| trial.model.produces(&trial.piece(**at).call.op).as_ref() == Some(&seen);
        if seen == trial.pieces.init || scene.iter().chain(&missing).any(|at| writes(&at)) {
            continue;
        }
        let Some(writer) = order[..begin].iter().rev().find(writes) else { continue };
        trial.model.step(&trial.pieces.init, &trial.piece(*writer).call.op)?;
        missing.push(*writer);
    }
    scene.extend(missing);
    scene.sort_unstable();
    Some(scene)
}

/// Leaves out one piece after the other as long as the rest fails.
fn thinned<M: Model>(trial: &Trial<'_, M>, mut scene: Vec<usize>) -> Vec<usize> {
    let mut changed = scene.len() <= MANY;
    while changed {
        changed = false;
        for at in (0..scene.len()).rev() {
            if !may_go(trial, &scene, scene[at]) {
                continue;
            }
            let rest: Vec<usize> = scene.iter().copied().filter(|other| *other != scene[at]).collect();
            match trial.fails(&rest) {
                Ok(true) => (scene, changed) = (rest, true),
                Ok(false) => {}
                Err(_) => return scene,
            }
        }
    }
    scene
}

/// An observation may go, and a writer whose value no other piece observes.
fn may_go<M: Model>(trial: &Trial<'_, M>, scene: &[usize], at: usize) -> bool {
    if trial.piece(at).observation {
        return true;
    }
    let Some(left) = trial.model.produces(&trial.piece(at).call.op) else { return false };
    let sees = |other: &usize| trial.model.observes(&trial.piece(*other).call.op).as_ref() == Some(&left);
    !scene.iter().filter(|other| **other != at).any(sees)
}
