//! What a call's return changes: sockets, streams of bytes, datagrams.

use socketscope_protocol::{Call, CallName, Errno, Fact, Family, How, Payload, SocketType, Value};

use super::{
    CallRecord, Model, Moment, Socket, SocketState,
    datagram::{Sent, same_bytes},
};

impl Model {
    /// `call` on `socket` is about to send.
    pub(super) fn send_entered(&mut self, record: &mut CallRecord, socket: &Socket, call: &Call) {
        let (bytes, to) = match call {
            Call::Send { bytes, .. } => (*bytes, socket.peer.as_deref()),
            Call::Sendto { bytes, address, .. } => (*bytes, Some(address.as_str())),
            _ => return,
        };
        if socket.socket_type == SocketType::Stream {
            let gaps = self.gaps;
            let Some((id, end)) = record.connection else { return };
            let Some(connection) = self.connections.get_mut(&id) else { return };
            record.outside = connection.outside();
            if connection.gaps == gaps {
                connection.streams[end].send_entered(record.id, bytes as u64);
            }
            return;
        }
        let holder = to.and_then(|to| self.bound.holder(SocketType::Dgram, socket.family, to));
        if let Some((_, to)) = holder {
            self.inboxes.push(to, Sent { call: record.id, from: socket.local.clone(), bytes });
        }
    }

    /// `record` has returned as `fact` says.
    pub(super) fn effects(&mut self, record: &mut CallRecord, now: Moment, fact: &Fact) {
        let Fact::Return { outcome, local, peer, other, .. } = fact else { return };
        if record.name == CallName::Accept {
            if let Ok(value) = outcome {
                let new = self.accepted_socket(record, value, local.as_deref(), peer.as_deref());
                let address = value.peer.as_deref().or(peer.as_deref()).unwrap_or_default();
                if let Some(new) = new {
                    self.accepted(record, new, address, other.as_ref());
                }
            }
            return;
        }
        if let Some(local) = local {
            self.has_address(record, local);
        }
        match outcome {
            Ok(value) => self.succeeded(record, now, value, peer.as_deref()),
            Err(errno) => self.failed(record, errno),
        }
    }

    fn accepted_socket(
        &mut self,
        record: &CallRecord,
        value: &Value,
        local: Option<&str>,
        peer: Option<&str>,
    ) -> Option<Socket> {
        let fd = value.fd?;
        let family = self.socket_of(record).map(|listener| listener.family);
        let family = family.unwrap_or_else(|| family_of(local.or(peer).unwrap_or_default()));
        let mut socket = Socket::new(self.new_socket_id(), fd, family, SocketType::Stream);
        socket.local = local.map(str::to_owned);
        socket.peer = value.peer.as_deref().or(peer).map(str::to_owned);
        socket.state = SocketState::Connected;
        Some(socket)
    }

    /// The kernel says where the socket of `record` is.
    fn has_address(&mut self, record: &CallRecord, local: &str) {
        let program = record.program;
        let Some(socket) = self.socket_of(record) else { return };
        if socket.local.as_deref() == Some(local) {
            return;
        }
        let before = socket.local.replace(local.to_owned());
        let (kind, id) = (socket.socket_type, socket.id);
        if kind == SocketType::Stream && record.name != CallName::Bind {
            return;
        }
        if let Some(before) = before {
            self.bound.remove(kind, &before, id);
        }
        if !local.is_empty() {
            self.bound.insert(kind, local, (program, id));
        }
    }

