//! What the changes of several faults on one link come to.

use crate::{CutMode, LinkChange};

/// The state of one directed link with all faults in force on it. The default is a link in order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkState {
    /// Nothing passes.
    pub cut: Option<CutMode>,
    /// Milliseconds added to every message.
    pub delay_ms: u64,
    /// Up to so many milliseconds more, at random.
    pub jitter_ms: u64,
    /// The probability of each message's loss, 0 to 1.
    pub loss: f64,
    /// The probability of each message's arriving twice, 0 to 1.
    pub duplicate: f64,
    /// The probability of each message's being held back behind later ones, 0 to 1.
    pub reorder: f64,
    /// Bytes a second; `None` for no limit.
    pub bandwidth: Option<u64>,
}

impl LinkState {
    /// Whether no fault is in force.
    pub fn is_clear(&self) -> bool {
        *self == Self::default()
    }
}

/// Adds up the changes of the faults in force on one link, in any order.
///
/// Delays add, independent chances join to `1 - (1-a)(1-b)`, the narrowest bandwidth holds, and a link
/// that one fault holds and another resets is reset, since nothing can be held on a closed connection.
pub fn compose(changes: &[LinkChange]) -> LinkState {
    let mut state = LinkState::default();
    for change in changes {
        match *change {
            LinkChange::Cut(CutMode::Reject) => state.cut = Some(CutMode::Reject),
            LinkChange::Cut(CutMode::Drop) => state.cut = state.cut.or(Some(CutMode::Drop)),
            LinkChange::Delay { delay_ms, jitter_ms } => {
                state.delay_ms = state.delay_ms.saturating_add(delay_ms);
                state.jitter_ms = state.jitter_ms.saturating_add(jitter_ms);
            }
            LinkChange::Loss(chance) => state.loss = either(state.loss, chance),
            LinkChange::Duplicate(chance) => state.duplicate = either(state.duplicate, chance),
            LinkChange::Reorder(chance) => state.reorder = either(state.reorder, chance),
            LinkChange::Bandwidth(bytes) => {
                state.bandwidth = Some(state.bandwidth.map_or(bytes, |narrowest| narrowest.min(bytes)));
            }
        }
    }
    state
}

/// The chance that at least one of two independent events happens.
fn either(a: f64, b: f64) -> f64 {
    1.0 - (1.0 - a) * (1.0 - b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_change_is_a_clear_link() {
        assert!(compose(&[]).is_clear());
        assert!(!compose(&[LinkChange::Cut(CutMode::Drop)]).is_clear());
    }

    #[test]
    fn a_reset_outweighs_a_hold_in_either_order() {
        let (hold, reset) = (LinkChange::Cut(CutMode::Drop), LinkChange::Cut(CutMode::Reject));
        assert_eq!(compose(&[hold, reset]).cut, Some(CutMode::Reject));
        assert_eq!(compose(&[reset, hold]).cut, Some(CutMode::Reject));
    }

    #[test]
    fn changes_add_up() {
        let state = compose(&[
            LinkChange::Delay { delay_ms: 10, jitter_ms: 5 },
            LinkChange::Loss(0.5),
            LinkChange::Delay { delay_ms: 20, jitter_ms: 0 },
            LinkChange::Loss(0.5),
            LinkChange::Bandwidth(9_000),
            LinkChange::Bandwidth(4_000),
            LinkChange::Reorder(0.25),
        ]);
        let expected = LinkState {
            cut: None,
            delay_ms: 30,
            jitter_ms: 5,
            loss: 0.75,
            duplicate: 0.0,
            reorder: 0.25,
            bandwidth: Some(4_000),
        };
        assert_eq!(state, expected);
    }
}
