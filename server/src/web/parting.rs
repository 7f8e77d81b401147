//! Connections that part in order. A server that closes a connection with bytes still unread resets it, and the reset takes
//! with it what the other side has not read yet: the refusal of a message that is too long. So the last word is said, and
//! what still comes is read and dropped, for a while.

use std::{
    io::{self, IoSlice},
    net::{Shutdown, SocketAddr},
    os::fd::AsFd,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    time::timeout,
};

/// How long the other side may take to end, and how much it may still send: a careless message of some megabytes over a
/// slow network. Waiting for that costs a socket and a small buffer.
const PATIENCE: Duration = Duration::from_secs(10);
const DROPPED_BYTES: u64 = 16 * 1024 * 1024;

/// A listener whose connections part in order.
pub(crate) struct Parting(pub(crate) TcpListener);

/// A connection of its.
pub(crate) struct Connection {
    stream: TcpStream,
    /// Whether the other side has said that nothing more comes.
    ended: bool,
}

impl Listener for Parting {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Small messages must not wait for one another (Nagle): they are what people watch.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        (Connection { stream, ended: false }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connection {
    /// The same socket, which stays open when this one is dropped.
    fn same(&self) -> io::Result<std::net::TcpStream> {
        self.stream.as_fd().try_clone_to_owned().map(Into::into)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // Without a runtime, or another descriptor, it goes as it would anyway.
        if let (Ok(runtime), Ok(stream)) = (Handle::try_current(), self.same()) {
            runtime.spawn(timeout(PATIENCE, part(stream)));
        }
    }
}

/// Says that nothing more comes, and drops what does until the other side says so, too.
async fn part(stream: std::net::TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let rest = TcpStream::from_std(stream)?.take(DROPPED_BYTES);
    tokio::io::copy(&mut { rest }, &mut tokio::io::sink()).await.map(drop)
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.remaining();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.ended |=
            matches!(read, Poll::Ready(Ok(()))) && before > 0 && buffer.remaining() == before;
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
