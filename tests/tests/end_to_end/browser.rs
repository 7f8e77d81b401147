//! A visitor with a real browser: clicks, reads what is drawn by its accessible names, and loses the connection.

mod lobby;
mod seen;

use serde_json::json;
use socketscope_protocol::{Call, Fact, limits::SHOWN_BYTES};
use socketscope_tests::{Browser, Cable, Puppet, Room, Screen, TestServer, within};

const ROWS: &str = "svg [role=option]";

/// A browser that has the key, in the lobby.
async fn visitor(server: &TestServer) -> Browser {
    let browser = Browser::start().await;
    browser.goto(&server.url(&format!("/#key={}", TestServer::KEY))).await;
    browser
}

/// The page of a room, with the key.
async fn enter(browser: &Browser, at: std::net::SocketAddr, room: &Room) {
    browser.goto(&format!("http://{at}/rooms/{}#key={}", room.id, TestServer::KEY)).await;
}

/// Waits until a row is drawn whose name begins and ends so; times in between differ from run to run.
async fn drawn(browser: &Browser, begins: &str, ends: &str) {
    let condition = format!(
        "[...document.querySelectorAll({ROWS:?})].map(e => e.getAttribute('aria-label'))
            .some(n => n.startsWith({begins:?}) && n.includes({ends:?}))"
    );
    browser.until(&condition).await;
}

#[tokio::test]
async fn from_the_lobby_to_a_drawn_handshake() {
    let server = TestServer::start();
    let browser = visitor(&server).await;
    browser.fill(("input", "Name of a new room"), "Monday's <b>class</b>").await;
    browser.click(("button", "Create a room")).await;
    browser.until("location.pathname.startsWith('/rooms/')").await;
    let hash = browser.script("return location.href", json!([])).await;
    assert!(!hash.to_string().contains(TestServer::KEY), "the key does not stay in the address");
    browser.click((".hollow button", "+ TCP server & client")).await;

    // The diagram follows its end; with the packets between, the beginning has scrolled away.
    drawn(&browser, "tcp-client ended", "").await;
    browser.script("document.querySelector('[role=listbox]').focus()", json!([])).await;
    browser.press("\u{e011}").await;
    drawn(&browser, "tcp-server: socket(inet, stream) returned 3", "").await;
    drawn(&browser, "tcp-server: listen(3, ", "returned 0").await;
    let room = browser.script("return location.pathname.split('/').pop()", json!([])).await;
    let (_, view) =
        server.client().get(&format!("/api/rooms/{}", room.as_str().expect("an id"))).await;
    assert_eq!(view["name"], "Monday's <b>class</b>");
    assert_eq!(browser.texts("header b").await.len(), 0, "a name is text, never markup");
    assert_eq!(browser.console_errors().await, [""; 0]);
}

#[tokio::test]
async fn calls_by_hand_and_their_errors() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let browser = Browser::start().await;
    enter(&browser, server.address, &room).await;
    browser.click((".starters button", "+ program")).await;
    browser.click((".card button", "socket…")).await;
    let choose = "const family = document.querySelector('form[aria-label=socket] select');
        family.value = arguments[0];
        family.dispatchEvent(new Event('input'));";
    let stream = "document.querySelector('form[aria-label=socket] [value=stream]').textContent";
    for (family, named) in [("unix", "stream"), ("inet", "stream (TCP)")] {
        browser.script(choose, json!([family])).await;
        browser.until(&format!("{stream} === {named:?}")).await;
    }
    browser
        .click((
            "form[aria-label=socket] button[type=submit], form[aria-label=socket] .primary",
            "socket",
        ))
        .await;
    drawn(&browser, "program: socket(inet, stream) returned 3", "").await;
    browser.click((".card button", "connect…")).await;
    browser.fill(("form[aria-label=connect] input", "address"), "127.0.0.1:1").await;
    browser.press("\u{e007}").await;
    drawn(&browser, "program: connect(3, 127.0.0.1:1) failed with ECONNREFUSED", "").await;
    // What is no descriptor's number is said before it is sent.
    browser.fill(("form[aria-label=connect] input", "fd"), "three").await;
    browser.press("\u{e007}").await;
    browser.until("[...document.querySelectorAll('[role=alert]')].some(e => e.innerText.includes('“three” is not a number'))").await;
    browser.fill(("form[aria-label=connect] input", "fd"), "3").await;
    // What the server refuses is said where it was asked for, and nothing is drawn.
    browser.fill(("form[aria-label=connect] input", "address"), "8.8.8.8:53").await;
    browser.press("\u{e007}").await;
    browser.until("[...document.querySelectorAll('[role=alert]')].some(e => e.innerText.includes('loopback'))").await;
    let events = room.events().await;
    let entered = events.iter().filter(|event| matches!(event.fact, Fact::Enter { .. }));
    assert_eq!(entered.count(), 2);
}

