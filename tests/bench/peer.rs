//! Plain programs for both ends of a network that is measured: blocking sockets of the standard library, nothing else.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::report::{percentile, sorted};

/// How long a sink leaves datagrams lying: a socket's buffer takes more than come in that time.
const NAP: Duration = Duration::from_micros(500);

/// After so long without a datagram the stream of them is over.
const OVER: Duration = Duration::from_millis(500);

/// Plays `part` at `address`, and prints one number: what the measurement is after.
pub(crate) fn play(part: &str, address: SocketAddr, number: u64) -> Result<()> {
    let span = Duration::from_secs(number);
    let figure = match part {
        "pong" => pong(address)?,
        "ping" => ping(address, number)?,
        "tcp-sink" => tcp_sink(address)?,
        "tcp-source" => tcp_source(address, span)?,
        "udp-sink" => udp_sink(address)?,
        "udp-source-64" => udp_source(address, span, 64 - 28)?,
        "udp-source-1500" => udp_source(address, span, 1500 - 28)?,
        _ => bail!("no part is called {part}"),
    };
    println!("{figure}");
    Ok(())
}

/// A program that listens says so first.
fn ready() -> Result<()> {
    println!("ready");
    std::io::stdout().flush().context("standard output")
}

fn pong(address: SocketAddr) -> Result<f64> {
    let listener = TcpListener::bind(address)?;
    ready()?;
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let mut byte = [0];
    while stream.read(&mut byte)? > 0 {
        stream.write_all(&byte)?;
    }
    Ok(0.0)
}

/// The median of the round trips of one byte, in microseconds.
fn ping(address: SocketAddr, count: u64) -> Result<f64> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut byte = [0];
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        stream.write_all(&byte)?;
        stream.read_exact(&mut byte)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(percentile(&sorted(times), 0.5))
}

/// Bits a second.
fn tcp_sink(address: SocketAddr) -> Result<f64> {
    let listener = TcpListener::bind(address)?;
    ready()?;
    let (mut stream, _) = listener.accept()?;
    let (start, mut bytes, mut buffer) = (Instant::now(), 0, vec![0; 256 * 1024]);
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(bytes as f64 * 8.0 / start.elapsed().as_secs_f64()),
            more => bytes += more,
        }
    }
}

fn tcp_source(address: SocketAddr, span: Duration) -> Result<f64> {
    let mut stream = TcpStream::connect(address)?;
    let (start, buffer) = (Instant::now(), vec![0; 256 * 1024]);
    while start.elapsed() < span {
        stream.write_all(&buffer)?;
    }
    Ok(0.0)
}

/// Datagrams a second that arrived. It looks for them now and then: to be woken for each would be most of what is measured,
/// and done by whoever brings them.
fn udp_sink(address: SocketAddr) -> Result<f64> {
    let socket = UdpSocket::bind(address)?;
    ready()?;
    let mut buffer = [0; 2048];
    socket.recv(&mut buffer)?;
    let (start, mut last, mut count) = (Instant::now(), Instant::now(), 0_u64);
    socket.set_nonblocking(true)?;
    while last.elapsed() < OVER {
        match socket.recv(&mut buffer) {
            Ok(_) => (count, last) = (count + 1, Instant::now()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(NAP),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count as f64 / (last - start).as_secs_f64())
}

/// Datagrams that were sent.
fn udp_source(address: SocketAddr, span: Duration, bytes: usize) -> Result<f64> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(address)?;
    let (start, payload, mut count) = (Instant::now(), vec![0; bytes], 0_u64);
    while start.elapsed() < span {
        for _ in 0..64 {
            count += u64::from(socket.send(&payload).is_ok());
        }
    }
    Ok(count as f64)
}
