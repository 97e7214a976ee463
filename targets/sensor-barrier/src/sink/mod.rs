//! The API that takes the means: outside the cluster, and not always well.
//!
//! It records the first post of an `id`, and answers further ones with 200 all the same, so that a post whose
//! answer was lost can be repeated without harm. An answer of 500 means that nothing was recorded.

use std::collections::BTreeSet;
use std::time::Duration;

use ordalia_node::{Act, ActKind, Outside, OutsideReply, Value};
use serde_json::json;

/// The longest id that is taken, in bytes.
const MAX_ID: usize = 64;

/// What ails it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Ok,
    Slow,
    Errors,
    Breaks,
    Mixed,
}

/// What becomes of one post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Well,
    /// The answer takes so many ms.
    Late(u64),
    Refused,
    BrokenBefore,
    BrokenAfter,
}

/// The API.
#[derive(Debug)]
pub struct Sink {
    mode: Mode,
    recorded: BTreeSet<String>,
}

impl Sink {
    /// One that fails as the target's option `api` says. An unknown value, which the command line refuses,
    /// makes one that never fails.
    pub fn new(mode: &str) -> Self {
        let mode = match mode {
            "slow" => Mode::Slow,
            "errors" => Mode::Errors,
            "breaks" => Mode::Breaks,
            "mixed" => Mode::Mixed,
            _ => Mode::Ok,
        };
        Self { mode, recorded: BTreeSet::new() }
    }

    /// One post in three ails.
    fn fate(&self, dice: &mut dyn FnMut() -> u64) -> Fate {
        let mode = match (self.mode, dice() % 3) {
            (Mode::Ok, _) | (_, 1..) => return Fate::Well,
            (Mode::Mixed, _) => match dice() % 3 {
                0 => Mode::Slow,
                1 => Mode::Errors,
                _ => Mode::Breaks,
            },
            (mode, _) => mode,
        };
        match mode {
            Mode::Slow => Fate::Late(100 + dice() % 900),
            Mode::Errors => Fate::Refused,
            _ if dice().is_multiple_of(2) => Fate::BrokenBefore,
            _ => Fate::BrokenAfter,
        }
    }
}

impl Outside for Sink {
    fn post(
        &mut self,
        _time_ns: u64,
        path: &str,
        body: &Value,
        dice: &mut dyn FnMut() -> u64,
    ) -> OutsideReply {
        let after = Duration::from_millis(1 + dice() % 4);
        let reply = |status, acts| OutsideReply { after, status, acts };
        if !is_means(path) {
            return reply(Some(404), Vec::new());
        }
        let Some((id, mut record)) = record(body) else { return reply(Some(400), Vec::new()) };
        let fate = self.fate(dice);
        match fate {
            Fate::Refused => return reply(Some(500), Vec::new()),
            Fate::BrokenBefore => return reply(None, Vec::new()),
            Fate::Well | Fate::Late(_) | Fate::BrokenAfter => {}
        }
        record["first"] = Value::from(self.recorded.insert(id));
        let acts = vec![Act::new(0, ActKind::Ok, "posted", record)];
        match fate {
            Fate::Late(ms) => OutsideReply { after: Duration::from_millis(ms), status: Some(200), acts },
            Fate::BrokenAfter => reply(None, acts),
            _ => reply(Some(200), acts),
        }
    }
}

/// Whether posts are taken there: `/means`, and whatever is below it.
fn is_means(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.strip_prefix("/means").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The id and what is recorded; `None` if the body is not well formed.
fn record(body: &Value) -> Option<(String, Value)> {
    let id = body.get("id")?.as_str().filter(|id| !id.is_empty() && id.len() <= MAX_ID)?;
    let (round, epoch) = (body.get("round")?.as_u64()?, body.get("epoch")?.as_u64()?);
    let mean = body.get("mean")?.as_f64().filter(|mean| mean.is_finite())?;
    let sensor = body.get("sensor")?.as_str().filter(|name| crate::paths::is_sensor(name))?;
    let record = json!({"round": round, "mean": mean, "epoch": epoch, "sensor": sensor, "id": id});
    Some((id.to_owned(), record))
}

#[cfg(test)]
mod tests;
