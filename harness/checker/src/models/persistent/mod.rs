//! What large objects hold, such that a search can keep many versions: a new version shares with the old one
//! all but a few nodes, is hashed at once, and is compared fast with its relatives.

mod multiset;
mod sequence;

pub use multiset::Multiset;
pub use sequence::Sequence;

/// Spreads a number over 64 bits (the finalizer of Steele, Lea and Flood's SplitMix, 2014). Equal hashes only
/// cost time, for contents are compared, too.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
