//! A lesson as a class sees it: from the lobby, step by step to its end, in both languages.

use serde_json::json;
use socketscope_protocol::{CallName, Fact, LessonFact, Mode, ProgramName, ReadyCall, SourceLine};
use socketscope_server::{Choice, Ladder};
use socketscope_tests::{Browser, Room, Screen, TestServer};

use super::{begin, is_over};

const FIRST: &str = "tcp-first-connection";

/// What a lesson's journal says of what is to be done.
#[derive(Debug, Default)]
struct Standing {
    /// Calls that wait to be let go.
    ready: Vec<ReadyCall>,
    /// A question that nobody has told the answer to.
    asks: bool,
    over: bool,
    /// The calls that were entered, in order, by their events' numbers.
    entered: Vec<(u64, ProgramName, CallName, SourceLine)>,
    questions: usize,
    /// The next event.
    next: u64,
}

async fn standing(room: &Room) -> Standing {
    let mut it = Standing::default();
    for event in room.events().await {
        it.next = event.seq + 1;
        match event.fact {
            Fact::Ready(call) => it.ready.push(*call),
            Fact::Enter { program, call, line: Some(line), .. } => {
                let is_it = |ready: &ReadyCall| ready.program == program && ready.line == line;
                if let Some(at) = it.ready.iter().position(is_it) {
                    it.ready.remove(at);
                }
                it.entered.push((event.seq, program, call.name(), line));
            }
            Fact::Lesson(fact) => match *fact {
                LessonFact::Question { .. } => (it.asks, it.questions) = (true, it.questions + 1),
                LessonFact::Reveal { .. } => it.asks = false,
                LessonFact::Mode { mode, .. } => it.over = mode == Mode::Over,
                _ => {}
            },
            _ => {}
        }
    }
    it
}

/// Waits until a line of a program's source is lit so.
async fn lit(browser: &Browser, program: &str, line: u32, how: &str) {
    let css =
        format!(".pane[data-program=\"{program}\"] .ln[data-line=\"{line}\"][data-lit={how}]");
    browser.wait_for(css.as_str()).await;
}

/// Waits until the call that was entered in an event is drawn, and told in the page's language; the diagram follows its end.
async fn drawn(browser: &Browser, seq: u64, program: &str, call: CallName, chinese: bool) {
    let (calls, of) = if chinese { (" 调用 ", "：") } else { (" calls ", ": ") };
    let call = call.as_str();
    let (enters, returns) = (format!("{program}{calls}{call}("), format!("{program}{of}{call}("));
    let condition = format!(
        "(n => n && (n.startsWith({enters:?}) || n.startsWith({returns:?})))(
            document.querySelector('svg [role=option][data-seq=\"{seq}\"]')?.getAttribute('aria-label'))"
    );
    browser.until(&condition).await;
}

/// Compares a line whose call waits with one whose call is ready. Never in its colour alone does one differ from the other.
async fn waiting_looks_different(browser: &Browser) {
    let mut looks = Vec::new();
    for how in ["waiting", "ready"] {
        let line = format!(".ln[data-lit={how}]");
        browser.wait_for(line.as_str()).await;
        let look = "const line = document.querySelector(arguments[0]);
            return [getComputedStyle(line).background, line.querySelector('.how').textContent]";
        looks.push(browser.script(look, json!([line])).await);
    }
    assert!(looks[0][0] != looks[1][0] && looks[0][1] != looks[1][1], "{looks:?}");
}

/// Whoever answers again after loading the page again is still one.
async fn answers_once(browser: &Browser) {
    browser.reload().await;
    browser.click(".lesson .choice[data-choice=\"2\"]").await;
    let counts = "[...document.querySelectorAll('.lesson .choice .number-of')].map(it => it.textContent).join()";
    browser.until(&format!("{counts}.startsWith('0,1')")).await;
    browser.click(".lesson .choice[data-choice=\"1\"]").await;
    browser.until(&format!("{counts}.startsWith('1,0')")).await;
}

