//! The lobby: what this is, which rooms there are, a new room.

mod room;

use socketscope_protocol::{
    InvalidName, LessonListed, Network, NewRoom, Problem, RoomName, Said, limits::NAME_CHARS,
    wire::Listed,
};
use web_sys::SubmitEvent;

use super::{
    lessons::lessons,
    parts::{header, labelled, options, problem_note},
};
use crate::{
    access::{key, why_no_key},
    browser::{self, spawn},
    dom::{El, el},
    http,
    reactive::{Memo, RwSignal, untrack, watch},
    routes::routes,
    words::{wording, words},
};

/// Milliseconds after which the list is asked for again while one looks at it.
const REFRESH: i32 = 4_000;

/// The lobby.
pub(crate) fn lobby() -> Vec<El> {
    let w = words();
    let lead = [el("h1").child(w.tagline), el("p").class("lead").child(w.lead)];
    let lobby = Lobby { rooms: RwSignal::new(None), lessons: RwSignal::new(None) };
    let rooms = el("div").class("lobby-rooms").child([create_room(lobby), rooms(lobby)]);
    let lobby = [el("div").class("lobby-lead").child(lead), lessons(lobby), rooms];
    vec![header(), el("main").class("lobby").child(lobby)]
}

/// What the lobby's parts share.
#[derive(Clone, Copy)]
pub(super) struct Lobby {
    /// The rooms, set anew each time that the server has told them.
    rooms: RwSignal<Option<Vec<Listed>>>,
    /// The lessons, once they have come.
    pub(super) lessons: RwSignal<Option<Vec<LessonListed>>>,
}

impl Lobby {
    /// Where `problem` is that the server does not answer, that is over as soon as it answers; then `then` is called.
    pub(super) fn on_answer(self, problem: RwSignal<Option<Problem>>, then: impl Fn() + 'static) {
        let is_over =
            move || problem.with(|it| it.as_ref().is_some_and(|it| it.code == "unreachable"));
        watch(move || {
            if self.rooms.with(Option::is_some) && untrack(is_over) {
                problem.set(None);
                untrack(&then);
            }
        });
    }
}

fn create_room(lobby: Lobby) -> El {
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
    lobby.on_answer(problem, || {});
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
        .child(locked.then(|| el("p").class("quiet").child(why_no_key(w.no_key))))
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

/// The rooms. Where they cannot be had, that is said, and whatever else waits for the server is told when it answers again.
fn rooms(lobby: Lobby) -> El {
    let w = words();
    let problem = RwSignal::new(None::<Problem>);
    let key = key();
    let refresh = move || {
        let key = key.clone();
        spawn(async move {
            match http::rooms(key).await {
                Ok(list) => {
                    problem.set(None);
                    lobby.rooms.set(Some(list));
                }
                Err(why) => problem.set(Some(why)),
            }
        });
    };
    refresh();
    browser::every(REFRESH, refresh);
    let count = Memo::new(move || lobby.rooms.with(|rooms| rooms.as_ref().map(Vec::len)));
    let none = move || match count.get() {
        None => Some(el("p").class("quiet").attr("role", "status").child(w.loading)),
        Some(0) => Some(el("p").class("empty").child(w.no_rooms)),
        Some(_) => None,
    };
    // What changes in a room changes in its entry, which stays.
    let entries = move || {
        let entry = |room: &Listed| (room.page.clone(), room.name.to_string());
        lobby.rooms.with(|rooms| rooms.iter().flatten().map(entry).collect::<Vec<_>>())
    };
    let entry = move |(page, name): (String, String)| room::entry(lobby, page, name);
    el("section")
        .child(el("h2").child(w.rooms))
        .live_child(problem_note(problem))
        .live_child(none)
        .child(el("ul").class("rooms").each(entries, entry))
}
