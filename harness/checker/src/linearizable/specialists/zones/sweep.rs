//! The zones of Gibbons and Korach, from the last to the first.

use super::clock::Moment;

/// What a block of calls spans that stay together. Where its last call begins after its first one ended, the
/// zone is forward: the object holds the block's values all the time between. Otherwise it is backward: the
/// block fits into some moment between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) first_end: Moment,
    pub(super) last_begin: Moment,
    /// The cluster that the block begins with.
    pub(super) head: u32,
}

impl Zone {
    fn is_forward(&self) -> bool {
        self.first_end < self.last_begin
    }
}

/// Two blocks of which each must come before the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conflict(pub(super) Zone, pub(super) Zone);

impl Conflict {
    /// When it can be seen that both blocks come too late.
    pub(super) fn seen(&self) -> Moment {
        self.0.last_begin.max(self.1.last_begin)
    }
}

/// Goes over the zones in falling order of their last begin, and hands each block to `place`, the last of the
/// legal order first. There is one unless two forward zones overlap or a backward zone lies within a forward
/// one; of such conflicts an early one is returned.
pub(super) fn sweep(zones: impl Iterator<Item = Zone>, mut place: impl FnMut(u32)) -> Option<Conflict> {
    let mut conflict: Option<Conflict> = None;
    // The forward zone within which the sweep is. What begins in it and can wait for its end goes after it.
    let mut around: Option<Zone> = None;
    for zone in zones {
        match around {
            Some(forward) if zone.last_begin > forward.first_end => {
                if zone.first_end < forward.last_begin {
                    let found = Conflict(zone, forward);
                    if conflict.is_none_or(|known| found.seen() <= known.seen()) {
                        conflict = Some(found);
                    }
                    if zone.is_forward() {
                        around = Some(zone);
                    }
                    continue;
                }
                place(zone.head);
            }
            _ => {
                if let Some(forward) = around.take() {
                    place(forward.head);
                }
                if zone.is_forward() {
                    around = Some(zone);
                } else {
                    place(zone.head);
                }
            }
        }
    }
    if let Some(forward) = around {
        place(forward.head);
    }
    conflict
}
