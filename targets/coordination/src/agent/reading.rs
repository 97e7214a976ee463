//! What is asked of locks, offices, groups and counters without changing them.

use ordalia_node::{
    CoordinationAnswer, CoordinationRequest, ErrorCode, Key, Leadership, RecipeAnswer, Refusal,
};

use super::belonging::Kind;
use crate::client::{CallId, Happening, Session};
use crate::recipes::election;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Leader,
    Total,
    Names(Kind),
}

/// A reading under way. As fresh as the ensemble's reads are.
#[derive(Debug)]
pub(super) struct Reading {
    wanted: Wanted,
    path: String,
    call: CallId,
    is_listing: bool,
}

/// Where the counter of a key is.
pub(super) fn counter(key: &Key) -> String {
    format!("/counters/{key}")
}

impl Reading {
    pub fn leader(key: &Key, session: &mut Session) -> Self {
        Self::children(Wanted::Leader, Kind::Office.folder(key), session)
    }

    pub fn names(kind: Kind, key: &Key, session: &mut Session) -> Self {
        Self::children(Wanted::Names(kind), kind.folder(key), session)
    }

    pub fn total(key: &Key, session: &mut Session) -> Self {
        let path = counter(key);
        let call = session.ask(CoordinationRequest::Get { path: path.clone(), watch: None, session: None });
        Self { wanted: Wanted::Total, path, call, is_listing: false }
    }

    fn children(wanted: Wanted, path: String, session: &mut Session) -> Self {
        let request = CoordinationRequest::Children { path: path.clone(), watch: None, session: None };
        let call = session.ask(request);
        Self { wanted, path, call, is_listing: true }
    }

    pub fn on(
        &mut self,
        happening: &Happening,
        session: &mut Session,
    ) -> Option<Result<RecipeAnswer, Refusal>> {
        let result = happening.answer_to(Some(self.call))?;
        let is_absent = matches!(result, Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist);
        Some(Ok(match (self.wanted, result) {
            (Wanted::Names(kind), Ok(CoordinationAnswer::Listing { names, .. })) => list(kind, names.clone()),
            (Wanted::Names(kind), _) if is_absent => list(kind, Vec::new()),
            (Wanted::Total, Ok(CoordinationAnswer::Got { value, .. })) => match value.as_i64() {
                Some(value) => RecipeAnswer::TotalIs { value },
                None => return Some(Err(no_number(&self.path))),
            },
            (Wanted::Total, _) if is_absent => RecipeAnswer::TotalIs { value: 0 },
            (Wanted::Leader, Ok(CoordinationAnswer::Listing { names, .. })) => match election::first(names) {
                None => RecipeAnswer::Leads { leader: None },
                Some(name) => {
                    let path = format!("{}/{name}", self.path);
                    let get = CoordinationRequest::Get { path, watch: None, session: None };
                    (self.call, self.is_listing) = (session.ask(get), false);
                    return None;
                }
            },
            // Whoever was the lowest when it was listed, and is there still, leads now.
            (Wanted::Leader, Ok(CoordinationAnswer::Got { value, stat })) => {
                let owner = value.as_str().unwrap_or_default().to_owned();
                RecipeAnswer::Leads { leader: Some(Leadership { owner, epoch: stat.created }) }
            }
            (Wanted::Leader, _) if is_absent && self.is_listing => RecipeAnswer::Leads { leader: None },
            (Wanted::Leader, _) if is_absent => {
                *self = Self::children(Wanted::Leader, self.path.clone(), session);
                return None;
            }
            (_, Ok(answer)) => {
                return Some(Err(Refusal::new(ErrorCode::Abort, format!("unexpected: {answer:?}"))));
            }
            (_, Err(refusal)) => return Some(Err(refusal.clone())),
        }))
    }
}

fn list(kind: Kind, owners: Vec<String>) -> RecipeAnswer {
    match kind {
        Kind::Hold => RecipeAnswer::Holding { owners },
        _ => RecipeAnswer::MembersAre { owners },
    }
}

fn no_number(path: &str) -> Refusal {
    Refusal::new(ErrorCode::PreconditionFailed, format!("{path}: its value is no whole number"))
}
