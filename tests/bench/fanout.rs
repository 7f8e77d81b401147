//! Events to many viewers: how late they are, how many go out, what a viewer costs. Baseline: one bare write an event.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use anyhow::Result;
use serde_json::json;
use socketscope_tests::Room;

use crate::{
    echo::listening,
    process::Process,
    report::{Report, count, percentile, sorted},
    viewers::Viewers,
};

const SPAN: Duration = Duration::from_secs(5);

pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> fan-out");
    late(report).await?;
    many(report).await?;
    idle(report).await
}

/// Events of a round trip: four calls entered and returned.
const CALLS: u64 = 8;

/// The same with two packets that depart and arrive, and what the kernel says.
const ROUND: u64 = 15;

/// Events a second beyond which packets and states are told in sum.
const IN_SUM: u64 = 5_000;

/// Starts a UDP server and clients that together make about `rate` events a second, one client after the other.
pub(crate) async fn busy(room: &Room, clients: u64, rate: u64) -> Result<()> {
    room.start(json!({"role": "udp-echo-server", "address": "127.0.0.1:0"})).await;
    let address = listening(room).await;
    let round = if rate > IN_SUM { CALLS } else { ROUND };
    let interval_ms = clients * round * 1000 / rate;
    for _ in 0..clients {
        let client = json!({"role": "udp-client", "address": address, "times": 1_000_000,
            "interval_ms": interval_ms});
        room.start(client).await;
        tokio::time::sleep(Duration::from_millis(interval_ms / clients)).await;
    }
    Ok(())
}

async fn late(report: &mut Report) -> Result<()> {
    let server = Process::start().await?;
    let room = server.client.room().await;
    let mut viewers = Viewers::open(&server, &room.id, 1, 100).await?;
    busy(&room, 8, 1_000).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    viewers.seen().await?;
    tokio::time::sleep(SPAN).await;
    let seen = viewers.seen().await?;
    let latencies = sorted(seen.latencies);
    let (p50, p99) = (percentile(&latencies, 0.5), percentile(&latencies, 0.99));
    let rate = seen.deliveries as f64 / seen.seconds / 100.0;
    let what = format!("100 viewers, {} events/s: latency", count(rate));
    let figure = format!("p50 {p50:.2} ms, p99 {p99:.2} ms");
    report.row(&what, &figure, "", "p50 ≤ 1 ms, p99 ≤ 5 ms", p50 <= 1.0 && p99 <= 5.0);
    Ok(())
}

async fn many(report: &mut Report) -> Result<()> {
    let server = Process::start().await?;
    let room = server.client.room().await;
    let mut viewers = Viewers::open(&server, &room.id, 1, 1_000).await?;
    busy(&room, 8, 64_000).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    viewers.seen().await?;
    let before = server.seconds()?;
    tokio::time::sleep(SPAN).await;
    let seen = viewers.seen().await?;
    let cores = (server.seconds()? - before) / seen.seconds;
    let rate = seen.deliveries as f64 / seen.seconds;
    let figure = format!("{} a core ({} on {cores:.2} cores)", count(rate / cores), count(rate));
    let baseline = format!("{} bare writes a core", count(bare_writes()?));
    report.row(
        "1,000 viewers: deliveries/s",
        &figure,
        &baseline,
        "≥ 1,000,000 a core",
        rate / cores >= 1e6,
    );
    Ok(())
}

async fn idle(report: &mut Report) -> Result<()> {
    let server = Process::start().await?;
    let room = server.client.room().await;
    // What is made once, for the first viewers, is not counted.
    drop(Viewers::open(&server, &room.id, 1, 100).await?);
    let before = server.memory()?;
    let _viewers = Viewers::open(&server, &room.id, 1, 2_000).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (server.memory()? - before) / 2_000.0 / 1024.0;
    report.row("memory of an idle viewer", &format!("{each:.1} KB"), "", "≤ 10 KB", each <= 10.0);
    Ok(())
}

/// Writes a second, of one event each, to a socket that somebody drains.
fn bare_writes() -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut stream = TcpStream::connect(listener.local_addr()?)?;
    let (mut reader, _) = listener.accept()?;
    std::thread::spawn(move || {
        let mut bytes = vec![0; 1 << 20];
        while reader.read(&mut bytes).is_ok_and(|read| read > 0) {}
    });
    stream.set_nodelay(true)?;
    let (event, begun, mut writes) = ([b'x'; 190], Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(1) {
        stream.write_all(&event)?;
        writes += 1;
    }
    Ok(f64::from(writes) / begun.elapsed().as_secs_f64())
}
