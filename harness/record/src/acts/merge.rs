//! Puts what the nodes did into the history of a real run.
//!
//! Each node wrote its acts to a file of its own, by the system's monotonic clock. They join the history when the
//! cluster has stopped, or when a run whose controller died is judged. Doing it twice changes nothing.

use std::fs;
use std::path::Path;

use ordalia_history::{Event, FaultPhase, Name, OpError, Process, jsonl};
use ordalia_node::wire::ActLine;
use ordalia_node::{ActKind, NodeId, Value};
use ordalia_schedule::Injection;
use serde::{Deserialize, Serialize};

use super::lanes::{FIRST_NODE_PROCESS, event_type};
use super::{Actor, Deed, Lanes};
use crate::{
    FaultRecord, NodeDeath, RecordError, RunFolder, read_json, read_json_lines, write_history, write_json,
};

/// `acts.json`: what joins the nodes' acts to the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActsInfo {
    /// When the load began, on the system's monotonic clock in nanoseconds.
    pub load_start_ns: u64,
    /// What was merged; absent if that is still to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<MergedActs>,
}

/// What joined a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedActs {
    /// Events of nodes.
    pub events: u64,
    /// Lines that were torn when their writer was killed, and left out.
    pub torn: u64,
    /// Whether the last line of the history itself was torn, and is left out now.
    #[serde(default)]
    pub torn_history: bool,
}

/// One life of a node, its times those of the history.
#[derive(Debug, Default)]
struct Life {
    begin_ns: u64,
    acts: Vec<(u64, Deed)>,
}

/// Puts the acts of all nodes into the history, unless that is done already. What came of it; `None` of a run
/// whose nodes did not act.
///
/// What a life had open when it ended becomes `info`. It ended when the first fault killed it, or else, if it
/// ended at all before the cluster was stopped, after its last act: nobody knows when.
///
/// # Errors
/// A file cannot be read or written, or holds something else.
pub fn merge_acts(folder: &RunFolder, deaths: &[NodeDeath]) -> Result<Option<MergedActs>, RecordError> {
    let info_file = folder.acts_json();
    if !info_file.is_file() {
        return Ok(None);
    }
    let info: ActsInfo = read_json(&info_file, "when the load began, for the acts of nodes")?;
    if info.merged.is_some() {
        return Ok(info.merged);
    }
    let (mut merged, mut acts) = (MergedActs::default(), Vec::new());
    for node in nodes(folder)? {
        let lives = read_lives(&folder.acts(node), info.load_start_ns, &mut merged.torn)?;
        acts.extend(ended(node, lives, &kills(folder, node)?, deaths));
    }
    if acts.is_empty() && merged.torn == 0 {
        // Nothing will ever join, and most runs need no such file.
        fs::remove_file(&info_file).map_err(|source| RecordError::Io { path: info_file, source })?;
        return Ok(None);
    }
    // Each node's own order is kept.
    acts.sort_by_key(|(time, ..)| *time);
    let mut lanes = Lanes::default();
    let mut events: Vec<Event> = Vec::new();
    for (time, node, deed) in acts {
        let actor = Actor::Node(node);
        let made = match deed {
            Some(deed) => lanes.events(actor, deed),
            None => lanes.end_life(actor),
        };
        events.extend(made.into_iter().map(|event| Event { time, ..event }));
    }
    merged.events = events.len() as u64;
    let recorded = jsonl::read(&folder.history())?;
    merged.torn_history = recorded.torn_tail;
    let is_other =
        |event: &Event| !matches!(event.process, Process::Client(number) if number >= FIRST_NODE_PROCESS);
    events.extend(recorded.events.into_iter().filter(is_other));
    events.sort_by_key(|event| event.time);
    for (index, event) in (0..).zip(&mut events) {
        event.index = index;
    }
    write_history(&folder.history(), &events)?;
    write_json(&info_file, &ActsInfo { merged: Some(merged), ..info })?;
    Ok(Some(merged))
}

