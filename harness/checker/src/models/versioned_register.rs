//! A register whose every write has a number: read, write, and cas by that number.
//!
//! `read` completes with `[value, version]`, or with nil where nothing was written yet; `write` is invoked with the value and
//! completes with the version that it made; `cas` is invoked with `[version, value]`, takes effect only at that version, and
//! completes with the one that it made. The first write makes version 0, each further one the next. A cas that
//! failed with `precondition-failed` shows that the version was another, one that failed with `key-does-not-exist` that
//! nothing was written yet. A write or cas that completes with nothing tells no version.
//!
//! Left out: removal, after which versions begin anew.

use ordalia_history::{Operation, Outcome, Value};

use super::words::Unread;
use crate::Checker;
use crate::linearizable::{Linearizable, Model, Part, Specialist, Unfit, ValueId, Values, VersionRules};

/// The model `versioned-register`.
#[derive(Clone, Debug, Default)]
pub struct VersionedRegister {
    /// The value that stands as version 0 at first; nothing is there at first where this is null.
    pub initial: Value,
}

/// What the register holds: a value and its version, or nothing.
pub type Versioned = Option<(ValueId, u64)>;

/// An operation on a versioned register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionedOp {
    /// It held this.
    Read(Versioned),
    /// It holds that value afterwards, as that version where one is told.
    Write(ValueId, Option<u64>),
    /// It held the first version, and holds the value afterwards, as that version where one is told.
    Cas(u64, ValueId, Option<u64>),
    /// A cas was refused, so the version was another.
    Refused(u64),
}

impl VersionedRegister {
    /// The checker that holds each key to this model.
    pub fn checker(self) -> Box<dyn Checker> {
        Box::new(Linearizable::new(self))
    }
}

/// The version that a write or cas told; `Err` for what is none.
fn told(operation: &Operation) -> Result<Option<u64>, ()> {
    match (&operation.output, operation.outcome) {
        (_, Outcome::Info | Outcome::Fail) | (Value::Null, _) => Ok(None),
        (output, _) => output.as_u64().or_else(|| output.get("version")?.as_u64()).map(Some).ok_or(()),
    }
}

fn found(output: &Value, values: &mut Values) -> Option<Versioned> {
    match output.as_array().map(Vec::as_slice) {
        None => output.is_null().then_some(None),
        Some([Value::Null, Value::Null]) => Some(None),
        Some([value, version]) => Some(Some((values.intern(value), version.as_u64()?))),
        Some(_) => None,
    }
}

/// What a failed cas shows.
fn refused(operation: &Operation, version: u64) -> Part<VersionedOp> {
    match operation.error.as_ref().map(|error| error.kind.as_str()) {
        Some("precondition-failed") => Part::Must(VersionedOp::Refused(version)),
        Some("key-does-not-exist") => Part::Must(VersionedOp::Read(None)),
        _ => Part::Out,
    }
}

impl Model for VersionedRegister {
    type State = Versioned;
    type Op = VersionedOp;

