//! Who is meant, and when: roles and occasions, from what the nodes say of themselves.

use std::time::Duration;

use ordalia_schedule::{Injection, Occasion, Roles, TimedFault, is_new_leader};
use tokio::time::{Instant, sleep};

use super::Nemesis;
use crate::monitor::{Sightings, ask_all};
use crate::world::LOOK_AGAIN;

/// How long nodes may take to say who leads when a fault aims at the leader.
const ROLE_PATIENCE: Duration = Duration::from_millis(100);

impl Nemesis<'_> {
    /// The fault with its roles resolved, once it is time to begin it. An occasion, and a role that nobody
    /// has, is waited for until the fault's end.
    pub(super) async fn aim(&self, fault: &TimedFault, end: Instant) -> Option<Injection> {
        let injection = match fault.upon {
            None => match fault.fault.resolve(&Roles::default(), &self.world.nodes) {
                Some(injection) => injection,
                None => self.look_until(end, |seen| self.resolve(fault, seen)).await?,
            },
            Some(Occasion::NewLeader) => {
                let before = self.look().await.leader();
                self.look_until(end, |seen| {
                    let elected = seen.leader().is_some_and(|leader| is_new_leader(before, leader));
                    if elected { self.resolve(fault, seen) } else { None }
                })
                .await?
            }
            Some(occasion) => {
                self.look_until(end, |seen| {
                    let roles = Roles { witness: Some(seen.witness(occasion)?), ..seen.roles() };
                    fault.fault.resolve(&roles, &self.world.nodes)
                })
                .await?
            }
        };
        let hold = Duration::from_millis(fault.hold_ms);
        let begin = Instant::now() + hold;
        let over = !hold.is_zero() && (begin >= end || self.stopped_before(begin).await);
        (!over).then_some(injection)
    }

    fn resolve(&self, fault: &TimedFault, seen: &Sightings) -> Option<Injection> {
        fault.fault.resolve(&seen.roles(), &self.world.nodes)
    }

    /// Looks at the nodes until something is found, the time is over or the nemesis is stopped.
    async fn look_until<T>(&self, end: Instant, find: impl Fn(&Sightings) -> Option<T>) -> Option<T> {
        while Instant::now() < end && !*self.stop.borrow() {
            if let Some(found) = find(&self.look().await) {
                return Some(found);
            }
            sleep(LOOK_AGAIN).await;
        }
        None
    }

    async fn look(&self) -> Sightings {
        let fresh = Sightings::default();
        for (node, report) in ask_all(self.world.target, &self.world.electing, ROLE_PATIENCE).await {
            fresh.see(node, report.map(|report| report.status));
        }
        fresh
    }
}
