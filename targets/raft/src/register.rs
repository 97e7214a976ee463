//! The smallest state machine, for the tests of the core: one number, changed by comparison.

use serde::{Deserialize, Serialize};

use crate::StateMachine;

/// One number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Register(pub u64);

/// Replaces the number by another, if it is the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Swap(pub u64, pub u64);

/// What a command or a read came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Response {
    Swapped,
    Is(u64),
}

impl StateMachine for Register {
    type Command = Swap;
    type Query = ();
    type Response = Response;
    type Snapshot = u64;

    fn apply(&mut self, Swap(from, to): &Swap) -> Response {
        if self.0 != *from {
            return Response::Is(self.0);
        }
        self.0 = *to;
        Response::Swapped
    }

    fn query(&self, (): &()) -> Response {
        Response::Is(self.0)
    }

    fn snapshot(&self) -> u64 {
        self.0
    }

    fn restore(number: u64) -> Self {
        Self(number)
    }

    fn weight(_: &Swap) -> usize {
        16
    }
}
