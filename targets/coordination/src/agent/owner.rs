//! One owner: its session, what it has, and what it has asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_node::{
    CoordinationAnswer, CoordinationRequest, ErrorCode, Key, RecipeAnswer, RecipeRequest, Refusal,
    SessionNumber, Ticket, Time, WatchMode,
};

use super::belonging::{Belonging, Fate, Kind};
use super::reading::{self, Reading};
use crate::client::{CallId, Happening, Session};
use crate::recipes::{Counter, CounterOutcome, Dequeue, DequeueOutcome, Enqueue, EnqueueOutcome};

/// After which a request is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// An answer to a client.
pub(super) type Told = (Ticket, Result<RecipeAnswer, Refusal>);

/// What a client waits for.
#[derive(Debug)]
enum Task {
    /// That something is had.
    Take(Kind, Key),
    /// That something is given up.
    Give(Kind, Key),
    /// That the counter has grown by that much.
    Add(Key, i64),
    Enqueue(Enqueue),
    Dequeue(Dequeue),
    Read(Reading),
    /// That a watch is set.
    Watch(Key),
}

impl Task {
    /// How it is given up: definitely, if it changes nothing, or if what it changed can be undone before
    /// anybody was told of it.
    fn overdue(&self) -> Refusal {
        let code = match self {
            Self::Take(Kind::Lock | Kind::Office, _) | Self::Read(_) | Self::Watch(_) => {
                ErrorCode::TemporarilyUnavailable
            }
            _ => ErrorCode::Timeout,
        };
        Refusal::new(code, "it took longer than 2 s")
    }
}

/// Additions to one counter that are made together: as many as wait when one begins, so that an agent never stands in
/// its own way.
#[derive(Debug)]
struct Addition {
    counter: Counter,
    sum: i64,
    parts: Vec<(Ticket, i64)>,
}

#[derive(Debug)]
struct Work {
    ticket: Ticket,
    until: Time,
    task: Task,
}

/// What a persistent watch has told.
#[derive(Debug)]
struct Log {
    path: String,
    /// The setting of the watch, until it is set.
    call: Option<CallId>,
    versions: Vec<u64>,
}

/// One owner, for as long as its session lives.
#[derive(Debug)]
pub(super) struct Owner {
    pub name: String,
    pub lane: u16,
    pub session: Session,
    /// The session's number, also after its end.
    pub number: Option<SessionNumber>,
    /// When it was asked for something last.
    pub asked: Time,
    belongings: BTreeMap<(Kind, Key), Belonging>,
    /// What nobody waits for, on its way out.
    leaving: Vec<Belonging>,
    logs: BTreeMap<Key, Log>,
    additions: BTreeMap<Key, Addition>,
    works: Vec<Work>,
}

fn refuse<T>(code: ErrorCode, text: &str) -> Result<T, Refusal> {
    Err(Refusal::new(code, text))
}

impl Owner {
    pub fn new(name: String, lane: u16, session: Session, now: Time) -> Self {
        Self {
            name,
            lane,
            session,
            number: None,
            asked: now,
            belongings: BTreeMap::new(),
            leaving: Vec::new(),
            logs: BTreeMap::new(),
            additions: BTreeMap::new(),
            works: Vec::new(),
        }
    }

    pub fn is_idle(&self) -> bool {
        self.works.is_empty()
    }

    /// When the first request is to be given up.
    pub fn deadline(&self) -> Option<Time> {
        self.works.iter().map(|work| work.until).min()
    }

    pub fn pending(&self) -> usize {
        self.works.len()
    }

