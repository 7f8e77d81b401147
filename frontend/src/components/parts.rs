//! Small parts that several others use: problems, popovers, the button that changes the theme.

use socketscope_diagram::wording::{Language, Piece, paragraphs};
use socketscope_protocol::Problem;
use web_sys::MouseEvent;

use crate::{
    dom::{El, View, el},
    language::{spoken, switch_id},
    reactive::{RwSignal, expect_context},
    theme::Theme,
    words::{frame_words, lesson_words, wording, words},
};

/// Why something was refused, where it was asked for; nothing while there is no problem.
pub(crate) fn problem_note(problem: RwSignal<Option<Problem>>) -> impl Fn() -> Option<El> {
    move || {
        let problem = problem.get()?;
        let note = el("div").class("alert").attr("role", "alert");
        let [title, detail] = wording().troubles.problem(&problem);
        Some(note.child(el("strong").child(title)).child(el("p").child(detail)))
    }
}

/// A button.
pub(crate) fn button(class: &str, label: impl View, press: impl Fn() + 'static) -> El {
    pressed(class, Box::new(press)).child(label)
}

fn pressed(class: &str, press: Box<dyn Fn()>) -> El {
    let button = el("button").attr("type", "button").class(class);
    button.on("click", move |_: MouseEvent| press())
}

/// A button for what needs the right to give commands: while there is none it says why, otherwise what it does.
pub(crate) fn command(
    class: &str,
    label: &str,
    why: &'static str,
    press: impl Fn() + 'static,
) -> El {
    commanding(class, label, why, Box::new(press))
}

fn commanding(class: &str, label: &str, why: &'static str, press: Box<dyn Fn()>) -> El {
    let room = crate::state::room();
    pressed(class, press)
        .child(label)
        .live("disabled", move || room.commands().is_err())
        .live("title", move || room.commands().err().unwrap_or(why))
}

/// The button that sends a form with a command.
pub(crate) fn submit(label: &str) -> El {
    let room = crate::state::room();
    let button = el("button").class("btn primary").child(label);
    button
        .live("disabled", move || room.commands().is_err())
        .live("title", move || room.commands().err())
}

/// What ARIA calls a state.
pub(crate) fn state(holds: bool) -> &'static str {
    if holds { "true" } else { "false" }
}

/// A field with its name above.
pub(crate) fn labelled(class: &str, label: &str, field: El) -> El {
    el("label").class(class).child(el("span").child(label)).child(field)
}

/// A field for text that is no prose.
pub(crate) fn text_field(class: &str, label: &str, text: RwSignal<String>) -> El {
    let field = el("input").class("mono").attr("autocomplete", "off").attr("spellcheck", "false");
    labelled(class, label, field.bind(text))
}

/// A box to be ticked.
pub(crate) fn tick(label: &str, ticked: RwSignal<bool>) -> El {
    let tick = el("input").attr("type", "checkbox").bind_checked(ticked);
    el("label").class("check").child(tick).child(label)
}

/// Options to choose from, each a name and what it is called.
pub(crate) fn options<'a>(options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<El> {
    let option = |(name, label)| el("option").attr("value", name).child(label);
    options.into_iter().map(option).collect()
}

/// A button, and what it explains or offers when pressed. The browser opens and closes it, by keyboard too.
/// The `id` is unique on the page.
pub(crate) fn popover(id: &str, class: &str, label: impl View, content: impl View) -> [El; 2] {
    let button = el("button").attr("type", "button").class(class).attr("popovertarget", id);
    let popover = el("div").class("popover").attr("popover", "auto").attr("id", id);
    [button.child(label), popover.child(content)]
}

/// Goes through automatic, light and dark.
pub(crate) fn theme_button() -> El {
    let theme: RwSignal<Theme> = expect_context();
    let name = move || match theme.get() {
        Theme::Auto => words().theme_auto,
        Theme::Light => words().theme_light,
        Theme::Dark => words().theme_dark,
    };
    let sign = move || match theme.get() {
        Theme::Auto => "◐",
        Theme::Light => "○",
        Theme::Dark => "●",
    };
    let next = move || {
        let next = theme.get_untracked().next();
        next.apply();
        theme.set(next);
    };
    let sign = el("span").attr("aria-hidden", "true").live_text(sign);
    button("btn", sign, next).live("aria-label", name).live("title", name)
}

/// A button for each language.
pub(crate) fn language_switch() -> El {
    let spoken = spoken();
    let one = |language: Language| {
        button("", language.name(), move || spoken.change(language))
            .attr("id", switch_id(language))
            .attr("lang", language.tag())
            .live("aria-pressed", move || state(spoken.get() == language))
    };
    let switch = el("div").class("languages").attr("role", "group");
    switch.attr("aria-label", lesson_words().language).child(Language::ALL.map(one))
}

/// A text's paragraphs, with code in them.
pub(crate) fn prose(text: &str) -> Vec<El> {
    let piece = |piece: Piece| el(if piece.code { "code" } else { "span" }).child(piece.text);
    let paragraph =
        |pieces: Vec<Piece>| el("p").child(pieces.into_iter().map(piece).collect::<Vec<_>>());
    paragraphs(text).into_iter().map(paragraph).collect()
}

/// The name of the page, as a link to the lobby.
pub(crate) fn brand() -> El {
    link("/").class("brand").child([
        el("img").attr("src", "/icon.svg").attr("alt", ""),
        el("strong").child(frame_words().brand),
    ])
}

/// A link to one of this server's pages.
pub(crate) fn link(path: &str) -> El {
    let go = crate::routes::routes().click(path.to_owned());
    el("a").attr("href", path).on("click", go)
}

/// The top bar of what is no room.
pub(crate) fn header() -> El {
    let bar = [brand(), el("span").class("space"), language_switch(), theme_button()];
    el("header").class("top").child(bar)
}
