//! The observer of lessons' programs: an extension of Python, and the Python around it, in the folder `target/observer` that
//! the server embeds.

use std::{fs, path::PathBuf};

use anyhow::Result;

use crate::shell::{cargo, root, run, step, target};

/// The name of its package.
const PACKAGE: &str = "socketscope-observer";

/// What Cargo makes, and the name under which Python finds it: good for each version that has the stable interface
/// (PEP 384).
const MADE: &str = "libsocketscope_observer.so";
const EXTENSION: &str = "socketscope_observer.abi3.so";

/// The Python around it.
const SCRIPT: &str = "observer.py";

/// The folder that the server embeds.
fn folder() -> PathBuf {
    target().join("observer")
}

/// Its files.
pub(crate) fn files() -> [PathBuf; 2] {
    [EXTENSION, SCRIPT].map(|name| folder().join(name))
}

/// Builds what changed of it. It is made small and quick in any case: programs are measured with it.
pub(crate) fn build() -> Result<()> {
    step("compiling the observer of lessons' programs");
    let made = target().join("python");
    let mut build = cargo();
    build.args(["build", "--release", "--package", PACKAGE, "--target-dir"]).arg(&made);
    build.args(["--config", "profile.release.strip=\"symbols\""]);
    run(&mut build)?;
    fs::create_dir_all(folder())?;
    let script = root().join("observer/src").join(SCRIPT);
    for (from, to) in [(made.join("release").join(MADE), EXTENSION), (script, SCRIPT)] {
        let (bytes, to) = (fs::read(from)?, folder().join(to));
        // Another server may read it: what has not changed is left alone, and what has is never there in part.
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        let fresh = to.with_extension("new");
        fs::write(&fresh, bytes)?;
        fs::rename(fresh, to)?;
    }
    Ok(())
}
