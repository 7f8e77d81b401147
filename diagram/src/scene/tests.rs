//! Scenes of an echo, and of any nonsense: places that must hold whatever happens.

use proptest::prelude::*;
use socketscope_protocol::Call;

use super::*;
use crate::{
    journal::{Journal, Move, connect, fd, nonsense, recv, refused, text},
    lanes::{LaneKind, Metrics},
    rows::Filter,
    wording::EN,
};

pub(super) struct Drawn {
    pub(super) model: Model,
    pub(super) rows: Rows,
    pub(super) lanes: Lanes,
}

impl Drawn {
    pub(super) fn new(model: &Model, width: f64) -> Self {
        Self::filtered(model, width, Filter::default())
    }

    pub(super) fn filtered(model: &Model, width: f64, filter: Filter) -> Self {
        let model = model.clone();
        let rows = Rows::new(filter, &model);
        let lanes = Lanes::new(&model, rows.filter(), Metrics::for_width(width), width, &EN);
        Self { model, rows, lanes }
    }

    pub(super) fn scene(&self, window: Range<u64>) -> Scene {
        let now = self.model.head() * 10_000;
        let (model, rows, lanes) = (&self.model, &self.rows, &self.lanes);
        View { model, rows, lanes, wording: &EN, now }.scene(window)
    }
}

fn labels(row: &SceneRow) -> Vec<&Label> {
    row.items.iter().map(taken::label_of).filter(|label| !label.text.is_empty()).collect()
}

#[test]
fn an_echo_reads_like_one() {
    let drawn = Drawn::new(&Journal::echo().model, 1000.0);
    let scene = drawn.scene(0..100);
    let texts: Vec<_> = scene.rows.iter().flat_map(labels).map(|label| &*label.text).collect();
    assert_eq!(
        texts,
        [
            "started",
            "socket(inet, stream) = 3",
            "bind(3, 127.0.0.1:9000) = 0",
            "listen(3, 5) = 0",
            "accept(3)",
            "started",
            "socket(inet, stream) = 3",
            "connect(3, 127.0.0.1:9000)",
            "= 4, 127.0.0.1:40312",
            "= 0",
            "recv(4, 1024)",
            "send(3, \"hello\") = 5",
            "\"hello\" 5 bytes",
            "send(4, \"hello\") = 5",
            "recv(3, 1024) = \"hello\" 5 bytes",
            "recv(4, 1024)",
            "shutdown(3, write) = 0",
            "close(3) = 0",
            "0 bytes: peer closed",
            "close(4) = 0",
            "accept(3)",
        ]
    );
    let names: Vec<_> = scene.rows.iter().map(|row| &*row.name).collect();
    assert_eq!(names[20], "server calls accept(3), waiting");
    assert_eq!(names[9], "client: connect(3, 127.0.0.1:9000) returned 0 after 20 µs");
    let links: Vec<_> = scene.links.iter().map(|link| &link.kind).collect();
    assert_eq!(links.len(), 3);
    assert_eq!(links.iter().filter(|kind| **kind == &LinkKind::Bytes(0..5)).count(), 2);
    let open: Vec<_> = scene.bars.iter().filter(|bar| bar.open).collect();
    assert_eq!((scene.bars.len(), open.len()), (5, 1));
    assert_eq!(open[0].bottom, scene.height);
}

#[test]
fn a_row_gets_another_version_when_its_call_returns() {
    let mut journal = Journal::new(100);
    journal.start("client");
    journal.call("client", None, crate::journal::STREAM, fd(3));
    let id = journal.enter("client", Some(3), connect("127.0.0.1:1"));
    let before = Drawn::new(&journal.model, 900.0).scene(0..10);
    journal.call("client", None, crate::journal::STREAM, fd(4));
    journal.err(id, refused());
    let after = Drawn::new(&journal.model, 900.0).scene(0..10);
    assert_eq!(before.rows[1].version, after.rows[1].version);
    assert_ne!(before.rows[2].version, after.rows[2].version);
    let Item::Arrow(arrow) = &after.rows[4].items[0] else { panic!("no arrow") };
    assert_eq!(
        (arrow.kind, arrow.error, &*arrow.label.text),
        (ArrowKind::Return, true, "= ECONNREFUSED")
    );
}

#[test]
fn an_outside_peer_has_a_lifeline_and_arrows() {
    let mut journal = Journal::new(100);
    let accept = journal.server();
    journal.accepted(accept, 4, "127.0.0.1:9000", "127.0.0.1:50000", None);
    journal.call("server", Some(4), recv(), text("hi"));
    let drawn = Drawn::new(&journal.model, 900.0);
    let scene = drawn.scene(0..100);
    let Some(Item::Arrow(arrow)) = scene.rows.last().unwrap().items.get(1) else {
        panic!("no arrow")
    };
    let peer = drawn.lanes.lanes.last().unwrap();
    assert_eq!((&*peer.title, &*peer.subtitle), ("127.0.0.1:50000", "outside"));
    assert_eq!(
        (arrow.kind, arrow.from, &*arrow.label.text),
        (ArrowKind::FromOutside, peer.x, "2 bytes")
    );
}

