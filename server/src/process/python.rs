//! The Python that runs lessons: found once, and asked whether it will do.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::told::{Told, told};

/// What stands around each program.
const OBSERVER: &str = include_str!("observer.py");

/// Whether it has what the observer needs (`os.waitstatus_to_exitcode` came with 3.9), and where it is: `python3` may be a
/// script that looks for the real one each time (pyenv's takes longer than Python's own start).
const TRIAL: &str =
    "import sys, ctypes, socket; print(sys.executable); sys.exit(sys.version_info < (3, 9))";

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

    /// Finds it, and puts the observer into `folder`.
    ///
    /// # Errors
    /// As [`Python::check`], or where the observer cannot be written.
    pub(crate) fn find(folder: &Path) -> Result<Self, Told> {
        let program = Self::check()?;
        let observer = folder.join("observer.py");
        fs::write(&observer, OBSERVER)
            .map_err(|error| told!("unable/observer", file = observer.display(), error = error))?;
        Ok(Self { program, observer })
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
