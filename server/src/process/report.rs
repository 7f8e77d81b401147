//! One report of the observer's, from bytes. Whatever they are, nothing else suffers: what is no report is none.

use socketscope_protocol::CallName;

/// What a report is about; observer.py has the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Started,
    Ready,
    Enter,
    Return,
    Failed,
    Ending,
    At,
}

const KINDS: [Kind; 7] =
    [Kind::Started, Kind::Ready, Kind::Enter, Kind::Return, Kind::Failed, Kind::Ending, Kind::At];

/// Bytes before the texts, and of each text at most.
const HEAD: usize = 46;
const TEXT: usize = 1024;

/// What stands first among bytes that were read, and what follows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum First<'a> {
    Report(Report<'a>, &'a [u8]),
    /// A report of a kind or a call that is not known.
    Unknown(&'a [u8]),
    /// The beginning of a report, or nothing.
    Part,
    /// No report can begin so.
    Nonsense,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report<'a> {
    pub(super) kind: Kind,
    /// Which program of the room's.
    pub(super) program: u16,
    /// Tells a program's calls apart.
    pub(super) ticket: u32,
    pub(super) call: CallName,
    pub(super) fd: i32,
    /// Which of the lesson's files, in the order of their names, and the line in it; 0 where there is none.
    pub(super) file: u16,
    pub(super) line: u32,
    /// Nanoseconds since 1970.
    pub(super) at: u64,
    pub(super) a: i64,
    pub(super) b: i64,
    pub(super) text: &'a [u8],
    pub(super) shown: &'a [u8],
}

impl<'a> Report<'a> {
    /// Reads the first report.
    pub(super) fn first(bytes: &'a [u8]) -> First<'a> {
        let mut rest = bytes;
        let Some(head) = take::<HEAD>(&mut rest) else { return First::Part };
        let mut fields = &head[..];
        let read = || {
            let kind = u8::from_ne_bytes(take(&mut fields)?);
            let program = u16::from_ne_bytes(take(&mut fields)?);
            let ticket = u32::from_ne_bytes(take(&mut fields)?);
            let call = u8::from_ne_bytes(take(&mut fields)?);
            let fd = i32::from_ne_bytes(take(&mut fields)?);
            let file = u16::from_ne_bytes(take(&mut fields)?);
            let line = u32::from_ne_bytes(take(&mut fields)?);
            let at = u64::from_ne_bytes(take(&mut fields)?);
            let a = i64::from_ne_bytes(take(&mut fields)?);
            let b = i64::from_ne_bytes(take(&mut fields)?);
            let text = usize::from(u16::from_ne_bytes(take(&mut fields)?));
            let shown = usize::from(u16::from_ne_bytes(take(&mut fields)?));
            Some((kind, call, [text, shown], (program, ticket, fd, file, line, at, a, b)))
        };
        let Some((kind, call, [text, shown], others)) = { read }() else { return First::Nonsense };
        if text > TEXT || shown > TEXT {
            return First::Nonsense;
        }
        let Some((texts, rest)) = rest.split_at_checked(text + shown) else { return First::Part };
        let (kind, call) = (KINDS.get(usize::from(kind)), CallName::ALL.get(usize::from(call)));
        let (Some(kind), Some(call)) = (kind, call) else { return First::Unknown(rest) };
        let (program, ticket, fd, file, line, at, a, b) = others;
        let (kind, call, (text, shown)) = (*kind, *call, texts.split_at(text));
        let report = Self { kind, program, ticket, call, fd, file, line, at, a, b, text, shown };
        First::Report(report, rest)
    }

    /// The text, with what is no UTF-8 replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Python's `struct.pack("=BHIBiHIQqqHH", …)` puts it.
    fn packed(kind: u8, call: u8, text: &[u8], shown: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend(7u16.to_ne_bytes());
        bytes.extend(8u32.to_ne_bytes());
        bytes.push(call);
        bytes.extend((-1i32).to_ne_bytes());
        bytes.extend(1u16.to_ne_bytes());
        bytes.extend(12u32.to_ne_bytes());
        bytes.extend(99u64.to_ne_bytes());
        bytes.extend((-5i64).to_ne_bytes());
        bytes.extend(6i64.to_ne_bytes());
        bytes.extend((text.len() as u16).to_ne_bytes());
        bytes.extend((shown.len() as u16).to_ne_bytes());
        assert_eq!(bytes.len(), HEAD);
        bytes.extend(text);
        bytes.extend(shown);
        bytes
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let mut bytes = packed(2, 5, "héllo".as_bytes(), b"\xff");
        bytes.extend(b"next");
        let First::Report(report, rest) = Report::first(&bytes) else { panic!("a report") };
        assert_eq!((report.kind, report.call), (Kind::Enter, CallName::Send));
        assert_eq!((report.program, report.ticket, report.fd), (7, 8, -1));
        assert_eq!((report.file, report.line, report.at), (1, 12, 99));
        assert_eq!((report.a, report.b, report.text().as_str()), (-5, 6, "héllo"));
        assert_eq!((report.shown, rest), (&b"\xff"[..], &b"next"[..]));
    }

    proptest! {
        #[test]
        fn nothing_is_too_strange_to_be_refused(bytes: Vec<u8>, kind: u8, call: u8, cut in 0usize..60) {
            let _ = Report::first(&bytes);
            let whole = packed(kind, call, b"text", b"shown");
            if cut < whole.len() {
                prop_assert_eq!(Report::first(&whole[..cut]), First::Part);
            }
            let known = usize::from(kind) < KINDS.len() && usize::from(call) < CallName::ALL.len();
            match Report::first(&whole) {
                First::Report(_, rest) => prop_assert!(known && rest.is_empty()),
                First::Unknown(rest) => prop_assert!(!known && rest.is_empty()),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
