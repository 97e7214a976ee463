//! A counter that many add to.

use ordalia_node::{CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, Refusal, Stat, Value};

use super::Creation;
use super::unfit;
use crate::client::{CallId, Happening, Session};

/// What became of one addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterOutcome {
    /// It was added, once.
    Added {
        /// The value since.
        value: i64,
        /// What is known of the counter's node since.
        stat: Stat,
    },
    /// A step failed. A definite code says that nothing was added: the value is no whole number, or the sum
    /// has none of 64 bits, or the session ended.
    Failed(Refusal),
}

#[derive(Debug)]
enum Step {
    Reading(CallId),
    Creating(Creation),
    Setting(CallId, i64),
    Over,
}

/// One addition to a counter, which is a node whose value is a whole number; an absent one counts as 0 and
/// is created.
///
/// It reads value and version, and sets the sum if the version is still the same; otherwise it begins
/// again. Guarantees that no addition is lost and none is made twice: a set that another one came ahead of is
/// refused, and a retried set is carried out once by its number in the session. An old read costs a
/// try and nothing else. Of many who add at a time one gets on in each round, so they all end.
///
/// Leaves out: fairness, and many additions at a time, for which a tree is the wrong place.
#[derive(Debug)]
pub struct Counter {
    path: String,
    delta: i64,
    step: Step,
}

impl Counter {
    /// Begins to add to the counter of that path.
    pub fn add(path: impl Into<String>, delta: i64, session: &mut Session) -> Self {
        let mut counter = Self { path: path.into(), delta, step: Step::Over };
        counter.read(session);
        counter
    }

    /// Takes note of what befell. Gives an outcome once.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<CounterOutcome> {
        let outcome = match &mut self.step {
            Step::Reading(call) => {
                let result = happening.answer_to(Some(*call))?;
                self.on_read(result, session)
            }
            Step::Creating(creation) => match creation.on(happening, session)? {
                Ok((_, stat)) => Some(CounterOutcome::Added { value: self.delta, stat }),
                Err(refusal) => self.on_refusal(&refusal, session),
            },
            Step::Setting(call, value) => match happening.answer_to(Some(*call))? {
                Ok(CoordinationAnswer::SetDone { stat }) => {
                    Some(CounterOutcome::Added { value: *value, stat: *stat })
                }
                Ok(answer) => Some(CounterOutcome::Failed(unfit(answer))),
                Err(refusal) => self.on_refusal(refusal, session),
            },
            Step::Over => None,
        }?;
        self.step = Step::Over;
        Some(outcome)
    }

    fn on_read(
        &mut self,
        result: &Result<CoordinationAnswer, Refusal>,
        session: &mut Session,
    ) -> Option<CounterOutcome> {
        match result {
            Ok(CoordinationAnswer::Got { value, stat }) => self.set(value, stat.version, session),
            Ok(answer) => Some(CounterOutcome::Failed(unfit(answer))),
            Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => {
                let (path, value) = (self.path.as_str(), Value::from(self.delta));
                self.step = Step::Creating(Creation::new(path, value, CreateMode::Persistent, session));
                None
            }
            Err(refusal) => Some(CounterOutcome::Failed(refusal.clone())),
        }
    }

    fn set(&mut self, value: &Value, version: u64, session: &mut Session) -> Option<CounterOutcome> {
        let sum = value.as_i64().and_then(|value| value.checked_add(self.delta));
        let Some(sum) = sum else {
            let text = format!("{}: expected a whole number with room to count, found {value}", self.path);
            return Some(CounterOutcome::Failed(Refusal::new(ErrorCode::PreconditionFailed, text)));
        };
        let call = session.ask(CoordinationRequest::Set {
            path: self.path.clone(),
            value: Value::from(sum),
            version: Some(version),
            session: None,
            seq: None,
        });
        self.step = Step::Setting(call, sum);
        None
    }

    /// Whoever came ahead, be it with a set, a creation or a removal, is no failure.
    fn on_refusal(&mut self, refusal: &Refusal, session: &mut Session) -> Option<CounterOutcome> {
        match refusal.code {
            ErrorCode::PreconditionFailed | ErrorCode::KeyAlreadyExists | ErrorCode::KeyDoesNotExist => {
                self.read(session);
                None
            }
            _ => Some(CounterOutcome::Failed(refusal.clone())),
        }
    }

    fn read(&mut self, session: &mut Session) {
        let path = self.path.clone();
        self.step = Step::Reading(session.ask(CoordinationRequest::Get { path, watch: None, session: None }));
    }
}
