//! What it costs a lesson's program to be observed, and how soon a lesson shows something.

use std::{fs, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use socketscope_protocol::{Fact, LessonFact, Mode};
use socketscope_tests::{Browser, Room};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::{
    lab::Ends,
    process::Process,
    report::{Report, percentile, sorted},
};

/// Round trips of 64 bytes.
const ROUNDS: usize = 20_000;

/// Runs of each kind, in turn.
const RUNS: usize = 9;

const PLAN: &str = r#"order = 1
lab = true
title = { en = "Echo", zh = "回声" }
text = { en = "Round trips.", zh = "往返。" }

[[program]]
file = "server.py"
arguments = ["{server}"]

[[program]]
file = "client.py"
arguments = ["{server}", "ROUNDS"]
starts = { program = "server", call = "listen" }
"#;

const SERVER: &str = r#"import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], 9000))
listener.listen()
print("ready", flush=True)
sock, _ = listener.accept()
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while data := sock.recv(64):
    sock.send(data)
"#;

const CLIENT: &str = r#"import socket, sys, time
sock = socket.socket()
sock.connect((sys.argv[1], 9000))
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
data = b"x" * 64
begin = time.perf_counter()
for _ in range(int(sys.argv[2])):
    sock.send(data)
    sock.recv(64)
print(time.perf_counter() - begin)
"#;

/// A folder with the lesson; gone with the measurement.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("socketscope-bench-{}", std::process::id()));
        let lesson = folder.join("echo");
        fs::create_dir_all(&lesson)?;
        let plan = PLAN.replace("ROUNDS", &ROUNDS.to_string());
        for (file, text) in [("lesson.toml", &*plan), ("server.py", SERVER), ("client.py", CLIENT)]
        {
            fs::write(lesson.join(file), text)?;
        }
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> lessons");
    let folder = Folder::new()?;
    let lessons = folder.0.display().to_string();
    let server = Process::start_with(&["--lessons", &lessons]).await?;
    let _room = server.client.lab().await;
    let hosts = Ends::of_lab(&server).await?;
    let (mut bare, mut observed) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        bare.push(unobserved(&hosts, &folder).await?);
        observed.push(watched(&server).await?);
    }
    let (bare, observed) = (percentile(&sorted(bare), 0.5), percentile(&sorted(observed), 0.5));
    let ratio = observed / bare;
    report.row(
        "observed Python, 20,000 round trips in the lab",
        &format!("{observed:.2} s = {ratio:.2} × (median of {RUNS})"),
        &format!("{bare:.2} s unobserved"),
        "≤ 1.3 ×",
        ratio <= 1.3,
    );
    first_arrow(report, &server).await
}

/// Seconds of the client's, run as it is in the lab's hosts.
async fn unobserved(hosts: &Ends, folder: &Folder) -> Result<f64> {
    let file = |name: &str| folder.0.join("echo").join(name);
    let mut server = hosts.server("python3");
    let mut server = server.arg(file("server.py")).arg("10.0.0.1");
    server = server.stdout(Stdio::piped()).kill_on_drop(true);
    let mut running = server.spawn()?;
    let output = running.stdout.take().context("no output")?;
    let line = BufReader::new(output).lines().next_line().await?;
    ensure!(line.as_deref() == Some("ready"), "the server is not ready");
    let mut client: Command = hosts.client("python3");
    let client = client.arg(file("client.py")).args(["10.0.0.1", &ROUNDS.to_string()]);
    let said = client.output().await?;
    running.wait().await?;
    String::from_utf8(said.stdout)?.trim().parse().context("seconds")
}

/// The same under the observer.
async fn watched(server: &Process) -> Result<f64> {
    let room = server.client.room_with(json!({"lesson": "echo"})).await;
    room.post("/lesson", &json!({"do": "run"})).await;
    let over = |fact: &Fact| matches!(fact, Fact::Lesson(it) if matches!(**it, LessonFact::Mode { mode: Mode::Over, .. }));
    let events = until(&room, over).await;
    server.client.delete(&room.path("")).await;
    let said = events.iter().find_map(|fact| match fact {
        Fact::Output { program, text, .. } if program.as_str() == "client" => {
            text.trim().parse().ok()
        }
        _ => None,
    });
    said.context("the client has said nothing")
}

/// Asks now and then: whoever follows the journal takes time from what is measured.
async fn until(room: &Room, wanted: impl Fn(&Fact) -> bool) -> Vec<Fact> {
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let head = room.view().await.head;
        let last = room.events_from(head.saturating_sub(30)).await;
        if last.iter().any(|event| wanted(&event.fact)) {
            return last.into_iter().map(|event| event.fact).collect();
        }
    }
}

/// From the click on *Run* until the first arrow is painted.
async fn first_arrow(report: &mut Report, server: &Process) -> Result<()> {
    let room = server.client.room_with(json!({"lesson": "tcp-first-connection"})).await;
    let browser = Browser::start().await;
    browser.goto(&format!("http://{}/rooms/{}#key={}", server.address, room.id, server.key)).await;
    browser.wait_for(".ln[data-lit=ready]").await;
    let milliseconds = browser
        .script_async(
            "const run = document.querySelector('#lesson [data-do=run]');
            const begin = performance.now();
            const look = () => document.querySelector('svg [role=option][aria-label*=\"socket(\"]')
                ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)))
                : requestAnimationFrame(look);
            run.click();
            look();",
        )
        .await;
    let milliseconds = milliseconds.as_f64().context("milliseconds")?;
    let figure = format!("{milliseconds:.0} ms");
    report.row("lesson: Run → first arrow painted", &figure, "", "≤ 1 s", milliseconds <= 1000.0);
    Ok(())
}
