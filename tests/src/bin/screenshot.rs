//! A picture of a page once it shows what it is to show: `cargo xtask screenshot --help`.

use std::path::PathBuf;

use clap::Parser;
use socketscope_tests::{Browser, Screen};

/// Open a page in headless Chromium and write a picture of it.
#[derive(Parser)]
#[command(bin_name = "cargo xtask screenshot --")]
struct Arguments {
    /// The page's address; quote it, as the key stands behind a #.
    #[arg(long)]
    url: String,
    /// The window's width and height in pixels.
    #[arg(long, default_value = "1440x900", value_parser = size)]
    size: (u32, u32),
    /// Ask the page for dark colours.
    #[arg(long)]
    dark: bool,
    /// Click what this CSS selector finds, once it is there; may be given several times.
    #[arg(long, value_name = "CSS")]
    click: Vec<String>,
    /// Wait until this JavaScript expression is true, such as `document.querySelectorAll('.row').length > 9`.
    #[arg(long, value_name = "EXPRESSION", default_value = "document.readyState === 'complete'")]
    until: String,
    /// The PNG file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[tokio::main]
async fn main() {
    let Arguments { url, size: (width, height), dark, click, until, out } = Arguments::parse();
    let browser = Browser::start_on(Screen { width, height, dark }).await;
    browser.goto(&url).await;
    for css in &click {
        browser.click(css.as_str()).await;
    }
    browser.until(&until).await;
    // What the condition made true is on the screen after the next frame.
    browser.script_async("requestAnimationFrame(() => requestAnimationFrame(done))").await;
    browser.screenshot(&out).await;
    for error in browser.console_errors().await {
        eprintln!("the page's console: {error}");
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    sides.ok_or_else(|| format!("{text} is not a size such as 1440x900"))
}
