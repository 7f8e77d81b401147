//! The diagram as a picture that needs nothing else: as the page draws it, light, with its own style and the fonts of
//! whoever looks at it.

mod packets;
mod rows;
mod xml;

use socketscope_diagram::{
    format::decimal,
    lanes::{Lane, LaneKind},
    scene::{Scene, cut_middle, text_cells},
};
use socketscope_protocol::TcpState;

use super::drawn::Drawn;
use xml::Xml;

/// The page's light colours, as static/style.css has them.
const STYLE: &str = include_str!("svg/style.css");

/// Pixels of the title, and of the lifelines' heads below it.
const TITLE: f64 = 44.0;
const HEADS: f64 = 58.0;

/// Rows that the lifelines go on for below the last one.
const BELOW: f64 = 2.0;

/// The styles of a lifeline's head, and the most pixels that a character takes in the widest of their fonts: its title, a
/// title that is long, its subtitle.
const HEAD_STYLES: [(&str, f64); 3] = [("name", 8.6), ("name long", 7.2), ("below", 7.0)];

/// The picture.
pub(super) fn file(drawn: &Drawn) -> String {
    let (window, lanes) = (drawn.window(), &drawn.lanes);
    let row = lanes.metrics.row;
    let scene = drawn.view().scene(window.clone());
    let top = (window.start - drawn.rows.first()) as f64 * row;
    let height = ((window.end - window.start) as f64 + BELOW) * row;
    let (width, all) = (px(lanes.width), px(TITLE + HEADS + height));
    let mut xml = Xml::default();
    let svg = [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("width", &*width),
        ("height", &all),
        ("viewBox", &format!("0 0 {width} {all}")),
    ];
    xml.element("svg", &svg, |xml| {
        xml.text("title", &[], &drawn.room);
        xml.text("style", &[], STYLE);
        define(xml);
        xml.empty("rect", &[("class", "ground"), ("width", "100%"), ("height", "100%")]);
        xml.text("text", &[("class", "title"), ("x", "16"), ("y", "20")], &drawn.room);
        if let Some(cut) = drawn.cut() {
            xml.text("text", &[("class", "cut"), ("x", "16"), ("y", "37")], &cut);
        }
        for lane in &lanes.lanes {
            head(xml, lane, lanes.metrics.head);
        }
        // What reaches beyond the rows is clipped, as an inner `svg` does.
        let bottom = px(top + height);
        let (y, height) = (px(TITLE + HEADS), px(height));
        let view = format!("0 {} {width} {height}", px(top));
        let inner = [("y", &*y), ("width", &width), ("height", &height), ("viewBox", &view)];
        xml.element("svg", &inner, |xml| {
            for lane in &lanes.lanes {
                let (x, top) = (px(lane.x), px(top));
                let line =
                    [("class", "life"), ("x1", &*x), ("x2", &x), ("y1", &top), ("y2", &bottom)];
                xml.empty("line", &line);
            }
            paint(xml, &scene, lanes.width, drawn.shows_links());
        });
    });
    xml.finish()
}

/// All that a scene has: what is new in one does not compile until it is drawn.
fn paint(xml: &mut Xml, scene: &Scene, width: f64, with_links: bool) {
    let Scene { rows, bars, links, packets, bands, chips, links_hidden: _, height: _ } = scene;
    bands.iter().for_each(|band| packets::band(xml, band));
    links.iter().filter(|_| with_links).for_each(|link| rows::link(xml, link));
    rows.iter().flat_map(|row| &row.items).for_each(|item| rows::item(xml, item, width));
    bars.iter().for_each(|bar| rows::bar(xml, bar));
    packets.iter().for_each(|packet| packets::packet(xml, packet));
    chips.iter().for_each(|chip| packets::chip(xml, chip));
}

/// The arrowheads, and the hatching of bars that wait.
fn define(xml: &mut Xml) {
    let kinds = [
        "call", "ret", "error", "out", "syn", "data", "ack", "fin", "rst", "icmp", "other", "many",
    ];
    xml.element("defs", &[], |xml| {
        for kind in kinds {
            let marker = [
                ("id", &*format!("head-{kind}")),
                ("class", kind),
                ("viewBox", "0 0 8 8"),
                ("refX", "7"),
                ("refY", "4"),
                ("markerWidth", "8"),
                ("markerHeight", "8"),
                ("markerUnits", "userSpaceOnUse"),
                ("orient", "auto"),
            ];
            xml.element("marker", &marker, |xml| xml.empty("path", &[("d", "M0 .6 7.6 4 0 7.4z")]));
        }
        let pattern = [
            ("id", "hatch"),
            ("width", "6"),
            ("height", "6"),
            ("patternUnits", "userSpaceOnUse"),
            ("patternTransform", "rotate(45)"),
        ];
        xml.element("pattern", &pattern, |xml| {
            xml.empty("rect", &[("class", "hatch"), ("width", "3"), ("height", "6")]);
        });
    });
}

fn head(xml: &mut Xml, lane: &Lane, width: f64) {
    let kind = match lane.kind {
        LaneKind::App(_) => "head",
        LaneKind::Kernel(_) | LaneKind::Host(_) => "head kernel",
        LaneKind::Peer(_) | LaneKind::OtherPeers => "head peer",
    };
    let class = if lane.alive { kind.to_owned() } else { format!("{kind} over") };
    let (left, top, middle) = (px(lane.x - width / 2.0), px(TITLE + 6.0), px(lane.x));
    xml.element("g", &[("class", &*class)], |xml| {
        xml.text("title", &[], &lane.title);
        let place =
            [("x", &*left), ("y", &top), ("width", &px(width)), ("height", "42"), ("rx", "8")];
        xml.empty("rect", &place);
        let cells = |(_, wide): (&str, f64)| ((width - 10.0) / wide) as usize;
        let [name, long, below] = HEAD_STYLES;
        let name = if text_cells(&lane.title) > cells(name) { long } else { name };
        for (style, text, y) in
            [(name, &lane.title, TITLE + 23.0), (below, &lane.subtitle, TITLE + 39.0)]
        {
            let class = style.0;
            let place =
                [("class", class), ("x", &*middle), ("y", &px(y)), ("text-anchor", "middle")];
            xml.text("text", &place, &cut_middle(text, cells(style)));
        }
    });
}

/// A state's class in the style sheet.
fn colour(state: TcpState) -> &'static str {
    match state {
        TcpState::Listen => "listen",
        TcpState::SynSent | TcpState::SynRecv => "opening",
        TcpState::Established => "open",
        TcpState::Close => "closed",
        TcpState::FinWait1
        | TcpState::FinWait2
        | TcpState::CloseWait
        | TcpState::LastAck
        | TcpState::Closing
        | TcpState::TimeWait => "closing",
    }
}

/// A length as it stands in an attribute.
fn px(length: f64) -> String {
    decimal(length, 1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_colour_is_one_of_the_pages_light_ones() {
        let page = include_str!("../../../static/style.css");
        let light: Vec<_> =
            page.split("light-dark(").skip(1).filter_map(|rest| rest.split(',').next()).collect();
        let colours = super::STYLE.split('#').skip(1).filter(|rest| !rest.starts_with("hatch"));
        for colour in colours {
            let end = colour.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(colour.len());
            let colour = format!("#{}", &colour[..end]);
            assert!(light.contains(&&*colour), "{colour}");
        }
    }
}
