//! A program's pane: its name and state, a button that lets its next call go, its source, its output.

use std::rc::Rc;

use socketscope_diagram::{
    format::signal_name,
    model::{Lit, LitLine},
    wording::fill,
};
use socketscope_protocol::{LessonCommand, LessonProgram, LessonView, Mode, SourceFile};

use super::{console::console, listing::listing};
use crate::{
    components::{
        lesson::no_step,
        parts::{button, state},
    },
    dom::{El, el},
    reactive::{Memo, untrack},
    state::room,
    words::lesson_words,
};

/// What a program does now: the class of its sign, and what that says.
#[derive(Clone, PartialEq, Eq)]
struct Doing {
    class: &'static str,
    text: String,
}

/// The pane of `program`.
pub(super) fn pane(program: &LessonProgram) -> El {
    let (room, w) = (room(), lesson_words());
    let (lesson, name) = (room.lesson, program.name.clone());
    let lit = {
        let name = name.clone();
        Memo::new(move || room.read(|model| model.lit(&name)))
    };
    let open = {
        let name = name.clone();
        Memo::new(move || lesson.is_open(&name))
    };
    let doing = {
        let name = name.clone();
        Memo::new(move || {
            let lit = lit.with(|lit| lit.first().map(|lit| lit.how));
            let (alive, exit) = room.read(|model| {
                let runs = model.lesson().program(&name).filter(|runs| runs.has_started());
                let alive = model.program_named(&name).filter(|_| runs.is_some());
                (alive.map(|program| program.alive), runs.and_then(|runs| runs.exit))
            });
            let exit = exit.filter(|exit| !exit.is_well());
            let (class, text) = match (lit, alive, exit) {
                (Some(Lit::Ready), ..) => ("tag end", w.ready.to_owned()),
                (Some(Lit::Waiting), ..) => ("tag listen", w.waiting.to_owned()),
                (_, _, Some(exit)) => (
                    "tag error",
                    match (exit.signal, exit.code) {
                        (Some(signal), _) => {
                            fill(w.exit_signal, &[("signal", &signal_name(signal))])
                        }
                        (_, code) => {
                            let code = code.unwrap_or_default().to_string();
                            fill(w.exit_code, &[("code", &code)])
                        }
                    },
                ),
                (_, Some(true), _) => ("tag open", w.running.to_owned()),
                (_, Some(false), _) => ("tag", w.ended.to_owned()),
                (_, None, _) => ("tag", w.not_started.to_owned()),
            };
            Doing { class, text }
        })
    };
    // The file of the selected line, of the line that the program is at, or the one that it begins in.
    let file = {
        let (name, first) = (name.clone(), program.file.clone());
        Memo::new(move || {
            let selected = room.selected_line().filter(|(of, _)| *of == name);
            let selected = selected.map(|(_, line)| line.file);
            let at = || lit.with(|lit| lit.first().map(|lit| lit.line.file.clone()));
            let file = selected.or_else(at).unwrap_or_else(|| first.clone());
            let known = lesson.view.with(|view| source(view, &file).is_some());
            if known { file } else { first.clone() }
        })
    };
    let id = format!("pane-{name}");
    let host = program.host.as_ref().map(|host| format!(" · {host}"));
    let flip = {
        let name = name.clone();
        move || lesson.flip(&name)
    };
    let title = el("span")
        .class("clip")
        .child(el("strong").child(name.to_string()))
        .child(el("span").class("quiet").live_text(move || format!(" {}", file.get())).child(host));
    let toggle = button("pane-toggle", title, flip)
        .attr("aria-controls", id.as_str())
        .live("aria-expanded", move || state(open.get()));
    let sign =
        el("span").live("class", move || doing.get().class).live_text(move || doing.get().text);
    let code = {
        let name = name.clone();
        move || {
            let file = file.get();
            let code = lesson.view.with(|view| source(view, &file).map(|it| it.code.clone()));
            let name = name.clone();
            untrack(move || code.map(|code| listing(&name, &file, &code, lit, open)))
        }
    };
    let body = el("div").attr("id", id).live("hidden", move || !open.get());
    let header = el("header").child([toggle, sign, step(program, lit)]);
    el("article")
        .class("pane")
        .attr("aria-label", fill(w.code_of, &[("program", name.as_str())]))
        .attr("data-program", name.to_string())
        .child(header)
        .child(body.live_child(code).child(console(&name)))
}

/// The button that lets this program's next call go.
fn step(program: &LessonProgram, lit: Memo<Vec<LitLine>>) -> El {
    let (room, w, name) = (room(), lesson_words(), program.name.clone());
    let going = room.going();
    let next = Memo::new(move || {
        lit.with(|lit| {
            let ready = lit.iter().find(|lit| lit.how == Lit::Ready)?;
            let call = ready.call.map(|call| call.as_str()).unwrap_or_default();
            let line = ready.line.line.to_string();
            Some(fill(w.step_of_why, &[("call", call), ("line", &line)]))
        })
    });
    let why_not = move || {
        let idle = next.with(Option::is_none).then_some(w.step_not_ready);
        no_step(room, going).or(idle)
    };
    let label = fill(w.step_of, &[("program", name.as_str())]);
    let press = move || room.teach(LessonCommand::Step { program: Some(name.clone()) });
    button("btn small", w.step, press)
        .attr("aria-label", label)
        .attr("data-do", "step")
        .live("hidden", move || going.get().mode == Mode::Over)
        .live("disabled", move || why_not().is_some())
        .live("title", move || {
            let why_not = why_not().map(str::to_owned);
            why_not.or_else(|| next.get()).unwrap_or_default()
        })
}

fn source<'a>(view: &'a Option<Rc<LessonView>>, name: &str) -> Option<&'a SourceFile> {
    view.as_ref()?.files.iter().find(|file| file.name == name)
}
