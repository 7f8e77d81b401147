//! The observer sees every way in which Python makes a call, and nothing that a program does to itself harms anybody.

use std::{fs, path::Path};

use serde_json::json;
use socketscope_protocol::{Change, Event, Fact, Fd, limits::OUTPUT_BYTES};
use socketscope_server::{Choice, Ladder, Lessons};
use socketscope_tests::{Story, TestServer, processes_that_name};

use super::{begin, go_on, is_over, run};
use crate::binary::Folder;

const PLAN: &str = "order = 1\n[title]\nen = \"A\"\nzh = \"甲\"\n[text]\nen = \"B\"\nzh = \"乙\"\n[[program]]\nfile = \"it.py\"\n";

/// A server with a lesson of one program.
fn server_with(folder: &Folder, code: &str) -> TestServer {
    server_with_plan(folder, PLAN, code)
}

fn server_with_plan(folder: &Folder, plan: &str, code: &str) -> TestServer {
    let lesson = folder.0.join("it");
    fs::create_dir(&lesson).expect("a folder");
    for (file, text) in [("lesson.toml", plan), ("it.py", code)] {
        fs::write(lesson.join(file), text).expect("a file");
    }
    let lessons = Lessons::new(vec![Path::to_owned(&folder.0)]);
    TestServer::start_with("127.0.0.1:0", |config| config.lessons = lessons)
}

/// What a program printed.
fn printed(events: &[Event]) -> String {
    let output = events.iter().filter_map(|event| match &event.fact {
        Fact::Output { text, .. } => Some(text.as_str()),
        _ => None,
    });
    output.collect()
}

/// What the program prints when python3 just runs it: standard output and standard error.
fn by_itself(folder: &Folder) -> (String, String) {
    let there = folder.0.join("it").join("it.py");
    let python = std::process::Command::new("python3").arg(there).output().expect("python3");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(python.stdout), text(python.stderr))
}

const EVERYTHING: &str = r#"import selectors, socket, threading

listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
with socket.create_connection(address) as near:
    far, _ = listener.accept()
    near.sendall(b"ten bytes!")
    buffer = bytearray(10)
    far.recv_into(buffer)
    file = far.makefile("rwb")
    file.write(b"a line\n")
    file.flush()
    print(near.makefile("r").readline().strip(), bytes(buffer))
    near.sendmsg([b"x", b"y"])
    far.recvmsg(10)
    near.settimeout(0.05)
    try:
        near.recv(1)
    except TimeoutError as error:
        print(repr(error))
    near.sendall(b"in time")
    chooser = selectors.DefaultSelector()
    chooser.register(far, selectors.EVENT_READ)
    chooser.select()
    thread = threading.Thread(target=lambda: far.recv(100))
    thread.start()
    thread.join()
    file.close()
    far.close()
    print(near.recv(1))
refused = socket.socket()
print(refused.connect_ex(("127.0.0.1", 1)), type(refused), repr(refused)[:26])
for wrong in (lambda: refused.listen("many"), lambda: refused.send("text"), lambda: refused.setsockopt(1, 2, None)):
    try:
        wrong()
    except TypeError as error:
        print("no call:", error)
del refused
datagrams = socket.socket(type=socket.SOCK_DGRAM)
datagrams.bind(("127.0.0.1", 0))
datagrams.sendto(b"0123456789", datagrams.getsockname())
print(datagrams.recvfrom_into(bytearray(4))[0])
datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
print(datagrams.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST))
"#;

#[tokio::test]
async fn every_way_of_calling_is_seen() {
    let folder = Folder::new("everything");
    let server = server_with(&folder, EVERYTHING);
    let events = run(&server, "it", 0).await;
    let story = Story::of(&events);
    story.has(&[
        "it socket = fd 3",
        "it enters setsockopt SO_REUSEADDR",
        "it enters bind 127.0.0.1:0",
        "it enters listen",
        "it getsockname = ok",
        "it socket = fd 4",
        "it connect = ok",
        "it accept = fd 5",
        "it send = 10",
        "it recv = 10 \"ten bytes!\"",
        "it send = 7",
        "it recv = 7 \"a line\\n\"",
        "it send = 2",
        "it recvfrom = 2 \"xy\"",
        "it enters setsockopt O_NONBLOCK",
        "it recv = TimeoutError",
        "it send = 7",
        "it recv = 7 \"in time\"",
        "it close = ok",
        "it recv = 0",
        "it close = ok",
        "it socket = fd 4",
        "it connect = ECONNREFUSED",
        "it listen = TypeError",
        "it close = ok",
        "it socket = fd 4",
        "it bind = ok",
        "it sendto = 10",
        "it recvfrom = 4",
        "it enters setsockopt SO_BROADCAST",
        "it getsockopt = ok",
        "it ends",
        "it exits 0",
    ]);
    // It cannot tell the difference: what it prints is what it prints by itself.
    assert_eq!(printed(&events), by_itself(&folder).0);
    // The line is the program's, also where the library made the call.
    let lines = events.iter().filter_map(|event| match &event.fact {
        Fact::Enter { line: Some(line), .. } => Some(line.line),
        _ => None,
    });
    // The end of `with` is told at its line, as Python itself has it.
    let outside: Vec<_> = lines.filter(|line| !(3..=46).contains(line)).collect();
    assert!(outside.is_empty(), "{outside:?}");
}

