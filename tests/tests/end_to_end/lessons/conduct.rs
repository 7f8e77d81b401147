//! A lesson is conducted: step by step, asked about, begun anew, and gone without a trace.

use serde_json::json;
use socketscope_protocol::{Change, Event, Fact, LessonFact, Line, Mode};
use socketscope_tests::{Feed, Message, Room, Story, TestServer, processes_that_name, within};

use super::{begin, go_on, is_over, run};
use crate::binary::{Running, binary};

const FIRST: &str = "tcp-first-connection";

/// The lesson's facts of an event.
fn lesson(event: &Event) -> Option<&LessonFact> {
    match &event.fact {
        Fact::Lesson(fact) => Some(fact),
        _ => None,
    }
}

/// The status of the answer to a request.
async fn ask(feed: &mut Feed, request: serde_json::Value) -> u16 {
    feed.send(&request).await;
    feed.reply(request["request"].as_u64()).await.0
}

#[tokio::test]
async fn a_step_lets_one_call_go() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    let ready = |fact: &Fact| matches!(fact, Fact::Ready(_));
    let events = room.until("the first call waits", ready).await;
    let Some(Fact::Ready(first)) = events.last().map(|event| &event.fact) else { panic!() };
    assert_eq!((first.program.as_str(), first.call.as_str()), ("server", "socket"));
    assert_eq!((first.line.file.as_str(), first.line.line), ("server.py", 5));
    assert!(
        !events.iter().any(|event| matches!(event.fact, Fact::Enter { .. })),
        "nothing is made yet"
    );

    go_on(&room, json!({"do": "step"})).await;
    let from = events.last().map_or(1, |event| event.seq + 1);
    let events = room.until_from(from, "the next call waits", ready).await;
    let story = Story::of(&events);
    assert_eq!(story.count("server enters socket"), 1);
    story.has(&["server enters socket", "server socket = fd 3"]);
    assert_eq!(story.count("server enters bind"), 0);

    // A program that has nothing to let go, and one that is not there yet.
    let (status, answer) = room.post("/lesson", &json!({"do": "step", "program": "client"})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("nothing-to-step")), "{answer}");
}

/// Lets a call go that is ready. A question before it is answered first; what the lesson itself waits for may take a while.
async fn step(room: &Room) {
    loop {
        let (status, answer) = room.post("/lesson", &json!({"do": "step"})).await;
        assert!(matches!(status, 204 | 409), "{answer}");
        if status == 204 {
            return;
        }
        if answer["detail"].to_string().contains("question") {
            go_on(room, json!({"do": "reveal"})).await;
        }
    }
}

#[tokio::test]
async fn stepped_to_its_end_a_lesson_is_the_same() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    let mut next = 1;
    loop {
        // Whatever is to be done next: let a call go, or tell an answer.
        let events = room
            .until_from(next, "something to do", |fact| {
                matches!(fact, Fact::Ready(_)) || is_over(fact)
            })
            .await;
        next = events.last().map_or(next, |event| event.seq + 1);
        if events.iter().any(|event| is_over(&event.fact)) {
            break;
        }
        within("a step", step(&room)).await;
    }
    let events = room.events().await;
    Story::of(&events).has(&[
        "server enters accept",
        "client enters connect 10.0.0.1:9000",
        "client>server SYN",
        "server>client SYN,ACK",
        "client>server ACK",
        "client connect = ok",
        "client enters send 5",
        "server recv = 5 \"hello\"",
        "client recv = 5 \"hello\"",
        "server recv = 0",
    ]);
    let asked =
        events.iter().filter_map(lesson).filter(|it| matches!(it, LessonFact::Question { .. }));
    let told =
        events.iter().filter_map(lesson).filter(|it| matches!(it, LessonFact::Reveal { .. }));
    assert_eq!((asked.count(), told.count()), (3, 3));
    let (status, answer) = room.post("/lesson", &json!({"do": "step"})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("nothing-to-step")), "{answer}");
}

