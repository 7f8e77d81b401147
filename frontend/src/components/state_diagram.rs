//! The states of a TCP connection as RFC 9293 draws them (figure 5), with those of both ends lit.

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
const STEPS: [(TcpState, TcpState, &str); 14] = [
    (Close, Listen, "listen"),
    (Close, SynSent, "connect / SYN"),
    (Listen, SynRecv, "SYN / SYN, ACK"),
    (SynSent, SynRecv, "SYN / SYN, ACK"),
    (SynSent, Established, "SYN, ACK / ACK"),
    (SynRecv, Established, "ACK"),
    (Established, FinWait1, "close / FIN"),
    (Established, CloseWait, "FIN / ACK"),
    (FinWait1, FinWait2, "ACK"),
    (FinWait1, Closing, "FIN / ACK"),
    (FinWait2, TimeWait, "FIN / ACK"),
    (Closing, TimeWait, "ACK"),
    (CloseWait, LastAck, "close / FIN"),
    (LastAck, Close, "ACK"),
];

/// The diagram, for the two ends of a connection: whose each is, and its state.
pub(super) fn state_diagram(ends: &[(String, TcpState); 2]) -> El {
    let lab = &wording().lab;
    let mut drawing = svg("svg").attr("viewBox", "0 0 284 344").attr("role", "img");
    let told: Vec<_> =
        ends.iter().map(|(who, state)| format!("{who}: {}", named(*state))).collect();
    drawing = drawing.attr("aria-label", told.join(", "));
    for (from, to, why) in STEPS {
        let ((x, y), (to_x, to_y)) = (place(from), place(to));
        // From edge to edge of the boxes, which are wider than high.
        let down = if to_y > y { 11.0 } else { -11.0 };
        let path = if to == Close {
            format!(
                "M{} {}L278 250L278 30L{} {}",
                px(x + 40.0),
                px(y - 6.0),
                px(to_x + 34.0),
                px(to_y)
            )
        } else {
            format!("M{} {}L{} {}", px(x), px(y + down), px(to_x), px(to_y - down))
        };
        let line = svg("path").class("step").attr("d", path).attr("marker-end", "url(#head-ret)");
        drawing = drawing.child(line.child(svg("title").child(why)));
    }
    for (state, x, y) in PLACES {
        let here: Vec<_> =
            ends.iter().filter(|(_, at)| *at == state).map(|(who, _)| who.as_str()).collect();
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
            group = group.child(who.child(here.join(", ")));
        }
        drawing = drawing.child(group);
    }
    el("section").class("states").child(el("h2").child(lab.state_diagram)).child(drawing)
}

fn place(state: TcpState) -> (f64, f64) {
    let found = PLACES.iter().find(|(one, ..)| *one == state);
    found.map_or((0.0, 0.0), |(_, x, y)| (*x, *y))
}

fn named(state: TcpState) -> String {
    state.as_str().replace('_', "-")
}
