//! A real browser for a test: headless Chromium behind chromedriver, both ended when it is dropped.
//!
//! Knows nothing of Socketscope. Whatever it is asked for it waits for, until the deadline, and then
//! panics with what it was waiting for and what the page shows.

mod driver;
mod find;

use std::{path::Path, time::Duration};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

pub use find::Find;

use crate::DEADLINE;
use driver::{Driver, Failure};

/// How long to wait before the browser is asked again.
const AGAIN: Duration = Duration::from_millis(20);

/// What a visitor's screen is like.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// The width of the page's area in CSS pixels.
    pub width: u32,
    /// Its height in CSS pixels.
    pub height: u32,
    /// Whether the visitor asked for dark colours.
    pub dark: bool,
}

impl Screen {
    /// A laptop's.
    pub const LAPTOP: Self = Self { width: 1440, height: 900, dark: false };
    /// A small phone's, held upright.
    pub const PHONE: Self = Self { width: 390, height: 844, dark: false };
}

/// A browser with one window.
pub struct Browser {
    driver: Driver,
}

impl Browser {
    /// Starts a browser on a laptop's screen.
    pub async fn start() -> Self {
        Self::start_on(Screen::LAPTOP).await
    }

    /// Starts a browser on this screen.
    pub async fn start_on(screen: Screen) -> Self {
        let browser = Self { driver: Driver::start().await };
        browser.become_like(screen).await;
        browser
    }

    /// Changes the screen, as turning a phone or switching to dark does.
    pub async fn become_like(&self, screen: Screen) {
        let Screen { width, height, dark } = screen;
        let scheme = if dark { "dark" } else { "light" };
        // Not the window's size: a window cannot be as narrow as a phone.
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let colours = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", colours).await;
    }

    /// Opens an address and returns when it has loaded.
    pub async fn goto(&self, url: &str) {
        self.command("url", json!({"url": url})).await;
    }

    /// Goes back to the page before, which the browser may have kept as it was.
    pub async fn back(&self) {
        self.command("back", json!({})).await;
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.command("refresh", json!({})).await;
    }

    /// Waits until there is such an element.
    pub async fn wait_for(&self, find: impl Into<Find<'_>>) {
        let find = find.into();
        self.attempt(&format!("waiting for {find}"), async || self.element(find).await.map(drop))
            .await;
    }

    /// Waits until there is no such element.
    pub async fn wait_gone(&self, find: impl Into<Find<'_>>) {
        let find = find.into();
        self.attempt(&format!("waiting for {find} to go"), async || {
            match self.element(find).await {
                Err(failure) if failure.is_absence() => Ok(()),
                Err(failure) => Err(failure),
                Ok(_) => Err(Failure::new("still there", &find.to_string())),
            }
        })
        .await;
    }

    /// Clicks an element with the mouse, once it is there, shown, and not covered by another.
    pub async fn click(&self, find: impl Into<Find<'_>>) {
        let find = find.into();
        self.attempt(&format!("clicking {find}"), async || {
            let element = self.element(find).await?;
            self.driver.post(&format!("element/{element}/click"), json!({})).await.map(drop)
        })
        .await;
    }

    /// Clicks a part of a drawing, found by a selector: its middle may be empty, or lie under another part.
    pub async fn click_drawn(&self, selector: &str) {
        let click = "document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true}))";
        self.script(click, json!([selector])).await;
    }

    /// Replaces the text of a field, by the keyboard.
    pub async fn fill(&self, find: impl Into<Find<'_>>, text: &str) {
        let find = find.into();
        self.attempt(&format!("filling {find}"), async || {
            let element = self.element(find).await?;
            // Control+A, then all keys up, so that what is typed replaces what was there.
            let keys = format!("\u{e009}a\u{e000}{text}");
            let path = format!("element/{element}/value");
            self.driver.post(&path, json!({"text": keys})).await.map(drop)
        })
        .await;
    }

    /// Lets the page save files, without asking.
    pub async fn allow_saving(&self) {
        let behaviour = json!({"behavior": "allow", "downloadPath": self.driver.saved()});
        self.devtools("Browser.setDownloadBehavior", behaviour).await;
    }

    /// Waits until the page has saved a file of this name, and returns what is in it.
    pub async fn saved(&self, name: &str) -> Vec<u8> {
        let file = self.driver.saved().join(name);
        self.attempt(&format!("waiting for the file {name}"), async || {
            std::fs::read(&file).map_err(|error| Failure::new("not yet", &error.to_string()))
        })
        .await
    }

