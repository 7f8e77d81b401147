//! The lobby, and the ways into it: a key that is wrong, a server that is away, the end of a room.

use serde_json::json;
use socketscope_tests::{Browser, Cable, TestServer};

use super::{drawn, visitor};

#[tokio::test]
async fn a_wrong_key_is_told_and_one_may_watch() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let browser = Browser::start().await;
    browser.goto(&server.url(&format!("/rooms/{}#key=of-an-earlier-start", room.id))).await;
    browser
        .until("document.querySelector('.banner')?.innerText.includes('does not accept the key')")
        .await;
    drawn(&browser, "a started", "").await;
    // In the lobby nothing is sent until something is to be done.
    browser.goto(&server.url("/#key=of-another-one")).await;
    browser.click(("button", "Create a room")).await;
    browser
        .until(
            "document.querySelector('.lobby-rooms')?.innerText.includes('does not accept the key')",
        )
        .await;
    browser.wait_for(".create button[disabled]").await;
}

#[tokio::test]
async fn a_room_is_ended_from_the_lobby() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let browser = visitor(&server).await;
    browser
        .until(&format!("document.querySelector('.rooms')?.innerText.includes({:?})", room.id))
        .await;
    browser.click((".rooms button", "End")).await;
    browser.click((".popover button", "End the room")).await;
    browser.wait_for(".empty").await;
    assert_eq!(server.client().get(&room.path("")).await.0, 404);
}

#[tokio::test]
async fn the_lobby_recovers_when_the_server_is_back() {
    let server = TestServer::start();
    let cable = Cable::to(server.address).await;
    let browser = Browser::start().await;
    browser.goto(&format!("http://{}/#key={}", cable.address, TestServer::KEY)).await;
    browser.wait_for(".lesson-link").await;
    cable.pull();
    browser.click(("button", "Create a room")).await;
    browser.until("document.querySelectorAll('[role=alert]').length === 2").await;
    cable.plug_in();
    browser.wait_gone("[role=alert]").await;
}
