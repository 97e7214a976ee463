//! What each workload asks first and last of a system that answers everything, one file a workload.
//!
//! The files stand beside this one; `UPDATE_GOLDEN=1 cargo test -p ordalia-workloads --test golden` writes them anew.

use std::fmt::Write;
use std::path::Path;

use ordalia_history::EventType;
use ordalia_node::{
    Answer, CoordinationAnswer, CoordinationRequest, ErrorCode, Leadership, RecipeAnswer, RecipeRequest,
    Refusal, Request, Stat,
};
use ordalia_workload::{Generator, Interpreter, Poll, Reply, Workload, WorkloadSettings};
use serde_json::json;

/// What a system says that numbers its answers.
fn answer(request: &Request, number: u64) -> Reply {
    let stat = Stat { version: number, children_version: 0, created: 1, modified: number, owner: None };
    let of_recipe = |request: &RecipeRequest| match request {
        RecipeRequest::Acquire { .. } => RecipeAnswer::Acquired { token: number },
        RecipeRequest::Release { .. } => RecipeAnswer::Released,
        RecipeRequest::Campaign { .. } => RecipeAnswer::Elected { epoch: number },
        RecipeRequest::Resign { .. } => RecipeAnswer::Resigned,
        RecipeRequest::Leader { .. } => {
            RecipeAnswer::Leads { leader: Some(Leadership { owner: "c9".into(), epoch: number }) }
        }
        RecipeRequest::Add { .. } => RecipeAnswer::Added { value: number as i64 },
        RecipeRequest::Total { .. } => RecipeAnswer::TotalIs { value: number as i64 },
        RecipeRequest::Enqueue { .. } => RecipeAnswer::Enqueued,
        RecipeRequest::Dequeue { .. } => RecipeAnswer::Dequeued { value: json!(number) },
        RecipeRequest::WatchLog { .. } => RecipeAnswer::Seen { versions: vec![number] },
        RecipeRequest::Hold { .. } => RecipeAnswer::Held { session: number },
        RecipeRequest::Holders { .. } => RecipeAnswer::Holding { owners: vec!["c0.1".into()] },
        RecipeRequest::Join { .. } => RecipeAnswer::Joined,
        RecipeRequest::Leave { .. } => RecipeAnswer::Left,
        RecipeRequest::Members { .. } => RecipeAnswer::MembersAre { owners: vec!["c0.1".into()] },
    };
    let of_tree = |request: &CoordinationRequest| match request {
        CoordinationRequest::Get { path, .. } if path.ends_with("api_url") => {
            CoordinationAnswer::Got { value: json!("http://api.sim/means"), stat }
        }
        CoordinationRequest::Get { .. } => CoordinationAnswer::Got { value: json!(number), stat },
        CoordinationRequest::Sync {} => CoordinationAnswer::Synced { zxid: number },
        CoordinationRequest::Multi { .. } => {
            CoordinationAnswer::MultiDone { results: vec![CoordinationAnswer::SetDone { stat }] }
        }
        _ => CoordinationAnswer::SetDone { stat },
    };
    match request {
        // Now and then the system will not, and now and then it does not say.
        _ if number % 11 == 7 => Reply::Refused(Refusal::new(ErrorCode::TemporarilyUnavailable, "")),
        _ if number % 13 == 9 => Reply::Refused(Refusal::new(ErrorCode::Timeout, "")),
        Request::Recipe(RecipeRequest::Dequeue { .. }) if number.is_multiple_of(3) => {
            Reply::Refused(Refusal::new(ErrorCode::KeyDoesNotExist, ""))
        }
        Request::Recipe(request) => Reply::Answer(Answer::Recipe(of_recipe(request))),
        Request::Coordination(request) => Reply::Answer(Answer::Coordination(of_tree(request))),
        Request::Read { .. } => Reply::Answer(Answer::ReadOk { value: json!(number) }),
        Request::Write { .. } => Reply::Answer(Answer::WriteOk),
        Request::Cas { .. } => Reply::Answer(Answer::CasOk),
        Request::Delete { .. } => Reply::Answer(Answer::DeleteOk),
        Request::Transfer { .. } => Reply::Answer(Answer::TransferOk),
    }
}

/// Plays a phase, where every answer comes at once, and tells what was asked and how it ended.
fn play(workload: &dyn Workload, phase: Box<dyn Generator>, most: u64) -> String {
    let mut interpreter = Interpreter::new(2);
    interpreter.begin(phase, 0);
    let (mut now, mut number, mut told) = (0, 0, String::new());
    while number < most {
        match interpreter.poll(now) {
            Poll::Invoke(invocation) => {
                number += 1;
                let request = workload.request_of(&invocation.op, invocation.process);
                let done = workload.complete(&invocation.op, &request, answer(&request, number));
                let sent = serde_json::to_string(&request).expect("requests are JSON");
                let event = interpreter.complete(now, invocation.thread, done).expect("it was under way");
                let how = match event.kind {
                    EventType::Ok => "ok",
                    EventType::Fail => "fail",
                    _ => "info",
                };
                let (process, f, value) = (event.process, event.f, event.value);
                writeln!(told, "{process:>2} {f:10} {sent}\n     {how} {value}").expect("a string takes all");
            }
            Poll::Wait { until } => now = until.expect("nothing is under way"),
            Poll::Finished => break,
        }
    }
    told
}

#[test]
fn each_workload_asks_what_it_always_asked() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut changed = Vec::new();
    for info in ordalia_workloads::ALL {
        let settings = WorkloadSettings { seed: 1, threads: 2, rate: Some(100.0) };
        let workload = (info.make)(&settings);
        let load = play(workload.as_ref(), workload.load(), 24);
        let closing = play(workload.as_ref(), workload.closing(24), 12);
        let found = format!("# {}\n\n# load\n{load}\n# closing\n{closing}", info.about);
        let file = folder.join(format!("{}.txt", info.name));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&file, &found).expect("a golden file");
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            changed.push(format!("{}: expected\n{expected}\nfound\n{found}", file.display()));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}
