//! Everything that can be wrong with a request itself, with the status and the sentence for it.
//!
//! What the kernel answers to a call is no refusal: it is the call's result.

use std::fmt;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use socketscope_diagram::wording::Trouble;
use socketscope_protocol::{
    CallId, HostName, LessonId, PacketId, Problem, ProgramName, RoomId, limits,
};

use crate::told::{Told, quoted, sentence, told};

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
    NothingToStep(Told),
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
    Malformed(Told),
    /// A part of the request is longer than it may be.
    TooLong(Told),
    /// There are as many of something as there may be.
    Full(Told),
    /// The network does not go there; the sentence says why and what to do.
    OutOfReach(Told),
    /// The host key is missing, or is not the one.
    NoKey,
    /// The request names a host that this server is not.
    ForeignHost(String),
    /// The request comes from another site's page.
    ForeignOrigin(String),
    /// The operating system refused what the server needs; the sentence says what.
    Unable(Told),
}

/// A code, and what it is called in a few words.
macro_rules! code {
    ($code:literal) => {
        ($code, const { Trouble::named(concat!("title/", $code)) }.english)
    };
}

impl Refusal {
    /// The status, the code with its title, and the sentence.
    fn parts(&self) -> (StatusCode, (&'static str, &'static str), Told) {
        use StatusCode as S;
        match self {
            Self::NoSuchRoom(room) => {
                (S::NOT_FOUND, code!("no-such-room"), told!("no-such-room", room = quoted(&room.0)))
            }
            Self::NoSuchProgram(program) => (
                S::NOT_FOUND,
                code!("no-such-program"),
                told!("no-such-program", program = quoted(program.as_str())),
            ),
            Self::NoSuchCall(id) => {
                (S::NOT_FOUND, code!("no-such-call"), told!("no-such-call", id = id))
            }
            Self::NoSuchHost(host) => (
                S::NOT_FOUND,
                code!("no-such-host"),
                told!("no-such-host", host = quoted(host.as_str())),
            ),
            Self::NoSuchPacket(packet) => {
                (S::NOT_FOUND, code!("no-such-packet"), told!("no-such-packet", packet = packet))
            }
            Self::NoLab => (S::CONFLICT, code!("no-lab"), told!("no-lab")),
            Self::HostNameTaken(host) => (
                S::CONFLICT,
                code!("name-taken"),
                told!("name-taken/host", host = quoted(host.as_str())),
            ),
            Self::NoSuchLesson(lesson) => (
                S::NOT_FOUND,
                code!("no-such-lesson"),
                told!("no-such-lesson", lesson = quoted(&lesson.0)),
            ),
            Self::NoLesson => (S::CONFLICT, code!("no-lesson"), told!("no-lesson")),
            Self::NothingToStep(why) => (S::CONFLICT, code!("nothing-to-step"), why.clone()),
            Self::NoOpenQuestion => {
                (S::CONFLICT, code!("no-open-question"), told!("no-open-question"))
            }
            Self::MakesItsOwnCalls(program) => (
                S::CONFLICT,
                code!("makes-its-own-calls"),
                told!("makes-its-own-calls", program = quoted(program.as_str())),
            ),
            Self::NoSuchPath => (S::NOT_FOUND, code!("no-such-path"), told!("no-such-path")),
            Self::WrongMethod => {
                (S::METHOD_NOT_ALLOWED, code!("wrong-method"), told!("wrong-method"))
            }
            Self::NameTaken(program) => (
                S::CONFLICT,
                code!("name-taken"),
                told!("name-taken/program", program = quoted(program.as_str())),
            ),
            Self::Ended(program) => {
                (S::CONFLICT, code!("ended"), told!("ended", program = quoted(program.as_str())))
            }
            Self::Malformed(why) => (S::BAD_REQUEST, code!("malformed"), why.clone()),
            Self::TooLong(what) => (S::PAYLOAD_TOO_LARGE, code!("too-long"), what.clone()),
            Self::Full(what) => (S::TOO_MANY_REQUESTS, code!("full"), what.clone()),
            Self::OutOfReach(why) => (S::FORBIDDEN, code!("out-of-reach"), why.clone()),
            Self::NoKey => (S::UNAUTHORIZED, code!("no-key"), told!("no-key")),
            Self::ForeignHost(host) => (
                S::MISDIRECTED_REQUEST,
                code!("foreign-host"),
                told!("foreign-host", host = quoted(host)),
            ),
            Self::ForeignOrigin(origin) => (
                S::FORBIDDEN,
                code!("foreign-origin"),
                told!("foreign-origin", origin = quoted(origin)),
            ),
            Self::Unable(why) => (S::SERVICE_UNAVAILABLE, code!("unable"), why.clone()),
        }
    }

    /// The refusal as RFC 9457 has it.
    pub(crate) fn problem(&self) -> Problem {
        let (status, (code, title), Told { english, said }) = self.parts();
        let (code, title) = (code.into(), title.into());
        let (detail, said) = (english, said.map(Box::new));
        Problem { code, status: status.as_u16(), title, detail, said }
    }

    /// A request longer than [`limits::MESSAGE_BYTES`].
    pub(crate) fn message_too_long() -> Self {
        Self::TooLong(told!("too-long/request", limit = limits::MESSAGE_BYTES))
    }

    /// A request that cannot be read, for a reason that only a library's text tells.
    pub(crate) fn malformed(why: impl fmt::Display) -> Self {
        Self::Malformed(told!("malformed", why = sentence(&why.to_string())))
    }

    /// Something that the machine does not do, for a reason that only a library's text tells.
    pub(crate) fn unable(why: impl fmt::Display) -> Self {
        Self::Unable(told!("unable", why = sentence(&why.to_string())))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, (_, title), told) = self.parts();
        write!(f, "{title}: {}", told.english)
    }
}

impl std::error::Error for Refusal {}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, content_type, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // What is missing (RFC 9110, section 15.5.2).
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}
