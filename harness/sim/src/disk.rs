//! A node's disk: what of its writes survives.

use ordalia_node::Recovered;

use crate::dice::Dice;

/// Durable records, and those that are not durable yet. Records are kept as typed values: what a file's
/// checksums make of a torn or damaged record is known, and is what happens here.
#[derive(Clone, Debug)]
pub(crate) struct Disk<R> {
    snapshot: Option<Vec<u8>>,
    records: Vec<R>,
    /// Not durable yet, in order.
    staged: Vec<R>,
    /// How many of `staged` must become durable with the next commit.
    demanded: usize,
    /// A state that replaces everything before `staged` with the next commit.
    staged_snapshot: Option<Vec<u8>>,
    /// A bit flipped in what is stored: the next start must find it.
    damaged: bool,
    /// How often something became durable.
    commits: u64,
}

impl<R> Default for Disk<R> {
    fn default() -> Self {
        Self {
            snapshot: None,
            records: Vec::new(),
            staged: Vec::new(),
            demanded: 0,
            staged_snapshot: None,
            damaged: false,
            commits: 0,
        }
    }
}

impl<R: Clone> Disk<R> {
    pub(crate) fn write_behind(&mut self, record: R) {
        self.staged.push(record);
    }

    pub(crate) fn persist(&mut self, record: R) {
        self.staged.push(record);
        self.demanded = self.staged.len();
    }

    pub(crate) fn replace(&mut self, state: Vec<u8>, records: Vec<R>) {
        self.staged_snapshot = Some(state);
        self.staged = records;
        self.demanded = self.staged.len();
    }

    /// Whether something waits for a commit.
    pub(crate) fn is_demanded(&self) -> bool {
        self.demanded > 0 || self.staged_snapshot.is_some()
    }

    /// What was demanded is durable now.
    pub(crate) fn commit(&mut self) {
        self.commits += 1;
        if let Some(state) = self.staged_snapshot.take() {
            self.snapshot = Some(state);
            self.records.clear();
        }
        self.records.extend(self.staged.drain(..self.demanded));
        self.demanded = 0;
    }

    /// The process ends. A write under way may have come through in part: its first records are whole, the
    /// one after them is torn and is cut off at the next start. A snapshot comes through whole or not at all.
    pub(crate) fn crash(&mut self, writing: bool, dice: &mut Dice) {
        if writing && self.staged_snapshot.is_some() {
            if dice.chance(0.5) {
                self.commit();
            }
        } else if writing {
            let whole = dice.up_to(self.demanded as u64) as usize;
            self.records.extend(self.staged.drain(..whole));
        }
        self.staged.clear();
        self.staged_snapshot = None;
        self.demanded = 0;
    }

    /// A write fails for want of room, and the process ends of it. Records are whole as far as the room went, as
    /// after a crash; of a snapshot, which is written beside the old one, nothing is.
    pub(crate) fn overflow(&mut self, dice: &mut Dice) {
        self.crash(self.staged_snapshot.is_none(), dice);
    }

    /// How often something became durable: a commit is one fsync.
    pub(crate) fn commits(&self) -> u64 {
        self.commits
    }

    /// Flips a bit; false if there is nothing stored to damage.
    pub(crate) fn damage(&mut self) -> bool {
        self.damaged |= self.snapshot.is_some() || !self.records.is_empty();
        self.damaged
    }

    /// Whether no start will come through any more.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// What a start finds; `None` if it is damaged, which checksums show.
    pub(crate) fn recover(&self) -> Option<Recovered<R>> {
        (!self.damaged).then(|| Recovered { snapshot: self.snapshot.clone(), records: self.records.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Purpose;

    fn records(disk: &Disk<u32>) -> Vec<u32> {
        disk.recover().unwrap().records
    }

    #[test]
    fn what_was_not_demanded_is_lost() {
        let mut dice = Dice::new(1, Purpose::Disk);
        let mut disk = Disk::default();
        disk.persist(1);
        disk.write_behind(2);
        disk.commit();
        disk.crash(false, &mut dice);
        assert_eq!(records(&disk), [1]);
    }

    #[test]
    fn a_write_under_way_comes_through_in_part_and_in_order() {
        let mut dice = Dice::new(1, Purpose::Disk);
        let mut survived = [0; 4];
        for _ in 0..200 {
            let mut disk = Disk::default();
            (1..=3).for_each(|record| disk.persist(record));
            disk.write_behind(4);
            disk.crash(true, &mut dice);
            let records = records(&disk);
            assert_eq!(records, (1..=records.len() as u32).collect::<Vec<_>>());
            survived[records.len()] += 1;
        }
        assert!(survived.iter().all(|count| *count > 10), "{survived:?}");
    }

    #[test]
    fn a_snapshot_replaces_all_or_nothing() {
        let mut dice = Dice::new(1, Purpose::Disk);
        let mut kept = [0; 2];
        for _ in 0..100 {
            let mut disk = Disk::default();
            disk.persist(1);
            disk.commit();
            disk.replace(vec![7], vec![2]);
            disk.crash(true, &mut dice);
            let found = disk.recover().unwrap();
            match found.snapshot {
                None => assert_eq!(found.records, [1]),
                Some(_) => assert_eq!(found.records, [2]),
            }
            kept[usize::from(found.snapshot.is_some())] += 1;
        }
        assert!(kept.iter().all(|count| *count > 10), "{kept:?}");
    }

    #[test]
    fn a_full_disk_takes_records_in_part_and_no_snapshot() {
        let mut dice = Dice::new(1, Purpose::Disk);
        let mut survived = [0; 3];
        for _ in 0..200 {
            let mut disk = Disk::default();
            disk.persist(1);
            disk.persist(2);
            disk.overflow(&mut dice);
            assert!(!disk.is_demanded());
            survived[records(&disk).len()] += 1;
            disk.replace(vec![7], vec![3]);
            disk.overflow(&mut dice);
            assert_eq!(disk.recover().unwrap().snapshot, None);
        }
        assert!(survived.iter().all(|count| *count > 20), "{survived:?}");
    }

    #[test]
    fn damage_is_found() {
        let mut disk = Disk::default();
        assert!(!disk.damage(), "there was nothing to damage");
        disk.persist(1);
        disk.commit();
        assert!(disk.damage() && disk.recover().is_none());
    }
}
