//! The trace as a picture has it: moments on lanes, arrows between them, and the operations of clients.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ordalia_node::NodeId;
use ordalia_record::{Happened, TraceEvent};

use super::causality::{Signal, Step};

/// Who has a lane: the nodes, and after them the client threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lanes {
    nodes: Vec<NodeId>,
    threads: Vec<usize>,
}

impl Lanes {
    /// Those that occur in a trace, and the nodes that are known from elsewhere.
    fn of(trace: &[TraceEvent], nodes: &[NodeId]) -> Self {
        let mut found: BTreeSet<NodeId> = nodes.iter().copied().collect();
        let mut threads = BTreeSet::new();
        for event in trace {
            match &event.what {
                Happened::Sent { node, to, .. } | Happened::Received { node, from: to, .. } => {
                    found.extend([*node, *to]);
                }
                Happened::Asked { node, thread, .. } => {
                    found.insert(*node);
                    threads.insert(*thread);
                }
                Happened::Ended { thread, .. } => {
                    threads.insert(*thread);
                }
                what => found.extend(node_of(what)),
            }
        }
        Self { nodes: found.into_iter().collect(), threads: threads.into_iter().collect() }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.nodes.len() + self.threads.len()
    }

    /// How many of them are nodes.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The names: `n1`, …, and `c0`, … for the clients.
    pub(super) fn names(&self) -> Vec<String> {
        let clients = self.threads.iter().map(|thread| format!("c{thread}"));
        self.nodes.iter().map(NodeId::to_string).chain(clients).collect()
    }

    // The lists hold all that occur in the trace, so that the position is found.
    fn node(&self, node: NodeId) -> usize {
        self.nodes.binary_search(&node).unwrap_or_default()
    }

    fn thread(&self, thread: usize) -> usize {
        self.nodes.len() + self.threads.binary_search(&thread).unwrap_or_default()
    }
}

/// The node that an event befell, where it befell a single one.
fn node_of(what: &Happened) -> Option<NodeId> {
    match what {
        Happened::Up { node }
        | Happened::Down { node, .. }
        | Happened::Paused { node }
        | Happened::Resumed { node }
        | Happened::Timer { node, .. }
        | Happened::Synced { node }
        | Happened::Told { node, .. }
        | Happened::Acted { node, .. }
        | Happened::Posted { node, .. }
        | Happened::Heard { node, .. }
        | Happened::Replied { node, .. } => Some(*node),
        _ => None,
    }
}

/// What kind of event a moment is. The numbers stand in the page's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Up,
    Down,
    Paused,
    Resumed,
    Sent,
    Received,
    Timer,
    Synced,
    Told,
    Asked,
    Heard,
    Replied,
    Ended,
}

/// An event of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Nanoseconds since the start of the load.
    pub at: i64,
    pub mark: Mark,
    pub text: String,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Arrived,
    /// It arrived after it had been held by a link that was cut.
    Held,
    /// It arrived once more.
    Again,
    Lost,
    /// It was under way, or held, when the trace ended.
    Open,
}

/// A message between nodes, from its sending to what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    pub from: usize,
    pub to: usize,
    pub start: i64,
    pub end: i64,
    /// The moment of its sending.
    pub sent: Option<usize>,
    /// The moment at which it was taken in.
    pub received: Option<usize>,
    pub text: String,
    pub fate: Fate,
}

/// An operation of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub node: usize,
    /// The lane of its client, and the thread's own number.
    pub client: usize,
    pub thread: usize,
    pub start: i64,
    pub end: Option<i64>,
    pub asked: usize,
    pub heard: Option<usize>,
    pub replied: Option<usize>,
    pub ended: Option<usize>,
    pub text: String,
    /// `Ok: 5`; empty if it never ended.
    pub result: String,
}

/// A trace, told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Story {
    pub lanes: Lanes,
    /// In time order.
    pub moments: Vec<Moment>,
    /// What each moment has to do with others, in the same order.
    pub steps: Vec<Step>,
    /// In order of their sending.
    pub arrows: Vec<Arrow>,
    /// In order of their beginning.
    pub calls: Vec<Call>,
    /// The last time of the trace.
    pub end: i64,
}

impl Story {
    /// Tells a trace. Its times count from the start of the world; `load_start_ns` is when the load began.
    pub(super) fn of(trace: &[TraceEvent], nodes: &[NodeId], load_start_ns: u64) -> Self {
        let mut teller = Teller {
            story: Story { lanes: Lanes::of(trace, nodes), ..Story::default() },
            messages: BTreeMap::new(),
            calls: HashMap::new(),
        };
        for event in trace {
            teller.tell(since(event.at, load_start_ns), &event.what);
        }
        teller.finish()
    }

    /// The kind of a message: its text up to the first blank or bracket.
    pub(super) fn kind(text: &str) -> &str {
        text.split([' ', '{', '(', '[']).next().unwrap_or_default()
    }
}

/// A time on the load's clock.
fn since(at: u64, start: u64) -> i64 {
    let whole = |ns| i64::try_from(ns).unwrap_or(i64::MAX);
    if at >= start { whole(at - start) } else { -whole(start - at) }
}

