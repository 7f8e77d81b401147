//! Folders of a teacher's own: found, run, and each kind of mistake named with its file and line.

use std::{fs, os::unix::fs::symlink, path::Path};

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

/// The plan with `is` where it has `was`.
fn with(was: &str, is: &str) -> String {
    assert!(PLAN.contains(was), "{was}");
    PLAN.replacen(was, is, 1)
}

/// The plan with a note at this moment, in line 15.
fn at(moment: &str) -> String {
    with("{ program = \"alone\", call = \"bind\" }", &format!("{{ {moment} }}"))
}

/// The plan with more behind it, from line 19 on.
fn and(more: &str) -> String {
    format!("{PLAN}\n{more}\n")
}

/// The plan of a lesson that needs the lab, with more behind it, from line 20 on.
fn in_lab(more: &str) -> String {
    and(more).replacen("order = 1", "order = 1\nlab = true", 1)
}

/// Tries plans, each with a mistake that is to be named with this line and in these words.
fn are_named(wrong: impl IntoIterator<Item = (String, usize, &'static str)>) {
    for (plan, line, what) in wrong {
        let folder = Folder::new("mistakes");
        lesson(&folder, "wrong", &plan);
        let (_, mistakes) = lessons_in(&folder.0).check();
        // One may bring others with it: a file that is not there is also a program that is not there.
        let Some(mistake) = mistakes.first() else { panic!("{what}: nothing is wrong in\n{plan}") };
        assert!(mistake.file.ends_with("wrong/lesson.toml"), "{mistake}");
        assert_eq!(mistake.line, line, "{what}: {mistake}");
        assert!(mistake.what.contains(what), "{what}: {mistake}");
    }
}

// One after the other, and no tests of their own: their folders have the same name.
#[tokio::test]
async fn mistakes_are_named_with_file_and_line() {
    are_named(of_fields());
    are_named(of_hosts_and_programs());
    are_named(of_moments());
    are_named(of_questions_waits_and_acts());
    are_named(of_the_wire());
}

fn of_fields() -> Vec<(String, usize, &'static str)> {
    let long = format!("en = \"{}\"", "long ".repeat(10));
    vec![
        (with("order = 1", "order = \"one\""), 1, "invalid type"),
        (with("order = 1", "order = 1\norde = 2"), 2, "unknown field"),
        (with("order = 1", ""), 1, "missing field `order`"),
        (with("[title]", "[title"), 3, ""),
        (with("zh = \"一课\"", "zh = \" \""), 3, "missing in one of the languages"),
        (with("zh = \"一课\"", ""), 3, "missing field `zh`"),
        (with("zh = \"讲什么。\"", "zh = \"\""), 7, "missing in one of the languages"),
        (with("en = \"Bound.\"", "en = \"\""), 16, "a text is missing"),
        // A room that is made for the lesson has this name.
        (with("en = \"A lesson\"", &long), 4, "at most 48 characters"),
        (with("en = \"A lesson\"", "en = \"A\\nlesson\""), 4, "no control characters"),
    ]
}

fn of_hosts_and_programs() -> Vec<(String, usize, &'static str)> {
    let hosts = |names: &str| with("order = 1", &format!("order = 1\nhosts = [{names}]"));
    let many_hosts: String = (1..=17).map(|nth| format!("\n    \"host-{nth}\",")).collect();
    let program = |more: &str| with("file = \"alone.py\"", &format!("file = \"alone.py\"\n{more}"));
    let another = |nth: u32| format!("[[program]]\nfile = \"alone.py\"\nname = \"{nth}\"\n\n");
    let twelve_more: String = (2..=13).map(another).collect();
    let none = PLAN.replacen("[[program]]\nfile = \"alone.py\"", "", 1);
    let bob_after_carol = "[[program]]\nfile = \"alone.py\"\nname = \"bob\"\nstarts = { program = \"carol\", when = \"end\" }";
    let circle = format!(
        "{bob_after_carol}\n\n[[program]]\nfile = \"alone.py\"\nname = \"carol\"\nstarts = {{ program = \"bob\", call = \"bind\" }}"
    );
    vec![
        (hosts("\"server\", \" \""), 2, "at least one visible character"),
        (hosts("\n    \"server\",\n    \"server\"\n"), 4, "two hosts called \"server\""),
        (hosts(""), 2, "a lesson has a host or more"),
        (hosts(&many_hosts), 19, "at most 16 hosts"),
        (none.replacen("order = 1", "order = 1\nprogram = []", 1), 2, "a program or more"),
        (none, 1, "missing field `program`"),
        (and(&twelve_more), 63, "at most 12 programs"),
        (with("alone.py", "other.py"), 12, "there is no file \"other.py\""),
        (program("host = \"mars\""), 13, "no host of this lesson is called \"mars\""),
        (program("arguments = [\"{mars}\"]"), 13, "no host has this name"),
        (program("name = \"\""), 11, "at least one visible character"),
        (and("[[program]]\nfile = \"alone.py\""), 19, "two programs called \"alone\""),
        (program("starts = { program = \"two\", when = \"end\" }"), 13, "is called \"two\""),
        (program("starts = { packet = \"syn\" }"), 13, "say lab = true"),
        (
            program("starts = { program = \"alone\", when = \"end\" }"),
            13,
            "\"alone\" can never start",
        ),
        (and(&circle), 22, "\"bob\" can never start"),
    ]
}

fn of_moments() -> Vec<(String, usize, &'static str)> {
    let when_of_packet = "\"when\" is \"depart\", \"arrive\", \"lose\" or \"hold\" here";
    vec![
        (
            at("program = \"two\", call = \"bind\""),
            15,
            "no program of this lesson is called \"two\"",
        ),
        (at("program = \"alone\", call = \"fly\""), 15, "unknown variant `fly`"),
        (
            at("program = \"alone\", call = \"bind\", when = \"now\""),
            15,
            "\"when\" is \"enter\" or \"return\" here",
        ),
        (at("program = \"alone\", call = \"bind\", nth = 0"), 15, "counts from 1 on"),
        (at("program = \"alone\", call = \"bind\", from = \"server\""), 15, "a moment is"),
        (at("program = \"alone\""), 15, "\"when\" is \"start\" or \"end\" here"),
        (at("program = \"alone\", when = \"enter\""), 15, "\"when\" is \"start\" or \"end\" here"),
        (at("packet = \"fax\""), 15, "unknown variant `fax`"),
        (at("packet = \"syn\", mark = \"blue\""), 15, "unknown variant `blue`"),
        (at("packet = \"syn\", from = \"mars\""), 15, "no host of this lesson is called \"mars\""),
        (at("packet = \"syn\", to = \"mars\""), 15, "no host of this lesson is called \"mars\""),
        (at("packet = \"syn\", when = \"enter\""), 15, when_of_packet),
        (at("packet = \"syn\", nth = 0"), 15, "counts from 1 on"),
    ]
}

fn of_questions_waits_and_acts() -> Vec<(String, usize, &'static str)> {
    let question = |before: &str, choices: &str, right: u32| {
        and(&format!(
            "[[question]]\nbefore = {{ {before} }}\nen = \"?\"\nzh = \"?\"\nchoices = [{choices}]\nright = {right}\nanswer = {{ en = \"a\", zh = \"a\" }}"
        ))
    };
    let bind = "program = \"alone\", call = \"bind\"";
    let (one, two) =
        ("{ en = \"a\", zh = \"a\" }", "{ en = \"a\", zh = \"a\" }, { en = \"b\", zh = \"b\" }");
    let wait = |before: &str, until: &str| {
        and(&format!("[[wait]]\nbefore = {{ {before} }}\nuntil = {{ {until} }}"))
    };
    let end = "at = { program = \"alone\", when = \"end\" }";
    let act = |what: &str| and(&format!("[[act]]\n{what}"));
    vec![
        (question("program = \"two\", call = \"bind\"", two, 1), 20, "is called \"two\""),
        (question(&format!("{bind}, nth = 0"), two, 1), 20, "counts from 1 on"),
        (question(bind, one, 1), 24, "a question has two choices or more"),
        (question(bind, two, 0), 24, "\"right\" is the number of one of them"),
        (question(bind, two, 3), 24, "\"right\" is the number of one of them"),
        (question(bind, "{ en = \"a\", zh = \"\" }", 1), 23, "missing in one of the languages"),
        (wait("program = \"two\", call = \"bind\"", bind), 20, "is called \"two\""),
        (wait(&format!("{bind}, nth = 0"), bind), 20, "counts from 1 on"),
        (wait(bind, "program = \"two\", call = \"bind\""), 21, "is called \"two\""),
        (act(end), 19, "an act is one of"),
        (
            act(&format!("{end}\nkill = \"alone\"\nwire = {{ hold = true }}")),
            19,
            "an act is one of",
        ),
        (act(&format!("{end}\nkill = \"two\"")), 21, "no program of this lesson is called \"two\""),
        (act("at = { packet = \"syn\" }\nkill = \"alone\""), 20, "say lab = true"),
        (act(&format!("{end}\nwire = {{ hold = true }}")), 19, "only the lab has a wire"),
        (act(&format!("{end}\npackets = {{ fate = \"lose\" }}")), 19, "only the lab has a wire"),
    ]
}

fn of_the_wire() -> Vec<(String, usize, &'static str)> {
    let rule = |rule: &str| {
        let fine = "{ packet = \"syn\", fate = \"lose\" }";
        in_lab(&format!(
            "[wire]\nrules = [\n    {fine},\n    {{ packet = \"syn\", fate = \"lose\", {rule} }},\n]"
        ))
    };
    let too_many = "    { packet = \"syn\", fate = \"lose\" },\n".repeat(65);
    let end = "at = { program = \"alone\", when = \"end\" }";
    let act = |wire: &str| {
        in_lab(&format!("[[act]]\n{end}\nkill = \"alone\"\n\n[[act]]\n{end}\nwire = {{ {wire} }}"))
    };
    vec![
        (and("[wire]\nloss = 0.5"), 19, "only the lab has a wire"),
        (in_lab("[wire]\nlos = 0.5"), 21, "unknown field `los`"),
        (in_lab("[wire]\nhold = true\nloss = 2"), 22, "\"loss\" is a chance: between 0 and 1"),
        (in_lab("[wire]\nduplicate = nan"), 21, "\"duplicate\" is a chance"),
        (in_lab("[wire]\nreorder = -1"), 21, "\"reorder\" is a chance"),
        (
            in_lab("[wire]\ndelay_ms = 60001"),
            21,
            "\"delay_ms\" is between 0 and 60000 milliseconds",
        ),
        (in_lab("[wire]\njitter_ms = -1"), 21, "\"jitter_ms\" is between 0 and 60000 milliseconds"),
        (
            in_lab("[wire]\nloss = 1\nfrom = \"mars\""),
            22,
            "no host of this lesson is called \"mars\"",
        ),
        (
            in_lab("[wire]\nloss = 1\nto = \"mars\""),
            22,
            "no host of this lesson is called \"mars\"",
        ),
        (rule("from = \"mars\""), 23, "no host of this lesson is called \"mars\""),
        (rule("to = \"mars\""), 23, "no host of this lesson is called \"mars\""),
        (rule("nth = 0"), 23, "\"nth\" is at least 1"),
        (rule("fates = 1"), 23, "unknown field `fates`"),
        (in_lab("[[wire.rules]]\npacket = \"syn\"\nfate = \"lose\"\nnth = 0"), 23, "at least 1"),
        (in_lab(&format!("[wire]\nrules = [\n{too_many}]")), 86, "at most 64 rules"),
        (act("loss = 2"), 26, "\"loss\" is a chance: between 0 and 1"),
        (act("hold = true, from = \"mars\""), 26, "no host of this lesson is called \"mars\""),
        (
            act("rules = [{ packet = \"syn\", fate = \"lose\", nth = 0 }]"),
            26,
            "\"nth\" is at least 1",
        ),
    ]
}

#[tokio::test]
async fn files_that_cannot_be_read_are_named() {
    let no_text = b"\"\"\"One.\"\"\"\nprint(\"caf\xe9\")\n";
    let wrong: [(&str, &[u8], usize, &str); 5] = [
        ("helper.py", no_text, 2, "no text in UTF-8"),
        ("lesson.toml", no_text, 2, "no text in UTF-8"),
        // The 32,769th line begins behind the first 65,536 bytes.
        ("helper.py", &b"#\n".repeat(40_000), 32_769, "at most 65536 bytes"),
        ("helper.py", b"import socket\n\ndef make(:\n", 3, "Python cannot read this: "),
        ("unused.py", b"x = (\n", 1, "Python cannot read this: "),
    ];
    for (file, code, line, what) in wrong {
        let folder = Folder::new("unreadable");
        lesson(&folder, "wrong", PLAN);
        fs::write(folder.0.join("wrong").join(file), code).expect("a file");
        let (_, mistakes) = lessons_in(&folder.0).check();
        let [mistake] = &mistakes[..] else { panic!("{what}: {mistakes:?}") };
        assert!(mistake.file.ends_with(&format!("wrong/{file}")), "{mistake}");
        assert_eq!(mistake.line, line, "{mistake}");
        assert!(mistake.what.contains(what), "{mistake}");
    }
    // Nobody can read from here, not even root. What cannot be read has no lines.
    let folder = Folder::new("unreadable");
    lesson(&folder, "wrong", PLAN);
    symlink("/proc/self/mem", folder.0.join("wrong/memory.py")).expect("a link");
    let (_, mistakes) = lessons_in(&folder.0).check();
    let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
    assert!(mistake.file.ends_with("wrong/memory.py") && mistake.line == 0, "{mistake}");
    assert!(mistake.what.contains("this file cannot be read"), "{mistake}");
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
        "helper.py:1: a program has at most 65536 bytes",
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
