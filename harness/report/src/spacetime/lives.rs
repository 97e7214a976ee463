//! The lives of nodes: when each was up, down or stopped, and which role and term it told of.

use super::story::{Mark, Story};

/// How a node was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Down,
    Up,
    Paused,
}

/// A span of a node's life in which nothing of this changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub lane: usize,
    pub start: i64,
    pub end: i64,
    pub condition: Condition,
    /// `leader`, from `become-leader`; empty if it told of none since it started.
    pub role: String,
    /// The term that it told of last; absent if it told of none since it started.
    pub term: Option<u64>,
}

/// The spans of all nodes, by lane and in time order, from the first to the last time of the story.
pub(super) fn lives(story: &Story) -> Vec<Span> {
    let begin = story.moments.first().map_or(0, |moment| moment.at);
    let fresh = |lane| Span {
        lane,
        start: begin,
        end: story.end,
        condition: Condition::Down,
        role: String::new(),
        term: None,
    };
    let mut current: Vec<Span> = (0..story.lanes.nodes()).map(fresh).collect();
    let mut spans = Vec::new();
    for (moment, step) in story.moments.iter().zip(&story.steps) {
        let Some(span) = current.get_mut(step.lane) else { continue };
        let next = after(span, moment.mark, &moment.text);
        if (next.condition, &next.role, next.term) != (span.condition, &span.role, span.term) {
            let ended = std::mem::replace(span, Span { start: moment.at, ..next });
            spans.push(Span { end: moment.at, ..ended });
        }
    }
    spans.extend(current);
    spans.retain(|span| span.end > span.start);
    spans.sort_by_key(|span| (span.lane, span.start));
    spans
}

/// The span as an event leaves it.
fn after(span: &Span, mark: Mark, text: &str) -> Span {
    let mut next = span.clone();
    match mark {
        Mark::Up | Mark::Down => {
            next.condition = if mark == Mark::Up { Condition::Up } else { Condition::Down };
            (next.role, next.term) = (String::new(), None);
        }
        Mark::Paused => next.condition = Condition::Paused,
        Mark::Resumed => next.condition = Condition::Up,
        Mark::Told => {
            if let Some(role) = text.split(' ').next().and_then(|event| event.strip_prefix("become-")) {
                role.clone_into(&mut next.role);
                next.term = term(text).or(span.term);
            }
        }
        _ => {}
    }
    next
}

/// The number after the word `term`.
fn term(text: &str) -> Option<u64> {
    let mut words = text.split([' ', ',', ':', ';']).filter(|word| !word.is_empty());
    words.find(|word| *word == "term")?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_record::TraceEvent;
    use serde_json::json;

    #[test]
    fn spans_follow_conditions_roles_and_terms() {
        let told = |at: u64, event: &str, detail: &str| json!({"at": at, "what": "told", "node": "n1", "event": event, "detail": detail});
        let trace: Vec<TraceEvent> = serde_json::from_value(json!([
            {"at": 0, "what": "up", "node": "n2"},
            {"at": 10, "what": "up", "node": "n1"},
            told(20, "become-candidate", "term 3"),
            told(30, "become-leader", "term 3 from index 7"),
            told(35, "append", "4 opens term 9"),
            {"at": 40, "what": "paused", "node": "n1"},
            {"at": 50, "what": "resumed", "node": "n1"},
            told(60, "become-follower", "of n2, term 4"),
            {"at": 70, "what": "down", "node": "n1", "why": "killed"},
            {"at": 90, "what": "timer", "node": "n2", "timer": "Election"},
        ]))
        .unwrap();
        let spans = lives(&Story::of(&trace, &[], 0));
        let shown: Vec<_> =
            spans.iter().map(|s| (s.lane, s.start, s.end, s.condition, s.role.as_str(), s.term)).collect();
        let (down, up, paused) = (Condition::Down, Condition::Up, Condition::Paused);
        assert_eq!(
            shown,
            [
                (0, 0, 10, down, "", None),
                (0, 10, 20, up, "", None),
                (0, 20, 30, up, "candidate", Some(3)),
                (0, 30, 40, up, "leader", Some(3)),
                (0, 40, 50, paused, "leader", Some(3)),
                (0, 50, 60, up, "leader", Some(3)),
                (0, 60, 70, up, "follower", Some(4)),
                (0, 70, 90, down, "", None),
                (1, 0, 90, up, "", None),
            ]
        );
    }
}