#[tokio::test]
async fn the_first_connection_step_by_step() {
    let server = TestServer::start();
    let browser = Browser::start_on(Screen { width: 1440, height: 2400, dark: false }).await;
    browser.goto(&server.url(&format!("/#key={}", TestServer::KEY))).await;
    let lesson = format!(".lesson-link[data-lesson={FIRST}]");
    browser.click(lesson.as_str()).await;
    browser.until("location.pathname.startsWith('/rooms/')").await;
    let id = browser.script("return location.pathname.split('/').pop()", json!([])).await;
    let room = server.client().known_room(id.as_str().expect("an id"));

    let (mut steps, mut chinese) = (0, false);
    let drawn_now =
        "return [...document.querySelectorAll('svg [role=option]')].map(e => e.dataset.seq)";
    let questions = loop {
        let now = standing(&room).await;
        if now.over {
            break now.questions;
        }
        if now.asks {
            browser.click(".lesson .choice[data-choice=\"1\"]").await;
            browser.wait_for(".lesson .choice[data-choice=\"1\"][aria-pressed=true]").await;
            if now.questions == 1 {
                answers_once(&browser).await;
            }
            browser.click(".lesson [data-do=reveal]").await;
            browser.wait_for(".lesson .choice.right").await;
            room.until_from(now.next, "the answer", |fact| {
                matches!(fact, Fact::Lesson(it) if matches!(**it, LessonFact::Reveal { .. }))
            })
            .await;
            continue;
        }
        if now.ready.is_empty() {
            room.until_from(now.next, "something to do", |_| true).await;
            continue;
        }
        for call in &now.ready {
            lit(&browser, call.program.as_str(), call.line.line, "ready").await;
        }
        browser.click(".lesson [data-do=step]:not([disabled])").await;
        // Where the call is what a question is about, the question comes first.
        room.until_from(now.next, "a call, or a question", |fact| {
            matches!(fact, Fact::Enter { .. }) || matches!(fact, Fact::Lesson(_))
        })
        .await;
        let then = standing(&room).await;
        for (seq, program, call, line) in &then.entered[now.entered.len()..] {
            steps += 1;
            let ready = format!(
                ".pane[data-program=\"{program}\"] .ln[data-line=\"{}\"][data-lit=ready]",
                line.line
            );
            browser.wait_gone(ready.as_str()).await;
            drawn(&browser, *seq, program.as_str(), *call, chinese).await;
            if *call == CallName::Accept {
                // Nobody has connected yet, and the client has come to its first call.
                lit(&browser, program.as_str(), line.line, "waiting").await;
                waiting_looks_different(&browser).await;
            }
            if *call == CallName::Connect {
                for packet in ["SYN seq 0", "SYN, ACK seq 0 ack 1"] {
                    browser.until(&format!(
                        "[...document.querySelectorAll('.packet > title')].some(e => e.textContent.startsWith({packet:?}))"
                    )).await;
                }
            }
        }
        if steps >= 8 && !chinese {
            chinese = true;
            let before = browser.script(drawn_now, json!([])).await;
            browser.click((".languages button", "中文")).await;
            browser.until("document.documentElement.lang.startsWith('zh')").await;
            browser
                .until("document.querySelector('.lesson [data-do=reset]').innerText !== 'Reset'")
                .await;
            // Nothing of what was drawn is gone; more may have come.
            let now = browser.script(drawn_now, json!([])).await;
            let (before, now) =
                (before.as_array().expect("numbers"), now.as_array().expect("numbers"));
            assert!(
                before.len() > steps && before.iter().all(|it| now.contains(it)),
                "{before:?}, {now:?}"
            );
        }
    };
    assert!(chinese && steps >= 12, "{steps} steps");
    assert_eq!(questions, 3);
    let errors = browser.console_errors().await;
    assert!(errors.is_empty(), "{errors:?}");
    browser.wait_for(".lesson [data-do=reset].primary").await;
}

/// On a small laptop's screen, too.
#[tokio::test]
async fn a_question_and_its_answer_come_into_view() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    let browser = Browser::start_on(Screen { width: 1366, height: 768, dark: false }).await;
    browser.goto(&server.url(&format!("/rooms/{}#key={}", room.id, TestServer::KEY))).await;
    while !standing(&room).await.asks {
        room.post("/lesson", &json!({"do": "step"})).await;
    }
    let seen = |css: &str| {
        format!(
            "[...document.querySelectorAll({css:?})].some(it => {{
                const [own, side] = [it, it.closest('.side')].map(e => e.getBoundingClientRect());
                return own.height > 0 && own.top >= side.top && own.bottom <= side.bottom;
            }})"
        )
    };
    browser.until(&seen(".choices li:last-child")).await;
    browser.until(&seen(".question [data-do=reveal]")).await;
    // Before the answer is told no call can go, and the buttons say so.
    for button in [".lesson [data-do=step]", ".pane [data-do=step]"] {
        browser
            .until(&format!(
                "(step => step.disabled && step.title.includes('answer'))(document.querySelector({button:?}))"
            ))
            .await;
    }
    browser.click(".question [data-do=reveal]").await;
    browser.until(&seen(".answer")).await;
    browser.wait_for(".lesson [data-do=step]:not([disabled])").await;
}

