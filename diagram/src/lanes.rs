//! Lifelines from left to right: which there are and where. Knows the model, not the rows.

use crate::{
    model::{HostId, Model, PeerId, Place, Program, ProgramId},
    rows::Filter,
    scene::text_cells,
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
        lab_gap: 150.0,
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
            // Packets must stay readable, even where the lifelines do not all fit.
            lab_gap: mix(wide.lab_gap * 0.85, wide.lab_gap),
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
    /// This machine's kernel, as far as it serves this program.
    Kernel(ProgramId),
    /// The kernel of a host of the lab, for all programs on it.
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
    /// Lifelines of one kernel and of its programs have the same number.
    pub group: usize,
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
        let wire = model.lab().has_packets();
        place(lanes(model, filter, wording), metrics, available, wire)
    }

    /// The same, with the largest sizes at which all lifelines fit, as far as there are such.
    pub fn fitted(model: &Model, filter: &Filter, available: f64, wording: &Wording) -> Self {
        let lanes = lanes(model, filter, wording);
        let wire = model.lab().has_packets();
        let least = |metrics| place(lanes.clone(), metrics, 0.0, wire).width;
        let (narrow, widest) = (least(Metrics::NARROW), least(Metrics::WIDE));
        let part = (available - narrow) / (widest - narrow).max(1.0);
        let wide = Metrics::for_width(available) == Metrics::WIDE;
        let metrics = if wide { Metrics::between(part.clamp(0.0, 1.0)) } else { Metrics::NARROW };
        place(lanes, metrics, available, wire)
    }

    /// Width of a letter in a head's title, and of what is around that.
    pub const TITLE: f64 = 8.6;
    /// See [`TITLE`](Self::TITLE).
    pub const AROUND: f64 = 13.0;

    /// How wide the head of `lane` is: wider than usual where its texts need it and there is room up to the next ones.
    pub fn head_width(&self, lane: &Lane) -> f64 {
        const APART: f64 = 4.0;
        let cells = text_cells(&lane.title).max(text_cells(&lane.subtitle));
        let needed = (cells + 1) as f64 * Self::TITLE + Self::AROUND;
        let gaps = self.lanes.iter().map(|other| (other.x - lane.x).abs()).filter(|gap| *gap > 0.0);
        let edges = [lane.x, self.width - lane.x].map(|edge| edge * 2.0);
        let room = gaps.chain(edges).fold(needed + APART, f64::min) - APART;
        self.metrics.head.max(room)
    }

    /// Where the lifeline `kind` is.
    pub fn x(&self, kind: &LaneKind) -> Option<f64> {
        self.lanes.iter().find(|lane| lane.kind == *kind).map(|lane| lane.x)
    }

    /// Where the outside peer `id` is drawn: on its own lifeline or that of the others.
    pub fn peer_x(&self, id: PeerId) -> Option<f64> {
        self.x(&LaneKind::Peer(id)).or_else(|| self.x(&LaneKind::OtherPeers))
    }

    /// The lifeline of the kernel at `place`; of what is outside that of whoever has this `address`.
    pub fn kernel(&self, model: &Model, place: Place, address: &str) -> Option<usize> {
        let lane = |kind: LaneKind| self.lanes.iter().position(|lane| lane.kind == kind);
        match place {
            Place::Program(id) => lane(LaneKind::Kernel(id))
                .or_else(|| lane(LaneKind::Host(model.program(id)?.host?))),
            Place::Host(host) => lane(LaneKind::Host(host)),
            Place::Outside => {
                let peer = model.peer_at(address).and_then(|peer| lane(LaneKind::Peer(peer)));
                peer.or_else(|| lane(LaneKind::OtherPeers))
            }
        }
    }

    /// How far it is from `x` to the next lifeline, to the right (1.0) or to the left (-1.0); to the edge where none is.
    pub fn room_beside(&self, x: f64, toward: f64) -> f64 {
        let ahead = self.lanes.iter().map(|lane| (lane.x - x) * toward).filter(|gap| *gap > 0.5);
        let edge = if toward > 0.0 { self.width - x } else { x };
        ahead.fold(edge, f64::min)
    }

    /// On which side of the kernel's lifeline at `x` there is the wire, and not its program: right (1.0) or left (-1.0).
    pub fn free_side(&self, x: f64) -> f64 {
        let Some(at) = self.lanes.iter().position(|lane| lane.x == x) else { return 1.0 };
        let left = at.checked_sub(1).map(|left| self.lanes[left].group);
        if left.is_none_or(|group| group == self.lanes[at].group) { 1.0 } else { -1.0 }
    }
}

