//! The browser of the tests does what the tests rely on: it finds, waits, clicks, types, and ends.

use serde_json::json;
use socketscope_tests::{Browser, Screen, processes_that_name};

/// A page whose button appears late, is replaced when clicked, and shows what was typed.
const PAGE: &str = r#"data:text/html,<!doctype html><title>A page</title>
<label>Name <input value="old"></label><div id="here"></div><svg><g class="row" aria-label="first"/><g class="row"><title>second</title></g></svg>
<script>
const show = (text) => { here.innerHTML = `<button aria-label="Greet">${text}</button>`; };
setTimeout(show, 200, 'Hello');
here.onclick = () => show('Hello, ' + document.querySelector('input').value);
</script>"#;

#[tokio::test]
async fn finds_waits_clicks_and_types() {
    let browser = Browser::start_on(Screen { dark: true, ..Screen::PHONE }).await;
    browser.goto(PAGE).await;
    browser.fill(("input", "Name"), "new").await;
    browser.click(("button", "Greet")).await;
    browser.until("document.querySelector('button').innerText === 'Hello, new'").await;

    assert_eq!(browser.texts("button").await, ["Hello, new"]);
    assert_eq!(browser.names(".row").await, ["first", "second"]);
    assert_eq!(
        browser.script("return [innerWidth, innerHeight]", json!([])).await,
        json!([390, 844])
    );
    let dark =
        browser.script("return matchMedia('(prefers-color-scheme: dark)').matches", json!([]));
    assert_eq!(dark.await, true);

    browser.script("document.querySelector('button').remove()", json!([])).await;
    browser.wait_gone("button").await;
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.script("setTimeout(() => { throw new Error('seen') })", json!([])).await;
    browser.until("true").await;
    assert!(browser.console_errors().await[0].contains("seen"));
}

#[tokio::test]
async fn leaves_no_process_behind() {
    let browser = Browser::start().await;
    browser.goto("chrome://version").await;
    browser.wait_for("#profile_path").await;
    let profile = browser.texts("#profile_path").await.remove(0);
    let folder = profile.trim_end_matches("profile/Default").to_owned();
    assert!(processes_that_name(&folder) > 0);

    let task = tokio::spawn(async move {
        let _in_use = browser;
        panic!("a test that fails");
    });
    assert!(task.await.is_err());
    assert_eq!(processes_that_name(&folder), 0);
}
