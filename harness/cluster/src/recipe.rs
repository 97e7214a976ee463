//! How a node is started, as data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

/// How a node is started, at first and after every kill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recipe {
    /// The program: a path, or a name that is looked up in `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables on top of the controller's own.
    pub env: BTreeMap<String, String>,
    /// The folder it runs in; the controller's own where absent.
    pub working_folder: Option<PathBuf>,
    /// Where it keeps its data. Made before the first start, kept over restarts.
    pub data_folder: PathBuf,
    /// Files that are written into the data folder ahead of every start, by name.
    pub files: BTreeMap<String, String>,
    /// Where its standard output and standard error go, appended over restarts.
    pub log_file: PathBuf,
}
