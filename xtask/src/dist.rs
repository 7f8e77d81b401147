//! What is handed out: one binary with the page and the observer inside.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    observer,
    page::{self, Finish},
    server::{BINARY, PACKAGE},
    shell::{cargo, native_target, run, step, target},
    wasm_opt, weight,
};

/// Builds target/dist/socketscope and returns its path.
pub(crate) fn build() -> Result<PathBuf> {
    page::build(if wasm_opt::bring().is_some() { Finish::Smallest } else { Finish::Small })?;
    observer::build()?;
    let binary = compile()?;
    // Cargo does not know that these folders are a part of the server, so ask the result.
    if !all_is_inside(&binary)? {
        step("it has an older page or observer inside: compiling the server anew");
        run(cargo().args(["clean", "--release", "--package", PACKAGE]))?;
        let all = all_is_inside(&compile()?)?;
        ensure!(all, "the server does not embed target/page and target/observer");
    }
    println!("{:>10}  {}", fs::metadata(&binary)?.len(), binary.display());
    weight::tell(&page::folder())?;
    Ok(binary)
}

/// Compiles the server and copies it to where it is handed out.
fn compile() -> Result<PathBuf> {
    step("compiling the server with the page inside (profile release)");
    let build = ["build", "--release", "--package", PACKAGE, "--bin", BINARY];
    run(cargo().args(build).args(["--config", "profile.release.strip=\"symbols\""]))?;
    let folder = target().join("dist");
    fs::create_dir_all(&folder)?;
    let binary = folder.join(BINARY);
    fs::copy(native_target().join("release").join(BINARY), &binary)
        .with_context(|| format!("writing {}", binary.display()))?;
    Ok(binary)
}

/// The index names each other file of the page by a hash of its content, so it stands for the whole page.
fn all_is_inside(binary: &Path) -> Result<bool> {
    let binary = fs::read(binary)?;
    let index = page::folder().join("index.html");
    for part in observer::files().into_iter().chain([index]) {
        let part = fs::read(part)?;
        if !binary.windows(part.len()).any(|window| window == part) {
            return Ok(false);
        }
    }
    Ok(true)
}
