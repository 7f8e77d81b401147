//! pcapng blocks as bytes (draft-ietf-opsawg-pcapng, sections 3 and 4). By hand: four kinds of block, written only, in this
//! machine's byte order.

/// Section Header Block.
const SECTION: u32 = 0x0A0D_0D0A;
/// Interface Description Block.
const INTERFACE: u32 = 1;
/// Name Resolution Block.
const NAMES: u32 = 4;
/// Enhanced Packet Block.
const PACKET: u32 = 6;

/// Tells the reader the byte order.
const BYTE_ORDER: u32 = 0x1A2B_3C4D;

/// Whole IP packets without anything in front (LINKTYPE_RAW).
const RAW_IP: u16 = 101;

/// Options of all blocks.
const COMMENT: u16 = 1;
/// `shb_userappl`: which application wrote the section.
const APPLICATION: u16 = 4;
/// `if_name`, `if_description`, `if_tsresol`.
const INTERFACE_NAME: u16 = 2;
const INTERFACE_DESCRIPTION: u16 = 3;
const RESOLUTION: u16 = 9;
/// `epb_packetid`.
const PACKET_ID: u16 = 5;

/// Times are multiples of 10⁻⁹ seconds.
const NANOSECONDS: u8 = 9;

/// Bytes of a text that an option carries: its length is a 16-bit number.
const TEXT_BYTES: usize = 65_000;

/// A packet as a block has it.
pub(super) struct Captured<'a> {
    /// The number of its interface, from 0 in the order of their blocks.
    pub(super) interface: u32,
    /// Nanoseconds since 1970.
    pub(super) at: u64,
    /// The bytes that were kept.
    pub(super) bytes: &'a [u8],
    /// How many there were.
    pub(super) size: u32,
    /// Its number.
    pub(super) id: u64,
    pub(super) comments: &'a [String],
}

/// The beginning of a file, whose length is not known yet.
pub(super) fn section(out: &mut Vec<u8>, application: &str, comment: &str) {
    block(out, SECTION, |out| {
        u32(out, BYTE_ORDER);
        // Version 1.0.
        u16(out, 1);
        u16(out, 0);
        out.extend_from_slice(&(-1_i64).to_ne_bytes());
        option(out, COMMENT, cut(comment).as_bytes());
        option(out, APPLICATION, application.as_bytes());
        option(out, 0, &[]);
    });
}

/// An interface that packets of at most `snap_length` bytes are kept of.
pub(super) fn interface(out: &mut Vec<u8>, name: &str, description: &str, snap_length: u32) {
    block(out, INTERFACE, |out| {
        u16(out, RAW_IP);
        u16(out, 0);
        u32(out, snap_length);
        option(out, INTERFACE_NAME, name.as_bytes());
        option(out, INTERFACE_DESCRIPTION, description.as_bytes());
        option(out, RESOLUTION, &[NANOSECONDS]);
        option(out, 0, &[]);
    });
}

/// What IPv4 addresses are called.
pub(super) fn names<'a>(out: &mut Vec<u8>, names: impl Iterator<Item = ([u8; 4], &'a str)>) {
    const IPV4: u16 = 1;
    block(out, NAMES, |out| {
        for (address, name) in names {
            // Records are laid out as options are.
            option(out, IPV4, &[&address, name.as_bytes(), &[0]].concat());
        }
        option(out, 0, &[]);
    });
}

/// A packet.
pub(super) fn packet(out: &mut Vec<u8>, packet: &Captured<'_>) {
    block(out, PACKET, |out| {
        u32(out, packet.interface);
        u32(out, (packet.at >> 32) as u32);
        u32(out, packet.at as u32);
        u32(out, packet.bytes.len() as u32);
        u32(out, packet.size);
        out.extend_from_slice(packet.bytes);
        pad(out, packet.bytes.len());
        for comment in packet.comments {
            option(out, COMMENT, cut(comment).as_bytes());
        }
        option(out, PACKET_ID, &packet.id.to_ne_bytes());
        option(out, 0, &[]);
    });
}

/// A block: its type, its length, its body, its length again.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    u32(out, kind);
    u32(out, 0);
    body(out);
    let length = (out.len() - start + 4) as u32;
    out[start + 4..start + 8].copy_from_slice(&length.to_ne_bytes());
    u32(out, length);
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    u16(out, code);
    u16(out, value.len() as u16);
    out.extend_from_slice(value);
    pad(out, value.len());
}

/// Everything is a multiple of 32 bits long.
fn pad(out: &mut Vec<u8>, length: usize) {
    out.resize(out.len() + length.next_multiple_of(4) - length, 0);
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES)]
}

fn u16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_ne_bytes());
}

fn u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_ne_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The block as its fields say: type, whole length, body.
    fn read(bytes: &[u8]) -> (u32, &[u8]) {
        let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("a word"));
        assert_eq!(word(4) as usize, bytes.len());
        assert_eq!(word(bytes.len() - 4) as usize, bytes.len());
        assert_eq!(bytes.len() % 4, 0);
        (word(0), &bytes[8..bytes.len() - 4])
    }

    #[test]
    fn a_packet_block_keeps_its_time_and_both_lengths() {
        let mut out = Vec::new();
        let at = 1_700_000_000_123_456_789;
        let comments = ["abc".to_owned()];
        let captured = Captured {
            interface: 1,
            at,
            bytes: &[1, 2, 3, 4, 5],
            size: 1500,
            id: 7,
            comments: &comments,
        };
        packet(&mut out, &captured);
        let (kind, body) = read(&out);
        assert_eq!(kind, PACKET);
        let word = |at: usize| u32::from_ne_bytes(body[at..at + 4].try_into().expect("a word"));
        assert_eq!(u64::from(word(4)) << 32 | u64::from(word(8)), at);
        assert_eq!((word(0), word(12), word(16)), (1, 5, 1500));
        assert_eq!(&body[20..28], &[1, 2, 3, 4, 5, 0, 0, 0]);
        assert_eq!(
            &body[28..36],
            [&1_u16.to_ne_bytes()[..], &3_u16.to_ne_bytes(), b"abc\0"].concat()
        );
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters() {
        let mut out = Vec::new();
        section(&mut out, "it", &"ä".repeat(40_000));
        assert!(read(&out).1.len() < 65_536);
        assert!(std::str::from_utf8(cut(&format!("a{}", "ä".repeat(40_000))).as_bytes()).is_ok());
    }
}
