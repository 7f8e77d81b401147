//! What a visit downloads, by brotli, fonts aside.

use std::{fs, path::Path};

use anyhow::Result;

use crate::{page::files, split};

/// What a visitor may have to wait for, in bytes.
const BUDGET: u64 = 150_000;

/// Tells the size of each file of the page, and of all that a visitor downloads: until a room's first diagram, and in all.
pub(crate) fn tell(page: &Path) -> Result<()> {
    let (mut first, mut rest, mut words, mut more_words) = (0, 0, 0, 0);
    for path in files(page)? {
        if path.extension().is_some_and(|extension| extension == "br") {
            let (size, name) = (fs::metadata(&path)?.len(), path.strip_prefix(page)?);
            println!("{size:>10}  {}", name.display());
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // A visitor downloads one language: the largest stands for it.
            if name.starts_with("words.") {
                words = words.max(size);
            } else if name.starts_with("more-words.") {
                more_words = more_words.max(size);
            } else if name.starts_with(split::REST) {
                rest += size;
            } else {
                first += size;
            }
        }
    }
    let (first, all) = (first + words, first + words + rest + more_words);
    let verdict = if first <= BUDGET { "within" } else { "OVER" };
    println!(
        "{first:>10}  bytes until the first diagram, by brotli: {verdict} the {BUDGET} aimed for"
    );
    println!("{all:>10}  bytes in all");
    Ok(())
}
