//! The processes of a cluster: started, killed, paused and restarted, with evidence, and never
//! outliving their controller.
//!
//! A [`Cluster`] holds a [`Recipe`] for each node and, while it runs, its process. What the
//! programs are is no concern of this crate, nor is the network between them.
//!
//! # Nothing outlives the controller
//! - Dropping a [`Cluster`], in a panic too, kills every process group and waits until it is gone.
//! - Where the controller itself is killed, the kernel kills each child by its parent-death signal.
//!   That signal fires when the *thread* that started the child ends, so one lasting thread starts
//!   all of them; and a child whose controller died before the signal was armed does not go on to
//!   run its program.
//! - The standard input of each child is a pipe whose other end only the controller holds. A program
//!   that reads it sees its end when the controller is gone.
//! - Each child leads a session of its own, so that Ctrl-C at the terminal reaches the controller
//!   alone, which then winds up in order.
//!
//! What a node's program itself starts is killed with it, when the node is stopped by the controller
//! and also when the node dies of itself, as long as it stays in the node's process group: the
//! controller is the reaper of its orphaned descendants. After a SIGKILL of the *controller*, the
//! parent-death signal reaches children but not grandchildren: those live on until they read the end
//! of their standard input, or find their parent gone. Programs that fork and care for neither want
//! a PID namespace around them, which this crate does not make.
//!
//! # Ports
//! [`reserve_port`] takes a port from the system and keeps it for a node over all its lives. Programs that
//! cannot bind such a port listen at the [address of their own](own_address) that it gives them.

mod cluster;
mod error;
mod evidence;
mod log;
mod loopback;
mod port;
mod proc_stat;
mod process;
mod reaper;
mod recipe;
mod spawner;

pub use cluster::Cluster;
pub use error::ClusterError;
pub use evidence::{Exit, PauseEvidence, StartEvidence, StopEvidence};
pub use loopback::{Listeners, installed_program, listening_process, own_address};
pub use port::{PortReservation, reserve_port};
pub use process::ExitNotice;
pub use recipe::Recipe;
