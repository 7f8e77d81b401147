//! What goes wrong, as sentences with names: refusals, what stands in the way of the lab and of lessons, and the lines that
//! the server adds to what a program prints. The English ones are the server's own; it hands out their names beside them.

use socketscope_protocol::{Problem, Said};

use super::{en_trouble, fill, texts::texts};

texts! {
    /// The sentences.
    pub struct Troubles {
        /// Each with its name before it. What a refusal's code is in a few words is called "title/CODE"; a line that stands
        /// among what a program prints is its own name, since by nothing else it is told apart.
        pub sentences: [(&'static str, &'static str); 113],
    }
}

impl Troubles {
    /// What is said in English with these words, in this language; the English where it has no sentence for it.
    pub fn say(&self, english: &str, said: Option<&Said>) -> String {
        let here = said.and_then(|said| {
            let values = said.values.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            Some(fill(self.named("", &said.name)?, &values.collect::<Vec<_>>()))
        });
        here.unwrap_or_else(|| english.to_owned())
    }

    /// A problem's title and its sentence.
    pub fn problem(&self, problem: &Problem) -> [String; 2] {
        let title = self.named("title/", &problem.code).unwrap_or(&problem.title);
        [title.to_owned(), self.say(&problem.detail, problem.said.as_deref())]
    }

    /// A line among what a program prints: in this language where the server has added it, otherwise as it is.
    pub fn line(&self, line: String) -> String {
        let mut lines = self.sentences.iter().filter(|(name, _)| name.contains(' '));
        let here = lines.find_map(|(name, text)| Some(fill(text, &unfill(name, &line)?)));
        here.unwrap_or(line)
    }

    fn named(&self, kind: &str, wanted: &str) -> Option<&'static str> {
        let is_it = |name: &str| name.strip_prefix(kind) == Some(wanted);
        self.sentences.iter().find(|(name, _)| is_it(name)).map(|(_, text)| *text)
    }
}

/// The other way round than [`fill`]: what stands in the open places of `template`, where `line` is made of it.
fn unfill<'a>(template: &'static str, line: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let (before, mut template) = template.split_once('{').unwrap_or((template, ""));
    let (mut line, mut values) = (line.strip_prefix(before)?, Vec::new());
    while let Some((name, after)) = template.split_once('}') {
        let (next, rest) = after.split_once('{').unwrap_or((after, ""));
        let end = if rest.is_empty() { line.strip_suffix(next)?.len() } else { line.find(next)? };
        values.push((name, &line[..end]));
        (line, template) = (&line[end + next.len()..], rest);
    }
    line.is_empty().then_some(values)
}

/// One of the sentences, as the server says it. Asked for in a constant, a name that is none does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The name.
    pub name: &'static str,
    /// The sentence in English, with open places.
    pub english: &'static str,
}

impl Trouble {
    /// The sentence called `name`.
    ///
    /// # Panics
    /// Where there is none.
    pub const fn named(name: &str) -> Self {
        let Troubles { sentences } = en_trouble::TROUBLES;
        let mut at = 0;
        while at < sentences.len() {
            let (known, english) = sentences[at];
            if same(known.as_bytes(), name.as_bytes()) {
                return Self { name: known, english };
            }
            at += 1;
        }
        panic!("no sentence of this name")
    }
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
