//! Campaigns over a fake that carries jobs out: order, interruption, resumption.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ordalia_campaign::{
    CampaignFolder, Carried, Carry, Cell, Complaint, Ended, Job, JobResult, Journal, Limits, Mode, Plan,
    PlanRecord, StopEarly, Stored, Summary, Watcher, Work, Worked,
};
use ordalia_checker::Verdict;

fn cell(name: &str, mode: Mode, seeds: std::ops::Range<u64>) -> Cell {
    Cell {
        name: name.to_owned(),
        mode,
        target: "t".to_owned(),
        options: BTreeMap::new(),
        bugs: Vec::new(),
        workload: "w".to_owned(),
        faults: None,
        nodes: None,
        time_limit: Duration::from_secs(1),
        concurrency: None,
        rate: None,
        fault_interval: None,
        client_timeout: None,
        liveness: None,
        schedule: None,
        schedule_checksum: None,
        seeds: seeds.collect(),
    }
}

/// 20 simulated jobs in two cells, and 4 real ones.
fn plan() -> Plan {
    let cells = vec![cell("r", Mode::Real, 0..4), cell("a", Mode::Sim, 0..10), cell("b", Mode::Sim, 0..10)];
    Plan { name: "p".to_owned(), jobs: None, real_jobs: 1, stop_early: StopEarly::Never, cells }
}

fn record(plan: &Plan, binary: &str) -> PlanRecord {
    PlanRecord {
        name: plan.name.clone(),
        checksum: plan.checksum(),
        version: "1".to_owned(),
        binary: binary.to_owned(),
        started: "now".to_owned(),
        cells: plan.cells.clone(),
    }
}

/// Carries out jobs by writing them down. `interrupt_at` is the job at which it is told to end.
#[derive(Default)]
struct Fake {
    carried: Mutex<Vec<Job>>,
    abandoned: Mutex<Vec<String>>,
    interrupt_at: Option<Job>,
    stop: AtomicBool,
    panics_at: Option<u64>,
    invalid: Option<(usize, u64)>,
}

impl Carry for Fake {
    fn carry_out(&self, cell: &Cell, job: Job, recording: &(dyn Fn(&str) + Sync)) -> Carried {
        recording(&format!("t.w/{}-{}", cell.name, job.seed));
        assert_ne!(self.panics_at, Some(job.seed), "asked for");
        if self.interrupt_at == Some(job) {
            self.stop.store(true, Ordering::Relaxed);
            return Carried::Interrupted(Some("t.w/left".to_owned()));
        }
        self.carried.lock().unwrap().push(job);
        let mut result = JobResult::failed("why".to_owned(), None, self.repeat(cell, job), 1);
        result.verdict = Verdict::Valid;
        result.complaints.clear();
        if self.invalid == Some((job.cell, job.seed)) {
            result.verdict = Verdict::Invalid;
            let (checker, why) = ("linearizable".to_owned(), "stale".to_owned());
            result.complaints.push(Complaint { checker, verdict: Verdict::Invalid, why });
        }
        Carried::Done(Box::new(result))
    }

    fn repeat(&self, cell: &Cell, job: Job) -> String {
        format!("again {} {}", cell.name, job.seed)
    }

    fn abandon(&self, folder: &str) -> Result<(), String> {
        self.abandoned.lock().unwrap().push(folder.to_owned());
        Ok(())
    }
}

impl Watcher for Fake {
    fn begun(&self, _: &Cell, _: Job) {}
    fn done(&self, _: &Cell, _: Job, _: &JobResult) {}
    fn interrupted(&self, _: &Cell, _: Job) {}
}

fn limits(jobs: usize, stop_early: StopEarly) -> Limits {
    Limits { jobs, real_jobs: 1, stop_early, deadline: None, reserve: Duration::ZERO }
}

fn carry(fake: &Fake, plan: &Plan, journal: &Path, limits: Limits) -> Worked {
    let (journal, past) = Journal::open(journal).unwrap();
    let work = Work { plan, carry: fake, watcher: fake, stop: &fake.stop };
    work.carry_through(&plan.jobs_in_order(), journal, &past, limits).unwrap()
}

/// How often each job has a line of that kind.
fn lines(journal: &Path, kind: &str) -> BTreeMap<(String, u64), u32> {
    let mut count = BTreeMap::new();
    for line in std::fs::read_to_string(journal).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["line"] == kind {
            let id = (line["cell"].as_str().unwrap().to_owned(), line["seed"].as_u64().unwrap());
            *count.entry(id).or_default() += 1;
        }
    }
    count
}

#[test]
fn each_job_is_done_once_the_simulated_ones_first_and_by_turns() {
    let folder = tempfile::tempdir().unwrap();
    let (fake, plan, journal) = (Fake::default(), plan(), folder.path().join("j"));
    let worked = carry(&fake, &plan, &journal, limits(1, StopEarly::Never));
    assert_eq!((worked.ended, worked.done.len()), (Ended::All, 24));
    let carried = fake.carried.lock().unwrap();
    let expected = [(1, 0), (2, 0), (1, 1), (2, 1)].map(|(cell, seed)| Job { cell, seed });
    assert_eq!(carried[..4], expected);
    assert_eq!(carried[20..].iter().map(|job| job.cell).collect::<Vec<_>>(), [0; 4]);
}

