//! The feed: complete, in order, resumed without loss, and indifferent to viewers that do not read.

use proptest::prelude::*;
use serde_json::json;
use socketscope_protocol::{Event, Fact, Line};
use socketscope_tests::{Feed, Message, Room, TestServer, within};

/// A room in which a UDP client and server are talking, for `times` rounds of eight events.
async fn busy_room(server: &TestServer, times: u32) -> Room {
    let room = server.client().room().await;
    room.start(json!({"name": "s", "role": "udp-echo-server", "address": "127.0.0.1:0"})).await;
    let address = loop {
        let local = room.view().await.programs[0].sockets.first().and_then(|s| s.local.clone());
        match local {
            Some(address) if !address.ends_with(":0") => break address,
            _ => {}
        }
    };
    room.start(json!({"name": "c", "role": "udp-client", "address": address, "times": times, "interval_ms": 0})).await;
    room
}

fn ended(fact: &Fact) -> bool {
    matches!(fact, Fact::Program { program, change: socketscope_protocol::Change::Ended(_), .. } if program.as_str() == "c")
}

#[tokio::test]
async fn it_says_hello_and_then_the_journal() {
    let server = TestServer::start();
    let room = busy_room(&server, 200).await;
    room.until("the client's end", ended).await;
    let (mut feed, hello) = Feed::open(&room, 1).await;
    let journal = room.events().await;
    assert!(hello.head >= 1600 && hello.first == 1 && hello.watching == 1);
    let events = feed.events(journal.len()).await;
    assert_eq!(events, journal);
    // From the middle, and from beyond the end.
    let (mut feed, _) = Feed::open(&room, 1000).await;
    assert_eq!(feed.events(601).await, journal[999..1600]);
    // What comes after the hello is not missed, however soon.
    for name in ["later", "next", "last"] {
        let (mut feed, hello) = Feed::open(&room, u64::MAX).await;
        room.start(json!({"name": name})).await;
        assert_eq!(feed.events(1).await[0].seq, hello.head + 1);
    }
}

/// Whoever cuts a feed anywhere and resumes gets everything once and in order.
#[test]
fn resuming_at_random_cuts() {
    let server = TestServer::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let room = runtime.block_on(busy_room(&server, 300));
    let strategy = prop::collection::vec(1usize..400, 1..12);
    proptest!(ProptestConfig::with_cases(12), |(cuts in strategy)| {
        let got: Vec<Event> = runtime.block_on(async {
            let (mut next, mut got) = (1, Vec::new());
            let mut cuts = cuts.iter().cycle();
            while got.len() < 2400 {
                let (mut feed, _) = Feed::open(&room, next).await;
                let wanted = cuts.next().copied().unwrap_or(1).min(2400 - got.len());
                got.extend(feed.events(wanted).await);
                next = got.last().map_or(1, |event| event.seq + 1);
            }
            got
        });
        prop_assert!(got.iter().map(|event| event.seq).eq(1..=2400));
    });
}

#[tokio::test]
async fn commands_by_the_feed() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let (mut feed, _) = Feed::open(&room, 1).await;
    let start = json!({"request": 1, "command": "start", "body": {"name": "a"}});
    feed.send(&start).await;
    assert_eq!(feed.reply(Some(1)).await.0, 201);
    let call = |request: u64, body| json!({"request": request, "command": "call", "program": "a", "body": body});
    feed.send(&call(2, json!({"call": "socket", "family": "inet", "type": "dgram"}))).await;
    assert!(matches!(feed.reply(Some(2)).await.0, 200 | 202));
    feed.send(&call(3, json!({"call": "bind", "fd": 3, "address": "127.0.0.1:0"}))).await;
    feed.reply(Some(3)).await;
    feed.send(&call(4, json!({"call": "recv", "fd": 3, "size": 9}))).await;
    let (status, waiting) = feed.reply(Some(4)).await;
    assert_eq!(status, 202);
    while room.view().await.programs[0].waiting.is_empty() {}
    feed.send(&json!({"request": 5, "command": "give-up", "program": "a", "id": waiting["id"]}))
        .await;
    assert_eq!(feed.reply(Some(5)).await.0, 204);
    feed.send(&json!({"request": 6, "command": "end", "program": "a"})).await;
    assert_eq!(feed.reply(Some(6)).await.0, 202);
    let ended = |fact: &Fact| {
        matches!(fact, Fact::Program { change: socketscope_protocol::Change::Ended(_), .. })
    };
    room.until("its end", ended).await;
}

