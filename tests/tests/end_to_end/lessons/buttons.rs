//! A lesson's buttons and what its programs write, on the page; and what is said where there is no Python.

use std::{fs, os::unix::fs::symlink};

use serde_json::json;
use socketscope_protocol::{CallName, Fact, LessonFact, Mode};
use socketscope_tests::{Browser, TestServer};

use super::{begin, is_over};
use crate::binary::{Folder, Running, binary};

fn is_mode(fact: &Fact, wanted: Mode, in_round: u32) -> bool {
    matches!(fact, Fact::Lesson(it)
        if matches!(**it, LessonFact::Mode { mode, round, .. } if mode == wanted && round == in_round))
}

#[tokio::test]
async fn stepped_by_program_then_run_then_begun_anew() {
    let server = TestServer::start();
    let room = begin(&server, "tcp-first-connection").await;
    let browser = Browser::start().await;
    browser.goto(&server.url(&format!("/rooms/{}#key={}", room.id, TestServer::KEY))).await;
    browser.click(".pane[data-program=server] [data-do=step]:not([disabled])").await;
    let socket = |fact: &Fact| matches!(fact, Fact::Enter { program, call, .. } if program.as_str() == "server" && call.name() == CallName::Socket);
    room.until("the chosen program's call", socket).await;

    browser.click(".lesson [data-do=run]").await;
    room.until("the lesson is over", is_over).await;
    for program in ["server", "client"] {
        let received = format!(
            "[...document.querySelectorAll('.pane[data-program={program}] .console div')]
                .some(line => line.textContent === \"received b'hello'\\n\")"
        );
        browser.until(&received).await;
    }
    browser.wait_gone(".ln[data-lit=ready]").await;

    let from = room.view().await.head + 1;
    browser.click(".lesson [data-do=reset]").await;
    room.until_from(from, "the second round", |fact| is_mode(fact, Mode::Step, 2)).await;
    browser.wait_for(".pane[data-program=server] .ln[data-lit=ready]").await;
    let written = browser.texts(".pane[data-program=server] .console div").await;
    assert!(!written.concat().contains("received"), "{written:?}");

    // What is run can be stopped again.
    browser.click(".lesson [data-do=run]").await;
    let ran = room.until_from(from, "it runs", |fact| is_mode(fact, Mode::Run, 2)).await;
    browser.click(".lesson [data-do=pause]").await;
    let from = ran.last().map_or(1, |event| event.seq + 1);
    room.until_from(from, "it stands", |fact| is_mode(fact, Mode::Step, 2)).await;
}

/// Python is looked for again each time until it is there.
#[tokio::test]
async fn without_python_the_page_says_what_to_do() {
    let programs = Folder::new("programs");
    let mut command = binary();
    command.env("PATH", &programs.0);
    let server = Running::start(command, &["--listen", "127.0.0.1:0"]).await;
    let client = server.client();
    let obstacles = async || {
        let (status, lessons) = client.get("/api/lessons").await;
        assert_eq!(status, 200);
        let lessons = lessons.as_array().expect("a list").clone();
        lessons
            .iter()
            .filter_map(|it| it["obstacle"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let missing = obstacles().await;
    assert_eq!(missing.len(), 16);
    assert!(missing.iter().all(|why| why.contains("install the package python3")), "{missing:?}");
    let lesson = json!({"lesson": "tcp-first-connection"});
    let (status, problem) = client.post("/api/rooms", &lesson).await;
    assert!(
        status == 503 && problem["detail"].as_str().is_some_and(|it| it.contains("python3")),
        "{status} {problem}"
    );

    let browser = Browser::start().await;
    browser.goto(&format!("http://{}/#key={}", server.address, server.key)).await;
    browser.until("document.querySelector('.obstacle')?.textContent.includes('python3')").await;

    let path = std::env::var_os("PATH").expect("a PATH");
    let found = std::env::split_paths(&path).map(|folder| folder.join("python3"));
    let python = found.filter(|it| fs::exists(it).unwrap_or(false)).last().expect("python3");
    symlink(python, programs.0.join("python3")).expect("a link");
    assert_eq!(obstacles().await, [""; 0]);
}
