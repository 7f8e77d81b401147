//! Many viewers in a process of their own. They take frames apart by hand (RFC 6455, 5.2), since they have to be cheaper
//! than what they measure.

use std::{
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::process::Process;

/// Viewers of a room, in a process of their own.
pub(crate) struct Viewers {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// What viewers have seen since they were last asked.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Events that arrived, at all viewers together.
    pub(crate) deliveries: u64,
    /// The span of time, in seconds.
    pub(crate) seconds: f64,
    /// Milliseconds from event to arrival, of the last event of each message; at most 100,000 of them.
    pub(crate) latencies: Vec<f64>,
}

impl Viewers {
    /// Opens `count` feeds of a room from `from` on, and returns when all are open.
    pub(crate) async fn open(
        server: &Process,
        room: &str,
        from: u64,
        count: usize,
    ) -> Result<Self> {
        let path = format!("/api/rooms/{room}/live?from={from}");
        let (address, count) = (server.address.to_string(), count.to_string());
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--view", &address, &path, &count])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().context("a pipe")?;
        let output = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let mut viewers = Self { _child: child, input, output };
        viewers.seen().await?;
        Ok(viewers)
    }

    /// What they have seen since this was last asked.
    pub(crate) async fn seen(&mut self) -> Result<Seen> {
        self.input.write_all(b"\n").await?;
        let line = self.output.next_line().await?.context("the viewers have gone")?;
        Ok(serde_json::from_str(&line)?)
    }
}

#[derive(Default)]
struct Tally {
    deliveries: AtomicU64,
    latencies: Mutex<Vec<f64>>,
}

/// Is `count` viewers; answers each line of standard input with what they have seen.
pub(crate) async fn be(address: &str, path: &str, count: usize) -> Result<()> {
    let tally = Arc::new(Tally::default());
    for _ in 0..count {
        let stream = greet(address, path).await?;
        tokio::spawn(watch(stream, tally.clone()));
    }
    let mut asked = BufReader::new(tokio::io::stdin()).lines();
    let mut since = Instant::now();
    while asked.next_line().await?.is_some() {
        let latencies = std::mem::take(&mut *tally.latencies.lock().expect("no panic"));
        let deliveries = tally.deliveries.swap(0, Ordering::Relaxed);
        let seconds = std::mem::replace(&mut since, Instant::now()).elapsed().as_secs_f64();
        println!("{}", serde_json::to_string(&Seen { deliveries, seconds, latencies })?);
    }
    Ok(())
}

async fn greet(address: &str, path: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    ensure!(head.starts_with(b"HTTP/1.1 101"), "no WebSocket: {}", String::from_utf8_lossy(&head));
    Ok(stream)
}

async fn watch(mut stream: TcpStream, tally: Arc<Tally>) -> Result<()> {
    let (mut bytes, mut filled) = (vec![0; 256 * 1024], 0);
    loop {
        let read = stream.read(&mut bytes[filled..]).await?;
        ensure!(read > 0, "the server has gone");
        filled += read;
        let mut at = 0;
        while let Some((payload, end)) = frame(&bytes[at..filled]) {
            take_in(&bytes[at..at + end][payload..], &tally);
            at += end;
        }
        bytes.copy_within(at..filled, 0);
        filled -= at;
    }
}

/// Where the first frame's payload begins and where the frame ends, once it is complete.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (head, length) = match bytes.get(1)? & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        short => (2, usize::from(short)),
    };
    (bytes.len() >= head + length).then_some((head, head + length))
}

fn take_in(message: &[u8], tally: &Tally) {
    if !message.starts_with(b"{\"seq\":") {
        return;
    }
    let lines = message.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    tally.deliveries.fetch_add(lines, Ordering::Relaxed);
    let last = message.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let Some(at) = last.windows(5).position(|window| window == b"\"at\":") else { return };
    let digits = last[at + 5..].iter().take_while(|byte| byte.is_ascii_digit());
    let then = digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let late = now.saturating_sub(Duration::from_nanos(then));
    let mut latencies = tally.latencies.lock().expect("no panic");
    if latencies.len() < 100_000 {
        latencies.push(late.as_secs_f64() * 1000.0);
    }
}
