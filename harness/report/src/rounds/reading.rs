//! From operations to rounds.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_checker::TestVerdict;
use ordalia_history::{Operation, Outcome};
use ordalia_node::NodeId;
use serde_json::Value;

use super::lives::{Diary, absences, tenures};
use super::{Attempt, Bar, Change, Ending, Marks, Pass, Record, Release, Rounds, Sensor, Stage};
use crate::format;

/// The acts that are drawn.
const ACTS: [&str; 9] =
    ["measure", "wait", "increment", "lead", "post", "release", "session", "configured", "posted"];

/// Figures beyond this are no measurements, and no axis would hold them.
const MOST: f64 = 1e12;

/// The rounds of a history that has any measuring; `operations` in order of invocation.
pub(crate) fn read(operations: &[Operation], verdict: Option<&TestVerdict>, end_ns: u64) -> Option<Rounds> {
    if !operations.iter().any(|operation| operation.f == "measure") {
        return None;
    }
    let mut reader = Reader::new(operations, end_ns);
    operations.iter().for_each(|operation| reader.take(operation));
    Some(reader.finish(verdict))
}

/// What is being built.
struct Reader {
    rounds: Rounds,
    positions: BTreeMap<String, usize>,
    diaries: Vec<Diary>,
    totals: BTreeMap<(usize, u64), u64>,
    end_ns: u64,
}

impl Reader {
    /// A reader that knows the sensors and nothing of what they did.
    fn new(operations: &[Operation], end_ns: u64) -> Self {
        let acts = operations.iter().filter(|one| ACTS.contains(&one.f.as_str()) && one.f != "posted");
        let names: BTreeSet<&str> = acts.filter_map(|one| text(one, "sensor")).collect();
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_by_key(|name| (name.parse::<NodeId>().map_or(u16::MAX, |node| node.number()), *name));
        let sensor = |name: &&str| Sensor { name: (*name).to_owned(), ..Sensor::default() };
        Self {
            rounds: Rounds { sensors: names.iter().map(sensor).collect(), ..Rounds::default() },
            diaries: vec![Diary::default(); names.len()],
            positions: names.into_iter().enumerate().map(|(at, name)| (name.to_owned(), at)).collect(),
            totals: BTreeMap::new(),
            end_ns,
        }
    }

    /// Reads one operation, or counts it where it is an act of the wrong shape.
    fn take(&mut self, operation: &Operation) {
        let taken = match operation.f.as_str() {
            "measure" => self.stage(operation, Stage::Measuring),
            "wait" => self.stage(operation, Stage::Waiting),
            "increment" => self.increment(operation),
            "lead" => self.lead(operation),
            "post" => self.post(operation),
            "release" => self.release(operation),
            "session" => self.session(operation),
            "configured" => self.configured(operation),
            "posted" => self.posted(operation),
            _ => return,
        };
        if taken.is_none() {
            self.rounds.skipped += 1;
        }
    }

    /// The sensor whose act it is. Whatever it does shows that it is up; an act that the end of its life cut off
    /// shows when that was.
    fn sensor(&mut self, operation: &Operation) -> Option<usize> {
        let at = *self.positions.get(text(operation, "sensor")?)?;
        let (end, ending) = (self.end(operation), self.ending(operation));
        let diary = self.diaries.get_mut(at)?;
        diary.signs.push(operation.invoked_ns);
        if ending == Ending::Crashed {
            diary.crashes.push(end);
        }
        Some(at)
    }

    fn end(&self, operation: &Operation) -> u64 {
        operation.completed_ns.unwrap_or(self.end_ns)
    }

    /// How an act ended. What the end of the record cuts off was not a crash.
    fn ending(&self, operation: &Operation) -> Ending {
        let crashed = operation.error.as_ref().is_some_and(|error| error.kind == "crashed");
        match operation.outcome {
            Outcome::Ok => Ending::Done,
            Outcome::Fail => Ending::Failed,
            Outcome::Info if crashed && self.end(operation) < self.end_ns => Ending::Crashed,
            Outcome::Info => Ending::Unknown,
        }
    }

    fn stage(&mut self, operation: &Operation, stage: Stage) -> Option<()> {
        let at = self.sensor(operation)?;
        let round = whole(operation, "round")?;
        let (end_ns, ending) = (self.end(operation), self.ending(operation));
        let value = match (stage, ending) {
            // A measurement that is held without a value is of the wrong shape.
            (Stage::Measuring, Ending::Done) => Some(real(operation, "value")?),
            _ => None,
        };
        let sensor = self.rounds.sensors.get_mut(at)?;
        if (stage, ending) == (Stage::Waiting, Ending::Done) {
            sensor.passes.push(Pass { round, at_ns: end_ns, total: None });
        }
        sensor.bars.push(Bar { stage, round, start_ns: operation.invoked_ns, end_ns, ending, value });
        Some(())
    }

    fn increment(&mut self, operation: &Operation) -> Option<()> {
        let at = self.sensor(operation)?;
        let round = whole(operation, "round")?;
        if self.ending(operation) == Ending::Done {
            self.totals.insert((at, round), whole(operation, "total")?);
        }
        Some(())
    }