#[test]
fn a_campaign_whose_process_died_anywhere_is_resumed_without_repeating_or_losing_a_job() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, whole) = (plan(), folder.path().join("whole"));
    carry(&Fake::default(), &plan, &whole, limits(3, StopEarly::Never));
    let text = std::fs::read(&whole).unwrap();
    // It dies after every byte of some lines, and after some lines of all.
    for cut in (0..text.len()).step_by(397).chain([1, text.len() - 1, text.len()]) {
        let journal = folder.path().join("cut");
        std::fs::write(&journal, &text[..cut]).unwrap();
        let (_, before) = Journal::open(&journal).unwrap();
        let fake = Fake::default();
        let worked = carry(&fake, &plan, &journal, limits(2, StopEarly::Never));
        assert_eq!((worked.ended, worked.done.len()), (Ended::All, 24), "cut at {cut}");
        assert_eq!(fake.carried.lock().unwrap().len(), 24 - before.done.len(), "cut at {cut}");
        let begun = before.begun.values().flatten().cloned().collect::<Vec<_>>();
        assert_eq!(*fake.abandoned.lock().unwrap(), begun, "cut at {cut}");
        let done = lines(&journal, "done");
        assert!(done.len() == 24 && done.values().all(|times| *times == 1), "cut at {cut}: {done:?}");
    }
}

#[test]
fn an_interrupted_job_is_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, journal) = (plan(), folder.path().join("j"));
    let fake = Fake { interrupt_at: Some(Job { cell: 2, seed: 4 }), ..Fake::default() };
    let worked = carry(&fake, &plan, &journal, limits(1, StopEarly::Never));
    assert_eq!((&worked.ended, worked.done.len()), (&Ended::Interrupted, 9));
    let summary = Summary::of(&plan, &record(&plan, "x"), &worked);
    assert!(summary.interrupted && !summary.finished);
    assert_eq!(summary.verdict, Verdict::Unknown);
    let fake = Fake::default();
    let worked = carry(&fake, &plan, &journal, limits(1, StopEarly::Never));
    assert_eq!((worked.ended, worked.done.len()), (Ended::All, 24));
    assert_eq!(fake.carried.lock().unwrap()[0], Job { cell: 2, seed: 4 });
    assert!(fake.abandoned.lock().unwrap().is_empty(), "it was marked by whoever interrupted it");
}

#[test]
fn a_panic_is_a_finding_and_not_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, journal) = (plan(), folder.path().join("j"));
    let fake = Fake { panics_at: Some(7), ..Fake::default() };
    let worked = carry(&fake, &plan, &journal, limits(2, StopEarly::Never));
    let summary = Summary::of(&plan, &record(&plan, "x"), &worked);
    assert_eq!((summary.verdict, summary.totals.unknown, summary.totals.valid), (Verdict::Unknown, 2, 22));
    let finding = &summary.cells[1].findings[0];
    assert_eq!((finding.checker.as_str(), &finding.seeds[..]), ("harness", &[7][..]));
    assert!(finding.first.why.contains("asked for") && finding.first.repeat == "again a 7", "{finding:?}");
}

#[test]
fn a_campaign_stops_early_where_it_was_asked_to_and_the_worst_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, journal) = (plan(), folder.path().join("j"));
    let fake = Fake { invalid: Some((1, 3)), ..Fake::default() };
    let worked = carry(&fake, &plan, &journal, limits(1, StopEarly::Invalid));
    assert_eq!(worked.done.len(), 7);
    let summary = Summary::of(&plan, &record(&plan, "x"), &worked);
    assert_eq!((summary.verdict, summary.finished), (Verdict::Invalid, true));
    assert!(summary.stopped.as_ref().is_some_and(|why| why.contains("a seed 3 is invalid")), "{summary:?}");
    let read: Summary = serde_json::from_str(&serde_json::to_string(&summary).unwrap()).unwrap();
    assert_eq!(read, summary);
    let text = serde_json::to_value(&summary).unwrap();
    assert_eq!(text["cells"][1]["findings"][0]["first"]["seed"], 3);
    assert_eq!(text["cells"][1]["name"], "a");
    assert_eq!(text["runs"][3]["verdict"], false);
}

#[test]
fn the_newest_unfinished_campaign_of_the_same_plan_and_build_is_found() {
    let results = tempfile::tempdir().unwrap();
    let plan = plan();
    let mine = record(&plan, "mine");
    let find = || CampaignFolder::find(results.path(), &mine).unwrap();
    assert_eq!(find(), Stored::Nothing);
    let make = |stamp: &str, record: &PlanRecord| {
        CampaignFolder::create(results.path(), stamp, record, "text").unwrap()
    };
    let other = make("20260101T000000Z", &record(&plan, "other"));
    assert_eq!(find(), Stored::OtherBuild(other, "other".to_owned()));
    let first = make("20260102T000000Z", &mine);
    make("20260103T000000Z", &PlanRecord { checksum: "another".to_owned(), ..mine.clone() });
    assert_eq!(find(), Stored::Unfinished(first.clone()));
    let second = make("20260102T000000Z", &mine);
    assert_eq!(find(), Stored::Unfinished(second.clone()));
    let worked = Worked { done: BTreeMap::new(), ended: Ended::All };
    for folder in [first, second] {
        folder.write_summary(&Summary::of(&plan, &mine, &worked)).unwrap();
    }
    assert!(matches!(find(), Stored::OtherBuild(..)));
}
