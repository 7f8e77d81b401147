//! Compression, once at build time, of what the server sends again and again.

use std::{fs, io::Write, path::Path};

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};

/// Files that are worth compressing; fonts (woff2) and pictures are compressed already.
const COMPRESSIBLE: &[&str] = &["css", "html", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// Writes `FILE.br` and `FILE.gz` beside each compressible file below a folder.
pub(crate) fn folder(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            self::folder(&path)?;
        } else if path.extension().is_some_and(|e| COMPRESSIBLE.iter().any(|known| e == *known)) {
            file(&path)?;
        }
    }
    Ok(())
}

fn file(path: &Path) -> Result<()> {
    let bytes = fs::read(path)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes)?;
    fs::write(with_suffix(path, ".gz"), gzip.finish()?)?;

    let mut brotli = Vec::new();
    // The window of 2^22 bytes spans the largest file; every browser accepts up to 2^24.
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut bytes.as_slice(), &mut brotli, &parameters)?;
    Ok(fs::write(with_suffix(path, ".br"), brotli)?)
}

fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