/// A message whose story is not over.
struct UnderWay {
    sent: Option<usize>,
    from: usize,
    to: usize,
    start: i64,
    text: String,
    lost: Option<i64>,
    arrived: bool,
}

/// Tells the events one by one.
struct Teller {
    story: Story,
    messages: BTreeMap<u64, UnderWay>,
    /// Where the calls are, by number.
    calls: HashMap<u64, usize>,
}

impl Teller {
    fn tell(&mut self, at: i64, what: &Happened) {
        self.story.end = self.story.end.max(at);
        match what {
            Happened::Sent { node, to, message, text } => self.sent(at, [*node, *to], *message, text),
            Happened::Received { node, from, message } => self.received(at, [*from, *node], *message),
            Happened::Lost { node, to, message } => self.message([*node, *to], *message, at).lost = Some(at),
            Happened::Asked { node, thread, call, text } => self.asked(at, *node, *thread, *call, text),
            Happened::Heard { node, call } => {
                let heard = self.moment(*node, at, Mark::Heard, "", None, Some(Signal::Request(*call)));
                if let Some(call) = self.call(*call) {
                    call.heard.get_or_insert(heard);
                }
            }
            Happened::Replied { node, call, text } => {
                let replied = self.moment(*node, at, Mark::Replied, text, Some(Signal::Reply(*call)), None);
                if let Some(call) = self.call(*call) {
                    call.replied.get_or_insert(replied);
                }
            }
            Happened::Ended { thread, call, text, replied } => self.ended(at, *thread, *call, text, *replied),
            Happened::Up { node } => self.alone(*node, at, Mark::Up, ""),
            Happened::Down { node, why } => self.alone(*node, at, Mark::Down, why),
            Happened::Paused { node } => self.alone(*node, at, Mark::Paused, ""),
            Happened::Resumed { node } => self.alone(*node, at, Mark::Resumed, ""),
            Happened::Timer { node, timer } => self.alone(*node, at, Mark::Timer, timer),
            Happened::Synced { node } => self.alone(*node, at, Mark::Synced, ""),
            Happened::Told { node, event, detail } => {
                self.alone(*node, at, Mark::Told, format!("{event} {detail}").trim_end());
            }
            Happened::Acted { node, text, .. } => self.alone(*node, at, Mark::Told, text),
            Happened::Posted { node, url, .. } => {
                self.alone(*node, at, Mark::Told, &format!("post to {url}"))
            }
            // What faults do is in the history, with their names.
            Happened::Fault { .. } => {}
        }
    }

    /// Notes an event of a lane; the answer is its place.
    fn note(&mut self, moment: Moment, step: Step) -> usize {
        self.story.moments.push(moment);
        self.story.steps.push(step);
        self.story.moments.len() - 1
    }

    fn moment(
        &mut self,
        node: NodeId,
        at: i64,
        mark: Mark,
        text: &str,
        leaves: Option<Signal>,
        takes: Option<Signal>,
    ) -> usize {
        let lane = self.story.lanes.node(node);
        self.note(Moment { at, mark, text: text.to_owned() }, Step { lane, leaves, takes })
    }

    fn alone(&mut self, node: NodeId, at: i64, mark: Mark, text: &str) {
        self.moment(node, at, mark, text, None, None);
    }

    fn call(&mut self, number: u64) -> Option<&mut Call> {
        self.story.calls.get_mut(*self.calls.get(&number)?)
    }

    /// The message of that number; one that was never sent (the trace is torn) begins where it is first seen.
    fn message(&mut self, [from, to]: [NodeId; 2], number: u64, at: i64) -> &mut UnderWay {
        let lanes = &self.story.lanes;
        self.messages.entry(number).or_insert_with(|| UnderWay {
            sent: None,
            from: lanes.node(from),
            to: lanes.node(to),
            start: at,
            text: String::new(),
            lost: None,
            arrived: false,
        })
    }

    fn sent(&mut self, at: i64, [node, to]: [NodeId; 2], number: u64, text: &str) {
        let sent = self.moment(node, at, Mark::Sent, "", Some(Signal::Message(number)), None);
        let message = self.message([node, to], number, at);
        message.sent = Some(sent);
        message.text = text.to_owned();
    }

    fn received(&mut self, at: i64, [from, node]: [NodeId; 2], number: u64) {
        let received = self.moment(node, at, Mark::Received, "", None, Some(Signal::Message(number)));
        let message = self.message([from, node], number, at);
        let fate = match (message.arrived, message.lost) {
            (true, _) => Fate::Again,
            (false, Some(_)) => Fate::Held,
            (false, None) => Fate::Arrived,
        };
        message.arrived = true;
        let arrow = message.arrow(at, Some(received), fate);
        self.story.arrows.push(arrow);
    }

    fn asked(&mut self, at: i64, node: NodeId, thread: usize, number: u64, text: &str) {
        let (node, client) = (self.story.lanes.node(node), self.story.lanes.thread(thread));
        let step = Step { lane: client, leaves: Some(Signal::Request(number)), takes: None };
        let asked = self.note(Moment { at, mark: Mark::Asked, text: text.to_owned() }, step);
        self.calls.insert(number, self.story.calls.len());
        let text = text.to_owned();
        self.story.calls.push(Call { node, client, thread, start: at, asked, text, ..Call::default() });
    }

