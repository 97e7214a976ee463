//! `--html FILE`: what was found, as a page.

use std::path::Path;

use anyhow::Context;
use ordalia_checker::linearizable::{Examination, Examiner};
use ordalia_checker::{Budget, History};
use ordalia_history::fault_windows;
use ordalia_report::LinearizationPage;

/// Draws the page.
///
/// # Errors
/// The file cannot be written.
pub fn draw(
    path: &Path,
    history_file: &Path,
    checker: &dyn Examiner,
    history: &History,
    examination: &Examination,
) -> anyhow::Result<()> {
    let mut depiction = checker.depict(history, examination);
    if let Some(failed) = examination.first_failure(history)
        && let Some(shrunk) = checker.shrink(history, failed, &Budget::default())
    {
        depiction.mark(&shrunk.proof);
    }
    let title = history_file.file_name().unwrap_or(history_file.as_os_str()).to_string_lossy().into_owned();
    let page = LinearizationPage {
        title: &title,
        depiction: &depiction,
        operations: &history.operations,
        faults: &fault_windows(&history.events),
        back: None,
    };
    std::fs::write(path, page.render()).with_context(|| format!("cannot write {}", path.display()))
}
