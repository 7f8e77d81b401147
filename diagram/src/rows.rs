//! Which event stands in which row of the diagram, for a filter. Grows and shrinks with the model. Knows no pixels.

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod tests;

use std::collections::VecDeque;

use socketscope_protocol::{
    CallId, Event, Fact, LessonFact, Loss, PacketId, ProgramName, Protocol, Summary,
};

use crate::{
    model::{ConnectionId, Model, Peer, Place, ProgramId},
    sorted::Set,
};

/// Which layers of the diagram are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layers {
    /// Calls and what they return.
    pub calls: bool,
    /// Packets.
    pub packets: bool,
    /// What the kernel says of sockets.
    pub states: bool,
}

impl Default for Layers {
    fn default() -> Self {
        Self { calls: true, packets: true, states: true }
    }
}

/// What of a room is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these programs; all where it is `None`.
    pub programs: Option<Set<ProgramId>>,
    /// Only calls and packets of this connection.
    pub connection: Option<ConnectionId>,
    /// Which layers.
    pub layers: Layers,
    /// Nanoseconds that a row stands for, where rows follow time; otherwise they follow the order alone.
    pub scale: Option<u64>,
}

/// A row: one event, or a call's enter and its return where that follows at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number of its event, or of its first.
    pub seq: u64,
    /// The number of its last event: the same, or the return's.
    pub last: u64,
}

/// Empty rows that stand for time at most: a longer pause is shortened, and says so.
const PAUSE: u64 = 12;

/// Rows between two notes of which calls are open. A window's bars are found from the note above it.
const CHECKPOINT: u64 = 64;

/// What begins with one event and ends with another: it is drawn across the rows between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stretch {
    Call(CallId),
    Packet(PacketId),
}

/// A row, and what its events belong to.
#[derive(Clone, Copy, Debug)]
struct Entry {
    row: Row,
    of: Option<Stretch>,
    /// For an empty row: how long the pause is that it stands for, together with those beside it.
    pause: Option<u64>,
}

/// The rows of the diagram. They have absolute numbers: the oldest go with the model's oldest events, the others keep theirs.
#[derive(Clone, Debug)]
pub struct Rows {
    filter: Filter,
    entries: VecDeque<Entry>,
    first: u64,
    /// The first event that has not been looked at.
    next: u64,
    /// When the last event with a row was, nanoseconds since 1970.
    last_at: Option<u64>,
    /// The call that was entered in the last row, while only that is in the row.
    entered: Option<CallId>,
    /// What is open after the last row.
    open: Set<Stretch>,
    /// What was open when its first event was forgotten.
    above: Set<Stretch>,
    /// For rows with certain numbers, what was open right before.
    checkpoints: VecDeque<(u64, Vec<Stretch>)>,
    relinked: u64,
}

impl Filter {
    /// Whether the program's lifelines are there.
    pub fn shows_program(&self, model: &Model, id: ProgramId) -> bool {
        let at_an_end = |connection| {
            let connection = model.connection(connection);
            connection
                .is_some_and(|connection| (0..2).any(|end| connection.program(end) == Some(id)))
        };
        self.programs.as_ref().is_none_or(|programs| programs.contains(&id))
            && self.connection.is_none_or(at_an_end)
    }

    /// Whether the outside peer's lifeline is there.
    pub fn shows_peer(&self, model: &Model, peer: &Peer) -> bool {
        let wanted = |connection| model.connection(connection).and_then(|it| it.outside());
        self.programs
            .as_ref()
            .is_none_or(|programs| programs.iter().any(|id| peer.programs.contains(id)))
            && self.connection.is_none_or(|connection| wanted(connection) == Some(peer.id))
    }

    /// Whose kernels the programs that are shown exchange packets with: their lifelines are there, too. Nothing where all
    /// lifelines are.
    pub fn partners(&self, model: &Model) -> Option<Set<Place>> {
        let mut partners: Set<Place> = Set::default();
        if let Some(id) = self.connection {
            let places = model.addresses_of(id).map(|(one, other)| {
                [one, other].map(|address| model.lab().place_of(Protocol::Tcp, &address))
            });
            partners.extend(places.into_iter().flatten());
        }
        for id in self.programs.iter().flat_map(|programs| programs.iter()) {
            partners.extend(model.lab().partners(Place::Program(*id)));
        }
        (self.connection.is_some() || self.programs.is_some()).then_some(partners)
    }