    fn ended(&mut self, at: i64, thread: usize, number: u64, text: &str, replied: bool) {
        let lane = self.story.lanes.thread(thread);
        let step = Step { lane, leaves: None, takes: replied.then_some(Signal::Reply(number)) };
        let ended = self.note(Moment { at, mark: Mark::Ended, text: text.to_owned() }, step);
        if let Some(call) = self.call(number) {
            (call.end, call.ended) = (Some(at), Some(ended));
            text.clone_into(&mut call.result);
        }
    }

    fn finish(mut self) -> Story {
        let end = self.story.end;
        for message in self.messages.into_values().filter(|message| !message.arrived) {
            let (at, fate) = message.lost.map_or((end, Fate::Open), |at| (at, Fate::Lost));
            self.story.arrows.push(message.arrow(at, None, fate));
        }
        self.story.arrows.sort_by_key(|arrow| (arrow.start, arrow.sent));
        self.story
    }
}

impl UnderWay {
    fn arrow(&self, end: i64, received: Option<usize>, fate: Fate) -> Arrow {
        let &UnderWay { sent, from, to, start, .. } = self;
        Arrow { from, to, start, end, sent, received, text: self.text.clone(), fate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn story(events: Value) -> Story {
        let trace: Vec<TraceEvent> = serde_json::from_value(events).unwrap();
        Story::of(&trace, &[], 100)
    }

    fn sent(at: u64, message: u64) -> Value {
        json!({"at": at, "what": "sent", "node": "n1", "to": "n2", "message": message, "text": "Vote(Vote { term: 1 })"})
    }

    fn received(at: u64, message: u64) -> Value {
        json!({"at": at, "what": "received", "node": "n2", "from": "n1", "message": message})
    }

    fn lost(at: u64, message: u64) -> Value {
        json!({"at": at, "what": "lost", "node": "n1", "to": "n2", "message": message})
    }

    #[test]
    fn messages_arrive_are_held_doubled_lost_or_under_way() {
        let told = story(json!([
            sent(1, 1),
            sent(2, 2),
            lost(2, 2),
            sent(3, 3),
            sent(4, 4),
            lost(4, 4),
            sent(5, 5),
            received(6, 1),
            received(7, 3),
            received(8, 3),
            received(90, 2),
            sent(120, 6)
        ]));
        let fates: Vec<(i64, i64, Fate)> = told.arrows.iter().map(|a| (a.start, a.end, a.fate)).collect();
        assert_eq!(
            fates,
            [
                (-99, -94, Fate::Arrived),
                (-98, -10, Fate::Held),
                (-97, -93, Fate::Arrived),
                (-97, -92, Fate::Again),
                (-96, -96, Fate::Lost),
                (-95, 20, Fate::Open),
                (20, 20, Fate::Open)
            ]
        );
        assert!(told.arrows.iter().all(|arrow| arrow.sent.is_some() && (arrow.from, arrow.to) == (0, 1)));
    }

    #[test]
    fn a_reply_is_a_cause_only_where_it_ended_the_operation() {
        let call = |number: u64, replied: bool| {
            vec![
                json!({"at": 1, "what": "asked", "node": "n1", "thread": 3, "call": number, "text": "read"}),
                json!({"at": 2, "what": "heard", "node": "n1", "call": number}),
                json!({"at": 3, "what": "replied", "node": "n1", "call": number, "text": "Ok(5)"}),
                json!({"at": 4, "what": "ended", "thread": 3, "call": number, "text": "Ok: 5", "replied": replied}),
            ]
        };
        let told = story(json!([call(7, true), call(8, false)].concat()));
        let takes: Vec<Option<Signal>> =
            told.calls.iter().map(|call| told.steps[call.ended.unwrap()].takes).collect();
        assert_eq!(takes, [Some(Signal::Reply(7)), None]);
        assert_eq!(told.lanes.names(), ["n1", "c3"]);
        assert_eq!((told.calls[0].client, told.calls[0].heard, told.calls[0].replied), (1, Some(1), Some(2)));
    }

    #[test]
    fn a_torn_trace_is_told_as_far_as_it_goes() {
        let told = story(json!([
            received(200, 1),
            {"at": 201, "what": "ended", "thread": 0, "call": 9, "text": "Ok: 1"},
            {"at": 202, "what": "replied", "node": "n1", "call": 9, "text": ""},
            {"at": 203, "what": "fault", "fault": 0, "text": "kill n1: Start"}
        ]));
        assert_eq!((told.moments.len(), told.arrows.len(), told.calls.len()), (3, 1, 0));
        assert_eq!(told.arrows[0].sent, None);
    }

    #[test]
    fn the_kind_of_a_message_is_its_first_word() {
        let kinds = ["Heartbeat(Heartbeat { term: 1 })", "Ping { n: 1 }", "Stop", "vote 3", ""];
        assert_eq!(kinds.map(Story::kind), ["Heartbeat", "Ping", "Stop", "vote", ""]);
    }
}
