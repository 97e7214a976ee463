//! Client requests, taken by any node.
//!
//! The node that a client asks gives the request a number, has the leader carry it out, wherever
//! the leader is, and answers the client itself. It sends the request again, *with the same
//! number*, when there is a new leader or when no answer comes, so a command may stand in the log
//! more than once; the session in the replicated state sees to it that it is applied once.
//!
//! A request that was never sent anywhere is refused for certain; one that was sent is given up
//! after a while with its outcome unknown.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_node::{ErrorCode, NodeId, Refusal, Ticket, Time};

use crate::message::{Answers, Forward, Message, Op, Outcome, Proposal, SessionId};
use crate::reads::Asker;
use crate::settings::{GATEWAY_TICK, MAX_PENDING, NO_LEADER, PATIENCE, RETRY};
use crate::{Cx, Raft, Reads, StateMachine, Timer};

/// The unanswered requests of this node's clients.
#[derive(Debug)]
pub(crate) struct Gateway<S: StateMachine> {
    session: SessionId,
    last_seq: u64,
    pending: BTreeMap<u64, Pending<S>>,
    /// The commands among them.
    commands: BTreeSet<u64>,
    is_timer_set: bool,
}

#[derive(Debug)]
struct Pending<S: StateMachine> {
    ticket: Ticket,
    op: Op<S>,
    since: Time,
    sent: Option<Sent>,
}

/// Where a request was sent last.
#[derive(Clone, Copy, Debug)]
struct Sent {
    at: Time,
    to: NodeId,
    term: u64,
}

impl<S: StateMachine> Gateway<S> {
    pub fn new(session: SessionId) -> Self {
        Self {
            session,
            last_seq: 0,
            pending: BTreeMap::new(),
            commands: BTreeSet::new(),
            is_timer_set: false,
        }
    }

    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Answers a request, if it is still unanswered.
    pub fn complete(&mut self, seq: u64, outcome: Outcome<S::Response>, cx: &mut Cx<'_, S>) {
        if let Some(pending) = self.forget(seq) {
            cx.reply(pending.ticket, outcome);
        }
    }

    fn forget(&mut self, seq: u64) -> Option<Pending<S>> {
        self.commands.remove(&seq);
        self.pending.remove(&seq)
    }

    fn add(&mut self, ticket: Ticket, op: Op<S>, now: Time) -> u64 {
        self.last_seq += 1;
        if matches!(op, Op::Command(_)) {
            self.commands.insert(self.last_seq);
        }
        self.pending.insert(self.last_seq, Pending { ticket, op, since: now, sent: None });
        self.last_seq
    }

    /// The lowest command that is still unanswered.
    fn oldest(&self) -> u64 {
        self.commands.first().copied().unwrap_or(self.last_seq + 1)
    }

    /// Ends what has waited for too long.
    fn give_up(&mut self, now: Time, cx: &mut Cx<'_, S>) {
        let over = |pending: &Pending<S>| match pending.sent {
            None => now.since(pending.since) >= NO_LEADER,
            Some(_) => now.since(pending.since) >= PATIENCE,
        };
        let over: Vec<u64> =
            self.pending.iter().filter(|(_, pending)| over(pending)).map(|(seq, _)| *seq).collect();
        for seq in over {
            let Some(pending) = self.forget(seq) else { continue };
            let refusal = match pending.sent {
                None => Refusal::new(ErrorCode::TemporarilyUnavailable, "no leader is known"),
                Some(_) => Refusal::new(ErrorCode::Timeout, "the leader did not answer"),
            };
            cx.refuse(pending.ticket, refusal);
        }
    }
}

impl<S: StateMachine> Raft<S> {
    pub(crate) fn on_request(&mut self, ticket: Ticket, op: Op<S>, cx: &mut Cx<'_, S>) {
        if let (Op::Query(query), Reads::Local) = (&op, self.settings.reads)
            && !S::leads_always(query)
        {
            return cx.reply(ticket, Outcome::Response(self.machine.query(query)));
        }
        if self.gateway.pending.len() >= MAX_PENDING {
            let refusal = Refusal::new(ErrorCode::TemporarilyUnavailable, "too many requests wait");
            return cx.refuse(ticket, refusal);
        }
        let seq = self.gateway.add(ticket, op, cx.now());
        if !self.gateway.is_timer_set {
            self.gateway.is_timer_set = true;
            cx.set_timer(Timer::Gateway, GATEWAY_TICK);
        }
        self.submit(seq, cx);
    }

