//! Which places of the drawing are written on, so that no text covers another one. Knows places, and no facts.

use super::{Chip, ChipKind, Item, Label, PacketArrow, SceneRow};

/// From a baseline up to the top of its letters, and down to their lower end.
const ASCENT: f64 = 9.0;
const DESCENT: f64 = 3.0;

/// Height of a button under a finger: where the screen is touched, the style sheet makes it as high.
const FINGER: f64 = 32.0;

/// A place for a text: a rectangle, which may be turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plate {
    /// Its middle.
    at: (f64, f64),
    /// Half its width and half its height.
    half: (f64, f64),
    /// The direction of its width.
    along: (f64, f64),
}

impl Plate {
    /// A rectangle from its left and right, and its upper and lower edge.
    pub(super) fn level((left, right): (f64, f64), (top, bottom): (f64, f64)) -> Self {
        let middle = |one: f64, other: f64| ((one + other) / 2.0, (other - one).abs() / 2.0);
        let ((x, half_width), (y, half_height)) = (middle(left, right), middle(top, bottom));
        Self { at: (x, y), half: (half_width, half_height), along: (1.0, 0.0) }
    }

    /// The place of a label that is not turned.
    pub(super) fn of(label: &Label) -> Self {
        Self::level(label.span(), (label.y - ASCENT, label.y + DESCENT))
    }

    /// The place of a label that is turned around its own place, to rise by `slope` pixels in each to the right. No angle is
    /// asked for: the page would have to bring sine and cosine along.
    pub(super) fn sloped(label: &Label, slope: f64) -> Self {
        let level = Self::of(label);
        let cos = 1.0 / (1.0 + slope * slope).sqrt();
        let sin = slope * cos;
        let (x, y) = (level.at.0 - label.x, level.at.1 - label.y);
        let at = (label.x + x * cos - y * sin, label.y + x * sin + y * cos);
        Self { at, along: (cos, sin), ..level }
    }

    /// The place of a chip.
    pub(super) fn of_chip(chip: &Chip) -> Self {
        let half = if matches!(chip.kind, ChipKind::State(..)) { 8.0 } else { 6.0 };
        Self::level((chip.x, chip.x + chip.width), (chip.y - half, chip.y + half))
    }

    /// How far it reaches from its middle in the direction `axis`.
    fn reach(&self, axis: (f64, f64)) -> f64 {
        let dot = |(x, y): (f64, f64)| (x * axis.0 + y * axis.1).abs();
        let across = (-self.along.1, self.along.0);
        self.half.0 * dot(self.along) + self.half.1 * dot(across)
    }

    /// Its left and right edge.
    pub(super) fn sides(&self) -> (f64, f64) {
        let reach = self.reach((1.0, 0.0));
        (self.at.0 - reach, self.at.0 + reach)
    }

    /// Whether the two cover each other: no line parallel to one of their edges goes between them.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let (x, y) = (other.at.0 - self.at.0, other.at.1 - self.at.1);
        let apart = |axis: (f64, f64)| {
            (x * axis.0 + y * axis.1).abs() >= self.reach(axis) + other.reach(axis)
        };
        let turned = |(x, y): (f64, f64)| (-y, x);
        // The upright ones first: they tell most of them apart.
        let axes = [(0.0, 1.0), (1.0, 0.0), self.along, other.along];
        let more = [turned(self.along), turned(other.along)];
        !axes.into_iter().chain(more).any(apart)
    }
}

/// What is written on.
pub(super) struct Taken {
    plates: Vec<Plate>,
    /// How wide the drawing is.
    width: f64,
}

impl Taken {
    /// The places that do not depend on others: the labels of rows, and the buttons of packets that are held.
    pub(super) fn new(rows: &[SceneRow], packets: &[PacketArrow], width: f64) -> Self {
        let labels = rows.iter().flat_map(|row| &row.items).map(label_of);
        let labels = labels.filter(|label| !label.text.is_empty());
        let labels = labels.map(Plate::of);
        let higher = |plate: Plate| Plate { half: (plate.half.0, FINGER / 2.0), ..plate };
        let buttons = packets.iter().filter_map(buttons).map(higher);
        let plates = labels.chain(buttons).collect();
        Self { plates, width }
    }

    /// The first of `choices` that covers nothing; its place is taken from now on.
    pub(super) fn first<T>(&mut self, choices: impl Iterator<Item = (T, Plate)>) -> Option<T> {
        let is_free = |plate: &Plate| {
            let (left, right) = plate.sides();
            left >= 0.0
                && right <= self.width
                && !self.plates.iter().any(|other| other.covers(plate))
        };
        let (choice, plate) = choices.into_iter().find(|(_, plate)| is_free(plate))?;
        self.plates.push(plate);
        Some(choice)
    }
}

/// The label of a row's item.
pub(super) fn label_of(item: &Item) -> &Label {
    match item {
        Item::Arrow(arrow) => &arrow.label,
        Item::Marker { label, .. }
        | Item::Summary { label, .. }
        | Item::Note { label, .. }
        | Item::Gap { label, .. } => label,
    }
}

/// The place of a packet's buttons, where it has any.
pub(super) fn buttons(packet: &PacketArrow) -> Option<Plate> {
    let [(left, top, _), (last, _, width)] = packet.buttons()?;
    Some(Plate::level((left, last + width), (top, top + PacketArrow::BUTTON)))
}

#[cfg(test)]
mod tests {
    use super::super::Anchor;
    use super::*;

    fn label(x: f64, y: f64) -> Label {
        Label { x, y, anchor: Anchor::Middle, text: "a label".into(), width: 100.0 }
    }

    #[test]
    fn turned_labels_fit_where_level_ones_do_not() {
        let (one, other) = (label(100.0, 100.0), label(150.0, 118.0));
        assert!(!Plate::sloped(&one, 0.2).covers(&Plate::sloped(&label(100.0, 114.0), 0.2)));
        assert!(Plate::sloped(&one, 0.2).covers(&Plate::of(&other)));
        assert!(!Plate::of(&one).covers(&Plate::of(&other)));
    }
}
