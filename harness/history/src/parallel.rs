//! Work in blocks on several threads, its results in the order of the blocks.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How many threads work at most. One thread reads the input and joins the results, which more than a few
/// others would only wait for.
const MAX_WORKERS: usize = 8;

/// How many blocks each worker may have at a time, done or not; this bounds the memory.
const BLOCKS_EACH: usize = 2;

/// Does `work` with all blocks of `next` and gives the results to `join` in the order of the blocks, up to
/// the first error. A single block, or a machine with one core, is worked on with `state` in this thread;
/// every further thread has a state of its own.
pub(crate) fn in_order<B, T, S, E>(
    mut next: impl FnMut() -> Option<B>,
    state: &mut S,
    work: impl Fn(B, &mut S) -> T + Sync,
    mut join: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E>
where
    B: Send,
    T: Send,
    S: Default,
{
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let Some(first) = next() else { return Ok(()) };
    let Some(second) = next() else { return join(work(first, state)) };
    let mut blocks = [first, second].into_iter().chain(std::iter::from_fn(next));
    if cores == 1 {
        return blocks.try_for_each(|block| join(work(block, state)));
    }
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(MAX_WORKERS))
            .map(|_| {
                let (give, blocks) = sync_channel(BLOCKS_EACH);
                let (done, results) = sync_channel(BLOCKS_EACH);
                let work = &work;
                scope.spawn(move || serve(&blocks, &done, work));
                (give, results)
            })
            .collect();
        share_out(&mut blocks, &workers, &mut join)
    })
}

/// What one thread does.
fn serve<B, T, S: Default>(blocks: &Receiver<B>, done: &SyncSender<T>, work: impl Fn(B, &mut S) -> T) {
    let mut state = S::default();
    for block in blocks {
        // Where the results are no longer wanted there was an error.
        if done.send(work(block, &mut state)).is_err() {
            return;
        }
    }
}

/// Gives the blocks to the workers in turns and takes the results in the same turns.
fn share_out<B, T, E>(
    blocks: &mut impl Iterator<Item = B>,
    workers: &[(SyncSender<B>, Receiver<T>)],
    join: &mut impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut turns = workers.iter().cycle();
    let mut waiting: VecDeque<&Receiver<T>> = VecDeque::new();
    let mut take = |results: &Receiver<T>| results.recv().map_or(Ok(()), &mut *join);
    for block in blocks {
        if waiting.len() == workers.len() * BLOCKS_EACH
            && let Some(results) = waiting.pop_front()
        {
            take(results)?;
        }
        if let Some((give, results)) = turns.next()
            && give.send(block).is_ok()
        {
            waiting.push_back(results);
        }
    }
    waiting.into_iter().try_for_each(take)
}
