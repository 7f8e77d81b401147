//! The form for a call's arguments. Everything can be sent as it stands, wrong values too: the kernel's answer is the lesson.

mod fields;

use socketscope_diagram::suggest;
use socketscope_protocol::{CallName, CallRequest, Fd, Problem};
use web_sys::{HtmlElement, KeyboardEvent, SubmitEvent};

use super::{
    card::Card,
    parts::{button, labelled, submit},
};
use crate::{
    browser,
    dom::{El, el},
    reactive::{RwSignal, expect_context, untrack},
    words::words,
};
use fields::{Fields, number};

/// The form for `call`; it closes on Esc. After a call it stays, so that the call can be made again.
pub(crate) fn call_form(call: CallName, close: impl Fn() + Copy + 'static) -> El {
    let (card, w): (Card, _) = (expect_context(), words());
    let fd = RwSignal::new(untrack(|| card.fd()).map(|fd| fd.to_string()).unwrap_or_default());
    let start = card.room.peek(|model| {
        let fd = fd.get_untracked().parse().ok().map(Fd);
        model.program(card.id).map(|program| suggest::args(model, program, call, fd))
    });
    let fields = Fields::from(start.unwrap_or_default());
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let on =
            if call == CallName::Socket { Ok(None) } else { number(fd).map(|fd| Some(Fd(fd))) };
        match on.and_then(|fd| Ok(CallRequest { call, fd, args: fields.args(call)? })) {
            Ok(request) => card.call(request),
            Err(detail) => card.problem.set(Some(Problem {
                code: "bad-field".into(),
                status: 400,
                title: w.bad_field.into(),
                detail,
                said: None,
            })),
        }
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close();
        }
    };
    let field = (call != CallName::Socket).then(|| {
        let field = el("input").class("fd mono").attr("inputmode", "numeric").bind(fd);
        labelled("field short", w.fd, field).attr("title", w.any_fd_why)
    });
    let buttons = [submit(call.as_str()), button("btn bare", w.close, close)];
    let form = el("form")
        .class("form")
        .attr("aria-label", call.as_str())
        .on("submit", send)
        .on("keydown", escape)
        .child(el("p").class("what").child(w.call(call)))
        .child(el("div").class("pair").child(field).child(fields.view(call)))
        .child(el("div").class("row").child(buttons));
    let place: HtmlElement = form.cast();
    browser::next_frame(move || {
        // The first field of the form.
        if let Ok(Some(field)) = place.query_selector("input:not(.fd), select") {
            let _ = wasm_bindgen::JsCast::unchecked_into::<HtmlElement>(field).focus();
        }
    });
    form
}
