//! Golden scenarios of the recipes: one situation a file, readable by a person.
//!
//! A line that begins with `>` is a command, the lines after it are what happened, with the time in ms: what a
//! client asks (`a ? n1`), what its watches tell it (`a !`), and what its recipe comes to (`a:`).
//! Heartbeats and answers are left out. `UPDATE_GOLDEN=1` writes what happens now.
//!
//! | command | does |
//! |---|---|
//! | `clients 3` | begins with three clients, `a`, `b` and `c`, and waits until their sessions are open |
//! | `a stands for /office`, `a resigns` | an election |
//! | `a waits until /x is there`, `… is gone` | a barrier |
//! | `a enters /x of 2`, `a leaves` | a double barrier, under its own name |
//! | `a creates /x`, `a removes /x` | a node |
//! | `a is cut off for 900`, `wait 100` | time passes, in ms |

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use ordalia_coordination::client::{Happening, Session};
use ordalia_coordination::recipes::{Barrier, Creation, DoubleBarrier, Election, Opens};
use ordalia_node::{CoordinationRequest as Ask, CreateMode, Event, NodeId, Time, Value, WatchMode};

use super::world::{Actor, Faults, Note, World, at};

/// What a client of the scenario does.
#[derive(Debug, Default)]
struct Player {
    election: Option<Election>,
    barrier: Option<Barrier>,
    double: Option<DoubleBarrier>,
    creation: Option<Creation>,
    outcomes: Vec<String>,
}

impl Actor for Player {
    /// What it had is gone with the last session.
    fn begin(&mut self, _: &mut Session) {
        *self = Self { outcomes: std::mem::take(&mut self.outcomes), ..Self::default() };
    }

    fn on(&mut self, happening: &Happening, session: &mut Session, _: Time) {
        let outcomes = [
            self.election.as_mut().and_then(|it| it.on(happening, session)).map(|it| format!("{it:?}")),
            self.barrier.as_mut().and_then(|it| it.on(happening, session)).map(|it| format!("{it:?}")),
            self.double.as_mut().and_then(|it| it.on(happening, session)).map(|it| format!("{it:?}")),
        ];
        self.outcomes.extend(outcomes.into_iter().flatten());
        if let Some(creation) = &mut self.creation {
            creation.on(happening, session);
        }
    }

    fn is_done(&self) -> bool {
        true
    }
}

#[derive(Default)]
struct Stage {
    world: Option<World<Player>>,
    transcript: String,
}

fn place(name: &str) -> usize {
    usize::from(name.as_bytes()[0] - b'a')
}

fn name(place: usize) -> char {
    char::from(b'a' + u8::try_from(place).unwrap())
}

fn show_request(request: &Ask) -> Option<String> {
    let watching = |watch: &Option<WatchMode>| if watch.is_some() { ", and watches" } else { "" };
    Some(match request {
        Ask::Create { path, mode: CreateMode::EphemeralSequential, .. } => {
            format!("create {path}…, ephemeral, with a number")
        }
        Ask::Create { path, mode: CreateMode::Ephemeral, .. } => format!("create {path}, ephemeral"),
        Ask::Create { path, .. } => format!("create {path}"),
        Ask::Remove { path, .. } => format!("remove {path}"),
        Ask::Exists { path, watch, .. } => format!("is {path} there{}", watching(watch)),
        Ask::Children { path, watch, .. } => format!("what is in {path}{}", watching(watch)),
        _ => return None,
    })
}

fn show_event(event: &Event) -> String {
    let what = match event.what {
        ordalia_node::Change::Children => "what is in it changed".to_owned(),
        what => format!("{what:?}").to_lowercase(),
    };
    format!("{}: {what}", event.path)
}

fn show(note: &Note) -> Option<String> {
    Some(match note {
        Note::Asked(member, request) => format!(" ? {member} {}", show_request(request)?),
        Note::Befell(Happening::Event(event)) => format!(" ! {}", show_event(event)),
        Note::Befell(Happening::Opened { session }) => format!(": session {session} is open"),
        Note::Befell(Happening::Answered { .. }) => return None,
        Note::Befell(happening) => format!(": the session is {happening:?}").to_lowercase(),
    })
}

impl Stage {
    fn note(&mut self, line: &str) {
        writeln!(self.transcript, "{line}").unwrap();
    }