    fn name(&self) -> &'static str {
        "versioned-register"
    }

    fn object(&self) -> &'static str {
        "register"
    }

    fn init(&self, values: &mut Values) -> Versioned {
        (!self.initial.is_null()).then(|| (values.intern(&self.initial), 0))
    }

    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<VersionedOp>, Unfit> {
        let unread = Unread { model: self.name(), operation };
        let outcome = operation.outcome;
        let effect = |op| match outcome {
            Outcome::Ok => Part::Must(op),
            Outcome::Info => Part::May(op),
            Outcome::Fail => Part::Out,
        };
        let version = || told(operation).map_err(|()| unread.output("a version"));
        match operation.f.as_str() {
            "read" if outcome == Outcome::Ok => {
                let found = found(&operation.output, values);
                let found = found.ok_or_else(|| unread.output("[value, version] or nil"))?;
                Ok(Part::Must(VersionedOp::Read(found)))
            }
            "read" => Ok(Part::Out),
            "write" => Ok(effect(VersionedOp::Write(values.intern(&operation.input), version()?))),
            "cas" => {
                let input = operation.input.as_array().map(Vec::as_slice);
                let pair = input.and_then(|input| match input {
                    [at, value] => Some((at.as_u64()?, value)),
                    _ => None,
                });
                let (at, value) = pair.ok_or_else(|| unread.input("[version, value]"))?;
                match outcome {
                    Outcome::Fail => Ok(refused(operation, at)),
                    _ => Ok(effect(VersionedOp::Cas(at, values.intern(value), version()?))),
                }
            }
            _ => Err(unread.name("read, write or cas")),
        }
    }

    fn step(&self, state: &Versioned, op: &VersionedOp) -> Option<Versioned> {
        let next = state.map_or(Some(0), |(_, version)| version.checked_add(1));
        let held = state.map(|(_, version)| version);
        let fits = |told: Option<u64>| told.is_none_or(|told| Some(told) == next);
        match *op {
            VersionedOp::Read(found) => (found == *state).then_some(*state),
            VersionedOp::Write(value, told) if fits(told) => next.map(|next| Some((value, next))),
            VersionedOp::Cas(at, value, told) if held == Some(at) && fits(told) => {
                next.map(|next| Some((value, next)))
            }
            VersionedOp::Write(..) | VersionedOp::Cas(..) => None,
            VersionedOp::Refused(at) => (held != Some(at)).then_some(*state),
        }
    }

    fn is_observation(&self, op: &VersionedOp) -> bool {
        matches!(op, VersionedOp::Read(_) | VersionedOp::Refused(_))
    }

    fn specialists(&self) -> Vec<Box<dyn Specialist<Self>>> {
        vec![Box::new(VersionRules)]
    }

    fn observes(&self, op: &VersionedOp) -> Option<Versioned> {
        match *op {
            VersionedOp::Read(found) => Some(found),
            VersionedOp::Write(..) | VersionedOp::Cas(..) | VersionedOp::Refused(_) => None,
        }
    }

    fn produces(&self, op: &VersionedOp) -> Option<Versioned> {
        match *op {
            VersionedOp::Write(value, Some(version)) => Some(Some((value, version))),
            VersionedOp::Cas(at, value, _) => Some(Some((value, at.checked_add(1)?))),
            VersionedOp::Write(_, None) | VersionedOp::Read(_) | VersionedOp::Refused(_) => None,
        }
    }

    fn show_state(&self, state: &Versioned, values: &Values) -> String {
        match state {
            Some((value, version)) => format!("{} (version {version})", values.text(*value)),
            None => "nil".to_owned(),
        }
    }

    fn show(&self, op: &VersionedOp, values: &Values) -> String {
        let made = |told: Option<u64>| told.map_or(String::new(), |version| format!(" as version {version}"));
        match *op {
            VersionedOp::Read(found) => format!("read {}", self.show_state(&found, values)),
            VersionedOp::Write(value, told) => format!("write {}{}", values.text(value), made(told)),
            VersionedOp::Cas(at, value, told) => {
                format!("cas at version {at} to {}{}", values.text(value), made(told))
            }
            VersionedOp::Refused(at) => format!("refused cas at version {at}"),
        }
    }

    fn claim(&self, op: &VersionedOp, values: &Values) -> String {
        let made = |told: Option<u64>| told.map_or(String::new(), |version| format!(" as version {version}"));
        match *op {
            VersionedOp::Read(found) => format!("returned {}", self.show_state(&found, values)),
            VersionedOp::Write(value, told) => format!("wrote {}{}", values.text(value), made(told)),
            VersionedOp::Cas(at, value, told) => {
                format!("replaced version {at} by {}{}", values.text(value), made(told))
            }
            VersionedOp::Refused(at) => format!("was refused, the version not being {at}"),
        }
    }

    fn legal(&self, state: &Versioned, op: &VersionedOp, values: &Values) -> String {
        let held = self.show_state(state, values);
        let next = state.map_or(Some(0), |(_, version)| version.checked_add(1));
        match *op {
            VersionedOp::Read(_) => format!("read {held}"),
            VersionedOp::Write(value, _) => self.show(&VersionedOp::Write(value, next), values),
            VersionedOp::Cas(at, value, _) if state.is_some_and(|(_, version)| version == at) => {
                self.show(&VersionedOp::Cas(at, value, next), values)
            }
            VersionedOp::Cas(at, ..) => format!("refused cas at version {at}, the value being {held}"),
            VersionedOp::Refused(at) => format!("cas at version {at}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_write_makes_the_next_version_and_cas_needs_the_one_that_stands() {
        let (model, mut values) = (VersionedRegister::default(), Values::default());
        let (a, b) = (values.intern(&Value::from("a")), values.intern(&Value::from("b")));
        let first = model.step(&None, &VersionedOp::Write(a, Some(0))).unwrap();
        assert_eq!(first, Some((a, 0)));
        assert_eq!(model.step(&first, &VersionedOp::Write(b, Some(0))), None);
        assert_eq!(model.step(&first, &VersionedOp::Write(b, None)), Some(Some((b, 1))));
        assert_eq!(model.step(&first, &VersionedOp::Cas(0, b, Some(1))), Some(Some((b, 1))));
        assert_eq!(model.step(&first, &VersionedOp::Cas(1, b, None)), None);
        assert_eq!(model.step(&first, &VersionedOp::Cas(0, b, Some(2))), None);
        assert_eq!(model.step(&None, &VersionedOp::Cas(0, b, None)), None);
        assert_eq!(model.step(&first, &VersionedOp::Refused(0)), None);
        assert_eq!(model.step(&None, &VersionedOp::Refused(0)), Some(None));
        assert_eq!(model.step(&Some((a, u64::MAX)), &VersionedOp::Write(b, None)), None);
    }
}
