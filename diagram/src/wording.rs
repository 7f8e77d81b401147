//! The one catalogue of all texts of the page, by part of the page. Knows no facts: whoever shows a text fills it.
//!
//! A language is a static of type [`Wording`]; a text that a language lacks is an error of the compiler's. The page has none
//! of them inside and fetches the one that it speaks, as a file of lines. What lessons say comes with them, in both languages.

mod en;
mod en_fields;
mod en_lab;
mod en_lesson;
mod en_page;
mod en_trouble;
mod errno;
mod fields;
mod lab;
mod language;
mod lesson;
mod page;
mod recorded;
#[cfg(test)]
mod tests;
mod texts;
mod trouble;
mod zh;
mod zh_errno;
mod zh_fields;
mod zh_lab;
mod zh_lesson;
mod zh_page;
mod zh_trouble;

use socketscope_protocol::Bilingual;

pub use en::EN;
pub use errno::Errnos;
pub use fields::Fields;
pub use lab::Lab;
pub use language::{Language, Piece, first_sentence, paragraphs, plain};
pub use lesson::Lesson;
pub use page::{Choice, Frame, Inspect, Page, PerCall};
pub use recorded::Recorded;
use texts::{Texts, texts};
pub use trouble::{Trouble, Troubles};
pub use zh::ZH;

texts! {
    /// Every text of the page in one language. Texts with `{name}` in them go through [`fill`].
    pub struct Wording {
        /// Which language it is.
        pub language: Language,
        /// Labels in the diagram: short.
        pub diagram: Diagram,
        /// The rows of the diagram as sentences, for screen readers.
        pub sentence: Sentence,
        /// The page's frame.
        pub frame: Frame,
        /// Packets, the wire, and what the kernel says. The last that a first diagram needs: see [`Wording::files`].
        pub lab: Lab,
        /// Everything around the diagram.
        pub page: Page,
        /// What each of the kernel's errors means, a sentence each.
        pub errno: Errnos,
        /// The names of header fields.
        pub fields: Fields,
        /// What is said of a selected event.
        pub inspect: Inspect,
        /// Lessons.
        pub lesson: Lesson,
        /// What goes wrong.
        pub troubles: Troubles,
    }
}

impl Wording {
    /// Reads a language from the first of its files, or from both, one behind the other. What is missing is empty.
    pub fn read(file: &'static str) -> Box<Self> {
        let mut wording = Box::new(Self::EMPTY);
        wording.fill(&mut file.lines());
        wording
    }

    /// All texts, each on a line, as two files: what a room's first diagram needs, and the rest.
    pub fn files(&self) -> [String; 2] {
        let Self { language, diagram, sentence, frame, lab, .. } = self;
        let [mut first, mut all] = [const { String::new() }; 2];
        let mut add = |text| first.extend([text, "\n"]);
        language.each(&mut add);
        diagram.each(&mut add);
        sentence.each(&mut add);
        frame.each(&mut add);
        lab.each(&mut add);
        self.each(&mut |text| all.extend([text, "\n"]));
        let rest = all.split_off(first.len());
        [first, rest]
    }

    /// A text of a lesson's in this language.
    pub fn of<'a>(&self, text: &'a Bilingual) -> &'a str {
        self.language.of(text)
    }
}

texts! {
    /// Labels in the diagram.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Diagram {
        pub app: &'static str,
        pub kernel: &'static str,
        pub this_machine: &'static str,
        pub outside: &'static str,
        /// The lifeline of a peer that has no name of its own.
        pub unnamed_peer: &'static str,
        pub other_peers: &'static str,
        pub started: &'static str,
        pub ended: &'static str,
        /// `{missed}`.
        pub gap: &'static str,
        /// `{bytes}`.
        pub bytes: &'static str,
        pub one_byte: &'static str,
        pub peer_closed: &'static str,
        pub truncated: &'static str,
        /// `{time}`.
        pub waiting: &'static str,
        /// `{time}`.
        pub took: &'static str,
        /// A call whose return lies in a gap.
        pub unknown_end: &'static str,
        /// What lessons say in rows. `{program}` `{code}` `{signal}` `{round}` `{text}` `{number}` where the English one has them.
        pub row_question: &'static str,
        pub row_answer: &'static str,
        pub row_exit_code: &'static str,
        pub row_exit_signal: &'static str,
        pub row_round: &'static str,
    }
}

texts! {
    /// Rows as sentences. `{program}` `{call}` `{result}` `{time}` `{fd}` where the English one has them.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Sentence {
        pub started: &'static str,
        pub ended: &'static str,
        pub gap: &'static str,
        pub waiting: &'static str,
        pub entered: &'static str,
        pub entered_end_unknown: &'static str,
        pub returned: &'static str,
        pub failed: &'static str,
        pub returned_no_enter: &'static str,
        pub failed_no_enter: &'static str,
        pub from_outside: &'static str,
        pub to_outside: &'static str,
        /// The text of a link: `{range}` of the bytes of a send that a recv read.
        pub link_bytes: &'static str,
        pub link_datagram: &'static str,
        pub link_connection: &'static str,
    }
}

/// `template` with each `{name}` replaced by its value. What has no value stays; values are never looked into.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let value = after.split_once('}').and_then(|(name, after)| {
            values.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value, after))
        });
        rest = match value {
            Some((value, after)) => {
                text.push_str(value);
                after
            }
            None => {
                text.push('{');
                after
            }
        };
    }
    text.push_str(rest);
    text
}
