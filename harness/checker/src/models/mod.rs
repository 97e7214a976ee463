//! Sequential specifications, one a file.

mod buffer;
mod counter;
mod fenced_lock;
mod fifo_queue;
mod kv;
mod lapsing_lock;
mod leader;
mod multi_register;
mod mutex;
pub mod persistent;
mod register;
mod set;
mod stack;
mod unordered_queue;
mod versioned_register;
mod words;

pub use buffer::{Buffer, BufferOp, Discipline};
pub use counter::{Counter, CounterOp};
pub use fenced_lock::{Fence, FencedLock, FencedLockOp, Holder, ValueToken};
pub use fifo_queue::{Fifo, FifoQueue};
pub use kv::{Datum, Held, Kv, KvOp, Text};
pub use lapsing_lock::LapsingLock;
pub use leader::{Leader, Leaders, Leads};
pub use multi_register::{MultiRegister, Registers, Step, Transaction};
pub use mutex::{Mutex, MutexOp};
pub use register::{Register, RegisterOp};
pub use set::{Elements, Set, SetOp};
pub use stack::{Lifo, Stack};
pub use unordered_queue::{Bag, Unordered, UnorderedQueue};
pub use versioned_register::{Versioned, VersionedOp, VersionedRegister};
