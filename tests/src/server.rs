//! A server for one test, on a port of its own, that stops when it is dropped.

use std::{net::SocketAddr, sync::mpsc, thread};

use socketscope_server::{Choice, Config, Key, Ladder, Server};
use tokio::{net::TcpListener, sync::oneshot};

use crate::Client;

/// A running server.
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl TestServer {
    /// The key of every test's server.
    pub const KEY: &str = "the-key-of-the-tests";

    /// Starts a server as most users do.
    pub fn start() -> Self {
        Self::start_with("127.0.0.1:0", |_| {})
    }

    /// Starts a server at `listen`, with what `change` makes of the configuration.
    pub fn start_with(listen: &str, change: impl FnOnce(&mut Config)) -> Self {
        let key = Key::new(Self::KEY).expect("a key");
        let mut config = Config::new(key, Ladder::climb(Choice::Auto));
        change(&mut config);
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = mpsc::channel();
        let listen = listen.to_owned();
        // A runtime of its own, as in real life: a test that blocks does not hold the server up.
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind(&listen).await.expect("a free port");
                let address = listener.local_addr().expect("an address");
                let server = Server::new(config, address).expect("a server");
                ready.send(address).expect("the test waits for it");
                let shutdown = async {
                    let _ = stopped.await;
                };
                server.serve(listener, shutdown).await.expect("serving");
            });
        });
        let address = address.recv().expect("the server starts");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// The address with a path behind it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A client with the key.
    pub fn client(&self) -> Client {
        Client::new(self.address, Some(Self::KEY))
    }

    /// Begins to stop the server, as SIGTERM does.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
        let ended = self.thread.take().map(thread::JoinHandle::join);
        // A second panic while unwinding would hide the first.
        if matches!(ended, Some(Err(_))) && !thread::panicking() {
            panic!("the server panicked");
        }
    }
}
