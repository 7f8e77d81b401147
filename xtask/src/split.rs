//! Cuts the page's module in two: what a room's first diagram needs, and the rest, which the page fetches once it has started.
//!
//! The cut is at frontend/src/main.rs's `later`. What nothing else reaches moves; a script links the two at run time.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow};
use walrus::ModuleConfig;
use wasm_split_cli_support::{Options, transform};

/// The rest.
pub(crate) const REST: &str = "split_later.wasm";

/// The script, as the first part imports it.
const SCRIPT: &str = "./__wasm_split.js";

/// Writes the rest and the script into a folder, and returns the first part, on which wasm-bindgen's work is still to be done.
/// `main` is the name of the script that this will make.
pub(crate) fn split(module: &Path, folder: &Path, main: &str) -> Result<PathBuf> {
    let (module, first) = (fs::read(module)?, folder.join("first.wasm"));
    let main = format!("./{main}");
    let mut options = Options::new(&module);
    options.output_dir = folder;
    options.main_out_path = &first;
    options.main_module = &main;
    options.link_name = SCRIPT;
    transform(options).map_err(|error| anyhow!("cutting the module: {error:?}"))?;
    Ok(first)
}

/// Writes the rest anew, without names: as it was cut it has room in each number for the linker's changes.
pub(crate) fn tighten(module: &Path) -> Result<()> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    config.parse_file(module)?.emit_wasm_file(module)
}
