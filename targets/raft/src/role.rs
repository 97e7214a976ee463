//! The roles, and what belongs to each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ordalia_node::{NodeId, Time};

use crate::StateMachine;
use crate::progress::Progress;
use crate::reads::Waiting;
use crate::transfer::Transfer;

/// What a node is at the moment.
#[derive(Debug)]
pub(crate) enum Role<S: StateMachine> {
    /// Copies a leader's log.
    Follower,
    /// Asks whether it would win an election. Holds who said yes.
    PreCandidate(BTreeSet<NodeId>),
    /// Stands for election. Holds who voted for it.
    Candidate(BTreeSet<NodeId>),
    /// Leads.
    Leader(Leader<S>),
}

impl<S: StateMachine> Role<S> {
    pub fn name(&self) -> &'static str {
        match self {
            Role::Follower => "follower",
            Role::PreCandidate(_) => "pre-candidate",
            Role::Candidate(_) => "candidate",
            Role::Leader(_) => "leader",
        }
    }
}

/// What a leader keeps, and forgets when it steps down.
#[derive(Debug)]
pub(crate) struct Leader<S: StateMachine> {
    pub peers: BTreeMap<NodeId, Progress>,
    /// The entry that must be committed before the commit index is known to be up to date: the
    /// first of the term.
    pub opening: u64,
    /// The last round of heartbeats sent.
    pub round: u64,
    /// When the rounds that are not yet confirmed by a majority were sent.
    pub rounds: VecDeque<(u64, Time)>,
    /// The last round that a majority answered, and when it was sent.
    pub confirmed: Option<(u64, Time)>,
    /// Reads that wait for a round.
    pub reads: VecDeque<Waiting<S::Query>>,
    pub transfer: Option<Transfer>,
    /// Set for the rest of the term once a transfer told a peer to campaign: that message may
    /// arrive at any time, and voters do not stand by this leader against it.
    pub lease_void: bool,
}

impl<S: StateMachine> Leader<S> {
    pub fn new(peers: &[NodeId], next_index: u64, now: Time) -> Self {
        Self {
            peers: peers.iter().map(|peer| (*peer, Progress::new(next_index, now))).collect(),
            opening: next_index,
            round: 0,
            rounds: VecDeque::new(),
            confirmed: None,
            reads: VecDeque::new(),
            transfer: None,
            lease_void: false,
        }
    }
}
