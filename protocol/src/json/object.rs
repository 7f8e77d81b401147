//! An object written straight into a text that is kept as bytes, for what is written often: a journal's events. The names of
//! its fields are ours, and need no escaping.

use serde::Serialize;

/// An object that is being written, field by field.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    #[inline]
    pub(crate) fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    #[inline]
    pub(crate) fn end(&mut self) {
        self.out.push(b'}');
    }

    /// Adds whatever serde can write.
    pub(crate) fn field(
        &mut self,
        name: &'static str,
        value: &impl Serialize,
    ) -> serde_json::Result<()> {
        self.name(name);
        serde_json::to_writer(&mut *self.out, value)
    }

    /// The same, where there is something.
    pub(crate) fn optional(
        &mut self,
        name: &'static str,
        value: Option<&impl Serialize>,
    ) -> serde_json::Result<()> {
        value.map_or(Ok(()), |value| self.field(name, value))
    }

    #[inline]
    pub(crate) fn number(&mut self, name: &'static str, number: impl itoa::Integer) {
        self.name(name);
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Adds one of our own words, which needs no escaping either.
    #[inline]
    pub(crate) fn word(&mut self, name: &'static str, word: &'static str) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(word.as_bytes());
        self.out.push(b'"');
    }

    #[inline]
    pub(crate) fn text(&mut self, name: &'static str, text: &str) {
        self.name(name);
        quote(self.out, text);
    }

    #[inline]
    pub(crate) fn optional_text(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Adds an object, whose fields `write` adds.
    pub(crate) fn object(
        &mut self,
        name: &'static str,
        write: impl FnOnce(&mut Object<'_>) -> serde_json::Result<()>,
    ) -> serde_json::Result<()> {
        self.name(name);
        let mut object = Object::begin(self.out);
        write(&mut object)?;
        object.end();
        Ok(())
    }

    /// Always inline: a name whose length is known is copied without a call.
    #[inline(always)]
    fn name(&mut self, name: &'static str) {
        self.out.extend_from_slice(if self.empty { b"\"" } else { b",\"" });
        self.empty = false;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }
}

/// Most texts have nothing to escape, and to see that takes a moment.
fn quote(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, text).is_err() {
        // A text can always be written.
        out.extend_from_slice(b"null");
    }
}
