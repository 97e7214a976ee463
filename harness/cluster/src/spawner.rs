//! The one thread that starts every process of a cluster.
//!
//! The parent-death signal of a child fires when the thread that forked it ends, whatever the rest
//! of the process does. A thread of a runtime's pool may end at any time; this one ends with the
//! cluster.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{self, Pid};
use tokio::sync::oneshot;

use crate::reaper::Running;

struct Request {
    command: Command,
    /// If nobody waits for the answer any more, the process in it is killed as it is dropped.
    answer: oneshot::Sender<io::Result<Running>>,
}

/// The handle of the thread. Dropping it ends the thread, and so every process that it started.
#[derive(Debug)]
pub(crate) struct Spawner {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Spawner {
    /// Starts the thread.
    pub fn start() -> io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let thread = thread::Builder::new().name("spawner".to_owned()).spawn(move || {
            for Request { command, answer } in inbox {
                // The answer is lost only when its receiver is gone, which ends the process.
                let _ = answer.send(spawn(command));
            }
        })?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Starts a process.
    pub async fn spawn(&self, command: Command) -> io::Result<Running> {
        let gone = || io::Error::other("the thread that starts processes is gone");
        let (answer, answered) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or_else(gone)?;
        requests.send(Request { command, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

fn spawn(mut command: Command) -> io::Result<Running> {
    let controller = unistd::getpid();
    tie(&mut command, controller);
    let child: Child = command.spawn()?;
    Running::watch(child)
}

/// Ties the child's life to the controller's, and gives it a session of its own.
#[expect(unsafe_code, reason = "work between fork and exec is unsafe to register: see the SAFETY comment")]
fn tie(command: &mut Command, controller: Pid) {
    let tie = move || {
        unistd::setsid()?;
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // If the controller died before the signal was armed, it never fires.
        if unistd::getppid() == controller { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: the closure runs in the child between fork and exec. It makes three system calls that
    // are async-signal-safe, on values that were copied into it, and neither allocates nor locks;
    // an error made of an errno allocates nothing either.
    unsafe {
        command.pre_exec(tie);
    }
}
