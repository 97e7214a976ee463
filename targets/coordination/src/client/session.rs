//! One session.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ordalia_node::{
    Change, CoordinationAnswer, CoordinationRequest, ErrorCode, Event, NodeId, Refusal, SessionNumber, Time,
};

use super::clock::Clock;
use super::question::{self, Question};
use super::{CallId, Happening, SessionSettings};
use crate::Message;

/// Questions for a session or signs of life that are remembered to take a late answer.
const MAX_REMEMBERED: usize = 16;

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Opening,
    Open(SessionNumber),
    Closing(SessionNumber),
    Ended,
}

/// One session of the service. See the [module](super).
#[derive(Debug)]
pub struct Session {
    members: Vec<NodeId>,
    /// The place of the member that is asked.
    place: usize,
    timeout: Duration,
    clock: Clock,
    state: State,
    last_id: u64,
    last_call: u64,
    last_seq: u64,
    /// When each question for a session was sent.
    opens: BTreeMap<u64, Time>,
    /// When each sign of life was sent.
    beats: BTreeMap<u64, Time>,
    /// When the last question for a session or sign of life was sent.
    beaten: Time,
    /// When the last one that was answered was sent.
    confirmed: Time,
    is_suspended: bool,
    /// The number of the last event that was taken.
    seen: u64,
    questions: BTreeMap<u64, Question>,
    /// What is still to be sent, in order: writes while one is outstanding, everything before the session is
    /// open.
    unsent: VecDeque<(CallId, CoordinationRequest)>,
    happenings: VecDeque<Happening>,
    messages: Vec<(NodeId, Message)>,
}

impl Session {
    /// A session of that node with those members of the ensemble, of which it asks one at a time. Nothing
    /// is sent before the first [`on_tick`](Self::on_tick).
    pub fn new(me: NodeId, ensemble: Vec<NodeId>, settings: &SessionSettings) -> Self {
        Self {
            // Nodes begin with different members.
            place: me.index() % ensemble.len().max(1),
            members: ensemble,
            timeout: settings.timeout,
            clock: Clock::default(),
            state: State::Opening,
            last_id: settings.first_question,
            // Calls of another session are none of this one.
            last_call: settings.first_question,
            last_seq: 0,
            opens: BTreeMap::new(),
            beats: BTreeMap::new(),
            beaten: Time::ZERO,
            confirmed: Time::ZERO,
            is_suspended: false,
            seen: 0,
            questions: BTreeMap::new(),
            unsent: VecDeque::new(),
            happenings: VecDeque::new(),
            messages: Vec::new(),
        }
    }

    /// Its number, from its opening to its end.
    pub fn number(&self) -> Option<SessionNumber> {
        match self.state {
            State::Open(number) | State::Closing(number) => Some(number),
            State::Opening | State::Ended => None,
        }
    }

