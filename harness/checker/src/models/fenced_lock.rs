//! A lock with owner and fencing tokens: `acquire` completes with a token, a number that rises with every
//! acquisition (Kleppmann, *How to do distributed locking*, 2016); `release` is invoked with the token, or with
//! null, by the process that holds the lock.
//!
//! An acquire that crashed may hold the lock for ever: its process is retired, and nobody else can release it. An
//! acquire that failed with `held` or `already-held` shows that somebody held the lock, a release that failed
//! with `not-held` that its process did not. Other failures only did not happen.

use ordalia_history::{Operation, Outcome, Value};

use super::mutex::found_held;
use super::words::Unread;
use crate::linearizable::{Holds, Model, Part, Specialist, Tie, Unfit, ValueId, Values};

/// The model `fenced-lock`. The lock is free at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct FencedLock;

/// A fenced lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fence {
    /// The token given last.
    pub last: Option<ValueToken>,
    /// Who has it.
    pub holder: Holder,
}

/// Who has a fenced lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Holder {
    /// Nobody.
    #[default]
    Nobody,
    /// That process, under the token given last.
    Process(ValueId),
    /// A process whose acquire crashed, for ever.
    Crashed,
}

/// A token, and its number among the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueToken {
    /// The token itself.
    pub number: u64,
    /// The value that it is.
    pub value: ValueId,
}

/// What was done with a fenced lock. Processes are numbered as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FencedLockOp {
    /// The process got the free lock, with that token.
    Acquire(ValueId, ValueToken),
    /// An acquire that crashed got the free lock.
    Grab,
    /// The process gave back the lock that it held, under that token where it named one.
    Release(ValueId, Option<ValueToken>),
    /// Somebody held the lock.
    Held,
    /// The process did not hold the lock.
    NotHeld(ValueId),
}

impl FencedLock {
    fn acquire(self, operation: &Operation, values: &mut Values) -> Result<Part<FencedLockOp>, Unfit> {
        match operation.outcome {
            Outcome::Ok => {
                let found = token(&operation.output, values);
                let unread = Unread { model: self.name(), operation };
                let token = found.ok_or_else(|| unread.output("a token, an integer from 0 to 2⁶⁴ − 1"))?;
                Ok(Part::Must(FencedLockOp::Acquire(process(operation, values), token)))
            }
            Outcome::Info => Ok(Part::May(FencedLockOp::Grab)),
            Outcome::Fail if found_held(operation) => Ok(Part::Must(FencedLockOp::Held)),
            Outcome::Fail => Ok(Part::Out),
        }
    }

    fn release(self, operation: &Operation, values: &mut Values) -> Result<Part<FencedLockOp>, Unfit> {
        let process = process(operation, values);
        let not_held = operation.error.as_ref().is_some_and(|error| error.kind == "not-held");
        if operation.outcome == Outcome::Fail {
            return Ok(if not_held { Part::Must(FencedLockOp::NotHeld(process)) } else { Part::Out });
        }
        let named = match &operation.input {
            Value::Null => None,
            given => {
                let unread = Unread { model: self.name(), operation };
                let expected = "a token, an integer from 0 to 2⁶⁴ − 1, or null";
                Some(token(given, values).ok_or_else(|| unread.input(expected))?)
            }
        };
        let op = FencedLockOp::Release(process, named);
        Ok(if operation.outcome == Outcome::Ok { Part::Must(op) } else { Part::May(op) })
    }
}

fn process(operation: &Operation, values: &mut Values) -> ValueId {
    values.intern(&Value::from(operation.process))
}

fn token(value: &Value, values: &mut Values) -> Option<ValueToken> {
    Some(ValueToken { number: value.as_u64()?, value: values.intern(value) })
}

impl Model for FencedLock {
    type State = Fence;
    type Op = FencedLockOp;

