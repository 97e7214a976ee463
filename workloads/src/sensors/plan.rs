//! What is configured, in order.

use ordalia_history::{Event, EventType, Value};
use ordalia_workload::{Op, generators::Dialogue};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// The name of the sampling period in ms, and of the address that means are posted to.
pub(super) const PERIOD: &str = "sampling_period_ms";
pub(super) const ADDRESS: &str = "api_url";

/// Periods in ms that rounds are quick with, and those that outlast a session that nobody keeps alive: 1.5 to 3 times the
/// usual time-out of two seconds.
const SHORT_MS: [u64; 4] = [100, 200, 300, 500];
const LONG_MS: [u64; 3] = [3_000, 4_500, 6_000];

/// Of a hundred configurations so many are of the address, and of a hundred values so many are malformed, and of a hundred
/// good periods so many are long.
const ADDRESSES: u32 = 25;
const MALFORMED: u32 = 25;
const LONG: u32 = 20;

/// The configurations of one test.
///
/// The address must stay one where means are taken, which only the system knows. So the first thing asked is what it is,
/// and what is configured is that address with another query. Until it is known, periods take its place.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    rng: ChaCha8Rng,
    /// The address without a query, once it was read.
    base: Option<String>,
    configured: u64,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), base: None, configured: 0 }
    }

    fn hear(&mut self, last: &Event) {
        let read = last.f == "configuration_read" && last.kind == EventType::Ok;
        let address = read.then(|| last.value.get(0).and_then(Value::as_str)).flatten();
        self.base = address.map(|address| base(address).to_owned()).or(self.base.take());
    }

    /// Draws the same numbers whatever is known of the address.
    fn draw(&mut self) -> Op {
        let [of_address, malformed, long] = [(); 3].map(|()| self.rng.random_range(0..100_u32));
        let any = self.rng.random_range(0..u64::from(u32::MAX));
        self.configured += 1;
        let pick = |count: usize| (any % count as u64) as usize;
        let base = self.base.as_ref().filter(|_| of_address < ADDRESSES);
        let value = match base {
            Some(_) if malformed < MALFORMED => bad_addresses()[pick(bad_addresses().len())].clone(),
            Some(base) => json!(format!("{base}?configured={}", self.configured)),
            None if malformed < MALFORMED => bad_periods()[pick(bad_periods().len())].clone(),
            None if long < LONG => json!(LONG_MS[pick(LONG_MS.len())]),
            None => json!(SHORT_MS[pick(SHORT_MS.len())]),
        };
        configure(if base.is_some() { ADDRESS } else { PERIOD }, value)
    }
}

impl Dialogue for Plan {
    fn next(&mut self, last: Option<&Event>) -> Option<Op> {
        if let Some(last) = last {
            self.hear(last);
        }
        let is_due = self.base.is_none() && self.configured.is_multiple_of(3);
        let asked = last.is_some_and(|last| last.f == "configuration_read");
        if is_due && !asked {
            return Some(Op { f: "configuration_read", key: Some(json!(ADDRESS)), value: Value::Null });
        }
        Some(self.draw())
    }
}

/// The operation that gives a name a value.
pub(super) fn configure(name: &str, value: Value) -> Op {
    Op { f: "configure", key: Some(json!(name)), value }
}

/// A period that lets rounds go on soon, to end with.
pub(super) fn calm() -> Op {
    configure(PERIOD, json!(SHORT_MS[1]))
}

/// Another such period.
pub(super) fn calmer() -> Op {
    configure(PERIOD, json!(SHORT_MS[2]))
}

fn base(address: &str) -> &str {
    address.split_once('?').map_or(address, |(base, _)| base)
}

fn bad_periods() -> [Value; 6] {
    [json!(0), json!(-200), json!(1.5), json!("fast"), json!([200]), Value::Null]
}

fn bad_addresses() -> [Value; 5] {
    [
        json!("nowhere"),
        json!(""),
        json!("ftp://api.example/means"),
        json!(42),
        json!({"url": "http://api.example"}),
    ]
}
