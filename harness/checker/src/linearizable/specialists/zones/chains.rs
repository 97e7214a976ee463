//! Cas contracted: a value that a cas replaced and the one that it wrote have nothing between them.

use super::clock::{Moment, NEVER};
use super::clusters::{Cluster, Link, NONE};
use super::failure::{Failure, Side};
use super::sweep::{Conflict, Zone};
use crate::linearizable::{Account, Limit};

/// The clusters joined by cas.
#[derive(Debug)]
pub(super) struct Chains {
    /// The cluster whose value the cas that wrote this one replaced.
    parent: Vec<u32>,
    /// The cluster that the cas of this one's value wrote.
    next: Vec<u32>,
    /// A cluster with a completed call that shows that this one's value was written; [`NONE`] where nothing
    /// shows it, and the crashed call that would have written it is left out.
    cause: Vec<u32>,
    /// The block of which the cluster is the one that ends last.
    zones: Vec<Option<Zone>>,
}

impl Chains {
    /// Bytes that the chains take for a cluster.
    const BYTES: usize = 3 * size_of::<u32>() + size_of::<Option<Zone>>() + size_of::<bool>();

    /// Joins the clusters.
    pub(super) fn join(
        list: &[Cluster],
        links: &[Link],
        account: &mut Account<'_>,
    ) -> Result<Result<Self, Failure>, Limit> {
        account.charge(list.len() * Self::BYTES)?;
        let none = || vec![NONE; list.len()];
        let mut chains = Self { parent: none(), next: none(), cause: none(), zones: vec![None; list.len()] };
        chains.find_causes(list, links);
        let mut first = None;
        chains.connect(list, links, &mut first);
        // Of a value replaced twice only one way on is known, so the chains are not whole.
        if first.is_none() {
            chains.walk(list, &mut first);
        }
        Ok(match first {
            Some(failure) => Err(failure),
            None => Ok(chains),
        })
    }

    /// The blocks, in falling order of their last begin.
    pub(super) fn zones(&self) -> impl Iterator<Item = Zone> + '_ {
        self.zones.iter().flatten().copied()
    }

    /// Whether a completed call shows that the cluster's value was written.
    pub(super) fn shown(&self, cluster: u32) -> bool {
        self.cause[cluster as usize] != NONE
    }

    /// The clusters of a block in their order, from its first.
    pub(super) fn block(&self, head: u32) -> impl Iterator<Item = u32> + '_ {
        let after = |cluster: &u32| Some(self.next[*cluster as usize]).filter(|next| *next != NONE);
        std::iter::successors(Some(head), after)
    }

    /// Why two blocks cannot be ordered. The call of a block that begins last may be a crashed cas; what shows
    /// that it took effect is then part of the reason.
    pub(super) fn failure(&self, list: &[Cluster], conflict: Conflict) -> Failure {
        let mut calls = conflict.calls();
        for zone in [conflict.0, conflict.1] {
            let last = self.block(zone.head).find(|at| list[*at as usize].last_begin == zone.last_begin);
            calls.extend(last.map(|at| self.evidence(list, at)));
        }
        Failure::of(&calls)
    }

    /// What a completed call names was written; and so was all from which a cas led there.
    fn find_causes(&mut self, list: &[Cluster], links: &[Link]) {
        for (at, cluster) in list.iter().enumerate() {
            if cluster.first_end != NEVER {
                self.cause[at] = at as u32;
            }
        }
        for link in links {
            self.parent[link.to as usize] = link.from;
        }
        for link in links.iter().filter(|link| list[link.to as usize].first_end != NEVER) {
            let mut at = link.from;
            while at != NONE && self.cause[at as usize] == NONE {
                self.cause[at as usize] = link.to;
                at = self.parent[at as usize];
            }
        }
    }

    /// Sets what follows what. Two cas cannot both have replaced one value.
    fn connect(&mut self, list: &[Cluster], links: &[Link], first: &mut Option<Failure>) {
        for link in links.iter().filter(|link| self.cause[link.to as usize] != NONE) {
            let other = std::mem::replace(&mut self.next[link.from as usize], link.to);
            if other != NONE {
                let both = [other, link.to].map(|at| self.evidence(list, at));
                Failure::of(&both).keep_if_earlier(first);
            }
        }
    }

    /// The completed call that shows that a cluster's value was written.
    fn evidence(&self, list: &[Cluster], at: u32) -> (u32, Side, Moment) {
        let cause = self.cause[at as usize];
        (cause, Side::End, list.get(cause as usize).map_or(NEVER, |cluster| cluster.first_end))
    }

    /// Goes along each chain from its first value, and takes the zone of the whole.
    fn walk(&mut self, list: &[Cluster], first: &mut Option<Failure>) {
        let mut walked = vec![false; list.len()];
        for head in 0..list.len() as u32 {
            let begins = self.parent[head as usize] == NONE && list[head as usize].write_begin != NEVER;
            if begins && self.cause[head as usize] != NONE {
                self.walk_block(list, head, &mut walked, first);
            }
        }
        // What is left hangs on a value that nothing wrote, or leads back to where it came from.
        for at in 0..list.len() as u32 {
            if !walked[at as usize] && self.cause[at as usize] != NONE {
                Failure::of(&[self.evidence(list, at)]).keep_if_earlier(first);
            }
        }
    }

    fn walk_block(&mut self, list: &[Cluster], head: u32, walked: &mut [bool], first: &mut Option<Failure>) {
        let mut zone = Zone { first_end: NEVER, last_begin: 0, head };
        let mut last = head;
        let mut at = head;
        while at != NONE {
            let cluster = &list[at as usize];
            walked[at as usize] = true;
            // All of a cluster but its write begins after the write; all after what came ahead of it.
            let (after, earlier) = (zone.last_begin, last);
            if cluster.first_end < after.max(cluster.write_begin) {
                let (begin, end) = ((earlier, Side::Begin, after), (at, Side::End, cluster.first_end));
                let clash = if after > cluster.write_begin { &[end, begin][..] } else { &[end] };
                Failure::of(clash).keep_if_earlier(first);
            }
            zone.first_end = zone.first_end.min(cluster.first_end);
            if cluster.last_begin > zone.last_begin {
                (zone.last_begin, last) = (cluster.last_begin, at);
            }
            at = self.next[at as usize];
        }
        // Clusters are numbered in falling order of their last begin, so the block has the place of its last.
        self.zones[last as usize] = Some(zone);
    }
}