#[tokio::test]
async fn a_row_is_inspected_by_keyboard() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    room.call("a", json!({"call": "socket", "family": "unix", "type": "dgram"})).await;
    room.call("a", json!({"call": "bind", "fd": 3, "address": "x"})).await;
    let text = "x".repeat(SHOWN_BYTES + 1);
    room.call("a", json!({"call": "sendto", "fd": 3, "address": "x", "text": text})).await;
    let browser = Browser::start().await;
    enter(&browser, server.address, &room).await;
    drawn(&browser, "a: sendto(3, ", "returned 1025").await;
    browser.script("document.querySelector('[role=listbox]').focus()", json!([])).await;
    browser.press("\u{e010}").await;
    browser.until("document.querySelector('[aria-selected=true]')").await;
    let name = browser.names("[aria-selected=true]").await.remove(0);
    assert!(name.starts_with("a: sendto(3, "), "{name}");
    browser
        .until(
            "document.querySelector('#inspector').innerText.includes('1,024 of 1,025') \
        || document.querySelector('#inspector').innerText.includes('1024 of 1025')",
        )
        .await;
    browser.press("\u{e013}").await;
    browser.until("document.querySelector('[aria-selected=true]')?.getAttribute('aria-label').startsWith('a: bind(3, ')").await;
    // Enter leads to the inspector, and Escape back.
    browser.press("\u{e007}").await;
    browser.until("document.activeElement.id === 'inspector'").await;
    browser.press("\u{e00c}").await;
    browser.until("document.activeElement.id === 'diagram' && !document.querySelector('svg [aria-selected=true]')").await;
}

#[tokio::test]
async fn an_outside_program_gets_a_lifeline() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "s", "role": "tcp-echo-server", "address": "127.0.0.1:0"})).await;
    let browser = Browser::start().await;
    enter(&browser, server.address, &room).await;
    drawn(&browser, "s calls accept(3), waiting", "").await;
    let address = room.view().await.programs[0].sockets[0].local.clone().expect("an address");
    let mut python = Puppet::start();
    python.ask(&json!({"call": "socket", "family": "inet", "type": "stream"})).await;
    python.ask(&json!({"call": "connect", "fd": 3, "address": address})).await;
    let local = python.ask(&json!({"call": "getsockname", "fd": 3})).await;
    let local = local["value"]["address"].as_str().expect("an address").to_owned();
    drawn(&browser, "s: accept(3) returned 4", &local).await;
    browser.until("[...document.querySelectorAll('.head, [class*=head]')].some(e => e.textContent.includes('outside'))").await;
}

#[tokio::test]
async fn the_connection_is_lost_and_comes_back() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let cable = Cable::to(server.address).await;
    let browser = Browser::start().await;
    enter(&browser, cable.address, &room).await;
    drawn(&browser, "a started", "").await;
    cable.pull();
    browser.until("document.querySelector('header').innerText.includes('econnecting')").await;
    for fd in 3..6 {
        let socket = json!({"call": "socket", "family": "inet", "type": "dgram"});
        assert_eq!(room.call("a", socket).await["value"]["fd"], fd);
    }
    cable.plug_in();
    drawn(&browser, "a: socket(inet, dgram) returned 5", "").await;
    browser.until("document.querySelector('header').innerText.includes('Live')").await;
    let names = browser.names(ROWS).await;
    assert_eq!(names.len(), 4, "nothing lost, nothing twice: {names:?}");
    assert_eq!(names[0], "a started");
}

