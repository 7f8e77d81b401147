//! Binaryen's `wasm-opt`: 7 % off the module, though less after brotli. Found, or brought by npm.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Result;

use crate::shell::{find, output, run, step, target};

/// Older ones do not read what today's compiler writes.
const OLDEST: u32 = 116;

/// What Rust's compiler uses on this target; all browsers have had these for years.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// A usable wasm-opt, or nothing, after having said so.
pub(crate) fn bring() -> Option<PathBuf> {
    let ours = target().join("tools/node_modules/.bin/wasm-opt");
    let usable = |path: &PathBuf| version(path).is_some_and(|version| version >= OLDEST);
    if let Some(path) = find(&["wasm-opt"]).into_iter().chain([ours.clone()]).find(usable) {
        return Some(path);
    }
    if find(&["npm"]).is_some() {
        step("npm install binaryen (into target/tools): wasm-opt makes the page smaller");
        let install = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
        let tools = target().join("tools");
        let _ = fs::create_dir_all(&tools);
        let _ =
            run(Command::new("npm").args(install).arg(tools).arg("binaryen").stdin(Stdio::null()));
    }
    if usable(&ours) {
        return Some(ours);
    }
    step(
        "no wasm-opt (npm's binaryen has it): skipped; it would take some 7 % off the module before compression",
    );
    None
}

/// Makes a module smaller in place.
pub(crate) fn optimise(module: &Path) -> Result<()> {
    let Some(wasm_opt) = bring() else { return Ok(()) };
    step("wasm-opt -Oz");
    run(Command::new(wasm_opt).args(FEATURES).arg("-Oz").arg(module).arg("-o").arg(module))
}

/// The number in `wasm-opt version 123 (…)`.
fn version(wasm_opt: &Path) -> Option<u32> {
    output(Command::new(wasm_opt).arg("--version"))?.split_whitespace().nth(2)?.parse().ok()
}
