//! Which node a client thread speaks to.
//!
//! Each thread has a home among the nodes. It sticks to it while it is served, moves on to the next node
//! when it is not, and goes home again after a while: so clients find a way around a fault, and yet no
//! node, least of all one that is cut off, goes long without being asked.

use std::time::Duration;

use crate::Thread;
use ordalia_node::NodeId;

/// How long a thread stays away from a home that failed it.
const AWAY: Duration = Duration::from_millis(500);

/// The threads and the nodes they speak to.
#[derive(Debug)]
pub struct Routing {
    nodes: Vec<NodeId>,
    threads: Vec<Route>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Route {
    /// How many nodes past its home the thread is.
    offset: usize,
    /// When it left home, in nanoseconds since the start of the load.
    left_ns: u64,
}

impl Routing {
    /// All threads at home, spread evenly over the nodes.
    pub fn new(nodes: Vec<NodeId>, threads: usize) -> Self {
        Self { nodes, threads: vec![Route::default(); threads] }
    }

    /// The node that the thread's next request goes to.
    pub fn node(&mut self, thread: Thread, now_ns: u64) -> NodeId {
        let route = &mut self.threads[thread];
        if u128::from(now_ns.saturating_sub(route.left_ns)) >= AWAY.as_nanos() {
            route.offset = 0;
        }
        self.nodes[(thread + route.offset) % self.nodes.len()]
    }

    /// The thread was not served.
    pub fn failed(&mut self, thread: Thread, now_ns: u64) {
        let route = &mut self.threads[thread];
        if route.offset == 0 {
            route.left_ns = now_ns;
        }
        route.offset += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_stick_move_on_and_come_home() {
        let mut routing = Routing::new(NodeId::all(3), 4);
        assert_eq!(routing.node(3, 0), NodeId::new(1));
        assert_eq!(routing.node(1, 0), NodeId::new(2));
        routing.failed(1, 1_000);
        assert_eq!(routing.node(1, 2_000), NodeId::new(3));
        routing.failed(1, 3_000);
        assert_eq!(routing.node(1, 4_000), NodeId::new(1));
        assert_eq!(routing.node(1, 1_000 + AWAY.as_nanos() as u64), NodeId::new(2));
    }
}
