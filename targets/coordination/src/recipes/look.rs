//! A look that is repeated whenever something changed.

use ordalia_node::{CoordinationAnswer, CoordinationRequest, ErrorCode, Refusal, WatchMode};

use crate::client::{CallId, Happening, Session};

/// What of a node is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Its value.
    Data,
    /// Whether it is there.
    Existence,
    /// The names of its children.
    Children,
}

/// A node that is looked at, and looked at again after each change that a watch told of, and after the
/// session was suspended.
///
/// Guarantees that after every change there is an answer that is not older than the change; several
/// changes may come to one answer, and an answer may be given twice. Of an absent node's value or children it
/// says so, by a refusal, and waits for the node.
#[derive(Debug)]
pub struct Look {
    path: String,
    view: View,
    mode: WatchMode,
    call: Option<CallId>,
    /// Whether the call asks for existence only, since the node was absent.
    is_waiting: bool,
    /// Whether something was told since the call was made.
    is_stale: bool,
}

impl Look {
    /// Begins to look. With a persistent watch no change of a node that stays is missed between two
    /// looks, with one for once fewer events are told.
    pub fn new(path: impl Into<String>, view: View, mode: WatchMode, session: &mut Session) -> Self {
        let path = path.into();
        let mut look = Self { path, view, mode, call: None, is_waiting: false, is_stale: false };
        look.ask(view, session);
        look
    }

    /// What is looked at.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Gives back each answer.
    pub fn on(
        &mut self,
        happening: &Happening,
        session: &mut Session,
    ) -> Option<Result<CoordinationAnswer, Refusal>> {
        match happening {
            Happening::Event(event) if event.path != self.path => return None,
            Happening::Event(_) | Happening::Resumed => {
                match self.call {
                    Some(_) => self.is_stale = true,
                    None => self.ask(self.view, session),
                }
                return None;
            }
            _ => {}
        }
        let result = happening.answer_to(self.call)?.clone();
        self.call = None;
        let was_waiting = std::mem::take(&mut self.is_waiting);
        let is_absent = matches!(&result, Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist);
        let is_there = matches!(&result, Ok(CoordinationAnswer::Existence { stat: Some(_) }));
        if is_absent {
            // The refused look has set no watch.
            self.ask(View::Existence, session);
            self.is_waiting = true;
        } else if result.is_ok() && (std::mem::take(&mut self.is_stale) || was_waiting && is_there) {
            self.ask(self.view, session);
        }
        (!was_waiting || result.is_err()).then_some(result)
    }

    fn ask(&mut self, view: View, session: &mut Session) {
        let (path, watch) = (self.path.clone(), Some(self.mode));
        self.is_stale = false;
        self.call = Some(session.ask(match view {
            View::Data => CoordinationRequest::Get { path, watch, session: None },
            View::Existence => CoordinationRequest::Exists { path, watch, session: None },
            View::Children => CoordinationRequest::Children { path, watch, session: None },
        }));
    }
}
