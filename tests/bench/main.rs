//! Measurements, each beside its baseline in the same run: `cargo xtask bench [NAME …]`.
//!
//! Absolute figures belong to a machine; the ratios and the targets carry over. Nothing here fails a build.

mod diagram;
mod echo;
mod fanout;
mod journal;
mod lab;
mod lessons;
mod page;
mod peer;
mod process;
mod report;
mod viewers;

use clap::{Parser, ValueEnum};
use report::Report;

/// Measures Socketscope beside baselines, and prints a table.
#[derive(Parser)]
struct Cli {
    /// What to measure; everything where nothing is named.
    what: Vec<What>,
    /// For the measurements' own use: be so many viewers of this feed.
    #[arg(long, hide = true, num_args = 3, value_names = ["ADDRESS", "PATH", "COUNT"])]
    view: Option<Vec<String>>,
    /// For the measurements' own use: play a part at one end of a network.
    #[arg(long, hide = true, num_args = 3, value_names = ["PART", "ADDRESS", "NUMBER"])]
    play: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum What {
    /// Appending to the journal and reading it.
    Journal,
    /// Taking in a long journal and drawing a window of it.
    Diagram,
    /// A program's echo beside bare sockets.
    Echo,
    /// Events to many viewers.
    Fanout,
    /// The lab's wire beside a pair of virtual cards.
    Lab,
    /// What it costs a lesson's program to be observed, and how soon a lesson shows something.
    Lessons,
    /// The page in a browser, and its size on the wire.
    Page,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Some([part, address, number]) = cli.play.as_deref() {
        return peer::play(part, address.parse()?, number.parse()?);
    }
    if let Some([address, path, count]) = cli.view.as_deref() {
        // On one thread: viewers elsewhere would take none of the server's cores.
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build()?;
        return runtime.block_on(viewers::be(address, path, count.parse()?));
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let wanted = |what| cli.what.is_empty() || cli.what.contains(&what);
    let mut report = Report::default();
    if wanted(What::Journal) {
        journal::measure(&mut report);
    }
    if wanted(What::Diagram) {
        diagram::measure(&mut report)?;
    }
    runtime.block_on(async {
        if wanted(What::Echo) {
            echo::measure(&mut report).await?;
        }
        if wanted(What::Fanout) {
            fanout::measure(&mut report).await?;
        }
        if wanted(What::Lab) {
            lab::measure(&mut report).await?;
        }
        if wanted(What::Lessons) {
            lessons::measure(&mut report).await?;
        }
        if wanted(What::Page) {
            page::measure(&mut report).await?;
        }
        anyhow::Ok(())
    })?;
    print!("{report}");
    Ok(())
}
