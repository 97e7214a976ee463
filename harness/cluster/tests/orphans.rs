//! Nothing outlives the controller, and nothing dies of the end of a mere thread of it.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ordalia_cluster::Cluster;
use ordalia_node::NodeId;
use support::{DEADLINE, eventually, one, runs, script};

/// Where the test executable finds its folder when it is run as the controller.
const ROOT: &str = "ORDALIA_TEST_ROOT";

#[test]
#[ignore = "the controller of the test below, which runs it in a process of its own"]
fn controller() {
    let root = PathBuf::from(std::env::var(ROOT).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // n3 ends when its standard input does, and n4 is paused when the controller dies.
        let scripts = [
            "exec sleep 1000",
            "trap '' TERM HUP INT; while :; do sleep 1; done",
            "exec cat",
            "exec sleep 1000",
        ];
        let nodes = NodeId::all(4).into_iter().zip(scripts);
        let recipes = nodes.map(|(node, text)| (node, script(&root, node, text))).collect();
        let mut cluster = Cluster::new(recipes).unwrap();
        let started = cluster.start_all().await.unwrap();
        cluster.pause(NodeId::new(4)).await.unwrap();
        let pids: Vec<String> = started.iter().map(|evidence| evidence.pid.to_string()).collect();
        println!("pids {}", pids.join(" "));
        std::future::pending::<()>().await;
    });
}

#[test]
fn two_seconds_after_the_controller_is_killed_no_node_is_left() {
    let root = tempfile::tempdir().unwrap();
    let mut controller = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "controller", "--ignored", "--nocapture"])
        .env(ROOT, root.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(controller.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.find_map(|line| line.split_once("pids ").map(|(_, pids)| pids.to_owned())).unwrap();
    let pids: Vec<i32> = said.split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert!(pids.len() == 4 && pids.iter().all(|pid| runs(*pid)), "{pids:?}");

    controller.kill().unwrap();
    controller.wait().unwrap();
    let killed = Instant::now();
    eventually("all nodes are gone", || !pids.iter().any(|pid| runs(*pid)));
    assert!(killed.elapsed() < Duration::from_secs(2), "took {:?}", killed.elapsed());
}

#[test]
fn the_end_of_the_calling_thread_ends_no_node() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().to_owned();
    let starter = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (mut cluster, node) = one(&path, "exec sleep 1000");
        runtime.block_on(cluster.start(node)).unwrap();
        (cluster, node, nix::unistd::gettid())
    });
    let (cluster, node, thread) = starter.join().unwrap();
    // A parent-death signal is sent before the thread's entry goes.
    eventually("the thread is gone", || !fs::exists(format!("/proc/self/task/{thread}")).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // A process with a SIGKILL under way never stops.
    let paused = runtime.block_on(async { tokio::time::timeout(DEADLINE, cluster.pause(node)).await });
    assert_eq!(paused.unwrap().unwrap().state, 'T');
}
