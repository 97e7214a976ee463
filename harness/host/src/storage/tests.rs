//! Crash points, torn writes and damage.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn open(path: &Path) -> Result<(Storage<Folder>, Recovered<u32>), StorageError> {
    Storage::open(Folder::open(path).unwrap())
}

fn persist<D: Disk>(storage: &mut Storage<D>, records: &[u32]) -> Result<(), StorageError> {
    for record in records {
        storage.stage(record)?;
    }
    storage.demand();
    storage.commit()
}

/// A log of `count` records, its bytes, and where each record begins.
fn log_of(path: &Path, count: u32) -> (Vec<u8>, Vec<usize>) {
    let (mut storage, _) = open(path).unwrap();
    let mut starts = Vec::new();
    for record in 0..count {
        starts.push(fs::read(path.join("log-0")).unwrap().len());
        persist(&mut storage, &[record * 1000]).unwrap();
    }
    (fs::read(path.join("log-0")).unwrap(), starts)
}

#[test]
fn each_commit_is_one_fsync_and_a_snapshot_four() {
    let folder = tempfile::tempdir().unwrap();
    let (mut storage, _) = open(folder.path()).unwrap();
    assert_eq!(storage.fsyncs(), 1, "the folder, for the name of the first log");
    persist(&mut storage, &[1, 2, 3]).unwrap();
    storage.commit().unwrap();
    assert_eq!(storage.fsyncs(), 2, "a commit of nothing is none");
    storage.stage_snapshot(b"state", &[4]).unwrap();
    storage.commit().unwrap();
    assert_eq!(storage.fsyncs(), 6, "log, snapshot, and the folder before and after the rename");
}

#[test]
fn a_log_cut_anywhere_gives_the_records_that_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, starts) = log_of(folder.path(), 5);
    for length in 0..=bytes.len() {
        fs::write(folder.path().join("log-0"), &bytes[..length]).unwrap();
        let (mut storage, recovered) = open(folder.path()).unwrap();
        let ends = starts[1..].iter().copied().chain([bytes.len()]);
        let whole = ends.filter(|end| *end <= length).count();
        let expected: Vec<u32> = (0..).map(|record| record * 1000).take(whole).collect();
        assert_eq!(recovered.records, expected, "cut to {length}");
        // What is written now must follow the last whole record.
        persist(&mut storage, &[7]).unwrap();
        let again = open(folder.path()).unwrap().1.records;
        assert_eq!(again, [&expected[..], &[7]].concat(), "cut to {length}");
    }
}

#[test]
fn every_flipped_bit_of_a_middle_record_is_an_error_that_names_file_and_offset() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, starts) = log_of(folder.path(), 5);
    for at in 0..starts[4] {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            fs::write(folder.path().join("log-0"), &damaged).unwrap();
            let Err(StorageError::Damaged { file, offset, .. }) = open(folder.path()) else {
                panic!("bit {bit} of byte {at} went unnoticed");
            };
            let start = starts.iter().rfind(|start| **start <= at).unwrap();
            assert_eq!(offset, *start as u64, "bit {bit} of byte {at}");
            assert!(file.ends_with("log-0"), "{file}");
            assert_eq!(fs::read(folder.path().join("log-0")).unwrap(), damaged, "damage is left as it is");
        }
    }
}

#[test]
fn a_last_record_with_a_wrong_checksum_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, starts) = log_of(folder.path(), 3);
    for at in starts[2]..bytes.len() {
        let mut torn = bytes.clone();
        torn[at] ^= 0x10;
        fs::write(folder.path().join("log-0"), &torn).unwrap();
        assert_eq!(open(folder.path()).unwrap().1.records, [0, 1000], "byte {at}");
    }
}

#[test]
fn a_whole_frame_that_is_no_record_of_this_node_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut storage = open(folder.path()).unwrap().0;
    storage.stage(&"text").unwrap();
    storage.demand();
    storage.commit().unwrap();
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("log-0 is damaged at offset 0: expected a record of this node"), "{error}");
}

