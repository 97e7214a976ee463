//! The few calls that show why there is no order.

use super::clock::{Clock, Moment};
use super::clusters::{Clusters, Link, NONE, WRITES};
use super::sweep::{Conflict, Zone};
use crate::linearizable::{Account, Call, Limit};
use crate::models::RegisterOp;

/// Which event of a call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Begin,
    End,
}

/// Calls that cannot be ordered: of each the cluster (or that of its block's head), and the moment at which it
/// began or ended. The writes go without saying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) calls: Vec<(u32, Side, Moment)>,
    /// When it can be seen.
    pub(super) seen: Moment,
}

impl Failure {
    pub(super) fn of(calls: &[(u32, Side, Moment)]) -> Self {
        let seen = calls.iter().map(|(.., moment)| *moment).max().unwrap_or(0);
        Self { calls: calls.to_vec(), seen }
    }

    /// The first failure tells a person most.
    pub(super) fn keep_if_earlier(self, first: &mut Option<Self>) {
        if first.as_ref().is_none_or(|known| self.seen < known.seen) {
            *first = Some(self);
        }
    }
}

impl Conflict {
    /// The calls between which the two zones lie.
    pub(super) fn calls(&self) -> Vec<(u32, Side, Moment)> {
        let ends =
            |zone: &Zone| [(zone.head, Side::End, zone.first_end), (zone.head, Side::Begin, zone.last_begin)];
        [&self.0, &self.1].iter().flat_map(|zone| ends(zone)).collect()
    }
}

/// The calls of a failure, with all that write what they name: values linked by cas stay together, as
/// [`Tie`](crate::linearizable::Tie) has it; of reads only those that matter stay.
pub(super) fn core(
    calls: &[Call<RegisterOp>],
    clock: Clock,
    clusters: &Clusters,
    links: &[Link],
    failure: &Failure,
    account: &mut Account<'_>,
) -> Result<Vec<usize>, Limit> {
    let joined = Joined::of(clusters.list.len(), links, account)?;
    let mut wanted: Vec<_> =
        failure.calls.iter().map(|(at, side, moment)| (joined.group(*at), *side, *moment)).collect();
    let groups: Vec<u32> = wanted.iter().map(|(group, ..)| *group).collect();
    let mut core = Vec::new();
    for (at, call) in calls.iter().enumerate().filter(|(at, _)| clusters.of_call[*at] != NONE) {
        let group = joined.group(clusters.of_call[at] & !WRITES);
        if !groups.contains(&group) {
            continue;
        }
        let known = wanted.len();
        wanted.retain(|(of, side, moment)| {
            let event = match side {
                Side::Begin => clock.begin(call),
                Side::End => clock.end(call),
            };
            *of != group || event != *moment
        });
        if wanted.len() < known || clusters.of_call[at] & WRITES != 0 {
            account.charge(size_of::<usize>())?;
            core.push(at);
        }
    }
    Ok(core)
}

/// Clusters joined by links, whether the cas took effect or not.
struct Joined(Vec<u32>);

impl Joined {
    fn of(count: usize, links: &[Link], account: &mut Account<'_>) -> Result<Self, Limit> {
        if links.is_empty() {
            return Ok(Self(Vec::new()));
        }
        account.charge(count * size_of::<u32>())?;
        let mut joined = Self((0..count as u32).collect());
        for link in links {
            let (from, to) = (joined.shorten(link.from), joined.shorten(link.to));
            joined.0[from as usize] = to;
        }
        for at in 0..count as u32 {
            joined.0[at as usize] = joined.shorten(at);
        }
        Ok(joined)
    }

    /// The group of a cluster, halving the way there.
    fn shorten(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            let above = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = above;
            at = above;
        }
        at
    }

    fn group(&self, cluster: u32) -> u32 {
        self.0.get(cluster as usize).copied().unwrap_or(cluster)
    }
}
