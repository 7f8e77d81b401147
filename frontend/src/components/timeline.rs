//! The strip below the diagram: how many events happened when, where one looks, and the way to any moment.

use socketscope_diagram::format::fixed;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, KeyboardEvent, PointerEvent};

use super::wire::wire;
use crate::{
    browser::{self, window},
    dom::{El, el},
    reactive::{Memo, RwSignal, expect_context, untrack, watch},
    state::{Room, room},
    words::words,
};

/// Fills the strip.
pub(crate) fn timeline(strip: El) {
    let (room, w) = (room(), words());
    let canvas = el("canvas").attr("aria-hidden", "true");
    let (size, scheme) = (RwSignal::new((0.0, 0.0)), RwSignal::new(()));
    let drawn: HtmlCanvasElement = canvas.cast();
    // To ask for sizes and colours makes the browser lay out everything: it is done when they can have changed.
    let measured = drawn.clone();
    browser::on_resize(&canvas.element(), move || {
        let place = measured.get_bounding_client_rect();
        size.set((place.width(), place.height()));
    });
    browser::on_scheme_change(move || scheme.set(()));
    let theme: RwSignal<crate::theme::Theme> = expect_context();
    let element = canvas.element();
    let colour = Memo::new(move || {
        theme.track();
        scheme.track();
        size.track();
        browser::colour(&element, "--accent")
    });
    watch(move || {
        room.calm.track();
        colour.with(|colour| draw(room, &drawn, size.get(), colour));
    });
    let window = move || {
        let (from, to) = room.seen_part();
        let percent = |part: f64| fixed(part * 100.0, 3);
        format!("left:{}%;width:{}%", percent(from), percent(to - from))
    };
    let go = move |event: &PointerEvent| {
        let Some(track) =
            event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok())
        else {
            return;
        };
        let place = track.get_bounding_client_rect();
        room.look_at_part((f64::from(event.client_x()) - place.left()) / place.width().max(1.0));
    };
    let press = move |event: PointerEvent| {
        let track = event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        // Without the capture a drag ends at the strip's edge; nothing else is lost.
        let _ = track.map(|track| track.set_pointer_capture(event.pointer_id()));
        go(&event);
    };
    let drag = move |event: PointerEvent| {
        if event.buttons() & 1 == 1 {
            go(&event);
        }
    };
    let key = move |event: KeyboardEvent| {
        let page = untrack(|| room.stage.rows_seen());
        let top = untrack(|| room.top_row());
        match event.key().as_str() {
            "ArrowLeft" | "ArrowUp" => room.look_at(top - page / 4.0),
            "ArrowRight" | "ArrowDown" => room.look_at_or_follow(top + page / 4.0),
            "PageUp" => room.look_at(top - page),
            "PageDown" => room.look_at_or_follow(top + page),
            "Home" => room.look_at(0.0),
            "End" => room.follow(),
            _ => return,
        }
        event.prevent_default();
    };
    let percent = move || ((room.seen_part().1 * 100.0) as u32).to_string();
    let track = el("div")
        .class("track")
        .attr("role", "slider")
        .attr("tabindex", "0")
        .attr("aria-label", w.timeline)
        .attr("aria-valuemin", "0")
        .attr("aria-valuemax", "100")
        .live("aria-valuenow", percent)
        .live("aria-valuetext", move || room.seen_text())
        .on("pointerdown", press)
        .on("pointermove", drag)
        .on("keydown", key)
        .child([canvas, el("div").class("window").live("style", window)]);
    let count = el("span").class("when").live_text(move || room.count_text());
    strip.child([track, count, wire()]);
}

/// One column a pixel: the cost follows the strip's width, not the journal.
fn draw(room: Room, canvas: &HtmlCanvasElement, (width, height): (f64, f64), colour: &str) {
    let ratio = window().device_pixel_ratio();
    let (width, height) = ((width * ratio) as u32, (height * ratio) as u32);
    if width == 0 || height == 0 {
        return;
    }
    if (canvas.width(), canvas.height()) != (width, height) {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let context = canvas.get_context("2d").ok().flatten();
    let Some(context) = context.and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok()) else {
        return;
    };
    let (width, height) = (f64::from(width), f64::from(height));
    context.clear_rect(0.0, 0.0, width, height);
    context.set_fill_style_str(colour);
    let bar = (2.0 * ratio).round().max(1.0);
    let counts = room.density(|density| density.columns((width / bar) as usize));
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    for (column, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        // By logarithm, so that a single call still shows beside a burst.
        let part = f64::from(count + 1).ln() / f64::from(most + 1).ln();
        let high = (height * (0.15 + 0.75 * part)).round();
        context.fill_rect(
            column as f64 * bar,
            height - high,
            bar - ratio.min(bar / 2.0) * 0.5,
            high,
        );
    }
}
