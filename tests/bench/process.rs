//! The server's binary in a process of its own, whose time and memory can be told apart from ours.

use std::{net::SocketAddr, process::Stdio};

use anyhow::{Context, Result};
use nix::unistd::{SysconfVar, sysconf};
use socketscope_tests::Client;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A running server.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) key: String,
}

impl Process {
    /// Starts `SOCKETSCOPE_BIN`, which `cargo xtask bench` sets.
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// The same with further arguments.
    pub(crate) async fn start_with(arguments: &[&str]) -> Result<Self> {
        let binary = std::env::var_os("SOCKETSCOPE_BIN");
        let binary =
            binary.context("run `cargo xtask bench`: it builds the server and says where it is")?;
        let mut child = Command::new(binary)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("no output")?;
        let line = BufReader::new(output).lines().next_line().await?.context("no ready line")?;
        let link = line.strip_prefix("ready: http://").context("no ready line")?;
        let (address, key) = link.split_once("/#key=").context("no key")?;
        let address = address.parse()?;
        Ok(Self { child, address, client: Client::new(address, Some(key)), key: key.to_owned() })
    }

    /// Seconds of processor time so far (proc(5), stat, utime and stime).
    pub(crate) fn seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(self.proc("stat")?)?;
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
        let a_second = sysconf(SysconfVar::CLK_TCK)?.context("CLK_TCK")? as f64;
        Ok((ticks(11).context("utime")? + ticks(12).context("stime")?) / a_second)
    }

    /// Bytes in memory (proc(5), status, VmRSS).
    pub(crate) fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(self.proc("status")?)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kilobytes = line.trim().trim_end_matches(" kB").parse::<f64>()?;
        Ok(kilobytes * 1024.0)
    }

    /// The path of a file about it below /proc.
    pub(crate) fn proc(&self, file: &str) -> Result<String> {
        Ok(format!("/proc/{}/{file}", self.child.id().context("it has ended")?))
    }
}
