//! What the connections of one link share, and the life of a connection outside its pumps.

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ordalia_node::NodeId;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::bucket::Bucket;
use crate::counters::Counters;
use crate::pump::{self, Ending};
use crate::{Mode, Rule};

/// Between two tries to accept when the process has no file descriptors left.
const ACCEPT_RETRY: Duration = Duration::from_millis(10);

/// Where a node really listens, once that is known.
pub(crate) type Upstream = Arc<Mutex<Option<SocketAddr>>>;

/// What the connections of one link share.
#[derive(Debug)]
pub(crate) struct Link {
    pub from: NodeId,
    pub to: NodeId,
    pub upstream: Upstream,
    pub counters: Counters,
    rng: Mutex<ChaCha8Rng>,
    bucket: Mutex<Option<Bucket>>,
}

/// A poisoned lock guards plain data that is whole after every statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    /// A link whose randomness derives from the seed and its two ends alone.
    pub fn new(from: NodeId, to: NodeId, upstream: Upstream, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(from.number()) << 16 | u64::from(to.number()));
        let bucket = Mutex::new(None);
        Self { from, to, upstream, counters: Counters::default(), rng: Mutex::new(rng), bucket }
    }

    pub fn rng(&self) -> MutexGuard<'_, ChaCha8Rng> {
        lock(&self.rng)
    }

    /// Works with the link's token bucket, made anew where the rate is another.
    pub fn with_bucket<T>(&self, rate: u64, now: Instant, work: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut slot = lock(&self.bucket);
        let bucket = match slot.take() {
            Some(bucket) if bucket.rate() == rate => slot.insert(bucket),
            _ => slot.insert(Bucket::new(rate, now)),
        };
        work(bucket)
    }
}

/// Accepts connections until the network is dropped.
pub(crate) async fn serve(link: Arc<Link>, listener: TcpListener, mut rules: watch::Receiver<Rule>) {
    loop {
        tokio::select! {
            changed = rules.changed() => if changed.is_err() { return },
            accepted = listener.accept() => match accepted {
                Ok((from, _)) => {
                    link.counters.accepted.fetch_add(1, Relaxed);
                    tokio::spawn(carry(Arc::clone(&link), from, rules.clone()));
                }
                Err(error) => {
                    tracing::warn!(from = %link.from, to = %link.to, %error, "cannot accept");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
        }
    }
}

/// Counts a connection as open for as long as it lives, however its task ends.
struct Open<'a>(&'a Counters);

impl<'a> Open<'a> {
    fn new(counters: &'a Counters) -> Self {
        counters.open.fetch_add(1, Relaxed);
        Self(counters)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// The whole life of one accepted connection.
async fn carry(link: Arc<Link>, from: TcpStream, mut rules: watch::Receiver<Rule>) {
    let _open = Open::new(&link.counters);
    // A connection that cannot be tuned still carries.
    let _ = from.set_nodelay(true);
    let to = match reach(&link, &mut rules).await {
        Ok(to) => to,
        Err(ending) => return end(&link, ending, &[&from]),
    };
    let _ = to.set_nodelay(true);
    let ending = tokio::select! {
        ending = pump::forward(&link, rules.clone(), &from, &to) => ending,
        ending = pump::backward(&link, rules.clone(), &from, &to) => ending,
    };
    end(&link, ending, &[&from, &to]);
}

/// Connects to the receiver as soon as the rule lets it. A rule that changes while the connection is
/// being made does not make it anew: the receiver may have accepted it already.
async fn reach(link: &Link, rules: &mut watch::Receiver<Rule>) -> Result<TcpStream, Ending> {
    rules.wait_for(|rule| rule.mode != Mode::Drop).await.map_err(|_| Ending::Shutdown)?;
    tokio::select! {
        // A link that rejects must not so much as try.
        biased;
        rejected = rules.wait_for(|rule| rule.mode == Mode::Reject) => {
            Err(rejected.map_or(Ending::Shutdown, |_| Ending::Rejected))
        }
        to = connect(link) => to,
    }
}

async fn connect(link: &Link) -> Result<TcpStream, Ending> {
    let address = *lock(&link.upstream);
    let Some(address) = address else { return Err(Ending::Unreachable) };
    TcpStream::connect(address).await.map_err(|error| {
        tracing::debug!(from = %link.from, to = %link.to, %address, %error, "receiver not reachable");
        Ending::Unreachable
    })
}

/// Closes both ends as the ending demands; dropping the streams does the rest.
fn end(link: &Link, ending: Ending, streams: &[&TcpStream]) {
    match ending {
        Ending::Rejected => link.counters.rejected.fetch_add(1, Relaxed),
        Ending::Unreachable => link.counters.unreachable.fetch_add(1, Relaxed),
        Ending::Broken => 0,
        Ending::Closed | Ending::Shutdown => return,
    };
    for stream in streams {
        // Fails only on a socket that is gone, which needs no reset.
        let _ = stream.set_zero_linger();
    }
}
