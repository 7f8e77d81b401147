//! The rows that are seen, as one SVG. Its size follows the window, never the journal.

use socketscope_diagram::{
    lanes::{LaneKind, Lanes},
    scene::{Chip, Link, LinkKind, PacketArrow, Scene, SceneRow},
};
use socketscope_protocol::{CallId, Fate};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent};

use super::{
    lab::{self, Buttons, Things},
    paint::{Known, Layer, Rows, SELECTED},
};
use crate::{
    browser,
    dom::{El, px, style, svg},
    reactive::{Memo, Stored, untrack, watch},
    state::{Marks, OVERSCAN, Room, STEP, room},
};

/// Rows are placed from a multiple of this number: SVG counts in single precision, and rows are counted for ever.
const ORIGIN: u64 = 4096;

/// The drawing of the rows in the window; `then` is done right after each change of it.
pub(super) fn drawing(lanes: Memo<Lanes>, then: impl Fn(&Lanes) + 'static) -> El {
    let room = room();
    let window = Memo::new(move || room.window());
    let drawing = svg("svg").attr("role", "presentation");
    let place = drawing.element();
    let layers = [(); 9].map(|()| svg("g"));
    let [bands, lives, states, links, rows, bars, chips, packets, buttons] =
        layers.each_ref().map(El::element);
    let painter = Stored::new(Painter::new());
    watch(move || {
        lanes.with(|lanes| {
            let drawing = Drawn::new(room, lanes, window.get());
            let (scale, marks) = (room.stage.scale.get(), room.marks());
            painter.update(|painter| {
                painter.place(&place, &drawing, lanes.width, scale);
                painter.lives(&lives, lanes, &drawing);
                painter.bands(&bands, &drawing, &marks, lanes);
                painter.links(&links, &drawing, &marks);
                painter.rows(&rows, &drawing, &marks, lanes);
                painter.bars(&bars, &drawing);
                painter.lab([&states, &chips, &packets, &buttons], &drawing);
            });
            then(lanes);
        });
    });
    // Nothing in it has the focus but a packet's buttons.
    let by_key = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            // For the diagram itself, which has the focus when the button is gone, the keys mean something else.
            event.prevent_default();
            event.stop_propagation();
            press(room, target(&event));
            browser::focus("diagram");
        }
    };
    // Rows move on and are drawn anew between a press and its release: what was under it first is meant.
    let pressed = Stored::new(None);
    drawing
        .child(layers)
        .on("keydown", by_key)
        .on("pointerdown", move |event: Event| pressed.set(target(&event)))
        .on("click", move |event: Event| {
            press(room, pressed.update(Option::take).flatten().or_else(|| target(&event)));
        })
}

fn target(event: &Event) -> Option<Element> {
    event.target().and_then(|target| target.dyn_into().ok())
}

/// One listener for all rows and bars: each, or what is around it, says of which event or call it is.
fn press(room: Room, at: Option<Element>) {
    let around = |name: &str| at.as_ref()?.closest(&format!("[{name}]")).ok()?;
    let of = |name: &str| around(name)?.get_attribute(name)?.parse().ok();
    if let Some((packet, delivered)) = lab::decided(of) {
        room.decide_later(packet, if delivered { Fate::Deliver } else { Fate::Lose });
    } else if let Some(call) = of("data-call") {
        room.press_call(CallId(call));
    } else if let Some(seq) = of("data-seq") {
        room.press(seq);
    }
}

/// A scene, and where it stands.
struct Drawn {
    scene: Scene,
    /// The row that places are counted from.
    origin: u64,
    /// From the scene's places to those in the SVG.
    shift: f64,
    /// The window's upper edge in the SVG, its height, and its distance from the first row.
    top: f64,
    height: f64,
    offset: f64,
}

impl Drawn {
    fn new(room: Room, lanes: &Lanes, window: std::ops::Range<u64>) -> Self {
        let (row, first) = (lanes.metrics.row, room.rows().start);
        let origin = window.start / ORIGIN * ORIGIN;
        let rows = |from: u64, to: u64| (to as f64 - from as f64) * row;
        // As high as a window can be, so that a new row changes nothing but itself. Lifelines, and the bars of calls
        // that still wait, go on below the last row.
        let seen = untrack(|| room.stage.rows_seen()).ceil();
        let height = (seen + (2 * (OVERSCAN + STEP)) as f64) * row;
        Self {
            origin,
            shift: rows(origin, first),
            top: rows(origin, window.start),
            height,
            offset: rows(first, window.start),
            scene: room.scene(lanes, window),
        }
    }
}

/// What is drawn, layer by layer.
struct Painter {
    frame: Known,
    bands: Layer,
    lives: Layer,
    links: Layer,
    rows: Rows,
    bars: Layer,
    states: Layer,
    chips: Things<Chip>,
    packets: Things<PacketArrow>,
    buttons: Things<Buttons>,
}

impl Painter {
    fn new() -> Self {
        let [bands, lives, links, bars, states] =
            ["rect", "line", "path", "rect", "rect"].map(Layer::of);
        let (chips, packets, buttons) = (Things::new(), Things::new(), Things::new());
        let (frame, rows) = (Known::default(), Rows::default());
        Self { frame, bands, lives, links, rows, bars, states, chips, packets, buttons }
    }

