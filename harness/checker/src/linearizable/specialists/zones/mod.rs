//! Registers in which each value is written once (Gibbons and Korach, *Testing shared memories*, 1997).
//!
//! Where no value is written twice, each read names its write. A write and its reads are a cluster, and stay
//! together in every legal order: from the moment at which the first of them ended to the one at which the
//! last began the register certainly held the value. That is the cluster's zone, forward; where all of them
//! overlap there is none such, and the zone goes backward. There is a legal order exactly if no read
//! ends before its write begins, no two forward zones overlap, and no backward zone lies within a forward one.
//!
//! A cas replaces the value that it names at once, so the clusters of both are one block; whole chains are
//! contracted, and within one the order is given. A block's zone is taken over all its calls.
//!
//! Crashed writes and cas that nothing observed are left out: without them a legal order stays legal. Those that a
//! read observed took effect, and never ended. The value at first counts as written before everything.
//!
//! A refused cas is decided about last. An order of everything else is looked for without it: where there is
//! none, there is none with it either. Then it is put where the register held another value. Where that order
//! has no such place the specialist abstains, for another order may have one.
//!
//! Calls come in order of invocation, so clusters gathered from the last call back are in order of their last
//! begin, and everything is linear in the number of calls, without sorting and without hashing.

mod chains;
mod clock;
mod clusters;
mod failure;
mod refused;
mod sweep;

use super::super::{Account, Decision, Limit, Meter, Specialist, Task};
use crate::models::Register;

use chains::Chains;
use clock::{Clock, NEVER};
use clusters::{Clusters, Link, Ungathered};
use failure::{Failure, Side};
use sweep::{Conflict, Zone, sweep};

/// The decision by zones.
#[derive(Clone, Copy, Debug, Default)]
pub struct Zones;

impl Specialist<Register> for Zones {
    fn name(&self) -> &'static str {
        "zones"
    }

    fn decide(&self, _: &Register, task: &Task<Register>, meter: &Meter) -> Result<Decision, Limit> {
        let Some(clock) = Clock::of(&task.calls) else {
            return Ok(Decision::Abstain("it has more events than can be numbered"));
        };
        let mut account = meter.account();
        let mut clusters = match Clusters::gather(task, clock, meter, &mut account) {
            Ok(clusters) => clusters,
            Err(Ungathered::Abstain(why)) => return Ok(Decision::Abstain(why)),
            Err(Ungathered::Limit(limit)) => return Err(limit),
        };
        let links = clusters.links(&mut account)?;
        let placed = match arrange(&mut clusters, &links, &mut account)? {
            Ok(placed) => placed,
            Err(failure) => {
                let core = failure::core(&task.calls, clock, &clusters, &links, &failure, &mut account)?;
                return Ok(Decision::Illegal { core });
            }
        };
        meter.check_time()?;
        let mut order = clusters.order(placed as usize, &mut account)?;
        if clusters.refused > 0 {
            match refused::insert(&task.calls, clock, &clusters, &order, &mut account)? {
                Some(all) => order = all,
                None => return Ok(Decision::Abstain("a refused cas fits none of the orders tried")),
            }
        }
        meter.advance(task.completed() as u64);
        Ok(Decision::Legal { order })
    }
}

/// Gives each cluster its place. Returns how many calls have one.
fn arrange(
    clusters: &mut Clusters,
    links: &[Link],
    account: &mut Account<'_>,
) -> Result<Result<u32, Failure>, Limit> {
    if links.is_empty() {
        return arrange_clusters(clusters, account);
    }
    let chains = match Chains::join(&clusters.list, links, account)? {
        Ok(chains) => chains,
        Err(failure) => return Ok(Err(failure)),
    };
    let blocks = match Blocks::swept(chains.zones(), clusters.list.len(), account)? {
        Ok(blocks) => blocks,
        Err(conflict) => return Ok(Err(chains.failure(&clusters.list, conflict))),
    };
    for at in 0..clusters.list.len() as u32 {
        if !chains.shown(at) {
            clusters.leave_out(at);
        }
    }
    let places = blocks.0.iter().rev().flat_map(|head| chains.block(*head));
    Ok(Ok(places.fold(0, |place, at| clusters.put(at, place))))
}

/// The same where there is no cas: each cluster is a block.
fn arrange_clusters(
    clusters: &mut Clusters,
    account: &mut Account<'_>,
) -> Result<Result<u32, Failure>, Limit> {
    let mut first = None;
    for (at, cluster) in clusters.list.iter().enumerate() {
        if cluster.first_end < cluster.write_begin {
            Failure::of(&[(at as u32, Side::End, cluster.first_end)]).keep_if_earlier(&mut first);
        }
    }
    if let Some(failure) = first {
        return Ok(Err(failure));
    }
    let zones = (0u32..).zip(&clusters.list).filter(|(_, cluster)| cluster.first_end != NEVER);
    let zones = zones.map(|(head, cluster)| Zone {
        first_end: cluster.first_end,
        last_begin: cluster.last_begin,
        head,
    });
    let blocks = match Blocks::swept(zones, clusters.list.len(), account)? {
        Ok(blocks) => blocks,
        Err(conflict) => return Ok(Err(Failure::of(&conflict.calls()))),
    };
    for at in 0..clusters.list.len() as u32 {
        if clusters.list[at as usize].first_end == NEVER {
            clusters.leave_out(at);
        }
    }
    Ok(Ok(blocks.0.iter().rev().fold(0, |place, at| clusters.put(*at, place))))
}

/// The heads of all blocks, the last of the legal order first.
struct Blocks(Vec<u32>);

impl Blocks {
    fn swept(
        zones: impl Iterator<Item = Zone>,
        most: usize,
        account: &mut Account<'_>,
    ) -> Result<Result<Self, Conflict>, Limit> {
        account.charge(most * size_of::<u32>())?;
        let mut heads = Vec::with_capacity(most);
        Ok(match sweep(zones, |head| heads.push(head)) {
            Some(conflict) => Err(conflict),
            None => Ok(Self(heads)),
        })
    }
}
