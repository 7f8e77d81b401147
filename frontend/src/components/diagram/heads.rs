//! The lifelines' heads: they stay at the upper edge while the rows scroll.

use socketscope_diagram::{
    lanes::{Lane, LaneKind, Lanes},
    scene::{cut_middle, text_cells},
};

use crate::{
    dom::{El, el, style},
    reactive::Memo,
    state::room,
};

/// Height of the heads, in the diagram's pixels.
pub(super) const HEIGHT: f64 = 58.0;

/// The heads.
pub(super) fn heads(lanes: Memo<Lanes>) -> El {
    let stage = room().stage;
    let style = move || {
        let scale = stage.scale.get();
        let width = lanes.with(|lanes| lanes.width);
        style(&[("height", HEIGHT * scale), ("width", width * scale)])
    };
    let heads = move || {
        let scale = stage.scale.get();
        lanes.with(|lanes| {
            lanes
                .lanes
                .iter()
                .map(|lane| head(lane, lanes.head_width(lane), scale))
                .collect::<Vec<_>>()
        })
    };
    let place = el("div").class("heads").attr("role", "presentation");
    place.live("style", style).live_child(heads)
}

fn head(lane: &Lane, width: f64, scale: f64) -> El {
    let left = (lane.x - width / 2.0) * scale;
    let style = style(&[("left", left), ("width", width * scale)]);
    let class = match lane.kind {
        LaneKind::App(_) => "head",
        LaneKind::Kernel(_) | LaneKind::Host(_) => "head kernel",
        LaneKind::Peer(_) | LaneKind::OtherPeers => "head peer",
    };
    let class = if lane.alive { class.to_owned() } else { format!("{class} over") };
    // The end of a name tells it from others, as the port does an address.
    let clipped = |tag, text: &str, sizes: &[(&str, f64)]| {
        let cells = |letter: f64| ((width - Lanes::AROUND) / letter) as usize;
        let fits = sizes.iter().find(|(_, letter)| text_cells(text) <= cells(*letter));
        let (class, letter) = fits.or(sizes.last()).copied().unwrap_or_default();
        el(tag).class(class).child(cut_middle(text, cells(letter)))
    };
    el("div").class(&class).attr("style", style).attr("title", lane.title.as_str()).child([
        clipped("strong", &lane.title, &[("clip", Lanes::TITLE), ("clip long", 7.2)]),
        clipped("span", &lane.subtitle, &[("clip", 6.9)]),
    ])
}
