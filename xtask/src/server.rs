//! The server's binary, in the profile for everyday use.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    observer,
    shell::{cargo, native_target, run, step},
};

/// The names of the server's package and of its binary.
pub(crate) const PACKAGE: &str = "socketscope-server";
/// See [`PACKAGE`].
pub(crate) const BINARY: &str = "socketscope";

/// Builds the server and returns where its binary is. In this profile it reads the files of the page
/// and of the observer from target/page and target/observer when it needs them.
pub(crate) fn build() -> Result<PathBuf> {
    observer::build()?;
    step("compiling the server");
    run(cargo().args(["build", "--package", PACKAGE, "--bin", BINARY]))?;
    Ok(native_target().join("debug").join(BINARY))
}

/// Becomes the server: signals, standard streams and the exit code are the server's own.
pub(crate) fn become_it(binary: &Path, arguments: &[OsString]) -> Result<()> {
    step(format!("starting {}", binary.display()));
    let error = Command::new(binary).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}
