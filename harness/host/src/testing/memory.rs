//! A disk in memory that knows what is durable, and fails at a point of one's choice.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use super::{Journal, Raw, lock};
use crate::storage::Disk;

/// The files that a crash would leave, by name.
pub(super) type Image = BTreeMap<String, Vec<u8>>;

/// How an operation is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// It was not begun.
    Before,
    /// An append is written in part; anything else was not begun.
    Half,
    /// It was done, but nobody is told.
    After,
}

const CUTS: [Cut; 3] = [Cut::Before, Cut::Half, Cut::After];

#[derive(Debug, Default)]
struct Inode {
    written: Vec<u8>,
    synced: Vec<u8>,
}

/// What is to go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doom {
    #[default]
    None,
    /// After so many points at which an operation can be cut short; whether the page cache is lost too.
    Due { points: u32, power: bool },
    /// It went wrong: nothing works any more.
    Failed { power: bool },
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    doom: Doom,
    /// Since the doom was set, something was made durable.
    came_through: bool,
    /// A file has another name, and that is not durable yet.
    renamed: bool,
}

/// The disk. Clones are the same disk.
#[derive(Debug)]
pub(super) struct MemoryDisk<M> {
    state: Arc<Mutex<State>>,
    journal: Journal<M>,
}

impl<M> Clone for MemoryDisk<M> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), journal: Arc::clone(&self.journal) }
    }
}

impl<M> MemoryDisk<M> {
    pub(super) fn new(journal: Journal<M>) -> Self {
        Self { state: Arc::default(), journal }
    }

    /// A disk with those files.
    pub(super) fn holding(image: Image) -> Self {
        let disk = Self::new(Journal::default());
        let mut state = lock(&disk.state);
        for (name, synced) in image {
            let inode = state.inodes.len();
            state.names.insert(name, inode);
            state.inodes.push(Inode { written: synced.clone(), synced });
        }
        state.durable_names = state.names.clone();
        drop(state);
        disk
    }

    /// What a crash that loses the page cache would leave.
    pub(super) fn image(&self) -> Image {
        lock(&self.state).image()
    }

    /// See [`Bench::doom`](super::Bench::doom).
    pub(super) fn doom(&self, number: u32) {
        let mut state = lock(&self.state);
        state.doom = Doom::Due { points: number / 2, power: number % 2 == 1 };
        state.came_through = false;
    }

    /// Whether a doom has come, or a write has come through in spite of it.
    pub(super) fn is_spent(&self) -> bool {
        let state = lock(&self.state);
        matches!(state.doom, Doom::Failed { .. }) || state.doom != Doom::None && state.came_through
    }

    /// The process ends, and what was not synced is lost if the power failed.
    pub(super) fn crash(&self) {
        let state = &mut *lock(&self.state);
        let power = matches!(state.doom, Doom::Failed { power: true });
        state.doom = Doom::None;
        if power {
            state.names = state.durable_names.clone();
            state.inodes.iter_mut().for_each(|inode| inode.written = inode.synced.clone());
        }
    }

    /// A new process finds everything that survived, and it is durable by then.
    pub(super) fn open(&self) {
        let state = &mut *lock(&self.state);
        state.durable_names = state.names.clone();
        state.inodes.iter_mut().for_each(|inode| inode.synced = inode.written.clone());
    }

    /// Flips a bit in the first half of the log, or of the snapshot if the log is empty.
    pub(super) fn damage(&self) -> bool {
        let state = &mut *lock(&self.state);
        // The log's name comes first.
        for inode in state.names.values() {
            let Some(Inode { written, .. }) = state.inodes.get_mut(*inode) else { continue };
            let middle = written.len() / 4;
            if let Some(byte) = written.get_mut(middle) {
                *byte ^= 1;
                return true;
            }
        }
        false
    }

    /// Does an operation, or cuts it short.
    fn operate(&self, deed: impl FnOnce(&mut State, Option<Cut>) -> io::Result<()>) -> io::Result<()> {
        let mut state = lock(&self.state);
        let gone = || io::Error::other("the disk is gone");
        match state.doom {
            Doom::Failed { .. } => Err(gone()),
            Doom::Due { points, power } => match CUTS.get(points as usize) {
                Some(cut) => {
                    state.doom = Doom::Failed { power };
                    deed(&mut state, Some(*cut)).and(Err(gone()))
                }
                None => {
                    state.doom = Doom::Due { points: points - CUTS.len() as u32, power };
                    deed(&mut state, None)
                }
            },
            Doom::None => deed(&mut state, None),
        }
    }

    /// As [`operate`](Self::operate), for what is done wholly or not at all.
    fn whole(&self, deed: impl FnOnce(&mut State) -> io::Result<()>) -> io::Result<()> {
        self.operate(|state, cut| if matches!(cut, None | Some(Cut::After)) { deed(state) } else { Ok(()) })
    }

    /// Something was written and is durable now. Files that were made empty or cut do not count.
    fn note_durable(&self, state: &mut State) {
        state.came_through = true;
        lock(&self.journal).push(Raw::Durable(state.image()));
    }
}

impl State {
    fn image(&self) -> Image {
        let synced = |(name, inode): (&String, &usize)| (name.clone(), self.inodes[*inode].synced.clone());
        self.durable_names.iter().map(synced).collect()
    }

    fn inode(&mut self, file: &str) -> io::Result<&mut Inode> {
        let inode = self.names.get(file).and_then(|inode| self.inodes.get_mut(*inode));
        inode.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl<M: Send> Disk for MemoryDisk<M> {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(lock(&self.state).names.keys().cloned().collect())
    }

    fn read(&mut self, file: &str) -> io::Result<Vec<u8>> {
        lock(&self.state).inode(file).map(|inode| inode.written.clone())
    }

    fn create(&mut self, file: &str) -> io::Result<()> {
        self.whole(|state| {
            state.names.insert(file.to_owned(), state.inodes.len());
            state.inodes.push(Inode::default());
            Ok(())
        })
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.operate(|state, cut| {
            let length = match cut {
                Some(Cut::Before) => 0,
                Some(Cut::Half) => bytes.len() / 2,
                Some(Cut::After) | None => bytes.len(),
            };
            state.inode(file)?.written.extend_from_slice(&bytes[..length]);
            Ok(())
        })
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        self.whole(|state| {
            let inode = state.inode(file)?;
            let grown = inode.written.len() > inode.synced.len();
            inode.synced.clone_from(&inode.written);
            if grown {
                self.note_durable(state);
            }
            Ok(())
        })
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        self.whole(|state| {
            state.inode(file)?.written.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            Ok(())
        })
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.whole(|state| {
            let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.names.insert(to.to_owned(), inode);
            state.renamed = true;
            Ok(())
        })
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.whole(|state| state.names.remove(file).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        self.whole(|state| {
            state.durable_names = state.names.clone();
            if std::mem::take(&mut state.renamed) {
                self.note_durable(state);
            }
            Ok(())
        })
    }
}