#[tokio::test]
async fn whoever_watches_may_answer_once() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    let question = |fact: &Fact| matches!(fact, Fact::Lesson(fact) if matches!(**fact, LessonFact::Question { .. }));
    let mut feeds = Vec::new();
    for _ in 0..2 {
        feeds.push(Feed::connect(room.live(1)).await);
    }
    let mut next = 1;
    loop {
        let events = room
            .until_from(next, "a question", |fact| matches!(fact, Fact::Ready(_)) || question(fact))
            .await;
        next = events.last().map_or(next, |event| event.seq + 1);
        if events.iter().any(|event| question(&event.fact)) {
            break;
        }
        // Where this call is the one that is asked about, it does not go: the question comes next.
        let (status, _) = room.post("/lesson", &json!({"do": "step"})).await;
        assert!(matches!(status, 204 | 409));
    }
    // None of these feeds has the key. The second viewer thinks again.
    for (viewer, choice) in [(0, 1), (1, 1), (1, 3)] {
        let answer =
            json!({"request": 1, "command": "answer", "body": {"question": 1, "choice": choice}});
        assert_eq!(ask(&mut feeds[viewer], answer).await, 204);
    }
    let strange = json!({"request": 2, "command": "answer", "body": {"question": 1, "choice": 9}});
    assert_eq!(ask(&mut feeds[0], strange).await, 400);
    let reveal = json!({"request": 3, "command": "lesson", "body": {"do": "reveal"}});
    assert_eq!(ask(&mut feeds[0], reveal).await, 401);

    go_on(&room, json!({"do": "reveal"})).await;
    let told = |fact: &Fact| matches!(fact, Fact::Lesson(fact) if matches!(**fact, LessonFact::Reveal { .. }));
    let events = room.until("the answer", told).await;
    let mut counts = events.iter().filter_map(lesson).filter_map(|fact| match fact {
        LessonFact::Answers { question: 1, counts } => Some(counts.clone()),
        _ => None,
    });
    assert_eq!(counts.next_back(), Some(vec![1, 0, 1]));
    let late = json!({"request": 4, "command": "answer", "body": {"question": 1, "choice": 1}});
    assert_eq!(ask(&mut feeds[0], late).await, 409);
    let (status, answer) = room.post("/lesson", &json!({"do": "reveal"})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("no-open-question")), "{answer}");
}

#[tokio::test]
async fn begun_anew_it_goes_the_same_way() {
    let server = TestServer::start();
    // Its server ends first, and its port would be taken for a minute.
    let room = begin(&server, "four-way-close").await;
    let mut from = 1;
    for round in 1..=2 {
        go_on(&room, json!({"do": "run"})).await;
        let events = room.until_from(from, "the lesson is over", is_over).await;
        from = events.last().map_or(from, |event| event.seq + 1);
        Story::of(&events).has(&[
            "server bind = ok",
            "again bind = EADDRINUSE",
            "again bind = ok",
            "again exits 0",
        ]);
        let rounds = events.iter().filter_map(lesson).filter_map(|fact| match fact {
            LessonFact::Mode { round, .. } => Some(*round),
            _ => None,
        });
        assert!(rounds.clone().all(|it| it == round), "{:?}", rounds.collect::<Vec<_>>());
        go_on(&room, json!({"do": "reset"})).await;
    }
    // In the middle of a round, too.
    go_on(&room, json!({"do": "step"})).await;
    go_on(&room, json!({"do": "reset"})).await;
    let fourth = |fact: &Fact| matches!(fact, Fact::Lesson(fact) if matches!(**fact, LessonFact::Mode { round: 4, mode: Mode::Step, .. }));
    room.until_from(from, "the fourth round", fourth).await;
}

#[tokio::test]
async fn at_a_pace_calls_go_one_after_the_other() {
    let server = TestServer::start();
    let events = run(&server, "tcp-loop", 20).await;
    // Each call waited to be let go.
    let ready = events.iter().filter(|event| matches!(event.fact, Fact::Ready(_))).count();
    let entered = events.iter().filter(|event| matches!(event.fact, Fact::Enter { .. })).count();
    assert_eq!(ready, entered);
    let notes = events.iter().filter_map(lesson).filter_map(|fact| match fact {
        LessonFact::Note { of, .. } => Some(*of),
        _ => None,
    });
    // A note is said before the next call is made.
    for of in notes {
        let said = events.iter().position(
            |event| matches!(lesson(event), Some(LessonFact::Note { of: it, .. }) if *it == of),
        );
        let enters = events
            .iter()
            .position(|event| event.seq > of && matches!(event.fact, Fact::Enter { .. }));
        assert!(said.is_some() && enters.is_none_or(|enters| said < Some(enters)), "#{of}");
    }
}