    /// A request of this owner, or of nobody in particular.
    pub fn ask(&mut self, ticket: Ticket, request: RecipeRequest, now: Time, told: &mut Vec<Told>) {
        self.asked = now;
        let session = &mut self.session;
        let task = match request {
            RecipeRequest::Acquire { key, .. } => return self.take(Kind::Lock, key, ticket, now, told),
            RecipeRequest::Campaign { key, .. } => return self.take(Kind::Office, key, ticket, now, told),
            RecipeRequest::Hold { key, .. } => return self.take(Kind::Hold, key, ticket, now, told),
            RecipeRequest::Join { key, .. } => return self.take(Kind::Member, key, ticket, now, told),
            RecipeRequest::Release { key, token, .. } => {
                let held = self.belongings.get(&(Kind::Lock, key.clone()));
                let found = held.and_then(|lock| lock.had(0));
                if found != Some(RecipeAnswer::Acquired { token }) {
                    let refusal = refuse(ErrorCode::PreconditionFailed, "it is not held under that token");
                    return told.push((ticket, refusal));
                }
                return self.give(Kind::Lock, key, ticket, now, told);
            }
            RecipeRequest::Resign { key, .. } => return self.resign(key, ticket, now, told),
            RecipeRequest::Leave { key, .. } => return self.give(Kind::Member, key, ticket, now, told),
            RecipeRequest::WatchLog { key, .. } => return self.watch(key, ticket, now, told),
            RecipeRequest::Leader { key } => Task::Read(Reading::leader(&key, session)),
            RecipeRequest::Holders { key } => Task::Read(Reading::names(Kind::Hold, &key, session)),
            RecipeRequest::Members { key } => Task::Read(Reading::names(Kind::Member, &key, session)),
            RecipeRequest::Total { key } => Task::Read(Reading::total(&key, session)),
            RecipeRequest::Add { key, delta } => {
                self.wait(ticket, Task::Add(key.clone(), delta), now);
                return self.add(&key);
            }
            RecipeRequest::Enqueue { key, value } => {
                Task::Enqueue(Enqueue::new(&queue(&key), value, session))
            }
            RecipeRequest::Dequeue { key } => Task::Dequeue(Dequeue::new(queue(&key), session)),
        };
        self.wait(ticket, task, now);
    }

    fn wait(&mut self, ticket: Ticket, task: Task, now: Time) {
        self.works.push(Work { ticket, until: now + PATIENCE, task });
    }

    /// Who asks again for a lock or an office, and was perhaps not told that it has it, gives it up and
    /// queues anew, so that tokens grow from one answer to the next.
    fn take(&mut self, kind: Kind, key: Key, ticket: Ticket, now: Time, told: &mut Vec<Told>) {
        let place = (kind, key);
        let is_there = self.belongings.get(&place).is_some_and(|belonging| !belonging.is_unwanted);
        let is_kept = is_there && matches!(kind, Kind::Hold | Kind::Member);
        if !is_kept {
            self.drop_belonging(&place, "it was asked for again", told);
            let belonging = Belonging::take(kind, &place.1, &self.name, &mut self.session);
            self.belongings.insert(place.clone(), belonging);
        }
        self.wait(ticket, Task::Take(place.0, place.1), now);
        self.tell_what_is_had(told);
    }

    fn give(&mut self, kind: Kind, key: Key, ticket: Ticket, now: Time, told: &mut Vec<Told>) {
        let place = (kind, key);
        let Some(belonging) = self.belongings.get_mut(&place) else {
            return told.push((ticket, Ok(Belonging::gone(kind))));
        };
        if !belonging.is_unwanted {
            belonging.give_up(&mut self.session);
        }
        self.end_tasks(told, |task| match task {
            Task::Take(kind, key) if (*kind, key) == (place.0, &place.1) => {
                Some(refuse(ErrorCode::Abort, "it was given up meanwhile"))
            }
            _ => None,
        });
        self.wait(ticket, Task::Give(place.0, place.1), now);
    }

    /// Only who leads can resign. Who stands still withdraws, and is told that it held nothing.
    fn resign(&mut self, key: Key, ticket: Ticket, now: Time, told: &mut Vec<Told>) {
        let place = (Kind::Office, key);
        let office = self.belongings.get(&place);
        if office.is_some_and(|office| office.had(0).is_some()) {
            return self.give(place.0, place.1, ticket, now, told);
        }
        if office.is_some_and(|office| !office.is_unwanted) {
            self.drop_belonging(&place, "it was given up meanwhile", told);
        }
        told.push((ticket, refuse(ErrorCode::PreconditionFailed, "the office is not held")));
    }

    /// Begins with the additions that wait for a counter, unless others are under way. All of them go in one
    /// direction, so that no value on the way is beyond both ends.
    fn add(&mut self, key: &Key) {
        if self.additions.contains_key(key) {
            return;
        }
        let mut parts: Vec<(Ticket, i64)> = Vec::new();
        let mut sum = 0i64;
        for work in &self.works {
            let Task::Add(of, delta) = &work.task else { continue };
            let fits = parts.first().is_none_or(|(_, first)| (*first < 0) == (*delta < 0));
            if let Some(more) = sum.checked_add(*delta).filter(|_| of == key && fits) {
                sum = more;
                parts.push((work.ticket, *delta));
            }
        }
        if !parts.is_empty() {
            let counter = Counter::add(reading::counter(key), sum, &mut self.session);
            self.additions.insert(key.clone(), Addition { counter, sum, parts });
        }
    }

