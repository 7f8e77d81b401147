//! The states of a network's sockets as they were told last, so that only what has changed becomes an event.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use socketscope_protocol::{
    Basis, End, Fd, HostName, KernelState, ProgramName, Protocol, TcpState,
};

use super::diag::{Diag, Told};

/// Sockets whose states are remembered in one network.
const REMEMBERED: usize = 4096;

/// Sockets that are asked about in one go by [`States::sample`]: together they take about a millisecond.
const SAMPLED: usize = 64;

/// Whose the sockets are, by the number of their file. Shared by a room's programs and its networks.
#[derive(Default)]
pub(crate) struct Owners(Mutex<HashMap<u64, End>>);

impl Owners {
    pub(crate) fn insert(&self, inode: u64, program: ProgramName, fd: Fd) {
        self.lock().insert(inode, End { program, fd });
    }

    pub(crate) fn remove(&self, inode: u64) {
        self.lock().remove(&inode);
    }

    /// Whether the program still has a socket of this number.
    fn have(&self, program: Option<&ProgramName>, fd: Option<Fd>) -> bool {
        let is = |end: &End| Some(&end.program) == program && Some(end.fd) == fd;
        self.lock().values().any(is)
    }

    fn of(&self, inode: u32) -> Option<End> {
        self.lock().get(&u64::from(inode)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, End>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket by its addresses.
type Key = (Protocol, SocketAddr, Option<SocketAddr>);

/// The sockets of one network.
pub(crate) struct States {
    host: Option<HostName>,
    diag: Diag,
    known: HashMap<Key, KernelState>,
    /// Sockets that changed while nobody was asked, since too much happened.
    missed: Vec<Key>,
    /// Where the next sample goes on.
    turn: usize,
}

impl States {
    pub(crate) fn new(host: Option<HostName>, diag: Diag) -> Self {
        Self { host, diag, known: HashMap::new(), missed: Vec::new(), turn: 0 }
    }

    /// Asks about the socket at `local` that is connected to `peer`, and about the one that listens there where the
    /// former is still its own. Returns what has changed.
    pub(crate) fn look(
        &mut self,
        owners: &Owners,
        protocol: Protocol,
        local: SocketAddr,
        peer: Option<SocketAddr>,
        basis: Basis,
    ) -> Vec<KernelState> {
        let mut changed = Vec::new();
        let told = self.ask((protocol, local, peer), owners, basis, &mut changed);
        // Nobody's yet, or not even one: then the listener's queues are what has changed.
        let listeners = protocol == Protocol::Tcp
            && peer.is_some()
            && told.is_none_or(|(inode, state)| {
                inode == 0 && !matches!(state, TcpState::TimeWait | TcpState::Listen)
            });
        if listeners && self.listener(local).is_some() {
            self.ask((protocol, local, None), owners, basis, &mut changed);
        }
        changed
    }

    /// Remembers that a socket has to be asked about later: now there is no time for it.
    pub(crate) fn miss(&mut self, protocol: Protocol, local: SocketAddr, peer: Option<SocketAddr>) {
        let key = (protocol, local, peer);
        if self.missed.len() < SAMPLED && !self.missed.contains(&key) {
            self.missed.push(key);
        }
    }

    /// Asks about those that were missed, and about some of the others, which change by themselves too: timers end.
    pub(crate) fn sample(&mut self, owners: &Owners) -> Vec<KernelState> {
        let mut keys = std::mem::take(&mut self.missed);
        let others = SAMPLED.saturating_sub(keys.len()).min(self.known.len());
        if self.turn >= self.known.len() {
            self.turn = 0;
        }
        keys.extend(self.known.keys().skip(self.turn).take(others));
        self.turn += others;
        let mut changed = Vec::new();
        for (protocol, local, peer) in keys {
            changed.extend(self.look(owners, protocol, local, peer, Basis::Sampled));
        }
        changed
    }

    /// Whether there is nothing to sample.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.missed.is_empty()
    }

    /// Asks about one socket; returns its file's number and state, where there is one.
    fn ask(
        &mut self,
        asked: Key,
        owners: &Owners,
        basis: Basis,
        changed: &mut Vec<KernelState>,
    ) -> Option<(u32, TcpState)> {
        let (protocol, local, peer) = asked;
        let told = match self.diag.socket(protocol, local, peer) {
            Ok(told) => told,
            Err(error) => {
                tracing::debug!(%error, %local, "the kernel did not tell a socket's state");
                return None;
            }
        };
        let found = told.and_then(|told| Some((key(&told.state)?, told)));
        let is_asked = found.as_ref().is_some_and(|(key, _)| *key == asked);
        if !is_asked
            && let Some(mut gone) = self.known.remove(&asked)
            && gone.state != TcpState::Close
        {
            (gone.state, gone.basis) = (TcpState::Close, basis);
            // A connection may end under a descriptor that goes on.
            if !owners.have(gone.program.as_ref(), gone.fd) {
                gone.fd = None;
            }
            (gone.receive_queue, gone.send_queue, gone.timer, gone.timer_ms) =
                (None, None, None, None);
            changed.push(gone);
        }
        let (key, Told { inode, mut state }) = found?;
        let owner = owners.of(inode);
        state.host.clone_from(&self.host);
        state.fd = owner.as_ref().map(|owner| owner.fd);
        state.program = owner.map(|owner| owner.program).or_else(|| self.owner_before(&key));
        if state.state == TcpState::Listen {
            state.half_open = Some(self.half_open(local.port()));
        }
        state.basis = basis;
        let now = (inode, state.state);
        let before = self.known.get(&key);
        // A socket that nobody has and that does nothing is not worth an event of its own.
        let idle = before.is_none() && state.program.is_none() && state.state == TcpState::Close;
        if !idle && before.is_none_or(|before| differ(before, &state)) {
            if self.known.len() >= REMEMBERED {
                self.known.clear();
            }
            self.known.insert(key, state.clone());
            changed.push(state);
        }
        Some(now)
    }

    /// Whose a socket without a descriptor is: whose it was, or whose listener it came to.
    fn owner_before(&self, key: &Key) -> Option<ProgramName> {
        let before = self.known.get(key).and_then(|state| state.program.clone());
        before.or_else(|| self.listener(key.1)?.program.clone())
    }

    fn listener(&self, local: SocketAddr) -> Option<&KernelState> {
        let any = SocketAddr::from(([0; 4], local.port()));
        // It gets what IPv4 brings, too (ipv6(7)).
        let any_ipv6 = SocketAddr::from(([0; 16], local.port()));
        let at = |local: &SocketAddr| {
            let state = self.known.get(&(Protocol::Tcp, *local, None));
            state.filter(|state| state.state == TcpState::Listen)
        };
        [local, any, any_ipv6].iter().find_map(at)
    }

    fn half_open(&self, port: u16) -> u32 {
        let open = |(key, state): &(&Key, &KernelState)| {
            key.1.port() == port && state.state == TcpState::SynRecv
        };
        self.known.iter().filter(open).count() as u32
    }
}

fn key(state: &KernelState) -> Option<Key> {
    let peer = state.peer.as_deref().map(str::parse).transpose().ok()?;
    Some((state.protocol, state.local.parse().ok()?, peer))
}

/// Whether something has changed that one would draw. A round trip time or a running timer changes all the time.
fn differ(before: &KernelState, now: &KernelState) -> bool {
    let seen = |state: &KernelState| {
        (
            (state.state, state.fd, state.program.clone()),
            (state.receive_queue, state.send_queue, state.accept_queue, state.backlog),
            (state.half_open, state.retransmits, state.timer, state.drops),
        )
    };
    seen(before) != seen(now)
}
