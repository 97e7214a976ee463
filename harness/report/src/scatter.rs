//! Thinning of a cloud of points: what falls on the same spot is drawn once.

use std::collections::{HashMap, HashSet};

/// A point in pixels, of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dot {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
    /// Which series.
    pub series: usize,
}

/// Keeps one point for each cell and series, and the highest and lowest of each column of cells and series,
/// so that no extreme is lost. Cells grow until at most `most` points are left, or
/// to 12 pixels, where hardly more than a few thousand can be.
pub(crate) fn thin(dots: &[Dot], most: usize) -> Vec<Dot> {
    let mut kept = Vec::new();
    for cell in [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0] {
        kept = in_cells(dots, cell);
        if kept.len() <= most {
            break;
        }
    }
    kept
}

/// One pass with cells of one size.
fn in_cells(dots: &[Dot], cell: f64) -> Vec<Dot> {
    let place = |at: f64| (at / cell).floor() as i64;
    let mut taken: HashSet<(usize, i64, i64)> = HashSet::new();
    let mut extremes: HashMap<(usize, i64), (usize, usize)> = HashMap::new();
    let mut keep = vec![false; dots.len()];
    for (at, dot) in dots.iter().enumerate() {
        keep[at] = taken.insert((dot.series, place(dot.x), place(dot.y)));
        let (top, bottom) = extremes.entry((dot.series, place(dot.x))).or_insert((at, at));
        if dot.y < dots[*top].y {
            *top = at;
        }
        if dot.y > dots[*bottom].y {
            *bottom = at;
        }
    }
    for (top, bottom) in extremes.into_values() {
        keep[top] = true;
        keep[bottom] = true;
    }
    dots.iter().zip(keep).filter_map(|(dot, keep)| keep.then_some(*dot)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_great_cloud_is_thinned_and_keeps_its_extremes() {
        let mut dots: Vec<Dot> = (0..200_000u32)
            .map(|at| {
                let noise = f64::from(at.wrapping_mul(2_654_435_761) >> 16) / 65_536.0;
                Dot { x: f64::from(at % 1000), y: 100.0 + 200.0 * noise, series: (at % 3) as usize }
            })
            .collect();
        // The extremes come second to their cells, where being first would keep them anyway.
        dots.push(Dot { x: 500.4, y: 3.5, series: 1 });
        dots.push(Dot { x: 500.4, y: 3.25, series: 1 });
        dots.push(Dot { x: 501.0, y: 399.25, series: 2 });
        dots.push(Dot { x: 501.0, y: 399.75, series: 2 });
        let kept = thin(&dots, 30_000);
        assert!(kept.len() <= 30_000, "{}", kept.len());
        for extreme in [3.25, 399.75] {
            assert!(kept.iter().any(|dot| dot.y == extreme), "{extreme}");
        }
        for series in 0..3 {
            assert!(kept.iter().any(|dot| dot.series == series));
        }
    }

    #[test]
    fn few_points_all_stay() {
        let dots: Vec<Dot> = (0..50).map(|at| Dot { x: f64::from(at) * 3.0, y: 1.0, series: 0 }).collect();
        assert_eq!(thin(&dots, 100), dots);
    }
}
