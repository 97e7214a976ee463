//! Elections: who leads, in which term (§5.2, §5.4.1).
//!
//! A node that hears no leader first asks whether it would win (PreVote, thesis §9.6), without
//! touching its term, so that a node cut off does not disturb the others when it comes back. For
//! the same reason voters stand by a leader that they heard within the shortest election time-out,
//! unless that leader itself asks for the election (thesis §4.2.3, §3.10); leases rest on this
//! too. A leader that hears no majority for the longest time-out steps down (CheckQuorum, thesis §6.2).

use std::collections::BTreeSet;

use ordalia_node::NodeId;

use crate::bugs::Bug;
use crate::message::{Message, Vote, Voted};
use crate::record::Record;
use crate::role::{Leader, Role};
use crate::{Cx, Raft, StateMachine, Timer};

impl<S: StateMachine> Raft<S> {
    /// How many nodes are a majority.
    pub(crate) fn quorum(&self, cx: &Cx<'_, S>) -> usize {
        if self.settings.bugs.has(Bug::QuorumOfAlive) {
            let lately = self.settings.longest_timeout();
            let alive = self.heard.values().filter(|heard| cx.now().since(**heard) < lately).count();
            return alive.div_ceil(2) + 1;
        }
        // Of one node and its peers.
        self.peers.len().div_ceil(2) + 1
    }

    /// Stores term and vote.
    pub(crate) fn save_hard(&self, cx: &mut Cx<'_, S>) {
        if !self.settings.bugs.has(Bug::ForgetVote) {
            cx.persist(Record::Hard { term: self.term, vote: self.voted_for });
        }
    }

    /// Puts the next election off.
    pub(crate) fn reset_election(&mut self, cx: &mut Cx<'_, S>) {
        let after = cx.draw(self.settings.election_timeout);
        self.election_deadline = cx.now() + after;
        // The timer is left to run out and then set for the rest, which spares one for each message.
        if !self.election_armed {
            self.election_armed = true;
            cx.set_timer(Timer::Election, after);
        }
    }

    pub(crate) fn on_election_timer(&mut self, cx: &mut Cx<'_, S>) {
        self.election_armed = false;
        if self.is_leader() {
            return;
        }
        if cx.now() < self.election_deadline {
            self.election_armed = true;
            cx.set_timer(Timer::Election, self.election_deadline.since(cx.now()));
            return;
        }
        self.become_pre_candidate(cx);
    }

    fn become_pre_candidate(&mut self, cx: &mut Cx<'_, S>) {
        cx.trace("become-pre-candidate", format!("term {}", self.term));
        self.leader = None;
        self.role = Role::PreCandidate(BTreeSet::from([self.id]));
        self.reset_election(cx);
        if self.quorum(cx) == 1 {
            return self.become_candidate(false, cx);
        }
        let Some(term) = self.term.checked_add(1) else { return };
        self.ask_for_votes(term, true, false, cx);
    }

    /// Stands for election.
    pub(crate) fn become_candidate(&mut self, transfer: bool, cx: &mut Cx<'_, S>) {
        let Some(term) = self.term.checked_add(1) else { return };
        self.term = term;
        self.voted_for = (!self.settings.bugs.has(Bug::ForgetVote)).then_some(self.id);
        self.leader = None;
        self.role = Role::Candidate(BTreeSet::from([self.id]));
        cx.trace("become-candidate", format!("term {term}"));
        self.save_hard(cx);
        self.reset_election(cx);
        if self.quorum(cx) == 1 {
            return self.become_leader(cx);
        }
        self.ask_for_votes(term, false, transfer, cx);
    }

    fn ask_for_votes(&self, term: u64, pre: bool, transfer: bool, cx: &mut Cx<'_, S>) {
        let (last_index, last_term) = (self.log.last_index(), self.log.last_term());
        for peer in &self.peers {
            cx.send(*peer, Message::Vote(Vote { term, pre, transfer, last_index, last_term }));
        }
    }

    pub(crate) fn on_vote(&mut self, from: NodeId, vote: &Vote, cx: &mut Cx<'_, S>) {
        let heard_lately = cx.now().since(self.heard_leader) < self.settings.election_timeout
            && !self.settings.bugs.has(Bug::ForgetVote);
        let stands_by_leader = !vote.transfer && (self.is_leader() || heard_lately);
        if vote.term < self.term || stands_by_leader {
            return self.answer_vote(from, vote.pre, false, cx);
        }
        let complete = self.is_up_to_date(vote);
        if vote.pre {
            return self.answer_pre_vote(from, vote, complete, cx);
        }
        if vote.term > self.term {
            self.become_follower(vote.term, None, cx);
        }
        let free = self.voted_for.is_none_or(|voted| voted == from);
        let granted = free && complete;
        if granted {
            if self.voted_for.is_none() && !self.settings.bugs.has(Bug::ForgetVote) {
                self.voted_for = Some(from);
                self.save_hard(cx);
            }
            self.reset_election(cx);
        }
        self.answer_vote(from, false, granted, cx);
    }

