//! What this crate has to be told of targets, workloads and faults, none of which it knows by name.

use std::ops::Range;
use std::time::Duration;

use crate::Cell;

/// What there is, as the command line knows it.
pub trait Known {
    /// The names of all targets.
    fn targets(&self) -> Vec<String>;

    /// The names of all workloads.
    fn workloads(&self) -> Vec<String>;

    /// The words that a list of faults may hold.
    fn faults(&self) -> Vec<String>;

    /// The workload that a target is tried with where none is named.
    fn workload_of(&self, target: &str) -> Option<String>;

    /// The names of a target's options.
    fn options_of(&self, target: &str) -> Vec<String>;

    /// The values that an option of a target may have; none where it takes any number.
    fn values_of(&self, target: &str, option: &str) -> Vec<String>;

    /// The names of the defects that can be planted in a target.
    fn bugs_of(&self, target: &str) -> Vec<String>;

    /// A duration, as on the command line.
    ///
    /// # Errors
    /// The text is of another form; says what is expected.
    fn duration(&self, text: &str) -> Result<Duration, String>;

    /// A half-open range of seeds, as on the command line.
    ///
    /// # Errors
    /// The text is of another form; says what is expected.
    fn seeds(&self, text: &str) -> Result<Range<u64>, String>;

    /// Checks a number of clients, as on the command line.
    ///
    /// # Errors
    /// The text is of another form; says what is expected.
    fn check_concurrency(&self, text: &str) -> Result<(), String>;

    /// Checks operations a second, as on the command line.
    ///
    /// # Errors
    /// The text is of another form; says what is expected.
    fn check_rate(&self, text: &str) -> Result<(), String>;

    /// Checks that what a cell asks for goes together and can be done here.
    ///
    /// # Errors
    /// It does not or cannot; says why.
    fn check(&self, cell: &Cell) -> Result<(), String>;
}
