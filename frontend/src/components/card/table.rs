//! A program's table of descriptors, and its calls that wait.

use socketscope_diagram::model::{Socket, SocketState};
use socketscope_protocol::{CallId, Command, Fd};

use super::Card;
use crate::{
    components::parts::{button, command, state},
    dom::{El, el},
    reactive::Memo,
    words::words,
};

/// A line of the table, as text.
#[derive(Clone, PartialEq, Eq)]
struct Line {
    fd: Fd,
    address: String,
    state: &'static str,
    class: &'static str,
}

impl Line {
    fn of(fd: Fd, socket: &Socket) -> Self {
        let w = words();
        let (state, class) = match socket.state {
            SocketState::New => (w.state_new, "tag"),
            SocketState::Bound => (w.state_bound, "tag"),
            SocketState::Listening => (w.state_listening, "tag listen"),
            SocketState::Connecting => (w.state_connecting, "tag"),
            SocketState::Connected => (w.state_connected, "tag open"),
            SocketState::HalfClosed { ours: true, theirs: true } => (w.state_both_ended, "tag end"),
            SocketState::HalfClosed { ours: true, .. } => (w.state_we_ended, "tag end"),
            SocketState::HalfClosed { .. } => (w.state_peer_ended, "tag end"),
        };
        let arrow = if socket.connection.is_some_and(|(_, end)| end == 1) { "←" } else { "→" };
        let address = match (&socket.peer, &socket.local) {
            (Some(peer), _) if !peer.is_empty() => format!("{arrow} {peer}"),
            (Some(_), _) => format!("{arrow} {}", w.unnamed),
            (None, Some(local)) => local.clone(),
            (None, None) => w.kind(socket.family, socket.socket_type).to_owned(),
        };
        Self { fd, address, state, class }
    }
}

/// The open descriptors; one of them is what calls are made on.
/// Where the calls are the visitor's own, it says what to do while there is none.
pub(super) fn fds(card: Card, own: bool) -> impl Fn() -> El {
    let lines = Memo::new(move || {
        card.read(|program| {
            program.sockets.iter().map(|(fd, socket)| Line::of(*fd, socket)).collect::<Vec<_>>()
        })
    });
    let none = Memo::new(move || lines.with(Vec::is_empty));
    move || {
        let w = words();
        if none.get() {
            let none = el("p").class("quiet").child([w.no_sockets, " "]);
            return none.child(own.then_some(w.call_socket));
        }
        let head = [w.fd, w.address, w.state].map(|name| el("th").attr("scope", "col").child(name));
        el("table")
            .class("fds")
            .child(el("thead").child(el("tr").child(head)))
            .child(el("tbody").each(move || lines.get(), move |line| row(card, line)))
    }
}

fn row(card: Card, line: Line) -> El {
    let fd = line.fd;
    let choose = button("btn", fd.to_string(), move || card.chosen.set(Some(fd)))
        .attr("title", words().choose_fd)
        .live("aria-pressed", move || state(card.fd() == Some(fd)));
    el("tr").child([
        el("td").child(choose),
        el("td").class("mono").child(line.address),
        el("td").child(el("span").class(line.class).child(line.state)),
    ])
}

/// The calls that have been entered and not returned; where they are `ours`, each can be given up.
pub(super) fn waiting(card: Card, ours: bool) -> El {
    let w = words();
    let waiting = Memo::new(move || {
        card.room.read(|model| {
            let Some(program) = model.program(card.id) else { return Vec::new() };
            let calls = program.waiting.iter().filter_map(|id| model.call(*id));
            calls
                .map(|call| {
                    let fd = call.fd.map(|fd| fd.to_string()).unwrap_or_default();
                    (call.id, format!("{}({fd})", call.name.as_str()))
                })
                .collect::<Vec<_>>()
        })
    });
    let line = move |(id, call): (CallId, String)| {
        let give_up = move || card.command(|program| Command::GiveUp { program, id });
        let give_up = ours.then(|| command("btn small", w.give_up, w.give_up_why, give_up));
        let waits = el("span").class("quiet").child(w.waits);
        el("li").child([el("code").child(call), waits]).child(give_up)
    };
    el("ul").class("waits").each(move || waiting.get(), line)
}
