//! The smallest part that still fails, where more of the same never helps.

/// Indices out of `0..count` that fail together, while without any one of them the others do not. All of
/// them together must fail, and whatever contains a failing part must fail too. Prefers low indices.
///
/// The least prefix that fails, found by doubling and halving, ends with an index that is needed; the next
/// one is looked for below it. So k indices cost about 2k log count tests, most of them of short prefixes. A
/// test that ends in an error ends the search: what is known to fail by then is returned.
pub(super) fn minimal<E>(count: usize, mut fails: impl FnMut(&[usize]) -> Result<bool, E>) -> Vec<usize> {
    let mut needed: Vec<usize> = Vec::new();
    // Invariant: what is needed fails together with the indices below this.
    let mut bound = count;
    loop {
        match least_prefix(&needed, bound, &mut fails) {
            Ok(0) => return needed,
            Ok(length) => {
                needed.push(length - 1);
                bound = length - 1;
            }
            Err(best) => {
                needed.extend(0..best);
                return needed;
            }
        }
    }
}

/// The length of the least prefix of `0..bound` that fails beside what is needed; where tests end with an
/// error, the least length that is known to fail.
fn least_prefix<E>(
    needed: &[usize],
    bound: usize,
    fails: &mut impl FnMut(&[usize]) -> Result<bool, E>,
) -> Result<usize, usize> {
    let mut test = |length: usize| {
        let part: Vec<usize> = needed.iter().copied().chain(0..length).collect();
        fails(&part)
    };
    // Nothing shorter than `low` fails, and `high` does.
    let (mut low, mut high) = (0, bound);
    let mut doubling = true;
    while low < high {
        let middle = low + (high - low) / 2;
        let next = if doubling { low.saturating_mul(2).min(middle) } else { middle };
        match test(next) {
            Ok(true) => (high, doubling) = (next, false),
            Ok(false) => low = next + 1,
            Err(_) => return Err(high),
        }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_what_is_needed_stays() {
        for wanted in [vec![], vec![0], vec![99], vec![3, 4, 90], vec![0, 50, 98, 99]] {
            let mut tests = 0;
            let mut found = minimal(100, |part| {
                tests += 1;
                Ok::<_, ()>(wanted.iter().all(|index| part.contains(index)))
            });
            found.sort_unstable();
            assert_eq!(found, wanted);
            assert!(tests <= 1 + wanted.len() * 15, "{tests}");
        }
    }

    #[test]
    fn of_several_ways_to_fail_the_first_is_taken() {
        let found = minimal(100, |part| Ok::<_, ()>(part.contains(&7) || part.contains(&60)));
        assert_eq!(found, [7]);
    }

    #[test]
    fn without_budget_all_stays_that_may_matter() {
        assert_eq!(minimal(4, |_| Err(())).len(), 4);
        let mut left = 5;
        let found = minimal(64, |part| {
            left -= 1;
            if left == 0 { Err(()) } else { Ok(part.contains(&20)) }
        });
        assert!(found.contains(&20), "{found:?}");
    }
}
