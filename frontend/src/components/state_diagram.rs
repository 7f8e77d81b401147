//! The states of a TCP connection as RFC 9293 draws them (figure 5), with those of both ends lit.

use socketscope_diagram::wording::fill;
use socketscope_protocol::TcpState::{self, *};

use crate::{
    dom::{El, el, px, svg},
    words::wording,
};

/// Where each state stands.
const PLACES: [(TcpState, f64, f64); 11] = [
    (Close, 140.0, 16.0),
    (Listen, 54.0, 66.0),
    (SynSent, 226.0, 66.0),
    (SynRecv, 54.0, 122.0),
    (Established, 140.0, 170.0),
    (FinWait1, 60.0, 222.0),
    (CloseWait, 220.0, 222.0),
    (FinWait2, 46.0, 276.0),
    (Closing, 138.0, 276.0),
    (LastAck, 230.0, 276.0),
    (TimeWait, 92.0, 326.0),
];

/// Which follows which, and what brings it about: what comes or is called / what is sent.
const STEPS: [(TcpState, TcpState, &str); 21] = [
    (Close, Listen, "listen"),
    (Listen, Close, "close"),
    (Close, SynSent, "connect / SYN"),
    (SynSent, Close, "close"),
    (Listen, SynSent, "send / SYN"),
    (Listen, SynRecv, "SYN / SYN, ACK"),
    (SynRecv, Listen, "RST"),
    (SynSent, SynRecv, "SYN / SYN, ACK"),
    (SynSent, Established, "SYN, ACK / ACK"),
    (SynRecv, Established, "ACK"),
    (SynRecv, FinWait1, "close / FIN"),
    (Established, FinWait1, "close / FIN"),
    (Established, CloseWait, "FIN / ACK"),
    (FinWait1, FinWait2, "ACK"),
    (FinWait1, Closing, "FIN / ACK"),
    (FinWait1, TimeWait, "FIN, ACK / ACK"),
    (FinWait2, TimeWait, "FIN / ACK"),
    (Closing, TimeWait, "ACK"),
    (CloseWait, LastAck, "close / FIN"),
    (LastAck, Close, "ACK"),
    (TimeWait, Close, "2 MSL"),
];

/// The diagram, for the ends of a connection: whose each is, and its state where that is known.
pub(super) fn state_diagram(ends: &[(String, Option<TcpState>)]) -> El {
    let lab = &wording().lab;
    let mut drawing = svg("svg").attr("viewBox", "0 0 284 344").attr("role", "img");
    let said = |who: &str, state: &str| fill(lab.state_of, &[("who", who), ("state", state)]);
    let state = |state: &Option<TcpState>| state.map_or(lab.state_unknown.to_owned(), named);
    let told: Vec<_> = ends.iter().map(|(who, at)| said(who, &state(at))).collect();
    let unknown = ends.iter().filter(|(_, state)| state.is_none());
    let unknown: Vec<_> = unknown
        .map(|(who, _)| el("p").class("quiet").child(said(who, lab.state_unknown)))
        .collect();
    drawing = drawing.attr("aria-label", told.join(lab.comma));
    for (from, to, why) in STEPS {
        let path = way(from, to);
        let line = svg("path").class("step").attr("d", path).attr("marker-end", "url(#head-ret)");
        drawing = drawing.child(line.child(svg("title").child(why)));
    }
    for (state, x, y) in PLACES {
        let here: Vec<_> =
            ends.iter().filter(|(_, at)| *at == Some(state)).map(|(who, _)| who.as_str()).collect();
        let class = if here.is_empty() { "state" } else { "state lit" };
        let (left, top) = (px(x - 42.0), px(y - 11.0));
        let shape = svg("rect")
            .attr("x", left)
            .attr("y", top)
            .attr("width", "84")
            .attr("height", "22")
            .attr("rx", "7");
        let text = svg("text").attr("x", px(x)).attr("y", px(y + 3.5)).child(named(state));
        let title = svg("title").child(lab.state(state));
        let mut group = svg("g").class(class).child([title, shape, text]);
        if !here.is_empty() {
            let who = svg("text").class("who").attr("x", px(x)).attr("y", px(y + 20.0));
            group = group.child(who.child(here.join(lab.comma)));
        }
        drawing = drawing.child(group);
    }
    let part = el("section").class("states").child(el("h2").child(lab.state_diagram));
    part.child(drawing).child(unknown)
}

/// From edge to edge of the boxes, which are wider than high; those that close lead around the others.
fn way(from: TcpState, to: TcpState) -> String {
    let ((x, y), (to_x, to_y)) = (place(from), place(to));
    let points: Vec<(f64, f64)> = match (from, to) {
        (LastAck, Close) => {
            vec![(x + 42.0, y - 6.0), (280.0, y - 20.0), (280.0, 30.0), (to_x + 42.0, to_y - 4.0)]
        }
        (TimeWait, Close) => {
            vec![(x - 42.0, y), (3.0, y - 20.0), (3.0, 30.0), (to_x - 42.0, to_y - 4.0)]
        }
        _ if y == to_y => vec![(x + 42.0, y), (to_x - 42.0, to_y)],
        _ => {
            let down = if to_y > y { 11.0 } else { -11.0 };
            // Two that lead to each other go side by side.
            let aside = if to_y < y { 12.0 } else { 0.0 };
            vec![(x + aside, y + down), (to_x + aside, to_y - down)]
        }
    };
    let points: Vec<_> = points.iter().map(|(x, y)| format!("{} {}", px(*x), px(*y))).collect();
    format!("M{}", points.join("L"))
}

fn place(state: TcpState) -> (f64, f64) {
    let found = PLACES.iter().find(|(one, ..)| *one == state);
    found.map_or((0.0, 0.0), |(_, x, y)| (*x, *y))
}

fn named(state: TcpState) -> String {
    state.as_str().replace('_', "-")
}
