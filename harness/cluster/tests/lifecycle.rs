//! Starting, killing, pausing, restarting and terminating processes, and the evidence of it.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use ordalia_cluster::{Cluster, ClusterError, Exit};
use ordalia_node::NodeId;
use support::{eventually, numbers_in_log, one, runs, script};

fn by_signal(signal: &str, asked: bool) -> Exit {
    Exit { code: None, signal: Some(signal.to_owned()), asked }
}

#[tokio::test]
async fn a_kill_leaves_nothing_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let (mut cluster, node) = one(root.path(), "exec sleep 1000");
    let started = cluster.start(node).await.unwrap();
    assert_eq!((started.pid, started.life), (cluster.pid(node).unwrap(), 1));
    assert!(cluster.is_alive(node) && runs(started.pid));
    let notice = cluster.exit_notice(node).unwrap();

    let evidence = cluster.kill(node).await.unwrap();
    assert_eq!((evidence.pid, evidence.exit.clone()), (started.pid, by_signal("SIGKILL", true)));
    assert!(evidence.forced);
    assert!(!fs::exists(format!("/proc/{}", started.pid)).unwrap(), "reaped, not a zombie");
    assert!(!cluster.is_alive(node));
    assert_eq!(cluster.try_exit(node), Some(evidence.exit.clone()));
    assert_eq!(notice.wait().await, evidence.exit);
    let again = cluster.kill(node).await.unwrap_err();
    assert_eq!(again.to_string(), "n1: expected it to run, but it ended by SIGKILL");
}

#[tokio::test]
async fn a_kill_takes_the_whole_group() {
    let root = tempfile::tempdir().unwrap();
    // The inner shell and its sleep are grandchildren and below.
    let (mut cluster, node) = one(root.path(), "sh -c 'echo $$; sleep 1000 & echo $!; wait' & echo $!; wait");
    cluster.start(node).await.unwrap();
    let descendants = numbers_in_log(&cluster, node, 3);
    assert!(descendants.iter().all(|pid| runs(*pid)));
    cluster.kill(node).await.unwrap();
    for pid in descendants {
        assert!(!fs::exists(format!("/proc/{pid}")).unwrap(), "process {pid} is left, at least as a zombie");
    }
}

#[tokio::test]
async fn a_death_of_its_own_is_noticed_and_takes_the_group_along() {
    let root = tempfile::tempdir().unwrap();
    let (mut cluster, node) = one(root.path(), "sleep 1000 & echo $!; exit 3");
    cluster.start(node).await.unwrap();
    let exit =
        tokio::time::timeout(support::DEADLINE, cluster.exit_notice(node).unwrap().wait()).await.unwrap();
    assert_eq!(exit, Exit { code: Some(3), signal: None, asked: false });
    let left = numbers_in_log(&cluster, node, 1)[0];
    assert!(!runs(left));
    let error = cluster.pause(node).await.unwrap_err();
    assert_eq!(error.to_string(), "n1: expected it to run, but it ended with status 3");
}

#[tokio::test]
async fn a_signal_from_elsewhere_was_not_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let (mut cluster, node) = one(root.path(), "kill -SEGV $$");
    cluster.start(node).await.unwrap();
    assert_eq!(cluster.exit_notice(node).unwrap().wait().await, by_signal("SIGSEGV", false));
}

#[tokio::test]
async fn a_pause_is_seen_in_proc_and_so_is_its_end() {
    let root = tempfile::tempdir().unwrap();
    let (mut cluster, node) = one(root.path(), "exec sleep 1000");
    cluster.start(node).await.unwrap();
    let paused = cluster.pause(node).await.unwrap();
    assert_eq!((paused.state, paused.threads), ('T', 1));
    assert!(cluster.is_alive(node));
    let resumed = cluster.resume(node).await.unwrap();
    assert_ne!(resumed.state, 'T');
    // A paused process can be killed as it is.
    cluster.pause(node).await.unwrap();
    assert_eq!(cluster.kill(node).await.unwrap().exit, by_signal("SIGKILL", true));
}

#[tokio::test]
async fn a_program_that_forks_all_the_time_is_paused_too() {
    let root = tempfile::tempdir().unwrap();
    let (mut cluster, node) = one(root.path(), "echo 1; while :; do /bin/true; done");
    cluster.start(node).await.unwrap();
    numbers_in_log(&cluster, node, 1);
    for _ in 0..50 {
        assert_eq!(cluster.pause(node).await.unwrap().state, 'T');
        cluster.resume(node).await.unwrap();
    }
}

#[tokio::test]
async fn a_restart_keeps_data_and_log() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("nodes/n1/data");
    let count =
        format!("echo x >> {0}/lives; wc -l < {0}/lives; printf half >&2; exec sleep 1000", data.display());
    let (mut cluster, node) = one(root.path(), &count);
    cluster.start(node).await.unwrap();
    eventually("the first life wrote its log", || cluster.log_tail(node, 9) == ["1", "half"]);
    let again = cluster.restart(node).await.unwrap();
    assert_eq!(again.life, 2);
    let expected = ["1", "half", "--- ordalia: started again, life 2 ---", "2", "half"];
    eventually("the second life wrote its log", || cluster.log_tail(node, 9) == expected);
    // Also where it is down already.
    cluster.kill(node).await.unwrap();
    assert_eq!(cluster.restart(node).await.unwrap().life, 3);
    eventually("the third life found the data", || cluster.log_tail(node, 2) == ["3", "half"]);
}

