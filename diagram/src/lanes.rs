//! Lifelines from left to right: which there are and where. Knows the model, not the rows.

use socketscope_protocol::ProgramName;

use crate::{
    model::{Host, HostId, Model, PeerId, Program, ProgramId},
    rows::Filter,
    wording::Wording,
};

/// Sizes of the diagram, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Height of a row.
    pub row: f64,
    /// From the edges to the outermost lifelines.
    pub margin: f64,
    /// Least distance of an app's lifeline and its kernel's: calls are written there.
    pub call_gap: f64,
    /// Least distance of the first program's kernel and the next one's.
    pub wire_gap: f64,
    /// As `wire_gap`, where packets are drawn there.
    pub lab_gap: f64,
    /// Least distance of one program's last lifeline and the next one's first.
    pub next_gap: f64,
    /// Width of a lifeline's head.
    pub head: f64,
    /// Width of one character of a label (monospace); wide ones take two.
    pub character: f64,
    /// Width of a bar.
    pub bar: f64,
}

impl Metrics {
    /// For a display with room.
    pub const WIDE: Self = Self {
        row: 28.0,
        margin: 64.0,
        call_gap: 168.0,
        wire_gap: 116.0,
        lab_gap: 220.0,
        next_gap: 112.0,
        head: 100.0,
        character: 6.3,
        bar: 10.0,
    };

    /// For a phone: two programs fit 390 px.
    pub const NARROW: Self = Self {
        row: 28.0,
        margin: 38.0,
        call_gap: 118.0,
        wire_gap: 76.0,
        lab_gap: 120.0,
        next_gap: 76.0,
        head: 70.0,
        character: 6.3,
        bar: 8.0,
    };

    /// The sizes between [`NARROW`](Self::NARROW), at 0, and [`WIDE`](Self::WIDE), at 1.
    fn between(part: f64) -> Self {
        let (narrow, wide) = (Self::NARROW, Self::WIDE);
        let mix = |narrow: f64, wide: f64| narrow + (wide - narrow) * part;
        Self {
            margin: mix(narrow.margin, wide.margin),
            call_gap: mix(narrow.call_gap, wide.call_gap),
            wire_gap: mix(narrow.wire_gap, wide.wire_gap),
            lab_gap: mix(narrow.lab_gap, wide.lab_gap),
            next_gap: mix(narrow.next_gap, wide.next_gap),
            head: mix(narrow.head, wide.head),
            ..wide
        }
    }

    /// The sizes for a diagram that is `width` wide.
    pub fn for_width(width: f64) -> Self {
        if width < 640.0 { Self::NARROW } else { Self::WIDE }
    }
}

/// Whose lifeline it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LaneKind {
    /// A program's own.
    App(ProgramId),
    /// The kernel's, as far as it serves this program.
    Kernel(ProgramId),
    /// That of a host of the lab on which no program is shown.
    Host(HostId),
    /// An outside peer's.
    Peer(PeerId),
    /// That of all outside peers that have none of their own any more.
    OtherPeers,
}

/// A lifeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Whose.
    pub kind: LaneKind,
    /// Where, in pixels from the left.
    pub x: f64,
    /// What its head says.
    pub title: String,
    /// And below, smaller.
    pub subtitle: String,
    /// Whether its program still runs.
    pub alive: bool,
}

/// All lifelines of the diagram.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanes {
    /// From left to right.
    pub lanes: Vec<Lane>,
    /// How wide the diagram is: what was available, or more where the lifelines need it.
    pub width: f64,
    /// The sizes they were placed with.
    pub metrics: Metrics,
}

impl Lanes {
    /// The lifelines of `model` that `filter` shows, spread over `available` pixels.
    pub fn new(
        model: &Model,
        filter: &Filter,
        metrics: Metrics,
        available: f64,
        wording: &Wording,
    ) -> Self {
        let lab = !model.lab().hosts().is_empty();
        place(lanes(model, filter, wording), metrics, available, lab)
    }

    /// The same, with the largest sizes at which all lifelines fit, as far as there are such.
    pub fn fitted(model: &Model, filter: &Filter, available: f64, wording: &Wording) -> Self {
        let lanes = lanes(model, filter, wording);
        let lab = !model.lab().hosts().is_empty();
        let least = |metrics| place(lanes.clone(), metrics, 0.0, lab).width;
        let (narrow, widest) = (least(Metrics::NARROW), least(Metrics::WIDE));
        let part = (available - narrow) / (widest - narrow).max(1.0);
        let wide = Metrics::for_width(available) == Metrics::WIDE;
        let metrics = if wide { Metrics::between(part.clamp(0.0, 1.0)) } else { Metrics::NARROW };
        place(lanes, metrics, available, lab)
    }

    /// Where the lifeline `kind` is.
    pub fn x(&self, kind: &LaneKind) -> Option<f64> {
        self.lanes.iter().find(|lane| lane.kind == *kind).map(|lane| lane.x)
    }

