//! What is new while one looks elsewhere: on a button that leads there, and spoken now and then.

use socketscope_diagram::wording::fill;

use crate::{
    browser,
    components::parts::button,
    dom::{El, el},
    reactive::{Memo, RwSignal, Stored, untrack},
    state::room,
    words::frame_words,
};

/// Milliseconds between two pieces of news that are spoken.
const PAUSE: i32 = 4_000;

/// The button at the lower edge, and the spoken summary.
pub(super) fn news() -> [El; 2] {
    let (room, w) = (room(), frame_words());
    let new = Memo::new(move || {
        room.calm.track();
        untrack(|| room.rows().end).saturating_sub(room.stage.seen.get())
    });
    let label = move || match new.get() {
        0 => w.to_the_end.to_owned(),
        new => fill(w.new_rows, &[("count", &new.to_string())]),
    };
    let spoken = RwSignal::new(String::new());
    let heard = Stored::new(0);
    let speak = move || {
        room.clock.set(browser::clock());
        let head = room.peek(|model| model.head());
        let new = head - heard.get().min(head);
        heard.set(head);
        if new > 0 {
            let last = room.last_row_name();
            spoken.set(fill(w.spoken, &[("count", &new.to_string()), ("last", &last)]));
        }
    };
    browser::every(PAUSE, speak);
    let news = button("btn primary news", el("span").live_text(label), move || room.follow());
    [
        news.live("hidden", move || room.stage.follow.get()),
        el("p").class("sr").attr("aria-live", "polite").live_text(move || spoken.get()),
    ]
}
