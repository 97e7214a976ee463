//! What a checker finds, counted by kind and told shortened.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Judgement, Verdict};

/// How many findings of one kind are told in full.
const TOLD: usize = 5;

/// How many places are told: more mark everything, and so nothing.
const PLACES: usize = 100;

/// Findings of one kind.
struct Kind {
    name: &'static str,
    verdict: Verdict,
    told: Vec<String>,
    count: usize,
}

/// The findings of one check. A kind is counted in the detail `NAME_count`.
pub(super) struct Findings {
    kinds: Vec<Kind>,
    /// Where the property is broken, each place once; the detail `findings`.
    places: Vec<Value>,
    judgement: Judgement,
}

/// Where among the rounds of sensors something was found, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) round: Option<u64>,
    pub(super) sensor: Option<&'a str>,
}

impl Place<'_> {
    /// `{round?, sensor?}`, or nothing where neither is known.
    fn told(self) -> Option<Value> {
        match (self.round, self.sensor) {
            (Some(round), Some(sensor)) => Some(json!({"round": round, "sensor": sensor})),
            (Some(round), None) => Some(json!({"round": round})),
            (None, Some(sensor)) => Some(json!({"sensor": sensor})),
            (None, None) => None,
        }
    }
}

impl Findings {
    /// None yet, of these kinds: those that break the property.
    pub(super) fn of(kinds: &[&'static str]) -> Self {
        let kind = |name: &&'static str| Kind { name, verdict: Verdict::Invalid, told: Vec::new(), count: 0 };
        let kinds = kinds.iter().map(kind).collect();
        Self { kinds, places: Vec::new(), judgement: Judgement::new(Verdict::Valid) }
    }

    /// Notes what breaks the property.
    pub(super) fn broken(&mut self, kind: &'static str, sentence: impl FnOnce() -> String) {
        self.add(Verdict::Invalid, kind, sentence);
    }

    /// Notes what breaks the property, and where: what the picture of the rounds marks.
    pub(super) fn broken_at(
        &mut self,
        kind: &'static str,
        places: &[Place<'_>],
        sentence: impl FnOnce() -> String,
    ) {
        for place in places.iter().filter_map(|place| place.told()) {
            if self.places.len() < PLACES && !self.places.contains(&place) {
                self.places.push(place);
            }
        }
        self.broken(kind, sentence);
    }

    /// Notes why nothing can be said.
    pub(super) fn unknown(&mut self, kind: &'static str, sentence: impl FnOnce() -> String) {
        self.add(Verdict::Unknown, kind, sentence);
    }

    fn add(&mut self, verdict: Verdict, name: &'static str, sentence: impl FnOnce() -> String) {
        let known = self.kinds.iter().position(|kind| kind.name == name);
        let at = known.unwrap_or(self.kinds.len());
        if known.is_none() {
            self.kinds.push(Kind { name, verdict, told: Vec::new(), count: 0 });
        }
        let kind = &mut self.kinds[at];
        kind.count += 1;
        kind.verdict = kind.verdict.max(verdict);
        if kind.told.len() < TOLD {
            kind.told.push(sentence());
        }
    }

    /// Adds a figure.
    pub(super) fn detail(&mut self, name: &str, value: impl Serialize) {
        self.judgement.detail(name, value);
    }

    /// How many findings there are of a kind.
    pub(super) fn count(&self, name: &str) -> usize {
        self.kinds.iter().find(|kind| kind.name == name).map_or(0, |kind| kind.count)
    }

    /// The judgement: what is broken first, then what is unknown.
    pub(super) fn conclude(mut self) -> Judgement {
        if !self.places.is_empty() {
            self.judgement.detail("findings", &self.places);
        }
        self.kinds.sort_by_key(|kind| std::cmp::Reverse(kind.verdict));
        for kind in self.kinds {
            self.judgement.detail(&format!("{}_count", kind.name), kind.count);
            let more = kind.count - kind.told.len();
            kind.told.into_iter().for_each(|sentence| self.judgement.because(kind.verdict, sentence));
            if more > 0 {
                let reason = format!("{more} more of this kind: {}", kind.name);
                self.judgement.because(kind.verdict, reason);
            }
        }
        self.judgement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_findings_are_counted_and_few_told() {
        let mut findings = Findings::of(&["lost"]);
        findings.unknown("unread", || "nothing was read".to_owned());
        (0..9).for_each(|at| findings.broken("lost", || format!("{at} was lost")));
        assert_eq!(findings.count("lost"), 9);
        let judgement = findings.conclude();
        assert_eq!(judgement.valid, Verdict::Invalid);
        assert_eq!(judgement.reasons.len(), TOLD + 2);
        assert_eq!(judgement.reasons[TOLD], "4 more of this kind: lost");
        assert_eq!(judgement.details["lost_count"], 9);
        let mut late = Findings::of(&[]);
        late.unknown("unread", || "nothing was read".to_owned());
        late.broken("torn", || "half was read".to_owned());
        assert_eq!(late.conclude().reasons, ["half was read", "nothing was read"]);
        assert_eq!(Findings::of(&["lost"]).conclude().details["lost_count"], 0);
    }

    #[test]
    fn places_are_told_once_and_not_without_end() {
        let mut findings = Findings::of(&["late"]);
        let late = |findings: &mut Findings, round, sensor| {
            findings.broken_at("late", &[Place { round, sensor }], || "late".to_owned());
        };
        for _ in 0..2 {
            late(&mut findings, Some(3), Some("n4"));
        }
        late(&mut findings, None, Some("n4"));
        late(&mut findings, Some(5), None);
        late(&mut findings, None, None);
        let told = json!([{"round": 3, "sensor": "n4"}, {"sensor": "n4"}, {"round": 5}]);
        let mut many = Findings::of(&["late"]);
        (0..1_000).for_each(|round| late(&mut many, Some(round), None));
        assert_eq!(findings.conclude().details["findings"], told);
        assert_eq!(many.conclude().details["findings"].as_array().map(Vec::len), Some(PLACES));
        let mut unknown = Findings::of(&["late"]);
        unknown.unknown("unread", || "nothing was read".to_owned());
        assert!(!unknown.conclude().details.contains_key("findings"));
    }
}