/// The lifelines of one kernel and its programs, group by group.
fn lanes(model: &Model, filter: &Filter, wording: &Wording) -> Vec<Lane> {
    let mut groups = hosts(model, filter, wording);
    groups.extend(machine(model, filter, wording));
    let words = &wording.diagram;
    let outside = |kind, title: &str, alive| {
        vec![Lane::new(kind, title.to_owned(), words.outside.to_owned(), alive)]
    };
    for peer in model.peers().filter(|peer| filter.shows_peer(model, peer)) {
        let title = if peer.address.is_empty() { words.unnamed_peer } else { &peer.address };
        groups.push(outside(LaneKind::Peer(peer.id), title, peer.connections > 0));
    }
    if model.has_folded_peers() {
        groups.push(outside(LaneKind::OtherPeers, words.other_peers, false));
    }
    let numbered = groups.into_iter().enumerate();
    let lanes = numbered
        .flat_map(|(group, lanes)| lanes.into_iter().map(move |lane| Lane { group, ..lane }));
    lanes.collect()
}

impl Lane {
    fn new(kind: LaneKind, title: String, subtitle: String, alive: bool) -> Self {
        Self { kind, x: 0.0, title, subtitle, alive, group: 0 }
    }

    fn app(program: &Program, wording: &Wording) -> Self {
        let (title, subtitle) = (program.name.to_string(), wording.diagram.app.to_owned());
        Self::new(LaneKind::App(program.id), title, subtitle, program.alive)
    }
}

/// The hosts of the lab. The programs of a host stand beside its one kernel: those of the first host on its left and those
/// of all others on its right, so that they do not stand in the wire between the first two. Where the first host is the
/// only one with programs, its kernel stands between them.
fn hosts(model: &Model, filter: &Filter, wording: &Wording) -> Vec<Vec<Lane>> {
    let partners = filter.partners(model);
    let is_partner = |host: HostId| {
        partners.as_ref().is_none_or(|places| {
            places.iter().any(|place| match place {
                Place::Host(other) => *other == host,
                Place::Program(id) => model.program(*id).is_some_and(|it| it.host == Some(host)),
                Place::Outside => false,
            })
        })
    };
    let apps_of = |host: HostId| {
        let shown = model.programs().filter(|it| it.host == Some(host));
        let shown = shown.filter(|program| filter.shows_program(model, program.id));
        shown.map(|program| Lane::app(program, wording)).collect::<Vec<_>>()
    };
    let shown = model.lab().hosts().iter().map(|host| (host, apps_of(host.id)));
    let shown = shown.filter(|(host, apps)| !apps.is_empty() || is_partner(host.id));
    let shown: Vec<_> = shown.collect();
    let only = shown.iter().filter(|(_, apps)| !apps.is_empty()).count() == 1;
    let words = &wording.diagram;
    let group = |(at, (host, mut apps)): (usize, (&crate::model::Host, Vec<Lane>))| {
        let address = host.address.map(|address| address.to_string()).unwrap_or_default();
        let title = match apps.is_empty() {
            true => format!("{} · {}", words.kernel, host.name),
            false => words.kernel.to_owned(),
        };
        let kernel = Lane::new(LaneKind::Host(host.id), title, address, host.alive);
        let left = match (at, only) {
            (0, true) => 1.min(apps.len()),
            (0, false) => apps.len(),
            _ => 0,
        };
        let right = apps.split_off(left);
        // The oldest stands next to its kernel.
        apps.into_iter().rev().chain([kernel]).chain(right).collect()
    };
    shown.into_iter().enumerate().map(group).collect()
}

/// The programs of this machine's own network, each with the kernel as far as it serves that program.
fn machine(model: &Model, filter: &Filter, wording: &Wording) -> Vec<Vec<Lane>> {
    let words = &wording.diagram;
    let partners = filter.partners(model).unwrap_or_default();
    let mut groups = Vec::new();
    for program in model.programs().filter(|program| program.host.is_none()) {
        let kernel = |title: String| {
            let (kind, below) = (LaneKind::Kernel(program.id), words.this_machine.to_owned());
            Lane::new(kind, title, below, program.alive)
        };
        if filter.shows_program(model, program.id) {
            let (app, kernel) = (Lane::app(program, wording), kernel(words.kernel.to_owned()));
            // The first program has its kernel on its right, so that the first two kernels face each other.
            groups.push(if groups.is_empty() { vec![app, kernel] } else { vec![kernel, app] });
        } else if partners.contains(&Place::Program(program.id)) {
            groups.push(vec![kernel(format!("{} · {}", words.kernel, program.name))]);
        }
    }
    groups
}

/// Gives each lifeline its place. What room there is beyond the least distances goes to the gaps, up to a width
/// at which lines are still easy to follow; the rest to both edges.
fn place(mut lanes: Vec<Lane>, metrics: Metrics, available: f64, wire: bool) -> Lanes {
    let is_kernel = |lane: &Lane| matches!(lane.kind, LaneKind::Kernel(_) | LaneKind::Host(_));
    let is_end = |lane: &Lane| !matches!(lane.kind, LaneKind::App(_));
    let gaps: Vec<(f64, f64)> = lanes
        .windows(2)
        .map(|pair| {
            match (pair[0].group == pair[1].group, is_kernel(&pair[0]) && is_end(&pair[1])) {
                // Calls are written between two programs of a host, too.
                (true, _) => (metrics.call_gap, 1.0),
                (_, true) if wire => (metrics.lab_gap, 2.0),
                (_, true) => (metrics.wire_gap, 1.5),
                _ => (metrics.next_gap, 0.4),
            }
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