/// Each question is asked before its call, and told before the next one is, however the lesson is run.
#[tokio::test]
async fn questions_stand_before_their_calls() {
    let server = TestServer::start();
    for (id, pace_ms) in
        [("tcp-first-connection", 0), ("tcp-first-connection", 10), ("stream-boundaries", 0)]
    {
        let events = run(&server, id, pace_ms).await;
        let (mut open, mut asked) = (None, 0);
        for event in &events {
            match (&event.fact, lesson(event)) {
                (_, Some(LessonFact::Question { question, program, .. })) => {
                    assert_eq!(open.replace((*question, program.clone())), None, "#{}", event.seq);
                    // What it is about is still to be entered.
                    let mut later = events[event.seq as usize..].iter();
                    let next = later.find_map(|event| match &event.fact {
                        Fact::Enter { program: by, .. } if by == program => Some("enters"),
                        Fact::Return { program: by, .. } if by == program => Some("returns"),
                        _ => None,
                    });
                    assert_eq!(next, Some("enters"), "{id}: #{}", event.seq);
                    asked += 1;
                }
                (_, Some(LessonFact::Reveal { question, .. })) => {
                    assert_eq!(open.take().map(|it| it.0), Some(*question));
                }
                _ => {}
            }
        }
        assert!(asked > 0 && open.is_none(), "{id}: {asked}");
    }
}

/// A step that finds nothing to let go is answered late, and whoever has asked sees what happens meanwhile.
#[tokio::test]
async fn a_slow_answer_holds_up_no_feed() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    let (mut feed, hello) = Feed::open(&room, u64::MAX).await;
    let step =
        json!({"request": 7, "command": "lesson", "body": {"do": "step", "program": "client"}});
    feed.send(&step).await;
    room.start(json!({"name": "own"})).await;
    loop {
        match feed.next().await {
            Message::Event(event) if matches!(&event.fact, Fact::Program { program, .. } if program.as_str() == "own") =>
            {
                assert!(event.seq > hello.head);
                break;
            }
            Message::Line(Line::Reply(reply)) => panic!("the reply came first: {reply:?}"),
            _ => {}
        }
    }
    assert_eq!(feed.reply(Some(7)).await.0, 409);
}

/// Who asks for a reset and leaves gets one: what visitors have started there ends, and the lesson begins anew.
#[tokio::test]
async fn a_reset_is_done_though_who_asked_has_left() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    for round in 2..6 {
        room.start(json!({"name": "own", "host": "client"})).await;
        room.call("own", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
        room.call("own", json!({"call": "bind", "fd": 3, "address": "10.0.0.2:5000"})).await;
        let recv = json!({"call": "recv", "fd": 3, "size": 1});
        assert_eq!(room.call_for(0, "own", &recv).await.0, 202);
        let from = room.view().await.head + 1;
        let (mut feed, _) = Feed::open(&room, u64::MAX).await;
        feed.send(&json!({"request": 1, "command": "lesson", "body": {"do": "reset"}})).await;
        drop(feed);
        let anew = |fact: &Fact| matches!(fact, Fact::Lesson(it) if matches!(**it, LessonFact::Mode { round: it, .. } if it == round));
        let events = room.until_from(from, "another round", anew).await;
        let ended = |event: &Event| matches!(&event.fact, Fact::Program { program, change: Change::Ended(_), .. } if program.as_str() == "own");
        assert!(events.iter().any(ended));
        assert!(room.view().await.programs.iter().all(|it| it.name.as_str() != "own"));
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let server = TestServer::start();
    let client = server.client();
    let (status, answer) = client.post("/api/rooms", &json!({"lesson": "no-such"})).await;
    assert_eq!((status, &answer["code"]), (404, &json!("no-such-lesson")), "{answer}");
    let (status, answer) =
        client.post("/api/rooms", &json!({"lesson": "backlog", "network": "host"})).await;
    assert_eq!((status, &answer["code"]), (400, &json!("malformed")), "{answer}");
    let plain = client.lab().await;
    for path in ["/lesson"] {
        let (status, answer) = client.get(&plain.path(path)).await;
        assert_eq!((status, &answer["code"]), (409, &json!("no-lesson")), "{answer}");
    }
    let room = begin(&server, FIRST).await;
    for (body, status) in [
        (json!({"do": "fly"}), 400),
        (json!({"do": "run", "pace_ms": 60_001}), 413),
        (json!({"do": "run", "pace_ms": -1}), 400),
        (json!({"do": "step", "program": 7}), 400),
        (json!({}), 400),
    ] {
        assert_eq!(room.post("/lesson", &body).await.0, status, "{body}");
    }
    // A lesson's programs are started by the lesson, and make their calls themselves.
    let (status, answer) =
        room.post("/programs", &json!({"role": "lesson", "file": "server.py"})).await;
    assert_eq!((status, &answer["code"]), (400, &json!("malformed")), "{answer}");
    let (status, answer) = room.post("/programs", &json!({"name": "client"})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("name-taken")), "{answer}");
    room.until("its programs are there", |fact| matches!(fact, Fact::Ready(_))).await;
    let (status, answer) = room.call_for(0, "server", &json!({"call": "close", "fd": 3})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("makes-its-own-calls")), "{answer}");
    // A program of one's own beside them is welcome.
    room.start(json!({"name": "mine", "host": "client"})).await;
}

