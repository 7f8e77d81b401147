//! The lab as a visitor sees it: packets between the right lifelines, states, the wire's tools, the inspector.

use serde_json::{Value, json};
use socketscope_tests::{Browser, Room, Screen, TestServer};

const SERVER: &str = "10.0.0.1:9000";

async fn enter(browser: &Browser, server: &TestServer, room: &Room) {
    browser.goto(&server.url(&format!("/rooms/{}#key={}", room.id, TestServer::KEY))).await;
}

/// Waits until a packet is drawn whose sentence begins so and contains this.
async fn drawn(browser: &Browser, begins: &str, contains: &str) {
    let condition = format!(
        "[...document.querySelectorAll('.packet > title')].map(e => e.textContent)
            .some(n => n.startsWith({begins:?}) && n.includes({contains:?}))"
    );
    browser.until(&condition).await;
}

/// A TCP server on the first host and a client on the second, without roles; the server listens.
async fn pair(room: &Room) {
    for (name, host) in [("server", "server"), ("client", "client")] {
        room.start(json!({"name": name, "host": host})).await;
        room.call(name, json!({"call": "socket", "family": "inet", "type": "stream"})).await;
    }
    room.call("server", json!({"call": "bind", "fd": 3, "address": SERVER})).await;
    room.call("server", json!({"call": "listen", "fd": 3, "backlog": 5})).await;
}

async fn connect(room: &Room) {
    let call = json!({"call": "connect", "fd": 3, "address": SERVER});
    assert_eq!(room.call_for(20_000, "client", &call).await.0, 200);
}

#[tokio::test]
async fn the_handshake_is_drawn_between_the_kernels_before_connect_returns() {
    let server = TestServer::start();
    let browser = Browser::start().await;
    browser.goto(&server.url(&format!("/#key={}", TestServer::KEY))).await;
    browser.click(("button", "Create a room")).await;
    browser.until("location.pathname.startsWith('/rooms/')").await;
    browser.click((".hollow button", "+ TCP server & client")).await;
    // The window follows the end; the handshake is at its beginning.
    browser.until("[...document.querySelectorAll('svg [role=option]')].some(e => e.getAttribute('aria-label') === 'tcp-client ended')").await;
    browser.script("document.querySelector('[role=listbox]').focus()", json!([])).await;
    browser.press("\u{e011}").await;
    drawn(&browser, "SYN seq 0", "arrived after").await;
    drawn(&browser, "SYN, ACK seq 0 ack 1", "arrived after").await;
    drawn(&browser, "ACK ack 1", "arrived after").await;
    let look = "
        const names = [...document.querySelectorAll('svg [role=option]')].map(e => e.getAttribute('aria-label'));
        const row = begins => names.findIndex(n => n.startsWith(begins));
        const heads = [...document.querySelectorAll('.head')].map(e => e.getBoundingClientRect());
        const lanes = heads.map(h => h.left + h.width / 2);
        const packet = begins => {
            const found = [...document.querySelectorAll('.packet')]
                .find(e => e.querySelector('title').textContent.startsWith(begins));
            const way = found.querySelector('.way');
            const at = length => {
                const p = way.getPointAtLength(length).matrixTransform(way.getScreenCTM());
                return [p.x, p.y];
            };
            return [at(0), at(way.getTotalLength())];
        };
        return {
            order: ['tcp-client calls connect(', 'SYN seq 0', 'SYN, ACK', 'ACK ack 1', 'tcp-client: connect('].map(row),
            lanes, syn: packet('SYN seq 0'), synAck: packet('SYN, ACK'), ack: packet('ACK ack 1'),
            states: [...document.querySelectorAll('.chip .chip-text')].map(e => e.textContent),
        };";
    let seen = browser.script(look, json!([])).await;
    let order: Vec<i64> = numbers(&seen["order"]).iter().map(|row| *row as i64).collect();
    assert!(order[0] >= 0 && order.is_sorted(), "{seen}");
    let lanes = numbers(&seen["lanes"]);
    let [_, kernel, other, _] = lanes[..] else { panic!("{seen}") };
    for (packet, from, to) in
        [("syn", other, kernel), ("synAck", kernel, other), ("ack", other, kernel)]
    {
        let [start, end] = [numbers(&seen[packet][0]), numbers(&seen[packet][1])];
        assert!((start[0] - from).abs() < 12.0 && (end[0] - to).abs() < 12.0, "{packet}: {seen}");
        assert!(start[1] < end[1], "{packet} goes down: {seen}");
    }
    let states = seen["states"].to_string();
    for state in ["LISTEN", "SYN-SENT", "SYN-RECV", "ESTABLISHED", "accept queue 1 of 5"] {
        assert!(states.contains(state), "{state}: {states}");
    }
    assert_eq!(browser.console_errors().await, [""; 0]);
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(|it| it.as_f64().expect("a number")).collect()
}

