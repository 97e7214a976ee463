//! The clients: one task for each thread, which carries one operation at a time to a node.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use ordalia_node::{NodeId, Request};
use ordalia_workload::{Op, Reply, Thread};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::{Client, Target};

/// An operation on its way to a node.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) node: NodeId,
    pub(crate) op: Op,
    pub(crate) request: Request,
}

/// An operation with its reply.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) thread: Thread,
    pub(crate) job: Job,
    pub(crate) reply: Reply,
}

/// All client tasks. Dropping it ends them.
pub(crate) struct Clients {
    jobs: Vec<mpsc::Sender<Job>>,
    done: mpsc::UnboundedReceiver<Done>,
    _tasks: JoinSet<()>,
}

impl Clients {
    /// Starts one task for each thread. `addresses` says where each node listens.
    pub(crate) fn start(
        target: &dyn Target,
        addresses: &BTreeMap<NodeId, SocketAddr>,
        threads: usize,
        timeout: Duration,
    ) -> Self {
        let (report, done) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let mut jobs = Vec::with_capacity(threads);
        for thread in 0..threads {
            let (sender, receiver) = mpsc::channel(1);
            let connect = |(node, address): (&NodeId, &SocketAddr)| {
                (*node, target.client(*node, *address, &format!("c{thread}")))
            };
            let clients = addresses.iter().map(connect).collect();
            tasks.spawn(serve(thread, clients, receiver, report.clone(), timeout));
            jobs.push(sender);
        }
        Self { jobs, done, _tasks: tasks }
    }

    /// Hands a job to a thread, which must be free.
    pub(crate) fn send(&self, thread: Thread, job: Job) {
        // A free thread's channel is empty, and its task lives as long as this does.
        let _ = self.jobs[thread].try_send(job);
    }

    /// The next operation that ended.
    pub(crate) async fn done(&mut self) -> Option<Done> {
        self.done.recv().await
    }

    /// An operation that ended already, if there is one.
    pub(crate) fn done_now(&mut self) -> Option<Done> {
        self.done.try_recv().ok()
    }
}

/// The life of one client task.
async fn serve(
    thread: Thread,
    mut clients: BTreeMap<NodeId, Box<dyn Client>>,
    mut jobs: mpsc::Receiver<Job>,
    report: mpsc::UnboundedSender<Done>,
    timeout: Duration,
) {
    while let Some(job) = jobs.recv().await {
        let Some(client) = clients.get_mut(&job.node) else { return };
        let reply = client.call(&job.request, timeout).await;
        if report.send(Done { thread, job, reply }).is_err() {
            return;
        }
    }
}
