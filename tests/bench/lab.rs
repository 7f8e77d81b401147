//! The lab's wire beside a pair of virtual cards (veth(4)), and beside pasta(1), which carries packets in a process as we do:
//! the same plain programs at both ends, in namespaces of their own. As root, since namespaces are entered from outside.

mod pasta;

use std::{process::Stdio, time::Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use futures_util::{StreamExt, stream};
use socketscope_protocol::Fact;
use socketscope_tests::Room;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

use pasta::Pasta;

use crate::{
    process::Process,
    report::{Report, count},
};

const SERVER: &str = "10.0.0.1:9000";
const PINGS: &str = "10000";
const SECONDS: &str = "3";
const ROOMS: usize = 200;

/// The two ends of a network.
pub(crate) struct Ends {
    /// Arguments of nsenter(1).
    server: String,
    client: String,
    /// Where the server listens, which is not where the client finds it when somebody translates addresses in between.
    listens: &'static str,
}

pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> lab");
    let server = Process::start().await?;
    let room = server.client.lab().await;
    let (lab, veth) = (Ends::of_lab(&server).await?, Ends::of_veth().await?);
    // Not every machine has it, or lets it work.
    let pasta = Pasta::start().await;
    if let Err(error) = &pasta {
        eprintln!("    without pasta: {error:#}");
    }
    for (what, part, target) in [
        ("one byte, there and back", "ping", "≤ 150 µs p50"),
        ("one TCP stream", "tcp-source", "≥ 1 Gbit/s"),
        ("64-byte packets", "udp-source-64", "≥ 150,000/s a core"),
        ("1500-byte packets", "udp-source-1500", "≥ 150,000/s a core"),
    ] {
        let packets = part.starts_with("udp");
        let bare = veth.figure(part).await?;
        let beside = match &pasta {
            Ok(pasta) => pasta.ends.figure(part).await.inspect_err(|error| {
                eprintln!("    without pasta's figure, whose connection broke off: {error:#}");
            }),
            Err(_) => Err(anyhow!("it is not there")),
        };
        let (from, before) = (room.view().await.head + 1, server.seconds()?);
        let ours = lab.figure(part).await?;
        let (cores, told) = (server.seconds()? - before, told(&room, from).await);
        let shown = |figure: f64| match part {
            "ping" => format!("{figure:.0} µs"),
            "tcp-source" => format!("{:.2} Gbit/s", figure / 1e9),
            _ => format!("{}/s", count(figure)),
        };
        let seconds: f64 = SECONDS.parse()?;
        // The wire has one thread, and sender and receiver have most of the machine's cores.
        let a_core = ours * seconds / cores;
        let met = match part {
            "ping" => ours <= 150.0,
            "tcp-source" => ours >= 1e9,
            _ => a_core >= 150_000.0,
        };
        let mut ratio = format!("{:.2} × veth", ours / bare);
        let mut baselines = format!("veth {}", shown(bare));
        if let Ok(beside) = beside {
            ratio += &format!(", {:.2} × pasta", ours / beside);
            baselines += &format!(", pasta {}", shown(beside));
        }
        let of_a_core = if packets { format!(", {} a core", shown(a_core)) } else { String::new() };
        let figure = format!(
            "{} = {ratio}{of_a_core} ({:.2} cores; journal: {} packets, {} arrived, {} sums)",
            shown(ours),
            cores / seconds,
            count(told.0 as f64),
            count(told.1 as f64),
            count(told.2 as f64),
        );
        report.row(&format!("lab: {what}"), &figure, &baselines, target, met);
    }
    Ends::remove_veth().await;
    if let Ok(pasta) = pasta {
        pasta.end().await;
    }
    rooms(report).await
}

/// Packets that the journal tells from an event on, one by one and in sums; how many of them arrived; and how many sums.
async fn told(room: &Room, from: u64) -> (u64, u64, u64) {
    let mut all = (0, 0, 0);
    for event in room.events_from(from).await {
        match event.fact {
            Fact::Depart { .. } => all.0 += 1,
            Fact::Arrive { copy: false, .. } => all.1 += 1,
            Fact::Summary(sum) => {
                all = (all.0 + sum.packets, all.1 + sum.arrived, all.2 + 1);
            }
            _ => {}
        }
    }
    all
}

/// Many rooms at once.
async fn rooms(report: &mut Report) -> Result<()> {
    let server = Process::start().await?;
    let (before, kernels_before, start) = (server.memory()?, kernels_memory()?, Instant::now());
    let made = stream::iter(0..ROOMS).map(|_| server.client.lab()).buffer_unordered(8);
    let made: Vec<Room> = made.collect().await;
    let took = start.elapsed().as_secs_f64();
    ensure!(made.len() == ROOMS, "not all rooms were made");
    let memory = (server.memory()? - before) / ROOMS as f64 / 1024.0;
    let kernels = (kernels_memory()? - kernels_before) / ROOMS as f64;
    let figure = format!(
        "{took:.2} s; {memory:.0} KB of the process and {kernels:.0} KB of the kernel a room"
    );
    report.row("lab: 200 rooms of two hosts", &figure, "", "≤ 2 s", took <= 2.0);
    Ok(())
}

