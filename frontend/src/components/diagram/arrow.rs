//! The arrowheads that all arrows share, and the hatching of bars that wait.

use web_sys::Element;

use super::paint::{Attribute, append, element};

/// Their names: also the classes that colour them.
const HEADS: [&str; 11] = [
    "head-call",
    "head-ret",
    "head-error",
    "head-out",
    "head-syn",
    "head-data",
    "head-ack",
    "head-fin",
    "head-rst",
    "head-icmp",
    "head-other",
];

/// Puts arrowheads of every colour, and the hatching, into a drawing.
pub(super) fn define(drawing: &Element) {
    let Some(definitions) = element("defs", &[]) else { return };
    for id in HEADS {
        let attributes: [Attribute<'_>; 9] = [
            ("id", id),
            ("class", id),
            ("viewBox", "0 0 8 8"),
            ("refX", "7"),
            ("refY", "4"),
            ("markerWidth", "8"),
            ("markerHeight", "8"),
            ("markerUnits", "userSpaceOnUse"),
            ("orient", "auto"),
        ];
        if let Some(head) = append(&definitions, "marker", &attributes) {
            append(&head, "path", &[("d", "M0 .6 7.6 4 0 7.4z")]);
        }
    }
    let hatching = [
        ("id", "hatch"),
        ("width", "6"),
        ("height", "6"),
        ("patternUnits", "userSpaceOnUse"),
        ("patternTransform", "rotate(45)"),
    ];
    if let Some(pattern) = append(&definitions, "pattern", &hatching) {
        append(&pattern, "rect", &[("class", "hatch"), ("width", "3"), ("height", "6")]);
    }
    let _ = drawing.append_child(&definitions);
}
