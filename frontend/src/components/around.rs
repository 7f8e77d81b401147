//! What stands around the diagram: the top bar, the columns at its sides, the tools above, the strip below, on small screens tabs.

use socketscope_protocol::RoomId;

use super::{
    code,
    inspector::inspector,
    lesson::bar,
    parts::{button, problem_note, state},
    programs::programs,
    timeline::timeline,
    toolbar::toolbar,
    top,
};
use crate::{
    access::key,
    browser,
    dom::{El, el},
    language::spoken,
    reactive::{Memo, untrack, watch},
    state::{Room, Tab, room},
    words::{frame_words, lesson_words, words},
};

/// The empty places of all that. They are there from the first, so that the diagram does not move when they are filled.
#[derive(Clone)]
pub(crate) struct Frame {
    /// The room.
    pub(crate) id: RoomId,
    /// The page that they are on.
    pub(crate) page: El,
    /// The top bar.
    pub(crate) top: El,
    /// The column to the left.
    pub(crate) left: El,
    /// The column to the right.
    pub(crate) right: El,
    /// Above the diagram.
    pub(crate) tools: El,
    /// Below the tools: why something was refused that no other part stands for.
    pub(crate) note: El,
    /// Below everything.
    pub(crate) strip: El,
}

/// Fills the places.
pub(crate) fn around(frame: Frame) {
    let Frame { id, page, top, left, right, tools, note, strip } = frame;
    top::rest(top, &id);
    let (left, right) = (programs(left), inspector(right));
    place_code(&left, &right);
    toolbar(tools);
    note.live_child(problem_note(room().problem));
    timeline(strip);
    page.child([bar(), tabs()]);
}

/// Looks after the room: where it is for a lesson, loads it; whoever leaves the page watches no longer.
pub(crate) fn attend(room: Room) {
    // The browser may keep the page for whoever comes back, with its connections. Its clocks stand until then.
    browser::on_leaving(move || room.leave());

    let (is_for_one, key) = (Memo::new(move || room.lesson_id().is_some()), key());
    watch(move || {
        if is_for_one.get() {
            untrack(|| room.load_lesson(key.clone()));
            // What it is about comes first, on a small screen too.
            room.tab.set(Tab::Lesson);
        }
    });
    let spoken = spoken();
    watch(move || {
        let title = room.lesson.view.with(|view| view.as_ref().map(|view| view.title.clone()));
        if let Some(title) = title {
            room.speak_title(&title, spoken.get());
        }
    });
}

/// A lesson's code stands above the inspector; where there is one column beside the diagram, or none, below the card.
fn place_code(left: &El, right: &El) {
    let room = room();
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
    // Where the diagram has a place of its own, the programs are what stands beside it.
    let phone = browser::media("(max-width: 699px)");
    let shown = move || match tab.get() {
        Tab::Diagram if !phone.get() => Tab::Programs,
        tab => tab,
    };
    let one = move |this: Tab, label: &str, class: &str| {
        button(class, label, move || tab.set(this))
            .attr("role", "tab")
            .live("aria-selected", move || state(shown() == this))
    };
    let tabs = el("div").class("tabs").attr("role", "tablist").attr("aria-label", w.parts);
    tabs.child([
        one(Tab::Lesson, lesson_words().lesson, "")
            .live("hidden", move || room.lesson_id().is_none()),
        one(Tab::Diagram, w.tab_diagram, "only-phone"),
        one(Tab::Programs, frame_words().programs, ""),
        one(Tab::Inspector, frame_words().inspector, ""),
    ])
}
