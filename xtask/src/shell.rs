//! Where things are, and running other programs. Knows nothing about the page or the server.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Says on standard error what happens next, and why.
pub(crate) fn step(what: impl AsRef<str>) {
    eprintln!("==> {}", what.as_ref());
}

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The folder for what is built for a browser and for what is kept between runs.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Where Cargo puts native programs: `CARGO_TARGET_DIR` is respected, since Cargo does so too.
pub(crate) fn native_target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(target, |dir| root().join(dir))
}

/// The Cargo that runs this program, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.current_dir(root());
    cargo
}

/// Runs a program with its output shown; an exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", name(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", name(command));
    }
    Ok(())
}

/// Runs a program silently and returns its trimmed standard output, or nothing where it failed.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The first of these programs that `PATH` holds.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
}

/// A program and its arguments, as one would type them.
fn name(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
