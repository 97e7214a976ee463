//! Removing the rounds that nobody needs any more.
//!
//! The last two that were released are kept, for sensors that are still to count their pass. Each of the
//! older ones is removed with its children in one `multi`, one after the other; one that could not be removed is
//! tried again after the next release.

use ordalia_coordination::client::{CallId, Happening};
use ordalia_node::{CoordinationAnswer, CoordinationRequest, WriteOp};

use crate::paths;
use crate::sensor::Cx;

/// Rounds that are kept, of those released.
const KEPT: u64 = 2;
/// Removals in one `multi`.
const MAX_AT_ONCE: usize = 500;

/// The sweeping after a release.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    limit: u64,
    fence: Vec<WriteOp>,
    /// The rounds that are still to be removed, the oldest last.
    due: Vec<u64>,
    listing: Option<CallId>,
    /// The round whose children are being listed.
    looking: Option<(CallId, u64)>,
    /// The round that is being removed, and whether something will be left of it.
    removing: Option<(CallId, u64, bool)>,
}

impl Sweep {
    /// Begins, unless it is still at work.
    pub fn begin(&mut self, released: u64, fence: Vec<WriteOp>, cx: &mut Cx<'_>) {
        if self.listing.is_some() || self.looking.is_some() || self.removing.is_some() {
            return;
        }
        (self.limit, self.fence) = (released.saturating_sub(KEPT), fence);
        self.listing = Some(children(paths::ROUNDS.to_owned(), cx));
    }

    /// Takes note of what befell.
    pub fn on(&mut self, happening: &Happening, cx: &mut Cx<'_>) {
        if let Some(result) = happening.answer_to(self.listing) {
            self.listing = None;
            let Ok(CoordinationAnswer::Listing { names, .. }) = result else { return };
            let numbers = names.iter().filter_map(|name| name.parse::<u64>().ok());
            self.due = numbers.filter(|number| *number <= self.limit).collect();
            self.due.sort_unstable_by(|one, other| other.cmp(one));
            self.next(cx);
        } else if let Some((call, round)) = self.looking
            && let Some(result) = happening.answer_to(Some(call))
        {
            self.looking = None;
            match result {
                Ok(CoordinationAnswer::Listing { names, .. }) => self.remove(round, names, cx),
                _ => self.next(cx),
            }
        } else if let Some((call, round, is_more)) = self.removing
            && let Some(result) = happening.answer_to(Some(call))
        {
            self.removing = None;
            if is_more && result.is_ok() {
                self.due.push(round);
            }
            self.next(cx);
        }
    }

    fn next(&mut self, cx: &mut Cx<'_>) {
        if let Some(round) = self.due.pop() {
            self.looking = Some((children(paths::round(round), cx), round));
        }
    }

    fn remove(&mut self, round: u64, names: &[String], cx: &mut Cx<'_>) {
        let folder = paths::round(round);
        let remove = |path| WriteOp::Remove { path, version: None };
        let mut ops = self.fence.clone();
        ops.extend(names.iter().take(MAX_AT_ONCE).map(|name| remove(format!("{folder}/{name}"))));
        let is_more = names.len() > MAX_AT_ONCE;
        if !is_more {
            ops.push(remove(folder));
        }
        let call = cx.session.ask(CoordinationRequest::Multi { ops, session: None, seq: None });
        self.removing = Some((call, round, is_more));
    }
}

fn children(path: String, cx: &mut Cx<'_>) -> CallId {
    cx.session.ask(CoordinationRequest::Children { path, watch: None, session: None })
}
