//! Everything that can be wrong with a request itself, with the status and the sentence for it.
//!
//! What the kernel answers to a call is no refusal: it is the call's result.

use std::fmt;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use socketscope_protocol::{
    CallId, HostName, LessonId, PacketId, Problem, ProgramName, RoomId, limits,
};

/// A request that is turned down. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No room has this id.
    NoSuchRoom(RoomId),
    /// No living program of the room has this name.
    NoSuchProgram(ProgramName),
    /// The program has no waiting call of this number.
    NoSuchCall(CallId),
    /// No host of the room has this name.
    NoSuchHost(HostName),
    /// The wire does not hold this packet.
    NoSuchPacket(PacketId),
    /// The room has no hosts and no wire: it is on this machine's own network.
    NoLab,
    /// A host of the room has this name already.
    HostNameTaken(HostName),
    /// No lesson has this name.
    NoSuchLesson(LessonId),
    /// The room is for no lesson.
    NoLesson,
    /// No call can be let go; the sentence says why.
    NothingToStep(String),
    /// No question is open, or not this one.
    NoOpenQuestion,
    /// The call was to be made on a program that makes its calls itself.
    MakesItsOwnCalls(ProgramName),
    /// No path of the interface.
    NoSuchPath,
    /// The path exists, for another method.
    WrongMethod,
    /// A living program has this name already.
    NameTaken(ProgramName),
    /// The program has ended in the meantime.
    Ended(ProgramName),
    /// The request cannot be read, or lacks something; the sentence says what.
    Malformed(String),
    /// A part of the request is longer than it may be.
    TooLong { what: &'static str, limit: usize, unit: &'static str },
    /// There are as many of something as there may be.
    Full { what: &'static str, limit: usize, way_out: &'static str },
    /// The network does not go there; the sentence says why and what to do.
    OutOfReach(String),
    /// The host key is missing, or is not the one.
    NoKey,
    /// The request names a host that this server is not.
    ForeignHost(String),
    /// The request comes from another site's page.
    ForeignOrigin(String),
    /// The operating system refused what the server needs; the sentence says what.
    Unable(String),
}

