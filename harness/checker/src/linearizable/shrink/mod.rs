//! From a history that is not linearizable to the few operations that show it.
//!
//! What may be left out, so that what stays proves the failure of the whole ("if the whole were
//! linearizable, so would be what is left"):
//! 1. Everything from some event on: what was invoked later goes, and what completes later is open. In a
//!    legal order of the whole nothing that was invoked later stands ahead of anything that completed by then.
//! 2. Observations: they change nothing.
//! 3. Whole groups of operations that share values, as the model's [`Tie`](super::Tie)s allow.
//! 4. Results: an operation whose completion is forgotten is read as a crashed one.
//!
//! All of these only ever make a history easier to order, so that what fails without some operation fails
//! with it as well. The search for what can go rests on that: see [`minimal`].
//!
//! Where values are few, all operations hang together, and little goes. [`illustrate`] then makes a second,
//! smaller history for a person, which fails as well but proves nothing of the whole.

mod core;
mod groups;
mod illustration;
mod minimal;
mod pieces;
mod trial;

use std::time::Duration;

use ordalia_history::Operation;

use super::{KeyExamination, Meter, Model};
use crate::Budget;

pub use self::core::{Core, Shrunk};

use groups::without_groups;
use illustration::illustrate;
use minimal::minimal;
use pieces::{Piece, Pieces};
use trial::Trial;

/// How long shrinking may take at most; what it has by then serves.
const PATIENCE: Duration = Duration::from_secs(5);

/// Proofs of so few operations need no illustration.
const READABLE: usize = 12;

/// Cuts the failure of a key down. `None` where the key did not fail.
pub(super) fn shrink<M: Model>(
    model: &M,
    operations: &[Operation],
    found: &KeyExamination,
    budget: &Budget,
) -> Option<Shrunk> {
    let stuck = found.stuck?;
    let whole = Pieces::of(model, operations, &found.key).ok()?;
    let meter = Meter::new(&Budget { time: budget.time.min(PATIENCE), ..*budget });
    let (pieces, until) = cut(model, whole, operations.get(stuck)?.complete_index, &meter);
    let trial = Trial::new(model, &pieces, &meter);
    let at = pieces.pieces.iter().position(|piece| piece.source == stuck);
    let at = at.unwrap_or(pieces.pieces.len().checked_sub(1)?);
    let kept = without_observations(&trial, without_groups(&trial, at), at);
    let core = |kept: &[usize], sound| Core {
        key: found.key.clone(),
        operations: kept.iter().map(|at| pieces.pieces[*at].source).collect(),
        open: pieces.forgotten(kept),
        until,
        sound,
    };
    let illustration = if kept.len() > READABLE { illustrate(&trial, &kept) } else { None };
    let illustration = illustration.filter(|few| few.len() * 2 <= kept.len());
    Some(Shrunk { proof: core(&kept, true), illustration: illustration.map(|few| core(&few, false)) })
}

/// What counts up to an event, if that fails already, and the last event that counts.
fn cut<M: Model>(model: &M, whole: Pieces<M>, end: Option<u64>, meter: &Meter) -> (Pieces<M>, Option<u64>) {
    let Some((end, pieces)) = end.and_then(|end| Some((end, whole.until(end)?))) else {
        return (whole, None);
    };
    let all: Vec<usize> = (0..pieces.pieces.len()).collect();
    match Trial::new(model, &pieces, meter).fails(&all) {
        Ok(true) => (pieces, Some(end)),
        _ => (whole, None),
    }
}

/// Leaves out the observations that the failure does not need, those far from it first.
fn without_observations<M: Model>(trial: &Trial<'_, M>, kept: Vec<usize>, stuck: usize) -> Vec<usize> {
    let (mut seen, mutators): (Vec<usize>, Vec<usize>) =
        kept.into_iter().partition(|at| trial.piece(*at).observation);
    seen.sort_by_key(|at| trial.distance(*at, stuck));
    let assemble = |few: &[usize]| {
        let mut kept: Vec<usize> = few.iter().map(|at| seen[*at]).chain(mutators.iter().copied()).collect();
        kept.sort_unstable();
        kept
    };
    let needed = minimal(seen.len(), |few| trial.fails(&assemble(few)));
    assemble(&needed)
}
