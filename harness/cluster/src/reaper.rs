//! Watching one process to its end.
//!
//! Each process has a thread that waits for it. When the process has ended, and while its id is
//! still taken by the zombie, the thread kills what is left of its group; then it reaps all of them.
//! Signals are sent only while the process is known not to have been reaped, under a lock that the
//! thread takes before it reaps, so that a signal never hits a stranger that got the same id.

use std::io;
use std::process::{Child, ChildStdin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;
use tokio::sync::watch;

use crate::Exit;

#[derive(Debug, Default)]
struct Guarded {
    /// Whether the process may have been reaped, so that its id may be another's.
    reaped: bool,
    /// Whether the controller asked it to end.
    asked: bool,
}

type Shared = Arc<Mutex<Guarded>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Guarded> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whom a signal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The process that was started.
    Leader,
    /// That process and what it started itself.
    Group,
}

/// A process that was started, which leads a group. Dropping this kills the group and waits for it.
#[derive(Debug)]
pub(crate) struct Running {
    pid: Pid,
    shared: Shared,
    exit: watch::Receiver<Option<Exit>>,
    reaper: Option<JoinHandle<()>>,
    /// The child reads its end from this when the controller is gone.
    _stdin: Option<ChildStdin>,
}

impl Running {
    /// Takes over a child that leads a group of its own.
    pub fn watch(mut child: Child) -> io::Result<Self> {
        let stdin = child.stdin.take();
        let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        let shared = Shared::default();
        let (report, exit) = watch::channel(None);
        let for_reaper = Arc::clone(&shared);
        let reaper = thread::Builder::new().name(format!("reaper-{pid}")).spawn(move || {
            reap(pid, &for_reaper, &report);
        });
        match reaper {
            Ok(reaper) => Ok(Self { pid, shared, exit, reaper: Some(reaper), _stdin: stdin }),
            Err(error) => {
                // The process must not be left unwatched.
                let _ = killpg(pid, Signal::SIGKILL);
                let _ = child.wait();
                Err(error)
            }
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// How it ended; `None` while any process of its group is left.
    pub fn exit(&self) -> Option<Exit> {
        self.exit.borrow().clone()
    }

    /// For waiting until it has ended.
    pub fn subscribe(&self) -> watch::Receiver<Option<Exit>> {
        self.exit.clone()
    }

    /// Sends a signal; `ESRCH` if the process has ended already.
    pub fn signal(&self, whom: Whom, signal: Signal) -> Result<(), Errno> {
        let mut guarded = lock(&self.shared);
        if guarded.reaped || has_ended(self.pid)? {
            return Err(Errno::ESRCH);
        }
        guarded.asked |= matches!(signal, Signal::SIGKILL | Signal::SIGTERM);
        match whom {
            Whom::Group => killpg(self.pid, signal),
            Whom::Leader => kill(self.pid, signal),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have ended already, which is as good.
        let _ = self.signal(Whom::Group, Signal::SIGKILL);
        if let Some(reaper) = self.reaper.take() {
            let _ = reaper.join();
        }
    }
}

/// Waits until it has ended.
pub(crate) async fn ended(mut exit: watch::Receiver<Option<Exit>>) -> Exit {
    // The reaper reports before it goes.
    let unknown = Exit { code: None, signal: None, asked: false };
    exit.wait_for(Option::is_some).await.ok().and_then(|exit| exit.clone()).unwrap_or(unknown)
}

/// Whether the process is a zombie. It must not have been reaped.
fn has_ended(pid: Pid) -> Result<bool, Errno> {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    Ok(!matches!(waitid(Id::Pid(pid), flags), Ok(WaitStatus::StillAlive)))
}

fn reap(pid: Pid, shared: &Shared, report: &watch::Sender<Option<Exit>>) {
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
    let asked = {
        let mut guarded = lock(shared);
        let _ = killpg(pid, Signal::SIGKILL);
        guarded.reaped = true;
        guarded.asked
    };
    let mut exit = Exit { code: None, signal: None, asked };
    loop {
        // Its descendants became the controller's children as their parents ended.
        match waitpid(Pid::from_raw(-pid.as_raw()), None) {
            Ok(WaitStatus::Exited(ended, code)) if ended == pid => exit.code = Some(code),
            Ok(WaitStatus::Signaled(ended, signal, _)) if ended == pid => {
                exit.signal = Some(signal.as_str().to_owned());
            }
            // A real-time signal has no name here; the process is reaped all the same.
            Ok(_) | Err(Errno::EINTR | Errno::EINVAL) => {}
            Err(_) => break,
        }
    }
    report.send_replace(Some(exit));
}