#[tokio::test]
async fn who_comes_late_finds_what_there_is() {
    let server = TestServer::start_with("127.0.0.1:0", |config| config.journal_bytes = 1);
    let room = server.client().lab().await;
    room.start(json!({"name": "s", "role": "tcp-echo-server", "address": "10.0.0.1:9000"})).await;
    room.until("it accepts", |fact| matches!(fact, Fact::Enter { call: Call::Accept, .. })).await;
    room.start(json!({"name": "a"})).await;
    // More than one block of the journal: the server's beginning is gone.
    while room.view().await.first == 1 {
        let call = json!({"call": "getsockname", "fd": 9});
        room.call("a", call).await;
    }
    let browser = Browser::start().await;
    enter(&browser, server.address, &room).await;
    browser.until("[...document.querySelectorAll('.card .fds')].some(e => e.innerText.includes('10.0.0.1:9000') && e.innerText.includes('listening'))").await;
    browser.wait_for((".card button", "Give up")).await;
    drawn(&browser, "", "are missing").await;
}

#[tokio::test]
async fn whoever_has_no_key_watches_only() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "<img src=x onerror=alert(1)>"})).await;
    let browser = Browser::start_on(Screen { dark: true, ..Screen::PHONE }).await;
    browser.goto(&server.url(&format!("/rooms/{}", room.id))).await;
    drawn(&browser, "<img src=x onerror=alert(1)> started", "").await;
    assert_eq!(browser.names("img[src=x]").await.len(), 0);
    // "other…" only opens a form; whatever starts something is out of reach.
    browser
        .until("[...document.querySelectorAll('.starters button')].every(b => b.disabled || !b.innerText.startsWith('+'))")
        .await;
    browser.goto(&server.url("/rooms/nosuch")).await;
    browser.until("document.body.innerText.includes('does not exist')").await;
    let about_it = browser.names(".room, .status, [popovertarget]").await;
    assert_eq!(about_it, [""; 0], "there is nothing to say about it");
}

#[tokio::test]
async fn a_recording_is_saved_in_each_format() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let cable = Cable::to(server.address).await;
    let browser = Browser::start().await;
    browser.allow_saving().await;
    enter(&browser, cable.address, &room).await;
    drawn(&browser, "a started", "").await;
    browser.click(("button", "Export…")).await;
    let pcapng = [0x0a, 0x0d, 0x0d, 0x0a];
    for (format, begins) in
        [("pcapng", &pcapng[..]), ("svg", b"<svg"), ("mmd", b"sequenceDiagram"), ("jsonl", b"{")]
    {
        browser.click(("#export button", &*format!(".{format}"))).await;
        let saved = browser.saved(&format!("socketscope-{}.{format}", room.id)).await;
        assert!(saved.starts_with(begins), "{format}: {:?}", String::from_utf8_lossy(&saved));
    }
    assert_eq!(browser.console_errors().await, [""; 0]);
    cable.pull();
    browser.click(("#export button", ".svg")).await;
    browser
        .until(
            "document.querySelector('#export [role=alert]')?.innerText.includes('does not answer')",
        )
        .await;
}

#[tokio::test]
async fn whoever_has_left_does_not_watch() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let browser = Browser::start().await;
    enter(&browser, server.address, &room).await;
    drawn(&browser, "a started", "").await;
    assert_eq!(room.view().await.watching, 1);
    browser.goto("about:blank").await;
    let left = async || while room.view().await.watching > 0 {};
    within("nobody watches", left()).await;
    room.start(json!({"name": "b"})).await;
    browser.back().await;
    drawn(&browser, "b started", "").await;
    assert_eq!(browser.names(ROWS).await, ["a started", "b started"]);
}
