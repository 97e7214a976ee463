//! What can be set, and the constants that need not be.

use std::time::Duration;

use crate::bugs::Bugs;

/// How reads are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// By the leader, after a round of heartbeats has shown that it still leads (thesis §6.4).
    ReadIndex,
    /// By the leader at once, while its last round of heartbeats is recent (thesis §6.4.1).
    Lease,
    /// By any node from what it has applied. Not linearizable. Queries that the state machine wants led
    /// always go the way of `ReadIndex`.
    Local,
}

impl Reads {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Reads::ReadIndex => "read-index",
            Reads::Lease => "lease",
            Reads::Local => "local",
        }
    }
}

/// How a node is set up. Equal on all nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The shortest election time-out; time-outs are drawn between it and twice it.
    pub election_timeout: Duration,
    /// Entries applied between two snapshots.
    pub snapshot_every: u64,
    /// Entries kept in the log behind a snapshot, for followers that lag a little.
    pub retained: u64,
    /// The longest piece of a snapshot in one message, in bytes.
    pub chunk_bytes: usize,
    /// How reads are served.
    pub reads: Reads,
    /// The defects planted.
    pub bugs: Bugs,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            election_timeout: Duration::from_millis(300),
            snapshot_every: 1000,
            retained: 100,
            chunk_bytes: 64 * 1024,
            reads: Reads::ReadIndex,
            bugs: Bugs::default(),
        }
    }
}

impl Settings {
    /// The longest election time-out. A leader out of touch with the majority for as long steps down.
    pub fn longest_timeout(&self) -> Duration {
        self.election_timeout * 2
    }

    /// Between two rounds of heartbeats.
    pub fn heartbeat(&self) -> Duration {
        self.election_timeout / 6
    }

    /// For how long a confirmed round allows reads, from when it was sent. Voters refuse to vote
    /// for the whole shortest time-out; the quarter between allows for clocks that drift apart.
    pub fn lease(&self) -> Duration {
        self.election_timeout * 3 / 4
    }
}

/// Unacknowledged AppendEntries to one follower. Small, so that under load entries wait for an
/// acknowledgement and then go out together: what bounds a busy cluster is fsyncs and system calls,
/// of which more messages cause more.
pub(crate) const MAX_IN_FLIGHT: usize = 2;
/// Entries in one AppendEntries.
pub(crate) const MAX_ENTRIES: usize = 512;
/// The weight of the entries in one AppendEntries, in bytes; one entry may exceed it.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// The heaviest command taken from a client, in bytes.
pub const MAX_COMMAND_BYTES: usize = 1 << 20;
/// Unanswered client requests that one node holds; more are refused.
pub(crate) const MAX_PENDING: usize = 20_000;
/// Reads that one leader holds while it confirms; more are left to the retry.
pub(crate) const MAX_WAITING_READS: usize = 50_000;
/// Client sessions in the replicated state.
pub(crate) const MAX_SESSIONS: usize = 256;
/// How often a node looks through its unanswered requests.
pub(crate) const GATEWAY_TICK: Duration = Duration::from_millis(50);
/// After which an unanswered request is sent to the leader again.
pub(crate) const RETRY: Duration = Duration::from_millis(300);
/// After which a request that was never sent anywhere is refused.
pub(crate) const NO_LEADER: Duration = Duration::from_secs(1);
/// After which a request is given up, its outcome unknown.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
