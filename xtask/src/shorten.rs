//! Short names for what the module imports. wasm-bindgen's are long, end in hashes, which no compression shortens, and stand in
//! the module and in its script.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use walrus::ModuleConfig;

/// Shortens them in both files.
pub(crate) fn shorten(module: &Path, script: &Path) -> Result<()> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let (mut wasm, mut text) = (config.parse_file(module)?, fs::read_to_string(script)?);
    let ours = |name: &str| name.ends_with("_bg.js");
    for (at, import) in wasm.imports.iter_mut().filter(|it| ours(&it.module)).enumerate() {
        // The script has each as a field of what it hands to the module.
        let (field, short) = (format!(" {}: ", import.name), format!("_{at}"));
        ensure!(text.matches(&field).count() == 1, "the script has no one field {}", import.name);
        text = text.replace(&field, &format!(" {short}: "));
        import.name = short;
    }
    wasm.emit_wasm_file(module)?;
    Ok(fs::write(script, text)?)
}
