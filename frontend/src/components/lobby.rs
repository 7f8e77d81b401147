//! The lobby: what this is, which rooms there are, a new room.

use socketscope_diagram::wording::fill;
use socketscope_protocol::{
    InvalidName, LessonListed, Network, NewRoom, Problem, RoomName, Said, limits::NAME_CHARS,
    wire::Listed,
};
use web_sys::SubmitEvent;

use super::{
    lessons::lessons,
    parts::{header, labelled, link, options, problem_note},
};
use crate::{
    access::key,
    browser::{self, spawn},
    dom::{El, el},
    http,
    reactive::{Memo, RwSignal},
    routes::routes,
    words::{wording, words},
};

/// Milliseconds after which the list is asked for again while one looks at it.
const REFRESH: i32 = 4_000;

/// The lobby.
pub(crate) fn lobby() -> Vec<El> {
    let w = words();
    let lead = [el("h1").child(w.tagline), el("p").class("lead").child(w.lead)];
    let known = RwSignal::new(None);
    let rooms = el("div").class("lobby-rooms").child([create_room(), rooms(known)]);
    let lobby = [el("div").class("lobby-lead").child(lead), lessons(known), rooms];
    vec![header(), el("main").class("lobby").child(lobby)]
}

fn create_room() -> El {
    let w = words();
    let (asked, key) = (key(), key());
    let name = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    let network = RwSignal::new(Network::Lab.as_str().to_owned());
    let (routes, locked) = (routes(), key.is_none());
    let create = move |event: SubmitEvent| {
        event.prevent_default();
        let name = match name.get_untracked().trim() {
            "" => None,
            name => match RoomName::new(name) {
                Ok(name) => Some(name),
                Err(why) => return problem.set(Some(bad_name(why))),
            },
        };
        busy.set(true);
        let network = Network::named(&network.get_untracked());
        let (key, room) = (key.clone(), NewRoom { name, network, lesson: None });
        spawn(async move {
            match http::create_room(key, room).await {
                Ok(room) => routes.go(&room.page),
                Err(why) => {
                    problem.set(Some(why));
                    busy.set(false);
                }
            }
        });
    };
    let field = el("input")
        .attr("maxlength", NAME_CHARS.to_string())
        .attr("placeholder", w.optional)
        .attr("autocomplete", "off")
        .attr("disabled", locked)
        .bind(name);
    let button = el("button")
        .class("btn primary")
        .live("disabled", move || locked || busy.get())
        .child(w.new_room);
    let obstacle = RwSignal::new(None::<(String, Option<Said>)>);
    spawn(async move {
        if let Ok(Some(why)) = http::no_lab(asked).await {
            obstacle.set(Some(why));
            network.set(Network::Host.as_str().to_owned());
        }
    });
    let no_lab = move || {
        let (why, said) = obstacle.get()?;
        let why = wording().troubles.say(&why, said.as_ref());
        Some(el("p").class("quiet").child([wording().lab.no_lab, " "]).child(why))
    };
    let networks = options([("lab", w.lab), ("host", w.host_network)]);
    let networks = el("select").attr("disabled", locked).child(networks).bind(network);
    let networks = labelled("field", w.network, networks);
    let form = el("form").class("create").on("submit", create);
    el("section")
        .attr("aria-label", w.new_room)
        .child(form.child([labelled("field", w.room_name, field), networks, button]))
        .child(locked.then(|| el("p").class("quiet").child(w.no_key)))
        .live_child(no_lab)
        .live_child(problem_note(problem))
}

/// For a name that is refused before it is sent.
pub(super) fn bad_name(why: InvalidName) -> Problem {
    let name = match why {
        InvalidName::Empty => "name/empty",
        InvalidName::TooLong => "name/too-long",
        InvalidName::Unprintable => "name/unprintable",
    };
    let values = vec![("limit".into(), NAME_CHARS.to_string())];
    Problem {
        code: "bad-name".into(),
        status: 400,
        title: words().bad_name.into(),
        detail: why.to_string(),
        said: Some(Box::new(Said { name: name.into(), values })),
    }
}

/// The rooms. One that is called as a lesson is, is called so in the page's language.
fn rooms(lessons: RwSignal<Option<Vec<LessonListed>>>) -> El {
    let w = words();
    let rooms = RwSignal::new(None::<Vec<Listed>>);
    let problem = RwSignal::new(None::<Problem>);
    let key = key();
    let refresh = move || {
        let key = key.clone();
        spawn(async move {
            match http::rooms(key).await {
                Ok(list) => {
                    problem.set(None);
                    rooms.set(Some(list));
                }
                Err(why) => problem.set(Some(why)),
            }
        });
    };
    refresh();
    browser::every(REFRESH, refresh);
    let changed = Memo::new(move || rooms.get());
    let list = move || match changed.get() {
        None => el("p").class("quiet").attr("role", "status").child(w.loading),
        Some(rooms) if rooms.is_empty() => el("p").class("empty").child(w.no_rooms),
        Some(rooms) => {
            let link =
                |room| lessons.with(|known| room_link(room, known.as_deref().unwrap_or(&[])));
            let links = rooms.into_iter().map(link).collect::<Vec<_>>();
            el("ul").class("rooms").child(links)
        }
    };
    el("section").child(el("h2").child(w.rooms)).live_child(problem_note(problem)).live_child(list)
}

fn room_link(room: Listed, lessons: &[LessonListed]) -> El {
    let number = |number: usize| number.to_string();
    let facts = fill(
        words().room_facts,
        &[
            ("programs", &number(room.programs)),
            ("watching", &number(room.watching)),
            ("events", &room.head.to_string()),
        ],
    );
    let title = lessons.iter().map(|lesson| &lesson.title).find(|it| it.en == room.name.as_str());
    let name = title.map_or(room.name.as_str(), |title| wording().of(title));
    let name = el("strong").child(name);
    el("li").child(link(&room.page).child([name, el("span").child(facts)]))
}
