//! One row: its arrows with their labels, and the row as a sentence.

use std::hash::{DefaultHasher, Hash, Hasher};

use socketscope_protocol::{CallName, Change, Fact, Outcome, WireView};

use super::{
    Anchor, Arrow, ArrowKind, Item, Label, SceneRow, Tone, View, label,
    text::{bytes_text, call_text, moved, result_text, unseen_text, wire_text},
};
use crate::{
    format::duration,
    lanes::LaneKind,
    model::{CallRecord, Place, ProgramId},
    wording::fill,
};

/// From a row's upper edge down to an arrow.
pub(super) const ARROW: f64 = 20.0;
/// From an arrow up to its label's baseline.
const BASELINE: f64 = 5.0;
/// From an arrow down to that of an outside peer, which would cover it otherwise.
const OUTSIDE: f64 = 4.0;
/// Between a label and what stands beside it.
pub(super) const SPACE: f64 = 6.0;

impl View<'_> {
    pub(super) fn row(&self, number: u64) -> Option<SceneRow> {
        let row = self.rows.get(number)?;
        let event = self.model.event(row.seq)?;
        let mut scene_row = SceneRow {
            row: number,
            seq: row.seq,
            version: 0,
            y: self.y(number),
            items: Vec::new(),
            name: String::new(),
            call: None,
            program: None,
            packet: None,
        };
        if self.rows.is_empty_row(number) {
            let pause = duration(self.rows.pause(number)?);
            scene_row.name = fill(self.wording.lab.pause, &[("time", &pause)]);
            self.note(&mut scene_row);
            scene_row.version = version(&scene_row);
            return Some(scene_row);
        }
        match &event.fact {
            Fact::Gap { missed } => self.gap(&mut scene_row, *missed),
            Fact::Unseen { host, packets } => {
                let text = unseen_text(host.as_ref(), *packets, self.wording);
                self.across(&mut scene_row, text);
            }
            Fact::Disorder { what } => {
                let values = [("what", what.as_str())];
                self.across(&mut scene_row, fill(self.wording.lab.disorder, &values));
            }
            Fact::Wire(wire) => self.wire(&mut scene_row, wire),
            Fact::Depart { packet, .. }
            | Fact::Arrive { packet, .. }
            | Fact::Lose { packet, .. }
            | Fact::Hold { packet } => self.packet_row(&mut scene_row, *packet),
            Fact::Summary(summary) => self.summary_row(&mut scene_row, summary),
            Fact::Host { .. }
            | Fact::State(_)
            | Fact::Ready(_)
            | Fact::At { .. }
            | Fact::Output { .. } => {
                return None;
            }
            Fact::Exit { .. } | Fact::Lesson(_) => self.lesson_row(&mut scene_row, event)?,
            Fact::Program { program, change, .. } => {
                let program = self.model.program_named(program)?;
                scene_row.program = Some(program.id);
                self.marker(&mut scene_row, program.id, program.name.as_str(), change);
            }
            Fact::Enter { id, .. } | Fact::Return { id, .. } => {
                let record = self.model.call(*id)?;
                (scene_row.call, scene_row.program) = (Some(*id), Some(record.program));
                let combined = row.last != row.seq;
                let returned = combined || matches!(event.fact, Fact::Return { .. });
                self.call_row(&mut scene_row, record, combined, returned);
            }
        }
        scene_row.version = version(&scene_row);
        Some(scene_row)
    }

    fn gap(&self, row: &mut SceneRow, missed: u64) {
        let missed = missed.to_string();
        let values = [("missed", missed.as_str())];
        self.across(row, fill(self.wording.sentence.gap, &values));
    }

    /// A sentence across the whole width.
    fn across(&self, row: &mut SceneRow, name: String) {
        row.name = name;
        let text = self.fit(&row.name, self.lanes.width - 2.0 * SPACE);
        let y = row.y + self.lanes.metrics.row / 2.0;
        let label = self.label(text, self.lanes.width / 2.0, y + 4.0, Anchor::Middle);
        row.items.push(Item::Gap { y, label });
    }

    fn wire(&self, row: &mut SceneRow, wire: &WireView) {
        let words = &self.wording.lab;
        row.name = fill(words.wire_changed, &[("settings", &wire_text(wire, self.wording))]);
        self.note(row);
    }

    /// The row's name, in it.
    pub(super) fn note(&self, row: &mut SceneRow) {
        let text = self.fit(&row.name, self.lanes.width - 2.0 * SPACE);
        let y = row.y + self.lanes.metrics.row / 2.0;
        let label = self.label(text, SPACE, y + 4.0, Anchor::Start);
        row.items.push(Item::Note { tone: Tone::Wire, y, label });
    }

    fn marker(&self, row: &mut SceneRow, program: ProgramId, name: &str, change: &Change) {
        let started = matches!(change, Change::Started(_));
        let (words, sentences) = (&self.wording.diagram, &self.wording.sentence);
        let sentence = if started { sentences.started } else { sentences.ended };
        row.name = fill(sentence, &[("program", name)]);
        let Some((app, kernel)) = self.lanes_of(program) else { return };
        let y = row.y + ARROW - BASELINE;
        let gap = self.lanes.room_beside(app, (kernel - app).signum());
        let room = gap - self.lanes.metrics.bar - 2.0 * SPACE;
        let text = self.fit(if started { words.started } else { words.ended }, room);
        let beside = self.lanes.metrics.bar / 2.0 + SPACE;
        let (x, anchor) =
            if app < kernel { (app + beside, Anchor::Start) } else { (app - beside, Anchor::End) };
        let label = self.label(text, x, y + 4.0, anchor);
        row.items.push(Item::Marker { x: app, y, started, label });
    }

    fn call_row(&self, row: &mut SceneRow, record: &CallRecord, combined: bool, returned: bool) {
        let call = call_text(self.model, record);
        let outcome = if returned { self.model.outcome(record) } else { None };
        let result = outcome.map(|outcome| result_text(record, outcome, self.model, self.wording));
        let result = result.as_ref().map(|(text, error)| (text.as_str(), *error));
        row.name = self.sentence(record, &call, result, returned);
        if let Some((app, kernel)) = self.lanes_of(record.program) {
            let arrow =
                self.call_arrow(row.y, (app, kernel), (record, &call), result, combined, returned);
            row.items.push(Item::Arrow(arrow));
            if returned && let Some(arrow) = self.outside_arrow(row, kernel, record, outcome) {
                row.items.push(Item::Arrow(arrow));
            }
        }
    }

    fn call_arrow(
        &self,
        y: f64,
        (app, kernel): (f64, f64),
        (record, call): (&CallRecord, &str),
        result: Option<(&str, bool)>,
        combined: bool,
        returned: bool,
    ) -> Arrow {
        let (kind, from, to) = match (combined, returned) {
            (true, _) => (ArrowKind::Whole, app, kernel),
            (_, true) => (ArrowKind::Return, kernel, app),
            _ => (ArrowKind::Enter, app, kernel),
        };
        // The bars of calls at the same time stand on the app's side of the gap.
        let toward = if app < kernel { 1.0 } else { -1.0 };
        let edge = app + toward * (self.bar_offset(record.slot) + self.lanes.metrics.bar / 2.0);
        let (from, to) = if kind == ArrowKind::Return { (from, edge) } else { (edge, to) };
        // Up to the next lifeline: another program of the same host may stand between.
        let gap = self.lanes.room_beside(app, toward).min((kernel - app).abs());
        let end = app + toward * gap;
        let room = (end - edge).abs() - 2.0 * SPACE;
        let cells = (room / self.lanes.metrics.character) as usize;
        let whole = |result: String| label::cut_call(call, &result, cells);
        let text = match (kind, result) {
            (ArrowKind::Whole, Some((result, true))) => whole(format!(" {result}")),
            (ArrowKind::Whole, Some((result, _))) => whole(format!(" = {result}")),
            (ArrowKind::Return, Some((result, _))) if plain(record.name) => {
                self.fit(&format!("= {result}"), room)
            }
            (ArrowKind::Return, Some((result, _))) => self.fit(result, room),
            (ArrowKind::Return, None) => String::new(),
            _ => label::cut_call(call, "", cells),
        };
        let y = y + ARROW;
        let label = self.label(text, (edge + end) / 2.0, y - BASELINE, Anchor::Middle);
        let error = result.is_some_and(|(_, error)| error);
        Arrow { kind, error, from, to, y, label }
    }

    /// What an outside peer had to do with it: it sent what was received, it connected, or it gets what was sent.
    fn outside_arrow(
        &self,
        row: &SceneRow,
        kernel: f64,
        record: &CallRecord,
        outcome: Option<&Outcome>,
    ) -> Option<Arrow> {
        let id = record.outside?;
        // Where its packets are drawn they show the same; Unix sockets have none.
        let has_packets = self.rows.filter().layers.packets && self.model.lab().has_packets();
        if has_packets && self.model.peer(id).is_some_and(|peer| peer.address.contains(':')) {
            return None;
        }
        let peer = self.lanes.peer_x(id)?;
        outcome?.as_ref().ok()?;
        let (kind, from, to) = match record.name {
            CallName::Accept | CallName::Recv | CallName::Recvfrom => {
                (ArrowKind::FromOutside, peer, kernel)
            }
            CallName::Connect | CallName::Send | CallName::Sendto => {
                (ArrowKind::ToOutside, kernel, peer)
            }
            _ => return None,
        };
        let text = moved(self.model, record).map(|bytes| bytes_text(bytes, self.wording));
        let room = self.lanes.room_beside(peer, -1.0).min(peer - kernel) - 2.0 * SPACE;
        let text = self.fit(text.as_deref().unwrap_or_default(), room);
        let y = row.y + ARROW + OUTSIDE;
        let label = self.label(text, peer - SPACE, y - BASELINE, Anchor::End);
        Some(Arrow { kind, error: false, from, to, y, label })
    }

    fn sentence(
        &self,
        record: &CallRecord,
        call: &str,
        result: Option<(&str, bool)>,
        returned: bool,
    ) -> String {
        let sentences = &self.wording.sentence;
        let name = self.model.program(record.program).map_or("", |program| program.name.as_str());
        let time = record.took().map(duration);
        let template = match (result, &time, returned) {
            (Some((_, false)), Some(_), _) => sentences.returned,
            (Some((_, true)), Some(_), _) => sentences.failed,
            (Some((_, false)), None, _) => sentences.returned_no_enter,
            (Some((_, true)), None, _) => sentences.failed_no_enter,
            (None, ..) if record.waits() => sentences.waiting,
            (None, ..) if record.lost.is_some() => sentences.entered_end_unknown,
            (None, ..) => sentences.entered,
        };
        let result = result.map_or("", |(text, _)| text);
        let time = time.unwrap_or_default();
        fill(template, &[("program", name), ("call", call), ("result", result), ("time", &time)])
    }

    /// Where the program's lifeline and its kernel's are.
    pub(super) fn lanes_of(&self, program: ProgramId) -> Option<(f64, f64)> {
        Some((self.lanes.x(&LaneKind::App(program))?, self.kernel_of(program)?))
    }

    /// Where the lifeline of the program's kernel is.
    pub(super) fn kernel_of(&self, program: ProgramId) -> Option<f64> {
        let lane = self.lanes.kernel(self.model, Place::Program(program), "")?;
        self.lanes.lanes.get(lane).map(|lane| lane.x)
    }

    pub(super) fn fit(&self, text: &str, room: f64) -> String {
        // A negative room becomes 0.
        label::cut(text, (room / self.lanes.metrics.character) as usize)
    }

    pub(super) fn label(&self, text: String, x: f64, y: f64, anchor: Anchor) -> Label {
        Label::new(text, x, y, anchor, self.lanes.metrics.character)
    }
}

/// Calls whose result is a number and reads best as "= 3".
fn plain(name: CallName) -> bool {
    !matches!(name, CallName::Recv | CallName::Recvfrom)
}

fn version(row: &SceneRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.name.hash(&mut hasher);
    for item in &row.items {
        match item {
            Item::Arrow(arrow) => {
                (arrow.kind, arrow.error).hash(&mut hasher);
                [arrow.from, arrow.to].map(f64::to_bits).hash(&mut hasher);
                arrow.label.text.hash(&mut hasher);
            }
            Item::Marker { x, started, label, .. } => {
                (x.to_bits(), started, &label.text).hash(&mut hasher);
            }
            Item::Summary { from, to, label, .. } => {
                [from, to].map(|x| x.to_bits()).hash(&mut hasher);
                label.text.hash(&mut hasher);
            }
            Item::Note { label, .. } | Item::Gap { label, .. } => {
                (label.x.to_bits(), &label.text).hash(&mut hasher)
            }
        }
    }
    hasher.finish()
}