    /// Whether it is open and not suspended, as of the last input. Give it the time first.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Open(_)) && !self.is_suspended
    }

    /// Whether it is suspended.
    pub fn is_suspended(&self) -> bool {
        self.is_suspended
    }

    /// How long ago the last sign of life was sent that was answered, by the node's clock. The ensemble ends no
    /// session before that is its time-out.
    pub fn silence(&self) -> Duration {
        self.clock.now().since(self.confirmed)
    }

    /// Whether it has ended. It is of no more use then, but takes late answers.
    pub fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// The member that it asks.
    pub fn member(&self) -> Option<NodeId> {
        self.members.get(self.place).copied()
    }

    /// Asks something, and names the call. Session and number are filled in. What a session does by itself
    /// (opening, heartbeats, closing) and the simple forms that change or wait are refused as malformed; in a
    /// session that is closing or has ended everything is refused, definitely.
    pub fn ask(&mut self, request: CoordinationRequest) -> CallId {
        self.last_call = self.last_call.wrapping_add(1);
        let call = CallId(self.last_call);
        if !question::may_be_asked(&request) {
            let text = "a session asks no such thing for its owner";
            self.answered(call, Err(Refusal::new(ErrorCode::MalformedRequest, text)));
        } else if matches!(self.state, State::Closing(_) | State::Ended) {
            self.answered(call, Err(never_sent()));
        } else {
            self.unsent.push_back((call, request));
            self.send_unsent();
        }
        call
    }

    /// Ends the session. It counts as ended once the ensemble says so; before it is open, at once.
    pub fn close(&mut self) {
        match self.state {
            State::Opening => self.end(Happening::Closed),
            State::Open(number) => {
                self.state = State::Closing(number);
                self.refuse_unsent();
                self.send(None, CoordinationRequest::CloseSession { session: number });
            }
            State::Closing(_) | State::Ended => {}
        }
    }

    /// Whether it waits for an answer of that number, for those who have several sessions.
    pub fn has_asked(&self, id: u64) -> bool {
        self.opens.contains_key(&id) || self.beats.contains_key(&id) || self.questions.contains_key(&id)
    }

    /// A member's answer. True if it is one to this session.
    pub fn on_answer(
        &mut self,
        from: NodeId,
        id: u64,
        result: Result<CoordinationAnswer, Refusal>,
        now: Time,
    ) -> bool {
        // Also what does not concern it tells the time, to one that was halted above all.
        self.look(now);
        if !self.members.contains(&from) {
            return false;
        }
        if let Some(sent) = self.opens.get(&id).copied() {
            self.on_open_answer(from, sent, result);
        } else if let Some(sent) = self.beats.get(&id).copied() {
            self.on_beat_answer(from, id, sent, result);
        } else if self.questions.contains_key(&id) {
            self.on_question_answer(from, id, result);
        } else {
            return false;
        }
        true
    }

    /// What a member tells unasked. True if it concerns this session.
    pub fn on_events(&mut self, from: NodeId, session: SessionNumber, events: Vec<Event>, now: Time) -> bool {
        self.look(now);
        if self.number() != Some(session) || !self.members.contains(&from) {
            return false;
        }
        self.take_events(events);
        true
    }

    /// Tells it the time: sends what is due. May be called at any time, and best before the session is
    /// asked for something or relied on.
    pub fn on_tick(&mut self, now: Time) {
        self.look(now);
        match self.state {
            State::Opening => self.open_if_due(),
            State::Open(number) => {
                self.beat_if_due(number);
                self.ask_again();
            }
            State::Closing(_) => self.ask_again(),
            State::Ended => {}
        }
    }

    /// After which span of the node's clock it wants to be told the time again, at the latest.
    pub fn until_tick(&self) -> Duration {
        if self.state == State::Ended {
            return self.timeout;
        }
        let now = self.clock.now();
        let mut due = match self.state {
            State::Opening if self.opens.is_empty() => now,
            State::Closing(_) => now + self.timeout,
            _ => self.next_beat(),
        };
        for question in self.questions.values() {
            due = due.min(question.due);
        }
        if !self.is_suspended && matches!(self.state, State::Open(_)) {
            due = due.min(self.confirmed + self.timeout);
        }
        due.since(now).max(Duration::from_millis(1))
    }

    /// What befell next, in order. Nothing more befalls of itself: ask until it is `None` after each input.
    pub fn happening(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    /// What is to be sent, in order.
    pub fn take_messages(&mut self) -> Vec<(NodeId, Message)> {
        std::mem::take(&mut self.messages)
    }

    fn look(&mut self, now: Time) {
        self.clock.look(now);
        self.suspend_if_over();
    }

    fn suspend_if_over(&mut self) {
        let is_over = self.clock.now().since(self.confirmed) >= self.timeout;
        if is_over && !self.is_suspended && matches!(self.state, State::Open(_)) {
            self.is_suspended = true;
            self.happenings.push_back(Happening::Suspended);
        }
    }

    fn open_if_due(&mut self) {
        if !self.opens.is_empty() {
            if self.clock.now() < self.next_beat() {
                return;
            }
            self.move_on(self.place);
        }
        let timeout_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        let id = self.post(CoordinationRequest::OpenSession { timeout_ms });
        self.beaten = self.clock.now();
        self.opens.insert(id, self.beaten);
        if self.opens.len() > MAX_REMEMBERED {
            self.opens.pop_first();
        }
    }

    fn on_open_answer(&mut self, from: NodeId, sent: Time, result: Result<CoordinationAnswer, Refusal>) {
        match (result, self.state) {
            (Ok(CoordinationAnswer::SessionOpened { session }), State::Opening) => {
                self.state = State::Open(session);
                self.confirmed = sent;
                self.happenings.push_back(Happening::Opened { session });
                // The answer may have taken so long that the session has ended again.
                self.suspend_if_over();
                self.send_unsent();
            }
            // The question was asked more than once, and one session is enough.
            (Ok(CoordinationAnswer::SessionOpened { session }), _) if self.number() != Some(session) => {
                self.post(CoordinationRequest::CloseSession { session });
            }
            (Err(_), State::Opening) => self.hurry(from),
            _ => {}
        }
    }

    fn beat_if_due(&mut self, number: SessionNumber) {
        if self.clock.now() < self.next_beat() {
            return;
        }
        if !self.beats.is_empty() {
            self.move_on(self.place);
        }
        let id = self.post(CoordinationRequest::Heartbeat { session: number, seen: self.seen });
        self.beaten = self.clock.now();
        self.beats.insert(id, self.beaten);
        if self.beats.len() > MAX_REMEMBERED {
            self.beats.pop_first();
        }
    }

    fn on_beat_answer(
        &mut self,
        from: NodeId,
        id: u64,
        sent: Time,
        result: Result<CoordinationAnswer, Refusal>,
    ) {
        match result {
            Ok(CoordinationAnswer::Alive { events }) => {
                self.beats = self.beats.split_off(&id.saturating_add(1));
                self.confirm(sent);
                self.take_events(events);
            }
            Err(refusal) if refusal.code == ErrorCode::SessionExpired => self.end(Happening::Expired),
            _ => self.hurry(from),
        }
    }

    /// The ensemble held the session for alive when something was sent.
    fn confirm(&mut self, sent: Time) {
        self.confirmed = self.confirmed.max(sent);
        let is_fresh = self.clock.now().since(self.confirmed) < self.timeout;
        if is_fresh && self.is_suspended && matches!(self.state, State::Open(_)) {
            self.is_suspended = false;
            self.happenings.push_back(Happening::Resumed);
        }
    }

    /// Takes what comes next in number. What is ahead of a gap comes again, with the next heartbeat.
    fn take_events(&mut self, events: Vec<Event>) {
        for event in events {
            if event.what == Change::Expired {
                // What was not told before its end is not told any more.
                return self.end(Happening::Expired);
            }
            if event.number == self.seen.saturating_add(1) && self.state != State::Ended {
                self.seen = event.number;
                self.happenings.push_back(Happening::Event(event));
            }
        }
    }

    /// When the next heartbeat, or question for a session, is due.
    fn next_beat(&self) -> Time {
        let is_unanswered = self.state == State::Opening || !self.beats.is_empty();
        self.beaten + self.timeout / if is_unanswered { 6 } else { 3 }
    }

    /// That member cannot serve: the next is asked soon, but not at once.
    fn hurry(&mut self, from: NodeId) {
        if self.member() == Some(from) {
            let now = self.clock.now();
            self.beaten = self.beaten.min((now + self.timeout / 24) - self.timeout / 6);
        }
    }

    fn on_question_answer(&mut self, from: NodeId, id: u64, result: Result<CoordinationAnswer, Refusal>) {
        match &result {
            Err(refusal) if refusal.code == ErrorCode::SessionExpired => {
                return self.end(Happening::Expired);
            }
            Err(refusal) if !question::is_final(refusal) => return self.on_unable(from, id),
            _ => {}
        }
        let Some(question) = self.questions.remove(&id) else { return };
        match question.call {
            Some(call) => self.answered(call, result),
            None => return self.end(Happening::Closed),
        }
        self.send_unsent();
    }

    /// That member could not answer: the next is asked soon, but not at once.
    fn on_unable(&mut self, from: NodeId, id: u64) {
        let soon = self.clock.now() + self.timeout / 24;
        if let Some(question) = self.questions.get_mut(&id)
            && self.members.get(question.place) == Some(&from)
        {
            question.due = question.due.min(soon);
        }
    }

    fn ask_again(&mut self) {
        let now = self.clock.now();
        let due: Vec<u64> =
            self.questions.iter().filter(|(_, asked)| asked.due <= now).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(place) = self.questions.get(&id).map(|asked| asked.place) {
                self.move_on(place);
            }
            let (place, member) = (self.place, self.member());
            if let (Some(question), Some(member)) = (self.questions.get_mut(&id), member) {
                question.place = place;
                question.due = now + self.timeout / 6;
                let request = question.request.clone();
                self.messages.push((member, Message::Ask { id, request }));
            }
        }
    }

    /// Turns to the next member, unless the session has left the one of that place already.
    fn move_on(&mut self, place: usize) {
        if place == self.place {
            self.place = (self.place + 1) % self.members.len().max(1);
        }
    }

    /// Sends what may be sent: one write at a time, in order; reads at once.
    fn send_unsent(&mut self) {
        let State::Open(number) = self.state else { return };
        let mut is_writing = self.questions.values().any(|question| question.is_write);
        for (call, request) in std::mem::take(&mut self.unsent) {
            let is_write = question::is_write(&request);
            if is_write && is_writing {
                self.unsent.push_back((call, request));
                continue;
            }
            is_writing |= is_write;
            self.last_seq += u64::from(is_write);
            let request = question::in_session(request, number, self.last_seq);
            self.send(Some(call), request);
        }
    }

    fn send(&mut self, call: Option<CallId>, request: CoordinationRequest) {
        let is_write = question::is_write(&request);
        let (place, due) = (self.place, self.clock.now() + self.timeout / 6);
        let id = self.post(request.clone());
        self.questions.insert(id, Question { call, request, place, due, is_write });
    }

    fn post(&mut self, request: CoordinationRequest) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        if let Some(member) = self.member() {
            self.messages.push((member, Message::Ask { id: self.last_id, request }));
        }
        self.last_id
    }

    fn answered(&mut self, call: CallId, result: Result<CoordinationAnswer, Refusal>) {
        self.happenings.push_back(Happening::Answered { call, result });
    }

    fn refuse_unsent(&mut self) {
        for (call, _) in std::mem::take(&mut self.unsent) {
            self.answered(call, Err(never_sent()));
        }
    }

    /// What was sent may have been carried out, even if its last copy was refused. A session that is closing was closed,
    /// whoever is first to say that it is no more: perhaps the answer to a heartbeat from before.
    fn end(&mut self, last: Happening) {
        let last = match (self.state, last) {
            (State::Ended, _) => return,
            (State::Closing(_), Happening::Expired) => Happening::Closed,
            (_, last) => last,
        };
        self.state = State::Ended;
        self.is_suspended = false;
        for question in std::mem::take(&mut self.questions).into_values() {
            let Some(call) = question.call else { continue };
            let code = if question.is_write { ErrorCode::Timeout } else { ErrorCode::SessionExpired };
            let text = "the session ended before there was an answer";
            self.answered(call, Err(Refusal::new(code, text)));
        }
        self.refuse_unsent();
        self.beats.clear();
        self.happenings.push_back(last);
    }
}

fn never_sent() -> Refusal {
    Refusal::new(ErrorCode::SessionExpired, "the session ended before this was sent")
}