    /// The part of the whole diagram that the drawing is.
    fn place(&mut self, svg: &Element, it: &Drawn, width: f64, scale: f64) {
        let view = format!("0 {} {} {}", px(it.top), px(width), px(it.height));
        let (top, width, height) = (it.offset * scale, width * scale, it.height * scale);
        let style = style(&[("top", top), ("width", width), ("height", height)]);
        self.frame.put(svg, &[("viewBox", &view), ("style", &style)]);
    }

    fn lives(&mut self, place: &Element, lanes: &Lanes, it: &Drawn) {
        let (top, bottom) = (px(it.top), px(it.top + it.height));
        for (at, lane) in lanes.lanes.iter().enumerate() {
            let kernel = matches!(lane.kind, LaneKind::Kernel(_) | LaneKind::Host(_));
            let class = if kernel { "life kernel" } else { "life" };
            let x = px(lane.x);
            let line = [("class", class), ("x1", &*x), ("x2", &x), ("y1", &top), ("y2", &bottom)];
            self.lives.set(place, at, &line, "");
        }
        self.lives.keep(lanes.lanes.len());
    }

    /// Bands behind the selected row and those at its other end: below everything else, so that they hide nothing.
    fn bands(&mut self, place: &Element, it: &Drawn, marks: &Marks, lanes: &Lanes) {
        let (width, height) = (px(lanes.width), px(lanes.metrics.row));
        let mut count = 0;
        for row in &it.scene.rows {
            let class = match class(marks, row) {
                "line" => continue,
                SELECTED => "band selected",
                _ => "band",
            };
            let y = px(row.y + it.shift);
            let band = [("class", class), ("y", &*y), ("width", &width), ("height", &height)];
            self.bands.set(place, count, &band, "");
            count += 1;
        }
        self.bands.keep(count);
    }

    fn links(&mut self, place: &Element, it: &Drawn, marks: &Marks) {
        // Where packets are drawn, they show what the links stand for: only the selected ones' are shown beside them.
        let selected = marks.calls.first();
        let is_lit =
            |link: &Link| selected.is_some_and(|call| [link.cause, link.effect].contains(call));
        let shown = |link: &&Link| !marks.packets || is_lit(link);
        let links: Vec<_> = it.scene.links.iter().filter(shown).collect();
        self.links.align(links.iter().map(|link| link.key()));
        for (at, link) in links.iter().enumerate() {
            let class = match link.kind {
                LinkKind::Connection(_) => "link connection",
                LinkKind::Bytes(_) => "link",
                LinkKind::Datagram => "link inferred",
            };
            let class = format!("{class}{}", if is_lit(link) { " lit" } else { "" });
            let ((x, y), (to_x, to_y)) = (link.from, link.to);
            let (y, to_y) = (px(y + it.shift), px(to_y + it.shift));
            let path = format!("M{} {y}L{} {to_y}", px(x), px(to_x));
            self.links.set(place, at, &[("class", &class), ("d", &path)], &link.name);
        }
        self.links.keep(links.len());
    }

    fn rows(&mut self, place: &Element, it: &Drawn, marks: &Marks, lanes: &Lanes) {
        let size = [lanes.width, lanes.metrics.row];
        self.rows.show(place, &it.scene.rows, it.origin, size, |row| class(marks, row));
    }

    /// What the lab adds. The buttons come last, above all else, and by themselves: as long as they stand where they are
    /// they stay, and the keyboard's focus with them, whatever becomes of what is written beside their packets.
    fn lab(&mut self, [states, chips, packets, buttons]: [&Element; 4], it: &Drawn) {
        lab::bands(&mut self.states, states, &it.scene.bands, it.shift);
        self.chips.show(chips, &it.scene.chips, it.shift, lab::chip);
        self.packets.show(packets, &it.scene.packets, it.shift, lab::packet);
        let held: Vec<_> = it.scene.packets.iter().filter_map(Buttons::of).collect();
        self.buttons.show(buttons, &held, it.shift, lab::decide);
    }

    fn bars(&mut self, place: &Element, it: &Drawn) {
        self.bars.align(it.scene.bars.iter().map(|bar| (bar.call, bar.call)));
        for (at, bar) in it.scene.bars.iter().enumerate() {
            let (x, y, width) = (px(bar.x), px(bar.top + it.shift), px(bar.width));
            let (height, call) = (px((bar.bottom - bar.top).max(2.0)), bar.call.to_string());
            let rect = [
                ("class", if bar.waiting { "bar wait" } else { "bar" }),
                ("x", &*x),
                ("y", &y),
                ("width", &width),
                ("height", &height),
                ("rx", "3"),
                ("data-call", &call),
            ];
            self.bars.set(place, at, &rect, &bar.name);
        }
        self.bars.keep(it.scene.bars.len());
    }
}

fn class(marks: &Marks, row: &SceneRow) -> &'static str {
    if marks.row == Some(row.row) {
        SELECTED
    } else if row.call.is_some_and(|call| marks.calls.contains(&call)) {
        "line related"
    } else {
        "line"
    }
}