const HARM: &str = r#"import os, socket, sys, threading
sock = socket.socket()
if os.fork() == 0:
    sock.bind(("127.0.0.1", 0))
    os.setsid()
    threading.Event().wait()
def fails():
    raise ValueError("in a thread")
threading.Thread(target=fails).start()
for _ in range(20_000):
    print("x" * 99)
os.closerange(900, 1100)
socket.socket().close()
sys.stdout.flush()
os.kill(os.getpid(), 9)
"#;

#[tokio::test]
async fn a_program_harms_nobody() {
    let folder = Folder::new("harm");
    let server = server_with(&folder, HARM);
    let room = begin(&server, "it").await;
    let place = room.view().await.unix_folder;
    go_on(&room, json!({"do": "run"})).await;
    let exits = |fact: &Fact| matches!(fact, Fact::Exit { .. });
    let events = room.until("its end", exits).await;
    let story = Story::of(&events);
    story.has(&["it socket = fd 3", "it ends", "it killed by 9"]);
    assert_eq!(story.count("it bind"), 0, "what it forked is not observed");
    let printed = printed(&events);
    assert!(printed.contains("is not observed") && printed.contains("ValueError: in a thread"));
    // The observer's own lines are in no traceback.
    assert!(!printed.contains("observer.py"), "{printed:.2000}");
    assert!(printed.contains("more bytes"), "it is said that there was more");
    assert!(printed.len() < 2 * OUTPUT_BYTES + 4096, "{}", printed.len());
    // What it forked has gone with it, though it had a session of its own.
    assert_eq!(processes_that_name(&place), 0);
    // Begun anew, it is observed again.
    go_on(&room, json!({"do": "reset"})).await;
    let from = events.last().map_or(1, |event| event.seq + 1);
    room.until_from(from, "its first call", |fact| matches!(fact, Fact::Ready(_))).await;
}

const ESCAPE: &str = r#"import os, signal, time
if os.fork() == 0:
    os.setsid()
    os.kill(os.getppid(), 0)
    watcher = int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])
    os.kill(watcher, signal.SIGKILL)
    time.sleep(1_000)
time.sleep(1_000)
"#;

/// A program whose child outlives it, since the one who watches over both is killed, ends all the same.
#[tokio::test]
async fn nothing_gets_away() {
    let folder = Folder::new("escape");
    let server = server_with(&folder, ESCAPE);
    let room = begin(&server, "it").await;
    let place = room.view().await.unix_folder;
    go_on(&room, json!({"do": "run"})).await;
    room.until("its end", |fact| matches!(fact, Fact::Exit { .. })).await;
    assert_eq!(processes_that_name(&place), 0);
    let (status, _) = server.client().delete(&room.path("")).await;
    assert_eq!(status, 204);
}

const CAUGHT: &str = r#"import socket, traceback

def call(sock):
    sock.connect(("127.0.0.1", 1))

try:
    call(socket.socket())
except OSError:
    print(traceback.format_exc())
try:
    socket.socket().connect(("no.such.name.invalid", 1))
except socket.gaierror as error:
    print(type(error))
listener = socket.create_server(("127.0.0.1", 0))
again = listener.dup()
near = socket.create_connection(listener.getsockname())
far, _ = again.accept()
far.send(b"x")
print(near.recv(1))
"#;

/// An error that a program catches and writes down has no lines of the observer's, and sockets that did not come from
/// `socket` make calls that return.
#[tokio::test]
async fn what_is_caught_and_what_is_copied() {
    let folder = Folder::new("caught");
    let server = server_with(&folder, CAUGHT);
    let events = run(&server, "it", 0).await;
    let there = format!("{}/", folder.0.join("it").display());
    assert_eq!(printed(&events), by_itself(&folder).0.replace(&there, ""));
    Story::of(&events).has(&[
        "it connect = ECONNREFUSED",
        "it connect = gaierror",
        "it connect = ok",
        "it accept = fd 6",
        "it send = 1",
        "it recv = 1 \"x\"",
        "it exits 0",
    ]);
}