    /// Where the outside peer `id` is drawn: on its own lifeline or that of the others.
    pub fn peer_x(&self, id: PeerId) -> Option<f64> {
        self.x(&LaneKind::Peer(id)).or_else(|| self.x(&LaneKind::OtherPeers))
    }

    /// The distance from `x` to the next lifeline on its left.
    pub fn room_left_of(&self, x: f64) -> f64 {
        let left = self.lanes.iter().rev().find(|lane| lane.x < x);
        left.map_or(x, |lane| x - lane.x)
    }
}

fn lanes(model: &Model, filter: &Filter, wording: &Wording) -> Vec<Lane> {
    let words = &wording.diagram;
    let mut lanes = Vec::new();
    let mut programs: Vec<_> =
        model.programs().filter(|program| filter.shows_program(model, program.id)).collect();
    // The programs of a host stand side by side.
    programs.sort_by_key(|program| (program.host, program.id));
    let hosts = model.lab().hosts().iter();
    let mut bare = hosts.filter(|host| !programs.iter().any(|it| it.host == Some(host.id)));
    let mut bare_before = |lanes: &mut Vec<Lane>, next: Option<&Program>| {
        let is_before = |host: &&Host| next.is_none_or(|next| Some(host.id) < next.host);
        let subtitle = |host: &Host| host.address.map(|it| it.to_string()).unwrap_or_default();
        while let Some(host) = bare.clone().next().filter(is_before) {
            bare.next();
            if filter.connection.is_none() && filter.programs.is_none() {
                let title = format!("{} · {}", words.kernel, host.name);
                let (kind, subtitle) = (LaneKind::Host(host.id), subtitle(host));
                lanes.push(Lane { kind, x: 0.0, title, subtitle, alive: host.alive });
            }
        }
    };
    for program in &programs {
        bare_before(&mut lanes, Some(program));
        let lane = |kind, title: &str, subtitle: &str| {
            let (title, subtitle) = (title.to_owned(), subtitle.to_owned());
            Lane { kind, x: 0.0, title, subtitle, alive: program.alive }
        };
        let name: &ProgramName = &program.name;
        let app = lane(LaneKind::App(program.id), name.as_str(), words.app);
        let host = program.host.and_then(|host| model.lab().host(host)?.address);
        let address = host.map(|address| address.to_string());
        let machine = address.as_deref().unwrap_or(words.this_machine);
        let kernel = lane(LaneKind::Kernel(program.id), words.kernel, machine);
        // The first program has its kernel on its right, so that the first two kernels face each other.
        lanes.extend(if lanes.is_empty() { [app, kernel] } else { [kernel, app] });
    }
    bare_before(&mut lanes, None);
    for peer in model.peers().filter(|peer| filter.shows_peer(model, peer)) {
        let title = if peer.address.is_empty() { words.unnamed_peer } else { &peer.address };
        let (kind, title, subtitle) =
            (LaneKind::Peer(peer.id), title.to_owned(), words.outside.to_owned());
        lanes.push(Lane { kind, x: 0.0, title, subtitle, alive: peer.connections > 0 });
    }
    if model.has_folded_peers() {
        let (title, subtitle) = (words.other_peers.to_owned(), words.outside.to_owned());
        lanes.push(Lane { kind: LaneKind::OtherPeers, x: 0.0, title, subtitle, alive: false });
    }
    lanes
}

/// Gives each lifeline its place. What room there is beyond the least distances goes to the gaps, up to a width
/// at which lines are still easy to follow; the rest to both edges.
fn place(mut lanes: Vec<Lane>, metrics: Metrics, available: f64, lab: bool) -> Lanes {
    let gaps: Vec<(f64, f64)> = lanes
        .windows(2)
        .map(|pair| match (&pair[0].kind, &pair[1].kind) {
            (LaneKind::App(a), LaneKind::Kernel(b)) | (LaneKind::Kernel(a), LaneKind::App(b))
                if a == b =>
            {
                (metrics.call_gap, 1.0)
            }
            (LaneKind::Kernel(_) | LaneKind::Host(_), LaneKind::Kernel(_) | LaneKind::Host(_))
                if lab =>
            {
                (metrics.lab_gap, 2.0)
            }
            (LaneKind::Kernel(_), LaneKind::Kernel(_)) => (metrics.wire_gap, 1.5),
            _ => (metrics.next_gap, 0.4),
        })
        .collect();
    let least = gaps.iter().map(|(gap, _)| gap).sum::<f64>() + 2.0 * metrics.margin;
    let weight = gaps.iter().map(|(_, weight)| weight).sum::<f64>().max(1.0);
    let share = ((available - least) / weight).clamp(0.0, metrics.call_gap);
    let width = available.max(least);
    let mut x = metrics.margin + (width - least - share * weight).max(0.0) / 2.0;
    let widths = gaps.iter().map(|(gap, weight)| gap + share * weight);
    for (lane, gap) in lanes.iter_mut().zip(widths.chain([0.0])) {
        lane.x = x;
        x += gap;
    }
    Lanes { lanes, width, metrics }
}
