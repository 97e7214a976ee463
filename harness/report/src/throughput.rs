//! Completed operations a second, by outcome.

use ordalia_history::{Operation, Outcome};

/// Rates in one window, in operations a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rates {
    /// The middle of the window, in nanoseconds since the start of the load.
    pub at_ns: f64,
    /// Completed ok.
    pub ok: f64,
    /// Completed as failed.
    pub fail: f64,
    /// Given up as indeterminate.
    pub info: f64,
}

/// The rates in windows of `width_ns`, by the time of completion. The last window may be cut short by
/// the end of the run; its rates are over what is left of it.
pub(crate) fn over_time(operations: &[Operation], width_ns: u64, end_ns: u64) -> Vec<Rates> {
    let width_ns = width_ns.max(1);
    let mut windows = vec![Rates::default(); (end_ns / width_ns) as usize + 1];
    for operation in operations {
        let Some(completed) = operation.completed_ns else { continue };
        let Some(window) = windows.get_mut((completed / width_ns) as usize) else { continue };
        match operation.outcome {
            Outcome::Ok => window.ok += 1.0,
            Outcome::Fail => window.fail += 1.0,
            Outcome::Info => window.info += 1.0,
        }
    }
    for (position, window) in windows.iter_mut().enumerate() {
        let start = position as f64 * width_ns as f64;
        // A sliver at the end would turn one operation into a rate of thousands.
        let length = (end_ns as f64 - start).clamp(width_ns as f64 / 4.0, width_ns as f64);
        window.at_ns = start + length / 2.0;
        for rate in [&mut window.ok, &mut window.fail, &mut window.info] {
            *rate /= length / 1e9;
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn completed(completed_ns: u64, outcome: Outcome) -> Operation {
        Operation {
            process: 0,
            f: "read".into(),
            key: None,
            input: Value::Null,
            output: Value::Null,
            outcome,
            error: None,
            node: None,
            invoked_ns: 0,
            intended_ns: None,
            completed_ns: Some(completed_ns),
            invoke_index: 0,
            complete_index: None,
        }
    }

    #[test]
    fn rates_are_a_second_also_in_a_short_last_window() {
        let second = 1_000_000_000;
        let operations = [
            completed(1, Outcome::Ok),
            completed(second - 1, Outcome::Fail),
            completed(second, Outcome::Ok),
            completed(second, Outcome::Info),
        ];
        let rates = over_time(&operations, second, second + second / 2);
        assert_eq!((rates[0].ok, rates[0].fail, rates[0].info), (1.0, 1.0, 0.0));
        assert_eq!((rates[1].ok, rates[1].info), (2.0, 2.0));
        assert_eq!(rates.len(), 2);
    }
}
