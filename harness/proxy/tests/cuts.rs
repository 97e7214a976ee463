//! Links that are cut, by holding and by resetting, and connections that end.

mod support;

use std::time::Duration;

use ordalia_node::NodeId;
use ordalia_proxy::{Network, ProxyError, Rule};
use support::{DEADLINE, FOR_EVER, FROM, TO, assert_closed, assert_dial_is_reset, assert_reset, bed};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_passes_carries_both_ways() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    connection.say("one\ntwo\nthr").await;
    assert_eq!(connection.hear().await, "one\n");
    assert_eq!(connection.hear().await, "two\n");
    connection.say("ee\n").await;
    assert_eq!(connection.hear().await, "three\n");
    connection.receiver.get_mut().write_all(b"back").await.unwrap();
    let mut back = [0; 4];
    timeout(DEADLINE, connection.sender.read_exact(&mut back)).await.unwrap().unwrap();
    assert_eq!(&back, b"back");
    bed.until("all is counted", |c| c.delivered_messages == 3 && c.returned_bytes == 4).await;
    let counters = bed.counters();
    assert_eq!((counters.offered_messages, counters.offered_bytes), (3, 14));
    assert_eq!((counters.connections_accepted, counters.connections_open), (1, 1));
    bed.assert_balance();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_link_keeps_everything_until_the_heal() {
    let mut bed = bed().await;
    let mut old = bed.connect().await;
    old.say("before\n").await;
    assert_eq!(old.hear().await, "before\n");
    bed.until("all is counted", |c| c.delivered_messages == 1).await;

    bed.set(Rule::drop());
    let before = bed.counters();
    old.say("held\n").await;
    old.receiver.get_mut().write_all(b"back").await.unwrap();
    let mut new = bed.dial().await;
    new.write_all(b"new\n").await.unwrap();
    bed.until("the new connection is there", |c| c.connections_open == 2).await;
    bed.let_time_pass().await;
    let during = bed.counters();
    assert_eq!(
        (during.offered_bytes, during.delivered_bytes),
        (before.offered_bytes, before.delivered_bytes)
    );
    assert_eq!(during.returned_bytes, 0);

    bed.network.heal();
    assert_eq!(old.hear().await, "held\n");
    let mut back = [0; 4];
    timeout(DEADLINE, old.sender.read_exact(&mut back)).await.unwrap().unwrap();
    let mut line = String::new();
    bed.accept().await.read_line(&mut line).await.unwrap();
    assert_eq!(line, "new\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_before_is_held_as_well() {
    let mut bed = bed().await;
    let mut connection = bed.connect().await;
    bed.set(Rule { delay: FOR_EVER, ..Rule::pass() });
    connection.say("on its way\n").await;
    bed.until("it waits in the shim", |c| c.held_messages == 1).await;
    // This makes it due, were it not for the cut.
    bed.set(Rule::drop());
    bed.let_time_pass().await;
    assert_eq!((bed.counters().delivered_messages, bed.counters().held_messages), (0, 1));
    bed.network.heal();
    assert_eq!(connection.hear().await, "on its way\n");
    bed.until("nothing is held", |c| c.held_bytes == 0).await;
    bed.assert_balance();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_is_in_force_when_set_rule_returns() {
    let mut bed = bed().await;
    let connection = bed.connect().await;
    let (mut sender, mut receiver) = (connection.sender, connection.receiver);
    let flood = tokio::spawn(async move { while sender.write_all(b"flood\n").await.is_ok() {} });
    let sink = tokio::spawn(async move { tokio::io::copy(&mut receiver, &mut tokio::io::sink()).await });
    let mut last = 0;
    for _ in 0..20 {
        bed.until("the flood flows", |c| c.delivered_messages > last + 100).await;
        bed.set(Rule::drop());
        let at_once = bed.counters();
        bed.let_time_pass().await;
        assert_eq!(at_once, bed.counters());
        bed.assert_balance();
        last = at_once.delivered_messages;
        bed.network.heal();
    }
    flood.abort();
    sink.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejecting_link_resets_connections_old_and_new() {
    let mut bed = bed().await;
    let mut old = bed.connect().await;
    old.say("before\n").await;
    assert_eq!(old.hear().await, "before\n");
    bed.set(Rule::reject());
    assert_reset(&mut old.sender).await;
    assert_reset(old.receiver.get_mut()).await;
    assert_dial_is_reset(bed.network.address(FROM, TO).unwrap()).await;
    bed.until("both are counted", |c| c.connections_rejected == 2 && c.connections_open == 0).await;
    bed.network.heal();
    let mut again = bed.connect().await;
    again.say("after\n").await;
    assert_eq!(again.hear().await, "after\n");
    bed.let_time_pass().await;
}

#[tokio::test]
async fn a_held_connection_is_reset_when_the_rule_turns() {
    let bed = bed().await;
    bed.set(Rule::drop());
    let mut held = bed.dial().await;
    bed.until("it is held", |c| c.connections_open == 1).await;
    bed.set(Rule::reject());
    assert_reset(&mut held).await;
}

#[tokio::test]
async fn a_rule_binds_its_own_direction_only() {
    let bed = bed().await;
    let back = TcpListener::bind("127.0.0.1:0").await.unwrap();
    bed.network.set_upstream(FROM, back.local_addr().unwrap()).unwrap();
    bed.set(Rule::drop());
    let mut sender = TcpStream::connect(bed.network.address(TO, FROM).unwrap()).await.unwrap();
    sender.write_all(b"x").await.unwrap();
    let (mut receiver, _) = timeout(DEADLINE, back.accept()).await.unwrap().unwrap();
    timeout(DEADLINE, receiver.read_exact(&mut [0])).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_end_on_one_side_is_an_end_on_the_other() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    connection.say("last words\n").await;
    drop(connection.sender);
    let mut heard = String::new();
    timeout(DEADLINE, connection.receiver.read_to_string(&mut heard)).await.unwrap().unwrap();
    assert_eq!(heard, "last words\n");

    let mut connection = bed.connect().await;
    drop(connection.receiver);
    assert_closed(&mut connection.sender).await;

    let mut connection = bed.connect().await;
    connection.receiver.get_ref().set_zero_linger().unwrap();
    drop(connection.receiver);
    assert_reset(&mut connection.sender).await;

    let mut connection = bed.connect().await;
    connection.sender.set_zero_linger().unwrap();
    drop(connection.sender);
    assert_reset(connection.receiver.get_mut()).await;
    bed.until("all have ended", |c| c.connections_open == 0).await;
    bed.assert_balance();
}

#[tokio::test]
async fn what_was_sent_before_the_end_is_delayed_and_not_lost() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    bed.set(Rule { delay: FOR_EVER, ..Rule::pass() });
    connection.say("last words\nand half a").await;
    bed.until("it was read", |c| c.offered_bytes == 21).await;
    drop(connection.sender);
    bed.until("it waits", |c| c.held_bytes == 21).await;
    bed.network.heal();
    let mut heard = String::new();
    timeout(DEADLINE, connection.receiver.read_to_string(&mut heard)).await.unwrap().unwrap();
    assert_eq!(heard, "last words\nand half a");
}

#[tokio::test]
async fn what_goes_under_with_a_connection_is_counted() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    bed.set(Rule { delay: FOR_EVER, ..Rule::pass() });
    connection.say("one\ntwo\nhalf").await;
    bed.until("it was read", |c| c.offered_bytes == 12).await;
    drop(connection.receiver);
    assert_closed(&mut connection.sender).await;
    bed.until("it is discarded", |c| c.discarded_messages == 2 && c.discarded_bytes == 12).await;
    assert_eq!((bed.counters().held_messages, bed.counters().held_bytes), (0, 0));
}

#[tokio::test]
async fn a_receiver_that_cannot_be_reached_is_a_reset() {
    let bed = bed().await;
    drop(bed.receiver);
    let address = bed.network.address(FROM, TO).unwrap();
    assert_dial_is_reset(address).await;
    let unreachable = |from, to| bed.network.counters(from, to).unwrap().connections_unreachable;
    assert_eq!(unreachable(FROM, TO), 1);
    // n1 has not said where it listens.
    let address = bed.network.address(TO, FROM).unwrap();
    assert_dial_is_reset(address).await;
    assert_eq!(unreachable(TO, FROM), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_changes_while_a_connection_is_made_does_not_make_it_twice() {
    let bed = bed().await;
    for turn in 1..=200 {
        let mut sender = bed.dial().await;
        sender.write_all(b"once\n").await.unwrap();
        let mut receiver = tokio::select! {
            receiver = bed.accept() => receiver,
            () = async { loop {
                bed.set(Rule { delay: Duration::from_nanos(1), ..Rule::pass() });
                bed.set(Rule::pass());
                tokio::task::yield_now().await;
            } } => unreachable!("rules change until the connection is made"),
        };
        bed.set(Rule { delay: Duration::from_nanos(turn), ..Rule::pass() });
        let mut line = String::new();
        timeout(DEADLINE, receiver.read_line(&mut line)).await.unwrap().unwrap();
        assert_eq!(line, "once\n", "turn {turn}");
    }
}

#[tokio::test]
async fn a_receiver_may_move() {
    let bed = bed().await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    bed.network.set_upstream(TO, elsewhere.local_addr().unwrap()).unwrap();
    let _sender = bed.dial().await;
    timeout(DEADLINE, elsewhere.accept()).await.unwrap().unwrap();
}

#[tokio::test]
async fn dropping_the_network_closes_everything() {
    let bed = bed().await;
    let mut open = bed.connect().await;
    bed.set(Rule::drop());
    let mut held = bed.dial().await;
    let address = bed.network.address(FROM, TO).unwrap();
    bed.until("both are there", |c| c.connections_open == 2).await;
    drop(bed.network);
    assert_closed(&mut open.sender).await;
    assert_closed(open.receiver.get_mut()).await;
    assert_closed(&mut held).await;
    let closed = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(DEADLINE, closed).await.unwrap();
}

#[tokio::test]
async fn links_are_all_ordered_pairs_and_strangers_are_refused() {
    let nodes = NodeId::all(3);
    let network = Network::start(&nodes, 1).unwrap();
    let links: Vec<String> = network.links().iter().map(|(from, to)| format!("{from}{to}")).collect();
    assert_eq!(links, ["n1n2", "n1n3", "n2n1", "n2n3", "n3n1", "n3n2"]);
    let stranger = NodeId::new(4);
    assert!(matches!(network.address(FROM, FROM), Err(ProxyError::UnknownLink { .. })));
    assert!(matches!(network.counters(FROM, stranger), Err(ProxyError::UnknownLink { .. })));
    let nowhere = network.set_upstream(stranger, "127.0.0.1:1".parse().unwrap());
    assert_eq!(nowhere.unwrap_err().to_string(), "there is no node n4 in this network");
    let wrong = network.set_rule(FROM, TO, Rule { loss: 2.0, ..Rule::pass() }).unwrap_err();
    let expected =
        "the rule for the link n1 to n2 cannot be: loss: expected a probability from 0 to 1, found 2";
    assert_eq!(wrong.to_string(), expected);
    assert_eq!(network.rule(FROM, TO).unwrap(), Rule::pass());
    assert!(matches!(Network::start(&[FROM, FROM], 1), Err(ProxyError::Duplicate(FROM))));
}

#[test]
fn a_network_needs_a_runtime() {
    assert!(matches!(Network::start(&[FROM, TO], 1), Err(ProxyError::NoRuntime)));
}
