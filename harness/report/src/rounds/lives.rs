//! When a sensor was down or without a session, and when it acted as leader.

use std::collections::BTreeMap;

/// What is known of one sensor's life: times in nanoseconds since the start of the load.
#[derive(Clone, Debug, Default)]
pub(super) struct Diary {
    /// The begin of everything that it did.
    pub signs: Vec<u64>,
    /// The ends of its lives, where something was cut off.
    pub crashes: Vec<u64>,
    /// Sessions opened (true) and expired.
    pub sessions: Vec<(u64, bool)>,
    /// Epochs that it began to lead, and ended (true) to lead.
    pub leads: Vec<(u64, u64, bool)>,
    /// What it did as leader of an epoch: time and epoch.
    pub acts: Vec<(u64, u64)>,
}

impl Diary {
    /// Brings all entries into time order.
    pub(super) fn sort(&mut self) {
        self.signs.sort_unstable();
        self.crashes.sort_unstable();
        self.crashes.dedup();
        self.sessions.sort_by_key(|(at, _)| *at);
        self.leads.sort_by_key(|(at, ..)| *at);
        self.acts.sort_unstable();
    }

    /// The first crash after a time.
    fn crash_after(&self, at: u64) -> Option<u64> {
        self.crashes.get(self.crashes.partition_point(|crash| *crash <= at)).copied()
    }
}

/// Why a sensor took no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AbsenceKind {
    /// From the end of a life to the next act.
    Down,
    /// From the expiry of a session to the next one.
    NoSession,
}

/// A span in which a sensor took no part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Absence {
    pub kind: AbsenceKind,
    pub start_ns: u64,
    pub end_ns: u64,
}

/// A span in which a sensor acted as leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tenure {
    /// The position of the sensor.
    pub sensor: usize,
    pub epoch: u64,
    pub start_ns: u64,
    pub end_ns: u64,
}

/// The absences of a sensor, by their begin. The diary is in time order.
pub(super) fn absences(diary: &Diary, end_ns: u64) -> Vec<Absence> {
    let mut found = Vec::new();
    for &start_ns in &diary.crashes {
        let next = diary.signs.partition_point(|sign| *sign <= start_ns);
        let end_ns = diary.signs.get(next).copied().unwrap_or(end_ns);
        found.push(Absence { kind: AbsenceKind::Down, start_ns, end_ns });
    }
    for (at, &(start_ns, open)) in diary.sessions.iter().enumerate() {
        if open {
            continue;
        }
        let next = diary.sessions.get(at + 1).map_or(end_ns, |(time, _)| *time);
        let end_ns = diary.crash_after(start_ns).map_or(next, |crash| crash.min(next));
        found.push(Absence { kind: AbsenceKind::NoSession, start_ns, end_ns });
    }
    found.sort_by_key(|absence| absence.start_ns);
    found
}

/// The spans in which a sensor led. One without an end of its own lasts until the sensor's life, its next session or
/// its next epoch shows that it is over, but at least to the last thing that it did as leader of that epoch: a leader
/// that acts on after its session is what the picture is for.
pub(super) fn tenures(sensor: usize, diary: &Diary, end_ns: u64) -> Vec<Tenure> {
    // The last act of each epoch; the acts are in time order.
    let acted: BTreeMap<u64, u64> = diary.acts.iter().map(|(time, epoch)| (*epoch, *time)).collect();
    let opened: Vec<u64> = diary.sessions.iter().filter(|(_, open)| *open).map(|(time, _)| *time).collect();
    let begins = diary.leads.iter().enumerate().filter(|(_, (.., ended))| !ended);
    let tenure = |(at, &(start_ns, epoch, _)): (usize, &(u64, u64, bool))| {
        let told = diary.leads.get(at + 1).map(|(time, ..)| *time);
        let opened = opened.get(opened.partition_point(|time| *time <= start_ns)).copied();
        let over = [told, opened, diary.crash_after(start_ns)].into_iter().flatten().min().unwrap_or(end_ns);
        let acted = acted.get(&epoch).copied().unwrap_or(start_ns);
        Tenure { sensor, epoch, start_ns, end_ns: over.max(acted) }
    };
    begins.map(tenure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diary() -> Diary {
        Diary {
            signs: vec![0, 10, 40, 70, 90],
            crashes: vec![25],
            sessions: vec![(0, true), (41, true), (60, false), (75, true)],
            leads: vec![(10, 1, false), (50, 3, false), (80, 3, true)],
            acts: vec![(15, 1), (70, 3)],
        }
    }

    #[test]
    fn a_sensor_is_down_until_its_next_act_and_without_session_until_the_next() {
        let found = absences(&diary(), 100);
        assert_eq!(
            found,
            [
                Absence { kind: AbsenceKind::Down, start_ns: 25, end_ns: 40 },
                Absence { kind: AbsenceKind::NoSession, start_ns: 60, end_ns: 75 },
            ]
        );
        let last = Diary { crashes: vec![95], ..diary() };
        assert_eq!(absences(&last, 100)[1].end_ns, 100);
    }

    #[test]
    fn a_tenure_ends_with_the_life_the_session_or_the_last_act_of_its_epoch() {
        let found = tenures(2, &diary(), 100);
        assert_eq!(found[0], Tenure { sensor: 2, epoch: 1, start_ns: 10, end_ns: 25 });
        // A new session at 75 would end it, and nothing was done after that.
        assert_eq!(found[1], Tenure { sensor: 2, epoch: 3, start_ns: 50, end_ns: 75 });
        let stale = Diary { acts: vec![(78, 3)], ..diary() };
        assert_eq!(tenures(2, &stale, 100)[1].end_ns, 78);
    }
}
