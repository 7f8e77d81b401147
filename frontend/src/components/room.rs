//! The page of one room: three columns, the strip below, on small screens tabs.

use socketscope_protocol::RoomId;

use super::{
    code,
    diagram::diagram,
    inspector::inspector,
    lesson::bar,
    parts::{button, problem_note, state},
    programs::programs,
    status::status_banner,
    timeline::timeline,
    toolbar::toolbar,
    top::top,
};
use crate::{
    access::key,
    app::in_any_language,
    browser::{self, document},
    dom::{El, el},
    feed::Feed,
    reactive::{Memo, on_cleanup, provide_context, untrack, watch},
    state::{Room, Tab, room},
    words::{lesson_words, words},
};

/// The page of the room `id`. Its feed ends with it.
pub(crate) fn room_page(id: RoomId) -> El {
    let feed = Feed::new(id.clone(), key());
    let room = Room::new(feed);
    provide_context(room);
    feed.connect(room);
    watch(move || {
        let name = room.name().map(|name| format!("{name} · {}", words().brand));
        document().set_title(&name.unwrap_or_else(|| words().brand.into()));
    });
    on_cleanup(|| document().set_title(words().brand));
    let (is_for_one, key) = (Memo::new(move || room.lesson_id().is_some()), key());
    watch(move || {
        if is_for_one.get() {
            untrack(|| room.load_lesson(key.clone()));
            // What it is about comes first, on a small screen too.
            room.tab.set(Tab::Lesson);
        }
    });
    // The room is the same in every language.
    in_any_language(move || page(room, &id))
}

fn page(room: Room, id: &RoomId) -> El {
    let (left, right) = (programs(), inspector());
    place_code(room, &left, &right);
    let page = el("div").class("room").live("data-tab", move || room.tab.get().name());
    page.child(top(id)).live_child(status_banner()).child([
        left,
        el("main").child(toolbar()).live_child(problem_note(room.problem)).child(diagram()),
        right,
        timeline(),
        bar(),
        tabs(),
    ])
}

/// A lesson's code stands above the inspector; where there is one column beside the diagram, or none, below the card.
fn place_code(room: Room, left: &El, right: &El) {
    let narrow = browser::media("(max-width: 1099px)");
    let is_for_one = Memo::new(move || room.lesson_id().is_some());
    let (left, right, code) = (left.element(), right.element(), code::code().element());
    watch(move || {
        let _ = match (is_for_one.get(), narrow.get()) {
            (false, _) => return,
            (_, true) => left.append_child(&code),
            (_, false) => right.insert_before(&code, right.first_child().as_ref()),
        };
    });
}

fn tabs() -> El {
    let (room, w) = (room(), words());
    let tab = room.tab;
    let one = move |this: Tab, label: &str, class: &str| {
        button(class, label, move || tab.set(this))
            .attr("role", "tab")
            .live("aria-selected", move || state(tab.get() == this))
    };
    let tabs = el("div").class("tabs").attr("role", "tablist").attr("aria-label", w.parts);
    tabs.child([
        one(Tab::Lesson, lesson_words().lesson, "")
            .live("hidden", move || room.lesson_id().is_none()),
        one(Tab::Diagram, w.tab_diagram, "only-phone"),
        one(Tab::Programs, w.programs, ""),
        one(Tab::Inspector, w.inspector, ""),
    ])
}
