//! The page of a comparison: verdicts, the table, every seed's runs over one time axis, recoveries, and the runs.

mod page;
mod recoveries;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use ordalia_measure::comparison::Comparison;
use ordalia_record::RunFolder;

use crate::ReportError;
use crate::load::Loaded;
use crate::plots::comparison::{Lane, Picture, ink, pictures};

/// Writes the page of a comparison. Each run is named by its side's position and its seed; what cannot be read of it
/// is left out of the plots.
///
/// # Errors
/// The page cannot be written, or a plot cannot be drawn.
pub fn draw(
    comparison: &Comparison,
    runs: &[((usize, u64), RunFolder)],
    path: &Path,
) -> Result<(), ReportError> {
    let mut seeds: BTreeMap<u64, Vec<Picture>> = BTreeMap::new();
    for seed in &comparison.conditions.seeds {
        seeds.insert(*seed, of_seed(comparison, runs, *seed)?);
    }
    crate::write(path, &page::render(comparison, &seeds).into_string())
}

/// The pictures of one seed. The bands are the faults as the first side met them: roles are resolved when a fault
/// begins, so another side's `kill leader` may have met another node at that time.
fn of_seed(
    comparison: &Comparison,
    runs: &[((usize, u64), RunFolder)],
    seed: u64,
) -> Result<Vec<Picture>, ReportError> {
    let mut own: Vec<_> = runs.iter().filter(|((_, of), _)| *of == seed).collect();
    own.sort_by_key(|((side, _), _)| *side);
    let (mut lanes, mut faults, mut end_ns) = (Vec::new(), Vec::new(), 1);
    for ((side, _), folder) in own {
        let loaded = Loaded::read(folder);
        end_ns = end_ns.max(loaded.end_ns);
        let name = comparison.sides.get(*side).map(|side| side.name.clone()).unwrap_or_default();
        lanes.push(Lane { name, ink: ink(*side), operations: loaded.clients().to_vec() });
        if faults.is_empty() {
            faults = loaded.windows;
        }
    }
    pictures(&lanes, &faults, end_ns)
}
