//! How answers and events are written.

use ordalia_node::{Answer, Change, CoordinationAnswer, Event, Refusal};

pub fn events(events: &[Event]) -> String {
    let one = |event: &Event| {
        let what = match event.what {
            Change::Created => "created",
            Change::Changed => "changed",
            Change::Removed => "removed",
            Change::Children => "children of",
            Change::Expired => "expired, the session itself, at",
        };
        let version = event.version.map_or(String::new(), |version| format!(" (version {version})"));
        format!("event {}: {what} {}{version}", event.number, event.path)
    };
    events.iter().map(one).collect::<Vec<_>>().join(", ")
}

pub fn answer(answer: &CoordinationAnswer) -> String {
    use CoordinationAnswer as A;
    match answer {
        A::SessionOpened { session } => format!("session {session}"),
        A::SessionClosed => "closed".into(),
        A::Alive { events } if events.is_empty() => "alive".into(),
        A::Alive { events } => format!("alive, {}", self::events(events)),
        A::Created { path, .. } => format!("created {path}"),
        A::Got { value, stat } => format!("{value} (version {})", stat.version),
        A::SetDone { stat } => format!("set (version {})", stat.version),
        A::Removed => "removed".into(),
        A::Existence { stat: None } => "absent".into(),
        A::Existence { stat: Some(stat) } => format!("there (version {})", stat.version),
        A::Listing { names, .. } => format!("[{}]", names.join(", ")),
        A::MultiDone { results } => {
            format!("all done: {}", results.iter().map(self::answer).collect::<Vec<_>>().join(", "))
        }
        A::Checked => "checked".into(),
        A::Synced { zxid } => format!("has change {zxid}"),
        A::Unwatched => "unwatched".into(),
    }
}

pub fn result(result: &Result<Answer, Refusal>) -> String {
    match result {
        Ok(Answer::Coordination(answer)) => self::answer(answer),
        Ok(other) => format!("{other:?}"),
        Err(refusal) => refusal.to_string(),
    }
}