    fn name(&self) -> &'static str {
        "fenced-lock"
    }

    fn object(&self) -> &'static str {
        "lock"
    }

    fn init(&self, _: &mut Values) -> Fence {
        Fence::default()
    }

    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<FencedLockOp>, Unfit> {
        match &*operation.f {
            "acquire" => self.acquire(operation, values),
            "release" => self.release(operation, values),
            _ => Err(Unread { model: self.name(), operation }.name("acquire or release")),
        }
    }

    fn step(&self, state: &Fence, op: &FencedLockOp) -> Option<Fence> {
        let free = state.holder == Holder::Nobody;
        match *op {
            FencedLockOp::Acquire(process, token) => {
                let rises = state.last.is_none_or(|last| last.number < token.number);
                (free && rises).then_some(Fence { last: Some(token), holder: Holder::Process(process) })
            }
            FencedLockOp::Grab => free.then_some(Fence { holder: Holder::Crashed, ..*state }),
            FencedLockOp::Release(process, token) => {
                let named = token.is_none() || token == state.last;
                let held = state.holder == Holder::Process(process);
                (held && named).then_some(Fence { holder: Holder::Nobody, ..*state })
            }
            FencedLockOp::Held => (!free).then_some(*state),
            FencedLockOp::NotHeld(process) => (state.holder != Holder::Process(process)).then_some(*state),
        }
    }

    fn is_observation(&self, op: &FencedLockOp) -> bool {
        matches!(op, FencedLockOp::Held | FencedLockOp::NotHeld(_))
    }

    fn tie(&self, op: &FencedLockOp) -> Tie {
        match *op {
            FencedLockOp::Acquire(_, token) | FencedLockOp::Release(_, Some(token)) => {
                Tie::Values(vec![token.value])
            }
            FencedLockOp::Grab => Tie::Values(Vec::new()),
            // It does not say which acquire it belongs to.
            FencedLockOp::Release(_, None) => Tie::Fixed,
            FencedLockOp::Held | FencedLockOp::NotHeld(_) => Tie::Global,
        }
    }

    fn specialists(&self) -> Vec<Box<dyn Specialist<Self>>> {
        vec![Box::new(Holds)]
    }

    fn show_state(&self, state: &Fence, values: &Values) -> String {
        let token = state.last.map_or("no token yet".to_owned(), |last| format!("token {}", last.number));
        match state.holder {
            Holder::Nobody => format!("free ({token})"),
            Holder::Process(process) => format!("held by process {} ({token})", values.text(process)),
            Holder::Crashed => format!("held by an acquire that crashed (after {token})"),
        }
    }

    fn show(&self, op: &FencedLockOp, _: &Values) -> String {
        match *op {
            FencedLockOp::Acquire(_, token) => format!("acquire → {}", token.number),
            FencedLockOp::Grab => "acquire".to_owned(),
            FencedLockOp::Release(_, Some(token)) => format!("release {}", token.number),
            FencedLockOp::Release(_, None) => "release".to_owned(),
            FencedLockOp::Held => "refused acquire".to_owned(),
            FencedLockOp::NotHeld(_) => "refused release".to_owned(),
        }
    }

    fn claim(&self, op: &FencedLockOp, _: &Values) -> String {
        match *op {
            FencedLockOp::Acquire(_, token) => format!("got the lock with token {}", token.number),
            FencedLockOp::Grab => "got the lock".to_owned(),
            FencedLockOp::Release(_, Some(token)) => format!("gave back the lock of token {}", token.number),
            FencedLockOp::Release(_, None) => "gave back the lock".to_owned(),
            FencedLockOp::Held => "was refused because the lock was held".to_owned(),
            FencedLockOp::NotHeld(_) => "was refused because its process did not hold the lock".to_owned(),
        }
    }

    fn legal(&self, state: &Fence, op: &FencedLockOp, values: &Values) -> String {
        let stands = self.show_state(state, values);
        match *op {
            FencedLockOp::Acquire(..) | FencedLockOp::Grab if state.holder != Holder::Nobody => {
                format!("refused acquire, the lock being {stands}")
            }
            FencedLockOp::Acquire(..) | FencedLockOp::Grab | FencedLockOp::Held => match state.last {
                Some(last) => format!("acquire with a token above {}", last.number),
                None => "acquire with any token".to_owned(),
            },
            FencedLockOp::Release(process, _) if state.holder == Holder::Process(process) => {
                let token = state.last.map_or(String::new(), |last| format!(" {}", last.number));
                format!("release{token}")
            }
            FencedLockOp::NotHeld(process) if state.holder == Holder::Process(process) => {
                "release".to_owned()
            }
            FencedLockOp::Release(..) | FencedLockOp::NotHeld(_) => {
                format!("refused release, the lock being {stands}")
            }
        }
    }
}