impl Refusal {
    fn parts(&self) -> (StatusCode, &'static str, &'static str, String) {
        use StatusCode as S;
        match self {
            Self::NoSuchRoom(room) => (
                S::NOT_FOUND,
                "no-such-room",
                "No such room",
                format!("There is no room {:?}, or it has ended. GET /api/rooms lists those that exist.", room.0),
            ),
            Self::NoSuchProgram(program) => (
                S::NOT_FOUND,
                "no-such-program",
                "No such program",
                format!("No living program of this room is called {:?}.", program.as_str()),
            ),
            Self::NoSuchCall(id) => (
                S::NOT_FOUND,
                "no-such-call",
                "No such call",
                format!("Call {id} is not waiting: it has returned, or never was."),
            ),
            Self::NoSuchHost(host) => (
                S::NOT_FOUND,
                "no-such-host",
                "No such host",
                format!("No host of this room is called {:?}.", host.as_str()),
            ),
            Self::NoSuchPacket(packet) => (
                S::NOT_FOUND,
                "no-such-packet",
                "No such packet",
                format!("The wire does not hold packet {packet}: it has gone, or never was there."),
            ),
            Self::NoLab => (
                S::CONFLICT,
                "no-lab",
                "No lab",
                "This room is on the machine's own network, which has neither hosts nor a wire of ours. Make a room with \"network\": \"lab\".".into(),
            ),
            Self::HostNameTaken(host) => (
                S::CONFLICT,
                "name-taken",
                "Name taken",
                format!("A host called {:?} is in this room. Choose another name, or none.", host.as_str()),
            ),
            Self::NoSuchLesson(lesson) => (
                S::NOT_FOUND,
                "no-such-lesson",
                "No such lesson",
                format!("There is no lesson {:?}. GET /api/lessons lists those that there are.", lesson.0),
            ),
            Self::NoLesson => (
                S::CONFLICT,
                "no-lesson",
                "No lesson",
                "This room is for no lesson. Make a room with \"lesson\": one of those that GET /api/lessons lists.".into(),
            ),
            Self::NothingToStep(why) => (S::CONFLICT, "nothing-to-step", "Nothing to let go", sentence(why)),
            Self::NoOpenQuestion => (
                S::CONFLICT,
                "no-open-question",
                "No open question",
                "The lesson asks nothing at the moment, or another question.".into(),
            ),
            Self::MakesItsOwnCalls(program) => (
                S::CONFLICT,
                "makes-its-own-calls",
                "It makes its own calls",
                format!("{:?} is a program of the lesson: its calls are those of its source. Start a program of your own beside it.", program.as_str()),
            ),
            Self::NoSuchPath => (
                S::NOT_FOUND,
                "no-such-path",
                "No such path",
                "GET /api/openapi.json describes what there is.".into(),
            ),
            Self::WrongMethod => (
                S::METHOD_NOT_ALLOWED,
                "wrong-method",
                "Wrong method",
                "This path exists, but not for this method. GET /api/openapi.json describes what there is.".into(),
            ),
            Self::NameTaken(program) => (
                S::CONFLICT,
                "name-taken",
                "Name taken",
                format!("A program called {:?} is alive in this room. Choose another name, or none.", program.as_str()),
            ),
            Self::Ended(program) => (
                S::CONFLICT,
                "ended",
                "Program ended",
                format!("{:?} has ended, and its sockets are closed.", program.as_str()),
            ),
            Self::Malformed(why) => (S::BAD_REQUEST, "malformed", "Malformed request", sentence(why)),
            Self::TooLong { what, limit, unit } => (
                S::PAYLOAD_TOO_LARGE,
                "too-long",
                "Too long",
                format!("{what} may have at most {limit} {unit}."),
            ),
            Self::Full { what, limit, way_out } => (
                S::TOO_MANY_REQUESTS,
                "full",
                "Limit reached",
                format!("There are {limit} {what} already, the most there may be. {way_out}"),
            ),
            Self::OutOfReach(why) => (S::FORBIDDEN, "out-of-reach", "Out of reach", sentence(why)),
            Self::NoKey => (
                S::UNAUTHORIZED,
                "no-key",
                "Host key needed",
                "Send \"Authorization: Bearer KEY\", or open the link of the server's \"ready:\" line: the key stands after its \"#key=\".".into(),
            ),
            Self::ForeignHost(host) => (
                S::MISDIRECTED_REQUEST,
                "foreign-host",
                "Not this server's name",
                format!("This server does not answer to the name {host:?}. Start it with --allow-host NAME where that is its name."),
            ),
            Self::ForeignOrigin(origin) => (
                S::FORBIDDEN,
                "foreign-origin",
                "Another site's page",
                format!("A page of {origin:?} may neither read nor command this server."),
            ),
            Self::Unable(why) => {
                (S::SERVICE_UNAVAILABLE, "unable", "The machine does not allow it", sentence(why))
            }
        }
    }

    /// The refusal as RFC 9457 has it.
    pub(crate) fn problem(&self) -> Problem {
        let (status, code, title, detail) = self.parts();
        Problem { code: code.into(), status: status.as_u16(), title: title.into(), detail }
    }

    /// A request longer than [`limits::MESSAGE_BYTES`].
    pub(crate) fn message_too_long() -> Self {
        Self::TooLong { what: "A request", limit: limits::MESSAGE_BYTES, unit: "bytes" }
    }
}

/// A library's error text as a sentence: capital first, full stop last.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    first.chain(letters).collect::<String>() + stop
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, _, title, detail) = self.parts();
        write!(f, "{title}: {detail}")
    }
}

impl std::error::Error for Refusal {}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, content_type, body).into_response()
    }
}
