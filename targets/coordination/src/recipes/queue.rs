//! A queue.

use std::collections::VecDeque;

use ordalia_node::{CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, Refusal, Value};

use super::Creation;
use super::unfit;
use crate::client::{CallId, Happening, Session};

const BEGINNING: &str = "q-";

/// What became of an element that was to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnqueueOutcome {
    /// It is in the queue, once.
    Enqueued {
        /// Its node.
        path: String,
    },
    /// It is not, or, with an indefinite code, nobody knows.
    Failed(Refusal),
}

/// One element that is appended to a queue: a persistent sequential node in the queue's folder.
///
/// Guarantees that it is appended once, behind all whose appending had ended before.
#[derive(Debug)]
pub struct Enqueue {
    creation: Creation,
}

impl Enqueue {
    /// Begins to append.
    pub fn new(folder: &str, value: Value, session: &mut Session) -> Self {
        let path = format!("{folder}/{BEGINNING}");
        Self { creation: Creation::new(path, value, CreateMode::Sequential, session) }
    }

    /// Takes note of what befell. Gives an outcome once.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<EnqueueOutcome> {
        Some(match self.creation.on(happening, session)? {
            Ok((path, _)) => EnqueueOutcome::Enqueued { path },
            Err(refusal) => EnqueueOutcome::Failed(refusal),
        })
    }
}

/// What became of taking an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DequeueOutcome {
    /// It was the first, and is no longer in the queue.
    Taken(Value),
    /// There was none.
    Empty,
    /// A step failed. With an indefinite code an element may have been taken, and is lost then.
    Failed(Refusal),
}

#[derive(Debug)]
enum Step {
    Listing(CallId),
    Reading(CallId),
    Removing(CallId, Value),
    Over,
}

/// One who takes the first element of a queue: of the nodes in its folder it reads the lowest and removes it,
/// if it has the version that was read; if another was quicker it goes on to the next.
///
/// Guarantees: each element is taken at most once, and it was the first when it was removed. Old lists
/// and reads cost a try and nothing else, but for an empty list: that the queue is empty is as fresh as the
/// ensemble's reads are.
///
/// Leaves out: waiting for an element, and giving an element back whose taker died after the removal.
#[derive(Debug)]
pub struct Dequeue {
    folder: String,
    /// The elements that were listed and not tried, in order.
    names: VecDeque<String>,
    step: Step,
}

impl Dequeue {
    /// Begins to take the first element of the queue of that folder.
    pub fn new(folder: impl Into<String>, session: &mut Session) -> Self {
        let mut dequeue = Self { folder: folder.into(), names: VecDeque::new(), step: Step::Over };
        dequeue.list(session);
        dequeue
    }

    /// Takes note of what befell. Gives an outcome once.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<DequeueOutcome> {
        let outcome = match &mut self.step {
            Step::Listing(call) => {
                let result = happening.answer_to(Some(*call))?;
                self.on_list(result, session)
            }
            Step::Reading(call) => match happening.answer_to(Some(*call))? {
                Ok(CoordinationAnswer::Got { value, stat }) => {
                    self.remove(value, stat.version, session);
                    None
                }
                Ok(answer) => Some(DequeueOutcome::Failed(unfit(answer))),
                Err(refusal) => self.on_refusal(refusal, session),
            },
            Step::Removing(call, value) => match happening.answer_to(Some(*call))? {
                Ok(_) => Some(DequeueOutcome::Taken(std::mem::take(value))),
                Err(refusal) => self.on_refusal(refusal, session),
            },
            Step::Over => None,
        }?;
        self.step = Step::Over;
        Some(outcome)
    }

    fn on_list(
        &mut self,
        result: &Result<CoordinationAnswer, Refusal>,
        session: &mut Session,
    ) -> Option<DequeueOutcome> {
        let names = match result {
            Ok(CoordinationAnswer::Listing { names, .. }) => names,
            Ok(answer) => return Some(DequeueOutcome::Failed(unfit(answer))),
            Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => return Some(DequeueOutcome::Empty),
            Err(refusal) => return Some(DequeueOutcome::Failed(refusal.clone())),
        };
        let mut elements: Vec<(u64, &String)> = names
            .iter()
            .filter_map(|name| Some((name.strip_prefix(BEGINNING)?.parse().ok()?, name)))
            .collect();
        elements.sort_unstable();
        self.names = elements.into_iter().map(|(_, name)| name.clone()).collect();
        if self.names.is_empty() {
            return Some(DequeueOutcome::Empty);
        }
        self.read(session);
        None
    }

    /// Another was quicker, or changed the element.
    fn on_refusal(&mut self, refusal: &Refusal, session: &mut Session) -> Option<DequeueOutcome> {
        match refusal.code {
            ErrorCode::KeyDoesNotExist => {
                self.names.pop_front();
            }
            ErrorCode::PreconditionFailed => {}
            _ => return Some(DequeueOutcome::Failed(refusal.clone())),
        }
        match self.names.is_empty() {
            true => self.list(session),
            false => self.read(session),
        }
        None
    }

    fn list(&mut self, session: &mut Session) {
        let path = self.folder.clone();
        self.step =
            Step::Listing(session.ask(CoordinationRequest::Children { path, watch: None, session: None }));
    }

    fn read(&mut self, session: &mut Session) {
        let path = self.first();
        self.step = Step::Reading(session.ask(CoordinationRequest::Get { path, watch: None, session: None }));
    }

    fn remove(&mut self, value: &Value, version: u64, session: &mut Session) {
        let (path, version) = (self.first(), Some(version));
        let call = session.ask(CoordinationRequest::Remove { path, version, session: None, seq: None });
        self.step = Step::Removing(call, value.clone());
    }

    fn first(&self) -> String {
        format!("{}/{}", self.folder, self.names.front().map_or("", String::as_str))
    }
}
