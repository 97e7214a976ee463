//! Leadership transfer (thesis §3.10).
//!
//! The leader takes no more commands, brings the target's log up to its own, and tells it to
//! campaign at once. If the target does not lead within an election time-out the leader goes on.
//! A lease is given up for the rest of the term: voters do not stand by a leader that asked for
//! the election, and the message that asks may be under way for any time.

use ordalia_node::{ErrorCode, NodeId, Refusal, Time};

use crate::message::{Message, Outcome, TimeoutNow};
use crate::role::Role;
use crate::{Cx, Raft, StateMachine};

/// A transfer under way.
#[derive(Debug)]
pub(crate) struct Transfer {
    to: NodeId,
    deadline: Time,
    is_told: bool,
}

impl<S: StateMachine> Raft<S> {
    /// Whether commands must wait for the next leader.
    pub(crate) fn is_transferring(&self) -> bool {
        matches!(&self.role, Role::Leader(leader) if leader.transfer.is_some())
    }

    /// Begins to hand over.
    pub(crate) fn lead_transfer(&mut self, to: Option<NodeId>, cx: &mut Cx<'_, S>) -> Outcome<S::Response> {
        if to == Some(self.id) {
            return Outcome::Transferring;
        }
        let longest = self.settings.longest_timeout();
        let Role::Leader(leader) = &mut self.role else {
            return refused(ErrorCode::TemporarilyUnavailable, "this node does not lead");
        };
        let lately = |at: Time| cx.now().since(at) < longest;
        let best = leader.peers.iter().filter(|(_, progress)| lately(progress.last_contact));
        let best = best.max_by_key(|(_, progress)| progress.match_index).map(|(peer, _)| *peer);
        let Some(to) = to.or(best) else {
            return refused(ErrorCode::TemporarilyUnavailable, "no other node is in touch");
        };
        if !leader.peers.contains_key(&to) {
            return refused(ErrorCode::NodeNotFound, &format!("{to} is not of this cluster"));
        }
        match &leader.transfer {
            Some(transfer) if transfer.to == to => return Outcome::Transferring,
            Some(transfer) => {
                let whom = transfer.to;
                return refused(
                    ErrorCode::TemporarilyUnavailable,
                    &format!("a transfer to {whom} is under way"),
                );
            }
            None => {}
        }
        cx.trace("transfer", format!("to {to}, term {}", self.term));
        leader.transfer = Some(Transfer { to, deadline: cx.now() + longest, is_told: false });
        self.replicate_to(to, cx);
        self.proceed_transfer(cx);
        Outcome::Transferring
    }

    /// Tells the target to campaign once it has everything.
    pub(crate) fn proceed_transfer(&mut self, cx: &mut Cx<'_, S>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(transfer) = &mut leader.transfer else { return };
        let is_complete = leader
            .peers
            .get(&transfer.to)
            .is_some_and(|progress| progress.match_index == self.log.last_index());
        if is_complete && !transfer.is_told {
            transfer.is_told = true;
            leader.lease_void = true;
            cx.send(transfer.to, Message::TimeoutNow(TimeoutNow { term: self.term }));
        }
    }

    /// Goes on leading if the target did not take over.
    pub(crate) fn expire_transfer(&mut self, cx: &mut Cx<'_, S>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.transfer.as_ref().is_some_and(|transfer| cx.now() >= transfer.deadline) {
            leader.transfer = None;
            cx.trace("transfer-failed", format!("term {}", self.term));
            self.resend_all(cx);
        }
    }

    pub(crate) fn on_timeout_now(&mut self, from: NodeId, now: &TimeoutNow, cx: &mut Cx<'_, S>) {
        let is_from_leader = self.leader == Some(from) && now.term == self.term;
        if is_from_leader && matches!(self.role, Role::Follower) {
            self.become_candidate(true, cx);
        }
    }
}

fn refused<R>(code: ErrorCode, text: &str) -> Outcome<R> {
    Outcome::Refused(Refusal::new(code, text))
}