    /// Whether the event has a row.
    pub fn shows_event(&self, model: &Model, event: &Event) -> bool {
        let of_connection = |id: &CallId| {
            self.connection.is_none_or(|wanted| {
                let connection = model.call(*id).and_then(|record| record.connection);
                connection.is_some_and(|(connection, _)| connection == wanted)
            })
        };
        let of_program = |program| self.shows_name(model, program);
        match &event.fact {
            Fact::Gap { .. } | Fact::Unseen { .. } | Fact::Disorder { .. } => true,
            // The lifelines' heads and bands tell these.
            Fact::Host { .. } | Fact::State(_) => false,
            // The code's panes tell these.
            Fact::Ready(_) | Fact::At { .. } | Fact::Output { .. } => false,
            Fact::Exit { program, code, signal } => {
                let told = signal.is_some() || code.is_some_and(|code| code != 0);
                told && self.layers.calls && self.connection.is_none() && of_program(program)
            }
            Fact::Lesson(fact) => self.layers.calls && self.shows_lesson(model, event.seq, fact),
            // A rule that was kept is gone; the packet that it was kept for stands right before.
            Fact::Wire(_) => {
                let before = event.seq.checked_sub(1).and_then(|seq| model.event(seq));
                let kept = matches!(
                    before.map(|event| &event.fact),
                    Some(Fact::Lose { why: Loss::Rule, .. } | Fact::Hold { .. })
                );
                self.layers.packets && !kept
            }
            Fact::Program { program, .. } => {
                self.layers.calls && self.connection.is_none() && of_program(program)
            }
            Fact::Enter { id, program, .. } | Fact::Return { id, program, .. } => {
                self.layers.calls && of_connection(id) && of_program(program)
            }
            Fact::Depart { packet, .. }
            | Fact::Arrive { packet, .. }
            | Fact::Lose { packet, .. }
            | Fact::Hold { packet } => self.layers.packets && self.shows_packet(model, *packet),
            Fact::Summary(sum) => {
                sum.packets > 0 && self.layers.packets && self.shows_sum(model, sum)
            }
        }
    }
}

impl Filter {
    fn shows_name(&self, model: &Model, program: &ProgramName) -> bool {
        self.programs.as_ref().is_none_or(|programs| {
            model.program_named(program).is_some_and(|program| programs.contains(&program.id))
        })
    }

    /// What a lesson says stands where that is what it says it of.
    fn shows_lesson(&self, model: &Model, seq: u64, fact: &LessonFact) -> bool {
        let everything = self.programs.is_none() && self.connection.is_none();
        match fact {
            LessonFact::Mode { .. } => model.lesson().begins(seq).is_some(),
            LessonFact::Note { of, .. } => {
                let explained = if *of < seq { model.event(*of) } else { None };
                let explained = explained.filter(|of| !matches!(of.fact, Fact::Lesson(_)));
                everything || explained.is_some_and(|event| self.shows_event(model, event))
            }
            LessonFact::Question { program, .. } => {
                self.connection.is_none() && self.shows_name(model, program)
            }
            LessonFact::Reveal { .. } => everything,
            LessonFact::Answers { .. } => false,
        }
    }

    fn shows_sum(&self, model: &Model, sum: &Summary) -> bool {
        let of_connection = |wanted| {
            let ends = model.addresses_of(wanted);
            ends.is_some_and(|(one, other)| {
                sum.protocol == Protocol::Tcp
                    && [(&one, &other), (&other, &one)].contains(&(&sum.from, &sum.to))
            })
        };
        self.connection.is_none_or(of_connection)
    }