#[tokio::test]
async fn a_packet_is_held_and_delivered_by_a_click() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    pair(&room).await;
    let browser = Browser::start().await;
    enter(&browser, &server, &room).await;
    browser.click((".wire button", "Hold packets")).await;
    browser.until("document.querySelector('.wire button[aria-pressed=true]')").await;
    let call = json!({"call": "connect", "fd": 3, "address": SERVER});
    assert_eq!(room.call_for(0, "client", &call).await.0, 202);
    // One after the other: SYN, SYN/ACK, ACK. The states follow each.
    for (packet, state) in [("SYN seq 0", "SYN-RECV"), ("SYN, ACK", "ESTABLISHED")] {
        drawn(&browser, packet, "held on the wire").await;
        // A slow machine may have sent the SYN again meanwhile: that waits for a decision, too.
        let button = format!(".decide.deliver[aria-label*='{packet}']");
        browser.wait_for(button.as_str()).await;
        browser.click_drawn(&format!("{button} rect")).await;
        drawn(&browser, packet, "delivered by hand").await;
        browser.until(&format!("[...document.querySelectorAll('.chip-text')].some(e => e.textContent === {state:?})")).await;
    }
    drawn(&browser, "ACK ack 1", "held on the wire").await;
    browser.click((".wire button", "Deliver all")).await;
    // A slow machine sends again, and where that crowds the diagram the name goes into the gauge's title.
    browser.until("[...document.querySelectorAll('.chip-text, .chip-text ~ title')].some(e => e.textContent.startsWith('accept queue 1'))").await;
}

#[tokio::test]
async fn a_held_packet_is_delivered_by_a_key() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    pair(&room).await;
    let browser = Browser::start().await;
    enter(&browser, &server, &room).await;
    browser.click((".wire button", "Hold packets")).await;
    browser.until("document.querySelector('.wire button[aria-pressed=true]')").await;
    let call = json!({"call": "connect", "fd": 3, "address": SERVER});
    assert_eq!(room.call_for(0, "client", &call).await.0, 202);
    drawn(&browser, "SYN seq 0", "held on the wire").await;
    browser.script("document.querySelector('[role=listbox]').focus()", json!([])).await;
    browser.press("\u{e010}").await;
    browser.until("document.querySelector('#inspector .held button')").await;
    let told = "document.querySelector('#inspector').innerText.includes('held on the wire')";
    browser.until(told).await;
    browser.press("d").await;
    drawn(&browser, "SYN seq 0", "delivered by hand").await;
}

#[tokio::test]
async fn a_held_packets_button_keeps_the_focus() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    pair(&room).await;
    // Where there is so little room, what is written beside a packet changes as others come.
    let browser = Browser::start_on(Screen { width: 1366, height: 768, dark: false }).await;
    enter(&browser, &server, &room).await;
    browser.click((".wire button", "Hold packets")).await;
    browser.until("document.querySelector('.wire button[aria-pressed=true]')").await;
    let call = json!({"call": "connect", "fd": 3, "address": SERVER});
    assert_eq!(room.call_for(0, "client", &call).await.0, 202);
    browser.wait_for(".decide.deliver").await;
    browser.script("document.querySelector('.decide.deliver').focus()", json!([])).await;
    let focused = "document.activeElement.getAttribute('data-deliver')";
    let packet = browser.until(focused).await;
    // The SYN is sent again and held, too.
    browser.until("document.querySelectorAll('.decide.deliver').length > 3").await;
    assert_eq!(browser.until(focused).await, packet);
    browser.press("\u{e007}").await;
    drawn(&browser, "SYN seq 0", "delivered by hand").await;
    browser.until("document.activeElement.id === 'diagram'").await;
}

