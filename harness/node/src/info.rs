//! What a target declares of itself, for the command line and for matching with workloads.

use crate::RequestKind;

/// An option that a target takes after its name, `--reads lease`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionInfo {
    /// The name, without dashes.
    pub name: &'static str,
    /// The values it takes; empty if any number is taken.
    pub values: &'static [&'static str],
    /// The value where it is not given.
    pub default: &'static str,
    /// Values that a sweep of the simulator may draw, among them the default; empty if it leaves the option
    /// alone. None of them may weaken what the target claims.
    pub draws: &'static [&'static str],
    /// A value of this option and a kind of fault under which the target then claims nothing: `("lease",
    /// "clock")`. A sweep does not draw the two together.
    pub not_under: &'static [(&'static str, &'static str)],
    /// One line for a person.
    pub about: &'static str,
}

/// A defect that can be planted with `--bug`, to prove that the harness finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BugInfo {
    /// The name.
    pub name: &'static str,
    /// What the defect is, in one line.
    pub about: &'static str,
    /// The options under which it shows, by name and value, where it does not under the defaults.
    pub with: &'static [(&'static str, &'static str)],
}

/// What a target declares of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// The target's name on the command line.
    pub name: &'static str,
    /// One line for a person.
    pub about: &'static str,
    /// The kinds of request that it answers.
    pub answers: &'static [RequestKind],
    /// Its own options.
    pub options: &'static [OptionInfo],
    /// The defects that can be planted in it.
    pub bugs: &'static [BugInfo],
}
