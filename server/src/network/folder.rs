//! A room's folder for its Unix sockets: made with the room, gone with it.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use socketscope_protocol::limits::UNIX_NAME_BYTES;

/// Bytes of a Unix socket's path, its ending NUL included (unix(7)).
const SUN_PATH_BYTES: usize = 108;

/// The folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes the room's folder, which must not be there yet, below `parent`.
    pub(crate) fn new(parent: &Path, room: &str) -> io::Result<Self> {
        let folder = parent.join(room);
        Self::check(&folder)?;
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// Whether a Unix socket in `folder` can have any name that it may have.
    pub(crate) fn check(folder: &Path) -> io::Result<()> {
        if folder.as_os_str().len() + 1 + UNIX_NAME_BYTES < SUN_PATH_BYTES {
            return Ok(());
        }
        let why = format!(
            "{} is too long a path for Unix sockets: set TMPDIR to a shorter one",
            folder.display()
        );
        Err(io::Error::new(ErrorKind::InvalidFilename, why))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(folder = %self.0.display(), %error, "a room's folder stays behind");
        }
    }
}
