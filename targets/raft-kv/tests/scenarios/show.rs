//! Messages, as a person reads them.

use ordalia_node::{Answer, Refusal};
use ordalia_raft::message::{AppendResult, Entry, Message, Op, Outcome};
use ordalia_raft_kv::kv::{Command, Kv};

pub fn command(command: &Command) -> String {
    match command {
        Command::Write(key, value) => format!("write {key}={value}"),
        Command::Cas(key, from, to, _) => format!("cas {key} {from}->{to}"),
        Command::Delete(key) => format!("delete {key}"),
    }
}

pub fn entry(entry: &Entry<Command>) -> String {
    let what = entry.proposal.as_ref().map_or("no-op".to_owned(), |proposal| command(&proposal.command));
    format!("{what} (t{})", entry.term)
}

pub fn message(message: &Message<Kv>) -> String {
    match message {
        Message::Vote(vote) => {
            let kind = if vote.pre { "would-you-vote" } else { "vote" };
            let why = if vote.transfer { ", by transfer" } else { "" };
            format!("{kind} for t{}, log ends at {} (t{}){why}", vote.term, vote.last_index, vote.last_term)
        }
        Message::Voted(voted) => {
            let kind = if voted.pre { "would-vote" } else { "voted" };
            format!("{kind} {}, t{}", if voted.granted { "yes" } else { "no" }, voted.term)
        }
        Message::Append(append) => {
            let entries: Vec<_> = append.entries.iter().map(|one| entry(one)).collect();
            let (index, term) = (append.prev_index, append.prev_term);
            let list = entries.join(", ");
            format!("append t{} after {index} (t{term}): [{list}], commit {}", append.term, append.commit)
        }
        Message::Appended(appended) => match appended.result {
            AppendResult::Match(index) => format!("appended t{}: agree up to {index}", appended.term),
            AppendResult::Conflict { prev_index, conflict_term, conflict_index } => {
                let term = conflict_term.map_or("nothing there".to_owned(), |term| format!("t{term} there"));
                format!(
                    "appended t{}: conflict at {prev_index}, {term}, from {conflict_index}",
                    appended.term
                )
            }
            AppendResult::Stale => format!("appended t{}: your term is over", appended.term),
        },
        Message::Heartbeat(beat) => {
            format!(
                "heartbeat t{} round {}, commit {}",
                beat.term,
                beat.round,
                beat.commit.min(beat.match_index)
            )
        }
        Message::Heartbeated(beat) => format!("heartbeated t{} round {}", beat.term, beat.round),
        Message::Install(install) => {
            let done = if install.done { ", last" } else { "" };
            format!("install t{} snapshot {} from byte {}{done}", install.term, install.index, install.offset)
        }
        Message::Installed(installed) => {
            format!(
                "installed t{} snapshot {} up to byte {}",
                installed.term, installed.index, installed.offset
            )
        }
        Message::TimeoutNow(now) => format!("timeout-now t{}", now.term),
        Message::Forward(forward) => match &forward.op {
            Op::Command(what) => format!("forward #{} {}", forward.seq, command(what)),
            Op::Query(key) => format!("forward #{} read {key}", forward.seq),
            Op::Transfer(to) => format!("forward #{} transfer to {to:?}", forward.seq),
        },
        Message::Answers(answers) => {
            let one = |(seq, outcome): &(u64, Outcome<_>)| format!("#{seq} {outcome:?}");
            format!("answers {}", answers.list.iter().map(one).collect::<Vec<_>>().join(", "))
        }
    }
}

pub fn result(result: &Result<Answer, Refusal>) -> String {
    match result {
        Ok(answer) => format!("{answer:?}"),
        Err(refusal) => refusal.to_string(),
    }
}
