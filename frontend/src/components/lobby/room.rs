//! A room in the lobby's list: the way in, what happens there, and its end.

use socketscope_diagram::wording::fill;
use socketscope_protocol::{Problem, wire::Listed};

use super::Lobby;
use crate::{
    access::key,
    browser::spawn,
    components::parts::{button, link, popover, problem_note},
    dom::{El, el},
    http,
    reactive::RwSignal,
    words::{wording, words},
};

/// The room whose page is `page`. One that is called as a lesson is, is called so in the page's language.
pub(super) fn entry(lobby: Lobby, page: String, name: String) -> El {
    let id = page.rsplit('/').next().unwrap_or_default().to_owned();
    let facts = {
        let (page, id) = (page.clone(), id.clone());
        move || {
            let facts = |rooms: &Option<Vec<Listed>>| {
                let room = rooms.iter().flatten().find(|it| it.page == page)?;
                let values = [
                    ("room", &*id),
                    ("programs", &*room.programs.to_string()),
                    ("watching", &*room.watching.to_string()),
                    ("events", &*room.head.to_string()),
                ];
                Some(fill(words().room_facts, &values))
            };
            lobby.rooms.with(facts).unwrap_or_default()
        }
    };
    let title = move || {
        lobby.lessons.with(|lessons| {
            let mut titles = lessons.iter().flatten().map(|lesson| &lesson.title);
            let title = titles.find(|title| title.en == name);
            title.map_or(&*name, |title| wording().of(title)).to_owned()
        })
    };
    let link = link(&page).child([el("strong").live_text(title), el("span").live_text(facts)]);
    el("li").child(link).child(key().map(|key| end(id, key)))
}

/// The button that ends the room, and asks before.
fn end(id: String, key: String) -> [El; 2] {
    let w = words();
    let problem = RwSignal::new(None::<Problem>);
    let popover_id = format!("end-{id}");
    let press = move || {
        let (id, key) = (id.clone(), key.clone());
        // Its entry goes with the next look at the list.
        spawn(async move { problem.set(http::end_room(&id, Some(key)).await.err()) });
    };
    let press = el("p").class("row").child(button("btn primary", w.end_room, press));
    let asked = el("div").child([el("p").child(w.end_room_why), press]);
    popover(&popover_id, "btn small", w.end_program, asked.live_child(problem_note(problem)))
}
