//! The rounds and sensors that a verdict names, read from the details of its judgements.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_checker::{TestVerdict, Verdict};
use serde_json::Value;

use crate::load::number;

/// More findings than this mark everything, and so nothing.
const MOST: usize = 200;

/// What is marked, by round.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The properties that a round breaks, and the sensors that are named with it.
    pub rounds: BTreeMap<u64, Mark>,
}

/// The mark of one round.
#[derive(Debug, Default)]
pub(crate) struct Mark {
    pub properties: BTreeSet<String>,
    pub sensors: BTreeSet<String>,
}

impl Marks {
    /// The marks of all judgements that found a property broken. A judgement names rounds in its details:
    /// `findings` is a list of `{round, sensor?}`, `rounds` a list of numbers, `round` a number, with `sensor` beside it.
    pub(crate) fn of(verdict: &TestVerdict) -> Self {
        let mut marks = Self::default();
        for (name, judgement) in &verdict.checkers {
            if judgement.valid != Verdict::Invalid {
                continue;
            }
            let list = |member: &str| judgement.details.get(member).and_then(Value::as_array);
            for finding in list("findings").into_iter().flatten().take(MOST) {
                marks.add(name, number(finding, "round"), finding.get("sensor"));
            }
            for round in list("rounds").into_iter().flatten().take(MOST) {
                marks.add(name, round.as_u64(), None);
            }
            let round = judgement.details.get("round").and_then(Value::as_u64);
            marks.add(name, round, judgement.details.get("sensor"));
        }
        marks
    }

    fn add(&mut self, property: &str, round: Option<u64>, sensor: Option<&Value>) {
        let Some(round) = round else { return };
        let mark = self.rounds.entry(round).or_default();
        mark.properties.insert(property.to_owned());
        mark.sensors.extend(sensor.and_then(Value::as_str).map(str::to_owned));
    }

    /// Whether what a sensor did in a round is marked.
    pub(crate) fn names(&self, round: u64, sensor: &str) -> bool {
        self.rounds.get(&round).is_some_and(|mark| mark.sensors.contains(sensor))
    }
}

#[cfg(test)]
mod tests {
    use ordalia_checker::Judgement;
    use serde_json::json;

    use super::*;

    #[test]
    fn rounds_come_from_details_of_what_is_broken_and_from_nothing_else() {
        let judgement = |valid, details: Value| {
            let mut judgement = Judgement::new(valid);
            judgement.because(valid, "round 99: n9 passed");
            judgement.details = details.as_object().cloned().unwrap_or_default();
            judgement
        };
        let broken = json!({"findings": [{"round": 3, "sensor": "n2"}, {"round": "x"}, 7], "rounds": [5, null], "round": 6});
        let verdict = TestVerdict::compose(
            [
                ("barrier-safety".to_owned(), judgement(Verdict::Invalid, broken)),
                ("means".to_owned(), judgement(Verdict::Invalid, json!({"findings": 4, "rounds": {}}))),
                ("progress".to_owned(), judgement(Verdict::Valid, json!({"rounds": [8]}))),
            ]
            .into(),
        );
        let marks = Marks::of(&verdict);
        assert_eq!(marks.rounds.keys().copied().collect::<Vec<_>>(), [3, 5, 6]);
        assert!(marks.names(3, "n2") && !marks.names(3, "n1") && !marks.names(5, "n2"));
    }
}
