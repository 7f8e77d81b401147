//! The page in headless Chromium: how soon an event is painted, how smooth it stays, how much there is to download.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use socketscope_tests::{Browser, Room};

use crate::{
    fanout::busy,
    process::Process,
    report::{Report, percentile, sorted},
};

/// Notes each frame's length, and for each new head when it had been painted: a message posted while a frame is made is
/// handled after it. Times are milliseconds since 1970.
const OBSERVE: &str = "
    const seen = window.seen = {frames: [], painted: [], nodes: 0};
    const channel = new MessageChannel();
    channel.port1.onmessage = ({data}) =>
        seen.painted.push([data, performance.timeOrigin + performance.now()]);
    new MutationObserver(() => channel.port2.postMessage(Number(document.documentElement.dataset.head)))
        .observe(document.documentElement, {attributes: true, attributeFilter: ['data-head']});
    let last = performance.now();
    const frame = now => {
        seen.frames.push(now - last);
        last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    setInterval(() => {
        const nodes = document.querySelectorAll('.spacer svg *').length;
        seen.nodes = Math.max(seen.nodes, nodes);
    }, 100);
";

/// Scrolls the diagram up and down, as a hand does: between two frames. Within one, after the page has changed something,
/// it would make the browser lay out everything at once, which no hand does.
const SCROLL: &str = "
    const box = [...document.querySelectorAll('*')].find(e =>
        e.scrollHeight > 20 * e.clientHeight && e.clientHeight > 100);
    let step = -97;
    const scroll = () => {
        if (box.scrollTop <= 0) step = 97;
        box.scrollTop += step;
        requestAnimationFrame(() => setTimeout(scroll));
    };
    box.dispatchEvent(new WheelEvent('wheel', {deltaY: -100, bubbles: true}));
    scroll();
";

/// A client's pauses are whole milliseconds, and its rounds have eight events: so many make 20,000 a second.
const BURST_CLIENTS: u64 = 8;

const SPAN: Duration = Duration::from_secs(5);

pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> page");
    size(report)?;
    let server = Process::start().await?;
    let browser = Browser::start().await;

    let room = server.client.room().await;
    busy(&room, 4, 100).await?;
    open(&browser, &server, &room).await?;
    let seen = observe(&browser, "").await?;
    let latencies = sorted(painted(&room, &seen).await?);
    let (p50, p99) = (percentile(&latencies, 0.5), percentile(&latencies, 0.99));
    let figure = format!("p50 {p50:.1} ms, p99 {p99:.1} ms ({} events)", latencies.len());
    let target = "p50 ≤ 33 ms, p99 ≤ 100 ms";
    report.row("event → painted, 100 events/s", &figure, "", target, p50 <= 33.0 && p99 <= 100.0);

    let room = server.client.room().await;
    busy(&room, 8, 64_000).await?;
    while room.view().await.head < 100_000 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for program in &room.view().await.programs[1..] {
        room.end(program.name.as_str()).await;
    }
    busy(&room, 4, 200).await?;
    open(&browser, &server, &room).await?;
    let seen = observe(&browser, SCROLL).await?;
    smooth(report, "100,000 events, scrolling, 200 events/s", &seen);

    let room = server.client.room().await;
    open(&browser, &server, &room).await?;
    let head = room.view().await.head;
    busy(&room, BURST_CLIENTS, 20_000).await?;
    let seen = observe(&browser, "").await?;
    let rate = (room.view().await.head - head) as f64 / SPAN.as_secs_f64();
    smooth(report, &format!("burst of {rate:.0} events/s, following"), &seen);
    Ok(())
}

async fn open(browser: &Browser, server: &Process, room: &Room) -> Result<()> {
    browser.goto(&format!("http://{}/rooms/{}", server.address, room.id)).await;
    let head = room.view().await.head;
    let caught_up = format!("Number(document.documentElement.dataset.head || 0) >= {head}");
    browser.until(&caught_up).await;
    Ok(())
}

async fn observe(browser: &Browser, also: &str) -> Result<Value> {
    browser.script(&format!("{OBSERVE}{also}"), json!([])).await;
    tokio::time::sleep(SPAN).await;
    Ok(browser.script("return window.seen", json!([])).await)
}

/// Milliseconds from each event to its painting.
async fn painted(room: &Room, seen: &Value) -> Result<Vec<f64>> {
    let times: BTreeMap<_, _> =
        room.events().await.iter().map(|e| (e.seq, e.at as f64 / 1e6)).collect();
    let painted = seen["painted"].as_array().context("no frames")?;
    let painted: Vec<_> =
        painted.iter().filter_map(|p| Some((p[0].as_u64()?, p[1].as_f64()?))).collect();
    let pairs = painted.windows(2).flat_map(|pair| {
        let (until, when) = pair[1];
        (pair[0].0 + 1..=until).map(move |seq| (seq, when))
    });
    Ok(pairs.filter_map(|(seq, when)| Some(when - times.get(&seq)?)).collect())
}

fn smooth(report: &mut Report, what: &str, seen: &Value) {
    let frames = seen["frames"].as_array().into_iter().flatten().filter_map(Value::as_f64);
    let frames = sorted(frames.skip(1).collect());
    let fps = 1000.0 * frames.len() as f64 / frames.iter().sum::<f64>();
    let p95 = percentile(&frames, 0.95);
    let figure = format!("p95 frame {p95:.1} ms, {fps:.0} fps, {} nodes at most", seen["nodes"]);
    // Frames come at multiples of the display's 16.67 ms, give or take the timer's own rounding.
    report.row(what, &figure, "", "p95 ≤ 16.7 ms, ≥ 50 fps", p95 <= 17.0 && fps >= 50.0);
}

fn size(report: &mut Report) -> Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/page");
    let (mut first, mut rest, mut words) = (0, 0, 0);
    let mut folders = vec![page];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder)? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            let bytes = file.metadata()?.len();
            if file.file_type()?.is_dir() {
                folders.push(file.path());
            } else if name == "split_later.wasm.br" {
                rest += bytes;
            } else if name.starts_with("words.") && name.ends_with(".br") {
                // A visitor downloads one language: the largest stands for it.
                words = bytes.max(words);
            } else if [".wasm.br", ".js.br", ".css.br", ".html.br"]
                .iter()
                .any(|end| name.ends_with(end))
            {
                first += bytes;
            }
        }
    }
    let kilobytes = |bytes: u64| bytes as f64 / 1024.0;
    let (first, rest) = (kilobytes(first + words), kilobytes(rest));
    let figure = format!("{first:.1} KB, and {rest:.1} KB after it");
    report.row(
        "the page on the wire until the first diagram, brotli",
        &figure,
        "302 KB mitmweb's JavaScript",
        "≤ 150 KB",
        first <= 150.0,
    );
    Ok(())
}
