//! The server as a whole: made from a configuration, serving until it is told to stop.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use socketscope_protocol::limits;
use subtle::ConstantTimeEq;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    lesson::Lessons,
    network::{Ladder, Reach},
    rooms::Rooms,
    watch,
    web::{self, Access, Parting},
};

/// How long the feeds may take to say good-bye, and after that, all else that is still answered.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long to pause between two looks at what goes over this machine's loopback. A returning call looks for itself; to be
/// woken by each packet would cost the programs more than the packet does.
const HEARING: Duration = Duration::from_millis(1);

/// How a server shall be.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may change something.
    pub key: Key,
    /// How far programs on the host network reach.
    pub reach: Reach,
    /// What this machine allows.
    pub ladder: Ladder,
    /// Names that browsers may call the server by, beside IP addresses and localhost.
    pub allowed_hosts: Vec<String>,
    /// Bytes of encoded events that each room keeps.
    pub journal_bytes: usize,
    /// The lessons that there are.
    pub lessons: Lessons,
}

/// The host key. Comparing two takes as long wherever they differ.
#[derive(Clone)]
pub struct Key(String);

impl Key {
    /// Characters of a key: enough that guessing is hopeless, few enough for a link.
    pub const CHARS: std::ops::RangeInclusive<usize> = 8..=128;

    /// A key of the user's own. It goes into a link, so it is made of what a link takes as it is (RFC 3986, 2.3).
    ///
    /// # Errors
    /// A sentence that says what a key is made of.
    pub fn new(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if Self::CHARS.contains(&text.len()) && text.bytes().all(plain) {
            return Ok(Self(text.into()));
        }
        Err("a host key has 8 to 128 letters, digits, hyphens, points, underscores or tildes"
            .into())
    }

    /// A key of 128 random bits.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Whether `offered` is this key.
    pub(crate) fn is(&self, offered: &str) -> bool {
        self.0.as_bytes().ct_eq(offered.as_bytes()).into()
    }

    /// The key as text, for the link.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    /// Never the key itself: logs are read by others.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Config {
    /// Loopback only, everything else as most users have it.
    pub fn new(key: Key, ladder: Ladder) -> Self {
        let (reach, journal_bytes) = (Reach::default(), limits::JOURNAL_BYTES);
        let (allowed_hosts, lessons) = (Vec::new(), Lessons::default());
        Self { key, reach, ladder, allowed_hosts, journal_bytes, lessons }
    }
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) rooms: Rooms,
    pub(crate) access: Access,
    /// The open feeds: axum's own shutdown does not know them any more.
    pub(crate) feeds: TaskTracker,
    pub(crate) stopping: CancellationToken,
}

/// A server that is ready to serve.
pub struct Server {
    shared: Arc<Shared>,
}

impl Server {
    /// A server without rooms, for a listener at `address`.
    ///
    /// # Errors
    /// Where the folder for its Unix sockets or a thread for its rooms cannot be made.
    pub fn new(config: Config, address: SocketAddr) -> io::Result<Self> {
        let open = is_loopback(address.ip());
        let shared = Shared {
            rooms: Rooms::new(config.journal_bytes, config.reach, config.ladder, config.lessons)?,
            access: Access::new(config.key, config.allowed_hosts, open),
            feeds: TaskTracker::new(),
            stopping: CancellationToken::new(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Serves until `shutdown` resolves; then ends the rooms, tells the viewers, and returns.
    ///
    /// # Errors
    /// Where the listener fails for good.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let shared = self.shared;
        if let Some(capture) = shared.rooms.ladder().capture().cloned() {
            let tap = capture.tap();
            let deal = move || capture.deal(None);
            tokio::spawn(watch::at_most_each(tap, HEARING, deal));
        }
        let stop = {
            let stopping = shared.stopping.clone();
            async move {
                shutdown.await;
                tracing::info!("stopping");
                stopping.cancel();
            }
        };
        let router = web::router(shared.clone());
        let serving = async {
            let served = axum::serve(Parting(listener), router).with_graceful_shutdown(stop).await;
            // Also where nobody has asked for it, and the listener has failed.
            shared.stopping.cancel();
            served
        };
        let parting = async {
            shared.stopping.cancelled().await;
            shared.feeds.close();
            if timeout(FAREWELL, shared.feeds.wait()).await.is_err() {
                tracing::warn!("some viewers did not take leave in time");
            }
            // Calls that wait return thereby, and whoever waits for one is answered.
            shared.rooms.end_all().await;
        };
        tokio::pin!(serving, parting);
        tokio::select! {
            served = &mut serving => {
                parting.await;
                served
            }
            // Who reads nothing, or has asked for half a thing, keeps no server from ending.
            () = &mut parting => timeout(FAREWELL, serving).await.unwrap_or_else(|_| {
                tracing::warn!("some connections did not end in time");
                Ok(())
            }),
        }
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}