#[tokio::test]
async fn the_list_has_sixteen_lessons_in_order() {
    let server = TestServer::start();
    let (status, lessons) = server.client().get("/api/lessons").await;
    assert_eq!(status, 200);
    let lessons = lessons.as_array().expect("a list");
    let ids: Vec<_> = lessons.iter().filter_map(|it| it["lesson"].as_str()).collect();
    assert_eq!(
        ids,
        [
            "socket-families",
            "tcp-first-connection",
            "server-first",
            "tcp-loop",
            "end-of-stream",
            "connection-reset",
            "backlog",
            "half-open",
            "lost-handshake",
            "udp-either-first",
            "udp-many-clients",
            "stream-boundaries",
            "datagram-boundaries",
            "flow-control",
            "four-way-close",
            "many-clients",
        ]
    );
    for lesson in lessons {
        assert!(lesson["obstacle"].is_null(), "{lesson}");
        for text in ["title", "text"] {
            for language in ["en", "zh"] {
                assert!(
                    lesson[text][language].as_str().is_some_and(|it| !it.trim().is_empty()),
                    "{lesson}"
                );
            }
        }
    }
    let room = begin(&server, FIRST).await;
    let (status, view) = server.client().get(&room.path("/lesson")).await;
    assert_eq!(status, 200);
    let code = |name: &str| {
        let file = view["files"].as_array().into_iter().flatten().find(|it| it["name"] == name);
        file.and_then(|it| it["code"].as_str()).map(str::to_owned)
    };
    assert!(code("server.py").is_some_and(|code| code.contains("accept()")), "{view}");
    assert_eq!(view["programs"][1]["name"], "client");
    assert_eq!(room.view().await.lesson.map(|it| it.0).as_deref(), Some(FIRST));
}

#[tokio::test]
async fn its_processes_end_with_the_room() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    room.until("a program waits", |fact| matches!(fact, Fact::Ready(_))).await;
    let folder = room.view().await.unix_folder;
    assert!(processes_that_name(&folder) > 0);
    let (status, _) = server.client().delete(&room.path("")).await;
    assert_eq!(status, 204);
    assert_eq!(processes_that_name(&folder), 0);
}

#[tokio::test]
async fn its_processes_end_with_a_killed_server() {
    let mut server = Running::start(binary(), &["--listen", "127.0.0.1:0"]).await;
    let room = server.client().room_with(json!({"lesson": FIRST})).await;
    room.until("a program waits", |fact| matches!(fact, Fact::Ready(_))).await;
    let folder = room.view().await.unix_folder;
    assert!(processes_that_name(&folder) > 0);
    server.process.kill().await.expect("a process");
    within("all of them are gone", async {
        while processes_that_name(&folder) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
