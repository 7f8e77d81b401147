//! From a text to a value, in one pass. What has no escapes in it is borrowed.

use std::borrow::Cow;

use super::Json;

/// Values inside each other at most: the protocol has four, and a text must not exhaust the stack.
const DEPTH: usize = 32;

pub(super) fn read(text: &str) -> Option<Json<'_>> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(DEPTH)?;
    reader.next().is_none().then_some(value)
}

/// A text, and the place of the next byte.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no space between values.
    fn next(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Goes on behind `byte`, where that is next.
    fn take(&mut self, byte: u8) -> Option<()> {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next.then_some(())
    }

    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        let depth = depth.checked_sub(1)?;
        Some(match self.next()? {
            b'{' => Json::Object(self.list(b'}', |reader| {
                reader.next();
                let name = reader.string()?;
                reader.take(b':')?;
                Some((name, reader.value(depth)?))
            })?),
            b'[' => Json::List(self.list(b']', |reader| reader.value(depth))?),
            b'"' => Json::Text(self.string()?),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.word()?,
        })
    }

    /// What stands between brackets, with commas between.
    fn list<T>(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.at += 1;
        if self.take(end).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(end).is_some() {
                return Some(items);
            }
            self.take(b',')?;
        }
    }

    fn word(&mut self) -> Option<Json<'a>> {
        let words =
            [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))];
        let rest = self.text.get(self.at..)?;
        let (word, value) = words.into_iter().find(|(word, _)| rest.starts_with(word))?;
        self.at += word.len();
        Some(value)
    }

    fn number(&mut self) -> Json<'a> {
        let start = self.at;
        while let Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        Json::Number(&self.text[start..self.at])
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.take(b'"')?;
        let plain = self.plain();
        if self.byte()? == b'"' {
            self.at += 1;
            return Some(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            let byte = self.byte()?;
            self.at += 1;
            match byte {
                b'"' => return Some(Cow::Owned(text)),
                b'\\' => text.push(self.escaped()?),
                _ => return None,
            }
            text.push_str(self.plain());
        }
    }

    /// What comes before the next quote, escape or control character. All of these are ASCII, so no character is cut.
    fn plain(&mut self) -> &'a str {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn escaped(&mut self) -> Option<char> {
        let byte = self.byte()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                let code = if (0xd800..0xdc00).contains(&unit) {
                    // The first half of a character beyond 16 bits: the second follows as another escape.
                    let escape = self.text.get(self.at..self.at + 2)?;
                    self.at += 2;
                    let low = self.unit().filter(|_| escape == "\\u")?.checked_sub(0xdc00)?;
                    0x10000 + ((unit - 0xd800) << 10) + low
                } else {
                    unit
                };
                char::from_u32(code)?
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        // `from_str_radix` would take a sign.
        digits.chars().try_fold(0, |unit, digit| Some(unit * 16 + digit.to_digit(16)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_serde_reads_is_read_alike() {
        let texts = [
            r#"{"a":1,"b":[true,false,null,-7,18446744073709551615],"c":{"d":{}},"e":[]}"#,
            " [ 1 , { \"x\" : \"y\" } ] ",
            r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 水 é""#,
            "12e3",
        ];
        for text in texts {
            let expected: serde_json::Value = serde_json::from_str(text).expect(text);
            assert_eq!(as_serde(&read(text).expect(text)), expected);
        }
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        let deep = "[".repeat(100_000);
        let texts = [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{a:1}",
            "nul",
            "1 2",
            "\"\u{1}\"",
            r#""\x""#,
            r#""\u12"#,
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\ud800é""#,
            r#""\u+123""#,
            "\"open",
            &deep,
        ];
        for text in texts {
            assert_eq!(read(text), None, "{text:.20}");
        }
    }

    fn as_serde(json: &Json<'_>) -> serde_json::Value {
        match json {
            Json::Null => serde_json::Value::Null,
            Json::Bool(holds) => (*holds).into(),
            Json::Number(number) => serde_json::from_str(number).expect("a number"),
            Json::Text(text) => text.as_ref().into(),
            Json::List(items) => items.iter().map(as_serde).collect(),
            Json::Object(fields) => {
                fields.iter().map(|(name, value)| (name.as_ref(), as_serde(value))).collect()
            }
        }
    }
}
