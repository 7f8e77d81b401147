//! Every limit that a user can meet, in one place, each with its reason.
//!
//! The server enforces them, the page states them before one is hit, the tests try each at its edge.

/// Rooms at once. A classroom building's worth; each may keep [`JOURNAL_BYTES`].
pub const ROOMS: usize = 256;

/// Programs alive at once in a room: more lifelines than anyone can read side by side.
pub const PROGRAMS: usize = 64;

/// File descriptors open at once in a program. A demo's worth of connections, and 64 programs stay far below `ulimit -n`'s usual hard limit.
pub const FDS: usize = 256;

/// Calls that may wait at once in a program: one for each descriptor, and some more on the same ones.
pub const WAITING_CALLS: usize = 320;

/// Bytes of one `send` or `sendto`. Above the largest UDP datagram (65,507), so that EMSGSIZE can be seen.
pub const PAYLOAD_BYTES: usize = 128 * 1024;

/// Bytes that one `recv` or `recvfrom` may ask for: its buffer is allocated for the length of the call.
pub const RECV_BYTES: usize = 1024 * 1024;

/// Bytes of a payload that an event carries; the true length stands beside it. Enough to read, small enough to keep 100,000 of them.
pub const SHOWN_BYTES: usize = 1024;

/// Characters of the name of a room or a program: what fits a lifeline's head and a title.
pub const NAME_CHARS: usize = 48;

/// Bytes of an HTTP body or a WebSocket message: a payload of [`PAYLOAD_BYTES`] in base64, and room for the rest.
pub const MESSAGE_BYTES: usize = 256 * 1024;

/// Bytes of encoded events that a room keeps; the oldest go first. About 170,000 events of usual size.
pub const JOURNAL_BYTES: usize = 32 * 1024 * 1024;

/// Events that a page keeps; the oldest go first. The diagram's memory in a browser stays below about 150 MB.
pub const PAGE_EVENTS: usize = 200_000;

/// Seconds that SO_LINGER may hold a `close`: a thread waits with it.
pub const LINGER_SECONDS: i64 = 10;

/// Bytes of a Unix socket's name inside its room's folder; with the folder it must fit `sun_path` (108, unix(7)).
pub const UNIX_NAME_BYTES: usize = 40;

/// Messages in a client's script.
pub const SCRIPT_MESSAGES: usize = 100;

/// Rounds of a client's script.
pub const SCRIPT_TIMES: u32 = 1_000_000;

/// Milliseconds that a request may wait for its call to return (`wait_ms`) before it is answered 202.
pub const WAIT_MS: u64 = 60_000;

/// Viewers of the server at once. Each holds a socket of the server's.
pub const VIEWERS: usize = 10_000;

/// Hosts of a lab room: more than can be told apart on one page. Each is a namespace with a device and four descriptors.
pub const HOSTS: usize = 16;

/// Bytes of a packet that an event carries, from the IP header on: every header there can be, and a little of the payload.
pub const PACKET_BYTES: usize = 256;

/// Packets that the wire of a room holds at once: more than anyone will decide about one by one.
pub const HELD_PACKETS: usize = 1_000;

/// Packets under way at once on the wire of a room; more are lost, as in a switch whose buffer is full.
pub const PACKETS_UNDER_WAY: usize = 10_000;

/// Rules that a wire keeps.
pub const WIRE_RULES: usize = 64;

/// Milliseconds of the wire's longest delay and jitter. TCP gives up before.
pub const WIRE_DELAY_MS: f64 = 60_000.0;

/// Rows of the diagram that a recording draws (`.svg`, `.mmd`), the latest ones: a picture of some 50,000 pixels, and more
/// than any viewer of Mermaid lays out. The other recordings have everything.
pub const DRAWN_ROWS: u64 = 2_000;

/// Events that a drawn recording is made of: enough for [`DRAWN_ROWS`], while most of them have rows.
pub const DRAWN_EVENTS: usize = 20_000;

/// Bytes that a lesson's program may print in a run; the rest is counted. More than anyone reads beside a diagram.
pub const OUTPUT_BYTES: usize = 64 * 1024;

/// Programs of one lesson: each is a process of about 10 MB, and a lifeline.
pub const LESSON_PROGRAMS: usize = 12;

/// Bytes of one file of a lesson: a program that is read beside its diagram is far shorter.
pub const LESSON_FILE_BYTES: usize = 64 * 1024;

/// Lessons that run at once on a server: a class of them, and their processes stay below 5 GB.
pub const LESSONS_AT_ONCE: usize = 64;

/// Milliseconds between two calls of a lesson at its slowest pace.
pub const PACE_MS: u64 = 60_000;