    fn shows_packet(&self, model: &Model, packet: PacketId) -> bool {
        let Some(packet) = model.lab().packet(packet) else { return false };
        let wanted = |place: &Place| match (place, &self.programs) {
            (_, None) => true,
            (Place::Program(program), Some(wanted)) => wanted.contains(program),
            // Nobody's yet: it is shown where a program of its host is.
            (Place::Host(host), Some(wanted)) => wanted
                .iter()
                .any(|id| model.program(*id).is_some_and(|program| program.host == Some(*host))),
            (Place::Outside, Some(_)) => false,
        };
        packet.ends.iter().any(wanted)
            && self.connection.is_none_or(|wanted| model.connection_of(packet) == Some(wanted))
    }
}

impl Rows {
    /// The rows of `model` that `filter` shows.
    pub fn new(filter: Filter, model: &Model) -> Self {
        let mut rows = Self {
            filter,
            entries: VecDeque::new(),
            first: 0,
            next: 0,
            last_at: None,
            entered: None,
            open: Set::default(),
            above: Set::default(),
            checkpoints: VecDeque::new(),
            relinked: 0,
        };
        rows.rebuild(model);
        rows
    }

    /// The filter they were made for.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The first row's number.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number after the last row's.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The row numbered `number`.
    pub fn get(&self, number: u64) -> Option<Row> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get(at).map(|entry| entry.row)
    }

    /// For an empty row in the middle of a pause that was shortened: how long the pause is, nanoseconds.
    pub fn pause(&self, number: u64) -> Option<u64> {
        let entry = |number: u64| {
            let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
            self.entries.get(at)
        };
        let pause = entry(number)?.pause?;
        let shortened = pause / self.filter.scale?.max(1) > PAUSE;
        // The sixth of twelve: it begins a half of the pause.
        let before = (1..=PAUSE).take_while(|back| {
            number.checked_sub(*back).and_then(entry).is_some_and(|entry| entry.pause.is_some())
        });
        (shortened && before.count() as u64 == PAUSE / 2).then_some(pause)
    }

    /// Whether the row stands for nothing but time.
    pub fn is_empty_row(&self, number: u64) -> bool {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.entries.get(at)).is_some_and(|entry| entry.pause.is_some())
    }

    /// The row that the event `seq` stands in.
    pub fn row_of(&self, seq: u64) -> Option<u64> {
        let number = self.row_at(seq)?;
        let row = self.get(number)?;
        (row.seq == seq || row.last == seq).then_some(number)
    }

    /// The last row that has nothing later than the event `seq` in front: where to scroll to for an event without a row.
    pub fn row_at(&self, seq: u64) -> Option<u64> {
        let after = self.entries.partition_point(|entry| entry.row.seq <= seq) as u64;
        Some(self.first + after.checked_sub(1)?)
    }

    /// Takes in what has happened in `model`. Returns whether rows may have got other numbers.
    pub fn update(&mut self, model: &Model) -> bool {
        // A call can turn out later to belong to the connection, and a burst can outrun what is kept: start over then.
        if self.relinked != relinked(&self.filter, model) || self.next < model.first() {
            self.rebuild(model);
            return true;
        }
        self.trim(model);
        self.take_in(model);
        false
    }

    /// Shows something else from now on.
    pub fn set_filter(&mut self, filter: Filter, model: &Model) {
        self.filter = filter;
        self.rebuild(model);
    }

    /// Calls and packets that may be drawn in the rows `window`, oldest first: all that are, and some that are not.
    pub(crate) fn near(&self, model: &Model, window: &std::ops::Range<u64>) -> Set<Stretch> {
        let after = self.checkpoints.partition_point(|(number, _)| *number <= window.start);
        let checkpoint = after.checked_sub(1).and_then(|at| self.checkpoints.get(at));
        let (start, mut found) = match checkpoint {
            Some((number, open)) if *number >= self.first => {
                (*number, open.iter().copied().collect())
            }
            _ => (self.first, self.above.clone()),
        };
        let place = |number: u64| (number.clamp(self.first, self.end()) - self.first) as usize;
        let near = self.entries.range(place(start)..place(window.end).max(place(start)));
        found.extend(near.filter_map(|entry| entry.of));
        found.retain(|it| it.is_known(model));
        found
    }

    fn rebuild(&mut self, model: &Model) {
        self.entries.clear();
        self.checkpoints.clear();
        (self.first, self.next, self.entered, self.last_at) = (0, model.first(), None, None);
        self.relinked = relinked(&self.filter, model);
        self.above = model.entered_before_first().map(Stretch::Call).collect();
        self.open = self.above.clone();
        self.take_in(model);
    }

    fn take_in(&mut self, model: &Model) {
        for event in model.events_from(self.next) {
            self.next = event.seq + 1;
            if self.filter.shows_event(model, event) {
                self.add(model, event);
            }
        }
    }

    fn add(&mut self, model: &Model, event: &Event) {
        let entered = self.entered.take();
        let (of, ends) = match &event.fact {
            Fact::Enter { id, .. } => (Some(Stretch::Call(*id)), false),
            Fact::Return { id, .. } => (Some(Stretch::Call(*id)), true),
            Fact::Depart { packet, .. } | Fact::Hold { packet } => {
                (Some(Stretch::Packet(*packet)), false)
            }
            Fact::Arrive { packet, .. } | Fact::Lose { packet, .. } => {
                (Some(Stretch::Packet(*packet)), true)
            }
            _ => (None, false),
        };
        let call = match &event.fact {
            Fact::Enter { id, .. } | Fact::Return { id, .. } => Some(*id),
            _ => None,
        };
        let since = self.last_at.replace(event.at).map_or(0, |last| event.at.saturating_sub(last));
        let rows_since = self.filter.scale.map_or(0, |scale| since / scale.max(1));
        // The row of the enter may have been forgotten since: the return has one of its own then.
        let joins = ends && call.is_some() && call == entered && rows_since == 0;
        if let Some(entry) = self.entries.back_mut().filter(|_| joins) {
            entry.row.last = event.seq;
        } else {
            let row = Row { seq: event.seq, last: event.seq };
            for _ in 1..rows_since.min(PAUSE + 1) {
                self.entries.push_back(Entry { row, of: None, pause: Some(since) });
            }
            let due = self.checkpoints.back().map_or(0, |(row, _)| row + CHECKPOINT);
            if self.end() >= due {
                self.open.retain(|it| it.is_known(model));
                self.above.retain(|it| it.is_known(model));
                self.checkpoints.push_back((self.end(), self.open.iter().copied().collect()));
            }
            self.entries.push_back(Entry { row, of, pause: None });
        }
        match of {
            Some(it) if ends => {
                self.open.remove(&it);
            }
            Some(it) => {
                self.entered = call;
                self.open.insert(it);
            }
            None => {}
        }
    }

    fn trim(&mut self, model: &Model) {
        let first = model.first();
        while let Some(entry) = self.entries.front_mut() {
            if entry.row.seq >= first {
                break;
            }
            if let Some(it) = entry.of {
                if it.goes_on(model, first) {
                    self.above.insert(it);
                } else {
                    self.above.remove(&it);
                }
            }
            if entry.row.last >= first {
                entry.row.seq = entry.row.last;
                break;
            }
            self.entries.pop_front();
            self.first += 1;
        }
        while self.checkpoints.get(1).is_some_and(|(row, _)| *row <= self.first) {
            self.checkpoints.pop_front();
        }
    }
}

impl Stretch {
    fn is_known(self, model: &Model) -> bool {
        match self {
            Self::Call(id) => model.call(id).is_some(),
            Self::Packet(id) => model.lab().packet(id).is_some(),
        }
    }

    /// Whether it has not ended before the event `seq`.
    fn goes_on(self, model: &Model, seq: u64) -> bool {
        match self {
            Self::Call(id) => model
                .call(id)
                .is_some_and(|call| call.returned.is_none_or(|returned| returned.seq >= seq)),
            Self::Packet(id) => model
                .lab()
                .packet(id)
                .is_some_and(|packet| packet.travels() || packet.last() >= seq),
        }
    }
}

fn relinked(filter: &Filter, model: &Model) -> u64 {
    filter.connection.map_or(0, |connection| model.relinked(connection))
}