    /// Nobody waits for it any more; it goes by itself.
    fn drop_belonging(&mut self, place: &(Kind, Key), why: &str, told: &mut Vec<Told>) {
        let Some(mut belonging) = self.belongings.remove(place) else { return };
        if !belonging.is_unwanted {
            belonging.give_up(&mut self.session);
        }
        self.leaving.push(belonging);
        self.end_tasks(told, |task| match task {
            Task::Take(kind, key) if (*kind, key) == (place.0, &place.1) => {
                Some(refuse(ErrorCode::Abort, why))
            }
            Task::Give(kind, key) if (*kind, key) == (place.0, &place.1) => {
                Some(refuse(ErrorCode::Timeout, why))
            }
            _ => None,
        });
    }

    fn watch(&mut self, key: Key, ticket: Ticket, now: Time, told: &mut Vec<Told>) {
        match self.logs.get(&key) {
            Some(log) if log.call.is_none() => {
                let versions = log.versions.clone();
                return told.push((ticket, Ok(RecipeAnswer::Seen { versions })));
            }
            Some(_) => {}
            None => {
                let path = format!("/w/{key}");
                let watch = Some(WatchMode::Persistent);
                let exists = CoordinationRequest::Exists { path: path.clone(), watch, session: None };
                let call = Some(self.session.ask(exists));
                self.logs.insert(key.clone(), Log { path, call, versions: Vec::new() });
            }
        }
        self.wait(ticket, Task::Watch(key), now);
    }

    /// What befell the session. Its end is told last.
    pub fn on(&mut self, happening: &Happening, told: &mut Vec<Told>) {
        if let Happening::Opened { session } = happening {
            self.number = Some(*session);
        }
        self.on_logs(happening, told);
        self.on_belongings(happening, told);
        self.on_additions(happening, told);
        self.on_works(happening, told);
        if happening.is_end() {
            self.end_tasks(told, |task| {
                let code = match task {
                    Task::Take(Kind::Hold | Kind::Member, _) => ErrorCode::Timeout,
                    _ => ErrorCode::SessionExpired,
                };
                Some(refuse(code, "the owner's session has ended"))
            });
        }
        self.tell_what_is_had(told);
    }

    fn on_logs(&mut self, happening: &Happening, told: &mut Vec<Told>) {
        for log in self.logs.values_mut() {
            if let Happening::Event(event) = happening
                && event.path == log.path
            {
                log.versions.extend(event.version.filter(|_| event.what != ordalia_node::Change::Children));
            }
        }
        let answer = |(key, log): (&Key, &Log)| Some((key.clone(), happening.answer_to(log.call)?.clone()));
        let Some((key, result)) = self.logs.iter().find_map(answer) else { return };
        match &result {
            Ok(CoordinationAnswer::Existence { .. }) => {
                if let Some(log) = self.logs.get_mut(&key) {
                    log.call = None;
                }
            }
            _ => drop(self.logs.remove(&key)),
        }
        let seen = self.logs.get(&key).map(|log| RecipeAnswer::Seen { versions: log.versions.clone() });
        self.end_tasks(told, |task| match task {
            Task::Watch(of) if *of == key => Some(match (&result, &seen) {
                (Ok(_), Some(seen)) => Ok(seen.clone()),
                (Err(refusal), _) => Err(refusal.clone()),
                (Ok(_), None) => refuse(ErrorCode::Abort, "the answer does not fit the question"),
            }),
            _ => None,
        });
    }

    fn on_belongings(&mut self, happening: &Happening, told: &mut Vec<Told>) {
        let session = &mut self.session;
        self.leaving.retain_mut(|leaving| {
            !matches!(leaving.on(happening, session), Some(Fate::Gone | Fate::Failed(_)))
        });
        let mut over = Vec::new();
        for (place, belonging) in &mut self.belongings {
            match belonging.on(happening, session) {
                Some(Fate::Gone) => over.push((place.clone(), Ok(Belonging::gone(place.0)))),
                Some(Fate::Failed(refusal)) => over.push((place.clone(), Err(refusal))),
                Some(Fate::Had) | None => {}
            }
        }
        for ((kind, key), result) in over {
            self.belongings.remove(&(kind, key.clone()));
            self.end_tasks(told, |task| match task {
                Task::Take(of, at) | Task::Give(of, at) if (*of, at) == (kind, &key) => Some(result.clone()),
                _ => None,
            });
        }
    }

