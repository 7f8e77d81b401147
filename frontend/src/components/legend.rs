//! The notation of the diagram, explained: what each line, bar and band means.

use socketscope_protocol::Rung;

use crate::{
    dom::{El, el, svg},
    state::room,
    words::{wording, words},
};

type Attributes<'a> = &'a [(&'a str, &'a str)];

fn part(tag: &str, class: &str, attributes: Attributes<'_>) -> El {
    attributes.iter().fold(svg(tag).class(class), |part, (name, value)| part.attr(name, *value))
}

fn rect(class: &str, [x, y, width, height]: [&str; 4]) -> El {
    part("rect", class, &[("x", x), ("y", y), ("width", width), ("height", height)])
}

/// The legend: of calls, and where the room's packets and states are seen of these, too.
pub(crate) fn legend() -> El {
    let room = room();
    let rung = move || room.hello.with(|hello| hello.as_ref().map(|hello| hello.rung));
    let rest = move || match rung() {
        Some(Rung::Wire) => listed(packets(true).into_iter().chain(states())),
        Some(Rung::Capture) => listed(packets(false).into_iter().chain(states())),
        Some(Rung::State) => listed(states()),
        Some(Rung::Calls) | None => Vec::new(),
    };
    el("div").class("legend").child(listed(calls())).live_child(rest)
}

fn listed<'a>(entries: impl IntoIterator<Item = (Vec<El>, &'a str)>) -> Vec<El> {
    let entry = |(drawing, text): (Vec<El>, &'a str)| {
        let place = part("svg", "", &[("viewBox", "0 0 52 16"), ("aria-hidden", "true")]);
        [place.child(drawing), el("span").child(text)]
    };
    entries.into_iter().flat_map(entry).collect()
}

fn calls() -> [(Vec<El>, &'static str); 9] {
    let w = words();
    let arrow = |class: &str, head: &str| {
        let head = format!("url(#{head})");
        let line = [("x1", "1"), ("y1", "8"), ("x2", "50"), ("y2", "8"), ("marker-end", &*head)];
        vec![part("line", class, &line)]
    };
    let bar = |class: &str| vec![rect(class, ["20", "0", "10", "16"]).attr("rx", "3")];
    let link = |class: &str| vec![part("path", class, &[("d", "M1 3L50 13")])];
    [
        (arrow("arrow call", "head-call"), w.legend_call),
        (arrow("arrow ret dashed", "head-ret"), w.legend_return),
        (arrow("arrow error dashed", "head-error"), w.legend_error),
        (arrow("arrow out", "head-out"), w.legend_outside),
        (bar("bar"), w.legend_bar),
        (bar("bar wait"), w.legend_wait),
        (link("link"), w.legend_bytes),
        (link("link connection"), w.legend_connection),
        (link("link inferred"), w.legend_datagram),
    ]
}

/// Of the wire, and of a loopback.
fn packets(wire: bool) -> Vec<(Vec<El>, &'static str)> {
    let lab = &wording().lab;
    let way = |kind: &str, path: &str, head: bool, more: Option<El>| {
        let arrowhead = format!("url(#head-{})", kind.split(' ').next().unwrap_or(kind));
        let way = part("path", "way", &[("d", path)]);
        let way = if head { way.attr("marker-end", arrowhead) } else { way };
        vec![part("g", &format!("sample {kind}"), &[]).child(way).child(more)]
    };
    let whole = |kind| way(kind, "M1 3L50 13", true, None);
    let cross = part("path", "cross", &[("d", "M31 5l10 10m0 -10l-10 10")]);
    let dot = part("circle", "dot", &[("cx", "36"), ("cy", "10"), ("r", "4.5")]);
    let mut entries = vec![
        (whole("syn"), lab.legend_syn),
        (whole("data"), lab.legend_data),
        (whole("ack"), lab.legend_ack),
        (whole("fin"), lab.legend_fin),
        (whole("rst"), lab.legend_rst),
        (way("syn again", "M1 3L50 13", true, None), lab.legend_again),
    ];
    if wire {
        entries.push((way("syn", "M1 3L36 10", false, Some(cross)), lab.legend_lost));
        entries.push((way("ack", "M1 3L36 10", false, Some(dot)), lab.legend_held));
    }
    entries.push((way("data", "M8 2C40 2 40 14 8 14", true, None), lab.legend_loop));
    entries
}

fn states() -> Vec<(Vec<El>, &'static str)> {
    let lab = &wording().lab;
    let bands = ["listen", "opening", "open", "closing"].iter().zip(["1", "14", "27", "40"]);
    let bands = bands.map(|(state, x)| rect(&format!("state-band {state}"), [x, "4", "11", "8"]));
    let squares = [("square full", "14"), ("square", "28")];
    let squares = squares.map(|(class, x)| rect(class, [x, "3", "10", "10"]).attr("rx", "2"));
    let gauge = [("square", "36"), ("square full", "14")];
    let gauge = gauge.map(|(class, width)| rect(class, ["8", "4", width, "8"]).attr("rx", "2"));
    let chip = |parts: [El; 2]| vec![part("g", "sample", &[]).child(parts)];
    vec![
        (bands.collect(), lab.legend_bands),
        (chip(squares), lab.legend_boxes),
        (chip(gauge), lab.legend_gauge),
    ]
}
