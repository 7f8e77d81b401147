//! The buttons for a program's calls: those its socket is ready for come first, all others can be had too.

use socketscope_diagram::suggest;
use socketscope_protocol::{Args, CallName, CallRequest, Fd};
use web_sys::Event;

use super::Card;
use crate::{
    components::{call_form::call_form, parts},
    dom::{El, el, value_of},
    reactive::{Memo, RwSignal, untrack},
    words::words,
};

/// The buttons.
pub(super) fn buttons(card: Card) -> El {
    let (w, open) = (words(), card.open);
    let more = RwSignal::new(false);
    let ready = Memo::new(move || {
        let fd = card.fd();
        let ready =
            card.read(|program| Some(suggest::calls(fd.and_then(|fd| program.sockets.get(&fd)))));
        ready.unwrap_or_default()
    });
    // `socket` is always up front: it needs none.
    let front = move || {
        let ready = ready.get();
        let socket = (!ready.contains(&CallName::Socket)).then_some(CallName::Socket);
        ready.iter().copied().chain(socket).collect::<Vec<_>>()
    };
    let rest = move || {
        let front = front();
        CallName::ALL.into_iter().filter(|call| !front.contains(call)).collect::<Vec<_>>()
    };
    let press = move |call: CallName| {
        if suggest::takes_arguments(call) {
            return open.update(|open| *open = (*open != Some(call)).then_some(call));
        }
        open.set(None);
        card.call(CallRequest { call, fd: card.fd(), args: Args::default() });
    };
    let button = move |(call, hint): (CallName, bool)| {
        let dots = if suggest::takes_arguments(call) { "…" } else { "" };
        let class = if hint { "btn call hint" } else { "btn call" };
        parts::command(class, call.as_str(), w.call(call), move || press(call))
            .child(dots)
            .live("aria-expanded", move || (open.get() == Some(call)).then_some("true"))
    };
    let fronts = move || {
        let (front, ready) = (front(), ready.get());
        front.into_iter().map(|call| (call, ready.contains(&call))).collect::<Vec<_>>()
    };
    let rests = move || match more.get() {
        true => rest().into_iter().map(|call| (call, false)).collect(),
        false => Vec::new(),
    };
    let label = el("span").live_text(move || if more.get() { w.fewer } else { w.more });
    let toggle = parts::button("btn small bare", label, move || more.update(|more| *more = !*more));
    el("div")
        .class("row")
        .attr("role", "group")
        .attr("aria-label", w.calls)
        .each(fronts, button)
        .each(rests, button)
        .child(toggle.live("aria-expanded", move || parts::state(more.get())))
        .when(move || more.get(), move || fd_choice(card))
}

/// The form of the call whose button was pressed.
pub(super) fn form(card: Card) -> impl Fn() -> Option<El> {
    move || {
        let call = card.open.get()?;
        Some(untrack(|| call_form(call, move || card.open.set(None))))
    }
}

/// The descriptor of calls without a form, as a field: any number can be tried.
fn fd_choice(card: Card) -> El {
    let w = words();
    let choose = move |event: Event| {
        card.chosen.set(value_of(&event).trim().parse().ok().map(Fd));
    };
    let field = el("input")
        .class("number")
        .attr("type", "number")
        .live_prop("value", move || card.fd().map(|fd| fd.to_string()).unwrap_or_default())
        .on("change", choose);
    el("label").class("check").attr("title", w.any_fd_why).child(w.on_fd).child(field)
}