#[tokio::test]
async fn watchers_are_counted() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let (mut first, hello) = Feed::open(&room, 1).await;
    assert_eq!(hello.watching, 1);
    let second = Feed::open(&room, 1).await;
    assert_eq!(second.1.watching, 2);
    assert_eq!(watching(&mut first).await, 2);
    drop(second);
    assert_eq!(watching(&mut first).await, 1);
}

async fn watching(feed: &mut Feed) -> usize {
    loop {
        if let Message::Line(Line::Watching { count }) = feed.next().await {
            return count;
        }
    }
}

#[tokio::test]
async fn viewers_that_never_read_slow_nobody() {
    /// Each makes eight events of calls, and where they are seen some of packets and states: megabytes in all.
    const ROUNDS: u32 = 1_000;
    let server = TestServer::start();
    let room = busy_room(&server, ROUNDS).await;
    let mut deaf = Vec::new();
    for _ in 0..20 {
        deaf.push(Feed::connect(room.live(1)).await);
    }
    let (mut feed, _) = Feed::open(&room, 1).await;
    let reading = async {
        let mut last = 0;
        loop {
            let event = feed.events(1).await.remove(0);
            assert_eq!(event.seq, last + 1);
            last = event.seq;
            if ended(&event.fact) {
                return last;
            }
        }
    };
    assert!(within("a busy room's whole journal", reading).await >= 8 * u64::from(ROUNDS));
    drop(deaf);
}

#[tokio::test]
async fn who_falls_behind_the_journal_is_told_what_is_missing() {
    let server = TestServer::start_with("127.0.0.1:0", |config| config.journal_bytes = 150_000);
    let room = busy_room(&server, 5_000).await;
    let (mut feed, _) = Feed::open(&room, 1).await;
    // It reads nothing until all is over; what does not fit the journal nor the network's buffers is lost to it.
    while room.view().await.programs.len() > 1 {}
    let head = room.view().await.head;
    let (mut next, mut missed) = (1, 0);
    while next <= head {
        let event = feed.events(1).await.remove(0);
        match event.fact {
            Fact::Gap { missed: some } => {
                assert_eq!(event.seq, next + some - 1, "a gap says exactly what is missing");
                missed += some;
            }
            _ => assert_eq!(event.seq, next),
        }
        next = event.seq + 1;
    }
    let (mut late, _) = Feed::open(&room, 1).await;
    let first = late.events(1).await.remove(0);
    assert!(matches!(first.fact, Fact::Gap { .. }), "{first:?} (the first viewer missed {missed})");
    let snapshot = loop {
        if let Message::Line(Line::Snapshot(room)) = late.next().await {
            break room;
        }
    };
    assert_eq!(*snapshot, room.view().await, "then it is told what there is");
}

#[tokio::test]
async fn the_rooms_end_and_the_servers_end() {
    let mut server = TestServer::start();
    let client = server.client();
    let (ending, staying) = (client.room().await, client.room().await);
    ending.start(json!({"name": "a"})).await;
    let (mut feed, _) = Feed::open(&ending, 1).await;
    feed.events(1).await;
    assert_eq!(client.delete(&ending.path("")).await.0, 204);
    assert_eq!(feed.events(1).await[0].seq, 2, "the program's end comes first");
    assert!(matches!(feed.next().await, Message::Line(Line::Ended)));
    assert_eq!(feed.closed().await.0, 1001);
    let mut feed = Feed::connect(ending.live(1)).await;
    assert_eq!(feed.closed().await.0, 4404);
    let (mut feed, _) = Feed::open(&staying, 1).await;
    staying.start(json!({"name": "a"})).await;
    feed.events(1).await;
    server.stop();
    let (code, reason) = feed.closed().await;
    assert_eq!((code, reason.as_str()), (1001, "the server stops; resume from 2"));
}
