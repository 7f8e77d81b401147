//! Taking in an event, and forgetting the oldest ones.

use socketscope_protocol::{
    Call, CallId, CallName, Change, Event, Fact, Fd, Flag, KernelState, ProgramName, Segment,
};

use super::{
    CallRecord, Connection, Model, Moment, Over, Program, ProgramId, SocketId, SocketState,
    Unexpected,
};

impl Model {
    /// Takes in the next event. The first may have any number, and a gap's number may lie further on.
    ///
    /// # Errors
    /// Where its number does not follow the last one's; nothing is changed then.
    pub fn push(&mut self, event: Event) -> Result<(), Unexpected> {
        let expected = self.head.map_or(event.seq, |head| head + 1);
        let gap = matches!(event.fact, Fact::Gap { .. });
        if event.seq != expected && !(gap && event.seq > expected) {
            return Err(Unexpected { expected, got: event.seq });
        }
        if self.head.is_none() {
            self.first = event.seq;
        }
        self.head = Some(event.seq);
        self.take(&event);
        self.events.push_back(event);
        while self.events.len() > self.capacity {
            self.forget_oldest();
        }
        Ok(())
    }

    fn take(&mut self, event: &Event) {
        let now = Moment { seq: event.seq, at: event.at };
        self.lesson.take(event);
        match &event.fact {
            Fact::Program { program, host, change: Change::Started(role) } => {
                let host = host.as_ref().map(|host| self.lab.host_called(host));
                let id = self.program_called(program);
                self.end_sockets(id, now.seq);
                self.lab.holders.forget(id);
                let Some(program) = self.programs.get_mut(&id) else { return };
                (program.alive, program.role, program.host) = (true, Some(role.clone()), host);
            }
            Fact::Program { program, change: Change::Ended(_), .. } => {
                let id = self.program_called(program);
                self.program_over(id, now.seq);
            }
            Fact::Host { host, change } => self.lab.host_changed(now.seq, host, change),
            Fact::Wire(wire) => self.lab.wire = (**wire).clone(),
            Fact::Depart { packet, host, to_host, medium, header } => {
                let hosts = [host, to_host]
                    .map(|host| host.as_ref().map(|host| self.lab.host_called(host)));
                self.lab.departed(now, *packet, hosts, *medium, header);
            }
            Fact::Arrive { packet, copy } => {
                self.lab.arrived(now, *packet, *copy);
                let header = self.lab.packet(*packet).and_then(|record| self.header(record));
                let opens = |segment: &Segment| segment.has(Flag::Syn);
                let syn = header.filter(|header| header.segment.as_ref().is_some_and(opens));
                if let Some(header) = syn.cloned() {
                    self.lab.may_overflow(*packet, &header);
                }
                self.guess_sender(*packet);
                self.address_message(*packet);
                self.meet(*packet);
            }
            Fact::Lose { packet, why } => self.lab.lost(now, *packet, *why),
            Fact::Hold { packet } => self.lab.stopped(now, *packet),
            Fact::State(state) => self.told(now, state),
            Fact::Summary(_) | Fact::Unseen { .. } | Fact::Disorder { .. } => {}
            Fact::Ready(_)
            | Fact::At { .. }
            | Fact::Output { .. }
            | Fact::Exit { .. }
            | Fact::Lesson(_) => {}
            Fact::Enter { id, program, fd, call, .. } => self.entered(now, *id, program, *fd, call),
            Fact::Return { .. } => self.returned(now, &event.fact),
            Fact::Gap { .. } => {
                self.gaps += 1;
                self.last_gap = now.seq;
                self.inboxes.clear();
                self.lab.gap();
                for id in self.programs.keys().copied().collect::<Vec<_>>() {
                    self.lose_calls(id, now.seq);
                }
            }
        }
    }

    /// The kernel has told a socket's state.
    fn told(&mut self, now: Moment, state: &KernelState) {
        let host = state.host.as_ref().map(|host| self.lab.host_called(host));
        let program = state.program.as_ref().map(|name| (name, self.program_called(name)));
        if let Some((_, id)) = program
            && self.lab.holders.hold(host, state.protocol, &state.local, id)
        {
            self.place_packets();
        }
        self.lab.told(now.seq, host, program, state);
        self.meet_all();
    }

    /// Finds out again whose the packets are that nobody was known to send or to wait for.
    pub(super) fn place_packets(&mut self) {
        let events = &self.events;
        self.lab.place_packets(|seq| {
            // Newest first: those without a place are among the last events.
            let event = events.iter().rev().find(|event| event.seq <= seq)?;
            match &event.fact {
                Fact::Depart { header, .. } if event.seq == seq => Some(header),
                _ => None,
            }
        });
    }

    /// The program called `name`; where its start was not seen, it is taken to run.
    pub(super) fn program_called(&mut self, name: &ProgramName) -> ProgramId {
        let last = self.head();
        if let Some(id) = self.names.get(name) {
            if let Some(program) = self.programs.get_mut(id) {
                program.last = last;
            }
            return *id;
        }
        let id = ProgramId(self.next_program);
        self.next_program += 1;
        self.names.insert(name.clone(), id);
        self.programs.insert(id, Program { last, ..Program::new(id, name.clone()) });
        id
    }

    /// The program has ended at the event `seq`, or before it.
    pub(super) fn program_over(&mut self, id: ProgramId, seq: u64) {
        self.end_sockets(id, seq);
        self.lose_calls(id, seq);
        self.lab.holders.ended(id);
        let Some(program) = self.programs.get_mut(&id) else { return };
        program.alive = false;
        self.over.push_back((seq, Over::Program(id)));
    }

