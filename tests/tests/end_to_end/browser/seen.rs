//! What is seen of the diagram: where it is scrolled to, what a press means, what stands beside it.

use serde_json::json;
use socketscope_tests::{Browser, Screen, TestServer};

use super::{ROWS, drawn, enter};

#[tokio::test]
async fn scrolling_back_is_not_disturbed() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let socket = json!({"call": "socket", "family": "inet", "type": "dgram"});
    for _ in 0..100 {
        room.call("a", socket.clone()).await;
    }
    let browser = Browser::start().await;
    enter(&browser, server.address, &room).await;
    drawn(&browser, "a: socket(inet, dgram) returned 102", "").await;
    browser.script("document.querySelector('[role=listbox]').focus()", json!([])).await;
    browser.press("\u{e011}").await;
    drawn(&browser, "a started", "").await;
    for _ in 0..20 {
        room.call("a", socket.clone()).await;
    }
    browser
        .until(&format!(
            "Number(document.documentElement.dataset.head) === {}",
            room.view().await.head
        ))
        .await;
    let names = browser.names(ROWS).await;
    assert_eq!(names[0], "a started", "the first row is still there");
    let nodes = browser.script("return document.querySelectorAll('svg *').length", json!([])).await;
    assert!(nodes.as_u64().is_some_and(|nodes| nodes < 1_500), "{nodes} nodes");
}

#[tokio::test]
async fn the_last_row_is_brought_into_view() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    for _ in 0..60 {
        room.call("a", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    }
    let browser = Browser::start().await;
    enter(&browser, server.address, &room).await;
    drawn(&browser, "a: socket(inet, dgram) returned 62", "").await;
    browser.script("document.querySelector('[role=listbox]').focus()", json!([])).await;
    // Home, then End.
    for (key, row) in
        [('\u{e011}', "a started"), ('\u{e010}', "a: socket(inet, dgram) returned 62")]
    {
        browser.press(&key.to_string()).await;
        browser
            .until(&format!(
                "(() => {{
                    const row = document.querySelector('svg [aria-selected=true]');
                    if (!row?.getAttribute('aria-label').startsWith({row:?})) return false;
                    const [seen, own] = [row.closest('.scroll'), row].map(e => e.getBoundingClientRect());
                    return own.top >= seen.top && own.bottom <= seen.bottom;
                }})()"
            ))
            .await;
    }
}

#[tokio::test]
async fn a_diagram_that_was_out_of_sight_is_at_its_end() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let browser = Browser::start_on(Screen::PHONE).await;
    // As a phone's, which take no room.
    browser.devtools("Emulation.setScrollbarsHidden", json!({"hidden": true})).await;
    enter(&browser, server.address, &room).await;
    drawn(&browser, "a started", "").await;
    browser.click(("[role=tab]", "Programs")).await;
    for _ in 0..60 {
        room.call("a", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    }
    let head = room.view().await.head;
    browser.until(&format!("Number(document.documentElement.dataset.head) === {head}")).await;
    browser.click(("[role=tab]", "Diagram")).await;
    browser
        .until(
            "(() => {
                const { scrollTop, scrollHeight, clientHeight } = document.querySelector('.scroll');
                return scrollTop > 0 && scrollTop + clientHeight > scrollHeight - 2;
            })()",
        )
        .await;
}

#[tokio::test]
async fn a_press_means_what_was_under_it_first() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let socket = json!({"call": "socket", "family": "inet", "type": "dgram"});
    for _ in 0..60 {
        room.call("a", socket.clone()).await;
    }
    let browser = Browser::start().await;
    enter(&browser, server.address, &room).await;
    drawn(&browser, "a: socket(inet, dgram) returned 62", "").await;
    let place = browser
        .until(
            "(() => {
                const row = [...document.querySelectorAll('svg [role=option]')]
                    .find(e => e.getAttribute('aria-label').includes('returned 55'));
                const { x, y, width, height } = row.getBoundingClientRect();
                return [x + width / 2, y + height / 2];
            })()",
        )
        .await;
    let mouse = async |what: &str| {
        let event =
            json!({"type": what, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
        browser.devtools("Input.dispatchMouseEvent", event).await;
    };
    mouse("mousePressed").await;
    // The diagram follows its end, and another row is there now.
    room.call("a", socket.clone()).await;
    drawn(&browser, "a: socket(inet, dgram) returned 63", "").await;
    mouse("mouseReleased").await;
    browser.until("document.querySelector('svg [aria-selected=true]')?.getAttribute('aria-label').includes('returned 55')").await;
}

#[tokio::test]
async fn a_tablets_tabs_say_what_stands_beside_the_diagram() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let browser = Browser::start_on(Screen { width: 768, height: 1024, dark: false }).await;
    enter(&browser, server.address, &room).await;
    let chosen = "[...document.querySelectorAll('[role=tab][aria-selected=true]')].map(e => e.innerText).join()";
    browser.until(&format!("{chosen} === 'Programs'")).await;
    browser.become_like(Screen::PHONE).await;
    browser.until(&format!("{chosen} === 'Diagram'")).await;
}

#[tokio::test]
async fn whoever_follows_sees_new_lifelines() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let browser = Browser::start_on(Screen { width: 1366, height: 768, dark: false }).await;
    enter(&browser, server.address, &room).await;
    browser.until("document.querySelector('header').innerText.includes('Live')").await;
    let last_is_seen = "(() => {
        const [seen, last] = ['.scroll', '.head:last-child'].map(css => document.querySelector(css));
        return last && last.getBoundingClientRect().right <= seen.getBoundingClientRect().right;
    })()";
    for name in ["a", "b", "c", "d", "e"] {
        room.start(json!({"name": name})).await;
        drawn(&browser, &format!("{name} started"), "").await;
        browser.until(last_is_seen).await;
    }
    browser.until("document.querySelector('.scroll').scrollLeft > 0").await;
}
