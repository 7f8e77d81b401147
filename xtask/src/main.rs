//! The project's own commands. `cargo xtask --help` lists them.
//!
//! Whatever a command needs and the machine lacks, it brings or names in one sentence. A command
//! says on standard error what it is doing (`==> …`) and is quick when nothing changed.

#![forbid(unsafe_code)]

mod compress;
mod dev;
mod dist;
mod needs;
mod observer;
mod packages;
mod page;
mod server;
mod shell;
mod shorten;
mod split;
mod toolchain;
mod verify;
mod wasm_opt;
mod weight;

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use page::Finish;
use shell::{cargo, step};

/// The package of the tests, whose programs use the browser that the tests use.
const TESTS: &str = "socketscope-tests";

/// Socketscope's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page and the server, and start the server.
    Run {
        /// Arguments for the server, such as `--listen 127.0.0.1:8080`.
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Run every test: native, end to end, and in a browser. Installs what they need.
    Test {
        /// Arguments for `cargo test`, such as `-p socketscope-tests` or `-- --nocapture`.
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Check format, lints and documentation; a warning is an error.
    Check,
    /// Build the one binary to hand out, target/dist/socketscope, with the page inside.
    Dist,
    /// Measure speed and size against the targets, with the binary of `dist`.
    Bench {
        /// Arguments for the benchmark.
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Build again at each change, and start the server again where it needs that.
    Dev {
        /// Arguments for the server; with `--host-key KEY` the link stays the same.
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Write a picture of a page as a browser shows it, once it shows what is waited for.
    Screenshot {
        /// Arguments for the picture; `-- --help` lists them.
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Build the observer of lessons' programs into target/observer.
    Observer,
    /// Build the page (wasm, scripts, style, icons) into target/page.
    Page {
        /// Build quickly, for development: not optimised, not compressed.
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Sentences for people: as `Debug` it would add a backtrace where one is asked for.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Run { arguments } => {
            page::build(Finish::Small)?;
            server::become_it(&server::build()?, &arguments)
        }
        Command::Test { arguments } => verify::test(&arguments),
        Command::Check => verify::check(),
        Command::Dist => dist::build().map(drop),
        Command::Bench { arguments } => bench(&arguments),
        Command::Dev { arguments } => dev::watch(&arguments),
        Command::Screenshot { arguments } => screenshot(&arguments),
        Command::Observer => observer::build(),
        Command::Page { quick: true } => page::build(Finish::Quick),
        Command::Page { quick: false } => {
            page::build(Finish::Small)?;
            weight::tell(&page::folder())
        }
    }
}

/// Runs the benchmark of the tests' package against the binary that is handed out.
fn bench(arguments: &[OsString]) -> Result<()> {
    needs::bring()?;
    // Not every release has it, and most rows do without.
    if let Err(error) = needs::bring_baselines() {
        step(format!("{error:#}; measuring without it"));
    }
    let binary = dist::build()?;
    step("measuring");
    let bench = ["run", "--release", "--package", TESTS, "--bin", "bench", "--"];
    shell::run(cargo().args(bench).args(arguments).env("SOCKETSCOPE_BIN", binary))
}

fn screenshot(arguments: &[OsString]) -> Result<()> {
    needs::bring()?;
    let screenshot = ["run", "--quiet", "--package", TESTS, "--bin", "screenshot", "--"];
    shell::run(cargo().args(screenshot).args(arguments))
}
