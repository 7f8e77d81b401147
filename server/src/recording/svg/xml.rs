//! XML as text: elements, attributes and texts, whatever characters are in them.

use std::fmt::Write;

/// An attribute's name and value.
pub(super) type Attribute<'a> = (&'a str, &'a str);

/// A document that grows.
#[derive(Default)]
pub(super) struct Xml(String);

impl Xml {
    /// An element without anything in it.
    pub(super) fn empty(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.0.push_str("/>");
    }

    /// An element with what `inside` puts there.
    pub(super) fn element(
        &mut self,
        name: &str,
        attributes: &[Attribute<'_>],
        inside: impl FnOnce(&mut Self),
    ) {
        self.start(name, attributes);
        self.0.push('>');
        inside(self);
        self.end(name);
    }

    /// An element with a text.
    pub(super) fn text(&mut self, name: &str, attributes: &[Attribute<'_>], text: &str) {
        self.element(name, attributes, |xml| xml.escape(text));
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn start(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "<{name}");
        for (name, value) in attributes {
            let _ = write!(self.0, " {name}=\"");
            self.escape(value);
            self.0.push('"');
        }
    }

    fn end(&mut self, name: &str) {
        let _ = writeln!(self.0, "</{name}>");
    }

    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                // Not in XML in any form (XML 1.0, section 2.2).
                c if (c.is_control() && !"\n\r\t".contains(c))
                    || "\u{fffe}\u{ffff}".contains(c) =>
                {
                    self.0.push('\u{fffd}');
                }
                c => self.0.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        let mut xml = Xml::default();
        xml.text("text", &[("class", "\"><script>")], "</text>&\u{0}\u{ffff}");
        let expected =
            "<text class=\"&quot;&gt;&lt;script&gt;\">&lt;/text&gt;&amp;\u{fffd}\u{fffd}</text>\n";
        assert_eq!(xml.finish(), expected);
    }
}