    fn run(&mut self, span: u64) {
        let Some(mut world) = self.world.take() else { return };
        self.look(&mut world);
        let end = world.now + Duration::from_millis(span);
        world.run_until(end, |world| self.look(world));
        self.world = Some(world);
    }

    /// Writes down what is new.
    fn look(&mut self, world: &mut World<Player>) {
        let ms = world.now.as_nanos() / 1_000_000;
        for (place, note) in world.notes.replace(Vec::new()).unwrap_or_default() {
            if let Some(line) = show(&note) {
                self.note(&format!("{ms} {}{line}", name(place)));
            }
        }
        for (place, client) in world.clients.iter_mut().enumerate() {
            for outcome in std::mem::take(&mut client.actor.outcomes) {
                self.note(&format!("{ms} {}: {outcome}", name(place)));
            }
        }
    }

    fn have(&mut self, who: &str, act: impl FnOnce(&mut Player, &mut Session)) {
        self.world.as_mut().unwrap().have(place(who), act);
        self.run(20);
    }

    fn command(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["clients", count] => {
                let players = (0..count.parse().unwrap()).map(|_| Player::default()).collect();
                let mut world =
                    World::new(1, Faults { until: at(u64::MAX / 2_000_000), ..Faults::NONE }, players);
                world.run_until(at(1000), |_| {});
                world.notes = Some(Vec::new());
                self.world = Some(world);
            }
            ["wait", span] => self.run(span.parse().unwrap()),
            [who, "is", "cut", "off", "for", span] => {
                let world = self.world.as_mut().unwrap();
                let until = world.now + Duration::from_millis(span.parse().unwrap());
                world.cut(place(who), until);
            }
            [who, "waits", "until", path, "is", state] => {
                let opens = if state == "there" { Opens::WhenThere } else { Opens::WhenGone };
                self.have(who, |player, session| player.barrier = Some(Barrier::wait(path, opens, session)));
            }
            [who, ref what @ ..] => self.act(who, what),
            [] => {}
        }
    }

    fn act(&mut self, who: &str, what: &[&str]) {
        self.have(who, |player, session| match what {
            ["stands", "for", folder] => {
                player.election = Some(Election::stand(*folder, Value::from(who), session));
            }
            ["resigns"] => player.election.as_mut().unwrap().resign(session),
            ["enters", folder, "of", size] => {
                player.double = Some(DoubleBarrier::enter(*folder, who, size.parse().unwrap(), session));
            }
            ["leaves"] => player.double.as_mut().unwrap().leave(session),
            ["creates", path] => {
                player.creation = Some(Creation::new(*path, Value::Null, CreateMode::Persistent, session));
            }
            ["removes", path] => {
                let path = (*path).to_owned();
                session.ask(Ask::Remove { path, version: None, session: None, seq: None });
            }
            _ => panic!("unknown command {what:?}"),
        });
    }
}

fn play(script: &str) -> String {
    let mut stage = Stage::default();
    for line in script.lines() {
        if let Some(command) = line.strip_prefix("> ") {
            stage.note(line);
            stage.command(command);
        } else if line.starts_with('#') || line.is_empty() {
            stage.note(line);
        }
    }
    stage.transcript
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recipes/scenarios/{name}.txt"));
    let golden = std::fs::read_to_string(&path).unwrap();
    let found = play(&golden);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
        return;
    }
    for (number, (expected, found)) in golden.lines().zip(found.lines()).enumerate() {
        assert_eq!(expected, found, "{name}.txt:{}", number + 1);
    }
    assert_eq!(golden, found, "{name}.txt ends elsewhere");
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn every_file_is_played() {
            let listed = [$(concat!(stringify!($name), ".txt")),*];
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recipes/scenarios");
            for file in std::fs::read_dir(folder).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                assert!(listed.contains(&name.as_str()), "{name} is not listed");
            }
        }
    };
}

scenarios! {
    barrier
    barrier_while_cut_off
    double_barrier
    election
    election_of_the_middle
    leader_cut_off
}

/// The member that a client of the scenario asks first.
#[test]
fn clients_begin_with_different_members() {
    let mut stage = Stage::default();
    stage.command("clients 3");
    let world = stage.world.unwrap();
    let members: Vec<Option<NodeId>> = world.clients.iter().map(|client| client.session.member()).collect();
    assert_eq!(members.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{members:?}");
}