    /// §5.4.1: the later last term wins, then the longer log.
    fn is_up_to_date(&self, vote: &Vote) -> bool {
        let theirs = (vote.last_term, vote.last_index);
        theirs >= (self.log.last_term(), self.log.last_index()) || self.settings.bugs.has(Bug::AnyVote)
    }

    fn answer_vote(&self, to: NodeId, pre: bool, granted: bool, cx: &mut Cx<'_, S>) {
        cx.send(to, Message::Voted(Voted { term: self.term, pre, granted }));
    }

    fn answer_pre_vote(&self, to: NodeId, vote: &Vote, complete: bool, cx: &mut Cx<'_, S>) {
        let granted = vote.term > self.term && complete;
        let term = if granted { vote.term } else { self.term };
        cx.send(to, Message::Voted(Voted { term, pre: true, granted }));
    }

    pub(crate) fn on_voted(&mut self, from: NodeId, voted: &Voted, cx: &mut Cx<'_, S>) {
        if !voted.granted {
            if voted.term > self.term {
                self.become_follower(voted.term, None, cx);
            }
            return;
        }
        let (quorum, term) = (self.quorum(cx), self.term);
        match &mut self.role {
            Role::PreCandidate(votes) if voted.pre && voted.term.checked_sub(1) == Some(term) => {
                votes.insert(from);
                if votes.len() >= quorum {
                    self.become_candidate(false, cx);
                }
            }
            Role::Candidate(votes) if !voted.pre && voted.term == term => {
                votes.insert(from);
                if votes.len() >= quorum {
                    self.become_leader(cx);
                }
            }
            _ => {}
        }
    }

    fn become_leader(&mut self, cx: &mut Cx<'_, S>) {
        let next_index = self.log.last_index() + 1;
        cx.trace("become-leader", format!("term {} from index {next_index}", self.term));
        self.role = Role::Leader(Leader::new(&self.peers, next_index, cx.now()));
        self.leader = Some(self.id);
        cx.set_timer(Timer::Heartbeat, self.settings.heartbeat());
        self.open_term(cx);
        self.resend_all(cx);
    }

    /// Follows, in a term at least as late as the current one.
    pub(crate) fn become_follower(&mut self, term: u64, leader: Option<NodeId>, cx: &mut Cx<'_, S>) {
        if matches!(self.role, Role::Follower) && term == self.term && leader == self.leader {
            return;
        }
        if term > self.term {
            self.term = term;
            self.voted_for = None;
            self.save_hard(cx);
        }
        if !matches!(self.role, Role::Follower) || leader.is_some() {
            let whom = leader.map_or("nobody yet".to_owned(), |leader| leader.to_string());
            cx.trace("become-follower", format!("of {whom}, term {term}"));
        }
        self.role = Role::Follower;
        let is_news = leader.is_some() && leader != self.leader;
        self.leader = leader;
        self.reset_election(cx);
        if is_news {
            self.resend_all(cx);
        }
    }

    /// A message of the current leader arrived, or of one that is about to be believed. Whether to
    /// go on with it.
    pub(crate) fn hear_leader(&mut self, from: NodeId, term: u64, cx: &mut Cx<'_, S>) -> bool {
        if self.is_leader() && term == self.term {
            cx.trace("reject-message", format!("{from} claims to lead in term {term} too"));
            return false;
        }
        let accepted = term.max(self.term);
        self.become_follower(accepted, Some(from), cx);
        self.heard_leader = cx.now();
        self.reset_election(cx);
        true
    }

    /// CheckQuorum: whether a leader is still in touch with a majority.
    pub(crate) fn has_contact(&self, cx: &Cx<'_, S>) -> bool {
        let bugs = self.settings.bugs;
        // Figure 2 knows no CheckQuorum, and without it these defects show for as long as a leader is
        // cut off, not only until it would have stepped down.
        if [Bug::StaleRead, Bug::LeaseForever, Bug::IgnoreTerm].iter().any(|bug| bugs.has(*bug)) {
            return true;
        }
        let Role::Leader(leader) = &self.role else { return false };
        let lately = self.settings.longest_timeout();
        let in_touch = leader.peers.values().filter(|peer| cx.now().since(peer.last_contact) < lately);
        in_touch.count() + 1 >= self.quorum(cx)
    }
}
