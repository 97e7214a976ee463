//! A barrier to begin and to end something together.

use ordalia_node::{
    CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, Refusal, Value, WatchMode,
};

use super::unfit;
use super::{Barrier, Creation, Look, Opens, Passed, View};
use crate::client::{CallId, Happening, Session};

/// What became of entering or leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoubleBarrierOutcome {
    /// As many as are needed have entered.
    Entered,
    /// Everyone who entered has left, or its session ended.
    Left,
    /// A step failed.
    Failed(Refusal),
}

#[derive(Debug)]
enum Step {
    Coming(Creation),
    /// Waiting for enough, or for somebody to have seen that there are enough.
    Waiting {
        others: Option<Look>,
        ready: Barrier,
        call: Option<CallId>,
    },
    Inside,
    /// `removal` while the own node is being removed, `others` while somebody stays.
    Leaving {
        removal: Option<CallId>,
        others: Option<Look>,
    },
    Over,
}

/// One who enters and leaves a double barrier: `size` nodes in a folder open it, by having `ready` created,
/// and everyone leaves when all are gone.
///
/// Guarantees: nobody has entered before `size` different names were there at one time; nobody has left
/// before everyone who entered began to leave or lost its session.
///
/// Leaves out: using a folder twice; a name must enter once. ZooKeeper's page has all but two of those who
/// leave wait for one node; here everyone removes its own at once and watches the folder, which is simpler
/// and wakes all for each: it is meant for tens of nodes.
#[derive(Debug)]
pub struct DoubleBarrier {
    folder: String,
    name: String,
    size: usize,
    step: Step,
}

const READY: &str = "ready";

impl DoubleBarrier {
    /// Enters. The name is a component of a path, other than `ready`.
    pub fn enter(
        folder: impl Into<String>,
        name: impl Into<String>,
        size: usize,
        session: &mut Session,
    ) -> Self {
        let (folder, name) = (folder.into(), name.into());
        let creation = Creation::new(format!("{folder}/{name}"), Value::Null, CreateMode::Ephemeral, session);
        Self { folder, name, size, step: Step::Coming(creation) }
    }

    /// Leaves. Only once it has entered; otherwise nothing happens.
    pub fn leave(&mut self, session: &mut Session) {
        if matches!(self.step, Step::Inside) {
            let path = format!("{}/{}", self.folder, self.name);
            let removal = CoordinationRequest::Remove { path, version: None, session: None, seq: None };
            self.step = Step::Leaving { removal: Some(session.ask(removal)), others: None };
        }
    }

    /// Takes note of what befell. Gives one outcome for the entering and one for the leaving.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<DoubleBarrierOutcome> {
        let outcome = match self.step {
            Step::Coming(_) => self.on_coming(happening, session),
            Step::Waiting { .. } => self.on_waiting(happening, session),
            Step::Leaving { .. } => self.on_leaving(happening, session),
            Step::Inside | Step::Over => None,
        }?;
        self.step = match outcome {
            DoubleBarrierOutcome::Entered => Step::Inside,
            _ => Step::Over,
        };
        Some(outcome)
    }

    fn on_coming(&mut self, happening: &Happening, session: &mut Session) -> Option<DoubleBarrierOutcome> {
        let Step::Coming(creation) = &mut self.step else { return None };
        if let Err(refusal) = creation.on(happening, session)? {
            return Some(DoubleBarrierOutcome::Failed(refusal));
        }
        let ready = Barrier::wait(self.ready(), Opens::WhenThere, session);
        let others = Some(Look::new(self.folder.as_str(), View::Children, WatchMode::Once, session));
        self.step = Step::Waiting { others, ready, call: None };
        None
    }

    fn on_waiting(&mut self, happening: &Happening, session: &mut Session) -> Option<DoubleBarrierOutcome> {
        let path = self.ready();
        let Step::Waiting { others, ready, call } = &mut self.step else { return None };
        match ready.on(happening, session) {
            Some(Passed::Open(_)) => return Some(DoubleBarrierOutcome::Entered),
            Some(Passed::Failed(refusal)) => return Some(DoubleBarrierOutcome::Failed(refusal)),
            None => {}
        }
        if let Some(Err(refusal)) = happening.answer_to(*call)
            && refusal.code != ErrorCode::KeyAlreadyExists
        {
            return Some(DoubleBarrierOutcome::Failed(refusal.clone()));
        }
        let names = match listed(others, happening, session)? {
            Ok(names) => names,
            Err(refusal) => return Some(DoubleBarrierOutcome::Failed(refusal)),
        };
        if call.is_none() && names.iter().filter(|name| *name != READY).count() >= self.size {
            let (value, mode) = (Value::Null, CreateMode::Persistent);
            *call = Some(session.ask(CoordinationRequest::Create {
                path,
                value,
                mode,
                session: None,
                seq: None,
            }));
            *others = None;
        }
        None
    }

    fn on_leaving(&mut self, happening: &Happening, session: &mut Session) -> Option<DoubleBarrierOutcome> {
        let Step::Leaving { removal, others } = &mut self.step else { return None };
        if let Some(result) = happening.answer_to(*removal) {
            *removal = None;
            match result {
                Err(refusal) if refusal.code != ErrorCode::KeyDoesNotExist => {
                    return Some(DoubleBarrierOutcome::Failed(refusal.clone()));
                }
                _ => *others = Some(Look::new(&*self.folder, View::Children, WatchMode::Once, session)),
            }
            return None;
        }
        match listed(others, happening, session)? {
            Ok(names) if names.iter().all(|name| name == READY) => Some(DoubleBarrierOutcome::Left),
            Ok(_) => None,
            Err(refusal) => Some(DoubleBarrierOutcome::Failed(refusal)),
        }
    }

    fn ready(&self) -> String {
        format!("{}/{READY}", self.folder)
    }
}

fn listed(
    look: &mut Option<Look>,
    happening: &Happening,
    session: &mut Session,
) -> Option<Result<Vec<String>, Refusal>> {
    Some(match look.as_mut()?.on(happening, session)? {
        Ok(CoordinationAnswer::Listing { names, .. }) => Ok(names),
        Ok(answer) => Err(unfit(&answer)),
        Err(refusal) => Err(refusal),
    })
}
