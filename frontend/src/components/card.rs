//! A program's card: its descriptors, the calls that wait, the calls that can be made, what the last one came to.

mod calls;
mod result;
mod table;

use socketscope_diagram::model::{Program, ProgramId};
use socketscope_protocol::{
    CallId, CallName, CallRequest, Command, Fd, Problem, ProgramName, Role,
};

use super::parts::{command, problem_note};
use crate::{
    browser::spawn,
    dom::{El, el},
    reactive::{RwSignal, Stored, provide_context},
    state::{Room, room},
    words::words,
};

/// What the parts of a card share.
#[derive(Clone, Copy)]
pub(super) struct Card {
    pub(super) room: Room,
    pub(super) id: ProgramId,
    name: Stored<ProgramName>,
    /// The descriptor that the visitor has chosen; the newest one where there is none.
    pub(super) chosen: RwSignal<Option<Fd>>,
    /// The last call that was made from this card.
    pub(super) last: RwSignal<Option<CallId>>,
    /// Why the last request was refused.
    pub(super) problem: RwSignal<Option<Problem>>,
    /// The call whose form is open.
    pub(super) open: RwSignal<Option<CallName>>,
}

impl Card {
    /// Reads the program, and again when the model has changed; the default where it is gone.
    pub(super) fn read<T: Default>(self, read: impl FnOnce(&Program) -> T) -> T {
        self.room.read(|model| model.program(self.id).map(read).unwrap_or_default())
    }

    /// The descriptor that calls are made on.
    pub(super) fn fd(self) -> Option<Fd> {
        let newest = || self.read(|program| program.sockets.keys().next_back().copied());
        self.chosen.get().or_else(newest)
    }

    /// Makes a call.
    pub(super) fn call(self, body: CallRequest) {
        let Some(program) = self.name.try_with(Clone::clone) else { return };
        self.problem.set(None);
        // A descriptor that a call makes or ends is no longer the visitor's choice.
        let moves = matches!(body.call.as_str(), "socket" | "accept" | "close");
        spawn(async move {
            match self.room.ask(Command::Call { program, body }).await {
                Ok(answer) => {
                    self.last.set(answer.id);
                    if moves {
                        self.chosen.set(None);
                    }
                }
                Err(problem) => self.problem.set(Some(problem)),
            }
        });
    }

    /// Gives any other command about the program.
    pub(super) fn command(self, command: impl FnOnce(ProgramName) -> Command) {
        let Some(program) = self.name.try_with(Clone::clone) else { return };
        let command = command(program);
        self.problem.set(None);
        spawn(async move {
            if let Err(problem) = self.room.ask(command).await {
                self.problem.set(Some(problem));
            }
        });
    }
}

/// The card of the program `id`.
pub(crate) fn program_card(id: ProgramId) -> El {
    let (room, w) = (room(), words());
    let known = room.peek(|model| {
        let program = model.program(id)?;
        let host = program.host.and_then(|host| model.lab().host(host));
        let host = host.map(|host| host.name.to_string());
        // A lesson's program makes its calls itself: what it does stands in its source.
        let (role, own) = match &program.role {
            Some(Role::Lesson(lesson)) => (lesson.file.clone(), true),
            role => (w.role(role.as_ref()).to_owned(), false),
        };
        Some((program.name.clone(), role, host, own))
    });
    let place = el("article").class("card");
    let Some((name, role, host, own)) = known else { return place };
    let title = name.to_string();
    let card = Card {
        room,
        id,
        name: Stored::new(name),
        chosen: RwSignal::new(None),
        last: RwSignal::new(None),
        problem: RwSignal::new(None),
        open: RwSignal::new(None),
    };
    provide_context(card);
    let end = move || card.command(|program| Command::End { program });
    let header = [
        el("h3").class("clip").child(title.as_str()),
        el("span").class("clip").child(role).child(host.map(|host| format!(" · {host}"))),
        command("btn small", w.end_program, w.end_program_why, end),
    ];
    place
        .attr("aria-label", title)
        .child(el("header").child(header))
        .live_child(table::fds(card, !own))
        .child(table::waiting(card, !own))
        .child((!own).then(|| calls::buttons(card)))
        .live_child(calls::form(card))
        .live_child(result::last_result(card))
        .live_child(problem_note(card.problem))
}
