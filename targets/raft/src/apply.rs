//! Applying what is committed, and answering those who asked for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordalia_node::NodeId;

use crate::bugs::Bug;
use crate::message::{Answers, Entry, Message, Outcome};
use crate::record::parse_state;
use crate::session::Sessions;
use crate::{Cx, Raft, StateMachine};

/// Answers for several nodes, each in one of its lives, so that each gets one message.
type AnswersByNode<R> = BTreeMap<(NodeId, u64), Vec<(u64, Outcome<R>)>>;

impl<S: StateMachine> Raft<S> {
    /// Applies up to the commit index. The leader answers the nodes that passed commands on; a node
    /// also answers its own clients when it applies their commands itself, whichever comes first.
    pub(crate) fn apply_committed(&mut self, cx: &mut Cx<'_, S>) {
        let mut answers = BTreeMap::new();
        while self.applied_index < self.commit_index {
            let index = self.applied_index + 1;
            let Some(entry) = self.log.get(index).map(Arc::clone) else { break };
            self.applied_index = index;
            if let Some(response) = self.apply_entry(&entry, index) {
                self.answer_entry(&entry, response, &mut answers, cx);
            }
        }
        for ((node, life), list) in answers {
            cx.send(node, Message::Answers(Answers { life, list }));
        }
        self.serve_reads(cx);
        if self.applied_index.saturating_sub(self.snapshot.index) >= self.settings.snapshot_every {
            self.compact(cx);
        }
    }

    fn apply_entry(&mut self, entry: &Entry<S::Command>, index: u64) -> Option<S::Response> {
        let proposal = entry.proposal.as_ref()?;
        if self.settings.bugs.has(Bug::ApplyTwice) {
            return Some(self.machine.apply(&proposal.command));
        }
        self.sessions.apply(proposal, index, &mut self.machine)
    }

    fn answer_entry(
        &mut self,
        entry: &Entry<S::Command>,
        response: S::Response,
        answers: &mut AnswersByNode<S::Response>,
        cx: &mut Cx<'_, S>,
    ) {
        let Some(proposal) = &entry.proposal else { return };
        if proposal.session == self.gateway.session() {
            self.gateway.complete(proposal.seq, Outcome::Response(response), cx);
        } else if self.is_leader() {
            let number = proposal.session.node;
            if let Some(node) = self.peers.iter().find(|peer| peer.number() == number) {
                let list: &mut Vec<_> = answers.entry((*node, proposal.session.life)).or_default();
                list.push((proposal.seq, Outcome::Response(response)));
            }
        }
    }

    /// Applies anew from the snapshot up to an index, after a planted defect undid entries that were
    /// applied: what a restart would amount to.
    pub(crate) fn rebuild(&mut self, upto: u64, cx: &mut Cx<'_, S>) {
        self.machine = S::default();
        self.sessions = Sessions::default();
        if self.snapshot.index > 0
            && let Ok(state) = parse_state::<S>(&self.snapshot.text)
        {
            self.machine = S::restore(state.machine);
            self.sessions = state.sessions;
        }
        self.applied_index = self.snapshot.index;
        self.commit_index = upto.max(self.snapshot.index);
        self.apply_committed(cx);
    }
}
