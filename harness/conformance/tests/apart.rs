//! Random scripts over both drivers, whose journals must be the same, line by line.

use std::time::Duration;

use ordalia_conformance::{Deed, HostStage, Script, Setup, SimStage, Stage};
use ordalia_node::{NodeId, Ticket};
use proptest::collection::vec;
use proptest::prelude::*;

const N1: NodeId = NodeId::new(1);
const N2: NodeId = NodeId::new(2);

/// One thing that is done to the node.
#[derive(Clone, Debug)]
enum Act {
    Ask(Script),
    Tell(Script),
    Pass(u64),
    Hold,
    LetGo,
    Jump(u64),
    Restart,
}

/// Records, states and words are numbered afterwards, so that all differ.
fn deed(depth: u32) -> BoxedStrategy<Deed> {
    let timer = prop::sample::select(vec!['a', 'b', 'c']);
    let simple = prop_oneof![
        3 => Just(Deed::Persist(0)),
        2 => Just(Deed::WriteBehind(0)),
        1 => (0..3_usize).prop_map(|left| Deed::Snapshot(0, vec![0; left])),
        4 => Just(Deed::Send(N2, 0)),
        1 => Just(Deed::Send(N1, 0)),
        2 => Just(Deed::Reply),
        1 => Just(Deed::Refuse),
        2 => (0..3_u16, any::<bool>()).prop_map(|(lane, begins)| Deed::Act(lane, begins)),
        1 => (0..4_u64).prop_map(Deed::Post),
        1 => timer.clone().prop_map(Deed::Cancel),
    ];
    if depth == 0 {
        return simple.boxed();
    }
    // Deadlines and the ends of writes meet now and then.
    let after = prop::sample::select(vec![0_u64, 50, 100, 150, 1_000, 1_100]);
    let setting = (timer, after, vec(deed(depth - 1), 0..4));
    prop_oneof![
        6 => simple,
        2 => setting.prop_map(|(timer, after_us, then)| Deed::SetTimer(timer, after_us, then)),
    ]
    .boxed()
}

fn act() -> impl Strategy<Value = Act> {
    let script = || vec(deed(2), 0..6);
    // A rare panic, behind whatever else the input does.
    let last = prop_oneof![15 => Just(None), 1 => Just(Some(Deed::Panic))];
    let asked = (script(), last).prop_map(|(script, last)| script.into_iter().chain(last).collect());
    prop_oneof![
        6 => asked.prop_map(Act::Ask),
        3 => script().prop_map(Act::Tell),
        5 => prop::sample::select(vec![0_u64, 30, 50, 100, 250, 2_000]).prop_map(Act::Pass),
        1 => Just(Act::Hold),
        2 => Just(Act::LetGo),
        1 => prop::sample::select(vec![50_u64, 500]).prop_map(Act::Jump),
        1 => Just(Act::Restart),
    ]
}

/// Numbers everything that can be told apart, in order.
fn number(script: &mut Script, next: &mut u64) {
    for deed in script {
        match deed {
            Deed::Persist(number) | Deed::WriteBehind(number) | Deed::Send(_, number) => {
                *number = fresh(next)
            }
            Deed::Snapshot(state, records) => {
                *state = fresh(next);
                records.iter_mut().for_each(|record| *record = fresh(next));
            }
            Deed::SetTimer(_, _, then) => number(then, next),
            _ => {}
        }
    }
}

fn fresh(next: &mut u64) -> u64 {
    *next += 1;
    *next
}

fn play<S: Stage>(on_start: &Script, acts: &[Act]) -> Vec<String> {
    let mut stage = S::new(&Setup { nodes: 2, on_start: on_start.clone() });
    let mut lines = vec![format!("started: {}", stage.start(N1))];
    for act in acts {
        match act {
            Act::Ask(script) => {
                let asked: Option<Ticket> = stage.ask(N1, script.clone());
                lines.push(format!("taken: {}", asked.is_some()));
            }
            Act::Tell(script) => stage.tell(N2, N1, 1, script.clone()),
            Act::Pass(micros) => stage.pass(Duration::from_micros(*micros)),
            // A host cannot be stopped within a write, which is one step of it.
            Act::Hold => {
                stage.settle(N1);
                stage.hold(N1);
            }
            Act::LetGo => stage.let_go(N1),
            Act::Jump(micros) => stage.jump_clock(N1, Duration::from_micros(*micros)),
            Act::Restart => {
                stage.let_go(N1);
                stage.settle(N1);
                lines.extend(stage.seen(N1).unwrap_or_default());
                stage.kill(N1);
                lines.push(format!("started: {}", stage.start(N1)));
            }
        }
    }
    stage.let_go(N1);
    stage.pass(Duration::from_millis(10));
    lines.extend(stage.seen(N1).unwrap_or_default());
    lines.extend(stage.journal(N1));
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_drivers_do_the_same(on_start in vec(deed(1), 0..4), acts in vec(act(), 1..25)) {
        let (mut on_start, mut acts, mut next) = (on_start, acts, 0);
        number(&mut on_start, &mut next);
        for act in &mut acts {
            if let Act::Ask(script) | Act::Tell(script) = act {
                number(script, &mut next);
            }
        }
        prop_assert_eq!(play::<HostStage>(&on_start, &acts), play::<SimStage>(&on_start, &acts));
    }
}
