//! A Rust toolchain that compiles for the browser (wasm32-unknown-unknown): found, or brought.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};

use crate::{
    packages,
    shell::{cargo, find, output, step, target},
};

/// The target that browsers run.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// How long rustup may go without a byte of progress before it is given up.
const RUSTUP_PATIENCE: Duration = Duration::from_secs(20);

/// For how long a failure of rustup is remembered, so that not every run waits for it again.
const RUSTUP_GRUDGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Debian's compiler, and the source of its standard library in the same version.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "rust-web-src"];

/// What makes the module smaller where the standard library is built from source: a panic is a trap without a message
/// (in the browser's console it is an `unreachable` at the place where it happened), so that nothing is there to write
/// messages, nor the places that they would name; and the library's algorithms are its shorter ones.
const SMALL_FLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none";
const SMALL_STD: &str = "-Zbuild-std-features=optimize_for_size";

/// How to compile for the browser on this machine.
pub(crate) enum Toolchain {
    /// The toolchain in use has the target's standard library.
    Complete,
    /// The toolchain in use builds the standard library from source, which it has.
    Source,
    /// Debian's compiler builds the standard library from source and rustup's linker links.
    Debian {
        /// The rust-lld of the toolchain in use.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds a toolchain, or brings one, the cheapest way first.
    pub(crate) fn bring() -> Result<Self> {
        if std_is_installed() {
            return Ok(Self::Complete);
        }
        if debian_is_installed() {
            return Self::debian();
        }
        if rustup_adds(&["target", "add", WASM]) && std_is_installed() {
            return Ok(Self::Complete);
        }
        let purpose =
            format!("the page (the toolchain is without {WASM}, and rustup did not bring it)");
        packages::install(DEBIAN_PACKAGES, &purpose)?;
        if !debian_is_installed() {
            bail!("{} are installed but {DEBIAN_RUSTC} is not usable", DEBIAN_PACKAGES.join(", "));
        }
        Self::debian()
    }

    /// As `bring`, for a module that is downloaded by every visitor: better one that builds the standard library.
    pub(crate) fn bring_small() -> Result<Self> {
        if source_is_installed() {
            return Ok(Self::Source);
        }
        if debian_is_installed() {
            return Self::debian();
        }
        if rustup_adds(&["component", "add", "rust-src"]) && source_is_installed() {
            return Ok(Self::Source);
        }
        Self::bring()
    }

    /// `cargo SUBCOMMAND --target wasm32-unknown-unknown`, with what the toolchain asks for.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut cargo = cargo();
        cargo.arg(subcommand).args(["--target", WASM]);
        if let Self::Source | Self::Debian { .. } = self {
            // Stable refuses -Z without the variable.
            cargo.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
        }
        if let Self::Debian { linker } = self {
            cargo
                .env("RUSTC", DEBIAN_RUSTC)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                // `cargo run` points it at the other toolchain's libraries.
                .env_remove("LD_LIBRARY_PATH");
        }
        cargo
    }

    /// As `cargo`, for a module that is downloaded by every visitor. A toolchain that comes with its standard library
    /// compiled has fewer ways to make it small: there nothing is added to the profile.
    pub(crate) fn cargo_small(&self, subcommand: &str) -> Command {
        let mut cargo = self.cargo(subcommand);
        if let Self::Source | Self::Debian { .. } = self {
            cargo.arg(SMALL_STD).env("RUSTFLAGS", SMALL_FLAGS);
        }
        cargo
    }

    fn debian() -> Result<Self> {
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))
            .context("rustc is not on the PATH")?;
        let host = output(Command::new("rustc").args(["--print", "host-tuple"]))
            .context("rustc does not name its host")?;
        let linker = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld");
        if !linker.is_file() {
            bail!("{} is missing, so nothing here links for {WASM}", linker.display());
        }
        Ok(Self::Debian { linker })
    }
}

/// Whether the compiler in use has the target's standard library.
fn std_is_installed() -> bool {
    let print = ["--print", "target-libdir", "--target", WASM];
    output(Command::new("rustc").args(print)).is_some_and(|libraries| {
        fs::read_dir(libraries).into_iter().flatten().flatten().any(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with("libstd-")
        })
    })
}

/// Whether the toolchain in use has the source of its standard library.
fn source_is_installed() -> bool {
    output(Command::new("rustc").args(["--print", "sysroot"])).is_some_and(has_source)
}

fn has_source(sysroot: String) -> bool {
    Path::new(&sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file()
}

/// Whether Debian's compiler is there with the source of its own standard library.
fn debian_is_installed() -> bool {
    output(Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"])).is_some_and(has_source)
}

/// Asks rustup for something. Its download hangs where it cannot reach its server, so it is
/// watched, and a failure is remembered for a while.
fn rustup_adds(what: &[&str]) -> bool {
    let memory = target().join("rustup-failed");
    let failed = fs::metadata(&memory).and_then(|file| file.modified()).ok();
    if failed
        .and_then(|at| SystemTime::now().duration_since(at).ok())
        .is_some_and(|age| age < RUSTUP_GRUDGE)
    {
        return false;
    }
    let Some(rustup) = find(&["rustup"]) else { return false };
    step(format!("rustup {}: the page is compiled for the browser", what.join(" ")));
    let added = watch(Command::new(rustup).args(what)).unwrap_or(false);
    if !added {
        step("rustup could not bring it; this is remembered for a day (target/rustup-failed)");
        let _ = fs::create_dir_all(target()).and_then(|()| fs::write(memory, ""));
    }
    added
}

/// Runs rustup for as long as its download folder grows.
fn watch(command: &mut Command) -> Result<bool> {
    let mut child = command.stdin(Stdio::null()).spawn()?;
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        let size =
            rustup_home().map_or(0, |home| size(&home.join("downloads")) + size(&home.join("tmp")));
        if size != seen {
            (seen, since) = (size, Instant::now());
        }
        if since.elapsed() > RUSTUP_PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn rustup_home() -> Option<PathBuf> {
    let home = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    home.or_else(|| Some(std::env::home_dir()?.join(".rustup")))
}

/// The bytes of the files in a folder and below.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}
