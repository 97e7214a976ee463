//! A place in a line: ephemeral sequential nodes, of which the lowest is the first.
//!
//! Only the next one ahead is watched, so that one who leaves wakes one other, and not the herd.

use ordalia_node::{
    Change, CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, Refusal, Stat, Value, WatchMode,
    Zxid,
};

use super::unfit;
use super::{Creation, Look, View};
use crate::client::{CallId, Happening, Session};

/// What became of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is the first.
    First,
    /// It was given up.
    Left,
    /// It is gone, though nobody here gave it up.
    Lost,
    /// A step failed.
    Failed(Refusal),
}

#[derive(Debug)]
enum Step {
    Coming(Creation),
    /// Looking for who is ahead.
    Listing(CallId),
    /// A list lacked this place: it may be older than the place, or the place may be gone.
    Finding(CallId),
    /// Somebody is ahead.
    Behind(Look),
    First,
    Leaving(CallId),
    Over,
}

/// A place in a line.
#[derive(Debug)]
pub(super) struct Line {
    folder: String,
    /// Its name and the change that created it, from when it is known to exist.
    place: Option<(String, Zxid)>,
    step: Step,
    is_unwanted: bool,
}

const BEGINNING: &str = "c-";

impl Line {
    /// Queues up in that folder, with a value for those who look.
    pub fn join(folder: impl Into<String>, value: Value, session: &mut Session) -> Self {
        let folder = folder.into();
        let path = format!("{folder}/{BEGINNING}");
        let creation = Creation::new(path, value, CreateMode::EphemeralSequential, session);
        Self { folder, place: None, step: Step::Coming(creation), is_unwanted: false }
    }

    /// The change that created the place.
    pub fn created(&self) -> Option<Zxid> {
        self.place.as_ref().map(|(_, created)| *created)
    }

    /// The path of the place.
    pub fn path(&self) -> Option<String> {
        self.place.as_ref().map(|(name, _)| format!("{}/{name}", self.folder))
    }

    /// Whether it is the first, as far as is known.
    pub fn is_first(&self) -> bool {
        matches!(self.step, Step::First)
    }

    /// Gives the place up.
    pub fn leave(&mut self, session: &mut Session) {
        if std::mem::replace(&mut self.is_unwanted, true) {
            return;
        }
        // One whose creation is under way is removed once its name is known.
        if !matches!(self.step, Step::Coming(_) | Step::Over) {
            self.remove(session);
        }
    }

    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<Turn> {
        let turn = match &mut self.step {
            Step::Coming(creation) => {
                let result = creation.on(happening, session)?;
                self.on_created(result, session)
            }
            Step::Listing(call) => {
                let result = happening.answer_to(Some(*call))?;
                self.on_list(result, session)
            }
            Step::Finding(call) => {
                let result = happening.answer_to(Some(*call))?;
                self.on_found(result, session)
            }
            // Names are never given again, so that is final, and the watch is used up.
            Step::Behind(look) if is_removal(happening, look.path()) => {
                self.list(session);
                None
            }
            Step::Behind(look) => {
                let result = look.on(happening, session)?;
                self.on_ahead(&result, session)
            }
            Step::Leaving(call) => Some(match happening.answer_to(Some(*call))? {
                Err(refusal) if refusal.code != ErrorCode::KeyDoesNotExist => Turn::Failed(refusal.clone()),
                _ => Turn::Left,
            }),
            Step::First | Step::Over => None,
        };
        if matches!(turn, Some(Turn::Left | Turn::Lost | Turn::Failed(_))) {
            self.step = Step::Over;
        }
        turn
    }

    fn on_created(&mut self, result: Result<(String, Stat), Refusal>, session: &mut Session) -> Option<Turn> {
        match result {
            Ok((path, stat)) => {
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                self.place = Some((name, stat.created));
                match self.is_unwanted {
                    true => self.remove(session),
                    false => self.list(session),
                }
                None
            }
            Err(refusal) => Some(Turn::Failed(refusal)),
        }
    }

