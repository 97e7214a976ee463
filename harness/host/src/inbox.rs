//! What waits for the core.

use std::cell::RefCell;
use std::collections::VecDeque;

use tokio::sync::Notify;

use crate::driver::Inbound;

/// Inputs in the order in which they came. Whoever fills it and the core share one thread.
#[derive(Debug)]
pub(crate) struct Inbox<M> {
    waiting: RefCell<VecDeque<Inbound<M>>>,
    limit: usize,
    filled: Notify,
}

impl<M> Inbox<M> {
    /// An empty one, for at most `limit` inputs.
    pub(crate) fn new(limit: usize) -> Self {
        Self { waiting: RefCell::default(), limit, filled: Notify::new() }
    }

    /// Takes an input in; false if too many wait already.
    #[must_use]
    pub(crate) fn push(&self, input: Inbound<M>) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= self.limit {
            return false;
        }
        waiting.push_back(input);
        self.filled.notify_one();
        true
    }

    /// Takes in what the node itself waits for, which is never too much.
    pub(crate) fn push_own(&self, input: Inbound<M>) {
        self.waiting.borrow_mut().push_back(input);
        self.filled.notify_one();
    }

    /// The input that has waited longest.
    pub(crate) fn pop(&self) -> Option<Inbound<M>> {
        self.waiting.borrow_mut().pop_front()
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// Resolves when something was taken in since last time.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }
}
