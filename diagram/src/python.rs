//! Python's source in colours: which part of each line is a word of the language, a string, a number, a comment. Knows no
//! grammar: what it cannot tell stays plain.

/// What a part of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Names, operators, space.
    Plain,
    /// A word that belongs to the language.
    Keyword,
    /// A string, its quotes and prefix included.
    String,
    /// A number.
    Number,
    /// A comment.
    Comment,
}

const KEYWORDS: [&str; 30] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
    "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "not", "or", "pass", "raise", "return", "try", "while", "with",
];

const CONSTANTS: [&str; 4] = ["False", "None", "True", "yield"];

/// The parts of each line. Together they are the source, without the lines' ends.
pub fn coloured(source: &str) -> Vec<Vec<(Part, &str)>> {
    let mut open = None;
    source.lines().map(|line| line_parts(line, &mut open)).collect()
}

/// `open`: the quotes of a string that goes on over lines.
fn line_parts<'a>(line: &'a str, open: &mut Option<&'static str>) -> Vec<(Part, &'a str)> {
    let (mut parts, mut rest) = (Vec::new(), line);
    let mut push = |part: Part, text: &'a str| match parts.last_mut() {
        _ if text.is_empty() => {}
        // Parts of one kind are one part: they were taken from one place of the line.
        Some((Part::Plain, last)) if part == Part::Plain => {
            let start = last as &str;
            let at = start.as_ptr() as usize - line.as_ptr() as usize;
            *last = &line[at..at + start.len() + text.len()];
        }
        _ => parts.push((part, text)),
    };
    while !rest.is_empty() {
        let (part, length) = match open.take() {
            Some(quotes) => (Part::String, string_end(rest, 0, quotes, open)),
            None => next(rest, open),
        };
        let (text, after) = rest.split_at(length);
        push(part, text);
        rest = after;
    }
    parts
}

/// What `rest` begins with, and how many bytes that are.
fn next(rest: &str, open: &mut Option<&'static str>) -> (Part, usize) {
    let first = rest.chars().next().unwrap_or(' ');
    let while_is = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
    if first == '#' {
        return (Part::Comment, rest.len());
    }
    if first == '_' || first.is_alphabetic() {
        let length = while_is(|c| c == '_' || c.is_alphanumeric());
        let word = &rest[..length];
        // "b", "rb", "f": the string's prefix.
        if length <= 2 && rest[length..].starts_with(['"', '\'']) {
            return (Part::String, string(rest, length, open));
        }
        let known = KEYWORDS.contains(&word) || CONSTANTS.contains(&word);
        return (if known { Part::Keyword } else { Part::Plain }, length);
    }
    if first.is_ascii_digit() {
        return (Part::Number, while_is(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_'));
    }
    if first == '"' || first == '\'' {
        return (Part::String, string(rest, 0, open));
    }
    (Part::Plain, first.len_utf8())
}

/// Where the string ends whose quotes are at `at`.
fn string(rest: &str, at: usize, open: &mut Option<&'static str>) -> usize {
    let known = ["\"\"\"", "'''", "\"", "'"];
    let quotes = known.into_iter().find(|quotes| rest[at..].starts_with(quotes)).unwrap_or("'");
    string_end(rest, at + quotes.len(), quotes, open)
}

/// Where the string ends that goes on at `from`. One in three quotes goes on in the next line.
fn string_end(
    rest: &str,
    from: usize,
    quotes: &'static str,
    open: &mut Option<&'static str>,
) -> usize {
    let mut escaped = false;
    for (at, c) in rest[from..].char_indices() {
        let at = from + at;
        if !escaped && rest[at..].starts_with(quotes) {
            return at + quotes.len();
        }
        escaped = c == '\\' && !escaped;
    }
    if quotes.len() == 3 {
        *open = Some(quotes);
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Part::*, *};

    fn line(source: &str) -> Vec<(Part, &str)> {
        coloured(source).into_iter().next().unwrap_or_default()
    }

    #[test]
    fn words_strings_numbers_and_comments_are_told_apart() {
        let expected = [
            (Keyword, "while"),
            (Plain, " sock.recv("),
            (Number, "1024"),
            (Plain, ") != "),
            (String, "b\"#\\\"\""),
            (Plain, ":  "),
            (Comment, "# until \"#\""),
        ];
        assert_eq!(line("while sock.recv(1024) != b\"#\\\"\":  # until \"#\""), expected);
    }

    #[test]
    fn names_that_hold_keywords_are_names() {
        assert_eq!(line("info = notify_0xff"), [(Plain, "info = notify_0xff")]);
        assert_eq!(line("端口 = None"), [(Plain, "端口 = "), (Keyword, "None")]);
    }

    #[test]
    fn three_quotes_go_on_over_lines() {
        let told = coloured("x = '''a\nif 'b'\nc''' + y");
        assert_eq!(told[1], [(String, "if 'b'")]);
        assert_eq!(told[2], [(String, "c'''"), (Plain, " + y")]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(source in "[a-f\"'#\\\\ \n0é]{0,60}") {
            let parts: Vec<_> = coloured(&source).iter()
                .map(|line| line.iter().map(|(_, text)| *text).collect::<std::string::String>())
                .collect();
            prop_assert_eq!(parts, source.lines().collect::<Vec<_>>());
        }
    }
}
