//! The vocabulary that server and page share: ids, calls, events, commands, limits.
//!
//! Types, and how they are written: no I/O, no clock, neither tokio nor leptos.

#![forbid(unsafe_code)]

mod call;
mod event;
mod feed;
mod id;
pub mod json;
mod kernel;
mod lab;
mod lesson;
pub mod limits;
mod names;
mod network;
mod packet;
mod payload;
mod problem;
mod room;
mod said;
pub mod wire;

pub use call::{
    Args, Call, CallName, CallRequest, Errno, Family, How, OptionName, SocketType, Value,
};
pub use event::{Change, End, Event, Fact, HostChange, Outcome};
pub use feed::{Command, Greeting, Hello, Line, Reply, Request};
pub use id::{CallId, Fd, HostName, InvalidName, ProgramName, RoomId, RoomName};
pub use kernel::{Basis, KernelState, TcpState, Timer};
pub use lab::{
    Direction, Fate, FateOfMany, FateOfOne, PacketKind, Rule, RuledFate, WireChange, WireSettings,
    WireView,
};
pub use lesson::{
    Bilingual, ChosenAnswer, LessonCommand, LessonFact, LessonId, LessonListed, LessonProgram,
    LessonView, Mode, ReadyCall, SourceFile, SourceLine, Stream,
};
pub use network::{NetworkView, Obstacle, ObstacleCode, Rung, Step, StepResult, StepView};
pub use packet::{
    Flag, Icmp, Loss, Mark, Medium, Packet, PacketId, Protocol, Segment, Summary, TcpOptions,
};
pub use payload::Payload;
pub use problem::Problem;
pub use room::{
    CallAnswer, Client, EchoServer, HostView, LessonRole, Links, Network, NewHost, NewProgram,
    NewRoom, ProgramView, Role, RoomView, SocketView, WaitingCall,
};
pub use said::Said;
