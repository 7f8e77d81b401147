//! The Python that runs lessons: found once, and asked whether it will do.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rust_embed::RustEmbed;

use crate::told::{Told, sentence, told};

/// What stands around each program: `cargo xtask observer` leaves it there.
#[derive(RustEmbed)]
#[folder = "../target/observer"]
#[allow_missing = true]
struct Observer;

/// The file of it that Python is started with.
const BEGINNING: &str = "observer.py";

/// Whether a Python, started in the observer's folder, can load the rest of it.
const LOADS: &str = "import socketscope_observer";

/// Whether it has what the observer needs (the part of Python's interface that the extension is built for is of 3.10), and
/// where it is: `python3` may be a script that looks for the real one each time (pyenv's takes longer than Python's own
/// start).
const TRIAL: &str =
    "import sys, ctypes, socket; print(sys.executable); sys.exit(sys.version_info < (3, 10))";

/// The name by which a program stands in its own environment.
pub(super) const MARK: &str = "SOCKETSCOPE_PROGRAM";

/// A Python, and the observer as a file.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    program: PathBuf,
    observer: PathBuf,
}

impl Python {
    /// Where this machine has one that will do.
    ///
    /// # Errors
    /// A sentence that says what is missing and what to do.
    pub(crate) fn check() -> Result<PathBuf, Told> {
        let mut trial = Command::new("python3");
        let trial = trial.args(["-c", TRIAL]).stdin(Stdio::null()).stderr(Stdio::null());
        match trial.output() {
            Ok(said) if said.status.success() => {
                // A Python that does not know its own place is found by its name again.
                let place = OsStr::from_bytes(said.stdout.trim_ascii());
                Ok(if place.is_empty() { "python3".into() } else { place.into() })
            }
            Ok(_) => Err(told!("unable/old-python")),
            Err(error) => Err(told!("unable/no-python", error = error)),
        }
    }

    /// Finds it, and puts the observer into a folder in `folder`.
    ///
    /// # Errors
    /// As [`Python::check`], or where the observer cannot be written or loaded.
    pub(crate) fn find(folder: &Path) -> Result<Self, Told> {
        let program = Self::check()?;
        let folder = folder.join("observer");
        let unwritten = |error| told!("unable/observer", file = folder.display(), error = error);
        fs::create_dir_all(&folder).map_err(unwritten)?;
        if Observer::get(BEGINNING).is_none() {
            return Err(told!("unable/no-observer"));
        }
        for name in Observer::iter() {
            let Some(file) = Observer::get(&name) else { continue };
            fs::write(folder.join(&*name), file.data).map_err(unwritten)?;
        }
        let mut trial = Command::new(&program);
        trial.args(["-B", "-c", LOADS]).current_dir(&folder).stdin(Stdio::null());
        let said = trial.output().map_err(|error| told!("unable/no-python", error = error))?;
        if !said.status.success() {
            let said = String::from_utf8_lossy(&said.stderr);
            let why = sentence(said.trim().lines().last().unwrap_or_default());
            return Err(told!("unable/observer-not-loaded", why = why));
        }
        Ok(Self { program, observer: folder.join(BEGINNING) })
    }

    /// A command that runs the observer in `folder`. Of this server's environment it gets nothing but where programs are.
    /// `mark` names the program in it, for whoever has to find what came of it.
    pub(super) fn command(&self, folder: &Path, mark: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-B", "-u"]).arg(&self.observer).current_dir(folder).env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.env(MARK, mark).env("LANG", "C.UTF-8").env("HOME", folder).env("TMPDIR", folder);
        command
    }
}
