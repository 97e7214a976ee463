//! Links that carry, but not as they should.

mod support;

use std::time::{Duration, Instant};

use ordalia_proxy::Rule;
use support::{DEADLINE, FOR_EVER, bed, bed_of_seed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delay_is_never_undercut_and_ends_with_its_rule() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    let delay = Duration::from_millis(30);
    bed.set(Rule { delay, ..Rule::pass() });
    for _ in 0..3 {
        let sent = Instant::now();
        connection.say("late\n").await;
        assert_eq!(connection.hear().await, "late\n");
        assert!(sent.elapsed() >= delay, "{:?}", sent.elapsed());
    }
    bed.set(Rule { delay: FOR_EVER, ..Rule::pass() });
    connection.say("very late\n").await;
    bed.until("it waits", |c| c.held_messages == 1).await;
    bed.set(Rule { delay, ..Rule::pass() });
    assert_eq!(connection.hear().await, "very late\n");
}

#[tokio::test]
async fn jitter_keeps_the_order_and_spreads_the_times() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    bed.set(Rule { jitter: Duration::from_millis(2), ..Rule::pass() });
    for number in 0..100 {
        connection.say(&format!("{number}\n")).await;
    }
    for number in 0..100 {
        assert_eq!(connection.hear().await, format!("{number}\n"));
    }
    // An hour at most, and drawn anew each time: it cannot be nothing for all of these.
    bed.set(Rule { jitter: FOR_EVER, ..Rule::pass() });
    connection.say("a\nb\nc\n").await;
    bed.until("they wait", |c| c.held_messages == 3).await;
}

#[tokio::test]
async fn messages_are_lost_whole_and_as_the_seed_wills() {
    let mut arrived = Vec::new();
    for seed in [7, 7, 8] {
        let bed = bed_of_seed(seed).await;
        bed.set(Rule { loss: 0.5, ..Rule::pass() });
        let numbers = bed.connect().await.numbers(1000).await;
        assert!(numbers.is_sorted_by(|a, b| a < b), "no order is changed and nothing is doubled");
        assert_eq!(bed.counters().dropped_messages, 1000 - numbers.len() as u64);
        assert!((400..600).contains(&numbers.len()), "{}", numbers.len());
        bed.assert_balance();
        arrived.push(numbers);
    }
    assert_eq!(arrived[0], arrived[1]);
    assert_ne!(arrived[0], arrived[2]);
}

#[tokio::test]
async fn loss_starts_between_messages_and_ends_with_its_rule() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    connection.say("half a me").await;
    bed.until("the beginning went on", |c| c.delivered_bytes == 9).await;
    bed.set(Rule { loss: 1.0, ..Rule::pass() });
    connection.say("ssage\nlost\nhalf a loss").await;
    bed.until("one is lost", |c| c.dropped_messages == 1 && c.held_bytes == 11).await;
    bed.network.heal();
    connection.say(" that is none\n").await;
    assert_eq!(connection.hear().await, "half a message\n");
    assert_eq!(connection.hear().await, "half a loss that is none\n");
}

#[tokio::test]
async fn some_messages_arrive_twice() {
    let bed = bed().await;
    bed.set(Rule { duplicate: 0.5, ..Rule::pass() });
    let mut numbers = bed.connect().await.numbers(1000).await;
    assert!((1400..1600).contains(&numbers.len()), "{}", numbers.len());
    assert_eq!(bed.counters().duplicated_messages, numbers.len() as u64 - 1000);
    assert!(numbers.is_sorted());
    numbers.dedup();
    assert_eq!(numbers.len(), 1000);
    bed.until("all is counted", |c| c.held_bytes == 0).await;
    bed.assert_balance();
}

#[tokio::test]
async fn some_messages_are_overtaken_and_none_is_lost() {
    let bed = bed().await;
    bed.set(Rule { reorder: 0.3, ..Rule::pass() });
    let mut numbers = bed.connect().await.numbers(1000).await;
    let overtaken = numbers.windows(2).filter(|pair| pair[0] > pair[1]).count();
    assert!((150..350).contains(&overtaken), "{overtaken}");
    assert_eq!(bed.counters().reordered_messages, overtaken as u64);
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_message_that_nothing_overtakes_goes_on_alone() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    bed.set(Rule { reorder: 1.0, ..Rule::pass() });
    connection.say("alone\n").await;
    assert_eq!(connection.hear().await, "alone\n");
    assert_eq!(bed.counters().reordered_messages, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bandwidth_is_never_exceeded() {
    let bed = bed().await;
    let mut connection = bed.connect().await;
    bed.set(Rule { bandwidth: Some(1_000_000), ..Rule::pass() });
    let begun = Instant::now();
    let text = "x".repeat(99) + "\n";
    connection.say(&text.repeat(2000)).await;
    drop(connection.sender);
    let mut heard = Vec::new();
    timeout(DEADLINE, connection.receiver.read_to_end(&mut heard)).await.unwrap().unwrap();
    // All but the burst of 10 ms takes its time.
    assert!(begun.elapsed() >= Duration::from_millis(190), "{:?}", begun.elapsed());
    assert_eq!(heard, text.repeat(2000).into_bytes());
    bed.until("all is counted", |c| c.held_bytes == 0).await;
    bed.assert_balance();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_share_the_bandwidth_of_their_link() {
    let bed = bed().await;
    bed.set(Rule { bandwidth: Some(1_000_000), ..Rule::pass() });
    let begun = Instant::now();
    let (one, two) = (bed.connect().await, bed.connect().await);
    // Some 49 KB each.
    let (one, two) = tokio::join!(one.numbers(10_000), two.numbers(10_000));
    assert_eq!(one, two);
    assert!(begun.elapsed() >= Duration::from_millis(85), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_bounded_and_nothing_is_lost_for_it() {
    const TOTAL: usize = 20 << 20;
    const BOUND: u64 = (8 << 20) + (64 << 10);
    let mut bed = bed().await;
    let connection = bed.connect().await;
    bed.set(Rule { delay: FOR_EVER, ..Rule::pass() });
    let (mut sender, mut receiver) = (connection.sender, connection.receiver);
    let text = "x".repeat(1023) + "\n";
    let flood = tokio::spawn(async move {
        for _ in 0..TOTAL / text.len() {
            sender.write_all(text.as_bytes()).await.unwrap();
        }
    });
    bed.until("the shim is full", |c| c.held_bytes >= 8 << 20).await;
    bed.let_time_pass().await;
    assert!(bed.counters().held_bytes <= BOUND, "{:?}", bed.counters());
    bed.network.heal();
    let mut heard = Vec::new();
    timeout(DEADLINE, receiver.read_to_end(&mut heard)).await.unwrap().unwrap();
    timeout(DEADLINE, flood).await.unwrap().unwrap();
    assert_eq!(heard.len(), TOTAL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_receiver_slows_its_sender() {
    let mut bed = bed().await;
    let connection = bed.connect().await;
    let (mut sender, mut receiver) = (connection.sender, connection.receiver);
    let flood = tokio::spawn(async move {
        for _ in 0..640 {
            sender.write_all(&[b'\n'; 64 << 10]).await.unwrap();
        }
    });
    bed.until("the receiver's buffers are full", |c| c.held_bytes > 0).await;
    bed.let_time_pass().await;
    assert!(bed.counters().held_bytes <= 64 << 10, "{:?}", bed.counters());
    let mut heard = Vec::new();
    timeout(DEADLINE, receiver.read_to_end(&mut heard)).await.unwrap().unwrap();
    timeout(DEADLINE, flood).await.unwrap().unwrap();
    assert_eq!(heard.len(), 640 * (64 << 10));
}
