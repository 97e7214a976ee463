//! What nodes add to the history, and their posts to what stands outside.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_history::Event;
use ordalia_node::{Act, Input, Node, NodeId, Outside, PostError, Value};
use ordalia_record::{Actor, Lanes};

use super::clients::nanos;
use super::{Coming, World};
use crate::SimSettings;
use crate::dice::{Dice, Purpose};
use crate::trace::Happened;

/// Where what stands outside is reached.
const HOST: &str = "http://api.sim";

/// The address that nodes are told, where something stands outside.
pub(super) const API_URL: &str = "http://api.sim/means";

/// A post on its way.
#[derive(Debug)]
struct Post {
    node: NodeId,
    life: u32,
    call: u64,
    path: String,
    body: Value,
}

/// What takes posts, those under way, and the lanes of all who act.
#[derive(Debug)]
pub(super) struct Acting {
    lanes: Lanes,
    outside: Option<Box<dyn Outside>>,
    dice: Dice,
    posts: BTreeMap<u64, Post>,
    numbers: u64,
}

impl Acting {
    pub(super) fn new<N: Node>(settings: &SimSettings) -> Self {
        let bugs = settings.target.bugs.iter().cloned().collect();
        Self {
            lanes: Lanes::default(),
            outside: N::outside(&settings.target.options, &bugs, settings.seed),
            dice: Dice::new(settings.seed, Purpose::Outside),
            posts: BTreeMap::new(),
            numbers: 0,
        }
    }

    /// Whether something takes posts.
    pub(super) fn takes_posts(&self) -> bool {
        self.outside.is_some()
    }
}

impl<N: Node> World<'_, N> {
    /// A node adds to the history.
    pub(super) fn act(&mut self, id: NodeId, act: Act) {
        self.tracer.note(self.now_ns, || Happened::Acted {
            node: id,
            lane: act.lane,
            text: format!("{} {}", act.kind.name(), act.f),
        });
        self.record_act(Actor::Node(id), act);
    }

    fn record_act(&mut self, actor: Actor, act: Act) {
        let events = self.acting.lanes.events(actor, act.into());
        self.record_acts(events);
    }

    fn record_acts(&mut self, events: Vec<Event>) {
        for event in events {
            self.digest.add([8, self.now_ns, event.kind as u64]);
            self.record(event);
        }
    }

    /// A process ended: what it had open nobody will ever know.
    pub(super) fn end_acts(&mut self, id: NodeId) {
        let events = self.acting.lanes.end_life(Actor::Node(id));
        self.record_acts(events);
    }

    /// A node posts something. It arrives after a while, whatever becomes of the node.
    pub(super) fn post(&mut self, id: NodeId, call: u64, url: &str, body: Value, patience: Duration) {
        self.tracer.note(self.now_ns, || Happened::Posted { node: id, call, url: url.to_owned() });
        let life = self.nodes[id.index()].life;
        self.acting.numbers += 1;
        let number = self.acting.numbers;
        let path = url.strip_prefix(HOST).filter(|path| path.is_empty() || path.starts_with('/'));
        let reached = path.filter(|_| self.acting.outside.is_some());
        let travels_ns = self.acting.dice.latency(self.settings.nature.client);
        let path = reached.map(|path| if path.is_empty() { "/" } else { path }.to_owned());
        self.digest.add([9, self.now_ns, u64::from(id.number()), number]);
        let refused = path.is_none();
        let path = path.unwrap_or_default();
        self.acting.posts.insert(number, Post { node: id, life, call, path, body });
        if refused {
            let error = PostError { definite: true, text: format!("nobody listens at {url}") };
            let at_ns = self.now_ns.saturating_add(2 * travels_ns);
            return self.queue.put(at_ns, Coming::Posted { post: number, outcome: Box::new(Err(error)) });
        }
        self.queue.put(self.now_ns.saturating_add(travels_ns), Coming::Post { post: number });
        let error = PostError { definite: false, text: format!("no answer within {patience:?}") };
        let at_ns = self.now_ns.saturating_add(nanos(patience));
        self.queue.put(at_ns, Coming::Posted { post: number, outcome: Box::new(Err(error)) });
    }

    /// A post arrives, also if its node no longer waits for it.
    pub(super) fn take_post(&mut self, number: u64) {
        let time_ns = if self.load_start_ns == 0 { 0 } else { self.load_ns() };
        let Acting { outside, dice, posts, .. } = &mut self.acting;
        // One that is given up before it arrives has been lost on its way.
        let (Some(outside), Some(post)) = (outside, posts.get(&number)) else { return };
        let reply = outside.post(time_ns, &post.path, &post.body, &mut || dice.any());
        let travels_ns = dice.latency(self.settings.nature.client);
        for act in reply.acts {
            self.record_act(Actor::Outside, act);
        }
        let broken = || PostError { definite: false, text: "the connection broke".to_owned() };
        let outcome = Box::new(reply.status.ok_or_else(broken));
        let at_ns = self.now_ns.saturating_add(nanos(reply.after)).saturating_add(travels_ns);
        self.queue.put(at_ns, Coming::Posted { post: number, outcome });
    }

    /// A node learns what became of its post. What comes after that is ignored.
    pub(super) fn posted(&mut self, number: u64, outcome: Result<u16, PostError>) {
        let Some(Post { node, life, call, .. }) = self.acting.posts.remove(&number) else { return };
        self.digest.add([10, self.now_ns, number]);
        if self.nodes[node.index()].is_in(life) {
            self.put_in(node, Input::Posted { call, outcome });
        }
    }
}
