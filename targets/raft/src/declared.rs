//! What a target declares: the core's options and defects, and its own beside them.

/// Two lists in one, for a target's `INFO`:
///
/// ```
/// use ordalia_node::BugInfo;
/// use ordalia_raft::{bugs, joined};
///
/// const OWN: &[BugInfo] = &[BugInfo { name: "no-fsync", about: "nothing is synced", with: &[] }];
/// const ALL: &[BugInfo] = &joined::<_, { bugs::INFO.len() + OWN.len() }>(bugs::INFO, OWN);
/// assert_eq!(ALL.last(), OWN.last());
/// ```
///
/// It is for constants: where `N` is not the sum of the lengths, or the first list is empty, nothing is
/// built.
pub const fn joined<T: Copy, const N: usize>(first: &[T], second: &[T]) -> [T; N] {
    assert!(N == first.len() + second.len() && !first.is_empty());
    let mut all = [first[0]; N];
    let mut place = 0;
    while place < N {
        all[place] = if place < first.len() { first[place] } else { second[place - first.len()] };
        place += 1;
    }
    all
}
