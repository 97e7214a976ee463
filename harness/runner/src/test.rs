//! One test, phase by phase.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ordalia_node::RequestKind;
use ordalia_outside::Server;
use ordalia_record::{ActsInfo, HealInfo, Phase, RunFolder, RunInfo, merge_acts, write_json};
use ordalia_workload::{Interpreter, Routing, Workload};
use tokio::sync::watch;
use tokio::time::interval;

use crate::clients::Clients;
use crate::counts::Counts;
use crate::heal::heal;
use crate::journal::Journal;
use crate::load::Load;
use crate::monitor::{Sightings, watch};
use crate::nemesis::Nemesis;
use crate::observer::{Observer, Progress};
use crate::outside::OutsideActs;
use crate::stamp::{binary_checksum, time_stamp, time_text};
use crate::world::World;
use crate::{Recorder, RunError, Target, TestSettings};

/// How long nodes are given to end by themselves.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// How often the observer is told.
const PROGRESS_PERIOD: Duration = Duration::from_millis(250);

/// One test with its parts.
struct Test<'a> {
    target: &'a dyn Target,
    workload: &'a dyn Workload,
    settings: &'a TestSettings,
    observer: &'a dyn Observer,
    folder: RunFolder,
    info: RunInfo,
    interrupt: watch::Receiver<bool>,
}

/// Runs one test against real processes, up to the end of its recording; judging is [`crate::judge`]'s.
///
/// `interrupt` ends the load early when it becomes true; what was recorded is completed in order.
///
/// # Errors
/// The test could not be carried through. What was recorded until then is in the folder.
pub async fn run_test(
    target: &dyn Target,
    workload: &dyn Workload,
    settings: &TestSettings,
    observer: &dyn Observer,
    interrupt: watch::Receiver<bool>,
) -> Result<RunFolder, RunError> {
    check_settings(target, workload, settings)?;
    let test = format!("{}.{}", target.settings().name, workload.name());
    let folder = RunFolder::create(&settings.results, &test, &time_stamp(), settings.seed)?;
    observer.folder(folder.root());
    let info = describe(target, workload, settings);
    write_json(&folder.run_json(), &info)?;
    write_json(&folder.schedule(), &settings.schedule)?;
    let mut test = Test { target, workload, settings, observer, folder, info, interrupt };
    let outcome = test.carry_out().await;
    if let Err(error) = &outcome {
        test.info.ended_early = Some(error.to_string());
    }
    // The first error says more than a second one that it may have caused.
    let written = write_json(&test.folder.run_json(), &test.info);
    outcome?;
    written?;
    Ok(test.folder)
}

