//! Texts that fit: measured in a monospace font, cut with "…". Knows no facts.

use super::{Anchor, Label};

/// The cells that a character takes in a monospace font: East Asian ones take two.
pub(super) fn cells(c: char) -> usize {
    match c {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f000}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// How many cells `text` takes.
pub fn text_cells(text: &str) -> usize {
    text.chars().map(cells).sum()
}

/// `text` in at most `room` cells, its end replaced by "…" where it is longer.
pub fn cut(text: &str, room: usize) -> String {
    if text_cells(text) <= room {
        return text.to_owned();
    }
    if room == 0 {
        return String::new();
    }
    let mut left = room - 1;
    let kept = |c: &char| {
        let width = cells(*c);
        let fits = width <= left;
        left = left.saturating_sub(width);
        if !fits {
            left = 0;
        }
        fits
    };
    let mut out: String = text.chars().take_while(kept).collect();
    out.push('…');
    out
}

/// A `call` and its result in at most `room` cells. Where they are longer, the arguments are cut first, down to nothing: the
/// result is the news.
pub(super) fn cut_call(call: &str, result: &str, room: usize) -> String {
    let (name, arguments) = call.split_once('(').unwrap_or((call, ""));
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    if text_cells(call) + text_cells(result) <= room || arguments.is_empty() {
        return cut(&format!("{call}{result}"), room);
    }
    let left = room.saturating_sub(text_cells(name) + 2 + text_cells(result));
    cut(&format!("{name}({}){result}", cut(arguments, left.max(1))), room)
}

/// `text` in at most `room` cells; where it is longer, its middle is replaced by "…": names and addresses differ at their ends.
pub fn cut_middle(text: &str, room: usize) -> String {
    if text_cells(text) <= room {
        return text.to_owned();
    }
    let end = room.saturating_sub(1) / 2;
    let mut left = end;
    let kept = |c: &char| {
        let fits = cells(*c) <= left;
        left = if fits { left - cells(*c) } else { 0 };
        fits
    };
    let tail: String = text.chars().rev().take_while(kept).collect();
    let mut out = cut(text, room.saturating_sub(text_cells(&tail)));
    out.extend(tail.chars().rev());
    out
}

impl Label {
    /// `text`, which has been cut already, at a place.
    pub(super) fn new(text: String, x: f64, y: f64, anchor: Anchor, character: f64) -> Self {
        let width = text_cells(&text) as f64 * character;
        Self { x, y, anchor, text, width }
    }

    /// Its left and right edge.
    pub fn span(&self) -> (f64, f64) {
        let left = match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - self.width / 2.0,
            Anchor::End => self.x - self.width,
        };
        (left, left + self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_wide_characters_twice() {
        assert_eq!(cut("你好世界", 8), "你好世界");
        assert_eq!(cut("你好世界", 7), "你好世…");
        assert_eq!(cut("你好世界", 6), "你好…");
        assert_eq!(cut("abc", 2), "a…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn the_result_stays_whole() {
        assert_eq!(cut_call("connect(3, 127.0.0.1:9000)", " = 0", 20), "connect(3, 127…) = 0");
        assert_eq!(cut_call("f(x)", " = 1", 20), "f(x) = 1");
        assert_eq!(
            cut_call("recv(3, 1024)", " = \"hello\" 5 bytes", 26),
            "recv(3…) = \"hello\" 5 bytes"
        );
        assert_eq!(cut_call("connect(3)", " ECONNREFUSED", 20), "connect(3) ECONNREF…");
    }

    #[test]
    fn both_ends_of_a_name_stay() {
        assert_eq!(cut_middle("tcp-server-2", 10), "tcp-s…er-2");
        assert_eq!(cut_middle("127.0.0.1:50000", 11), "127.0…50000");
        assert_eq!(cut_middle("客户端程序", 7), "客户…序");
        assert_eq!([cut_middle("abc", 3), cut_middle("abc", 0)], ["abc", ""]);
    }
}
