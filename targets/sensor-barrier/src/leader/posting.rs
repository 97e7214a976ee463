//! Posting a mean: once, and once again if that failed.
//!
//! A post cannot be fenced. So none is begun while the session is suspended: until then nobody else was in office.
//! One that is under way when the office ends may still arrive; its id says which round it is of.

use std::time::Duration;

use ordalia_node::{ActKind, PostError, Value};
use serde_json::json;

use super::mean::Mean;
use crate::bugs::Bug;
use crate::sensor::{Cx, LEADER};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is tried.
const ATTEMPTS: u32 = 2;

/// A mean on its way.
#[derive(Debug)]
pub(super) struct Posting {
    mean: Mean,
    epoch: u64,
    attempt: u32,
    /// The number of the post that is unanswered; `None` while it may not be sent.
    call: Option<u64>,
}

/// It arrived, or was given up.
#[derive(Debug)]
pub(super) struct Posted {
    pub mean: Mean,
}

impl Posting {
    /// Posts it, or does so once the session allows it.
    pub fn begin(mean: Mean, epoch: u64, posts: &mut u64, cx: &mut Cx<'_>) -> Self {
        let mut posting = Self { mean, epoch, attempt: 1, call: None };
        posting.go_on(posts, cx);
        posting
    }

    /// Sends what is to be sent.
    pub fn go_on(&mut self, posts: &mut u64, cx: &mut Cx<'_>) {
        let may_post = cx.session.is_live() || cx.has(Bug::TwoLeaders);
        if self.call.is_some() || !may_post {
            return;
        }
        *posts += 1;
        self.call = Some(*posts);
        let act = self.act(cx);
        cx.act(LEADER, ActKind::Invoke, "post", act);
        let body = json!({
            "round": self.mean.round, "mean": self.mean.mean(), "epoch": self.epoch,
            "sensor": cx.name, "id": self.id(cx),
        });
        cx.out.post(*posts, cx.config.api_url(), body, PATIENCE);
    }

    fn id(&self, cx: &Cx<'_>) -> String {
        if cx.has(Bug::DoublePost) {
            return format!("{}-{}-{}", self.mean.round, self.epoch, self.attempt);
        }
        self.mean.id()
    }

    fn act(&self, cx: &Cx<'_>) -> Value {
        json!({
            "sensor": cx.name, "epoch": self.epoch, "round": self.mean.round, "mean": self.mean.mean(),
            "values": self.mean.readings(), "attempt": self.attempt,
        })
    }

    /// What came of it. The API's word is that an error it answers means that nothing was recorded.
    pub fn on_posted(
        &mut self,
        call: u64,
        outcome: &Result<u16, PostError>,
        posts: &mut u64,
        cx: &mut Cx<'_>,
    ) -> Option<Posted> {
        if self.call != Some(call) {
            return None;
        }
        let mut act = self.act(cx);
        let is_accepted = matches!(outcome, Ok(200..=299));
        match outcome {
            Ok(status) => {
                act["status"] = Value::from(*status);
                if is_accepted {
                    cx.act(LEADER, ActKind::Ok, "post", act);
                } else {
                    let text = format!("the API answered {status}");
                    cx.fault(LEADER, ActKind::Fail, "post", act, ("status", &text));
                }
            }
            Err(error) => {
                let kind = if error.definite { ActKind::Fail } else { ActKind::Info };
                cx.fault(LEADER, kind, "post", act, ("no-answer", &error.text));
            }
        }
        if !is_accepted && self.attempt < ATTEMPTS {
            self.attempt += 1;
            self.call = None;
            self.go_on(posts, cx);
            return None;
        }
        Some(Posted { mean: self.mean.clone() })
    }

    /// The office ended.
    pub fn give_up(&self, cx: &mut Cx<'_>) {
        if self.call.is_some() {
            let act = self.act(cx);
            cx.fault(LEADER, ActKind::Info, "post", act, ("deposed", "the office ended before the answer"));
        }
    }
}
