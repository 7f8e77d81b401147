//! The page of one room: three columns, the strip below, on small screens tabs. Of these only the diagram is made here.

use socketscope_protocol::RoomId;

use super::{around::Frame, diagram::diagram, status::status_banner, top::top};
use crate::{
    access::key,
    app::in_any_language,
    browser::document,
    dom::{El, el},
    feed::{Feed, Status},
    later::{once_here, part},
    reactive::{Memo, on_cleanup, provide_context, watch},
    state::Room,
    words::frame_words,
};

/// The page of the room `id`. Its feed ends with it.
pub(crate) fn room_page(id: RoomId) -> El {
    let feed = Feed::new(id.clone(), key());
    let room = Room::new(feed);
    provide_context(room);
    feed.connect(room);
    watch(move || {
        let name = room.name().map(|name| format!("{name} · {}", frame_words().brand));
        document().set_title(&name.unwrap_or_else(|| frame_words().brand.into()));
    });
    on_cleanup(|| document().set_title(frame_words().brand));
    once_here(move |later| {
        (later.attend)(room);
        // What came before may have had to wait for it.
        room.schedule();
    });
    // The server has never said anything of it: of what there is not, there is nothing to show.
    let is_none =
        Memo::new(move || room.status.get() == Status::NoRoom && room.hello.with(Option::is_none));
    el("div").class("contents").live_child(move || {
        if is_none.get() {
            return part(|later| in_any_language(later.no_room));
        }
        // The room is the same in every language.
        let id = id.clone();
        in_any_language(move || page(room, &id))
    })
}

fn page(room: Room, id: &RoomId) -> El {
    let w = frame_words();
    let side = |id: &str, name: &str| {
        let side = el("aside").class(&format!("side {id}")).attr("id", id);
        side.attr("aria-label", name)
    };
    let (left, right) = (side("programs", w.programs), side("inspector", w.inspector));
    let tools = el("div").class("tools").attr("role", "toolbar").attr("aria-label", w.tools);
    let (top, note) = (top(), el("div").class("contents"));
    let strip = el("footer").class("strip");
    let page = el("div").class("room").live("data-tab", move || room.tab.get().name());
    let page = page.child(top.clone()).live_child(status_banner()).child([
        left.clone(),
        el("main").child([tools.clone(), note.clone(), diagram()]),
        right.clone().attr("tabindex", "-1"),
        strip.clone(),
    ]);
    let frame = Frame { id: id.clone(), page: page.clone(), top, left, right, tools, note, strip };
    once_here(move |later| (later.around)(frame.clone()));
    page
}
