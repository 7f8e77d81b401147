//! What there is, as the server says it where the events that told of it are gone. It is at least as new as the last event
//! that was taken in: what it has and we do not is added, and what we have and it does not is over. What both have stays as
//! events have told it.

use socketscope_protocol::{
    Fd, HostChange, ProgramName, ProgramView, Role, SocketView, WaitingCall, wire::Snapshot,
};

use super::{CallRecord, Model, Program, ProgramId, Socket, SocketState};

impl Model {
    /// Takes the room to be as the snapshot says, which was taken after the last event.
    pub fn adopt(&mut self, snapshot: &Snapshot) {
        for host in &snapshot.hosts {
            let started = HostChange::Started(host.address);
            self.lab.host_changed(self.head(), &host.host, &started);
        }
        if let Some(wire) = &snapshot.wire {
            self.lab.wire = wire.clone();
        }
        for program in &snapshot.programs {
            self.adopt_program(program);
        }
        // A lesson's program is listed a little after its start has been told.
        let may_be_over = |program: &Program| !matches!(program.role, Some(Role::Lesson(_)));
        let listed = |name: &ProgramName| snapshot.programs.iter().any(|it| it.name == *name);
        let over = self.programs.values().filter(|it| it.alive && may_be_over(it));
        let over = over.filter(|it| !listed(&it.name)).map(|it| it.id).collect::<Vec<_>>();
        over.into_iter().for_each(|id| self.program_over(id, self.head()));
        self.meet_all();
    }

    fn adopt_program(&mut self, view: &ProgramView) {
        let host = view.host.as_ref().map(|host| self.lab.host_called(host));
        let id = self.program_called(&view.name);
        let Some(program) = self.programs.get_mut(&id) else { return };
        program.alive = true;
        program.host = program.host.or(host);
        program.role.get_or_insert_with(|| view.does.clone());
        let listed = |fd: &Fd| view.sockets.iter().any(|socket| socket.fd == *fd);
        let closed: Vec<_> = program.sockets.keys().copied().filter(|fd| !listed(fd)).collect();
        for fd in closed {
            let socket = self.programs.get_mut(&id).and_then(|it| it.sockets.remove(&fd));
            if let Some(socket) = socket {
                self.release(id, &socket, self.head());
            }
        }
        for socket in &view.sockets {
            self.adopt_socket(id, socket);
        }
        for call in &view.waiting {
            self.adopt_call(id, call);
        }
    }

    fn adopt_socket(&mut self, program: ProgramId, view: &SocketView) {
        let known = |program: &Program| program.sockets.get(&view.fd).is_some();
        if self.programs.get(&program).is_none_or(known) {
            return;
        }
        let id = self.new_socket_id();
        let mut socket = Socket::new(id, view.fd, view.family, view.socket_type);
        (socket.local, socket.peer) = (view.local.clone(), view.peer.clone());
        socket.state = match &view.local {
            _ if view.listening => SocketState::Listening,
            _ if view.peer.is_some() => SocketState::Connected,
            Some(local) if is_bound(local) => SocketState::Bound,
            _ => SocketState::New,
        };
        // As after its events: an accepted socket does not hold the address of its listener.
        if let Some(local) = view.local.as_ref().filter(|_| view.listening || view.peer.is_none()) {
            self.bound.insert(view.socket_type, local, (program, id));
        }
        self.add_socket(program, socket);
    }

    /// It waits: it has not returned unseen, as was to be feared, or it was entered before anything that is still kept.
    fn adopt_call(&mut self, program_id: ProgramId, call: &WaitingCall) {
        let Some(program) = self.programs.get_mut(&program_id) else { return };
        let socket = call.fd.and_then(|fd| program.sockets.get(&fd)).map(|socket| socket.id);
        let record = self.calls.remove(&call.id).unwrap_or_else(|| {
            let record = CallRecord::new(call.id, program_id, call.call, call.fd);
            CallRecord { socket, ..record }
        });
        if record.returned.is_none() {
            program.waiting.insert(call.id);
            if record.enter.is_some() {
                program.slots.insert(record.slot);
            }
        }
        self.calls.insert(call.id, CallRecord { lost: None, ..record });
    }
}

/// Whether getsockname tells of an address that somebody has given: a new socket has port 0, or no name.
fn is_bound(local: &str) -> bool {
    !local.is_empty() && !local.ends_with(":0")
}
