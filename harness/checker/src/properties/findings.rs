//! What a checker finds, counted by kind and told shortened.

use serde::Serialize;

use crate::{Judgement, Verdict};

/// How many findings of one kind are told in full.
const TOLD: usize = 5;

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
    judgement: Judgement,
}

impl Findings {
    /// None yet, of these kinds: those that break the property.
    pub(super) fn of(kinds: &[&'static str]) -> Self {
        let kind = |name: &&'static str| Kind { name, verdict: Verdict::Invalid, told: Vec::new(), count: 0 };
        Self { kinds: kinds.iter().map(kind).collect(), judgement: Judgement::new(Verdict::Valid) }
    }

    /// Notes what breaks the property.
    pub(super) fn broken(&mut self, kind: &'static str, sentence: impl FnOnce() -> String) {
        self.add(Verdict::Invalid, kind, sentence);
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
}
