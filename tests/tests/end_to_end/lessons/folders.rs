//! Folders of a teacher's own: found, run, and each kind of mistake named with its file and line.

use std::{fs, path::Path};

use serde_json::json;
use socketscope_protocol::Fact;
use socketscope_server::Lessons;
use socketscope_tests::{Story, TestServer};

use super::run;
use crate::binary::{Folder, binary, said};

const PLAN: &str = r#"order = 1

[title]
en = "A lesson"
zh = "一课"

[text]
en = "What it is about."
zh = "讲什么。"

[[program]]
file = "alone.py"

[[note]]
at = { program = "alone", call = "bind" }
en = "Bound."
zh = "绑定了。"
"#;

const CODE: &str = "import socket, helper\n\nsock = helper.make()\nsock.bind((\"127.0.0.1\", 0))\nprint(\"done\")\nraise SystemExit(3)\n";
const HELPER: &str = "import socket\n\ndef make():\n    return socket.socket()\n";

/// A lesson of two files with this plan, in a folder of its own.
fn lesson(folder: &Folder, name: &str, plan: &str) {
    let lesson = folder.0.join(name);
    fs::create_dir(&lesson).expect("a folder");
    for (file, text) in [("lesson.toml", plan), ("alone.py", CODE), ("helper.py", HELPER)] {
        fs::write(lesson.join(file), text).expect("a file");
    }
}

fn lessons_in(folder: &Path) -> Lessons {
    Lessons::new(vec![folder.to_owned()])
}

#[tokio::test]
async fn a_folder_adds_lessons() {
    let folder = Folder::new("lessons");
    lesson(&folder, "alone", PLAN);
    let lessons = lessons_in(&folder.0);
    let server = TestServer::start_with("127.0.0.1:0", |config| config.lessons = lessons);
    let events = run(&server, "alone", 0).await;
    Story::of(&events).has(&[
        "alone enters socket",
        "alone bind = ok",
        "alone ends",
        "alone exits 3",
    ]);
    // The line is that of the program's own file that made the call.
    let lines = events.iter().filter_map(|event| match &event.fact {
        Fact::Enter { line: Some(line), .. } => Some((line.file.as_str(), line.line)),
        _ => None,
    });
    assert_eq!(lines.collect::<Vec<_>>(), [("helper.py", 4), ("alone.py", 4)]);
    // Python writes a line and its end one after the other.
    let printed = events.iter().filter_map(|event| match &event.fact {
        Fact::Output { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(printed.collect::<String>(), "done\n");
}

#[tokio::test]
async fn mistakes_are_named_with_file_and_line() {
    let wrong = [
        ("order = 1", "order = \"one\"", 1, "invalid type"),
        ("order = 1", "order = 1\norde = 2", 2, "unknown field"),
        ("[title]", "[title", 3, ""),
        ("zh = \"一课\"", "zh = \" \"", 3, "missing in one of the languages"),
        ("zh = \"一课\"", "", 3, "missing field `zh`"),
        ("file = \"alone.py\"", "file = \"other.py\"", 12, "there is no file \"other.py\""),
        (
            "file = \"alone.py\"",
            "file = \"alone.py\"\nhost = \"mars\"",
            13,
            "no host of this lesson is called \"mars\"",
        ),
        (
            "file = \"alone.py\"",
            "file = \"alone.py\"\narguments = [\"{mars}\"]",
            13,
            "no host has this name",
        ),
        (
            "program = \"alone\", call",
            "program = \"two\", call",
            15,
            "no program of this lesson is called \"two\"",
        ),
        ("call = \"bind\"", "call = \"fly\"", 15, "unknown variant `fly`"),
        (
            "call = \"bind\"",
            "call = \"bind\", when = \"now\"",
            15,
            "\"when\" is \"enter\" or \"return\" here",
        ),
        ("call = \"bind\"", "call = \"bind\", nth = 0", 15, "counts from 1 on"),
        ("call = \"bind\"", "call = \"bind\", from = \"server\"", 15, "a moment is"),
        ("en = \"Bound.\"", "en = \"\"", 16, "a text is missing"),
        (
            "[[note]]",
            "[[program]]\nfile = \"alone.py\"\n\n[[note]]",
            14,
            "two programs called \"alone\"",
        ),
        (
            "[[note]]",
            "[[act]]\nat = { program = \"alone\", when = \"end\" }\n\n[[note]]",
            14,
            "an act is one of",
        ),
        ("[[note]]", "[wire]\nloss = 0.5\n\n[[note]]", 14, "only the lab has a wire"),
        (
            "[[note]]",
            "[[question]]\nbefore = { program = \"alone\", call = \"bind\" }\nen = \"?\"\nzh = \"?\"\nchoices = [{ en = \"a\", zh = \"a\" }, { en = \"b\", zh = \"b\" }]\nright = 3\nanswer = { en = \"a\", zh = \"a\" }\n\n[[note]]",
            19,
            "\"right\" is the number of one of them",
        ),
    ];
    for (was, is, line, what) in wrong {
        let folder = Folder::new("mistakes");
        lesson(&folder, "wrong", &PLAN.replacen(was, is, 1));
        let (_, mistakes) = lessons_in(&folder.0).check();
        // One may bring others with it: a file that is not there is also a program that is not there.
        let Some(mistake) = mistakes.first() else { panic!("{is}") };
        assert!(mistake.file.ends_with("wrong/lesson.toml"), "{mistake}");
        assert_eq!(mistake.line, line, "{is}: {mistake}");
        assert!(mistake.what.contains(what), "{is}: {mistake}");
    }
}

#[tokio::test]
async fn what_is_no_lesson_is_said_to_be_none() {
    let folder = Folder::new("no-lessons");
    fs::create_dir(folder.0.join("empty")).expect("a folder");
    fs::create_dir(folder.0.join("Not A Name")).expect("a folder");
    lesson(&folder, "alone", PLAN);
    fs::write(folder.0.join("alone/helper.py"), "#".repeat(70_000)).expect("a file");
    let command = binary();
    let there = folder.0.display().to_string();
    let (out, err, status) = said(command, &["lessons", "--lessons", &there]).await;
    assert_eq!(status, 1);
    assert_eq!(out.lines().count(), 16, "{out}");
    for told in [
        "empty/lesson.toml: a lesson needs this file",
        "is named by at most 48 small letters",
        "helper.py: a program has at most 65536 bytes",
    ] {
        assert!(err.contains(told), "{err}");
    }
    let (out, err, status) = said(binary(), &["lessons"]).await;
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("tcp-first-connection"), "{out}");

    // The page lists it with what is wrong, and nobody can run it.
    let lessons = lessons_in(&folder.0);
    let server = TestServer::start_with("127.0.0.1:0", |config| config.lessons = lessons);
    let (_, listed) = server.client().get("/api/lessons").await;
    let listed = listed.as_array().into_iter().flatten().find(|it| it["lesson"] == "empty");
    assert!(listed.is_some_and(|it| it["obstacle"].to_string().contains("lesson.toml")));
    let (status, answer) = server.client().post("/api/rooms", &json!({"lesson": "empty"})).await;
    assert_eq!((status, &answer["code"]), (503, &json!("unable")), "{answer}");
}
