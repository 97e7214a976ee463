//! The state of a process as /proc shows it.

use std::fs;

/// The states of all threads of a process, the main one first; empty if there is no such process.
pub(crate) fn thread_states(pid: i32) -> Vec<char> {
    let main = state(&format!("/proc/{pid}/stat"));
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let main_name = pid.to_string();
    let others = tasks.flatten().filter(|task| task.file_name() != main_name.as_str());
    let others = others.filter_map(|task| state(&format!("{}/stat", task.path().display())));
    main.into_iter().chain(others).collect()
}

fn state(stat_file: &str) -> Option<char> {
    parse_state(&fs::read_to_string(stat_file).ok()?)
}

/// The third field. The second, the name in parentheses, may itself hold spaces and parentheses.
fn parse_state(stat: &str) -> Option<char> {
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_hide_the_state() {
        assert_eq!(parse_state("7 (a) S (b) T 1 7 7 0"), Some('T'));
        assert_eq!(parse_state(""), None);
    }

    #[test]
    fn this_process_has_threads_and_no_process_has_id_zero() {
        assert!(!thread_states(i32::try_from(std::process::id()).unwrap()).is_empty());
        assert_eq!(thread_states(0), Vec::<char>::new());
    }
}