    /// Presses keys where the focus is. Special keys are WebDriver's code points, such as
    /// '\u{e015}' for the down arrow and '\u{e007}' for Enter.
    pub async fn press(&self, keys: &str) {
        self.attempt(&format!("pressing {keys:?}"), async || {
            let focus = driver::element(&self.driver.get("element/active").await?)?;
            self.driver
                .post(&format!("element/{focus}/value"), json!({"text": keys}))
                .await
                .map(drop)
        })
        .await;
    }

    /// The visible texts of all such elements that are there now, in the page's order.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        self.strings("return [...document.querySelectorAll(arguments[0])].map(e => (e.innerText ?? e.textContent).trim())", css)
            .await
    }

    /// The accessible names of all such elements that are there now, in the page's order.
    pub async fn names(&self, css: &str) -> Vec<String> {
        let script =
            format!("{} return [...document.querySelectorAll(arguments[0])].map(name)", find::NAME);
        self.strings(&script, css).await
    }

    /// Runs the body of a function in the page and returns what it returns. `arguments` is as in JavaScript.
    pub async fn script(&self, body: &str, arguments: Value) -> Value {
        self.command("execute/sync", json!({"script": body, "args": arguments})).await
    }

    /// Runs the body of a function in the page that calls `done(value)` once it is done, and returns the
    /// value. Measurements by `requestAnimationFrame` are made so.
    pub async fn script_async(&self, body: &str) -> Value {
        let script = format!("const done = arguments[0]; {body}");
        self.command("execute/async", json!({"script": script, "args": []})).await
    }

    /// Waits until a JavaScript expression is true, and returns its value.
    pub async fn until(&self, expression: &str) -> Value {
        let body = json!({"script": format!("return ({expression})"), "args": []});
        self.attempt(&format!("waiting until {expression}"), async || {
            let value = self.driver.post("execute/sync", body.clone()).await?;
            let falsy =
                matches!(&value, Value::Null | Value::Bool(false)) || value == 0 || value == "";
            if falsy { Err(Failure::new("not yet", &value.to_string())) } else { Ok(value) }
        })
        .await
    }

    /// Asks Chromium's DevTools protocol, for what WebDriver has no word for.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.command("goog/cdp/execute", json!({"cmd": method, "params": parameters})).await
    }

    /// The errors that the page's console got since the last time this was asked: panics, failed
    /// requests, violated policies.
    pub async fn console_errors(&self) -> Vec<String> {
        let log = self.command("se/log", json!({"type": "browser"})).await;
        let entries = log.as_array().into_iter().flatten();
        entries
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Writes a picture of the window to a PNG file.
    pub async fn screenshot(&self, file: &Path) {
        let picture = self.driver.get("screenshot").await.expect("a screenshot");
        let bytes = BASE64_STANDARD.decode(picture.as_str().expect("a string")).expect("base64");
        std::fs::write(file, bytes).expect("a writable file");
    }

    async fn strings(&self, script: &str, css: &str) -> Vec<String> {
        let found = self.script(script, json!([css])).await;
        serde_json::from_value(found).expect("strings")
    }

    /// The WebDriver id of the first such element that is there now.
    async fn element(&self, find: Find<'_>) -> Result<String, Failure> {
        let body = json!({"script": find::script(), "args": [find.css, find.name]});
        driver::element(&self.driver.post("execute/sync", body).await?)
    }

    async fn command(&self, path: &str, body: Value) -> Value {
        match self.driver.post(path, body.clone()).await {
            Ok(value) => value,
            Err(failure) => panic!("{path} {body}: {failure}"),
        }
    }

    /// Tries again until it works. A page that is alive replaces elements at any moment, between
    /// finding one and clicking it too, so every failure may pass.
    async fn attempt<T>(
        &self,
        what: &str,
        mut try_it: impl AsyncFnMut() -> Result<T, Failure>,
    ) -> T {
        let begun = Instant::now();
        loop {
            match try_it().await {
                Ok(done) => return done,
                Err(failure) if begun.elapsed() > DEADLINE => {
                    let shown = self.texts("body").await.join("\n");
                    panic!("{what}: {failure}; not within {DEADLINE:?}. The page shows:\n{shown}")
                }
                Err(_) => sleep(AGAIN).await,
            }
        }
    }
}
