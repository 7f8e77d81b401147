//! The server's folder in the temporary one: it has a folder a room, for Unix sockets, and goes with the server. What a
//! killed server has left behind is removed by the next one.

use std::{
    fs::{self, DirEntry, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;

use crate::network::Folder;

/// What the folders' names begin with.
const STEM: &str = "socketscope-";

/// A room's folder has a name as long as this.
const ROOM: &str = "abcdef";

/// The file in it that its server keeps locked. The kernel unlocks it however the server ends.
const LOCK: &str = "lock";

/// The folder of this server.
pub(crate) struct Folders {
    path: PathBuf,
    _lock: File,
}

impl Folders {
    /// Makes a folder below `parent`, and removes those that no server has any more.
    pub(crate) fn new(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        let mut tail = [0; 4];
        getrandom::fill(&mut tail).map_err(io::Error::other)?;
        let name = format!("{STEM}{:08x}", u32::from_ne_bytes(tail));
        // Better now than with each room.
        Folder::check(&parent.join(&name).join(ROOM))?;
        // It gets its name when it is locked: nobody who sweeps can find it before.
        let unnamed = parent.join(format!(".{name}"));
        fs::DirBuilder::new().mode(0o700).create(&unnamed)?;
        let lock = File::create(unnamed.join(LOCK))?;
        lock.try_lock()?;
        let path = parent.join(name);
        fs::rename(unnamed, &path)?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(folder = %self.path.display(), %error, "the sockets' folder stays behind");
        }
    }
}

/// Removes the folders below `parent` whose servers are gone.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten().filter(is_ours) {
        let folder = entry.path();
        // Whoever gets the lock finds its owner gone. One without a lock is not of this kind.
        let gone = File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if gone {
            match fs::remove_dir_all(&folder) {
                Ok(()) => {
                    tracing::info!(folder = %folder.display(), "removed what a killed server left")
                }
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), %error, "what a killed server left stays")
                }
            }
        }
    }
}

/// Whether it is a folder that this user's servers may have made; others could put anything there.
fn is_ours(entry: &DirEntry) -> bool {
    let named = entry.file_name().to_str().is_some_and(|name| name.starts_with(STEM));
    let own = || entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == geteuid().as_raw());
    named && own()
}
