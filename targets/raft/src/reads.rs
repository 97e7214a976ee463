//! Reads that need no entry in the log (thesis §6.4).
//!
//! A read that reaches the leader waits for a round of heartbeats that is sent after it. Once a
//! majority answered that round, no later leader can have committed anything before the read
//! arrived, and the leader answers from what it has applied. One round serves all reads that were
//! waiting when it was sent, and only one round is under way for them at a time, so that rounds
//! grow with the load instead of in number. A new leader first commits an entry of its own term,
//! since before that it does not know which entries are committed.
//!
//! With a lease the last confirmed round vouches for a while: voters that answered it refuse to
//! vote for the shortest election time-out from when they had it, which is not before it was sent.

use ordalia_node::NodeId;

use crate::bugs::Bug;
use crate::message::{Answers, Message, Outcome, SessionId};
use crate::replication::{majority_of, sent_at};
use crate::role::Role;
use crate::settings::MAX_WAITING_READS;
use crate::{Cx, Raft, Reads, StateMachine};

/// Whom to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    pub node: NodeId,
    pub session: SessionId,
    pub seq: u64,
}

/// A read that waits for a round.
#[derive(Clone, Debug)]
pub(crate) struct Waiting<Q> {
    asker: Asker,
    query: Q,
    /// The first round that was, or will be, sent after it.
    round: u64,
}

impl<S: StateMachine> Raft<S> {
    /// A read reached the leader. False if this node does not lead, or cannot take it.
    pub(crate) fn lead_read(&mut self, asker: Asker, query: S::Query, cx: &mut Cx<'_, S>) -> bool {
        let at_once = self.may_read_at_once(cx);
        let Role::Leader(leader) = &mut self.role else { return false };
        if leader.reads.len() >= MAX_WAITING_READS {
            return false;
        }
        let is_round_under_way = leader.reads.back().is_some_and(|read| read.round <= leader.round)
            || leader.reads.front().is_some_and(|read| read.round <= leader.round);
        let round = if at_once { 0 } else { leader.round + 1 };
        leader.reads.push_back(Waiting { asker, query, round });
        if at_once {
            self.serve_reads(cx);
        } else if !is_round_under_way {
            self.send_round(cx);
        }
        true
    }

    fn may_read_at_once(&self, cx: &Cx<'_, S>) -> bool {
        let bugs = self.settings.bugs;
        if bugs.has(Bug::StaleRead) {
            return true;
        }
        let Role::Leader(leader) = &self.role else { return false };
        let Some((_, sent)) = leader.confirmed else { return false };
        let is_recent = cx.now().since(sent) < self.settings.lease() || bugs.has(Bug::LeaseForever);
        let is_void = leader.lease_void || leader.transfer.is_some();
        self.settings.reads == Reads::Lease && is_recent && !is_void
    }

    /// Sees which rounds a majority has answered.
    pub(crate) fn confirm_rounds(&mut self, cx: &mut Cx<'_, S>) {
        let quorum = self.quorum(cx);
        let Role::Leader(leader) = &mut self.role else { return };
        let round = majority_of(leader, leader.round, quorum, |progress| progress.acked_round);
        let Some(sent) = sent_at(&mut leader.rounds, round) else { return };
        leader.confirmed = Some((round, sent));
        self.serve_reads(cx);
        let Role::Leader(leader) = &self.role else { return };
        // Reads that came in the meantime share the next round.
        let waits_for_next = leader.reads.back().is_some_and(|read| read.round > leader.round);
        let is_round_under_way =
            leader.reads.iter().any(|read| read.round <= leader.round && read.round > round);
        if waits_for_next && !is_round_under_way {
            self.send_round(cx);
        }
    }

    /// Answers the reads whose round is confirmed.
    pub(crate) fn serve_reads(&mut self, cx: &mut Cx<'_, S>) {
        let bugs = self.settings.bugs;
        let Role::Leader(leader) = &mut self.role else { return };
        let is_open = self.applied_index >= leader.opening || bugs.has(Bug::NoNoopRead);
        let is_all_applied = self.applied_index >= self.commit_index;
        if !is_open || !is_all_applied || leader.reads.is_empty() {
            return;
        }
        let confirmed = leader.confirmed.map_or(0, |(round, _)| round);
        let ready = leader.reads.iter().filter(|read| read.round <= confirmed).count();
        if ready == 0 {
            return;
        }
        let mut served = Vec::with_capacity(ready);
        leader.reads.retain(|read| {
            let is_ready = read.round <= confirmed;
            if is_ready {
                served.push(read.clone());
            }
            !is_ready
        });
        for Waiting { asker, query, .. } in served {
            let response = self.machine.query(&query);
            if S::REPORTS_READS {
                cx.served(query);
            }
            self.answer(asker, Outcome::Response(response), cx);
        }
    }

    /// Answers a request, here or by the node that passed it on.
    pub(crate) fn answer(&mut self, asker: Asker, outcome: Outcome<S::Response>, cx: &mut Cx<'_, S>) {
        if asker.node == self.id {
            return self.gateway.complete(asker.seq, outcome, cx);
        }
        let list = vec![(asker.seq, outcome)];
        cx.send(asker.node, Message::Answers(Answers { life: asker.session.life, list }));
    }
}
