//! The record of a run: one folder of files, whose names and shapes are fixed here.
//!
//! | file | holds |
//! |---|---|
//! | `run.json` | [`RunInfo`]: every setting, the seed, the command that repeats it |
//! | `schedule.json` | the fault schedule |
//! | `history.jsonl` | one operation event a line, in time order; `history.jsonl.zst` once compressed |
//! | `faults.jsonl` | [`FaultRecord`]: what each fault did, with evidence |
//! | `status.jsonl` | [`StatusSample`]: what each node said of itself, several times a second |
//! | `links.json` | [`LinkTotals`]: messages and bytes of each directed link |
//! | `disks.json` | [`DiskTotals`]: how often each node called fsync; absent where that is not known |
//! | `sim.json`, `trace.jsonl` | of a simulated run: what repeats it exactly, and what happened, event by event |
//! | `acts.json` | [`ActsInfo`]: of a real run whose nodes act, what joined their acts to the history |
//! | `nodes/nI/` | a node's log, its data, and `acts.jsonl`, what it did by its own account |
//! | `verdict.json` | the verdict, by checker |
//! | `linearization.json` | where the history is not linearizable, what a picture of that needs |
//! | `minimal.jsonl` | where the history is not linearizable, the few operations that show it, as a history |
//! | `report/index.html` | the report |
//! | `report/space-time.html`, `report/shiviz.log` | of a simulated run: the space–time diagram, and the same for ShiViz |
//!
//! Runners write it, reports and comparisons read it. This crate knows nothing of running things.

mod acts;
mod compress;
mod evidence;
mod folder;
mod info;
mod judge;
mod samples;
mod trace;

pub use acts::{Actor, ActsInfo, Deed, FIRST_ACTING_PROCESS, Lanes, MergedActs, merge_acts};
pub use compress::{Saved, append_line, plain_or_compressed};
pub use evidence::{Demand, judge_faults};
pub use folder::{
    RecordError, RunFolder, link_latest, read_json, read_json_lines, write_compact_json, write_history,
    write_json, write_json_lines,
};
pub use info::{HealInfo, NodeDeath, Phase, RunInfo, TargetSettings};
pub use judge::{JUDGEMENTS, judge_run};
pub use samples::{DiskTotals, FaultRecord, LinkTotals, StatusSample};
pub use trace::{Happened, TraceEvent};
