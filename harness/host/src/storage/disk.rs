//! The seam between the storage format and the file system.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// One folder of files, as [`Storage`](super::Storage) uses it.
///
/// Everything that the storage does to files goes through these operations, so that a disk that is
/// full, slow, or loses what was not synced is a wrapper around another one.
pub trait Disk: Send {
    /// The names of all files, in any order.
    ///
    /// # Errors
    /// Those of the file system, as for every operation here.
    fn list(&mut self) -> io::Result<Vec<String>>;
    /// All that a file holds.
    ///
    /// # Errors
    /// Those of the file system.
    fn read(&mut self, file: &str) -> io::Result<Vec<u8>>;
    /// Makes an empty file, in place of one that is there.
    ///
    /// # Errors
    /// Those of the file system.
    fn create(&mut self, file: &str) -> io::Result<()>;
    /// Writes all bytes at the end of a file that exists. They survive a crash after the next
    /// [`sync`](Disk::sync); after an error any part of them may have been written.
    ///
    /// # Errors
    /// Those of the file system.
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes what a file holds durable.
    ///
    /// # Errors
    /// Those of the file system. Nothing is known of the file's durable content afterwards.
    fn sync(&mut self, file: &str) -> io::Result<()>;
    /// Cuts a file to a length in bytes.
    ///
    /// # Errors
    /// Those of the file system.
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()>;
    /// Gives a file another name, atomically, in place of a file that has it.
    ///
    /// # Errors
    /// Those of the file system.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// Those of the file system.
    fn remove(&mut self, file: &str) -> io::Result<()>;
    /// Makes the creation, renaming and removal of files durable.
    ///
    /// # Errors
    /// Those of the file system.
    fn sync_directory(&mut self) -> io::Result<()>;
    /// A file's name for a person, for messages.
    fn describe(&self, file: &str) -> String {
        file.to_owned()
    }
}

/// A folder of the real file system.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The file appended to last stays open, because that is nearly always the log.
    open: Option<(String, File)>,
}

impl Folder {
    /// The folder at that path, created where it is absent.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), open: None })
    }

    /// The file, open for appending.
    fn file(&mut self, name: &str) -> io::Result<&mut File> {
        let kept = self.open.take().filter(|(open, _)| open == name);
        let entry = match kept {
            Some(entry) => entry,
            None => (name.to_owned(), OpenOptions::new().append(true).open(self.path.join(name))?),
        };
        Ok(&mut self.open.insert(entry).1)
    }
}

impl Disk for Folder {
    fn list(&mut self) -> io::Result<Vec<String>> {
        let names = std::fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name()));
        // A name that is no text is none of ours.
        let names = names.filter_map(|name| name.map(|name| name.into_string().ok()).transpose());
        names.collect()
    }

    fn read(&mut self, file: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.path.join(file))
    }

    fn create(&mut self, file: &str) -> io::Result<()> {
        self.open = None;
        File::create(self.path.join(file)).map(drop)
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.file(file)?.write_all(bytes)
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        self.file(file)?.sync_data()
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        self.file(file)?.set_len(length)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.open = None;
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.open = self.open.take().filter(|(open, _)| open != file);
        std::fs::remove_file(self.path.join(file))
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn describe(&self, file: &str) -> String {
        self.path.join(file).display().to_string()
    }
}
