//! What is handed out: one binary with the page inside.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    page::{self, Finish},
    server::{BINARY, PACKAGE},
    shell::{cargo, native_target, run, step, target},
    wasm_opt, weight,
};

/// Builds target/dist/socketscope and returns its path.
pub(crate) fn build() -> Result<PathBuf> {
    page::build(if wasm_opt::bring().is_some() { Finish::Smallest } else { Finish::Small })?;
    let binary = compile()?;
    // Cargo does not know that the folder target/page is a part of the server, so ask the result.
    if !page_is_inside(&binary)? {
        step("it has an older page inside: compiling the server anew");
        run(cargo().args(["clean", "--release", "--package", PACKAGE]))?;
        ensure!(page_is_inside(&compile()?)?, "the server does not embed target/page");
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

/// The index names each other file by a hash of its content, so it stands for the whole page.
fn page_is_inside(binary: &Path) -> Result<bool> {
    let index = fs::read(page::folder().join("index.html"))?;
    Ok(fs::read(binary)?.windows(index.len()).any(|window| window == index))
}
