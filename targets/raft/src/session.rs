//! Exactly once: what was answered to whom, as part of the replicated state (thesis §6.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::StateMachine;
use crate::message::{Proposal, SessionId};
use crate::settings::MAX_SESSIONS;

/// The responses that one session may still ask for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Session<R> {
    id: SessionId,
    /// The lowest command that the session still waits for; anything below is a late duplicate.
    oldest: u64,
    /// The index of its last command, for eviction.
    used: u64,
    responses: Vec<(u64, R)>,
}

/// All sessions.
///
/// There is room for a fixed number. A new session puts out the one whose last command is the
/// longest ago, in log order and so alike on all nodes; should its node then retry a command that
/// was applied before, the command would be applied again. A session is one life of one node, so
/// this takes more restarts than there is room for while a request is unanswered.
#[derive(Clone, Debug)]
pub struct Sessions<R> {
    sessions: BTreeMap<SessionId, Session<R>>,
}

impl<R> Default for Sessions<R> {
    fn default() -> Self {
        Self { sessions: BTreeMap::new() }
    }
}

impl<R: Clone> Sessions<R> {
    /// Applies a command once, and gives its response each time; nothing if the session does not
    /// wait for it any more.
    pub fn apply<S: StateMachine<Response = R>>(
        &mut self,
        proposal: &Proposal<S::Command>,
        index: u64,
        machine: &mut S,
    ) -> Option<R> {
        let session = self.open(proposal.session);
        session.used = index;
        if proposal.oldest > session.oldest {
            session.oldest = proposal.oldest;
            session.responses.retain(|(seq, _)| *seq >= proposal.oldest);
        }
        if proposal.seq < session.oldest {
            return None;
        }
        match session.responses.binary_search_by_key(&proposal.seq, |(seq, _)| *seq) {
            Ok(place) => Some(session.responses[place].1.clone()),
            Err(place) => {
                let response = machine.apply(&proposal.command);
                session.responses.insert(place, (proposal.seq, response.clone()));
                Some(response)
            }
        }
    }

    fn open(&mut self, id: SessionId) -> &mut Session<R> {
        if !self.sessions.contains_key(&id) && self.sessions.len() >= MAX_SESSIONS {
            let eldest = self.sessions.values().min_by_key(|session| session.used).map(|session| session.id);
            eldest.and_then(|eldest| self.sessions.remove(&eldest));
        }
        self.sessions.entry(id).or_insert_with(|| Session { id, oldest: 0, used: 0, responses: Vec::new() })
    }

    /// The responses kept for a session.
    pub fn responses(&self, id: SessionId) -> &[(u64, R)] {
        self.sessions.get(&id).map_or(&[], |session| &session.responses)
    }
}

impl<R: Serialize> Serialize for Sessions<R> {
    fn serialize<T: serde::Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        serializer.collect_seq(self.sessions.values())
    }
}

impl<'de, R: Deserialize<'de>> Deserialize<'de> for Sessions<R> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Vec::<Session<R>>::deserialize(deserializer)?;
        for session in &mut list {
            session.responses.sort_by_key(|(seq, _)| *seq);
        }
        Ok(Self { sessions: list.into_iter().map(|session| (session.id, session)).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::{Register, Response, Swap};

    fn swap(life: u64, seq: u64, oldest: u64, from: u64) -> Proposal<Swap> {
        let command = Swap(from, from + 1);
        Proposal { session: SessionId { node: 1, life }, seq, oldest, command }
    }

    #[test]
    fn a_repeated_command_is_answered_from_memory() {
        let (mut sessions, mut register) = (Sessions::default(), Register::default());
        assert_eq!(sessions.apply(&swap(7, 1, 1, 0), 1, &mut register), Some(Response::Swapped));
        assert_eq!(sessions.apply(&swap(7, 1, 1, 0), 2, &mut register), Some(Response::Swapped));
        assert_eq!(register.0, 1);
        assert_eq!(sessions.apply(&swap(7, 2, 2, 1), 3, &mut register), Some(Response::Swapped));
        assert_eq!(sessions.apply(&swap(7, 1, 1, 0), 4, &mut register), None, "a late duplicate");
        assert_eq!(sessions.apply(&swap(8, 1, 1, 0), 5, &mut register), Some(Response::Is(2)));
    }

    #[test]
    fn the_session_unused_for_longest_makes_room() {
        let (mut sessions, mut register) = (Sessions::default(), Register::default());
        for life in 0..MAX_SESSIONS as u64 {
            sessions.apply(&swap(life, 1, 1, 9), life + 1, &mut register);
        }
        sessions.apply(&swap(0, 1, 1, 9), 5000, &mut register);
        sessions.apply(&swap(9999, 1, 1, 9), 5001, &mut register);
        assert!(sessions.responses(SessionId { node: 1, life: 1 }).is_empty());
        assert_eq!(sessions.responses(SessionId { node: 1, life: 0 }).len(), 1);
        assert_eq!(sessions.sessions.len(), MAX_SESSIONS);
    }

    #[test]
    fn sessions_survive_storage() {
        let (mut sessions, mut register) = (Sessions::default(), Register::default());
        sessions.apply(&swap(7, 1, 1, 0), 1, &mut register);
        let text = serde_json::to_string(&sessions).unwrap();
        let mut again: Sessions<Response> = serde_json::from_str(&text).unwrap();
        assert_eq!(again.apply(&swap(7, 1, 1, 0), 2, &mut register), Some(Response::Swapped));
        assert_eq!(register.0, 1);
    }
}
