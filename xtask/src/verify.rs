//! What decides whether a change is good: the tests, and the checks of form.

use std::ffi::OsString;

use anyhow::Result;

use crate::{
    needs,
    page::{self, FRONTEND, Finish},
    server,
    shell::{cargo, run, step, target},
    toolchain::Toolchain,
};

/// Brings what the tests need and runs all of them, or those that the arguments choose.
pub(crate) fn test(arguments: &[OsString]) -> Result<()> {
    needs::bring()?;
    page::build(Finish::Small)?;
    let binary = server::build()?;
    step("running the tests");
    let mut test = cargo();
    test.arg("test").env("SOCKETSCOPE_BIN", binary);
    // Cargo would ignore the choice of a package beside --workspace.
    if !arguments.iter().any(|argument| argument == "-p" || argument == "--package") {
        test.arg("--workspace");
    }
    run(test.args(arguments))
}

/// Format, lints and documentation, each without a single warning.
pub(crate) fn check() -> Result<()> {
    step("format (cargo fmt)");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    step("lints (cargo clippy)");
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    step("documentation (cargo doc)");
    run(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;

    let toolchain = Toolchain::bring()?;
    if !matches!(toolchain, Toolchain::Complete) {
        step(
            "no lints of the page as compiled for the browser: Debian's compiler is without clippy",
        );
        return Ok(());
    }
    step("lints of the page as compiled for the browser (cargo clippy)");
    let clippy = ["--package", FRONTEND, "--target-dir"];
    run(toolchain
        .cargo("clippy")
        .args(clippy)
        .arg(target().join("wasm"))
        .args(["--", "-D", "warnings"]))
}
