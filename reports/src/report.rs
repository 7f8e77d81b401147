//! One report, and its form as words.

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The program begins; `a` is its process.
    Started,
    /// A call waits for its permission.
    Ready,
    /// A call is about to be made.
    Enter,
    /// It has returned.
    Return,
    /// It has failed: `a` is the errno, or 0 for an exception of Python's own, with its name and text.
    Failed,
    /// The program ends; `text` has its sockets' descriptors.
    Ending,
    /// The program waits at a line that makes no call (`a` is 1), or goes on (0).
    At,
}

const KINDS: [Kind; 7] =
    [Kind::Started, Kind::Ready, Kind::Enter, Kind::Return, Kind::Failed, Kind::Ending, Kind::At];

impl Kind {
    /// The kind with this number.
    pub fn of(number: u8) -> Option<Self> {
        KINDS.get(usize::from(number)).copied()
    }
}

/// Bytes of each text at most.
pub const TEXT: usize = 1024;

/// Words before the texts.
pub(crate) const HEAD: usize = 7;

/// A report. Its call is a number on the way, and what the server knows by that number afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a, C = u8> {
    /// What it is about.
    pub kind: Kind,
    /// Which call: on the way its place among `CallName::ALL`.
    pub call: C,
    /// Tells a program's calls apart.
    pub ticket: u32,
    /// The descriptor.
    pub fd: i32,
    /// Which of the lesson's files, in the order of their names, and the line in it; 0 where there is none.
    pub file: u16,
    /// See `file`.
    pub line: u32,
    /// When, nanoseconds since 1970.
    pub at: u64,
    /// When, by [`turn`](crate::turn).
    pub turn: u64,
    /// A number, whose meaning depends on the call.
    pub a: i64,
    /// Another.
    pub b: i64,
    /// A text, such as an address.
    pub text: &'a [u8],
    /// The first bytes of what is sent, or was received.
    pub shown: &'a [u8],
}

impl<C> Report<'_, C> {
    /// The text, with what is no UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }
}

/// The part of a report that has always the same size.
pub(crate) struct Head {
    words: [u64; HEAD],
}

impl Head {
    pub(crate) fn new(words: [u64; HEAD]) -> Self {
        Self { words }
    }

    /// The lengths of the two texts; none where they are too long to be any.
    pub(crate) fn lengths(&self) -> Option<(usize, usize)> {
        let (text, shown) = (self.words[6] as u16, (self.words[6] >> 16) as u16);
        let (text, shown) = (usize::from(text), usize::from(shown));
        (text <= TEXT && shown <= TEXT).then_some((text, shown))
    }

    pub(crate) fn turn(&self) -> u64 {
        self.words[1]
    }

    /// The report with these texts; none of a kind that is not known.
    pub(crate) fn report<'a>(&self, text: &'a [u8], shown: &'a [u8]) -> Option<Report<'a>> {
        let [at, turn, calls, place, a, b, _] = self.words;
        Some(Report {
            kind: Kind::of(place as u8)?,
            call: (place >> 8) as u8,
            file: (place >> 16) as u16,
            line: (place >> 32) as u32,
            ticket: calls as u32,
            fd: (calls >> 32) as i32,
            at,
            turn,
            a: a as i64,
            b: b as i64,
            text,
            shown,
        })
    }
}

impl<'a> Report<'a> {
    /// The same with the call that its number stands for.
    pub fn of<C>(self, call: C) -> Report<'a, C> {
        let Self { kind, ticket, fd, file, line, at, turn, a, b, text, shown, .. } = self;
        Report { kind, call, ticket, fd, file, line, at, turn, a, b, text, shown }
    }

    /// The same with texts that are not too long.
    pub(crate) fn shortened(self) -> Self {
        let short = |text: &'a [u8]| &text[..text.len().min(TEXT)];
        Self { text: short(self.text), shown: short(self.shown), ..self }
    }

    pub(crate) fn head(&self) -> [u64; HEAD] {
        let calls = u64::from(self.ticket) | u64::from(self.fd as u32) << 32;
        let place = u64::from(self.kind as u8)
            | u64::from(self.call) << 8
            | u64::from(self.file) << 16
            | u64::from(self.line) << 32;
        let lengths = self.text.len() as u64 | (self.shown.len() as u64) << 16;
        [self.at, self.turn, calls, place, self.a as u64, self.b as u64, lengths]
    }
}
