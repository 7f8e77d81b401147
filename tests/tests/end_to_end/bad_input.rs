//! Whatever is sent, it gets a clear error, changes nothing, and disturbs nobody.

use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use socketscope_protocol::limits::MESSAGE_BYTES;
use socketscope_tests::{Feed, Message, TestServer};
use tokio_tungstenite::tungstenite::{Bytes, Message as Frame};

#[tokio::test]
async fn malformed_requests() {
    let server = TestServer::start();
    let client = server.client();
    let room = client.room().await;
    room.start(json!({"name": "a"})).await;
    let before = room.view().await;
    let (programs, calls) = (room.path("/programs"), room.path("/programs/a/calls"));
    for (path, body, status, code) in [
        ("/api/rooms", "{", 400, "malformed"),
        ("/api/rooms", "[]", 400, "malformed"),
        ("/api/rooms", r#"{"network":"moon"}"#, 400, "malformed"),
        ("/api/rooms", r#"{"name":7}"#, 400, "malformed"),
        ("/api/rooms", r#"{"name":"   "}"#, 400, "malformed"),
        ("/api/rooms", r#"{"name":"a\u0000b"}"#, 400, "malformed"),
        ("/api/rooms", r#"{"nam":"x"}"#, 400, "malformed"),
        ("/api/rooms/nosuch/programs", "{}", 404, "no-such-room"),
        (&programs, r#"{"role":"dentist"}"#, 400, "malformed"),
        (&programs, r#"{"role":"tcp-client"}"#, 400, "malformed"),
        (&programs, r#"{"role":"tcp-client","address":"x","times":-1}"#, 400, "malformed"),
        (&programs, r#"{"role":"manual","address":"x"}"#, 400, "malformed"),
        (&programs, r#"{"name":"a"}"#, 409, "name-taken"),
        (&programs, r#"{"name":"\u202egnp"}"#, 400, "malformed"),
        (&calls, "", 400, "malformed"),
        (&calls, "null", 400, "malformed"),
        (&calls, r#"{"call":"dance","fd":3}"#, 400, "malformed"),
        (&calls, r#"{"call":"accept"}"#, 400, "malformed"),
        (&calls, r#"{"call":"accept","fd":"three"}"#, 400, "malformed"),
        (&calls, r#"{"call":"accept","fd":99999999999999999999}"#, 400, "malformed"),
        (&calls, r#"{"call":"accept","fd":3.5}"#, 400, "malformed"),
        (&calls, r#"{"call":"accept","fd":3,"size":1}"#, 400, "malformed"),
        (&calls, r#"{"call":"accept","fd":3,"colour":1}"#, 400, "malformed"),
        (&calls, r#"{"call":"socket","fd":3,"family":"inet","type":"stream"}"#, 400, "malformed"),
        (&calls, r#"{"call":"socket","family":"inet"}"#, 400, "malformed"),
        (&calls, r#"{"call":"socket","family":"appletalk","type":"stream"}"#, 400, "malformed"),
        (&calls, r#"{"call":"recv","fd":3,"size":-1}"#, 400, "malformed"),
        (&calls, r#"{"call":"send","fd":3,"base64":"???"}"#, 400, "malformed"),
        (&calls, r#"{"call":"send","fd":3,"text":"x","base64":"eA=="}"#, 400, "malformed"),
        (&calls, r#"{"call":"listen","fd":3,"backlog":3000000000}"#, 400, "malformed"),
        (&calls, r#"{"call":"getsockopt","fd":3,"option":"SO_BINDTODEVICE"}"#, 400, "malformed"),
        ("/api/nothing", "{}", 404, "no-such-path"),
        ("/healthz", "{}", 405, "wrong-method"),
    ] {
        let request = client.request(Method::POST, path).body(body.to_owned());
        let (got, problem) = client.ask(request).await;
        assert_eq!(
            (got, problem["code"].as_str()),
            (status, Some(code)),
            "{path} {body}: {problem}"
        );
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.len() > 10 && detail.ends_with('.'), "a sentence: {detail:?}");
    }
    for path in
        ["/events?from=-1", "/events?from=x", "/events?form=1", "/programs/a/calls?wait_ms=60001"]
    {
        let method = if path.contains("calls") { Method::POST } else { Method::GET };
        let request = client.request(method, &room.path(path)).body(r#"{"call":"close","fd":3}"#);
        let (status, problem) = client.ask(request).await;
        assert!(matches!(status, 400 | 413), "{path}: {problem}");
    }
    assert_eq!(room.view().await, before, "nothing has changed");
}

#[tokio::test]
async fn a_role_whose_address_is_wrong_or_out_of_reach_is_not_started() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let before = room.view().await;
    for (role, address, status, code) in [
        ("tcp-client", "8.8.8.8:53", 403, "out-of-reach"),
        ("udp-client", "[2001:db8::1]:53", 403, "out-of-reach"),
        ("tcp-echo-server", "192.0.2.1:80", 403, "out-of-reach"),
        ("udp-echo-server", "localhost:80", 400, "malformed"),
        ("unix-client", "/run/docker.sock", 403, "out-of-reach"),
        ("unix-echo-server", "../echo.sock", 403, "out-of-reach"),
    ] {
        let (got, problem) =
            room.post("/programs", &json!({"role": role, "address": address})).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{role} {address}: {problem}");
    }
    assert_eq!(room.view().await, before, "nothing was started");
}

/// Nobody who reads them has to know how the server is written.
#[tokio::test]
async fn problems_are_told_in_plain_words() {
    let server = TestServer::start();
    let (client, room) = (server.client(), server.client().room().await);
    room.start(json!({"name": "a"})).await;
    for (method, path, status, said) in [
        (Method::GET, "/api/rooms/zzzzzz".to_owned(), 404, "There is no room \"zzzzzz\", or"),
        (Method::DELETE, room.path("/programs/a/calls/x"), 400, "\"x\" stands in the path where"),
        (Method::DELETE, room.path("/programs/%20/calls/1"), 400, "one visible character."),
        (Method::DELETE, room.path("/programs/%ff"), 400, "not UTF-8."),
        (Method::GET, room.path("/events?from=x"), 400, "The query cannot be read: from:"),
    ] {
        let (got, problem) = client.ask(client.request(method, &path)).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(got == status && detail.contains(said), "{path}: {problem}");
        for word in ["RoomId", "u64", "Some(", "deserialize", "parse", "index"] {
            assert!(!detail.contains(word), "{path}: {detail}");
        }
    }
}

#[tokio::test]
async fn unparseable_addresses_name_what_to_write() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    room.call("a", json!({"call": "socket", "family": "inet", "type": "stream"})).await;
    for address in
        ["", "9000", "127.0.0.1", "localhost:9000", "127.0.0.1:99999", "<b>:1", "1.2.3.4:5:6"]
    {
        let call = json!({"call": "bind", "fd": 3, "address": address});
        let (status, problem) = room.call_for(0, "a", &call).await;
        assert_eq!(status, 400, "{address:?}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("127.0.0.1:9000")));
    }
    // On a descriptor that does not exist there is nothing to read an address for: the answer is the kernel's.
    let answer = room.call("a", json!({"call": "bind", "fd": -7, "address": "?"})).await;
    assert_eq!(answer["errno"]["name"], "EBADF");
}

#[tokio::test]
async fn garbage_on_the_feed() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let (mut witness, _) = Feed::open(&room, 1).await;
    let (mut feed, _) = Feed::open(&room, 1).await;
    for (garbage, request) in [
        ("", None),
        ("{", None),
        ("[]", None),
        ("null", None),
        (r#"{"request":"one"}"#, None),
        (r#"{"request":1}"#, Some(1)),
        (r#"{"request":2,"command":"dance"}"#, Some(2)),
        (r#"{"request":3,"command":"call","program":"nobody"}"#, Some(3)),
        (r#"{"key":"too late"}"#, None),
    ] {
        feed.send_raw(Frame::text(garbage)).await.expect("an open feed");
        let (status, problem) = feed.reply(request).await;
        assert_eq!((status, &problem["code"]), (400, &json!("malformed")), "{garbage}");
    }
    let call = json!({"request": 4, "command": "end", "program": "nobody"});
    feed.send(&call).await;
    assert_eq!(feed.reply(Some(4)).await.0, 404);
    // Ten megabytes, text or not: the viewer is told and let go.
    for frame in
        [Frame::text("x".repeat(10_000_000)), Frame::binary(Bytes::from(vec![0; 10_000_000]))]
    {
        let (mut feed, _) = Feed::open(&room, 1).await;
        // The server closes while this is still being sent.
        let _ = feed.send_raw(frame).await;
        let (code, reason) = feed.closed().await;
        assert_eq!(code, 1009, "{reason}");
        assert!(reason.contains(&MESSAGE_BYTES.to_string()), "{reason}");
    }
    // So is who sends all of it before reading a word, over and over: no reset overtakes the farewell.
    for bytes in [300_000, 10_000_000] {
        for _ in 0..20 {
            let (mut feed, _) = Feed::open(&room, 1).await;
            feed.send_raw(Frame::text("x".repeat(bytes))).await.expect("it is taken to its end");
            assert_eq!(feed.closed().await.0, 1009);
        }
    }
    let (mut feed, _) = Feed::open(&room, 1).await;
    feed.send_raw(Frame::binary(Bytes::from_static(b"x"))).await.expect("an open feed");
    assert_eq!(feed.closed().await.0, 1003);
    room.start(json!({"name": "a"})).await;
    assert_eq!(witness.events(1).await[0].seq, 1, "nobody else is disturbed");
}

#[tokio::test]
async fn a_command_without_the_key_is_refused_and_the_feed_goes_on() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let mut feed = Feed::connect(room.live(1)).await;
    assert!(matches!(feed.next().await, Message::Line(_)));
    feed.send(&json!({"request": 1, "command": "start", "body": {}})).await;
    assert_eq!(feed.reply(Some(1)).await.0, 401);
    room.start(json!({"name": "a"})).await;
    assert_eq!(feed.events(1).await[0].seq, 1);
}

#[tokio::test]
async fn an_oversized_body() {
    let server = TestServer::start();
    let client = server.client();
    for (length, status) in [(MESSAGE_BYTES, 400), (MESSAGE_BYTES + 1, 413), (10_000_000, 413)] {
        let request = client.request(Method::POST, "/api/rooms").body("x".repeat(length));
        let (got, problem) = client.ask(request).await;
        assert_eq!(got, status, "{problem}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop_oneof!["socket", "bind", "connect", "send", "recv", "accept", "manual", "tcp-client"]
            .prop_map(Value::from),
    ];
    let key = prop_oneof![
        "call", "fd", "address", "size", "role", "name", "text", "command", "request", "body"
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

/// Nonsense that is almost right never breaks the server: it answers, and its answer has a status that says so.
#[test]
fn nearly_right_json() {
    let server = TestServer::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let room = runtime.block_on(async {
        let room = server.client().room().await;
        room.start(json!({"name": "a"})).await;
        room
    });
    let client = server.client();
    proptest!(ProptestConfig::with_cases(300), |(body in any_json())| {
        for path in ["/programs/a/calls?wait_ms=0", "/programs"] {
            let (status, answer) = runtime.block_on(client.post(&room.path(path), &body));
            prop_assert!(matches!(status, 200 | 201 | 202 | 400 | 403 | 409 | 413 | 429), "{status}: {answer}");
        }
    });
    assert_eq!(runtime.block_on(client.get("/healthz")).0, 200);
}
