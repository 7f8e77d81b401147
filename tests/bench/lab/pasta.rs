//! A namespace whose only way out is pasta(1): its packets are read from a device by a process, as ours are, and go on as
//! calls on sockets outside. Outside is a namespace, too, so that nothing leaves the machine.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use super::{Ends, inside, run};

const OUTSIDE: &str = "bench-out";
const INSIDE: &str = "bench-in";

/// How often it is asked whether it has set its namespace up, every 50 ms.
const ASKED: usize = 100;

/// A pasta at work.
pub(super) struct Pasta {
    pub(super) ends: Ends,
    process: Child,
}

impl Pasta {
    /// Starts it. What leaves the inner namespace for the router's address comes to loopback in the outer one.
    pub(super) async fn start() -> Result<Self> {
        remove().await;
        for command in [
            "netns add bench-out",
            "netns add bench-in",
            // It takes the address and the route of the namespace that it is started in.
            "link add bench0 netns bench-out type veth peer name bench1 netns bench-out",
            "-n bench-out addr add 10.0.0.2/24 dev bench0",
            "-n bench-out link set lo up",
            "-n bench-out link set bench0 up",
            "-n bench-out link set bench1 up",
            "-n bench-out route add default via 10.0.0.1",
        ] {
            run("ip", &command.split(' ').collect::<Vec<_>>()).await?;
        }
        // No port is forwarded past the device, where it would be spliced.
        let arguments = "--foreground --quiet --runas 0:0 --netns-only --ipv4-only --config-net --mtu 1500 \
            --tcp-ports none --udp-ports none --tcp-ns none --udp-ns none --ns-ifname tap0 --netns";
        let process = Command::new("nsenter")
            .args([&inside(OUTSIDE), "pasta"])
            .args(arguments.split_whitespace())
            .arg(format!("/run/netns/{INSIDE}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("nsenter")?;
        let ends =
            Ends { server: inside(OUTSIDE), client: inside(INSIDE), listens: "127.0.0.1:9000" };
        let mut pasta = Self { ends, process };
        for _ in 0..ASKED {
            if run("ip", &["-n", INSIDE, "route"]).await?.contains("default via 10.0.0.1") {
                return Ok(pasta);
            }
            if let Some(status) = pasta.process.try_wait()? {
                bail!("pasta (Debian's package passt) ended at once: {status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("pasta has not set its namespace up")
    }

    /// Ends it.
    pub(super) async fn end(mut self) {
        // It may have ended by itself.
        let _ = self.process.kill().await;
        remove().await;
    }
}

async fn remove() {
    for name in [OUTSIDE, INSIDE] {
        // It is not there the first time.
        let _ = run("ip", &["netns", "del", name]).await;
    }
}