/// Kilobytes that the kernel has for itself (proc_meminfo(5)): where network stacks are.
fn kernels_memory() -> Result<f64> {
    let told = std::fs::read_to_string("/proc/meminfo")?;
    let kinds = ["Slab:", "KernelStack:", "PageTables:", "Percpu:", "VmallocUsed:"];
    let sizes = told.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        kinds.contains(&words.next()?).then(|| words.next()?.parse::<f64>().ok()).flatten()
    });
    Ok(sizes.sum())
}

impl Ends {
    /// The namespaces of the lab's hosts are descriptors of the server's.
    pub(crate) async fn of_lab(server: &Process) -> Result<Self> {
        let mut found = [None, None];
        for entry in std::fs::read_dir(server.proc("fd")?)?.flatten() {
            let link = std::fs::read_link(entry.path()).unwrap_or_default();
            if !link.to_string_lossy().starts_with("net:[") {
                continue;
            }
            let inside = format!("--net={}", entry.path().display());
            let addresses = run("nsenter", &[&inside, "ip", "-4", "-o", "addr"]).await?;
            for (place, address) in found.iter_mut().zip(["10.0.0.1/", "10.0.0.2/"]) {
                if addresses.contains(address) {
                    *place = Some(inside.clone());
                }
            }
        }
        match found {
            [Some(server), Some(client)] => Ok(Self { server, client, listens: SERVER }),
            _ => bail!("the lab's hosts were not found among the server's descriptors"),
        }
    }

    /// A command that runs `program` at the server's end.
    pub(crate) fn server(&self, program: &str) -> Command {
        enter(&self.server, program)
    }

    /// A command that runs `program` at the client's end.
    pub(crate) fn client(&self, program: &str) -> Command {
        enter(&self.client, program)
    }

    /// Two namespaces with a cable between them.
    async fn of_veth() -> Result<Self> {
        Self::remove_veth().await;
        for command in [
            "netns add bench-a",
            "netns add bench-b",
            "link add bench0 netns bench-a type veth peer name bench0 netns bench-b",
            "-n bench-a addr add 10.0.0.1/24 dev bench0",
            "-n bench-b addr add 10.0.0.2/24 dev bench0",
            "-n bench-a link set bench0 up",
            "-n bench-b link set bench0 up",
        ] {
            run("ip", &command.split(' ').collect::<Vec<_>>()).await?;
        }
        Ok(Self { server: inside("bench-a"), client: inside("bench-b"), listens: SERVER })
    }

    async fn remove_veth() {
        for name in ["bench-a", "bench-b"] {
            // It is not there the first time.
            let _ = run("ip", &["netns", "del", name]).await;
        }
    }

    /// Runs `part` on the client and what it needs on the server, and returns the figure.
    async fn figure(&self, part: &str) -> Result<f64> {
        let (other, number) = match part {
            "ping" => ("pong", PINGS),
            "tcp-source" => ("tcp-sink", SECONDS),
            _ => ("udp-sink", SECONDS),
        };
        let program = std::env::current_exe()?;
        let mut sink = Command::new("nsenter")
            .arg(&self.server)
            .arg(&program)
            .args(["--play", other, self.listens, "0"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("nsenter")?;
        let mut output = BufReader::new(sink.stdout.take().context("no output")?);
        let mut line = String::new();
        output.read_line(&mut line).await?;
        ensure!(line == "ready\n", "{other} is not ready");
        let before = datagrams(&self.server).await?;
        let program = program.display().to_string();
        let sent =
            run("nsenter", &[&self.client, &program, "--play", part, SERVER, number]).await?;
        let mut received = String::new();
        output.read_to_string(&mut received).await?;
        if part.starts_with("udp") {
            // What has come through, though its reader may have had no processor to take it.
            let came = datagrams(&self.server).await? - before;
            return Ok(came / SECONDS.parse::<f64>()?);
        }
        let figure = if part == "ping" { sent } else { received };
        figure.trim().parse().context("a figure")
    }
}

/// The datagrams that have come to a namespace's kernel for a socket that is there (RFC 4113).
async fn datagrams(namespace: &str) -> Result<f64> {
    let tables = run("nsenter", &[namespace, "cat", "/proc/net/snmp"]).await?;
    let mut lines = tables.lines().filter(|line| line.starts_with("Udp:"));
    let (Some(names), Some(numbers)) = (lines.next(), lines.next()) else {
        bail!("the kernel counts no datagrams")
    };
    let counted = ["InDatagrams", "RcvbufErrors"];
    let counts = names.split(' ').zip(numbers.split(' '));
    let counts = counts.filter(|(name, _)| counted.contains(name));
    Ok(counts.filter_map(|(_, number)| number.parse::<f64>().ok()).sum())
}

/// A command in a namespace.
fn enter(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(namespace).arg(program);
    command
}

fn inside(name: &str) -> String {
    format!("--net=/run/netns/{name}")
}

async fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output().await;
    let output =
        output.with_context(|| format!("{program} (as root, with iproute2 and util-linux)"))?;
    ensure!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