/// The nodes that have a folder, in order.
fn nodes(folder: &RunFolder) -> Result<Vec<NodeId>, RecordError> {
    let path = folder.root().join("nodes");
    let Ok(entries) = fs::read_dir(&path) else { return Ok(Vec::new()) };
    let mut nodes = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| RecordError::Io { path: path.clone(), source })?;
        nodes.extend(entry.file_name().to_str().and_then(|name| name.parse::<NodeId>().ok()));
    }
    nodes.sort_unstable();
    Ok(nodes)
}

/// The lives of a node as its file tells them. A line that is none was torn.
fn read_lives(path: &Path, load_start_ns: u64, torn: &mut u64) -> Result<Vec<Life>, RecordError> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|source| RecordError::Io { path: path.to_owned(), source })?,
    };
    let mut lives: Vec<Life> = Vec::new();
    let mut last_ns = 0;
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Ok(line) = serde_json::from_slice::<ActLine>(line) else {
            *torn += 1;
            continue;
        };
        match line {
            ActLine::Life { time, .. } => {
                lives.push(Life { begin_ns: time.saturating_sub(load_start_ns), acts: Vec::new() });
            }
            ActLine::Act { time, lane, kind, f, key, value, error } => {
                last_ns = time.saturating_sub(load_start_ns).max(last_ns);
                let deed = deed(lane, kind, f, key.map(|key| key.0), value, error);
                if lives.is_empty() {
                    lives.push(Life::default());
                }
                lives.last_mut().into_iter().for_each(|life| life.acts.push((last_ns, deed.clone())));
            }
        }
    }
    Ok(lives)
}

fn deed(
    lane: u16,
    kind: ActKind,
    f: String,
    key: Option<String>,
    value: Value,
    error: Option<(String, String)>,
) -> Deed {
    let kind = event_type(kind);
    let error = error.map(|(kind, text)| OpError::with_text(kind, text));
    Deed { lane, kind, f: Name::from(f), key: key.map(Value::String), value, error }
}

/// The acts of a node with the ends of its lives, which are no deed.
fn ended(
    node: NodeId,
    lives: Vec<Life>,
    kills: &[u64],
    deaths: &[NodeDeath],
) -> Vec<(u64, NodeId, Option<Deed>)> {
    let begins: Vec<u64> = lives.iter().skip(1).map(|life| life.begin_ns).chain([u64::MAX]).collect();
    let name = node.to_string();
    let mut all = Vec::new();
    for (life, next_ns) in lives.into_iter().zip(begins) {
        let last_ns = life.acts.last().map_or(life.begin_ns, |(time, _)| *time);
        let killed = kills.iter().find(|time| (life.begin_ns..next_ns).contains(time));
        let died = || deaths.iter().any(|death| death.node == name && death.time >= life.begin_ns);
        all.extend(life.acts.into_iter().map(|(time, deed)| (time, node, Some(deed))));
        match killed {
            Some(time) => all.push(((*time).max(last_ns), node, None)),
            None if next_ns < u64::MAX || died() => all.push((last_ns, node, None)),
            None => {}
        }
    }
    all
}

