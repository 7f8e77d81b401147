//! Connections coming to be and going: who is at the other end of a socket.

use std::collections::VecDeque;

use socketscope_protocol::{End, Family, SocketType};

use super::{
    CallRecord, Connection, ConnectionId, Model, Moment, Over, Party, ProgramId, Socket, SocketId,
    SocketState,
};

/// Connections remembered that nobody has accepted; the oldest go first. The kernel's usual longest accept queue.
const UNACCEPTED: usize = 4096;

impl Model {
    /// The open socket that `record` was made on, unless its descriptor is another's by now.
    pub(super) fn socket_of(&mut self, record: &CallRecord) -> Option<&mut Socket> {
        let socket = self.programs.get_mut(&record.program)?.sockets.get_mut(&record.fd?)?;
        (Some(socket.id) == record.socket).then_some(socket)
    }

    /// Whether everything on a connection that `record` opened has been seen.
    fn seen_whole(&self, enter: Option<Moment>) -> bool {
        enter.is_some_and(|enter| enter.seq > self.last_gap)
    }

    /// The socket that `record` was made on is connected to `peer`. Its `accept` may have told so before.
    pub(super) fn connected(&mut self, record: &mut CallRecord, peer: &str) {
        let Some(socket) = self.socket_of(record) else { return };
        if matches!(socket.state, SocketState::New | SocketState::Bound | SocketState::Connecting) {
            socket.state = SocketState::Connected;
        }
        socket.peer = Some(peer.to_owned());
        let socket = socket.clone();
        let (Some(fd), connect) = (record.fd, socket.connecting) else { return };
        if let Some((id, end)) = socket.connection {
            self.relink(record.connection.replace((id, end)), id);
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.connect = connection.connect.or(connect);
            }
            return;
        }
        let other = match self.bound.holder(SocketType::Stream, socket.family, peer) {
            Some(_) => Party::Unaccepted,
            None => self
                .outsider(socket.family, peer, record.program)
                .map_or(Party::Unaccepted, Party::Outside),
        };
        let own = Party::Program { program: record.program, fd, socket: socket.id };
        let enter = match connect {
            Some(connect) if connect != record.id => {
                self.calls.get(&connect).and_then(|it| it.enter)
            }
            _ => record.enter,
        };
        let id = self.open(socket.family, [own, other], self.seen_whole(enter));
        let holder = self.bound.holder(SocketType::Stream, socket.family, peer);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.connect = connect;
            connection.local = socket.local.filter(|local| !local.is_empty());
            connection.listener = holder.map(|(_, socket)| socket);
        }
        if other == Party::Unaccepted {
            self.wait_for_accept(id);
        }
        self.join(record, id, 0);
        let connect = connect.and_then(|connect| self.calls.get_mut(&connect));
        if let Some(connect) = connect {
            connect.outside = record.outside;
            let before = connect.connection.replace((id, 0));
            self.relink(before, id);
        }
    }

    /// `record`, an accept, returned the socket `fd` with `peer` at the other end, which is `other` where that is a program.
    pub(super) fn accepted(
        &mut self,
        record: &mut CallRecord,
        mut socket: Socket,
        peer: &str,
        other: Option<&End>,
    ) {
        let waiting = self.unaccepted.iter().position(|id| {
            let Some(connection) = self.connections.get(id) else { return false };
            match &connection.local {
                Some(local) if !peer.is_empty() => local == peer,
                _ => other.is_some_and(|other| self.is_end(connection, other)),
            }
        });
        let fd = socket.fd;
        let own = Party::Program { program: record.program, fd, socket: socket.id };
        let id = match waiting.and_then(|at| self.unaccepted.remove(at)) {
            Some(id) => id,
            None => match other {
                Some(other) => self.opened_by(other, socket.family, own),
                None => match self.outsider(socket.family, peer, record.program) {
                    Some(peer) => self.open(socket.family, [Party::Outside(peer), own], false),
                    // A program of the lab that was not seen, as its journal is no longer kept.
                    None => {
                        let id = self.open(socket.family, [Party::Unaccepted, own], false);
                        self.close_end(id, 0, self.head());
                        id
                    }
                },
            },
        };
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.ends[1] = own;
            connection.accept = Some(record.id);
        }
        socket.connection = Some((id, 1));
        self.join(record, id, 1);
        self.add_socket(record.program, socket);
    }

    fn is_end(&self, connection: &Connection, end: &End) -> bool {
        let Party::Program { program, fd, .. } = connection.ends[0] else { return false };
        fd == end.fd && self.names.get(&end.program) == Some(&program)
    }

    /// A connection whose `accept` returned before its `connect` did.
    fn opened_by(&mut self, other: &End, family: Family, own: Party) -> ConnectionId {
        let program = self.program_called(&other.program);
        let holder = self.programs.get(&program).and_then(|program| program.sockets.get(&other.fd));
        let fresh = holder.filter(|socket| socket.connection.is_none());
        let (socket, connect) = fresh.map_or((None, None), |it| (Some(it.id), it.connecting));
        let enter = connect.and_then(|connect| self.calls.get(&connect)).and_then(|it| it.enter);
        let socket = socket.unwrap_or_else(|| self.new_socket_id());
        let end = Party::Program { program, fd: other.fd, socket };
        let id = self.open(family, [end, own], self.seen_whole(enter));
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.connect = connect;
        }
        let holder = self.programs.get_mut(&program).and_then(|it| it.sockets.get_mut(&other.fd));
        match holder.filter(|it| it.id == socket) {
            Some(holder) => holder.connection = Some((id, 0)),
            None => self.close_end(id, 0, self.head()),
        }
        if let Some(record) = connect.and_then(|connect| self.calls.get_mut(&connect)) {
            let before = record.connection.replace((id, 0));
            self.relink(before, id);
        }
        id
    }

    fn open(&mut self, family: Family, ends: [Party; 2], seen_whole: bool) -> ConnectionId {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        for end in ends {
            if let Party::Outside(peer) = end {
                self.peers.opened(peer);
            }
        }
        let connection = Connection {
            id,
            family,
            ends,
            connect: None,
            accept: None,
            closed: [false; 2],
            streams: Default::default(),
            gaps: if seen_whole { self.gaps } else { u64::MAX },
            relinked: 0,
            local: None,
            listener: None,
        };
        self.connections.insert(id, connection);
        id
    }

    fn wait_for_accept(&mut self, id: ConnectionId) {
        self.unaccepted.push_back(id);
        if self.unaccepted.len() > UNACCEPTED
            && let Some(oldest) = self.unaccepted.pop_front()
        {
            self.close_end(oldest, 1, self.head());
        }
    }

    /// `record` turns out to belong to the connection `id`.
    fn join(&mut self, record: &mut CallRecord, id: ConnectionId, end: usize) {
        self.relink(record.connection.replace((id, end)), id);
        record.outside = self.connections.get(&id).and_then(Connection::outside);
        if let Some(socket) = self.socket_of(record)
            && end == 0
        {
            socket.connection = Some((id, end));
        }
    }

    /// A call that was entered before belongs to `now`, not to `before`.
    fn relink(&mut self, before: Option<(ConnectionId, usize)>, now: ConnectionId) {
        for id in [before.map(|(id, _)| id), Some(now)].into_iter().flatten() {
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.relinked += 1;
            }
        }
    }

    /// Puts `socket` into its program's table. Whatever had its descriptor has been closed, even where that has not been said yet.
    pub(super) fn add_socket(&mut self, program: ProgramId, socket: Socket) {
        let Some(holder) = self.programs.get_mut(&program) else { return };
        let fd = socket.fd;
        if let Some(before) = holder.sockets.insert(fd, socket) {
            self.release(program, &before, self.head());
        }
    }

    /// `socket` has been closed.
    pub(super) fn release(&mut self, program: ProgramId, socket: &Socket, seq: u64) {
        if let Some(local) = &socket.local {
            self.bound.remove(socket.socket_type, local, socket.id);
        }
        self.inboxes.close(socket.id);
        if let Some(program) = self.programs.get(&program) {
            self.lab.closed(&program.name, socket.fd);
        }
        if matches!(socket.state, SocketState::Listening) {
            self.refuse_waiting(socket.id, seq);
        }
        if let Some((id, end)) = socket.connection {
            if let Some(peer) = self.connections.get(&id).and_then(Connection::outside) {
                self.peers.closed(peer);
                self.peers.touch(peer, program, seq);
            }
            self.close_end(id, end, seq);
        }
    }

    /// Nobody will accept what waits for `listener`.
    fn refuse_waiting(&mut self, listener: SocketId, seq: u64) {
        let waits = |id: &ConnectionId| {
            self.connections.get(id).is_some_and(|connection| connection.listener == Some(listener))
        };
        let (refused, kept) = self.unaccepted.iter().partition(|id| waits(id));
        self.unaccepted = kept;
        let refused: VecDeque<ConnectionId> = refused;
        for id in refused {
            self.close_end(id, 1, seq);
        }
    }

    fn close_end(&mut self, id: ConnectionId, end: usize, seq: u64) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.closed[end] = true;
        if connection.over() {
            self.over.push_back((seq, Over::Connection(id)));
        }
    }
}
