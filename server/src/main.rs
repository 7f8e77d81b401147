//! The command line: arguments, logs, signals. The work is done in the library.

mod doctor;

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener as StdListener},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socketscope_server::{Choice, Config, Key, Ladder, Lessons, Reach, Server};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// What is said where nobody reads what is told.
const NOT_WRITTEN: &str = "cannot write to standard output";

/// See what sockets do: real sockets, drawn live in a web page.
#[derive(Parser)]
#[command(name = "socketscope", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the page and the interface (the default).
    Serve(Serve),
    /// Tell what this machine allows, what stands in the way of the rest, and what to do about it. Its status is 0 where
    /// the lab works, 1 where it does not.
    Doctor,
    /// List the lessons and check them: each mistake is named with its file and line. The status is 1 where there is one.
    Lessons {
        /// A folder of lessons beside those that come with the server.
        #[arg(long, value_name = "DIR")]
        lessons: Vec<PathBuf>,
    },
}

#[derive(clap::Args)]
struct Serve {
    /// Where to listen. Port 0 takes any free one. Beyond loopback, reading needs the host key too.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// The key that changes anything; made up where it is not given.
    #[arg(long, value_name = "KEY", env = "SOCKETSCOPE_HOST_KEY", hide_env_values = true, value_parser = Key::new)]
    host_key: Option<Key>,
    /// Which networks a room may have: the lab where it is possible, the lab or no start at all, or this machine's own only.
    #[arg(long, value_enum, default_value_t)]
    network: Choice,
    /// How far the programs of a room may reach on this machine's network.
    #[arg(long, value_enum, default_value_t)]
    reach: Reach,
    /// A name that browsers may call this server by, beside its addresses. May be given several times.
    #[arg(long = "allow-host", value_name = "NAME", value_parser = host_name)]
    allowed_hosts: Vec<String>,
    /// A folder of lessons beside those that come with the server; static/lessons/README.md says how one is made. May be
    /// given several times.
    #[arg(long, value_name = "DIR")]
    lessons: Vec<PathBuf>,
    /// Megabytes of events that each room keeps; the oldest go first.
    #[arg(long, value_name = "MIB", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=4096))]
    journal_mib: u32,
}

/// A host's name as a browser sends it, without a port (RFC 952, RFC 1123; with underscores, which some networks have).
fn host_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        return Err("a name such as lab.example.org, without a port".into());
    }
    Ok(text.to_owned())
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let level = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(level.unwrap_or_else(|_| "info".into()))
        .init();
    let serve = match cli.command {
        Some(Command::Doctor) => return doctor::examine().context(NOT_WRITTEN),
        Some(Command::Lessons { lessons }) => {
            return list(&Lessons::new(lessons)).context(NOT_WRITTEN);
        }
        Some(Command::Serve(serve)) => serve,
        None => cli.serve,
    };
    raise_descriptor_limit();
    // Both before there is any other thread: the ladder may have to enter a user namespace, in which ports below 1024
    // could no longer be listened on.
    let listener = listen(serve.listen)?;
    let ladder = Ladder::climb(serve.network);
    match ladder.lab() {
        Err(obstacle) if serve.network == Choice::Lab => {
            anyhow::bail!("there can be no lab: {obstacle}")
        }
        Err(obstacle) if serve.network == Choice::Auto => {
            tracing::warn!("there is no lab: {obstacle}")
        }
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(serve, listener, ladder))?;
    Ok(ExitCode::SUCCESS)
}

/// Tells all lessons by their titles, and what is wrong with those that cannot be run.
fn list(lessons: &Lessons) -> io::Result<ExitCode> {
    let (titles, mistakes) = lessons.check();
    for (id, title) in titles {
        writeln!(io::stdout(), "{id:<24}{} · {}", title.en, title.zh)?;
    }
    for mistake in &mistakes {
        eprintln!("{mistake}");
    }
    Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listen(address: SocketAddr) -> anyhow::Result<StdListener> {
    let listener = StdListener::bind(address).with_context(|| {
        format!("cannot listen on {address}: choose another address with --listen, port 0 for any")
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes as many descriptors as the system lets us have: each socket and each viewer needs one (getrlimit(2)).
fn raise_descriptor_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open descriptors stays low");
    }
}

async fn run(serve: Serve, listener: StdListener, ladder: Ladder) -> anyhow::Result<()> {
    let key = match serve.host_key {
        Some(key) => key,
        None => Key::random().context("no randomness for a host key")?,
    };
    let lessons = Lessons::new(serve.lessons);
    for mistake in lessons.check().1 {
        tracing::warn!("a lesson has a mistake: {mistake}");
    }
    let config = Config {
        reach: serve.reach,
        allowed_hosts: serve.allowed_hosts,
        journal_bytes: serve.journal_mib as usize * 1024 * 1024,
        lessons,
        ..Config::new(key.clone(), ladder)
    };
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    let server = Server::new(config, address).with_context(|| {
        let folder = std::env::temp_dir();
        format!(
            "cannot make a folder for Unix sockets in {}, or a thread for rooms",
            folder.display()
        )
    })?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    writeln!(io::stdout(), "ready: http://{address}/#key={}", key.as_str()).context(NOT_WRITTEN)?;
    let mut asked = async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let shutdown = async move {
        asked().await;
        tokio::spawn(async move {
            asked().await;
            // Whoever asks twice does not want to wait. What is left behind, the next start removes.
            std::process::exit(1);
        });
    };
    server.serve(listener, shutdown).await.context("the listener failed")
}