impl Test<'_> {
    /// The phases from the start of the cluster to its end.
    async fn carry_out(&mut self) -> Result<(), RunError> {
        self.observer.phase("starting the cluster");
        let acts = OutsideActs::default();
        let outside = self.start_outside(&acts).await?;
        let url = outside.as_ref().map(|server| format!("http://{}/means", server.address()));
        let world = World::new(self.target, self.settings, &self.folder, url.as_deref())?;
        world.start().await?;
        let path = self.folder.history();
        let recorder = Arc::new(Recorder::create(&path).map_err(recording(&path))?);
        let load_start_ns = ordalia_host::monotonic_ns().saturating_sub(recorder.now_ns());
        write_json(&self.folder.acts_json(), &ActsInfo { load_start_ns, merged: None })?;
        acts.begin(&recorder);
        let outcome = self.trial(&world, &recorder).await;
        recorder.sync().map_err(recording(&path))?;
        self.info.deaths.extend(world.deaths(recorder.now_ns()).await);
        self.observer.phase("stopping the cluster");
        write_json(&self.folder.links(), &world.link_totals())?;
        let disks = world.disk_totals().await;
        if !disks.is_empty() {
            write_json(&self.folder.disks(), &disks)?;
        }
        world.cluster.read().await.stop_all(STOP_GRACE).await?;
        drop(outside);
        recorder.sync().map_err(recording(&path))?;
        merge_acts(&self.folder, &self.info.deaths)?;
        outcome
    }

    /// Starts what stands outside the cluster, if the target has that.
    async fn start_outside(&self, acts: &OutsideActs) -> Result<Option<Server>, RunError> {
        let seed = self.settings.seed;
        let Some(outside) = self.target.outside(seed) else { return Ok(None) };
        let server = Server::start(outside, seed, acts.clone()).await;
        let refused = |error| RunError::Settings(format!("what stands outside has no address: {error}"));
        server.map(Some).map_err(refused)
    }

    /// Load with faults, heal, closing operations.
    async fn trial(&mut self, world: &World<'_>, recorder: &Arc<Recorder>) -> Result<(), RunError> {
        let counts = Counts::default();
        let threads = self.settings.concurrency;
        let timeout = self.settings.client_timeout;
        let mut load = Load {
            workload: self.workload,
            recorder,
            counts: &counts,
            interpreter: Interpreter::new(threads),
            clients: Clients::start(self.target, &world.addresses, threads, timeout),
            routing: Routing::new(world.for_clients.clone(), threads),
            invoked: 0,
        };
        let sightings = Sightings::default();
        let path = self.folder.status();
        let watching = watch(world, &sightings, recorder, &path);
        tokio::select! {
            error = watching => Err(recording(&path)(error)),
            outcome = self.phases(world, &mut load, &sightings) => outcome,
        }
    }

    async fn phases(
        &mut self,
        world: &World<'_>,
        load: &mut Load<'_>,
        sightings: &Sightings,
    ) -> Result<(), RunError> {
        let recorder = Arc::clone(load.recorder);
        self.observer.phase("load and faults");
        self.load_under_faults(world, load, sightings).await?;
        if *self.interrupt.borrow() {
            self.info.ended_early = Some("it was interrupted".to_owned());
        }
        self.end_phase("load", 0, &recorder);

        self.observer.phase("healing");
        let begun = recorder.now_ns();
        self.info.deaths = world.deaths(begun).await;
        self.info.heal = Some(self.heal(world).await?);
        self.end_phase("heal", begun, &recorder);

        self.observer.phase("closing operations");
        let begun = recorder.now_ns();
        let closing = self.workload.closing(load.invoked);
        let history = self.folder.history();
        // An interrupt ends the load; the closing operations are what gives the rest its meaning.
        let (_unstopped, mut unstopped) = watch::channel(false);
        let closed = load.drive(closing, TestSettings::CLOSING_LIMIT, &mut unstopped).await;
        closed.map_err(recording(&history))?;
        self.end_phase("closing", begun, &recorder);
        Ok(())
    }

    /// The load and the faults side by side, with progress told, until the time limit.
    async fn load_under_faults(
        &mut self,
        world: &World<'_>,
        load: &mut Load<'_>,
        sightings: &Sightings,
    ) -> Result<(), RunError> {
        let (recorder, counts) = (Arc::clone(load.recorder), load.counts);
        let (history, faults) = (self.folder.history(), self.folder.faults());
        let journal = Journal::create(&faults, Arc::clone(&recorder)).map_err(recording(&faults))?;
        let (stop, stopped) = watch::channel(false);
        let nemesis = Nemesis::new(world, &journal, recorder.start(), stopped);
        let mut interrupt = self.interrupt.clone();
        let generator = self.workload.load();
        let loading = async {
            let outcome = load.drive(generator, self.settings.time_limit, &mut interrupt).await;
            stop.send_replace(true);
            outcome.map_err(recording(&history))
        };
        let hurting = async { nemesis.carry_out(&self.settings.schedule).await.map_err(recording(&faults)) };
        let both = async { tokio::try_join!(loading, hurting) };
        tokio::select! {
            outcome = both => outcome.map(|_| ())?,
            () = self.tell_progress(&recorder, counts, &journal, sightings) => {}
        }
        journal.sync().map_err(recording(&faults))
    }

    /// Heals, with a phase of its own in the report if the cluster is slow to come back.
    async fn heal(&self, world: &World<'_>) -> Result<HealInfo, RunError> {
        let healed = heal(world).await?;
        for problem in &healed.problems {
            self.observer.note(&format!("after everything was healed: {problem}"));
        }
        Ok(healed)
    }

    /// Tells the observer how it stands, for ever.
    async fn tell_progress(
        &self,
        recorder: &Recorder,
        counts: &Counts,
        journal: &Journal,
        sightings: &Sightings,
    ) {
        let mut ticks = interval(PROGRESS_PERIOD);
        let mut window = std::collections::VecDeque::new();
        loop {
            ticks.tick().await;
            let (ok, fail, info) = counts.totals();
            let elapsed = Duration::from_nanos(recorder.now_ns());
            window.push_back((elapsed, ok + fail + info));
            if window.len() > 5 {
                window.pop_front();
            }
            self.observer.progress(&Progress {
                elapsed,
                total: self.settings.time_limit,
                ok,
                fail,
                info,
                ops_per_s: rate(&window),
                faults: journal.in_force(),
                leader: sightings.leader(),
            });
        }
    }

    fn end_phase(&mut self, name: &str, start_ns: u64, recorder: &Recorder) {
        let end_ns = recorder.now_ns();
        self.info.phases.push(Phase { name: name.to_owned(), start_ns, end_ns });
    }
}

