//! What the server counts, for Prometheus (text exposition format 0.0.4).

use std::{
    fmt::Write,
    sync::{Arc, atomic::Ordering},
};

use axum::{extract::State, http::header, response::IntoResponse};

use super::access::MayRead;
use crate::server::Shared;

pub(super) async fn metrics(_: MayRead, State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let rooms: Vec<_> = shared.rooms.all().iter().map(|room| room.view()).collect();
    let programs: usize = rooms.iter().map(|room| room.programs.len()).sum();
    let waiting = rooms.iter().flat_map(|room| &room.programs).map(|program| program.waiting.len());
    let sockets = rooms.iter().flat_map(|room| &room.programs).map(|program| program.sockets.len());
    let watching: usize = rooms.iter().map(|room| room.watching).sum();
    let counts = shared.rooms.counts();
    let events: u64 = rooms.iter().map(|room| room.head).sum();
    let dropped: u64 = rooms.iter().map(|room| room.first - 1).sum();
    let mut text = String::new();
    for (name, kind, help, value) in [
        ("rooms", "gauge", "Rooms that exist.", rooms.len() as u64),
        ("programs", "gauge", "Programs alive in all rooms.", programs as u64),
        ("sockets", "gauge", "Descriptors open in all programs.", sockets.sum::<usize>() as u64),
        ("calls_waiting", "gauge", "Calls that have not returned.", waiting.sum::<usize>() as u64),
        ("viewers", "gauge", "Feeds that are open.", watching as u64),
        ("events", "gauge", "Events numbered in the rooms that exist.", events),
        (
            "causal_violations",
            "counter",
            "Effects that were told before their causes, since the server was started.",
            counts.disorders.load(Ordering::Relaxed),
        ),
        (
            "packets_unseen",
            "counter",
            "Packets that went by and were not read, since the server was started.",
            counts.unseen.load(Ordering::Relaxed),
        ),
        ("events_dropped", "gauge", "Of these, events that the journals no longer keep.", dropped),
    ] {
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "# HELP socketscope_{name} {help}\n# TYPE socketscope_{name} {kind}");
        let _ = writeln!(text, "socketscope_{name} {value}");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
