//! Queues and stacks whose values are told apart: each is put in once.
//!
//! Then every take names its put, and a history is a set of values, each with the span of its put and the
//! span of its take. What the algorithms have in common:
//! - A put certainly took effect by the end of its take, and a take not ahead of the start of its put, so the
//!   spans are narrowed accordingly.
//! - A crashed put whose value was never taken need not have happened, and never helps. One whose value was
//!   taken did happen, by the end of the take.
//! - From the end of its put to the start of its take a value was certainly in. A take that found nothing
//!   needs a moment at which no value was.
//! - Crashed takes are ignored, but by the rules of queues, which find for each what it took (`crashed`). Where the
//!   history is legal even so, they never happened. Where it is not, and that follows from values alone that were all
//!   taken by others, they change nothing, for the history of these values alone is illegal. Everything else is
//!   left to a search.

mod bag;
mod cover;
mod crashed;
mod pairs;
mod queue;
mod stack;
mod trees;

pub use bag::BagRules;
pub use queue::QueueRules;
pub use stack::StackRules;