/// When faults began to kill a node, in order.
fn kills(folder: &RunFolder, node: NodeId) -> Result<Vec<u64>, RecordError> {
    let records: Vec<FaultRecord> = read_json_lines(&folder.faults(), "what a fault did")?;
    let hits = |record: &FaultRecord| {
        let injection = serde_json::from_value::<Injection>(record.resolved.clone());
        record.phase == FaultPhase::Start
            && matches!(injection, Ok(Injection::Kill(nodes)) if nodes.contains(&node))
    };
    Ok(records.into_iter().filter(hits).map(|record| record.time).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_checker::History;
    use std::fs::File;
    use std::io::Write;

    /// A run whose load began at 1000 ns, with a client's operation from 50 to 60 ns of it, in which n1 was
    /// killed at 300 ns.
    fn run(acts: &[(u16, &str)]) -> (tempfile::TempDir, RunFolder) {
        let results = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(results.path(), "t.w", "20260102T030405", 7).unwrap();
        fs::write(folder.run_json(), "{}").unwrap();
        let line = |index: u64, time: u64, kind: &str| {
            format!(
                r#"{{"index":{index},"time":{time},"process":0,"type":"{kind}","f":"read","value":null}}"#
            )
        };
        fs::write(folder.history(), format!("{}\n{}\n", line(0, 50, "invoke"), line(1, 60, "ok"))).unwrap();
        let info = ActsInfo { load_start_ns: 1_000, merged: None };
        write_json(&folder.acts_json(), &info).unwrap();
        let kill = r#"{"time":300,"fault":0,"kind":"kill","phase":"start","label":"kill n1","resolved":{"kill":["n1"]}}"#;
        fs::write(folder.faults(), format!("{kill}\n")).unwrap();
        for (node, text) in acts {
            let path = folder.acts(NodeId::new(*node));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
        }
        (results, folder)
    }

    fn told(folder: &RunFolder) -> Vec<String> {
        let events = jsonl::read(&folder.history()).unwrap().events;
        assert!(History::new(events.clone()).is_ok());
        events
            .iter()
            .map(|event| format!("{} {} {:?} {}", event.time, event.process, event.kind, event.f))
            .collect()
    }

    const N1: &str = concat!(
        r#"{"time":900,"life":77}"#,
        "\n",
        r#"{"time":950,"lane":2,"type":"ok","f":"session","value":7}"#,
        "\n",
        r#"{"time":1055,"lane":0,"type":"invoke","f":"measure","value":1}"#,
        "\n",
        r#"{"time":1100,"la"#,
        "\n",
        r#"{"time":1400,"life":78}"#,
        "\n",
        r#"{"time":1500,"lane":0,"type":"invoke","f":"measure","value":2}"#,
        "\n",
    );

    #[test]
    fn lives_join_the_history_in_time_order() {
        let (_results, folder) = run(&[(1, N1)]);
        let merged = merge_acts(&folder, &[]).unwrap().unwrap();
        assert_eq!(merged, MergedActs { events: 5, torn: 1, torn_history: false });
        let expected = [
            "0 2000000000 Invoke session",
            "0 2000000000 Ok session",
            "50 0 Invoke read",
            "55 2000000001 Invoke measure",
            "60 0 Ok read",
            "300 2000000001 Info measure",
            "500 2000000002 Invoke measure",
        ];
        assert_eq!(told(&folder), expected);
        assert_eq!(merge_acts(&folder, &[]).unwrap(), Some(merged), "a second time changes nothing");
        assert_eq!(told(&folder), expected);
        // As after a controller that died between the two files.
        write_json(&folder.acts_json(), &ActsInfo { load_start_ns: 1_000, merged: None }).unwrap();
        merge_acts(&folder, &[]).unwrap();
        assert_eq!(told(&folder), expected);
    }

    #[test]
    fn a_node_that_ended_by_itself_crashed_after_its_last_act() {
        let text = N1.lines().take(3).collect::<Vec<_>>().join("\n");
        let (_results, folder) = run(&[(2, &text)]);
        let death = NodeDeath { time: 900, node: "n2".to_owned(), ..NodeDeath::default() };
        merge_acts(&folder, &[death]).unwrap();
        assert!(told(&folder).contains(&"55 2000000001 Info measure".to_owned()), "{:?}", told(&folder));
    }

    #[test]
    fn a_run_without_acts_stays_as_it_is() {
        let (_results, folder) = run(&[]);
        let before = fs::read(folder.history()).unwrap();
        assert_eq!(merge_acts(&folder, &[]).unwrap(), None);
        assert_eq!(fs::read(folder.history()).unwrap(), before);
    }
}
