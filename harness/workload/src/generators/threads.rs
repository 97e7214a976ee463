//! Generators that divide the threads.
//!
//! A child that has some of the threads sees them numbered from 0 without gaps, so that divisions nest.

use ordalia_history::Event;

use super::choose::{Children, Waiting};
use crate::{Context, Generator, Next, Thread};

/// Which of the threads a child has, in ascending order.
pub(crate) type Members = Vec<Thread>;

/// The places among the members of those that are free.
fn places(context: &Context<'_>, members: &[Thread]) -> Vec<Thread> {
    let free = members.iter().enumerate().filter(|(_, thread)| context.free.binary_search(thread).is_ok());
    free.map(|(place, _)| place).collect()
}

/// Asks a child as if its members were all the threads there are.
pub(crate) fn ask_within(
    context: &Context<'_>,
    members: &[Thread],
    ask: impl FnOnce(&Context<'_>) -> Next,
) -> Next {
    let free = places(context, members);
    if free.is_empty() {
        return Next::Pending { until: None };
    }
    let next = ask(&Context { time: context.time, free: &free, threads: members.len() });
    match next {
        Next::Op { op, thread, intended } => Next::Op { op, thread: members[thread], intended },
        other => other,
    }
}

/// Tells a child as if its members were all the threads there are.
pub(crate) fn tell_within(context: &Context<'_>, members: &[Thread], tell: impl FnOnce(&Context<'_>)) {
    let free = places(context, members);
    tell(&Context { time: context.time, free: &free, threads: members.len() });
}

/// Children, each with threads of its own.
struct Divided {
    children: Children,
    members: Vec<Members>,
    /// Who is asked first, so that they take turns.
    turn: usize,
}

impl Divided {
    fn new(parts: Vec<(Members, Box<dyn Generator>)>) -> Self {
        let (members, children) = parts.into_iter().unzip();
        Self { children: Children::new(children), members, turn: 0 }
    }

    fn next(&mut self, context: &Context<'_>) -> Next {
        let (count, mut waiting) = (self.children.len(), Waiting::default());
        for child in (self.turn..count).chain(0..self.turn) {
            if self.children.is_done(child) || self.members[child].is_empty() {
                continue;
            }
            let ask = |within: &Context<'_>| self.children.ask(child, within);
            if let Some(op) = waiting.add(ask_within(context, &self.members[child], ask)) {
                self.turn = (child + 1) % count;
                return op;
            }
        }
        waiting.next()
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        for (child, members) in self.members.iter().enumerate() {
            tell_within(context, members, |within| self.children.tell(child, within, event));
        }
    }
}

/// What to divide among the threads once their number is known, which the first question tells.
struct Lazily<F> {
    plan: Option<F>,
    divided: Option<Divided>,
}

impl<F> Lazily<F>
where
    F: FnOnce(usize) -> Vec<(Members, Box<dyn Generator>)> + Send,
{
    fn new(plan: F) -> Self {
        Self { plan: Some(plan), divided: None }
    }
}

impl<F> Generator for Lazily<F>
where
    F: FnOnce(usize) -> Vec<(Members, Box<dyn Generator>)> + Send,
{
    fn next(&mut self, context: &Context<'_>) -> Next {
        if let Some(plan) = self.plan.take() {
            self.divided = Some(Divided::new(plan(context.threads)));
        }
        self.divided.as_mut().map_or(Next::Done, |divided| divided.next(context))
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        if let Some(divided) = &mut self.divided {
            divided.update(context, event);
        }
    }
}

/// The first threads for the first generator, the next ones for the second, and so on; all others for the
/// rest. A generator for which no threads are left is not played. Done when all are.
pub fn reserve(parts: Vec<(usize, Box<dyn Generator>)>, rest: impl Generator + 'static) -> impl Generator {
    Lazily::new(move |threads| {
        let mut first = 0;
        let mut divided: Vec<(Members, Box<dyn Generator>)> = Vec::new();
        for (count, generator) in parts {
            let end = threads.min(first + count);
            divided.push(((first..end).collect(), generator));
            first = end;
        }
        divided.push(((first..threads).collect(), Box::new(rest)));
        divided
    })
}

/// Only the threads that are chosen.
pub fn on_threads<F>(choose: F, inner: impl Generator + 'static) -> impl Generator
where
    F: Fn(Thread) -> bool + Send,
{
    Lazily::new(move |threads| {
        let members = (0..threads).filter(|thread| choose(*thread)).collect();
        vec![(members, Box::new(inner) as Box<dyn Generator>)]
    })
}

/// A generator of its own for each thread. Done when all are.
pub fn each_thread<G, F>(mut make: F) -> impl Generator
where
    G: Generator + 'static,
    F: FnMut(Thread) -> G + Send,
{
    Lazily::new(move |threads| {
        (0..threads).map(|thread| (vec![thread], Box::new(make(thread)) as Box<dyn Generator>)).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::sequence::{phases, then};
    use super::super::source::{once, ops, repeat};
    use super::super::testing::{Step, op, play, values};
    use super::*;

    fn by_thread(steps: &[Step]) -> BTreeMap<Thread, Vec<u64>> {
        let mut threads: BTreeMap<Thread, Vec<u64>> = BTreeMap::new();
        for step in steps {
            threads.entry(step.thread).or_default().push(step.op.value.as_u64().unwrap());
        }
        threads
    }

    #[test]
    fn reserved_threads_do_only_what_is_theirs() {
        let parts: Vec<(usize, Box<dyn Generator>)> =
            vec![(2, Box::new(repeat(op(1)))), (1, Box::new(repeat(op(2))))];
        for (thread, seen) in by_thread(&play(reserve(parts, repeat(op(3))), 5, 100)) {
            let expected = [1, 1, 2, 3, 3][thread];
            assert!(seen.len() >= 10 && seen.iter().all(|value| *value == expected), "{thread}: {seen:?}");
        }
    }

    #[test]
    fn too_few_threads_leave_the_last_without_any() {
        let parts: Vec<(usize, Box<dyn Generator>)> = vec![(9, Box::new(ops([op(1)])))];
        assert_eq!(values(&play(reserve(parts, repeat(op(2))), 3, 10)), [1]);
    }

    #[test]
    fn each_thread_has_its_own() {
        let seen = by_thread(&play(each_thread(|thread| ops([op(thread as u64), op(9)])), 3, 99));
        assert_eq!(seen, BTreeMap::from([(0, vec![0, 9]), (1, vec![1, 9]), (2, vec![2, 9])]));
    }

    #[test]
    fn only_chosen_threads_take_part_and_phases_wait_only_for_them() {
        let parts: Vec<Box<dyn Generator>> = vec![Box::new(ops([op(1), op(2)])), Box::new(once(op(3)))];
        let odd = on_threads(|thread| thread % 2 == 1, phases(parts));
        let steps = play(odd, 4, 99);
        assert_eq!(by_thread(&steps).into_keys().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(values(&steps), [1, 2, 3]);
    }

    #[test]
    fn divisions_nest() {
        let inner = reserve(
            vec![(1, Box::new(repeat(op(1))) as Box<dyn Generator>)],
            each_thread(|thread| ops([op(10 + thread as u64)])),
        );
        let outer = reserve(vec![(1, Box::new(ops([op(0)])) as Box<dyn Generator>)], inner);
        let seen = by_thread(&play(then(outer, once(op(99))), 4, 30));
        assert_eq!(seen[&0], [0]);
        assert!(seen[&1].iter().all(|value| *value == 1));
        assert_eq!((&seen[&2], &seen[&3]), (&vec![10], &vec![11]));
    }
}
