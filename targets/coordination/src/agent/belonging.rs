//! What an owner has, or waits for, as long as its session lives.

use ordalia_node::{ErrorCode, Key, RecipeAnswer, Refusal, SessionNumber, Value};

use crate::client::{Happening, Session};
use crate::recipes::{Election, ElectionOutcome, Lock, LockOutcome, Membership, MembershipOutcome};

/// The kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Lock,
    Office,
    Hold,
    Member,
}

impl Kind {
    /// The folder of a key.
    pub fn folder(self, key: &Key) -> String {
        let above = match self {
            Self::Lock => "locks",
            Self::Office => "elections",
            Self::Hold => "holders",
            Self::Member => "members",
        };
        format!("/{above}/{key}")
    }
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Had,
    Gone,
    Failed(Refusal),
}

#[derive(Debug)]
enum Recipe {
    Lock(Lock),
    Office(Election),
    Membership(Membership),
}

#[derive(Debug)]
pub(super) struct Belonging {
    kind: Kind,
    recipe: Recipe,
    /// Whether it is being given up.
    pub is_unwanted: bool,
}

impl Belonging {
    /// Begins to get one.
    pub fn take(kind: Kind, key: &Key, owner: &str, session: &mut Session) -> Self {
        let (folder, name) = (kind.folder(key), Value::from(owner));
        let recipe = match kind {
            Kind::Lock => Recipe::Lock(Lock::acquire(folder, name, session)),
            Kind::Office => Recipe::Office(Election::stand(folder, name, session)),
            Kind::Hold | Kind::Member => Recipe::Membership(Membership::join(&folder, owner, name, session)),
        };
        Self { kind, recipe, is_unwanted: false }
    }

    /// Gives it up, or stops waiting for it.
    pub fn give_up(&mut self, session: &mut Session) {
        self.is_unwanted = true;
        match &mut self.recipe {
            Recipe::Lock(lock) => lock.release(session),
            Recipe::Office(election) => election.resign(session),
            Recipe::Membership(membership) => membership.leave(session),
        }
    }

    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<Fate> {
        Some(match &mut self.recipe {
            Recipe::Lock(lock) => match lock.on(happening, session)? {
                LockOutcome::Acquired { .. } => Fate::Had,
                LockOutcome::Released => Fate::Gone,
                LockOutcome::Lost => lost(),
                LockOutcome::Failed(refusal) => Fate::Failed(refusal),
            },
            Recipe::Office(election) => match election.on(happening, session)? {
                ElectionOutcome::Elected { .. } => Fate::Had,
                ElectionOutcome::Resigned => Fate::Gone,
                ElectionOutcome::Lost => lost(),
                ElectionOutcome::Failed(refusal) => Fate::Failed(refusal),
            },
            Recipe::Membership(membership) => match membership.on(happening, session)? {
                MembershipOutcome::Joined => Fate::Had,
                MembershipOutcome::Left => Fate::Gone,
                MembershipOutcome::Failed(refusal) => Fate::Failed(refusal),
            },
        })
    }

    /// What the owner is told of having it, if it has it.
    pub fn had(&self, session: SessionNumber) -> Option<RecipeAnswer> {
        match &self.recipe {
            Recipe::Lock(lock) => lock.token().map(|token| RecipeAnswer::Acquired { token }),
            Recipe::Office(election) => election.epoch().map(|epoch| RecipeAnswer::Elected { epoch }),
            Recipe::Membership(membership) => membership.is_joined().then_some(match self.kind {
                Kind::Hold => RecipeAnswer::Held { session },
                _ => RecipeAnswer::Joined,
            }),
        }
    }

    /// What the owner is told of having given it up.
    pub fn gone(kind: Kind) -> RecipeAnswer {
        match kind {
            Kind::Lock => RecipeAnswer::Released,
            Kind::Office => RecipeAnswer::Resigned,
            Kind::Hold | Kind::Member => RecipeAnswer::Left,
        }
    }
}

fn lost() -> Fate {
    Fate::Failed(Refusal::new(ErrorCode::Abort, "somebody else removed its node"))
}