    fn succeeded(
        &mut self,
        record: &mut CallRecord,
        now: Moment,
        value: &Value,
        peer: Option<&str>,
    ) {
        // A send's own payload is nothing that is needed here, and may be long.
        let made = self.call_made(record).filter(|_| record.name != CallName::Send).cloned();
        match (record.name, &made) {
            (CallName::Socket, Some(Call::Socket { family, socket_type })) => {
                let Some(fd) = value.fd else { return };
                let socket = Socket::new(self.new_socket_id(), fd, *family, *socket_type);
                record.socket = Some(socket.id);
                self.add_socket(record.program, socket);
            }
            (CallName::Bind, made) => {
                if let Some(Call::Bind { address }) = made
                    && self.socket_of(record).is_some_and(|socket| socket.local.is_none())
                {
                    self.has_address(record, address);
                }
                self.becomes(record, SocketState::Bound);
            }
            (CallName::Listen, _) => self.becomes(record, SocketState::Listening),
            (CallName::Connect, made) => {
                let asked =
                    if let Some(Call::Connect { address }) = made { Some(address) } else { None };
                let Some(peer) = peer.or(asked.map(String::as_str)) else { return };
                match self.socket_of(record) {
                    Some(socket) if socket.socket_type == SocketType::Dgram => {
                        socket.peer = Some(peer.to_owned());
                        socket.state = SocketState::Connected;
                    }
                    _ => self.connected(record, peer),
                }
            }
            (CallName::Send | CallName::Sendto, made) => {
                self.sent(record, value.bytes.unwrap_or(0), made.as_ref());
            }
            (CallName::Recv | CallName::Recvfrom, made) => {
                self.received(record, value, made.as_ref())
            }
            (CallName::Shutdown, Some(Call::Shutdown { how: How::Write | How::Both })) => {
                if let Some(socket) = self.socket_of(record) {
                    let theirs =
                        matches!(socket.state, SocketState::HalfClosed { theirs: true, .. });
                    socket.state = SocketState::HalfClosed { ours: true, theirs };
                }
            }
            (CallName::Close, _) => self.close(record, now),
            (CallName::Getsockname, _) => {
                if let Some(address) = &value.address {
                    self.has_address(record, address);
                }
            }
            _ => {}
        }
    }

    fn failed(&mut self, record: &mut CallRecord, errno: &Errno) {
        match record.name {
            CallName::Send | CallName::Sendto => self.not_sent(record),
            // Such a connect goes on in the background, or concerns an earlier one.
            CallName::Connect
                if matches!(&*errno.name, "EINPROGRESS" | "EALREADY" | "EISCONN" | "EINTR") =>
            {
                let asked = match self.call_made(record) {
                    Some(Call::Connect { address }) => Some(address.clone()),
                    _ => None,
                };
                if let Some(socket) = self.socket_of(record) {
                    socket.peer = socket.peer.take().or(asked);
                }
            }
            CallName::Connect => {
                let id = record.id;
                let Some(socket) = self.socket_of(record) else { return };
                if socket.state == SocketState::Connecting {
                    let bound = socket.local.is_some();
                    socket.state = if bound { SocketState::Bound } else { SocketState::New };
                }
                if socket.connection.is_none() || socket.connecting == Some(id) {
                    socket.connecting = None;
                }
            }
            // Whatever close says, the descriptor is free, unless there was none.
            CallName::Close if errno.name != "EBADF" => {
                if let Some(now) = record.returned {
                    self.close(record, now);
                }
            }
            _ => {}
        }
    }

    fn becomes(&mut self, record: &CallRecord, state: SocketState) {
        if let Some(socket) = self.socket_of(record) {
            socket.state = state;
        }
    }

    fn close(&mut self, record: &CallRecord, now: Moment) {
        let Some(fd) = self.socket_of(record).map(|socket| socket.fd) else { return };
        let Some(program) = self.programs.get_mut(&record.program) else { return };
        if let Some(socket) = program.sockets.remove(&fd) {
            self.release(record.program, &socket, now.seq);
        }
    }

    /// Where bytes flow, there is a connection, even where no connect has returned 0 (O_NONBLOCK).
    fn ensure_connection(&mut self, record: &mut CallRecord) {
        let Some(socket) = self.socket_of(record) else { return };
        if socket.socket_type == SocketType::Dgram || socket.state != SocketState::Connecting {
            return;
        }
        if let Some(peer) = socket.peer.clone() {
            self.connected(record, &peer);
        }
    }

