//! Recipes: what is built from the service, each driven by what befalls a [`Session`](crate::client::Session).
//!
//! The source is ZooKeeper's page *Recipes and Solutions* and §2.4 of the paper. Each recipe is a value that
//! begins when it is made, with the session at hand, and is told of every [`Happening`](crate::client::Happening)
//! by its `on`; some give an outcome then. Several recipes can live on one session, of which each is told
//! everything. Each says what it guarantees and what it leaves out. In common:
//!
//! - A recipe belongs to one session. When that ends, what is under way fails, and a new session needs a new
//!   value (a [`Configuration`] is renewed instead, and keeps what is in force).
//! - A failed step gives `Failed` with the refusal. Its code says whether it certainly had no effect.
//! - Every look that is relied on goes through the log, as all do that set a watch, whatever `reads` says.
//!   Where a plain read is enough the recipe says why.
//! - A watch may tell before the look that set it is answered. What was told is not lost: the look is
//!   repeated.
//! - Parents that are absent are created.
//!
//! | recipe | file | watches |
//! |---|---|---|
//! | [`Lock`], with a fencing token | `lock` | the one ahead |
//! | [`Election`], with an epoch | `election` | the one ahead |
//! | [`Barrier`] | `barrier` | the barrier |
//! | [`DoubleBarrier`] | `double_barrier` | those who entered |
//! | [`Counter`] | `counter` | nothing |
//! | [`Configuration`] | `configuration` | the node, persistently |
//! | [`Membership`], [`Members`] | `membership` | the group |
//! | [`Enqueue`], [`Dequeue`] | `queue` | nothing |

mod barrier;
mod configuration;
mod counter;
mod creation;
mod double_barrier;
pub mod election;
mod line;
mod lock;
mod look;
mod membership;
mod queue;

pub use barrier::{Barrier, Opens, Passed};
pub use configuration::{Configuration, ConfigurationOutcome};
pub use counter::{Counter, CounterOutcome};
pub use creation::Creation;
pub use double_barrier::{DoubleBarrier, DoubleBarrierOutcome};
pub use election::{Election, ElectionOutcome};
pub use lock::{Lock, LockOutcome};
pub use look::{Look, View};
pub use membership::{Members, Membership, MembershipOutcome};
pub use queue::{Dequeue, DequeueOutcome, Enqueue, EnqueueOutcome};

use ordalia_node::{CoordinationAnswer, ErrorCode, Refusal};

/// An answer of a kind that the question does not have. Nothing is known of its effect.
fn unfit(answer: &CoordinationAnswer) -> Refusal {
    Refusal::new(ErrorCode::Crash, format!("the answer does not fit the question: {answer:?}"))
}