    fn lead(&mut self, operation: &Operation) -> Option<()> {
        let at = self.sensor(operation)?;
        let epoch = whole(operation, "epoch")?;
        let ended = match member(operation, "ended") {
            None | Some(Value::Null) => false,
            Some(ended) => ended.as_bool()?,
        };
        let time = self.end(operation);
        self.diaries.get_mut(at)?.leads.push((time, epoch, ended));
        Some(())
    }

    fn session(&mut self, operation: &Operation) -> Option<()> {
        let at = self.sensor(operation)?;
        let time = self.end(operation);
        let diary = self.diaries.get_mut(at)?;
        match text(operation, "state")? {
            "opened" => diary.sessions.push((time, true)),
            "expired" => diary.sessions.push((time, false)),
            _ => return None,
        }
        Some(())
    }

    fn release(&mut self, operation: &Operation) -> Option<()> {
        let sensor = self.sensor(operation)?;
        let (round, epoch) = (whole(operation, "round")?, whole(operation, "epoch")?);
        let values = member(operation, "values")?.as_object()?;
        let value = |(name, value): (&String, &Value)| Some((name.clone(), plausible(value)?));
        let values = values.iter().map(value).collect::<Option<BTreeMap<String, f64>>>()?;
        let expected = member(operation, "expected").and_then(Value::as_array).map_or(0, Vec::len);
        self.diaries.get_mut(sensor)?.acts.push((operation.invoked_ns, epoch));
        let ending = self.ending(operation);
        self.rounds.releases.push(Release {
            sensor,
            epoch,
            round,
            start_ns: operation.invoked_ns,
            end_ns: operation.completed_ns,
            ending,
            values,
            expected,
        });
        Some(())
    }

    fn post(&mut self, operation: &Operation) -> Option<()> {
        let sensor = self.sensor(operation)?;
        let (round, epoch) = (whole(operation, "round")?, whole(operation, "epoch")?);
        let mean = real(operation, "mean")?;
        self.diaries.get_mut(sensor)?.acts.push((operation.invoked_ns, epoch));
        let (end_ns, ending) = (self.end(operation), self.ending(operation));
        if ending != Ending::Done {
            let error = operation.error.as_ref().map(ToString::to_string).unwrap_or_default();
            let start_ns = operation.invoked_ns;
            self.rounds.attempts.push(Attempt { round, start_ns, end_ns, mean, sensor, ending, error });
        }
        Some(())
    }

    fn configured(&mut self, operation: &Operation) -> Option<()> {
        let sensor = self.sensor(operation)?;
        let name = format::shorten(text(operation, "name")?, 40);
        let value = format::shorten(&format::value(member(operation, "value")?), 60);
        let accepted = match operation.outcome {
            Outcome::Ok => true,
            Outcome::Fail => false,
            Outcome::Info => return Some(()),
        };
        self.rounds.changes.push(Change { sensor, at_ns: self.end(operation), name, value, accepted });
        Some(())
    }

    fn posted(&mut self, operation: &Operation) -> Option<()> {
        let first = member(operation, "first")?.as_bool()?;
        let record = Record {
            round: whole(operation, "round")?,
            at_ns: self.end(operation),
            mean: real(operation, "mean")?,
            sensor: text(operation, "sensor").unwrap_or("?").to_owned(),
            epoch: whole(operation, "epoch"),
            first,
        };
        self.rounds.records.push(record);
        Some(())
    }

    /// What follows from all acts together.
    fn finish(mut self, verdict: Option<&TestVerdict>) -> Rounds {
        let mut rounds = self.rounds;
        for (at, (sensor, diary)) in rounds.sensors.iter_mut().zip(&mut self.diaries).enumerate() {
            diary.sort();
            for pass in &mut sensor.passes {
                pass.total = self.totals.get(&(at, pass.round)).copied();
            }
            sensor.passes.sort_by_key(|pass| pass.at_ns);
            sensor.absences = absences(diary, self.end_ns);
            sensor.expiries = diary.sessions.iter().filter(|(_, open)| !open).map(|(at, _)| *at).collect();
            rounds.tenures.extend(tenures(at, diary, self.end_ns));
        }
        rounds.tenures.sort_by_key(|tenure| (tenure.start_ns, tenure.epoch));
        rounds.records.sort_by_key(|record| record.at_ns);
        rounds.changes.sort_by_key(|change| change.at_ns);
        rounds.marks = verdict.map(Marks::of).unwrap_or_default();
        rounds.measure_spans();
        rounds
    }
}

/// A member of what an act says, at its end or else at its begin.
fn member<'a>(operation: &'a Operation, name: &str) -> Option<&'a Value> {
    operation.output.get(name).or_else(|| operation.input.get(name))
}

fn text<'a>(operation: &'a Operation, name: &str) -> Option<&'a str> {
    member(operation, name)?.as_str()
}

fn whole(operation: &Operation, name: &str) -> Option<u64> {
    member(operation, name)?.as_u64()
}

fn real(operation: &Operation, name: &str) -> Option<f64> {
    plausible(member(operation, name)?)
}

/// A figure that an axis can hold.
fn plausible(value: &Value) -> Option<f64> {
    value.as_f64().filter(|figure| figure.abs() <= MOST)
}