#[tokio::test]
async fn an_event_lights_its_line_and_a_line_its_events() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    super::go_on(&room, json!({"do": "run"})).await;
    let events = room.until("the lesson is over", is_over).await;
    let listen = events.iter().find_map(|event| match &event.fact {
        Fact::Enter { call, line: Some(line), .. } if call.name() == CallName::Listen => {
            Some((event.seq, line.line))
        }
        _ => None,
    });
    let (seq, line) = listen.expect("listen was called");
    let browser = Browser::start_on(Screen { width: 1440, height: 2400, dark: false }).await;
    browser.goto(&server.url(&format!("/rooms/{}#key={}", room.id, TestServer::KEY))).await;
    browser.wait_for(format!("[data-seq=\"{seq}\"]").as_str()).await;
    browser.click_drawn(&format!("[data-seq='{seq}']")).await;
    browser
        .wait_for(format!(".pane[data-program=server] .ln.chosen[data-line=\"{line}\"]").as_str())
        .await;

    // The other way round, by keyboard.
    let accept = events.iter().find_map(|event| match &event.fact {
        Fact::Enter { call, line: Some(line), .. } if call.name() == CallName::Accept => {
            Some(line.line)
        }
        _ => None,
    });
    let accept = accept.expect("accept was called");
    browser.script(&format!("document.querySelector('.pane[data-program=server] .ln[data-line=\"{accept}\"]').focus()"), json!([])).await;
    browser.press("\u{e007}").await;
    browser.until("document.querySelector('#inspector').innerText.includes('accept(3)')").await;
    browser.until("document.querySelectorAll('.line.selected, .line.related').length > 0").await;
}

#[tokio::test]
async fn in_chinese_no_english_is_left() {
    let server = TestServer::start();
    let room = begin(&server, FIRST).await;
    super::go_on(&room, json!({"do": "run"})).await;
    room.until("the lesson is over", is_over).await;
    let browser = Browser::start().await;
    browser.goto(&server.url(&format!("/#key={}", TestServer::KEY))).await;
    browser.click((".languages button", "中文")).await;
    // What may stay as it is: code and names of the system's, names of programs, hosts and files, numbers and units.
    let english = "const own = /^(Socketscope|EN|English|[A-Z_]{2,}|[a-z_.-]+\\(.*|[\\w.-]+\\.(py|sock)|[\\d.,:%µ×\\s]*(ms|s|µs|ns|B|KB|bytes)?)$/;
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (walk.nextNode()) {
            const node = walk.currentNode, text = node.textContent.trim(), parent = node.parentElement;
            if (!/[A-Za-z]{3,} [A-Za-z]{2,} [A-Za-z]{2,}/.test(text)) continue;
            if (/[\\u4e00-\\u9fff]/.test(text) || parent.closest('code, pre, .listing, .console, svg, .bytes, script, style')) continue;
            if (!own.test(text)) found.push(text);
        }
        return found;";
    for page in ["/".to_owned(), format!("/rooms/{}", room.id)] {
        browser.goto(&server.url(&page)).await;
        browser.until("document.documentElement.lang.startsWith('zh')").await;
        browser
            .wait_for(if page == "/" {
                ".lesson-link"
            } else {
                ".lesson .over, .lesson [data-do=reset].primary"
            })
            .await;
        let told = if page == "/" {
            browser.wait_for(".rooms:not(.lessons) a").await;
            browser.fill(".create input", "\u{202e}name").await;
            browser.click(".create button").await;
            ["不能使用这个名称", "名称中不能有控制字符。"]
        } else {
            browser.until("/[\\u4e00-\\u9fff]/.test(document.querySelector('h1').innerText)").await;
            browser.click(("button", "其他…")).await;
            browser.fill(".form input[placeholder=选填]", "server").await;
            browser.click(".form .primary").await;
            ["名称已被占用", "这个房间里已有名为“server”的程序在运行。"]
        };
        browser.wait_for("[role=alert]").await;
        let alert = browser.texts("[role=alert]").await.concat();
        assert!(told.iter().all(|told| alert.contains(told)), "{alert}");
        let found = browser.script(english, json!([])).await;
        assert_eq!(found, json!([]), "{page}");
    }
}

/// What stands in the way of the lab, and of the lessons in it, is told in the page's language.
#[tokio::test]
async fn a_missing_lab_is_told_in_chinese() {
    let server =
        TestServer::start_with("127.0.0.1:0", |it| it.ladder = Ladder::climb(Choice::Host));
    let browser = Browser::start().await;
    browser.goto(&server.url(&format!("/#key={}", TestServer::KEY))).await;
    browser.wait_for(".obstacle").await;
    browser.click((".languages button", "中文")).await;
    let why = "服务器是以 --network host 启动的";
    let told = |css: &str| {
        format!("[...document.querySelectorAll({css:?})].some(e => e.innerText.includes({why:?}))")
    };
    browser.until(&told(".obstacle")).await;
    browser.until(&told(".create ~ .quiet")).await;
    // Scripts read English, and beside it which sentence that is.
    let (status, problem) = server.client().post("/api/rooms", &json!({"network": "lab"})).await;
    let name = &problem["said"]["name"];
    assert_eq!((status, name), (503, &json!("obstacle/by-choice")), "{problem}");
}
