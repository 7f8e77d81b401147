//! Texts in the page's sources that are not in the catalogue, and so would stay English in every language.
//!
//! The sources are read as text: a literal counts by the call whose argument it is, however deep in lists, blocks,
//! conditions and closures. What reaches a call by a variable is found where it reads like a title or a sentence.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{EN, is_han, placeholders};

/// The calls that show a text, and which of their arguments they show.
const SHOWING: [(&str, &[usize]); 11] = [
    ("child", &[0]),
    ("live_text", &[0]),
    ("set_text_content", &[0]),
    ("set_title", &[0]),
    ("button", &[1]),
    ("command", &[1, 2]),
    ("submit", &[0]),
    ("labelled", &[1]),
    ("text_field", &[1]),
    ("tick", &[0]),
    ("popover", &[2, 3]),
];

/// The attributes that are read or heard: set by a call, or in a pair.
const ATTRIBUTES: [&str; 4] = ["title", "aria-label", "placeholder", "alt"];

/// What hands a text on as it is. Brackets without a name do so too: tuples, lists, blocks.
const HANDING_ON: [&str; 12] = [
    "",
    "Some",
    "format!",
    "vec!",
    "from",
    "then",
    "then_some",
    "map",
    "map_or",
    "map_or_else",
    "unwrap_or",
    "unwrap_or_else",
];

/// What speaks to programmers.
const INTERNAL: [&str; 5] = ["expect", "unreachable!", "panic!", "assert!", "debug_assert!"];

/// A bracket that is open where the reader is.
struct Bracket<'a> {
    /// The word before it: what is called.
    name: &'a str,
    /// Which argument the reader is in.
    argument: usize,
    /// The literal that is its first argument.
    first: &'a str,
}

/// Texts that belong in the catalogue, each with its line.
fn strays(source: &str) -> Vec<(usize, &str)> {
    // Tests stand last, and show nothing.
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut open: Vec<Bracket<'_>> = Vec::new();
    let (mut at, mut name) = (0, "");
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let mut length = first.len_utf8().max(word);
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let raw = ["r", "br"].contains(&name);
        match first {
            '/' if rest.starts_with("//") => length = rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => {
                length = rest.find("*/").map_or(rest.len(), |end| end + 2)
            }
            '\'' => length = character(rest),
            '"' | '#' if first == '"' || raw && rest[hashes..].starts_with('"') => {
                let text = string(&rest[hashes + 1..], raw.then_some(hashes));
                length = text.len() + 2 * (hashes + 1);
                let after = rest.get(length..).unwrap_or_default().trim_start();
                // What something is compared with is not shown.
                let compared = source[..at].ends_with("= ") && !source[..at].ends_with(" = ")
                    || after.starts_with("=>");
                if !compared && belongs(text, &open) {
                    found.push((source[..at].matches('\n').count() + 1, text));
                }
                if let Some(bracket) = open.last_mut().filter(|bracket| bracket.argument == 0) {
                    bracket.first = text;
                }
            }
            '(' | '[' | '{' => open.push(Bracket { name, argument: 0, first: "" }),
            ')' | ']' | '}' => drop(open.pop()),
            ',' => {
                if let Some(bracket) = open.last_mut() {
                    bracket.argument += 1;
                }
            }
            _ => {}
        }
        name = match first {
            _ if word > 0 => &rest[..word],
            '!' if !name.is_empty() => &source[at - name.len()..=at],
            _ => "",
        };
        at = (at + length).min(source.len());
    }
    found
}

/// How long a character is, with its quotes; or the sign of a lifetime.
fn character(rest: &str) -> usize {
    let mut inside = rest[1..].chars();
    match (inside.next(), inside.next()) {
        (Some('\\'), Some(escaped)) => {
            let before = 2 + escaped.len_utf8();
            before + rest[before..].find('\'').map_or(0, |end| end + 1)
        }
        (Some(one), Some('\'')) => 2 + one.len_utf8(),
        _ => 1,
    }
}

/// What stands before the closing quote, which for a raw string has `hashes` behind it.
fn string(rest: &str, hashes: Option<usize>) -> &str {
    let mut escaped = false;
    let end = match hashes {
        Some(hashes) => rest.find(&format!("\"{}", "#".repeat(hashes))),
        None => rest.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        }),
    };
    &rest[..end.unwrap_or(rest.len())]
}

