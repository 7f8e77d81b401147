//! Who may do what: keys, origins, names, and how far programs reach.

use reqwest::{Method, header};
use serde_json::json;
use socketscope_protocol::Line;
use socketscope_tests::{Client, Feed, Message, TestServer};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest},
};

const CHANGES: [(Method, &str); 6] = [
    (Method::POST, "/api/rooms"),
    (Method::DELETE, "/api/rooms/ROOM"),
    (Method::POST, "/api/rooms/ROOM/programs"),
    (Method::DELETE, "/api/rooms/ROOM/programs/a"),
    (Method::POST, "/api/rooms/ROOM/programs/a/calls"),
    (Method::DELETE, "/api/rooms/ROOM/programs/a/calls/1"),
];

const READS: [&str; 6] = [
    "/api/network",
    "/api/rooms",
    "/api/rooms/ROOM",
    "/api/rooms/ROOM/events",
    "/api/rooms/ROOM/recording.jsonl",
    "/metrics",
];

#[tokio::test]
async fn what_changes_something_needs_the_key() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let before = room.view().await;
    for key in
        [None, Some(""), Some("wrong"), Some("the-key-of-the-test"), Some("the-key-of-the-tests2")]
    {
        let client = Client::new(server.address, key);
        for (method, path) in CHANGES {
            let request = client.request(method.clone(), &path.replace("ROOM", &room.id));
            let (status, problem) = client.ask(request.body("{}")).await;
            assert_eq!(
                (status, &problem["code"]),
                (401, &json!("no-key")),
                "{key:?} {method} {path}"
            );
        }
        for path in READS {
            let (status, _) = client.get(&path.replace("ROOM", &room.id)).await;
            assert_eq!(status, 200, "reading on loopback is open: {path}");
        }
    }
    assert_eq!(room.view().await, before);
}

#[tokio::test]
async fn beyond_loopback_reading_needs_the_key_too() {
    let server = TestServer::start_with("0.0.0.0:0", |_| {});
    let room = server.client().room().await;
    let stranger = Client::new(server.address, None);
    for path in READS {
        let path = path.replace("ROOM", &room.id);
        assert_eq!(stranger.get(&path).await.0, 401, "{path}");
        assert_eq!(server.client().get(&path).await.0, 200, "{path}");
    }
    for path in ["/healthz", "/api/openapi.json"] {
        assert_eq!(stranger.get(path).await.0, 200, "{path}");
    }
    // Nothing but the key is heard, and nothing is told of what there is.
    let nowhere = room.live(1).replace(&room.id, "nowhere");
    for (address, first) in [
        (room.live(1), json!({"key": "not the key"})),
        (room.live(1), json!({"command": "answer", "body": {"question": 1, "choice": 1}})),
        (nowhere.clone(), json!({"key": ""})),
    ] {
        let mut feed = Feed::connect(address).await;
        feed.send(&first).await;
        assert_eq!(feed.closed().await.0, 4401, "{first}");
    }
    let mut feed = Feed::connect(nowhere).await;
    feed.send(&json!({"key": TestServer::KEY})).await;
    assert_eq!(feed.closed().await.0, 4404);
    assert_eq!(room.view().await.watching, 0);
    // As a browser does it, which cannot send headers.
    let mut feed = Feed::connect(room.live(1)).await;
    feed.send(&json!({"key": TestServer::KEY})).await;
    assert!(matches!(feed.next().await, Message::Line(Line::Hello(hello)) if hello.commands));
    let (_feed, hello) = Feed::open(&room, 1).await;
    assert!(hello.commands);
}

#[tokio::test]
async fn a_foreign_page_can_neither_read_nor_command() {
    let server = TestServer::start();
    let client = server.client();
    let ask = async |name, value: &str, path: &str| {
        client.ask(client.request(Method::GET, path).header(name, value)).await
    };
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let (status, problem) = ask(header::ORIGIN, origin, "/api/rooms").await;
        assert_eq!((status, &problem["code"]), (403, &json!("foreign-origin")), "{origin}");
    }
    assert_eq!(ask(header::ORIGIN, &server.url(""), "/api/rooms").await.0, 200);
    for host in ["evil.example", "evil.example:7070", "127.0.0.1.evil.example"] {
        let (status, problem) = ask(header::HOST, host, "/api/rooms").await;
        assert_eq!((status, &problem["code"]), (421, &json!("foreign-host")), "{host}");
    }
    let site = header::HeaderName::from_static("sec-fetch-site");
    assert_eq!(ask(site.clone(), "cross-site", "/api/rooms").await.0, 403);
    assert_eq!(ask(site, "same-origin", "/api/rooms").await.0, 200);
    // A WebSocket is not bound by the browser's same-origin rule: the server has to look.
    let room = client.room().await;
    let mut request = room.live(1).into_client_request().expect("a request");
    request.headers_mut().insert("origin", "http://evil.example".parse().expect("a header"));
    match connect_async(request).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn names_given_on_the_command_line_are_known() {
    let server = TestServer::start_with("127.0.0.1:0", |config| {
        config.allowed_hosts = vec!["class.example".into()];
    });
    let client = server.client();
    let request = client.request(Method::GET, "/healthz").header(header::HOST, "class.example:80");
    assert_eq!(client.ask(request).await.0, 200);
}

#[tokio::test]
async fn programs_reach_loopback_only() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    for (family, kind) in
        [("inet", "stream"), ("inet", "dgram"), ("inet6", "stream"), ("unix", "stream")]
    {
        room.call("a", json!({"call": "socket", "family": family, "type": kind})).await;
    }
    let head = room.view().await.head;
    for (fd, address) in [
        (3, "10.0.0.1:80"),
        (3, "169.254.169.254:80"),
        (3, "8.8.8.8:53"),
        (4, "255.255.255.255:9"),
        (4, "224.0.0.1:9"),
        (5, "[fe80::1]:80"),
        (5, "[::ffff:8.8.8.8]:80"),
        (6, "/etc/passwd"),
        (6, "../../run/x.sock"),
    ] {
        for call in ["bind", "connect", "sendto"] {
            let call = match call {
                "sendto" => json!({"call": call, "fd": fd, "address": address, "text": "x"}),
                _ => json!({"call": call, "fd": fd, "address": address}),
            };
            let (status, problem) = room.call_for(0, "a", &call).await;
            assert_eq!((status, &problem["code"]), (403, &json!("out-of-reach")), "{call}");
        }
    }
    assert_eq!(room.view().await.head, head, "what is refused is not entered");
    // Where the kernel chooses the address itself, it is tied to the loopback device all the same.
    room.call("a", json!({"call": "listen", "fd": 3, "backlog": 1})).await;
    let address =
        room.call("a", json!({"call": "getsockname", "fd": 3})).await["value"]["address"].clone();
    let port =
        address.as_str().and_then(|address| address.strip_prefix("0.0.0.0:")).expect("any address");
    let (ours, devices) = bound_device(port);
    assert!(ours, "ss knows the socket: {devices}");
}

/// Whether the kernel's own list says that the listener on `port` is bound to `lo`.
fn bound_device(port: &str) -> (bool, String) {
    let listing = std::process::Command::new("ss")
        .args(["-Hltn"])
        .output()
        .expect("ss (Debian's package iproute2)");
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    (listing.contains(&format!("0.0.0.0%lo:{port} ")), listing)
}