    fn sent(&mut self, record: &mut CallRecord, bytes: usize, made: Option<&Call>) {
        self.ensure_connection(record);
        let gaps = self.gaps;
        if let Some((id, end)) = record.connection {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            record.outside = connection.outside();
            if connection.gaps != gaps {
                return;
            }
            let (own, calls) = (record.id, &mut self.calls);
            let mut written = None;
            let stream = &mut connection.streams[end];
            stream.send_returned(own, bytes as u64, |call, bytes| {
                if call == own {
                    written = Some(bytes);
                } else if let Some(record) = calls.get_mut(&call) {
                    record.written = Some(bytes);
                }
            });
            // The record itself is out of the table while it is worked on.
            stream.forget(|call| call != own && calls.get(&call).is_none());
            record.written = written.or(record.written.take());
            return;
        }
        let Some(socket) = self.socket_of(record).map(|socket| socket.clone()) else { return };
        let to = match made {
            Some(Call::Sendto { address, .. }) => Some(address.as_str()),
            _ => socket.peer.as_deref(),
        };
        let Some(to) = to.filter(|_| socket.socket_type == SocketType::Dgram) else { return };
        if record.datagram.is_none()
            && self.bound.holder(SocketType::Dgram, socket.family, to).is_none()
        {
            record.outside = self.outsider(socket.family, to, record.program);
        }
    }

    fn not_sent(&mut self, record: &mut CallRecord) {
        if record.connection.is_some() {
            return self.sent(record, 0, None);
        }
        let to = match self.call_made(record) {
            Some(Call::Sendto { address, .. }) => Some(address.clone()),
            _ => None,
        };
        let Some(socket) = self.socket_of(record) else { return };
        let family = socket.family;
        let Some(to) = to.or(socket.peer.clone()) else { return };
        if let Some((_, to)) = self.bound.holder(SocketType::Dgram, family, &to) {
            self.inboxes.take(to, record.id);
        }
    }

    fn received(&mut self, record: &mut CallRecord, value: &Value, made: Option<&Call>) {
        self.ensure_connection(record);
        let bytes = value.bytes.unwrap_or(0);
        let Some((id, end)) = record.connection.or_else(|| self.socket_of(record)?.connection)
        else {
            return self.received_datagram(record, value);
        };
        let (gaps, calls) = (self.gaps, &self.calls);
        if let Some(connection) = self.connections.get_mut(&id) {
            if record.connection.is_none() {
                connection.relinked += 1;
            }
            record.outside = connection.outside();
            if connection.gaps == gaps && record.outside.is_none() {
                let stream = &mut connection.streams[1 - end];
                record.read = Some(stream.received_by(record.id, bytes as u64));
                let own = record.id;
                stream.forget(|call| call != own && calls.get(&call).is_none());
            }
        }
        record.connection = Some((id, end));
        let nothing_asked =
            matches!(made, Some(Call::Recv { size: 0 } | Call::Recvfrom { size: 0 }));
        if bytes == 0
            && !nothing_asked
            && let Some(socket) = self.socket_of(record)
        {
            let ours = matches!(socket.state, SocketState::HalfClosed { ours: true, .. });
            socket.state = SocketState::HalfClosed { ours, theirs: true };
        }
    }

    fn received_datagram(&mut self, record: &mut CallRecord, value: &Value) {
        let Some(socket) = self.socket_of(record).map(|socket| socket.clone()) else { return };
        if socket.socket_type == SocketType::Stream {
            return;
        }
        let from = value.from.as_deref().or(socket.peer.as_deref()).unwrap_or_default();
        let bytes = value.bytes.unwrap_or(0);
        let cut = value.truncated == Some(true);
        let got = Payload { text: value.text.clone(), base64: value.base64.clone() };
        let sent = self.inboxes.find(socket.id, |sent| {
            let fits = sent.bytes == bytes || cut && sent.bytes > bytes;
            fits && sent.may_come_from(from)
                && self.calls.get(&sent.call).is_some_and(|sent| match self.call_made(sent) {
                    Some(Call::Send { payload, .. } | Call::Sendto { payload, .. }) => {
                        same_bytes(payload, &got)
                    }
                    _ => false,
                })
        });
        if let Some(sent) = sent {
            self.inboxes.take(socket.id, sent);
            record.datagram = Some(sent);
            if let Some(sent) = self.calls.get_mut(&sent) {
                sent.datagram = Some(record.id);
            }
            return;
        }
        let inside = self.bound.holder(SocketType::Dgram, socket.family, from).is_some();
        if !from.is_empty() && !inside {
            record.outside = self.outsider(socket.family, from, record.program);
        }
    }
}

/// The family that an address is written in.
fn family_of(address: &str) -> Family {
    if address.starts_with('[') {
        return Family::Inet6;
    }
    if address.contains(':') { Family::Inet } else { Family::Unix }
}
