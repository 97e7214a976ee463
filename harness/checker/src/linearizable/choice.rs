//! Algorithms by their names on the command line.

use thiserror::Error;

use super::{Algorithm, Auto, Decision, Finding, Frontier, Limit, Meter, Model, Specialist, Task, Wgl};

/// The names of the algorithms that every model has, with a line on each.
pub const ALGORITHMS: [(&str, &str); 3] = [
    (
        "auto",
        "what decides soonest: a polynomial algorithm where one applies, a short probe, then the frontier",
    ),
    ("frontier", "all configurations that can be reached, from event to event"),
    ("wgl", "the depth-first search of Wing and Gong with Lowe's cache, as an independent second opinion"),
];

/// A model has no algorithm of that name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no algorithm {name:?} for the model {model}; it has {known}")]
pub struct UnknownAlgorithm {
    /// The name.
    pub name: String,
    /// The model.
    pub model: &'static str,
    /// Those that it has.
    pub known: String,
}

/// The algorithm of that name.
///
/// # Errors
/// The model has none of that name.
pub fn algorithm<M: Model + 'static>(
    model: &M,
    name: &str,
) -> Result<Box<dyn Algorithm<M>>, UnknownAlgorithm> {
    match name {
        "auto" => return Ok(Box::new(Auto)),
        "frontier" => return Ok(Box::new(Frontier)),
        "wgl" => return Ok(Box::new(Wgl)),
        _ => {}
    }
    let mut known: Vec<&str> = ALGORITHMS.iter().map(|(name, _)| *name).collect();
    for specialist in model.specialists() {
        if specialist.name() == name {
            return Ok(Box::new(Alone(specialist)));
        }
        known.push(specialist.name());
    }
    Err(UnknownAlgorithm { name: name.to_owned(), model: model.name(), known: known.join(", ") })
}

/// A specialist by itself: where it abstains, nothing is decided.
struct Alone<M: Model>(Box<dyn Specialist<M>>);

impl<M: Model> Algorithm<M> for Alone<M> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn search(&self, model: &M, task: &Task<M>, meter: &Meter) -> Finding<M::State> {
        match self.0.decide(model, task, meter) {
            Ok(Decision::Legal { order }) => Finding::Linearizable { order },
            Ok(Decision::Illegal { core }) => {
                super::portfolio::deadlock_of(model, self.0.as_ref(), task, &core, meter)
            }
            Ok(Decision::Abstain(why)) => {
                Finding::Exhausted { limit: Limit::Unsuited(why), placed: 0, at: None }
            }
            Err(limit) => Finding::Exhausted { limit, placed: 0, at: None },
        }
    }
}