#[tokio::test]
async fn an_unhandled_error_looks_as_in_any_terminal() {
    let folder = Folder::new("traceback");
    let code =
        "import socket\n\ndef call():\n    socket.socket().connect((\"127.0.0.1\", 1))\n\ncall()\n";
    let server = server_with(&folder, code);
    let events = run(&server, "it", 0).await;
    Story::of(&events).has(&["it connect = ECONNREFUSED", "it exits 1"]);
    let there = format!("{}/", folder.0.join("it").display());
    let plain = by_itself(&folder).1.replace(&there, "");
    assert_eq!(printed(&events), plain);
}

#[tokio::test]
async fn lessons_without_a_wire_run_on_this_machine() {
    let free = std::net::TcpListener::bind("127.0.0.1:9000");
    free.expect("lessons use port 9000: end what has it on this machine");
    let server = TestServer::start_with("127.0.0.1:0", |config| {
        config.ladder = Ladder::climb(Choice::Host);
    });
    let (_, lessons) = server.client().get("/api/lessons").await;
    let (mut ran, mut refused) = (Vec::new(), 0);
    for lesson in lessons.as_array().into_iter().flatten() {
        let id = lesson["lesson"].as_str().expect("a name");
        match lesson["obstacle"].as_str() {
            // It says what to do.
            Some(why) => {
                assert!(why.contains("--network"), "{why}");
                refused += 1;
            }
            None => {
                let events = run(&server, id, 0).await;
                assert!(!events.iter().any(|event| matches!(event.fact, Fact::Disorder { .. })));
                assert!(events.iter().any(|event| is_over(&event.fact)));
                ran.push(id);
            }
        }
    }
    assert_eq!(ran.len() + refused, 16);
    for id in
        ["socket-families", "tcp-first-connection", "stream-boundaries", "datagram-boundaries"]
    {
        assert!(ran.contains(&id), "{ran:?}");
    }
}

/// Threads whose sockets have numbers that others have just given up.
const REUSED: &str = r#"import socket, threading

listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()

def serve():
    for _ in range(60):
        connection, _ = listener.accept()
        connection.recv(9)
        connection.close()

def ask():
    for _ in range(60):
        with socket.create_connection(address) as connection:
            connection.sendall(b"hello")

threads = [threading.Thread(target=it) for it in (serve, serve, ask, ask)]
for it in threads: it.start()
for it in threads: it.join()
"#;

#[tokio::test]
async fn numbers_that_are_used_again_are_the_new_sockets() {
    let folder = Folder::new("reused");
    let server = server_with(&folder, REUSED);
    let events = run(&server, "it", 0).await;
    let story = Story::of(&events);
    story.has(&["it ends", "it exits 0"]);
    // What was received is checked against what arrived, of each socket.
    assert_eq!(story.count("it recv = 5"), 120);
    let closed = events.iter().find_map(|event| match &event.fact {
        Fact::Program { change: Change::Ended(fds), .. } => Some(fds.clone()),
        _ => None,
    });
    assert_eq!(closed, Some(vec![Fd(3)]), "the listener alone was still open");
}

/// Programs that never pause, whatever comes of it.
const FLOOD: &str = r#"import socket, time

sock = socket.socket(type=socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 0))
sock.setblocking(False)
end = time.monotonic() + 300
while time.monotonic() < end:
    for _ in range(10_000):
        try:
            sock.recv(1)
        except BlockingIOError:
            pass
    print("still here")
"#;

#[tokio::test]
async fn programs_that_never_pause_keep_nobody_from_ending_them() {
    let folder = Folder::new("flood");
    let plan: String = ["a", "b", "c", "d"]
        .map(|name| format!("[[program]]\nname = \"{name}\"\nfile = \"it.py\"\n"))
        .concat();
    let server =
        server_with_plan(&folder, &PLAN.replace("[[program]]\nfile = \"it.py\"\n", &plan), FLOOD);
    let room = begin(&server, "it").await;
    go_on(&room, json!({"do": "run"})).await;
    let prints = |fact: &Fact| matches!(fact, Fact::Output { .. });
    room.until("it prints", prints).await;
    let (status, _) = server.client().delete(&room.path("")).await;
    assert_eq!(status, 204);
}
