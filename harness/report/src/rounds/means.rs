//! Recorded means beside the means of what was released.

use std::collections::BTreeMap;

use super::{Ending, Record, Release, Rounds};

/// How a recorded mean stands to its round's release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Agreement {
    /// It is the mean of the released values.
    Same,
    /// It is another figure than this.
    Differs(f64),
    /// There is nothing to hold it against.
    NothingReleased,
    /// The sink knew the post already and recorded nothing.
    Repetition,
}

/// A recorded mean with its agreement.
#[derive(Clone, Debug)]
pub(crate) struct Compared<'a> {
    pub record: &'a Record,
    pub agreement: Agreement,
}

impl Release {
    /// The mean of the values, if there are any.
    pub(crate) fn mean(&self) -> Option<f64> {
        let count = self.values.len();
        (count > 0).then(|| self.values.values().sum::<f64>() / count as f64)
    }
}

impl Rounds {
    /// The release that counts for each round: the first that took effect, or else the first.
    pub(crate) fn counted(&self) -> BTreeMap<u64, &Release> {
        let mut counted: BTreeMap<u64, &Release> = BTreeMap::new();
        for release in &self.releases {
            let known = counted.entry(release.round).or_insert(release);
            if known.ending != Ending::Done && release.ending == Ending::Done {
                *known = release;
            }
        }
        counted
    }

    /// Every record of the sink, held against the release of its round.
    pub(crate) fn compared(&self) -> Vec<Compared<'_>> {
        let counted = self.counted();
        let agreement = |record: &Record| match counted.get(&record.round).and_then(|release| release.mean())
        {
            _ if !record.first => Agreement::Repetition,
            None => Agreement::NothingReleased,
            Some(mean) if same(record.mean, mean) => Agreement::Same,
            Some(mean) => Agreement::Differs(mean),
        };
        self.records.iter().map(|record| Compared { record, agreement: agreement(record) }).collect()
    }

    /// The rounds that were released and of which no mean was recorded.
    pub(crate) fn unrecorded(&self) -> Vec<u64> {
        let recorded: std::collections::BTreeSet<u64> =
            self.records.iter().filter(|record| record.first).map(|record| record.round).collect();
        let released = self.counted().into_iter().filter(|(_, release)| release.ending == Ending::Done);
        released.map(|(round, _)| round).filter(|round| !recorded.contains(round)).collect()
    }
}

/// Whether two figures differ by no more than the order of a sum can make.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}
