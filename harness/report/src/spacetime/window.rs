//! Which part of a trace is shown: the part in which the run failed.

use std::ops::Range;

use ordalia_checker::Verdict;

use crate::load::Loaded;

/// What a reader wants to see first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Focus {
    /// In nanoseconds since the start of the load.
    pub start: i64,
    pub end: i64,
    /// What is there, to go after "shown first: ".
    pub what: String,
    /// The operation that cannot be placed and the one that left the state, by their positions in the history.
    pub stuck: Option<usize>,
    pub setter: Option<usize>,
}

/// How much before an end without a beginning is of interest: two seconds.
const LEAD_NS: i64 = 2_000_000_000;

/// How much is of interest where nothing failed.
const CALM_NS: i64 = 400_000_000;

/// The span from the last write that counts to the operation that cannot be placed, or the last seconds before
/// a node ended by itself or before the run did. A run that is valid begins with its first fault, or with its load.
pub(super) fn focus(loaded: &Loaded) -> Focus {
    linearizability(loaded).or_else(|| death(loaded)).or_else(|| end(loaded)).unwrap_or_else(|| calm(loaded))
}

fn time(ns: u64) -> i64 {
    i64::try_from(ns).unwrap_or(i64::MAX)
}

fn linearizability(loaded: &Loaded) -> Option<Focus> {
    let depiction = loaded.depiction.as_ref()?;
    let failing = depiction.keys.iter().filter(|key| key.stuck.is_some());
    let key = failing.min_by_key(|key| {
        let stuck = key.stuck.and_then(|at| loaded.operations.get(at));
        stuck.map(|operation| operation.complete_index)
    })?;
    let operation = loaded.operations.get(key.stuck?)?;
    let failure = key.failure.as_ref();
    let (start, end) =
        failure.map_or((operation.invoked_ns, operation.invoked_ns), |failure| failure.window_ns);
    let end = end.max(operation.completed_ns.unwrap_or(operation.invoked_ns));
    let setter = failure.and_then(|failure| failure.setter);
    // What left the state is where the story begins.
    let set = setter.and_then(|at| loaded.operations.get(at)).map_or(start, |setter| setter.invoked_ns);
    let start = time(start.min(set).min(operation.invoked_ns));
    let what = "the operations that contradict each other".to_owned();
    Some(Focus { start, end: time(end), what, stuck: key.stuck, setter })
}

fn death(loaded: &Loaded) -> Option<Focus> {
    let death = loaded.info.as_ref()?.deaths.first()?;
    Some(before(time(death.time), format!("the end of {}, which nobody had asked for", death.node)))
}

/// The end of a run that failed in another way, as by not coming back to life.
fn end(loaded: &Loaded) -> Option<Focus> {
    let verdict = loaded.verdict.as_ref()?;
    let failed = verdict.valid == Verdict::Invalid;
    let heal = loaded.info.as_ref().and_then(|info| info.phases.iter().find(|phase| phase.name == "heal"));
    failed.then(|| match heal {
        Some(heal) => before(time(heal.end_ns), "the time after all faults were healed".to_owned()),
        None => before(time(loaded.end_ns), "the end of the run".to_owned()),
    })
}

fn calm(loaded: &Loaded) -> Focus {
    let fault = loaded.windows.first();
    let start = fault.map_or(0, |fault| time(fault.start_ns).saturating_sub(CALM_NS / 4));
    let what =
        fault.map_or("the beginning of the load".to_owned(), |fault| format!("the fault {}", fault.label));
    Focus { start, end: start.saturating_add(CALM_NS), what, stuck: None, setter: None }
}

fn before(end: i64, what: String) -> Focus {
    Focus { start: end.saturating_sub(LEAD_NS), end, what, stuck: None, setter: None }
}

/// The events to be shown, at most `most`, given the times of all, which ascend: those of the focus, and as many
/// before and after as may be, three before for one after. Of a focus with too many the last are shown: what
/// led to its end matters most.
pub(super) fn cut(times: &[i64], start: i64, end: i64, most: usize) -> Range<usize> {
    let low = times.partition_point(|at| *at < start);
    let high = times.partition_point(|at| *at <= end).max(low);
    if high - low >= most {
        return high - most..high;
    }
    let spare = most - (high - low);
    let after = (spare / 4).max(spare.saturating_sub(low)).min(times.len() - high);
    let before = (spare - after).min(low);
    low - before..high + after
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cut_keeps_as_much_as_it_may_and_the_focus_first(
            mut times in prop::collection::vec(-50_i64..50, 0..60), start in -60_i64..60, length in 0_i64..40, most in 1_usize..80,
        ) {
            times.sort_unstable();
            let end = start + length;
            let range = cut(&times, start, end, most);
            prop_assert_eq!(range.len(), most.min(times.len()));
            let within: Vec<usize> = (0..times.len()).filter(|at| (start..=end).contains(&times[*at])).collect();
            let shown = within.iter().filter(|at| range.contains(at)).count();
            prop_assert_eq!(shown, within.len().min(most));
            if let Some(last) = within.last() {
                prop_assert!(range.contains(last));
            }
        }
    }

    #[test]
    fn more_is_shown_of_what_came_before() {
        let times: Vec<i64> = (0..1000).collect();
        assert_eq!(cut(&times, 500, 519, 60), 470..530);
        assert_eq!(cut(&times, 10, 29, 60), 0..60);
        assert_eq!(cut(&times, 990, 999, 60), 940..1000);
        assert_eq!(cut(&times, 100, 900, 60), 841..901);
    }
}