    fn on_additions(&mut self, happening: &Happening, told: &mut Vec<Told>) {
        let mut over = Vec::new();
        for (key, addition) in &mut self.additions {
            if let Some(outcome) = addition.counter.on(happening, &mut self.session) {
                over.push((key.clone(), outcome));
            }
        }
        for (key, outcome) in over {
            let Some(addition) = self.additions.remove(&key) else { continue };
            let mut so_far = 0i64;
            for (ticket, delta) in addition.parts {
                so_far = so_far.wrapping_add(delta);
                let result = match &outcome {
                    CounterOutcome::Added { value, .. } => {
                        let value = value.wrapping_sub(addition.sum).wrapping_add(so_far);
                        Ok(RecipeAnswer::Added { value })
                    }
                    CounterOutcome::Failed(refusal) => Err(refusal.clone()),
                };
                self.end_added(ticket, result, told);
            }
            self.add(&key);
        }
    }

    /// Tells who added, unless it was given up.
    fn end_added(&mut self, ticket: Ticket, result: Result<RecipeAnswer, Refusal>, told: &mut Vec<Told>) {
        let place =
            self.works.iter().position(|work| work.ticket == ticket && matches!(work.task, Task::Add(..)));
        if let Some(place) = place {
            self.works.remove(place);
            told.push((ticket, result));
        }
    }

    fn on_works(&mut self, happening: &Happening, told: &mut Vec<Told>) {
        let session = &mut self.session;
        self.works.retain_mut(|work| {
            let result = match &mut work.task {
                Task::Enqueue(enqueue) => enqueue.on(happening, session).map(|outcome| match outcome {
                    EnqueueOutcome::Enqueued { .. } => Ok(RecipeAnswer::Enqueued),
                    EnqueueOutcome::Failed(refusal) => Err(refusal),
                }),
                Task::Dequeue(dequeue) => dequeue.on(happening, session).map(|outcome| match outcome {
                    DequeueOutcome::Taken(value) => Ok(RecipeAnswer::Dequeued { value }),
                    DequeueOutcome::Empty => refuse(ErrorCode::KeyDoesNotExist, "the queue is empty"),
                    DequeueOutcome::Failed(refusal) => Err(refusal),
                }),
                Task::Read(reading) => reading.on(happening, session),
                Task::Take(..) | Task::Give(..) | Task::Watch(_) | Task::Add(..) => None,
            };
            match result {
                Some(result) => {
                    told.push((work.ticket, result));
                    false
                }
                None => true,
            }
        });
    }

    /// Tells those who wait for what is had, unless the session may have ended.
    fn tell_what_is_had(&mut self, told: &mut Vec<Told>) {
        let Some(number) = self.session.number().filter(|_| self.session.is_live()) else { return };
        let belongings = std::mem::take(&mut self.belongings);
        self.end_tasks(told, |task| match task {
            Task::Take(kind, key) => belongings.get(&(*kind, key.clone()))?.had(number).map(Ok),
            _ => None,
        });
        self.belongings = belongings;
    }

    /// Gives up what has taken too long.
    pub fn give_up(&mut self, now: Time, told: &mut Vec<Told>) {
        let (over, works): (Vec<Work>, _) =
            std::mem::take(&mut self.works).into_iter().partition(|work| work.until <= now);
        self.works = works;
        for work in over {
            told.push((work.ticket, Err(work.task.overdue())));
            if let Task::Take(kind @ (Kind::Lock | Kind::Office), key) | Task::Give(kind, key) = work.task {
                self.drop_belonging(&(kind, key), "it took longer than 2 s", told);
            }
        }
    }

    fn end_tasks(
        &mut self,
        told: &mut Vec<Told>,
        mut result: impl FnMut(&Task) -> Option<Result<RecipeAnswer, Refusal>>,
    ) {
        self.works.retain(|work| match result(&work.task) {
            Some(result) => {
                told.push((work.ticket, result));
                false
            }
            None => true,
        });
    }
}

fn queue(key: &Key) -> String {
    format!("/queues/{key}")
}
