//! Lessons: each is run for real, and its journal compared with what `lessons.md` says that the kernel must be seen to do.
//! Facts and their order, never times.

mod buttons;
mod conduct;
mod facts;
mod folders;
mod observer;
mod page;
mod said;
mod traced;

use serde_json::{Value, json};
use socketscope_protocol::{Event, Fact, LessonFact, Mode};
use socketscope_tests::{Room, TestServer};

/// Makes a room for a lesson.
async fn begin(server: &TestServer, lesson: &str) -> Room {
    server.client().room_with(json!({"lesson": lesson})).await
}

/// Goes on with a room's lesson.
async fn go_on(room: &Room, command: Value) {
    let (status, answer) = room.post("/lesson", &command).await;
    assert_eq!(status, 204, "{command}: {answer}");
}

fn is_over(fact: &Fact) -> bool {
    matches!(fact, Fact::Lesson(fact) if matches!(**fact, LessonFact::Mode { mode: Mode::Over, .. }))
}

/// Runs a lesson to its end at a pace, and returns its journal.
async fn run(server: &TestServer, lesson: &str, pace_ms: u64) -> Vec<Event> {
    let room = begin(server, lesson).await;
    go_on(&room, json!({"do": "run", "pace_ms": pace_ms})).await;
    let events = room.until("the lesson is over", is_over).await;
    let (status, _) = server.client().delete(&room.path("")).await;
    assert_eq!(status, 204);
    events
}
