//! The languages against each other: what one text says and leaves open, the other does as well.

use std::collections::BTreeSet;

use socketscope_protocol::{Problem, Said};

use super::*;

#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod stray;

/// What both languages write alike: the brand, words of code, flags and protocols.
const ALIKE: [&str; 9] =
    ["Socketscope", "fd", "backlog", "SYN", "SYN/ACK", "FIN", "RST", "+ UDP", "+ Unix"];

/// A text of the catalogue.
struct Text {
    /// The field that it is, or is in.
    field: String,
    text: String,
    /// The first of a pair: a value of the protocol, which nobody reads.
    is_code: bool,
}

/// All texts of a language. `Debug` writes each on a line of its own, so that no text can be added and forgotten here.
fn texts(wording: &impl std::fmt::Debug) -> Vec<Text> {
    let (mut field, mut before) = (String::new(), "");
    let mut texts = Vec::new();
    for line in format!("{wording:#?}").lines().map(str::trim) {
        let named = line.split_once(": ").filter(|(name, _)| !name.contains('"'));
        if let Some((name, _)) = named {
            name.clone_into(&mut field);
        }
        let value = named.map_or(line, |(_, value)| value);
        let literal = value.strip_prefix('"').and_then(|value| value.strip_suffix("\","));
        if let Some(text) = literal {
            let is_code = before == "(";
            texts.push(Text { field: field.clone(), text: text.to_owned(), is_code });
        }
        before = if line == "(" { "(" } else { "" };
    }
    texts
}

/// Each English text with the Chinese one.
fn pairs() -> Vec<(Text, Text)> {
    let (mut en, mut zh) = (texts(&EN), texts(&ZH));
    assert!(en.len() > 400, "only {} texts were found", en.len());
    en.extend(texts(Recorded::of(Language::En)));
    zh.extend(texts(Recorded::of(Language::Zh)));
    assert_eq!(en.len(), zh.len());
    en.into_iter().zip(zh).collect()
}

/// What stands between braces, and the text without it.
fn placeholders(text: &str) -> (BTreeSet<&str>, String) {
    let (mut names, mut rest) = (BTreeSet::new(), String::new());
    for part in text.split('{') {
        match part.split_once('}') {
            Some((name, after)) => {
                names.insert(name);
                rest.push_str(after);
            }
            None => rest.push_str(part),
        }
    }
    (names, rest)
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

#[test]
fn translations_have_the_same_placeholders() {
    for (en, zh) in pairs() {
        assert_eq!(en.field, zh.field);
        assert_eq!(placeholders(&en.text).0, placeholders(&zh.text).0, "{}: {}", zh.field, zh.text);
    }
}

#[test]
fn everything_is_translated() {
    let pairs = pairs();
    for (en, zh) in &pairs {
        let differs = en.text != zh.text;
        let has_words = placeholders(&en.text).1.contains(char::is_alphabetic);
        let right = match en.is_code {
            true => !differs,
            false => differs || !has_words || ALIKE.contains(&&*en.text),
        };
        assert!(right, "{}: {:?} and {:?}", zh.field, en.text, zh.text);
    }
    for text in ALIKE {
        let used = pairs.iter().any(|(en, zh)| en.text == text && zh.text == text);
        assert!(used, "{text:?} need not be allowed any more");
    }
}

#[test]
fn chinese_is_set_as_chinese() {
    for (_, Text { field, text, .. }) in pairs() {
        assert_eq!(text, text.trim(), "{field}");
        // What a rule does is a word of this language, too.
        let text = text.replace("{fate}", ZH.lab.lose);
        for (one, next) in text.chars().zip(text.chars().skip(1)) {
            let ascii = is_han(one) && ",.;:!?()\"".contains(next);
            assert!(!ascii, "{field}: {text}: half-width {next}");
            let latin = |c: char| c.is_ascii_alphanumeric() || "{}`".contains(c);
            let joined = is_han(one) && latin(next) || latin(one) && is_han(next);
            assert!(!joined, "{field}: {text}: no space between {one} and {next}");
            let wide = |c: char| "，。：；（）、“”".contains(c);
            let apart = wide(one) && next == ' ' || one == ' ' && wide(next);
            assert!(!apart, "{field}: {text}: a space beside full-width punctuation");
        }
    }
}

#[test]
fn a_language_is_the_same_after_its_way_through_a_file() {
    for language in [&EN, &ZH] {
        let [first, rest] = language.files();
        let file: &'static str = format!("{first}{rest}").leak();
        assert_eq!(format!("{:#?}", Wording::read(file)), format!("{language:#?}"));
        // What comes first stands by itself.
        let early = Wording::read(first.leak());
        assert_eq!(format!("{:#?}", early.lab), format!("{:#?}", language.lab));
        assert!(early.lesson.ready.is_empty() && !rest.is_empty());
    }
}

#[test]
fn what_goes_wrong_is_said_in_the_page_s_language() {
    let said = |name: &str| {
        let values = vec![("host".into(), "{host}".into())];
        Some(Box::new(Said { name: name.into(), values }))
    };
    let problem = |code: &str, name: &str| {
        let (title, detail) = ("Title".into(), "Detail.".into());
        let problem = Problem { code: code.into(), status: 409, title, detail, said: said(name) };
        ZH.troubles.problem(&problem)
    };
    let told = "这个房间里已有名为“{host}”的主机。请换一个名称，或者不填。";
    assert_eq!(problem("name-taken", "name-taken/host"), ["名称已被占用", told]);
    // A newer server's.
    assert_eq!(problem("new", "new/thing"), ["Title", "Detail."]);
    assert_eq!(ZH.troubles.say("Detail.", None), "Detail.");
}

#[test]
fn a_sentence_has_one_name() {
    let sentences = &EN.troubles.sentences;
    let names: BTreeSet<_> = sentences.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), sentences.len());
}

#[test]
fn lines_of_the_server_s_are_told_apart_from_a_program_s() {
    let line = |line: &str| ZH.troubles.line(line.to_owned());
    let cut = "(… 12 more bytes: 65536 are kept of what a program prints)";
    assert_eq!(line(cut), "（……还有 12 字节：程序的输出只保留 65536 字节）");
    let error = "This program could not be started: No such file (os error 2).";
    assert_eq!(line(error), "无法启动这个程序：No such file (os error 2)。");
    let forked = "(a process that the program has forked is not observed)";
    assert_eq!(line(forked), "（程序 fork 出的进程不在观察之列）");
    for own in ["", "hello", "full/rooms", "(… more bytes", "{why}", &cut[1..], &format!("{cut}.")]
    {
        assert_eq!(line(own), own);
    }
}

#[test]
fn values_are_not_templates() {
    let text = fill("{a} and {b}{c}", &[("a", "{b}"), ("b", "x")]);
    assert_eq!(text, "{b} and x{c}");
}

#[test]
fn an_open_brace_stays() {
    assert_eq!(fill("{a} {", &[("a", "1")]), "1 {");
}

#[test]
fn errors_are_explained_by_name() {
    assert!(EN.errno.get("ECONNREFUSED").is_some_and(|text| text.contains("listen")));
    assert!(ZH.errno.get("ECONNREFUSED").is_some_and(|text| text.contains("监听")));
    assert_eq!(EN.errno.get("EWHATEVER"), None);
}

/// The limit that both languages state is the one there is.
#[test]
fn the_limit_of_hosts_is_told() {
    let limit = socketscope_protocol::limits::HOSTS.to_string();
    assert!([&EN, &ZH].iter().all(|wording| wording.lab.add_host_why.contains(&limit)));
}
