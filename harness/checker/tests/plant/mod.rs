//! A plant whose sensors keep to the protocol: leaders, rounds, crashes, lost sessions, a sink that fails, live
//! configuration. Times are in milliseconds and only in the plant's own head.

use std::time::Duration;

use ordalia_history::{Event, EventType, FaultPhase, OpError, Process, fault_event_value};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

/// How long a session lives without heartbeats.
pub const TIMEOUT: Duration = Duration::from_millis(500);

/// How soon rounds go on and configurations arrive.
pub const BOUND: Duration = Duration::from_millis(2_500);

/// How an operation ends.
type End = (EventType, Value, Option<&'static str>);

struct Sensor {
    name: String,
    up: bool,
    /// When it is ready for the next round.
    ready: u64,
}

pub struct Plant {
    rng: ChaCha8Rng,
    events: Vec<Event>,
    sensors: Vec<Sensor>,
    processes: u64,
    faults: u64,
    sessions: u64,
    leader: usize,
    epoch: u64,
    total: u64,
    version: u64,
    period: Value,
}

/// The number of a client's process, 0 for the nemesis.
pub fn number(event: &Event) -> u64 {
    match event.process {
        Process::Client(number) => number,
        Process::Nemesis => 0,
    }
}

/// What is left of a record that begins at that time: what was open then is kept, at time 0.
pub fn cut(events: &[Event], from: u64) -> Vec<Event> {
    let last =
        |process: Process| events.iter().rfind(|event| event.process == process).map(|event| event.time);
    let keep = |event: &&Event| {
        event.process == Process::Nemesis || event.time >= from || last(event.process) >= Some(from)
    };
    let mut kept: Vec<Event> = events.iter().filter(keep).cloned().collect();
    for (index, event) in (0..).zip(&mut kept) {
        (event.index, event.time) = (index, event.time.saturating_sub(from));
    }
    kept
}

/// What came of the measuring of a round.
#[derive(Default)]
struct Attendance {
    /// The measurements that the ensemble holds, by sensor.
    values: Map<String, Value>,
    /// Who waits at the barrier, since when, and whether its session ends meanwhile.
    waiting: Vec<(usize, u64, bool)>,
    /// Who must start again.
    again: Vec<usize>,
}

impl Plant {
    /// What so many rounds wrote; with chaos in all but the last four.
    pub fn run(seed: u64, rounds: u64, chaos: bool) -> Vec<Event> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let count = rng.random_range(3..6);
        let sensors = (1..=count).map(|at| Sensor { name: format!("n{at}"), up: false, ready: 0 }).collect();
        let mut plant = Self {
            rng,
            events: Vec::new(),
            sensors,
            processes: 0,
            faults: 0,
            sessions: 0,
            leader: 0,
            epoch: 1,
            total: 0,
            version: 0,
            period: json!(100),
        };
        for at in 0..plant.sensors.len() {
            plant.boot(at, 1);
        }
        plant.note(5, "lead", json!({"sensor": "n1", "epoch": 1}));
        let mut now = 10;
        for round in 1..=rounds {
            now = plant.round(round, now, chaos && round + 4 <= rounds);
        }
        plant.finish(now)
    }

    fn finish(mut self, now: u64) -> Vec<Event> {
        self.operation(
            "counter_read",
            (now + 100, json!(null)),
            Some((now + 105, (EventType::Ok, json!(self.total), None))),
        );
        self.events.sort_by_key(|event| event.time);
        for (index, event) in (0..).zip(&mut self.events) {
            event.index = index;
        }
        self.events
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// Some time after that one.
    fn after(&mut self, time: u64, most: u64) -> u64 {
        time + self.rng.random_range(1..=most)
    }

    fn event(&mut self, time: u64, process: Process, f: &str, (kind, value, error): End) {
        self.events.push(Event {
            index: 0,
            time: time * 1_000_000,
            process,
            kind,
            f: f.into(),
            key: (f == "configure").then(|| json!("sampling_period_ms")),
            value,
            error: error.map(OpError::new),
            node: None,
            intended: None,
        });
    }

    /// An operation of a process of its own; open for ever without an end.
    fn operation(&mut self, f: &str, (time, value): (u64, Value), end: Option<(u64, End)>) {
        self.processes += 1;
        let process = Process::Client(self.processes);
        self.event(time, process, f, (EventType::Invoke, value, None));
        if let Some((time, end)) = end {
            self.event(time, process, f, end);
        }
    }

    fn note(&mut self, time: u64, f: &str, value: Value) {
        self.operation(f, (time, json!(null)), Some((time, (EventType::Ok, value, None))));
    }

    fn fault(&mut self, kind: &str, from: u64, until: u64) {
        self.faults += 1;
        for (time, phase) in [(from, FaultPhase::Start), (until, FaultPhase::Healed)] {
            let value = fault_event_value(self.faults, phase, kind);
            self.event(time, Process::Nemesis, kind, (EventType::Info, value, None));
        }
    }

    /// A life, or a session, begins.
    fn boot(&mut self, at: usize, time: u64) {
        self.sessions += 1;
        let (name, session) = (self.sensors[at].name.clone(), self.sessions);
        self.note(time, "session", json!({"sensor": name, "session": session, "state": "opened"}));
        self.configured(at, time + 1);
        (self.sensors[at].up, self.sensors[at].ready) = (true, time + 2);
    }

    fn configured(&mut self, at: usize, time: u64) {
        let value = json!({"sensor": self.sensors[at].name, "name": "sampling_period_ms", "value": self.period, "version": self.version});
        self.note(time, "configured", value);
    }

    /// Somebody configures; all that are up hear of it.
    fn configure(&mut self, time: u64, chaos: bool) {
        let malformed = chaos && self.chance(30);
        let lost = chaos && self.chance(30);
        let value = if malformed { json!("soon") } else { json!(100 + time) };
        let end = if lost {
            (EventType::Info, json!(null), Some("timeout"))
        } else {
            (EventType::Ok, json!(self.version + 1), None)
        };
        self.operation("configure", (time, value.clone()), Some((time + 5, end)));
        if lost && self.chance(50) {
            return;
        }
        self.version += 1;
        if !malformed {
            self.period = value.clone();
        }
        for at in 0..self.sensors.len() {
            let heard = self.after(time.max(self.sensors[at].ready), 60);
            let act = json!({"sensor": self.sensors[at].name, "name": "sampling_period_ms", "value": value, "version": self.version});
            if malformed {
                self.operation(
                    "configured",
                    (heard, json!(null)),
                    Some((heard, (EventType::Fail, act, Some("malformed")))),
                );
            } else if self.sensors[at].up {
                self.note(heard, "configured", act);
            }
        }
    }

    /// One round; returns when the next one may begin.
    fn round(&mut self, round: u64, now: u64, chaos: bool) -> u64 {
        if round % 3 == 2 {
            self.configure(now, chaos);
        }
        let expected: Vec<usize> = (0..self.sensors.len())
            .filter(|at| self.sensors[*at].up && self.sensors[*at].ready <= now + 400)
            .collect();
        let mut attendance = Attendance::default();
        let mut ripe = now;
        for at in expected.clone() {
            ripe = ripe.max(self.measure(round, now, at, chaos, &mut attendance));
        }
        let Attendance { values, waiting, mut again } = attendance;
        if values.is_empty() {
            // All are gone, and a leader with them: nothing is released in this round until they are back.
            again.iter().for_each(|at| self.sensors[*at].up = false);
        }
        let names: Vec<String> = expected.iter().map(|at| self.sensors[*at].name.clone()).collect();
        let released = self.lead(round, ripe + 5, chaos, (&names, &values));
        let end = self.pass(round, released, &waiting, chaos, &mut again);
        for at in again {
            let time = self.after(end, 50);
            self.fault("pause", now, time);
            if self.chance(50) {
                let name = self.sensors[at].name.clone();
                self.note(time, "session", json!({"sensor": name, "session": 0, "state": "expired"}));
            }
            self.boot(at, time + 1);
        }
        end
    }

    /// A sensor measures, and may be lost over it. Returns when the leader need not wait for it any longer.
    fn measure(
        &mut self,
        round: u64,
        now: u64,
        at: usize,
        chaos: bool,
        Attendance { values, waiting, again }: &mut Attendance,
    ) -> u64 {
        let name = self.sensors[at].name.clone();
        let begin = self.after(now.max(self.sensors[at].ready), 200);
        let done = self.after(begin, 100);
        let value = json!(f64::from(self.rng.random_range(150..300)) / 10.0);
        let asked = json!({"sensor": name, "round": round});
        let told = json!({"sensor": name, "round": round, "value": value});
        // The last one that has a value must stay, for a round of none is not released.
        let lost = chaos && at != self.leader && self.chance(25);
        let open = lost && self.chance(30);
        let end = if open {
            (EventType::Info, asked.clone(), Some("crashed"))
        } else {
            (EventType::Ok, told, None)
        };
        self.operation("measure", (begin, asked.clone()), Some((done, end)));
        if lost && self.chance(50) {
            // Its session ends ahead of the leader's look, perhaps when it has come back and measures anew.
            again.push(at);
            if !open && self.chance(50) {
                waiting.push((at, done + 1, true));
            }
            return done + 500;
        }
        values.insert(name, value);
        if lost {
            again.push(at);
        } else {
            waiting.push((at, done + 1, false));
        }
        done
    }

    /// The leader posts and releases. Returns when it was released.
    fn lead(
        &mut self,
        round: u64,
        now: u64,
        chaos: bool,
        (expected, values): (&[String], &Map<String, Value>),
    ) -> u64 {
        let mean = values.values().filter_map(Value::as_f64).sum::<f64>() / values.len() as f64;
        let id = format!("r{round}");
        let (mut time, mut recorded, mut attempt) = (now, false, 0);
        let changes = if chaos && self.chance(25) { 2 } else { 1 };
        for turn in 0..changes {
            let (sensor, epoch) = (self.sensors[self.leader].name.clone(), self.epoch);
            for _ in 0..2 {
                attempt += 1;
                let post = json!({"sensor": sensor, "epoch": epoch, "round": round, "mean": mean, "values": values, "attempt": attempt});
                let fails = chaos && self.chance(20);
                let arrives = !fails || self.chance(50);
                if arrives {
                    let act = json!({"round": round, "mean": mean, "epoch": epoch, "sensor": sensor, "id": id, "first": !recorded});
                    self.note(time + 2, "posted", act);
                    recorded = true;
                }
                let kind = if !fails {
                    EventType::Ok
                } else if arrives {
                    EventType::Info
                } else {
                    EventType::Fail
                };
                self.operation(
                    "post",
                    (time, post.clone()),
                    Some((time + 4, (kind, post, fails.then_some("http")))),
                );
                time += 5;
                if !fails {
                    break;
                }
            }
            let release = json!({"sensor": sensor, "epoch": epoch, "round": round, "expected": expected, "values": values});
            if turn + 1 == changes {
                let unknown = chaos && self.chance(20);
                let kind = if unknown { EventType::Info } else { EventType::Ok };
                let end = self.after(time, 40);
                self.operation(
                    "release",
                    (time, release.clone()),
                    Some((end, (kind, release, unknown.then_some("timeout")))),
                );
                return time;
            }
            // The leader is paused with its release on the way; the next one takes over.
            if self.chance(50) {
                let end = if self.chance(50) {
                    Some((time + 900, (EventType::Fail, release.clone(), Some("fenced"))))
                } else {
                    None
                };
                self.operation("release", (time, release), end);
            }
            self.fault("pause", time, time + 800);
            time += 600;
            self.leader = (self.leader + 1) % self.sensors.len();
            self.epoch += 1;
            let next = self.sensors[self.leader].name.clone();
            self.note(time, "lead", json!({"sensor": next, "epoch": self.epoch}));
            time += 10;
        }
        time
    }

    /// Those that wait pass and count. Returns when all are done.
    fn pass(
        &mut self,
        round: u64,
        released: u64,
        waiting: &[(usize, u64, bool)],
        chaos: bool,
        again: &mut Vec<usize>,
    ) -> u64 {
        let mut counts = Vec::new();
        let mut end = released;
        for (at, begin, fails) in waiting {
            let asked = json!({"sensor": self.sensors[*at].name, "round": round});
            let passed = self.after(released.max(*begin), 30);
            let crashes = chaos && !fails && *at != self.leader && self.chance(6);
            let kind = match (fails, crashes) {
                (true, _) => EventType::Fail,
                (_, true) => EventType::Info,
                _ => EventType::Ok,
            };
            self.operation("wait", (*begin, asked.clone()), Some((passed, (kind, asked, None))));
            end = end.max(passed);
            if crashes {
                again.push(*at);
            } else if !fails {
                let begun = self.after(passed, 10);
                counts.push((self.after(begun, 10), begun, *at));
            }
        }
        counts.sort_unstable();
        for (effect, begun, at) in counts {
            let asked = json!({"sensor": self.sensors[at].name, "round": round});
            let crashes = chaos && at != self.leader && self.chance(8);
            let done = self.after(effect, 10);
            if crashes {
                self.total += u64::from(self.chance(50));
                self.operation(
                    "increment",
                    (begun, asked.clone()),
                    Some((done, (EventType::Info, asked, Some("crashed")))),
                );
                again.push(at);
            } else {
                self.total += 1;
                let told = json!({"sensor": self.sensors[at].name, "round": round, "total": self.total});
                self.operation("increment", (begun, asked), Some((done, (EventType::Ok, told, None))));
            }
            self.sensors[at].ready = done + 1;
            end = end.max(done);
        }
        end
    }
}
