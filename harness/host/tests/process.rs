//! A hosted node as a process of its own: how it ends. This program is both the test and, when it
//! is called with arguments, the node.

#![allow(clippy::unwrap_used)]

mod ledger;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use ledger::Ledger;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ordalia_host::client::status;
use ordalia_host::{HostSettings, run};
use ordalia_node::{NodeConfig, NodeId};
use socket2::{Domain, Socket, Type};

/// Far beyond what anything here takes; only a hang waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mark, listen, data] = &arguments[..]
        && mark == "--as-node"
    {
        return be_node(listen.parse().unwrap(), data);
    }
    ends_when_standard_input_ends();
    ends_cleanly_on_sigterm();
    ends_with_a_status_when_storage_is_damaged();
    ExitCode::SUCCESS
}

fn be_node(listen: SocketAddr, data: &str) -> ExitCode {
    let (options, bugs) = Default::default();
    let settings = HostSettings {
        config: NodeConfig { id: NodeId::new(1), nodes: NodeId::all(1), options, bugs },
        listen,
        peers: BTreeMap::new(),
        data: data.into(),
        acts: None,
        seed: 1,
        reuse_port: true,
        exit_on_stdin_eof: true,
    };
    if run::<Ledger>(settings).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A node that runs, with the socket that reserves its port and its folder.
struct Started {
    child: Child,
    address: SocketAddr,
    _reserved: Socket,
    folder: tempfile::TempDir,
}

fn spawn(damage: bool) -> Started {
    let reserved = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    reserved.set_reuse_port(true).unwrap();
    reserved.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = reserved.local_addr().unwrap().as_socket().unwrap();
    let folder = tempfile::tempdir().unwrap();
    if damage {
        std::fs::write(folder.path().join("log-1"), b"").unwrap();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--as-node", &address.to_string()])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    Started { child, address, _reserved: reserved, folder }
}

/// Waits until the process that was started answers.
fn wait_until_ready(started: &Started) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    loop {
        match runtime.block_on(status(started.address, PATIENCE)) {
            Ok(status) if status.pid == started.child.id() => return,
            other => assert!(begun.elapsed() < PATIENCE, "not ready: {other:?}"),
        }
    }
}

/// The status with which the node ends by itself.
fn wait_for_end(mut started: Started) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = started.child.try_wait().unwrap() {
            assert!(started.folder.path().exists());
            return status.code();
        }
        if begun.elapsed() > PATIENCE {
            started.child.kill().unwrap();
            panic!("the node should have ended");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn ends_when_standard_input_ends() {
    let mut started = spawn(false);
    wait_until_ready(&started);
    drop(started.child.stdin.take());
    assert_eq!(wait_for_end(started), Some(0));
}

fn ends_cleanly_on_sigterm() {
    let started = spawn(false);
    wait_until_ready(&started);
    kill(Pid::from_raw(i32::try_from(started.child.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(wait_for_end(started), Some(0));
}

fn ends_with_a_status_when_storage_is_damaged() {
    assert_eq!(wait_for_end(spawn(true)), Some(1));
}
