//! Who is in a group.

use ordalia_node::{
    CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, Refusal, Value, WatchMode,
};

use super::unfit;
use super::{Creation, Look, View};
use crate::client::{CallId, Happening, Session};

/// What became of joining or leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MembershipOutcome {
    /// The member is in the group, until it leaves or its session ends.
    Joined,
    /// The member is not in the group.
    Left,
    /// A step failed. Its node, if there is one, goes with the session.
    Failed(Refusal),
}

#[derive(Debug)]
enum Step {
    Coming(Creation),
    /// The name is taken: by this session, or by one that is still to end.
    Taken(Look),
    In,
    Leaving(CallId),
    Over,
}

/// One member: an ephemeral node of its name in the group's folder.
///
/// Guarantees: whoever has joined is listed until it leaves or its session ends, and no longer. A name
/// that an earlier session still holds is waited for, never taken from it; one that this session holds
/// already counts as joined.
///
/// Leaves out: two members of one name in one session, of which the first to leave takes both along.
#[derive(Debug)]
pub struct Membership {
    path: String,
    value: Value,
    step: Step,
    is_unwanted: bool,
}

impl Membership {
    /// Joins the group of that folder under a name, with a value for those who look.
    pub fn join(folder: &str, name: &str, value: Value, session: &mut Session) -> Self {
        let path = format!("{folder}/{name}");
        let creation = Creation::new(path.as_str(), value.clone(), CreateMode::Ephemeral, session);
        Self { path, value, step: Step::Coming(creation), is_unwanted: false }
    }

    /// Whether the member is in the group, as far as is known.
    pub fn is_joined(&self) -> bool {
        matches!(self.step, Step::In)
    }

    /// Leaves, or stops trying to join.
    pub fn leave(&mut self, session: &mut Session) {
        // While it is not known whether the node is this session's, it is not removed.
        if !std::mem::replace(&mut self.is_unwanted, true) && matches!(self.step, Step::In) {
            self.remove(session);
        }
    }

    /// Takes note of what befell.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<MembershipOutcome> {
        let outcome = match &mut self.step {
            Step::Coming(creation) => match creation.on(happening, session)? {
                Ok(_) => self.arrive(session),
                Err(refusal) if refusal.code == ErrorCode::KeyAlreadyExists => {
                    let look = Look::new(self.path.as_str(), View::Existence, WatchMode::Once, session);
                    self.step = Step::Taken(look);
                    None
                }
                Err(refusal) => Some(MembershipOutcome::Failed(refusal)),
            },
            Step::Taken(look) => {
                let result = look.on(happening, session)?;
                self.on_taken(result, session)
            }
            Step::Leaving(call) => Some(match happening.answer_to(Some(*call))? {
                Err(refusal) if refusal.code != ErrorCode::KeyDoesNotExist => {
                    MembershipOutcome::Failed(refusal.clone())
                }
                _ => MembershipOutcome::Left,
            }),
            Step::In | Step::Over => None,
        };
        if matches!(outcome, Some(MembershipOutcome::Left | MembershipOutcome::Failed(_))) {
            self.step = Step::Over;
        }
        outcome
    }

    fn on_taken(
        &mut self,
        result: Result<CoordinationAnswer, Refusal>,
        session: &mut Session,
    ) -> Option<MembershipOutcome> {
        match result {
            Ok(CoordinationAnswer::Existence { stat: Some(stat) }) if stat.owner == session.number() => {
                self.arrive(session)
            }
            Ok(CoordinationAnswer::Existence { .. }) if self.is_unwanted => Some(MembershipOutcome::Left),
            Ok(CoordinationAnswer::Existence { stat: Some(_) }) => None,
            Ok(CoordinationAnswer::Existence { stat: None }) => {
                let (path, value) = (self.path.as_str(), self.value.clone());
                self.step = Step::Coming(Creation::new(path, value, CreateMode::Ephemeral, session));
                None
            }
            Ok(answer) => Some(MembershipOutcome::Failed(unfit(&answer))),
            Err(refusal) => Some(MembershipOutcome::Failed(refusal)),
        }
    }

    fn arrive(&mut self, session: &mut Session) -> Option<MembershipOutcome> {
        if self.is_unwanted {
            self.remove(session);
            return None;
        }
        self.step = Step::In;
        Some(MembershipOutcome::Joined)
    }

    fn remove(&mut self, session: &mut Session) {
        let path = self.path.clone();
        let removal = CoordinationRequest::Remove { path, version: None, session: None, seq: None };
        self.step = Step::Leaving(session.ask(removal));
    }
}

/// The names in a group, looked at again whenever somebody comes or goes.
///
/// Guarantees that after every coming or going there is a list that is not older. Leaves out the lists in
/// between, if several come and go at a time.
#[derive(Debug)]
pub struct Members {
    look: Look,
    names: Option<Vec<String>>,
}

impl Members {
    /// Begins to look at the group of that folder.
    pub fn new(folder: impl Into<String>, session: &mut Session) -> Self {
        Self { look: Look::new(folder, View::Children, WatchMode::Once, session), names: None }
    }

    /// The names that were listed last, in order.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// Gives back each list that differs from the one before.
    pub fn on(
        &mut self,
        happening: &Happening,
        session: &mut Session,
    ) -> Option<Result<Vec<String>, Refusal>> {
        let names = match self.look.on(happening, session)? {
            Ok(CoordinationAnswer::Listing { names, .. }) => names,
            Ok(answer) => return Some(Err(unfit(&answer))),
            Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => Vec::new(),
            Err(refusal) => return Some(Err(refusal)),
        };
        if self.names.as_ref() == Some(&names) {
            return None;
        }
        self.names = Some(names.clone());
        Some(Ok(names))
    }
}
