//! The lobby's list of lessons: each is a button that opens a room for it.

use socketscope_diagram::wording::first_sentence;
use socketscope_protocol::{LessonListed, NewRoom, Problem};

use super::{
    lobby::Lobby,
    parts::{button, problem_note},
};
use crate::{
    access::key,
    browser::spawn,
    dom::{El, el},
    http,
    reactive::RwSignal,
    routes::routes,
    words::{lesson_words, wording, words},
};

/// Fetches and shows the list. Where it cannot be had, that is said; the rest of the lobby does without.
pub(super) fn lessons(lobby: Lobby) -> El {
    let (w, key, list) = (lesson_words(), key(), lobby.lessons);
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    let locked = key.is_none();
    let asked = key.clone();
    let ask = move || {
        let asked = asked.clone();
        spawn(async move {
            match http::lessons(asked).await {
                Ok(lessons) => {
                    problem.set(None);
                    list.set(Some(lessons));
                }
                Err(why) => problem.set(Some(why)),
            }
        });
    };
    ask();
    lobby.on_answer(problem, move || {
        if list.with(Option::is_none) {
            ask();
        }
    });
    let start = {
        let routes = routes();
        move |lesson: &LessonListed| {
            busy.set(true);
            problem.set(None);
            let (key, lesson) = (key.clone(), Some(lesson.lesson.clone()));
            spawn(async move {
                match http::create_room(key, NewRoom { lesson, ..NewRoom::default() }).await {
                    Ok(room) => routes.go(&room.page),
                    Err(why) => {
                        problem.set(Some(why));
                        busy.set(false);
                    }
                }
            });
        }
    };
    let entry = move |lesson: LessonListed| {
        let (title, text) = (wording().of(&lesson.title), wording().of(&lesson.text));
        let (title, text) = (first_sentence(title), first_sentence(text));
        let blocked = locked || lesson.obstacle.is_some();
        let why = locked.then_some(w.lessons_no_key);
        let name = el("strong").child(title);
        let text = el("span").child(text);
        let obstacle =
            lesson.obstacle.as_ref().map(|why| wording().troubles.say(why, lesson.said.as_ref()));
        let obstacle = obstacle.map(|why| el("span").class("obstacle").child(why));
        let (id, start) = (lesson.lesson.0.clone(), start.clone());
        let press = button("lesson-link", [name, text], move || start(&lesson))
            .child(obstacle)
            .attr("data-lesson", id)
            .attr("title", why)
            .live("disabled", move || blocked || busy.get());
        el("li").child(press)
    };
    let shown = move || {
        list.with(|list| match list {
            None => None,
            Some(list) if list.is_empty() => Some(el("p").class("empty").child(w.no_lessons)),
            Some(list) => {
                let entries: Vec<_> = list.iter().cloned().map(&entry).collect();
                Some(el("ol").class("rooms lessons").child(entries))
            }
        })
    };
    let waits = move || {
        let waits = list.with(Option::is_none) && problem.with(Option::is_none);
        waits.then(|| el("p").class("quiet").attr("role", "status").child(words().loading))
    };
    el("section")
        .class("lobby-lessons")
        .attr("aria-label", w.lessons)
        .child(el("h2").child(w.lessons))
        .child(el("p").class("quiet").child(if locked { w.lessons_no_key } else { w.lessons_why }))
        .live_child(problem_note(problem))
        .live_child(waits)
        .live_child(shown)
}
