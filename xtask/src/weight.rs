//! What a first visit downloads in all, by brotli, fonts aside.

use std::{fs, path::Path};

use anyhow::Result;

/// What that may be, in bytes.
const BUDGET: u64 = 150_000;

/// Tells the size of each file of the page, and of all that one visitor downloads.
pub(crate) fn tell(page: &Path) -> Result<()> {
    let (mut sum, mut words) = (0, 0);
    for entry in fs::read_dir(page)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "br") {
            let (size, name) = (fs::metadata(&path)?.len(), path.file_name().unwrap_or_default());
            println!("{size:>10}  {}", name.display());
            // A visitor downloads one language: the largest stands for it.
            if name.to_string_lossy().starts_with("words.") {
                words = words.max(size);
            } else {
                sum += size;
            }
        }
    }
    sum += words;
    let verdict = if sum <= BUDGET { "within" } else { "OVER" };
    println!("{sum:>10}  bytes for a first visit, by brotli: {verdict} the {BUDGET} aimed for");
    Ok(())
}
