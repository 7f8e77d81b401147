//! The drawing's SVG elements, made and changed by hand: in a burst all of them change in every frame, and a reactive
//! node for each would cost more than the element itself.

use socketscope_diagram::{
    scene::{Anchor, Arrow, ArrowKind, Item, Label, SceneRow, Tone},
    sorted::Sorted,
};
use socketscope_protocol::CallId;
use web_sys::Element;

use crate::{browser::document, dom::px};

/// An attribute's name and value.
pub(super) type Attribute<'a> = (&'a str, &'a str);

/// A new element; none where the browser has no SVG.
pub(super) fn element(name: &str, attributes: &[Attribute<'_>]) -> Option<Element> {
    let element = document().create_element_ns(Some("http://www.w3.org/2000/svg"), name).ok()?;
    change(&element, attributes);
    Some(element)
}

fn change(element: &Element, attributes: &[Attribute<'_>]) {
    for (name, value) in attributes {
        // Only a name that is no name fails.
        let _ = element.set_attribute(name, value);
    }
}

/// What an element's attributes are, so that only those are set that change: the browser would style and lay out anew
/// what is set to the same again.
#[derive(Default)]
pub(super) struct Known(Vec<String>);

impl Known {
    /// Sets those of `attributes` that are others than the last time. Their names are always the same.
    pub(super) fn put(&mut self, element: &Element, attributes: &[Attribute<'_>]) {
        self.0.resize_with(attributes.len(), String::new);
        for (known, attribute) in self.0.iter_mut().zip(attributes) {
            if known != attribute.1 {
                change(element, &[*attribute]);
                attribute.1.clone_into(known);
            }
        }
    }
}

/// A layer of like elements, of which there are few: the first ones are changed, the rest made or removed.
pub(super) struct Layer {
    name: &'static str,
    elements: Vec<Drawn>,
    /// What the elements show, one after the other.
    keys: Vec<Key>,
}

/// What an element of a layer shows, among those of its layer.
pub(super) type Key = (CallId, CallId);

struct Drawn {
    element: Element,
    known: Known,
    title: String,
}

impl Layer {
    pub(super) fn of(name: &'static str) -> Self {
        Self { name, elements: Vec::new(), keys: Vec::new() }
    }

    /// The elements will show these, in this order. When rows scroll by, the old ones are found further on or further
    /// back, and the elements are moved along: most of them then stay as they are.
    pub(super) fn align(&mut self, keys: impl Iterator<Item = Key>) {
        let (old, new) = (std::mem::take(&mut self.keys), keys.collect::<Vec<_>>());
        let place = |key: Option<&Key>, among: &[Key]| among.iter().position(|it| Some(it) == key);
        let count = self.elements.len();
        if let Some(by) = place(new.first(), &old).filter(|by| *by <= count) {
            self.elements.rotate_left(by);
        } else if let Some(by) = place(old.first(), &new).filter(|by| *by <= count) {
            self.elements.rotate_right(by);
        }
        self.keys = new;
    }

    /// Makes the element number `at` of `place` have these attributes and this title.
    pub(super) fn set(
        &mut self,
        place: &Element,
        at: usize,
        attributes: &[Attribute<'_>],
        title: &str,
    ) {
        if self.elements.len() <= at {
            let Some(element) = append(place, self.name, &[]) else { return };
            append(&element, "title", &[]);
            self.elements.push(Drawn { element, known: Known::default(), title: String::new() });
        }
        let Some(drawn) = self.elements.get_mut(at) else { return };
        drawn.known.put(&drawn.element, attributes);
        if drawn.title != title {
            title.clone_into(&mut drawn.title);
            if let Some(text) = drawn.element.first_child() {
                text.set_text_content(Some(title));
            }
        }
    }

    /// Removes all but the first `count`.
    pub(super) fn keep(&mut self, count: usize) {
        for drawn in self.elements.drain(count.min(self.elements.len())..) {
            drawn.element.remove();
        }
    }
}

/// A row's number, its content's version, and the row that places are counted from.
type RowKey = (u64, u64, u64);

/// The rows that are drawn, each with the class that it has.
#[derive(Default)]
pub(super) struct Rows(Sorted<RowKey, (Element, &'static str)>);

impl Rows {
    /// Draws `rows` into `place`: what is there already stays, the rest is made, or removed.
    pub(super) fn show(
        &mut self,
        place: &Element,
        rows: &[SceneRow],
        origin: u64,
        [width, height]: [f64; 2],
        class: impl Fn(&SceneRow) -> &'static str,
    ) {
        let mut old = std::mem::take(&mut self.0);
        let key = |row: &SceneRow| (row.row, row.version, origin);
        let kept: Vec<_> = rows.iter().map(|row| old.remove(&key(row))).collect();
        old.into_iter().for_each(|(_, (element, _))| element.remove());
        // From the last one up, each before its successor: who reads the page aloud goes by this order.
        let mut next: Option<Element> = None;
        for (row, kept) in rows.iter().zip(kept).rev() {
            let wanted = class(row);
            let (element, has) = match kept {
                Some(kept) => kept,
                None => {
                    let y = (row.row as f64 - origin as f64) * height;
                    let Some(element) = draw(row, y, width, height) else { continue };
                    let _ = place.insert_before(&element, next.as_deref());
                    (element, "")
                }
            };
            if has != wanted {
                let selected = if wanted == SELECTED { "true" } else { "false" };
                change(&element, &[("class", wanted), ("aria-selected", selected)]);
            }
            next = Some(element.clone());
            self.0.insert(key(row), (element, wanted));
        }
    }
}

/// The class of the selected row.
pub(super) const SELECTED: &str = "line selected";

/// A row at the height `y`: its name for screen readers, a place to press, what stands in it.
fn draw(row: &SceneRow, y: f64, width: f64, height: f64) -> Option<Element> {
    let group = element(
        "g",
        &[
            ("id", &format!("row-{}", row.row)),
            ("role", "option"),
            ("aria-label", &row.name),
            ("data-seq", &row.seq.to_string()),
            ("transform", &format!("translate(0 {})", px(y))),
        ],
    )?;
    let (width, height) = (px(width), px(height));
    append(&group, "rect", &[("class", "hit"), ("width", &width), ("height", &height)]);
    for item in &row.items {
        match item {
            Item::Arrow(it) => arrow(&group, it, row.y),
            Item::Marker { x, y, started, label } => {
                let class = if *started { "mark" } else { "mark end" };
                let (x, y) = (px(*x), px(y - row.y));
                append(&group, "circle", &[("class", class), ("cx", &x), ("cy", &y), ("r", "4.5")]);
                text(&group, label, "lbl mark", row.y);
            }
            Item::Summary { from, to, y, label } => {
                let (from, to, y) = (px(*from), px(*to), px(y - row.y));
                let ends: [Attribute<'_>; 4] = [("x1", &from), ("x2", &to), ("y1", &y), ("y2", &y)];
                let line = [("class", "arrow many"), ("marker-end", "url(#head-data)")];
                append(&group, "line", &[&ends[..], &line[..]].concat());
                text(&group, label, "lbl many", row.y);
            }
            Item::Note { tone: Tone::Wire, y, label } => {
                let y = px(y - row.y);
                let line = [("class", "wire-note"), ("x2", &*width), ("y1", &y), ("y2", &y)];
                append(&group, "line", &line);
                text(&group, label, "lbl wire-note", row.y);
            }
            Item::Note { tone, label, .. } => {
                let class = match tone {
                    Tone::Exit => "said exit",
                    Tone::Question => "said asked",
                    Tone::Round => "said round",
                    Tone::Note | Tone::Wire => "said",
                };
                let size = [("class", class), ("width", &*width), ("height", &*height)];
                append(&group, "rect", &size);
                append(&group, "rect", &[("class", class), ("width", "4"), ("height", &*height)]);
                text(&group, label, class, row.y);
            }
            Item::Gap { y, label } => {
                let y = px(y - row.y);
                let line = [("class", "gap"), ("x2", &*width), ("y1", &y), ("y2", &y)];
                append(&group, "line", &line);
                text(&group, label, "lbl gap", row.y);
            }
        }
    }
    Some(group)
}

fn arrow(group: &Element, arrow: &Arrow, top: f64) {
    let (line, class, head) = match arrow.kind {
        ArrowKind::Return if arrow.error => ("arrow error dashed", "lbl error", "url(#head-error)"),
        _ if arrow.error => ("arrow error", "lbl error", "url(#head-error)"),
        ArrowKind::Enter | ArrowKind::Whole => ("arrow call", "lbl call", "url(#head-call)"),
        ArrowKind::Return => ("arrow ret dashed", "lbl ret", "url(#head-ret)"),
        ArrowKind::FromOutside | ArrowKind::ToOutside => ("arrow out", "lbl out", "url(#head-out)"),
    };
    let (from, to, y) = (px(arrow.from), px(arrow.to), px(arrow.y - top));
    let places: [Attribute<'_>; 4] = [("x1", &from), ("x2", &to), ("y1", &y), ("y2", &y)];
    let line = [("class", line), ("marker-end", head)];
    append(group, "line", &[&places[..], &line[..]].concat());
    text(group, &arrow.label, class, top);
}

fn text(group: &Element, label: &Label, class: &str, top: f64) {
    text_at(group, &label.text, class, (label.x, label.y - top), label.anchor);
}

/// Appends a text, where there is one.
pub(super) fn text_at(
    group: &Element,
    text: &str,
    class: &str,
    (x, y): (f64, f64),
    anchor: Anchor,
) -> Option<Element> {
    if text.is_empty() {
        return None;
    }
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let (x, y) = (px(x), px(y));
    let places = [("class", class), ("x", &*x), ("y", &*y), ("text-anchor", anchor)];
    append_text(group, "text", &places, text)
}

/// Appends an element.
pub(super) fn append(place: &Element, name: &str, attributes: &[Attribute<'_>]) -> Option<Element> {
    let element = element(name, attributes)?;
    place.append_child(&element).ok()?;
    Some(element)
}

/// Appends an element with a text, which is a visitor's: it becomes a text node.
fn append_text(
    place: &Element,
    name: &str,
    attributes: &[Attribute<'_>],
    text: &str,
) -> Option<Element> {
    let element = append(place, name, attributes)?;
    element.set_text_content(Some(text));
    Some(element)
}