    /// A plain read is enough. Numbers only grow, so a list that has this place has all that are ahead of
    /// it, but for those that were gone before.
    fn on_list(
        &mut self,
        result: &Result<CoordinationAnswer, Refusal>,
        session: &mut Session,
    ) -> Option<Turn> {
        let names = match result {
            Ok(CoordinationAnswer::Listing { names, .. }) => names,
            Ok(answer) => return Some(Turn::Failed(unfit(answer))),
            // An old answer, from before the folder was there.
            Err(refusal) if refusal.code == ErrorCode::KeyDoesNotExist => &Vec::new(),
            Err(refusal) => return Some(Turn::Failed(refusal.clone())),
        };
        let own = self.place.as_ref().and_then(|(name, _)| number(name));
        let ahead = names.iter().filter_map(|name| Some((number(name)?, name)));
        let ahead = ahead.filter(|(number, _)| Some(*number) < own).max();
        let is_listed = self.place.as_ref().is_some_and(|(own, _)| names.contains(own));
        match ahead {
            _ if !is_listed => {
                let path = self.path().unwrap_or_default();
                let watch = Some(WatchMode::Once);
                let call = session.ask(CoordinationRequest::Exists { path, watch, session: None });
                self.step = Step::Finding(call);
                None
            }
            None => {
                self.step = Step::First;
                Some(Turn::First)
            }
            Some((_, name)) => {
                let path = format!("{}/{name}", self.folder);
                self.step = Step::Behind(Look::new(path, View::Existence, WatchMode::Once, session));
                None
            }
        }
    }

    fn on_found(
        &mut self,
        result: &Result<CoordinationAnswer, Refusal>,
        session: &mut Session,
    ) -> Option<Turn> {
        match result {
            Ok(CoordinationAnswer::Existence { stat: Some(_) }) => {
                self.list(session);
                None
            }
            Ok(CoordinationAnswer::Existence { stat: None }) => Some(Turn::Lost),
            Ok(answer) => Some(Turn::Failed(unfit(answer))),
            Err(refusal) => Some(Turn::Failed(refusal.clone())),
        }
    }

    /// Who is gone may have left before its turn: somebody else may be ahead then.
    fn on_ahead(
        &mut self,
        result: &Result<CoordinationAnswer, Refusal>,
        session: &mut Session,
    ) -> Option<Turn> {
        match result {
            Ok(CoordinationAnswer::Existence { stat: Some(_) }) => None,
            Ok(CoordinationAnswer::Existence { stat: None }) => {
                if let (Step::Behind(look), Some(session_number)) = (&self.step, session.number()) {
                    // Nothing will ever be told of it, and watches are counted.
                    let path = look.path().to_owned();
                    session.ask(CoordinationRequest::Unwatch { session: session_number, path });
                }
                self.list(session);
                None
            }
            Ok(answer) => Some(Turn::Failed(unfit(answer))),
            Err(refusal) => Some(Turn::Failed(refusal.clone())),
        }
    }

    fn list(&mut self, session: &mut Session) {
        let path = self.folder.clone();
        let call = session.ask(CoordinationRequest::Children { path, watch: None, session: None });
        self.step = Step::Listing(call);
    }

    fn remove(&mut self, session: &mut Session) {
        let path = self.path().unwrap_or_default();
        let call = session.ask(CoordinationRequest::Remove { path, version: None, session: None, seq: None });
        self.step = Step::Leaving(call);
    }
}

fn is_removal(happening: &Happening, path: &str) -> bool {
    matches!(happening, Happening::Event(event) if event.what == Change::Removed && event.path == path)
}

/// The number of a place of that name; others that are in the folder stand in no line.
pub(super) fn number(name: &str) -> Option<u64> {
    name.strip_prefix(BEGINNING)?.parse().ok()
}