#[tokio::test]
async fn a_termination_is_gentle_first() {
    let root = tempfile::tempdir().unwrap();
    let (mut cluster, node) = one(root.path(), "trap 'exit 7' TERM; echo 1; while :; do sleep 0.01; done");
    cluster.start(node).await.unwrap();
    numbers_in_log(&cluster, node, 1);
    // A paused process must be able to hear it.
    cluster.pause(node).await.unwrap();
    let evidence = cluster.terminate(node, support::DEADLINE).await.unwrap();
    assert_eq!((evidence.exit.code, evidence.forced), (Some(7), false));
}

#[tokio::test]
async fn a_termination_that_is_not_heard_ends_in_a_kill() {
    let root = tempfile::tempdir().unwrap();
    let (mut cluster, node) = one(root.path(), "trap '' TERM; echo 1; while :; do sleep 1000; done");
    cluster.start(node).await.unwrap();
    numbers_in_log(&cluster, node, 1);
    let evidence = cluster.terminate(node, Duration::from_millis(1)).await.unwrap();
    assert_eq!((evidence.exit, evidence.forced), (by_signal("SIGKILL", true), true));
}

#[tokio::test]
async fn all_nodes_stop_and_the_dead_are_left_out() {
    let root = tempfile::tempdir().unwrap();
    let recipe = |node| (node, script(root.path(), node, "exec sleep 1000"));
    let mut cluster = Cluster::new(NodeId::all(3).into_iter().map(recipe).collect()).unwrap();
    let started = cluster.start_all().await.unwrap();
    cluster.kill(NodeId::new(2)).await.unwrap();
    let stopped = cluster.stop_all(support::DEADLINE).await.unwrap();
    let nodes: Vec<_> = stopped.iter().map(|evidence| evidence.node.number()).collect();
    assert_eq!(nodes, [1, 3]);
    assert!(stopped.iter().all(|evidence| evidence.exit == by_signal("SIGTERM", true)));
    assert!(started.iter().all(|evidence| !runs(evidence.pid)));
}

#[tokio::test]
async fn dropping_the_cluster_kills_and_reaps() {
    let root = tempfile::tempdir().unwrap();
    let (mut cluster, node) = one(root.path(), "trap '' TERM; sleep 1000 & echo $!; wait");
    let pid = cluster.start(node).await.unwrap().pid;
    let child = numbers_in_log(&cluster, node, 1)[0];
    cluster.pause(node).await.unwrap();
    drop(cluster);
    assert!(!fs::exists(format!("/proc/{pid}")).unwrap());
    assert!(!fs::exists(format!("/proc/{child}")).unwrap());
}

#[tokio::test]
async fn trouble_names_the_node_and_what_was_expected() {
    let root = tempfile::tempdir().unwrap();
    let node = NodeId::new(1);
    let good = script(root.path(), node, "exec sleep 1000");
    let mut cluster = Cluster::new(BTreeMap::from([(node, good.clone())])).unwrap();
    let message = |error: ClusterError| error.to_string();

    let stranger = message(cluster.start(NodeId::new(9)).await.unwrap_err());
    assert_eq!(stranger, "there is no node n9 in this cluster");
    let early = message(cluster.kill(node).await.unwrap_err());
    assert_eq!(early, "n1: expected it to run, but it was never started");

    let mut recipe = good.clone();
    recipe.program = "/nowhere/program".into();
    cluster.set_recipe(node, recipe).unwrap();
    let missing = message(cluster.start(node).await.unwrap_err());
    assert!(missing.starts_with("n1: expected to start /nowhere/program: No such file"), "{missing}");

    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let mut recipe = good.clone();
    recipe.data_folder = file.join("data");
    cluster.set_recipe(node, recipe).unwrap();
    let no_data = message(cluster.start(node).await.unwrap_err());
    assert!(no_data.starts_with("n1: expected a data folder that can be written at"), "{no_data}");

    let mut recipe = good.clone();
    recipe.log_file = file.join("log");
    cluster.set_recipe(node, recipe).unwrap();
    let no_log = message(cluster.start(node).await.unwrap_err());
    assert!(no_log.starts_with("n1: expected a log that can be appended to at"), "{no_log}");
    assert!(cluster.log_tail(node, 5)[0].contains("cannot be read"));

    cluster.set_recipe(node, good).unwrap();
    let evidence = cluster.start(node).await.unwrap();
    assert_eq!(evidence.life, 1, "what did not start was no life");
    let twice = message(cluster.start(node).await.unwrap_err());
    assert_eq!(twice, format!("n1: expected it not to run, found it running as process {}", evidence.pid));
}
