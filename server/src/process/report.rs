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
}

const KINDS: [Kind; 6] =
    [Kind::Started, Kind::Ready, Kind::Enter, Kind::Return, Kind::Failed, Kind::Ending];

/// The longest report: what goes before the texts, and both at their longest.
pub(super) const LONGEST: usize = HEAD + 2 * 1024;

/// Bytes before the texts.
const HEAD: usize = 46;

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
    /// Reads a report; none where it is not one.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let kind = *KINDS.get(usize::from(u8::from_ne_bytes(take(&mut rest)?)))?;
        let program = u16::from_ne_bytes(take(&mut rest)?);
        let ticket = u32::from_ne_bytes(take(&mut rest)?);
        let call = *CallName::ALL.get(usize::from(u8::from_ne_bytes(take(&mut rest)?)))?;
        let fd = i32::from_ne_bytes(take(&mut rest)?);
        let file = u16::from_ne_bytes(take(&mut rest)?);
        let line = u32::from_ne_bytes(take(&mut rest)?);
        let at = u64::from_ne_bytes(take(&mut rest)?);
        let a = i64::from_ne_bytes(take(&mut rest)?);
        let b = i64::from_ne_bytes(take(&mut rest)?);
        let text = usize::from(u16::from_ne_bytes(take(&mut rest)?));
        let shown = usize::from(u16::from_ne_bytes(take(&mut rest)?));
        let (text, rest) = rest.split_at_checked(text)?;
        (rest.len() == shown).then_some(Self {
            kind,
            program,
            ticket,
            call,
            fd,
            file,
            line,
            at,
            a,
            b,
            text,
            shown: rest,
        })
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
        let bytes = packed(2, 5, "héllo".as_bytes(), b"\xff");
        let report = Report::read(&bytes).expect("a report");
        assert_eq!((report.kind, report.call), (Kind::Enter, CallName::Send));
        assert_eq!((report.program, report.ticket, report.fd), (7, 8, -1));
        assert_eq!((report.file, report.line, report.at), (1, 12, 99));
        assert_eq!((report.a, report.b, report.text().as_str()), (-5, 6, "héllo"));
        assert_eq!(report.shown, b"\xff");
    }

    proptest! {
        #[test]
        fn nothing_is_too_strange_to_be_refused(bytes: Vec<u8>, kind: u8, call: u8, cut in 0usize..60) {
            let _ = Report::read(&bytes);
            let whole = packed(kind, call, b"text", b"shown");
            let _ = Report::read(&whole[..cut.min(whole.len())]);
            let known = usize::from(kind) < KINDS.len() && usize::from(call) < CallName::ALL.len();
            prop_assert_eq!(Report::read(&whole).is_some(), known);
        }
    }
}