/// A folder whose snapshot holds `b"state"`, followed by the records 4 and 5.
fn with_snapshot(path: &Path) -> Vec<u8> {
    let (mut storage, _) = open(path).unwrap();
    persist(&mut storage, &[1, 2, 3]).unwrap();
    storage.stage_snapshot(b"state", &[4_u32]).unwrap();
    storage.commit().unwrap();
    persist(&mut storage, &[5]).unwrap();
    fs::read(path.join("snapshot-1")).unwrap()
}

fn names(path: &Path) -> Vec<String> {
    let mut names = Folder::open(path).unwrap().list().unwrap();
    names.sort();
    names
}

#[test]
fn a_snapshot_replaces_what_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    with_snapshot(folder.path());
    assert_eq!(names(folder.path()), ["log-1", "snapshot-1"]);
    let recovered = open(folder.path()).unwrap().1;
    assert_eq!(recovered, Recovered { snapshot: Some(b"state".to_vec()), records: vec![4, 5] });
}

#[test]
fn records_before_a_snapshot_in_one_commit_are_replaced_and_later_ones_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (mut storage, _) = open(folder.path()).unwrap();
    storage.stage(&1_u32).unwrap();
    storage.stage_snapshot(b"", &[2_u32]).unwrap();
    storage.stage(&3_u32).unwrap();
    storage.demand();
    storage.stage(&4_u32).unwrap();
    storage.commit().unwrap();
    let recovered = open(folder.path()).unwrap().1;
    assert_eq!(recovered, Recovered { snapshot: Some(Vec::new()), records: vec![2, 3] });
    storage.demand();
    storage.commit().unwrap();
    assert_eq!(open(folder.path()).unwrap().1.records, [2, 3, 4]);
}

#[test]
fn a_damaged_or_cut_snapshot_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let whole = with_snapshot(folder.path());
    let path = folder.path().join("snapshot-1");
    let flipped = (0..whole.len()).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    });
    let cut = (0..whole.len()).map(|length| whole[..length].to_vec());
    let longer = [[&whole[..], b"x"].concat()];
    for bytes in flipped.chain(cut).chain(longer) {
        fs::write(&path, &bytes).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(matches!(error, StorageError::Damaged { offset: 0, .. }), "{bytes:?}: {error}");
    }
}

#[test]
fn a_missing_file_is_an_error_and_never_no_state() {
    for lost in ["log-1", "snapshot-1"] {
        let folder = tempfile::tempdir().unwrap();
        with_snapshot(folder.path());
        fs::remove_file(folder.path().join(lost)).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(matches!(error, StorageError::Missing { .. }), "without {lost}: {error}");
    }
}

/// A file: what it holds now, and what a power cut would leave of it.
#[derive(Clone, Default)]
struct Inode {
    now: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Clone)]
enum NameChange {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

type Names = BTreeMap<String, usize>;

fn change(names: &mut Names, change: &NameChange) {
    match change {
        NameChange::Create(name, inode) => drop(names.insert(name.clone(), *inode)),
        NameChange::Remove(name) => drop(names.remove(name)),
        NameChange::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
    }
}

/// A disk in memory that fails after a number of operations, and knows what could be left then.
#[derive(Clone, Default)]
struct Fragile {
    inodes: Vec<Inode>,
    synced_names: Names,
    /// Since the directory was last synced; a crash may keep any of these.
    changes: Vec<NameChange>,
    operations_left: usize,
}

impl Fragile {
    fn names(&self) -> Names {
        let mut names = self.synced_names.clone();
        self.changes.iter().for_each(|made| change(&mut names, made));
        names
    }

    fn inode(&mut self, file: &str) -> io::Result<&mut Inode> {
        let inode = *self.names().get(file).ok_or(io::ErrorKind::NotFound)?;
        Ok(&mut self.inodes[inode])
    }

    fn operate(&mut self) -> io::Result<()> {
        self.operations_left = self.operations_left.checked_sub(1).ok_or(io::ErrorKind::Other)?;
        Ok(())
    }

    fn change(&mut self, change: NameChange) -> io::Result<()> {
        self.operate()?;
        self.changes.push(change);
        Ok(())
    }