/// Operations a second between the first and the last of some readings.
fn rate(window: &std::collections::VecDeque<(Duration, u64)>) -> f64 {
    match (window.front(), window.back()) {
        (Some((first, fewer)), Some((last, more))) if last > first => {
            (more - fewer) as f64 / (*last - *first).as_secs_f64()
        }
        _ => 0.0,
    }
}

/// An error of writing to a recording file.
fn recording(path: &Path) -> impl Fn(std::io::Error) -> RunError + use<> {
    let path = path.to_owned();
    move |source| RunError::Recording { path: path.clone(), source }
}

/// Checks what can be known to be impossible before anything is started.
fn check_settings(
    target: &dyn Target,
    workload: &dyn Workload,
    settings: &TestSettings,
) -> Result<(), RunError> {
    let wrong = |text: String| Err(RunError::Settings(text));
    if settings.nodes == 0 || settings.concurrency == 0 {
        return wrong(format!(
            "expected at least one node and one client, found {} and {}",
            settings.nodes, settings.concurrency
        ));
    }
    if let Some(kind) = unanswered(target, workload) {
        let (target, workload) = (target.settings().name, workload.name().to_owned());
        return Err(RunError::Unanswerable { target, workload, kind: kind.name() });
    }
    settings.schedule.check_fits(settings.nodes).map_err(|error| RunError::Settings(error.to_string()))?;
    for fault in &settings.schedule.faults {
        let kind = fault.fault.kind();
        if !target.bears().contains(&kind) {
            let hint = if kind.needs_simulator() { "; the simulator can do it: ordalia sim" } else { "" };
            return wrong(format!(
                "fault {} is a {}, which {} does not bear{hint}",
                fault.id,
                kind.name(),
                target.settings().name
            ));
        }
        if let Some(occasion) = fault.upon.filter(|occasion| !occasion.is_in_status()) {
            return wrong(format!(
                "fault {} waits for {}, which real processes do not show; the simulator sees it: ordalia sim",
                fault.id,
                occasion.about()
            ));
        }
        if !settings.proxied && kind.is_of_links() {
            return wrong(format!(
                "fault {} is a {}, which needs proxies between the nodes",
                fault.id,
                kind.name()
            ));
        }
    }
    Ok(())
}

/// A kind of request that the workload sends and the target does not answer.
fn unanswered(target: &dyn Target, workload: &dyn Workload) -> Option<RequestKind> {
    workload.asks().iter().copied().find(|kind| !target.answers().contains(kind))
}

/// What is known of a run before it begins.
fn describe(target: &dyn Target, workload: &dyn Workload, settings: &TestSettings) -> RunInfo {
    let milliseconds = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    RunInfo {
        version: settings.version.clone(),
        binary: binary_checksum(),
        command: settings.command.clone(),
        started: time_text(),
        target: target.settings(),
        workload: workload.name().to_owned(),
        seed: settings.seed,
        nodes: settings.nodes,
        concurrency: settings.concurrency,
        rate: settings.rate,
        time_limit_ms: milliseconds(settings.time_limit),
        client_timeout_ms: milliseconds(settings.client_timeout),
        faults: settings.faults.clone(),
        fault_interval_ms: milliseconds(settings.fault_interval),
        proxied: settings.proxied,
        simulated: false,
        phases: Vec::new(),
        heal: None,
        deaths: Vec::new(),
        ended_early: None,
    }
}
