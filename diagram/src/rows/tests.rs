//! Rows that grew with the model against rows made afresh.

use proptest::prelude::*;

use socketscope_protocol::{Bilingual, Mode, Stream};

use super::*;
use crate::journal::{Journal, Move, fd, name, nonsense};

fn all(rows: &Rows) -> Vec<Row> {
    (rows.first()..rows.end()).map(|number| rows.get(number).unwrap()).collect()
}

#[test]
fn what_returns_at_once_shares_a_row() {
    let mut journal = Journal::new(1000);
    let mut rows = Rows::new(Filter::default(), &journal.model);
    journal.server();
    rows.update(&journal.model);
    let spans: Vec<_> = all(&rows).iter().map(|row| row.last - row.seq).collect();
    assert_eq!(spans, [0, 1, 1, 1, 0]);
    assert_eq!((rows.row_of(3), rows.row_of(8), rows.row_of(99)), (Some(1), Some(4), None));
}

#[test]
fn a_filter_can_bring_enter_and_return_together() {
    let mut journal = Journal::new(1000);
    journal.start("a");
    let waiting = journal.enter("a", None, crate::journal::STREAM);
    journal.start("b");
    journal.ok(waiting, fd(3));
    let a = journal.model.programs().next().unwrap().id;
    let filter = Filter { programs: Some([a].into()), connection: None, ..Filter::default() };
    let mut rows = Rows::new(Filter::default(), &journal.model);
    assert_eq!(all(&rows).len(), 4);
    rows.set_filter(filter, &journal.model);
    assert_eq!(all(&rows), [Row { seq: 1, last: 1 }, Row { seq: 2, last: 4 }]);
}

#[test]
fn a_return_whose_enter_was_forgotten_has_a_row() {
    let mut journal = Journal::new(2);
    journal.start("a");
    let waiting = journal.enter("a", None, crate::journal::STREAM);
    let a = journal.model.programs().next().unwrap().id;
    let filter = Filter { programs: Some([a].into()), ..Filter::default() };
    let mut rows = Rows::new(filter, &journal.model);
    journal.start("b");
    journal.ok(waiting, fd(3));
    rows.update(&journal.model);
    assert_eq!(all(&rows), [Row { seq: 4, last: 4 }]);
}

#[test]
fn a_connections_rows_are_found_once_it_is_known() {
    let mut journal = Journal::new(1000);
    let filter = Filter { programs: None, connection: Some(ConnectionId(0)), ..Filter::default() };
    let mut rows = Rows::new(filter.clone(), &journal.model);
    journal.server();
    rows.update(&journal.model);
    assert_eq!(all(&rows).len(), 0);
    let mut journal = Journal::echo();
    rows = Rows::new(filter, &journal.model);
    assert!(all(&rows).len() > 10);
    journal.start("unrelated");
    rows.update(&journal.model);
    assert!(rows.row_of(journal.model.head()).is_none());
}

fn filters() -> impl Strategy<Value = Filter> {
    let programs = prop::collection::vec((0_u32..4).prop_map(ProgramId), 0..3);
    let programs = prop::option::of(programs.prop_map(|programs| programs.into_iter().collect()));
    let connection = prop::option::weighted(0.3, (0_u64..4).prop_map(ConnectionId));
    (programs, connection).prop_map(|(programs, connection)| Filter {
        programs,
        connection,
        ..Filter::default()
    })
}

proptest! {
    #[test]
    fn rows_that_grew_are_rows_made_afresh(
        moves in prop::collection::vec(any::<Move>(), 1..400),
        capacity in prop::sample::select(vec![5, 60, 10_000]),
        every in 1_usize..40,
        filter in filters(),
    ) {
        let mut rows = Rows::new(filter.clone(), &Journal::new(1).model);
        let mut step = 0;
        let journal = nonsense(capacity, &moves, |journal| {
            step += 1;
            if step % every == 0 {
                rows.update(&journal.model);
            }
        });
        rows.update(&journal.model);
        let fresh = Rows::new(filter, &journal.model);
        prop_assert_eq!(all(&rows), all(&fresh));
        for (at, row) in all(&rows).iter().enumerate() {
            prop_assert_eq!(rows.row_of(row.seq), Some(rows.first() + at as u64));
            prop_assert_eq!(rows.row_of(row.last), Some(rows.first() + at as u64));
        }
    }
}

#[test]
fn rows_follow_time_where_that_is_asked_for() {
    let mut journal = Journal::new(1000);
    journal.start("a");
    journal.wait(300_000);
    journal.end("a");
    journal.wait(5_000_000_000);
    journal.start("a");
    // Events are 10 µs apart; a row stands for 100 µs.
    let filter = Filter { scale: Some(100_000), ..Filter::default() };
    let rows = Rows::new(filter, &journal.model);
    let row = |seq| rows.row_of(seq).unwrap();
    assert_eq!((row(1), row(2)), (0, 3));
    assert_eq!(row(3), 3 + PAUSE + 1);
    assert!((1..3).chain(4..row(3)).all(|number| rows.is_empty_row(number)));
    let told: Vec<_> = (0..rows.end()).filter_map(|number| rows.pause(number)).collect();
    assert_eq!(told, [5_000_010_000], "a shortened pause is told once");
}

#[test]
fn what_a_lesson_says_has_rows_and_its_doings_have_none() {
    let mut journal = Journal::new(1000);
    let says = |journal: &mut Journal, fact| journal.fact(Fact::Lesson(Box::new(fact)));
    let mode = |round| LessonFact::Mode { round, mode: Mode::Step, pace_ms: 0 };
    let note = |of| LessonFact::Note { of, text: Bilingual::default() };
    says(&mut journal, mode(1));
    journal.start("client");
    says(&mut journal, note(2));
    says(&mut journal, LessonFact::Answers { question: 1, counts: vec![1] });
    let (program, stream) = (name("client"), Stream::Stdout);
    journal.fact(Fact::Output { program, stream, text: "hello".into() });
    for code in [0, 1] {
        journal.fact(Fact::Exit { program: name("client"), code: Some(code), signal: None });
    }
    says(&mut journal, mode(2));
    journal.start("server");
    says(&mut journal, note(9));
    let seqs = |rows: &Rows| all(rows).iter().map(|row| row.seq).collect::<Vec<_>>();
    let rows = Rows::new(Filter::default(), &journal.model);
    assert_eq!(seqs(&rows), [2, 3, 7, 8, 9, 10]);
    // A note is shown where what it explains is.
    let server = journal.model.program_named(&name("server")).unwrap().id;
    let filter = Filter { programs: Some([server].into()), ..Filter::default() };
    assert_eq!(seqs(&Rows::new(filter, &journal.model)), [8, 9, 10]);
}
