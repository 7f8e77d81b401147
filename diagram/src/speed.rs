//! How long it takes to take in a long journal and to draw a window of it. Run by hand, optimised:
//! `cargo test --release -p socketscope-diagram -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use socketscope_protocol::{Call, limits::PAGE_EVENTS};

use crate::{
    journal::{Journal, count, recv, send, text},
    lanes::{Lanes, Metrics},
    model::Model,
    rows::{Filter, Rows},
    scene::View,
    wording::EN,
};

#[test]
#[ignore = "measures; says nothing in an unoptimised build"]
fn a_long_journal_is_quick() {
    let mut journal = Journal::new(10);
    journal.pair(true);
    journal.enter("server", Some(3), Call::Accept);
    while journal.events.len() < 400_000 {
        let read = journal.enter("server", Some(4), recv());
        journal.call("client", Some(3), send("hello"), count(5));
        journal.ok(read, text("hello"));
    }
    let mut model = Model::new(PAGE_EVENTS);
    let mut rows = Rows::new(Filter::default(), &model);
    let (mut pushing, mut indexing) = (Duration::ZERO, Duration::ZERO);
    let mut shown = 0;
    for batch in journal.events.chunks(333) {
        let events = batch.to_vec();
        let start = Instant::now();
        for event in events {
            model.push(event).unwrap();
        }
        pushing += start.elapsed();
        let start = Instant::now();
        rows.update(&model);
        indexing += start.elapsed();
        shown += batch.len();
        if shown / 200_000 != (shown - batch.len()) / 200_000 {
            println!("{shown} events: pushed in {pushing:?}, rows in {indexing:?}");
        }
    }
    let start = Instant::now();
    let fresh = Rows::new(Filter::default(), &model);
    println!("{} rows made afresh in {:?}", fresh.end() - fresh.first(), start.elapsed());
    let lanes = Lanes::new(&model, rows.filter(), Metrics::WIDE, 1000.0, &EN);
    let view = View { model: &model, rows: &rows, lanes: &lanes, wording: &EN, now: 0 };
    for from in [rows.first(), (rows.first() + rows.end()) / 2, rows.end() - 60] {
        let start = Instant::now();
        for _ in 0..100 {
            let scene = view.scene(from..from + 60);
            assert_eq!(scene.rows.len(), 60);
        }
        println!("a scene of 60 rows from {from}: {:?}", start.elapsed() / 100);
    }
    let start = Instant::now();
    Lanes::new(&model, rows.filter(), Metrics::WIDE, 1000.0, &EN);
    println!("lanes: {:?}", start.elapsed());
}
