//! The page's program, in two parts: xtask cuts the module at `later`, and what only that function reaches comes in a file
//! of its own. Everything else is the library's.
//!
//! The macro writes an import and an export, the two sides of the cut, which Rust counts as unsafe; so it stands here alone.

use socketscope_frontend::{Later, start};
use wasm_split_helpers::{SplitLoaderError, wasm_split};

#[wasm_split(later, fallible)]
fn later() -> Result<Later, SplitLoaderError> {
    Ok(Later::new())
}

fn main() {
    start(|| Box::pin(async { later().await.ok() }));
}
