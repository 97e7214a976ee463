//! Creating a node together with what is absent above it.

use std::collections::VecDeque;

use ordalia_node::{CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, Refusal, Stat, Value};

use super::unfit;
use crate::client::{CallId, Happening, Session};

/// A node that is being created.
///
/// The node itself is created once, by the number of the write. If it is refused for want of a parent, the
/// parents are created as persistent nodes, in order, and then it is tried again; parents that it made stay
/// even if the node is refused in the end.
#[derive(Debug)]
pub struct Creation {
    path: String,
    value: Value,
    mode: CreateMode,
    /// The parents that are still to be created.
    parents: VecDeque<String>,
    call: Option<CallId>,
}

impl Creation {
    /// Begins to create a node.
    pub fn new(path: impl Into<String>, value: Value, mode: CreateMode, session: &mut Session) -> Self {
        let mut creation = Self { path: path.into(), value, mode, parents: VecDeque::new(), call: None };
        creation.ask(session);
        creation
    }

    /// The node's path and what is known of it, or why there is none; once.
    pub fn on(
        &mut self,
        happening: &Happening,
        session: &mut Session,
    ) -> Option<Result<(String, Stat), Refusal>> {
        let result = happening.answer_to(self.call)?;
        self.call = None;
        let is_parent = self.parents.pop_front().is_some();
        match result {
            Ok(CoordinationAnswer::Created { path, stat }) if !is_parent => {
                return Some(Ok((path.clone(), *stat)));
            }
            Ok(CoordinationAnswer::Created { .. }) => {}
            Ok(answer) => return Some(Err(unfit(answer))),
            Err(refusal) if is_parent && refusal.code == ErrorCode::KeyAlreadyExists => {}
            // What was there may have been removed meanwhile; then it begins from the top.
            Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => self.parents = parents(&self.path),
            Err(refusal) => return Some(Err(refusal.clone())),
        }
        self.ask(session);
        None
    }

    fn ask(&mut self, session: &mut Session) {
        let (path, value, mode) = match self.parents.front() {
            Some(parent) => (parent.clone(), Value::Null, CreateMode::Persistent),
            None => (self.path.clone(), self.value.clone(), self.mode),
        };
        self.call =
            Some(session.ask(CoordinationRequest::Create { path, value, mode, session: None, seq: None }));
    }
}

/// All paths between the root and that one.
fn parents(path: &str) -> VecDeque<String> {
    path.match_indices('/').skip(1).map(|(end, _)| path[..end].to_owned()).collect()
}
