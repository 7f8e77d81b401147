//! The page's languages, and how texts that come in both of them are written: paragraphs, and `code` in backticks.

use socketscope_protocol::Bilingual;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Language {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// What HTML calls it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-Hans",
        }
    }

    /// What it calls itself: the same in every language.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "EN",
            Self::Zh => "中文",
        }
    }

    /// The language for a tag such as "zh-CN": Chinese for every kind of it, otherwise English.
    pub fn for_tag(tag: &str) -> Self {
        if tag.starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// The text in this language; in the other one where it lacks.
    pub fn of(self, text: &Bilingual) -> &str {
        match self {
            Self::Zh if !text.zh.is_empty() => &text.zh,
            Self::En if text.en.is_empty() => &text.zh,
            _ => &text.en,
        }
    }
}

/// A piece of a text that is written in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Whether it is code.
    pub code: bool,
    /// What it says.
    pub text: String,
}

/// A text's paragraphs, each in pieces.
pub fn paragraphs(text: &str) -> Vec<Vec<Piece>> {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(pieces).collect()
}

/// A text's pieces: every other one between backticks is code. A line's end is a space.
fn pieces(text: &str) -> Vec<Piece> {
    let pieces = text.split('`').enumerate().filter(|(_, piece)| !piece.is_empty());
    let piece = |(at, text): (usize, &str)| Piece { code: at % 2 == 1, text: unbroken(text) };
    pieces.map(piece).collect()
}

/// A text where no code can be told apart: in one line, without the backticks.
pub fn plain(text: &str) -> String {
    unbroken(&text.replace('`', ""))
}

/// The first sentence of a text, as `plain`.
pub fn first_sentence(text: &str) -> String {
    let first = text.trim().split("\n\n").next().unwrap_or_default();
    let ends = [". ", ".\n", "? ", "?\n", "。", "？"];
    let end = ends.iter().filter_map(|end| Some(first.find(end)? + end.trim_end().len())).min();
    plain(&first[..end.unwrap_or(first.len())])
}

/// Lines are broken for whoever writes the text. Between Chinese characters a break is nothing, elsewhere it is a space.
fn unbroken(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split('\n');
    out.push_str(lines.next().unwrap_or_default());
    for line in lines {
        let wide = |c: Option<char>| c.is_some_and(|c| c >= '\u{2e80}');
        if !(wide(out.chars().next_back()) && wide(line.chars().next())) {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stands_between_backticks() {
        let piece = |code, text: &str| Piece { code, text: text.into() };
        let told = paragraphs("`accept` waits\nfor a client.\n\nThen it returns.");
        assert_eq!(told[0], [piece(true, "accept"), piece(false, " waits for a client.")]);
        assert_eq!(told[1], [piece(false, "Then it returns.")]);
    }

    #[test]
    fn a_first_sentence_ends_where_it_does() {
        assert_eq!(first_sentence("See `10.0.0.1`. Then more."), "See 10.0.0.1.");
        assert_eq!(first_sentence("先看\n`accept`。再看。"), "先看 accept。");
        assert_eq!(first_sentence("No end"), "No end");
    }

    #[test]
    fn chinese_lines_join_without_a_space() {
        assert_eq!(plain("一行，\n又一行"), "一行，又一行");
    }

    #[test]
    fn a_missing_text_is_shown_in_the_other_language() {
        let text = Bilingual { en: "one".into(), zh: String::new() };
        assert_eq!((Language::Zh.of(&text), Language::En.of(&text)), ("one", "one"));
        assert_eq!(Language::for_tag("zh-TW"), Language::Zh);
    }
}