#[test]
fn two_programs_fit_a_phone() {
    let drawn = Drawn::new(&Journal::echo().model, 390.0);
    assert_eq!(drawn.lanes.width, 390.0);
    let kinds: Vec<_> = drawn.lanes.lanes.iter().map(|lane| &*lane.subtitle).collect();
    assert_eq!(kinds, ["app", "this machine", "this machine", "app"]);
}

#[test]
fn bars_of_calls_at_once_stand_side_by_side() {
    let mut journal = Journal::new(100);
    journal.pair(true);
    journal.enter("server", Some(3), Call::Accept);
    journal.enter("server", Some(4), recv());
    let scene = Drawn::new(&journal.model, 900.0).scene(0..100);
    let open: Vec<_> = scene.bars.iter().filter(|bar| bar.open).map(|bar| bar.x).collect();
    assert_eq!(open.len(), 2);
    assert!(open[0] != open[1]);
}

fn check_row(drawn: &Drawn, row: &SceneRow) -> Result<(), TestCaseError> {
    let mut spans: Vec<_> = labels(row).iter().map(|label| label.span()).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    for pair in spans.windows(2) {
        prop_assert!(pair[0].1 <= pair[1].0, "labels overlap: {:?}", row);
    }
    for (left, right) in spans {
        prop_assert!(left >= 0.0 && right <= drawn.lanes.width, "outside: {:?}", row);
    }
    prop_assert!(!row.name.is_empty());
    for item in &row.items {
        let Item::Arrow(arrow) = item else { continue };
        let at = |kind| drawn.lanes.x(&kind).unwrap();
        let program = row.program.unwrap();
        let (app, kernel) = (at(LaneKind::App(program)), at(LaneKind::Kernel(program)));
        let beside_app = |x: f64| (x - app).abs() <= 30.0 && (x - app) * (kernel - app) > 0.0;
        let (left, right) = (arrow.from.min(arrow.to), arrow.from.max(arrow.to));
        match arrow.kind {
            ArrowKind::Enter | ArrowKind::Whole => {
                prop_assert!(beside_app(arrow.from) && arrow.to == kernel);
            }
            ArrowKind::Return => prop_assert!(beside_app(arrow.to) && arrow.from == kernel),
            ArrowKind::FromOutside => prop_assert!(arrow.to == kernel && arrow.from > kernel),
            ArrowKind::ToOutside => prop_assert!(arrow.from == kernel && arrow.to > kernel),
        }
        let (start, end) = arrow.label.span();
        prop_assert!(
            arrow.label.text.is_empty() || left <= start && end <= right,
            "beyond its arrow: {:?}",
            row
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn nothing_overlaps_and_arrows_join_the_right_lifelines(
        moves in prop::collection::vec(any::<Move>(), 1..150),
        width in 200.0_f64..2000.0,
    ) {
        let drawn = Drawn::new(&nonsense(10_000, &moves, |_| {}).model, width);
        for row in drawn.scene(0..u64::MAX).rows {
            check_row(&drawn, &row)?;
        }
        for pair in drawn.lanes.lanes.windows(2) {
            prop_assert!(pair[1].x - pair[0].x >= drawn.lanes.metrics.head);
        }
    }

    #[test]
    fn a_window_shows_what_the_whole_shows_there(
        moves in prop::collection::vec(any::<Move>(), 1..900),
        capacity in prop::sample::select(vec![40, 10_000]),
        from in 0.0..1.0_f64,
        length in 0_u64..80,
        grown in any::<bool>(),
    ) {
        let mut rows = Rows::new(Filter::default(), &Journal::new(1).model);
        let journal = nonsense(capacity, &moves, |journal| {
            if grown {
                rows.update(&journal.model);
            }
        });
        let mut drawn = Drawn::new(&journal.model, 900.0);
        let whole = drawn.scene(0..u64::MAX);
        if grown {
            drawn.rows = rows;
        }
        let start = drawn.rows.first() + (from * whole.rows.len() as f64) as u64;
        let end = (start + length).min(drawn.rows.end());
        let window = drawn.scene(start..end);
        let height = drawn.lanes.metrics.row;
        let y = |row: u64| (row - drawn.rows.first()) as f64 * height;
        let (top, bottom) = (y(start), y(end));
        let inside = |y: f64| top <= y && y < bottom;
        let numberless = |row: &SceneRow| SceneRow { row: 0, ..row.clone() };
        let rows: Vec<_> = whole.rows.iter().filter(|row| inside(row.y)).map(numberless).collect();
        prop_assert_eq!(window.rows.iter().map(numberless).collect::<Vec<_>>(), rows);
        let bars: Vec<_> =
            whole.bars.into_iter().filter(|bar| start < end && bar.top < bottom && bar.bottom >= top).collect();
        prop_assert_eq!(window.bars, bars);
        let links: Vec<_> =
            whole.links.into_iter().filter(|link| inside(link.from.1) || inside(link.to.1)).collect();
        prop_assert_eq!(window.links, links);
    }
}
