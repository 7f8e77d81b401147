//! A file's source, line by line: which line is being executed, which ones have done something, which one is selected.

use socketscope_diagram::{
    model::{Lit, LitLine},
    python::{Part, coloured},
    wording::fill,
};
use socketscope_protocol::{ProgramName, SourceLine};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent};

use crate::{
    dom::{El, el},
    reactive::{Memo, Stored, watch},
    state::room,
    words::lesson_words,
};

/// Lines above and below the one that is brought into view.
const AROUND: i32 = 2;

/// How a line looks.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    lit: Option<Lit>,
    /// Its events can be shown.
    done: bool,
    /// It is what is selected.
    chosen: bool,
}

/// The source of `program` in `file`.
pub(super) fn listing(
    program: &ProgramName,
    file: &str,
    code: &str,
    lit: Memo<Vec<LitLine>>,
    open: Memo<bool>,
) -> El {
    let (room, w) = (room(), lesson_words());
    let lines: Vec<_> =
        coloured(code).into_iter().enumerate().map(|(at, it)| line(at, it)).collect();
    let elements: Vec<_> = lines.iter().map(El::element).collect();
    let count = elements.len();
    let (of, file) = (program.clone(), file.to_owned());
    let here = file.clone();
    let selected = move || {
        let (name, line) = room.selected_line()?;
        (name == of && line.file == here).then_some(line.line)
    };
    let selected = Memo::new(selected);
    let (of, here) = (program.clone(), file.clone());
    let looks = Memo::new(move || {
        let mut looks = vec![Look::default(); count];
        let mut look = |line: u32, change: &dyn Fn(&mut Look)| {
            let at = (line as usize).wrapping_sub(1);
            looks.get_mut(at).map(change);
        };
        room.read(|model| {
            let lines = model.lesson().program(&of).into_iter().flat_map(|runs| runs.lines());
            lines
                .filter(|line| line.file == here)
                .for_each(|it| look(it.line, &|it| it.done = true));
        });
        lit.with(|lit| {
            let here = lit.iter().filter(|lit| lit.line.file == here);
            here.for_each(|lit| look(lit.line.line, &|it| it.lit = Some(lit.how)));
        });
        if let Some(line) = selected.get() {
            look(line, &|it| it.chosen = true);
        }
        looks
    });
    let at = Memo::new(move || {
        let lit = lit.with(|lit| lit.first().map(|lit| lit.line.line));
        selected.get().or(lit)
    });
    let choose = {
        let (program, file) = (program.clone(), file.clone());
        move |event: &Event| {
            let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
            let line = target.and_then(|it| it.closest("[data-line]").ok().flatten());
            let line = line.and_then(|it| it.get_attribute("data-line")?.parse().ok());
            if let Some(line) = line {
                room.select_line(&program, SourceLine { file: file.clone(), line });
            }
        }
    };
    let press = choose.clone();
    let key = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            choose(&event);
        }
    };
    let name = fill(w.code_of, &[("program", program.as_str())]);
    let place = el("div")
        .class("listing")
        .attr("role", "group")
        .attr("tabindex", "0")
        .attr("aria-label", name)
        .on("click", move |event: Event| press(&event))
        .on("keydown", key)
        .child(el("div").child(lines));
    let shown = Stored::new(vec![Look::default(); count]);
    let rows = elements.clone();
    watch(move || {
        looks.with(|looks| {
            shown.update(|shown| {
                for ((row, look), shown) in rows.iter().zip(looks).zip(shown) {
                    if look != shown {
                        put(row, *look);
                        *shown = *look;
                    }
                }
            });
        });
    });
    let scroll: HtmlElement = place.cast();
    watch(move || {
        let line = at.get().and_then(|line| elements.get((line as usize).wrapping_sub(1)));
        if let Some(line) = line.filter(|_| open.get()) {
            let (scroll, line) = (scroll.clone(), line.clone());
            // Its place is known once it is shown.
            crate::browser::next_frame(move || bring(&scroll, line.unchecked_ref()));
        }
    });
    place
}

/// Scrolls the listing, and nothing around it, until the line is seen.
fn bring(listing: &HtmlElement, line: &HtmlElement) {
    let (top, height) = (line.offset_top(), line.offset_height());
    let (from, seen) = (listing.scroll_top(), listing.client_height());
    let around = AROUND * height;
    if top < from {
        listing.set_scroll_top(top - around);
    } else if top + height > from + seen {
        listing.set_scroll_top(top + height + around - seen);
    }
}

fn line(at: usize, parts: Vec<(Part, &str)>) -> El {
    let number = (at + 1).to_string();
    let part = |(part, text): (Part, &str)| {
        let class = match part {
            Part::Plain => return el("span").child(text),
            Part::Keyword => "py-word",
            Part::String => "py-text",
            Part::Number => "py-number",
            Part::Comment => "py-comment",
        };
        el("span").class(class).child(text)
    };
    // What does not fit goes on below, further in than the line itself.
    let indent = parts.first().map_or("", |(_, text)| *text);
    let indent = indent.len() - indent.trim_start().len();
    let code = el("code")
        .attr("style", format!("--in:{indent}ch"))
        .child(parts.into_iter().map(part).collect::<Vec<_>>());
    el("div").class("ln").attr("data-line", number.as_str()).child([
        el("span").class("how").attr("aria-hidden", "true"),
        el("span").class("no").child(number),
        code,
    ])
}

/// A line's look is in its attributes, a sign in front of it, and its description: never in its colour alone.
fn put(line: &Element, look: Look) {
    let w = lesson_words();
    let (name, sign, why) = match look.lit {
        Some(Lit::Ready) => (Some("ready"), "▷", Some(w.ready_why)),
        Some(Lit::Waiting) => (Some("waiting"), "…", Some(w.waiting_why)),
        Some(Lit::Running) => (Some("running"), "▶", Some(w.running_why)),
        None => (None, if look.done { "•" } else { "" }, None),
    };
    let number = line.get_attribute("data-line").unwrap_or_default();
    let shows = look.done.then(|| fill(w.line_why, &[("line", &number)]));
    let set = |name: &str, value: Option<&str>| {
        // Only a name that is no name fails.
        let _ = match value {
            Some(value) => line.set_attribute(name, value),
            None => line.remove_attribute(name),
        };
    };
    set("data-lit", name);
    set("aria-current", name.map(|_| "step"));
    set("title", why.or(shows.as_deref()));
    set("role", look.done.then_some("button"));
    set("tabindex", look.done.then_some("0"));
    set("aria-pressed", look.done.then_some(if look.chosen { "true" } else { "false" }));
    set("class", Some(if look.chosen { "ln chosen" } else { "ln" }));
    if let Some(how) = line.first_element_child() {
        how.set_text_content(Some(sign));
    }
}