/// Whether `text`, within the brackets `open`, is one that a visitor gets to see.
fn belongs(text: &str, open: &[Bracket<'_>]) -> bool {
    let said = placeholders(text).1;
    if said.contains(is_han) {
        return true;
    }
    let letters: Vec<_> = said.chars().collect();
    let words = letters.windows(2).any(|two| two.iter().all(|c| c.is_alphabetic()));
    let capital = said.starts_with(char::is_uppercase);
    let shown = words && (capital || said.contains(' ')) && is_shown(open);
    // "Follow live" is a title wherever it stands; "M 0" is none, and what programmers read is not meant.
    let lower = letters.get(1).is_some_and(|c| c.is_lowercase());
    let internal = open.iter().any(|bracket| INTERNAL.contains(&bracket.name));
    shown || capital && lower && said.trim().contains(' ') && !internal
}

fn is_shown(open: &[Bracket<'_>]) -> bool {
    for bracket in open.iter().rev() {
        if bracket.argument > 0 && ATTRIBUTES.contains(&bracket.first) {
            return true;
        }
        if !HANDING_ON.contains(&bracket.name) {
            let is = |(name, shown): &(&str, &[usize])| {
                *name == bracket.name && shown.contains(&bracket.argument)
            };
            return SHOWING.iter().any(is);
        }
    }
    false
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_page_has_no_texts_of_its_own() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/src"), &mut files);
    assert!(files.len() > 20, "the page's sources are not where they were");
    files.sort();
    let mut told = String::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        for (line, text) in strays(&source) {
            told.push_str(&format!("{}:{line}: {text:?}\n", file.display()));
        }
    }
    assert!(told.is_empty(), "these texts belong in diagram/src/wording:\n{told}");
}

/// Names that the server asks for and that are none do not compile; here the other way round.
#[test]
fn every_sentence_of_what_goes_wrong_is_said_somewhere() {
    let mut files = Vec::new();
    for folder in ["../frontend/src", "../server/src"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    files.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../observer/src/observer.py"));
    let said: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    for (name, _) in EN.troubles.sentences {
        // The observer's stands there in its own way.
        let plain = name.trim_start_matches("title/").trim_start_matches("obstacle/");
        let is_said = [format!("\"{name}\""), format!("\"{plain}\""), format!("b\"{plain}\\n\"")];
        assert!(is_said.iter().any(|text| said.contains(text)), "nobody says {name:?}");
    }
}

#[test]
fn strays_are_found() {
    let shown = [
        r#"el("p").class("quiet big").child("two words")"#,
        r#"el("p").child(["·", if a { "Yes" } else { "-" }])"#,
        r#"el("p").live_text(move || match a { b => format!("{n} of them"), _ => c })"#,
        r##"el("p").child(r#"a "raw" one"#)"##,
        r#"button("btn small", "Go", move || go("a b"))"#,
        r#"el("img").attr("alt", "Picture")"#,
        r#"el("p").live("title", move || a.unwrap_or("Why"))"#,
        r#"append(&g, "rect", &[("class", "a b"), ("aria-label", "Deliver")])"#,
        r#"el("p").child(a.then(|| if b == "Key" { "Yes" } else { c }))"#,
        r#"let label = "Follow live";"#,
        r#"let label = "跟随";"#,
    ];
    for source in shown {
        assert_eq!(strays(source).len(), 1, "{source}: {:?}", strays(source));
    }
    let other = r#"
        // el("p").child("A comment")
        el("p").attr("id", "some id").class("a b").child(w.text).child(["'", " · ", "{a}: {b}"]);
        let (quote, lifetime): (char, &'static str) = ('"', w.get("Key"));
        el("p").on("keydown", |event| event.key() == "Enter").child(el("a").attr("href", "to b"));
        el("p").child(match a { "Enter" => b, _ => c });
        unreachable!("This cannot be");
        #[cfg(test)]
        mod tests { fn a() { el("p").child("A test") } }
    "#;
    let other = other.replace("        ", "");
    assert!(strays(&other).is_empty(), "{:?}", strays(&other));
    assert_eq!(strays("\n\nel(a)\n.child(\n\"On line 5\")")[0].0, 5);
}
