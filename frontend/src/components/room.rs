//! The page of one room: three columns, the strip below, on small screens tabs.

use socketscope_protocol::RoomId;

use super::{
    diagram::diagram,
    inspector::inspector,
    parts::{button, problem_note, state},
    programs::programs,
    status::status_banner,
    timeline::timeline,
    toolbar::toolbar,
    top::top,
};
use crate::{
    access::key,
    browser::document,
    dom::{El, el},
    feed::Feed,
    reactive::{on_cleanup, provide_context, watch},
    state::{Room, Tab, room},
    words::words,
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
    let page = el("div").class("room").live("data-tab", move || room.tab.get().name());
    page.child(top(&id)).live_child(status_banner()).child([
        programs(),
        el("main").child(toolbar()).live_child(problem_note(room.problem)).child(diagram()),
        inspector(),
        timeline(),
        tabs(),
    ])
}

fn tabs() -> El {
    let (tab, w) = (room().tab, words());
    let one = move |this: Tab, label: &str, class: &str| {
        button(class, label, move || tab.set(this))
            .attr("role", "tab")
            .live("aria-selected", move || state(tab.get() == this))
    };
    let tabs = el("div").class("tabs").attr("role", "tablist").attr("aria-label", w.parts);
    tabs.child([
        one(Tab::Diagram, w.tab_diagram, "only-phone"),
        one(Tab::Programs, w.programs, ""),
        one(Tab::Inspector, w.inspector, ""),
    ])
}
