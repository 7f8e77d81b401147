//! Programs to start with one click, and the form for any other.

use std::pin::Pin;

use socketscope_diagram::{model::Model, suggest};
use socketscope_protocol::{
    Client, Command, EchoServer, Family, NewProgram, Problem, ProgramName,
    Role::{self, *},
};

use super::{
    parts::{button, command, problem_note, state},
    role_form::role_form,
};
use crate::{
    browser::{self, spawn},
    dom::{El, el},
    http,
    reactive::RwSignal,
    state::{Room, room},
    words::words,
};

/// How often another address is tried where somebody outside the room has the first one.
const ATTEMPTS: usize = 5;

/// Milliseconds between two looks at whether a server has its address, and how many there are.
const LOOK: (i32, u32) = (25, 80);

type Starting = Pin<Box<dyn Future<Output = Result<(), Problem>>>>;

/// Starts a program and returns its name. In the lab its host is the usual one; programs with Unix sockets stand on the
/// same host: these sockets know no wire.
async fn start(room: Room, does: Role) -> Result<ProgramName, Problem> {
    let is_local = matches!(does, UnixEchoServer(_) | UnixClient(_));
    let first = |model: &Model| model.lab().hosts().first().map(|host| host.name.clone());
    let host = if is_local { room.try_peek(first).flatten() } else { None };
    let body = NewProgram { does, host, ..NewProgram::default() };
    room.ask(Command::Start { body }).await?.name.ok_or_else(http::strange)
}

/// Starts a server, and once it can be reached a client: one that starts first would only be refused.
async fn start_pair(
    room: Room,
    family: Family,
    server: fn(EchoServer) -> Role,
    client: fn(Client) -> Role,
) -> Result<(), Problem> {
    for _ in 0..ATTEMPTS {
        let Some(address) = room.try_peek(|model| suggest::free_address(model, family, None))
        else {
            return Ok(());
        };
        let name = start(room, server(EchoServer::at(&address))).await?;
        if ready(room, &name).await {
            return start(room, client(Client::of(&address))).await.map(drop);
        }
    }
    Ok(())
}

/// Whether the server `name` has come to have its address. Where it has ended, it could not.
async fn ready(room: Room, name: &ProgramName) -> bool {
    for _ in 0..LOOK.1 {
        let reached = room.try_peek(|model| {
            let server = model.program_named(name)?;
            let ready = server.sockets.values().any(suggest::can_be_reached);
            (ready || !server.alive).then_some(ready)
        });
        match reached {
            Some(Some(ready)) => return ready,
            Some(None) => {}
            // The visitor has left the room.
            None => return false,
        }
        browser::pause(LOOK.0).await;
    }
    false
}

/// The buttons below the programs; with `form`, also the form for any other program.
pub(crate) fn starters(form: bool) -> El {
    let (room, w) = (room(), words());
    let problem = RwSignal::new(None::<Problem>);
    let (has_form, open) = (form, RwSignal::new(false));
    let run = move |starting: Starting| {
        problem.set(None);
        spawn(async move {
            if let Err(why) = starting.await {
                problem.set(Some(why));
            }
        });
    };
    let pair = move |family, server: fn(EchoServer) -> Role, client: fn(Client) -> Role| {
        run(Box::pin(start_pair(room, family, server, client)));
    };
    let tcp = move || pair(Family::Inet, TcpEchoServer, TcpClient);
    let udp = move || pair(Family::Inet, UdpEchoServer, UdpClient);
    let unix = move || pair(Family::Unix, UnixEchoServer, UnixClient);
    let manual = move || run(Box::pin(async move { start(room, Manual).await.map(drop) }));
    let other = button("btn bare", w.start_other, move || open.update(|open| *open = !*open))
        .attr("hidden", !has_form)
        .live("aria-expanded", move || state(open.get()));
    let buttons = [
        command("btn", w.start_tcp, w.start_tcp_why, tcp),
        command("btn", w.start_udp, w.start_udp_why, udp),
        command("btn", w.start_unix, w.start_unix_why, unix),
        command("btn", w.start_manual, w.start_manual_why, manual),
        other,
    ];
    el("section")
        .class("starters")
        .attr("aria-label", w.start_something)
        .child(el("div").class("row").child(buttons))
        .live_child(problem_note(problem))
        .when(move || open.get(), move || role_form(move || open.set(false)))
}