    /// Every disk that a crash at this point could leave behind.
    fn after_crash(&self) -> Vec<Fragile> {
        let kept = (0_u32..1 << self.changes.len()).flat_map(|kept| [(kept, false), (kept, true)]);
        let left = kept.map(|(kept, synced_only)| {
            let mut left = Fragile { operations_left: usize::MAX, ..self.clone() };
            let changes = left.changes.drain(..).enumerate().filter(|(at, _)| kept & 1 << at != 0);
            changes.for_each(|(_, made)| change(&mut left.synced_names, &made));
            for inode in left.inodes.iter_mut().filter(|_| synced_only) {
                inode.now = inode.synced.clone();
            }
            left
        });
        left.collect()
    }
}

impl Disk for &mut Fragile {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.names().into_keys().collect())
    }
    fn read(&mut self, file: &str) -> io::Result<Vec<u8>> {
        Ok(self.inode(file)?.now.clone())
    }
    fn create(&mut self, file: &str) -> io::Result<()> {
        self.inodes.push(Inode::default());
        let inode = self.inodes.len() - 1;
        self.change(NameChange::Create(file.into(), inode))
    }
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let ahead = self.operate();
        // The write that the crash interrupts is half done.
        let written = if ahead.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        self.inode(file)?.now.extend_from_slice(written);
        ahead
    }
    fn sync(&mut self, file: &str) -> io::Result<()> {
        self.operate()?;
        let inode = self.inode(file)?;
        inode.synced = inode.now.clone();
        Ok(())
    }
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        self.operate()?;
        self.inode(file)?.now.truncate(usize::try_from(length).unwrap());
        Ok(())
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.change(NameChange::Rename(from.into(), to.into()))
    }
    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.change(NameChange::Remove(file.into()))
    }
    fn sync_directory(&mut self) -> io::Result<()> {
        self.operate()?;
        let names = self.names();
        self.synced_names = names;
        self.changes.clear();
        Ok(())
    }
}

/// The state is a count: records are 0, 1, 2, …, and a snapshot says how many of them it holds.
/// Writes until the disk fails; how many were confirmed, and how many were attempted.
fn count_up(disk: &mut Fragile) -> (u32, u32) {
    let (mut confirmed, mut attempted) = (0, 0);
    let mut write = || -> Result<(), StorageError> {
        let (mut storage, _) = Storage::open::<u32>(&mut *disk)?;
        for round in 0..4 {
            attempted += 2;
            persist(&mut storage, &[attempted - 2, attempted - 1])?;
            confirmed = attempted;
            if round % 2 == 1 {
                // The last record stays in the log.
                storage.stage_snapshot(&[u8::try_from(attempted - 1).unwrap()], &[attempted - 1])?;
                storage.commit()?;
            }
        }
        Ok(())
    };
    let _ = write();
    (confirmed, attempted)
}

fn recovered_count(disk: &mut Fragile) -> u32 {
    let recovered = Storage::open::<u32>(disk).unwrap().1;
    let start = recovered.snapshot.map_or(0, |state| u32::from(state[0]));
    let count = start + u32::try_from(recovered.records.len()).unwrap();
    assert_eq!(recovered.records, (start..count).collect::<Vec<_>>());
    count
}

#[test]
fn a_crash_at_any_operation_loses_nothing_confirmed_and_invents_nothing() {
    let mut crashes = 0;
    for operations in 0.. {
        let mut disk = Fragile { operations_left: operations, ..Fragile::default() };
        let (confirmed, attempted) = count_up(&mut disk);
        if disk.operations_left > 0 {
            break;
        }
        for mut left in disk.after_crash() {
            let count = recovered_count(&mut left);
            assert!((confirmed..=attempted).contains(&count), "after {operations} operations: {count}");
            assert_eq!(recovered_count(&mut left), count, "recovery must bear repeating");
            crashes += 1;
        }
    }
    assert!(crashes > 50, "{crashes} crashes are too few to have covered two snapshots");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut disk = Fragile { operations_left: usize::MAX, ..Fragile::default() };
        (&mut disk).create("log-0").unwrap();
        (&mut disk).append("log-0", &bytes).unwrap();
        let _ = Storage::open::<u32>(&mut disk);
    }
}
