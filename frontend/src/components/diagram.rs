//! The live diagram: a scrolling place, the lifelines' heads that stay, and a drawing of just the rows that are seen.

mod arrow;
mod chip;
mod drawing;
mod heads;
mod lab;
mod paint;

use socketscope_diagram::lanes::Lanes;
use socketscope_protocol::Fate;
use web_sys::{Event, HtmlElement, KeyboardEvent, WheelEvent};

use crate::{
    browser,
    dom::{El, el, style, svg},
    later::part,
    reactive::{Memo, Stored, untrack},
    state::{BELOW, Room, Tab, room},
    words::frame_words,
};

/// Pixels that a scroll position may be off by before it counts as another one.
const SLACK: f64 = 1.5;

/// Milliseconds for which a scroll after a wheel, a touch or a press is the visitor's.
const HAND: f64 = 1_500.0;

/// The arrowheads and the hatching, for all that is drawn on the page: in the diagram they would be gone with it where a small
/// screen shows something else.
pub(crate) fn notation() -> El {
    let place = svg("svg").class("notation").attr("aria-hidden", "true");
    arrow::define(&place.element());
    place
}

/// The diagram.
pub(crate) fn diagram() -> El {
    let (room, w) = (room(), frame_words());
    let lanes = Memo::new(move || room.lanes());
    let spacer = el("div").class("spacer").attr("role", "presentation");
    let scroll = el("div").class("scroll");
    let place = Stored::new(Place::of(scroll.cast(), spacer.cast()));
    let drawing = drawing::drawing(lanes, move |lanes| {
        place.update(|place| place.keep(room, lanes));
    });

    let measured = scroll.cast();
    browser::on_resize(&scroll.element(), move || {
        measure(room, &measured);
        // What is not on the page, or out of sight, cannot be scrolled: it is done now.
        place.update(|place| {
            place.scrolled();
            untrack(|| lanes.with(|lanes| place.keep(room, lanes)));
        });
    });

    let hand = Stored::new(f64::NEG_INFINITY);
    let touched = move || hand.set(browser::now());
    let scrolled = move |_: Event| {
        let scrolled = place.update(Place::scrolled);
        let Some((top, bottom)) = scrolled else { return };
        let at = untrack(|| room.rows().start as f64 + top / room.stage.row());
        let now = untrack(|| room.top_row());
        let off = (at - now) * untrack(|| room.stage.row());
        // While following, only the visitor's hand ends it: the browser scrolls by itself when a place is resized.
        let by_itself = room.stage.follow.get_untracked() && browser::now() - hand.get() > HAND;
        if off.abs() < SLACK || by_itself {
            return;
        }
        if bottom < SLACK { room.follow() } else { room.look_at(at) }
    };
    // A wheel that turns back means it, however fast the rows arrive.
    let wheel = move |event: WheelEvent| {
        touched();
        if event.delta_y() < 0.0 && room.stage.follow.get_untracked() {
            room.stay();
        }
    };
    let active = move || Some(format!("row-{}", room.selected_row()?));
    let empty = move || room.rows().is_empty();
    let scroll = scroll
        .attr("id", "diagram")
        .attr("tabindex", "0")
        .attr("role", "listbox")
        .attr("aria-label", w.diagram)
        .live("aria-activedescendant", active)
        .on("scroll", scrolled)
        .on("wheel", wheel)
        .on("pointerdown", move |_: Event| touched())
        .on("touchmove", move |_: Event| touched())
        .on("keydown", move |event| key(room, &event))
        .child([heads::heads(lanes), spacer.child(drawing)]);
    el("div")
        .class("stage")
        .child(scroll)
        .when(empty, || part(|later| (later.hollow)()))
        .child(chip::news())
}

/// Notes how large the place is.
fn measure(room: Room, scroll: &HtmlElement) {
    let scale = browser::root_font_size() / 14.0;
    let head = heads::HEIGHT * scale;
    let size = (f64::from(scroll.client_width()), f64::from(scroll.client_height()) - head);
    room.stage.scale.set(scale);
    // On a small screen the diagram can be out of sight; its place is then what it was.
    if size.0 > 0.0 {
        room.stage.size.set(size);
    }
}

/// The place that is scrolled, and what is known of it: to ask the browser right after a change would make it lay out
/// everything at once.
struct Place {
    scroll: HtmlElement,
    spacer: HtmlElement,
    size: (f64, f64),
    top: f64,
}

impl Place {
    fn of(scroll: HtmlElement, spacer: HtmlElement) -> Self {
        Self { scroll, spacer, size: (0.0, 0.0), top: 0.0 }
    }

    /// It was scrolled: how far it is now from its upper and its lower end.
    fn scrolled(&mut self) -> (f64, f64) {
        self.top = f64::from(self.scroll.scroll_top());
        let hidden = self.scroll.scroll_height() - self.scroll.client_height();
        (self.top, f64::from(hidden) - self.top)
    }

    /// After a change: the spacer is as high as all rows, and the place scrolled to is the one that is meant.
    fn keep(&mut self, room: Room, lanes: &Lanes) {
        let (rows, row) = (room.rows(), room.stage.row());
        let top = (room.top_row() - rows.start as f64) * row;
        let height = ((rows.end - rows.start) as f64 + BELOW) * row;
        let size = (lanes.width * room.stage.scale.get(), height.max(room.stage.size.get().1));
        if self.size != size {
            let old = std::mem::replace(&mut self.size, size);
            let _ = self
                .spacer
                .set_attribute("style", &style(&[("width", size.0), ("height", size.1)]));
            // Whoever follows sees what is new, and that is at the right; what a lesson says stands at the left.
            let is_lesson = room.hello.with(|it| it.as_ref().is_some_and(|it| it.lesson.is_some()));
            if size.0 > old.0 && old.0 > 0.0 && room.stage.follow.get() && !is_lesson {
                self.scroll.set_scroll_left(size.0 as i32);
            }
        }
        if (self.top - top).abs() > SLACK {
            self.top = top.round();
            self.scroll.set_scroll_top(self.top as i32);
        }
        browser::note("head", &room.peek(|model| model.head()).to_string());
    }
}

/// Whether a key is pressed alone, and means no command of the browser's.
fn is_plain(event: &KeyboardEvent) -> bool {
    !(event.ctrl_key() || event.meta_key() || event.alt_key())
}

fn key(room: Room, event: &KeyboardEvent) {
    let page = untrack(|| room.stage.rows_seen()) as i64 - 1;
    match event.key().as_str() {
        "ArrowDown" => room.step(1),
        "ArrowUp" => room.step(-1),
        "PageDown" => room.step(page),
        "PageUp" => room.step(-page),
        "Home" => room.step(i64::MIN),
        "End" => room.step(i64::MAX),
        "Escape" => room.select(None),
        "d" | "l" if is_plain(event) => {
            let fate = if event.key() == "d" { Fate::Deliver } else { Fate::Lose };
            match room.held() {
                Some(packet) => room.decide_later(packet, fate),
                None => return,
            }
        }
        "Enter" => {
            room.tab.set(Tab::Inspector);
            browser::focus("inspector");
        }
        _ => return,
    }
    event.prevent_default();
}
