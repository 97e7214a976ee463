//! What Raft replicates.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A deterministic state machine. Equal commands in equal order give equal states and responses;
/// it has no clock and no randomness.
pub trait StateMachine: Clone + Debug + Default + 'static {
    /// What changes the state, by way of the log.
    type Command: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static;
    /// What is asked of the state without changing it.
    type Query: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static;
    /// What a command or a query comes to.
    type Response: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static;
    /// The whole state, as it is stored.
    type Snapshot: Serialize + DeserializeOwned;

    /// Whether the leader reports each read that it served, as
    /// [`Action::Served`](crate::Action::Served).
    const REPORTS_READS: bool = false;

    /// Changes the state.
    fn apply(&mut self, command: &Self::Command) -> Self::Response;

    /// Looks at the state.
    fn query(&self, query: &Self::Query) -> Self::Response;

    /// Whether a query must be answered by the leader even under
    /// [`Reads::Local`](crate::Reads::Local).
    fn leads_always(_query: &Self::Query) -> bool {
        false
    }

    /// The whole state.
    fn snapshot(&self) -> Self::Snapshot;

    /// The state machine of that state.
    fn restore(snapshot: Self::Snapshot) -> Self;

    /// The size of a command in bytes, roughly; it bounds the length of messages.
    fn weight(command: &Self::Command) -> usize;
}