    /// A command of the node itself. It has a number in the node's session like any other, but nobody
    /// waits for it. The session must not count it as answered before it is applied, whence the bound.
    pub(crate) fn on_own(&mut self, command: S::Command, cx: &mut Cx<'_, S>) {
        if !self.is_leader() || self.is_transferring() {
            return;
        }
        self.gateway.last_seq += 1;
        let seq = self.gateway.last_seq;
        let oldest = self.gateway.oldest().min(seq);
        self.propose(Proposal { session: self.gateway.session, seq, oldest, command }, cx);
    }

    /// Sends a request to the leader, if one is known.
    fn submit(&mut self, seq: u64, cx: &mut Cx<'_, S>) {
        let Some(leader) = self.leader else { return };
        let (life, oldest) = (self.gateway.session.life, self.gateway.oldest());
        let Some(pending) = self.gateway.pending.get(&seq) else { return };
        let op = pending.op.clone();
        let is_taken = if leader == self.id {
            self.lead(Asker { node: self.id, session: self.gateway.session, seq }, oldest, op, cx)
        } else {
            cx.send(leader, Message::Forward(Forward { life, seq, oldest, op }));
            true
        };
        // Once sent it stays so, since it may be under way still.
        if is_taken && let Some(pending) = self.gateway.pending.get_mut(&seq) {
            pending.sent = Some(Sent { at: cx.now(), to: leader, term: self.term });
        }
    }

    /// Carries out a request as the leader. False if it cannot be taken now.
    fn lead(&mut self, asker: Asker, oldest: u64, op: Op<S>, cx: &mut Cx<'_, S>) -> bool {
        if !self.is_leader() {
            return false;
        }
        match op {
            Op::Command(_) if self.is_transferring() => false,
            Op::Command(command) => {
                self.propose(Proposal { session: asker.session, seq: asker.seq, oldest, command }, cx);
                true
            }
            Op::Query(query) => self.lead_read(asker, query, cx),
            Op::Transfer(to) => {
                let outcome = self.lead_transfer(to, cx);
                self.answer(asker, outcome, cx);
                true
            }
        }
    }

    pub(crate) fn on_forward(&mut self, from: NodeId, forward: Forward<S>, cx: &mut Cx<'_, S>) {
        let Forward { life, seq, oldest, op } = forward;
        if oldest > seq && matches!(op, Op::Command(_)) {
            return cx.trace("reject-message", format!("forward of {from}: {seq} is below {oldest}"));
        }
        let session = SessionId { node: from.number(), life };
        // What cannot be taken is sent again by the node that passed it on.
        self.lead(Asker { node: from, session, seq }, oldest, op, cx);
    }

    pub(crate) fn on_answers(&mut self, answers: Answers<S::Response>, cx: &mut Cx<'_, S>) {
        if answers.life != self.gateway.session.life {
            return;
        }
        for (seq, outcome) in answers.list {
            self.gateway.complete(seq, outcome, cx);
        }
    }

    /// Sends all unanswered requests to a new leader.
    pub(crate) fn resend_all(&mut self, cx: &mut Cx<'_, S>) {
        let all: Vec<u64> = self.gateway.pending.keys().copied().collect();
        for seq in all {
            self.submit(seq, cx);
        }
    }

    pub(crate) fn on_gateway_timer(&mut self, cx: &mut Cx<'_, S>) {
        let now = cx.now();
        self.gateway.give_up(now, cx);
        let (leader, term, own) = (self.leader, self.term, self.id);
        // What this node itself leads needs no repetition while it does.
        let is_due = |sent: Sent| {
            let is_held = sent.to == own && leader == Some(own) && sent.term == term;
            now.since(sent.at) >= RETRY && !is_held
        };
        let due: Vec<u64> = self
            .gateway
            .pending
            .iter()
            .filter(|(_, pending)| pending.sent.is_none_or(is_due))
            .map(|(seq, _)| *seq)
            .collect();
        for seq in due {
            self.submit(seq, cx);
        }
        self.gateway.is_timer_set = !self.gateway.pending.is_empty();
        if self.gateway.is_timer_set {
            cx.set_timer(Timer::Gateway, GATEWAY_TICK);
        }
    }
}