    fn end_sockets(&mut self, id: ProgramId, seq: u64) {
        let Some(program) = self.programs.get_mut(&id) else { return };
        for (_, socket) in std::mem::take(&mut program.sockets) {
            self.release(id, &socket, seq);
        }
    }

    /// Calls of `id` that wait now may have returned unseen.
    fn lose_calls(&mut self, id: ProgramId, seq: u64) {
        let Some(program) = self.programs.get_mut(&id) else { return };
        program.slots.clear();
        for call in std::mem::take(&mut program.waiting) {
            let Some(record) = self.calls.get_mut(&call) else { continue };
            record.lost = Some(seq);
            if record.enter.is_none_or(|enter| enter.seq < self.first) {
                self.calls.remove(&call);
            }
        }
    }

    fn entered(
        &mut self,
        now: Moment,
        id: CallId,
        name: &ProgramName,
        fd: Option<Fd>,
        call: &Call,
    ) {
        let program_id = self.program_called(name);
        let Some(program) = self.programs.get_mut(&program_id) else { return };
        let slot = (0..).find(|slot| !program.slots.contains(slot)).unwrap_or_default();
        program.slots.insert(slot);
        program.waiting.insert(id);
        let socket = fd.and_then(|fd| program.sockets.get_mut(&fd));
        let mut record = CallRecord {
            enter: Some(now),
            slot,
            socket: socket.as_ref().map(|socket| socket.id),
            connection: socket.as_ref().and_then(|socket| socket.connection),
            ..CallRecord::new(id, program_id, call.name(), fd)
        };
        match (call, socket) {
            (Call::Connect { .. }, Some(socket)) if socket.connecting.is_none() => {
                socket.connecting = Some(id);
                if matches!(socket.state, SocketState::New | SocketState::Bound) {
                    socket.state = SocketState::Connecting;
                }
            }
            (Call::Send { .. } | Call::Sendto { .. }, Some(socket)) => {
                let socket = socket.clone();
                self.send_entered(&mut record, &socket, call);
            }
            _ => {}
        }
        self.calls.insert(id, record);
    }

    fn returned(&mut self, now: Moment, fact: &Fact) {
        let Fact::Return { id, program: name, fd, call, .. } = fact else { return };
        let program_id = self.program_called(name);
        let Some(program) = self.programs.get_mut(&program_id) else { return };
        program.waiting.remove(id);
        let mut record = self.calls.remove(id).unwrap_or_else(|| {
            let socket = fd.and_then(|fd| program.sockets.get(&fd));
            let connection = socket.and_then(|socket| socket.connection);
            let socket = socket.map(|socket| socket.id);
            CallRecord { socket, connection, ..CallRecord::new(*id, program_id, *call, *fd) }
        });
        if record.enter.is_some() && record.lost.is_none() {
            program.slots.remove(&record.slot);
        }
        (record.returned, record.lost) = (Some(now), None);
        self.effects(&mut record, now, fact);
        self.pair(&record, fact);
        if let Some(peer) = record.outside {
            self.peers.touch(peer, program_id, now.seq);
        }
        if matches!(record.name, CallName::Connect | CallName::Send | CallName::Sendto) {
            self.meet_all();
        }
        if let Some(line) = self.line_of(&record).cloned() {
            self.lesson.returned(now.seq, name, line);
        }
        self.calls.insert(*id, record);
    }

    /// A connection's addresses, by which its packets are known.
    fn pair(&mut self, record: &CallRecord, fact: &Fact) {
        let Fact::Return { local: Some(local), peer: Some(peer), .. } = fact else { return };
        let accepted = || {
            let fits = |it: &&Connection| it.accept == Some(record.id);
            self.connections.values().rev().find(fits).map(|connection| connection.id)
        };
        let id = record.connection.map(|(id, _)| id).or_else(accepted);
        let Some(connection) = id.and_then(|id| self.connections.get_mut(&id)) else { return };
        connection.relinked += 1;
        self.pairs.insert((local.clone(), peer.clone()), connection.id);
    }

    fn forget_oldest(&mut self) {
        let Some(event) = self.events.pop_front() else { return };
        self.first = self.events.front().map_or(event.seq + 1, |event| event.seq);
        let gone = match event.fact {
            Fact::Enter { id, .. } => self.calls.get(&id).filter(|record| record.lost.is_some()),
            Fact::Return { id, .. } => self.calls.get(&id),
            _ => None,
        };
        if let Fact::Depart { packet, .. }
        | Fact::Arrive { packet, .. }
        | Fact::Lose { packet, .. } = event.fact
        {
            self.lab.forget_packet(packet, event.seq);
        }
        if let Some(id) = gone.map(|record| record.id) {
            self.calls.remove(&id);
        }
        self.lesson.forget(&event);
        self.lab.forget_notes(self.first);
        while self.over.front().is_some_and(|(seq, _)| *seq <= event.seq) {
            match self.over.pop_front() {
                Some((seq, Over::Program(id))) => self.forget_program(id, seq),
                Some((_, Over::Connection(id))) => {
                    self.connections.remove(&id);
                    self.pairs.retain(|connection| *connection != id);
                }
                None => {}
            }
        }
    }

    fn forget_program(&mut self, id: ProgramId, ended: u64) {
        let Some(program) = self.programs.get(&id).filter(|program| !program.alive) else { return };
        // A call of its may have returned, or it may have run again, after this end.
        if program.last > ended {
            self.over.push_back((program.last, Over::Program(id)));
            return;
        }
        self.names.remove(&program.name);
        self.programs.remove(&id);
        self.lab.holders.forget(id);
    }

    /// The number of a socket that was never there before.
    pub(super) fn new_socket_id(&mut self) -> SocketId {
        self.next_socket += 1;
        SocketId(self.next_socket)
    }
}
