//! A cable between a browser and a server that can be pulled out and plugged in again.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Passes connections on to a server, while it is plugged in.
pub struct Cable {
    /// Where to connect.
    pub address: SocketAddr,
    plugged: watch::Sender<bool>,
}

impl Cable {
    /// A cable to `server`, plugged in.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (plugged, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(carry(browser, server, state.clone()));
            }
        });
        Self { address, plugged }
    }

    /// Breaks all connections and lets no new one through.
    pub fn pull(&self) {
        self.plugged.send_replace(false);
    }

    /// Lets connections through again.
    pub fn plug_in(&self) {
        self.plugged.send_replace(true);
    }
}

async fn carry(mut browser: TcpStream, server: SocketAddr, mut plugged: watch::Receiver<bool>) {
    if !*plugged.borrow() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    tokio::select! {
        // How it ends is seen at both ends of it.
        _ = copy_bidirectional(&mut browser, &mut server) => {}
        _ = plugged.wait_for(|plugged| !plugged) => {}
    }
}