#[tokio::test]
async fn a_field_of_the_wires_says_what_it_takes() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    let browser = Browser::start().await;
    enter(&browser, &server, &room).await;
    browser.click((".wire button", "More…")).await;
    browser.fill(("#wire-settings input", "loss, %"), "abc").await;
    browser
        .until("document.querySelector('.wrong')?.innerText === '“abc” is not a number from 0 to 100.'")
        .await;
}

#[tokio::test]
async fn a_lost_syn_is_crossed_out_and_its_retransmission_named() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    pair(&room).await;
    let browser = Browser::start().await;
    enter(&browser, &server, &room).await;
    browser.click((".wire button", "More…")).await;
    browser.click(("#wire-settings button", "lose")).await;
    browser.until("document.querySelector('.wire').innerText.includes('lose SYN')").await;
    connect(&room).await;
    drawn(&browser, "SYN seq 0", "lost by a rule").await;
    drawn(&browser, "SYN seq 0 retransmission", "arrived after").await;
    browser.until("document.querySelector('.packet .cross') && document.querySelector('.packet.again .again-line')").await;
    browser.until("!document.querySelector('.wire').innerText.includes('lose SYN')").await;
}

#[tokio::test]
async fn a_packet_is_inspected_field_by_field() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    pair(&room).await;
    connect(&room).await;
    let browser = Browser::start().await;
    enter(&browser, &server, &room).await;
    drawn(&browser, "SYN seq 0", "arrived after").await;
    browser.click_drawn(".packet.syn .reach").await;
    browser
        .until("document.querySelector('#inspector').innerText.includes('maximum segment size')")
        .await;
    browser.script("[...document.querySelectorAll('.field-row')].find(e => e.innerText.includes('destination port')).focus()", json!([])).await;
    browser.until("document.querySelectorAll('.bytes b.lit').length === 2").await;
    let lit = browser.texts(".bytes b.lit").await;
    assert_eq!(lit, ["23", "28"], "port 9000");
    let named = browser.names(".states svg").await.remove(0);
    assert_eq!(named, "client: SYN-SENT, server: LISTEN", "as it was at that moment");
    assert!(browser.texts(".states .lit .who").await.iter().any(|who| who.contains("client")));
}

#[tokio::test]
async fn layers_are_switched_off() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    pair(&room).await;
    connect(&room).await;
    let browser = Browser::start().await;
    enter(&browser, &server, &room).await;
    drawn(&browser, "SYN seq 0", "arrived after").await;
    for (layer, gone) in
        [("Kernel state", ".chip"), ("Packets", ".packet"), ("Calls", "svg [role=option]")]
    {
        browser.click((".layers button", layer)).await;
        browser.until(&format!("!document.querySelector({gone:?})")).await;
    }
    browser.click((".layers button", "Packets")).await;
    drawn(&browser, "SYN seq 0", "arrived after").await;
}

#[tokio::test]
async fn what_opens_on_a_low_screen_can_be_read_to_its_end() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    pair(&room).await;
    let browser = Browser::start_on(Screen { width: 960, height: 540, dark: false }).await;
    enter(&browser, &server, &room).await;
    for (button, popover) in
        [((".wire button", "More…"), "wire-settings"), (("button", "Notation"), "legend")]
    {
        browser.click(button).await;
        browser
            .until(&format!(
                "(() => {{
                    const open = document.getElementById({popover:?});
                    const {{ top, bottom, height }} = open.getBoundingClientRect();
                    const all = height + 2 > open.scrollHeight || getComputedStyle(open).overflowY === 'auto';
                    return height > 100 && top >= 0 && bottom <= innerHeight && all;
                }})()"
            ))
            .await;
        // Escape.
        browser.press("\u{e00c}").await;
    }
}
