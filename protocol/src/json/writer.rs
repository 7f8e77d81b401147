//! From fields to a text.

use std::fmt::Display;

/// An object that is being written, field by field.
#[derive(Debug, Default)]
pub struct Writer(String);

impl Writer {
    /// Adds a text, where there is one.
    pub fn text<'a>(mut self, name: &str, text: impl Into<Option<&'a str>>) -> Self {
        if let Some(text) = text.into() {
            self.name(name);
            quote(&mut self.0, text);
        }
        self
    }

    /// Adds a number, `true` or `false`, where there is one.
    pub fn plain(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.written(name, &value.to_string()),
            None => self,
        }
    }

    /// Adds a list of texts.
    pub fn texts(mut self, name: &str, texts: &[String]) -> Self {
        self.name(name);
        for (at, text) in texts.iter().enumerate() {
            self.0.push(if at == 0 { '[' } else { ',' });
            quote(&mut self.0, text);
        }
        self.0.push_str(if texts.is_empty() { "[]" } else { "]" });
        self
    }

    /// Adds a list of objects.
    pub fn objects(self, name: &str, objects: impl Iterator<Item = Self>) -> Self {
        let objects: Vec<_> = objects.map(Self::end).collect();
        self.written(name, &format!("[{}]", objects.join(",")))
    }

    /// Adds an object.
    pub fn object(self, name: &str, object: Self) -> Self {
        self.written(name, &object.end())
    }

    /// The object as a text.
    pub fn end(self) -> String {
        match self.0.is_empty() {
            true => "{}".to_owned(),
            false => self.0 + "}",
        }
    }

    fn written(mut self, name: &str, json: &str) -> Self {
        self.name(name);
        self.0.push_str(json);
        self
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        quote(&mut self.0, name);
        self.0.push(':');
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // Only control characters must not stand for themselves: two hexadecimal digits reach.
            '\0'..' ' => {
                let digit = |of: u32| char::from_digit(of, 16).unwrap_or_default();
                let code = u32::from(c);
                out.push_str("\\u00");
                out.extend([digit(code / 16), digit(code % 16)]);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_reads_what_is_written() {
        let text = "\"\\\n\0\u{1f}é水😀";
        let inner = Writer::default().text("x", None).texts("none", &[]);
        let written = Writer::default()
            .text("text", text)
            .plain("number", Some(-7))
            .plain("big", Some(u64::MAX))
            .plain("nothing", None::<bool>)
            .object("inner", inner)
            .object("empty", Writer::default())
            .texts("list", &["a".into(), text.into()])
            .end();
        let expected = serde_json::json!({
            "text": text, "number": -7, "big": u64::MAX,
            "inner": { "none": [] }, "empty": {}, "list": ["a", text],
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).expect(&written), expected);
    }
}
