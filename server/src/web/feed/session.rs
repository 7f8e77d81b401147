//! One viewer's session: greeting, events from a number on, commands and their replies, good-bye.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{Message, WebSocket},
    http::StatusCode,
};
use futures_util::{SinkExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde::Serialize;
use serde_json::Value as Json;
use socketscope_protocol::{Command, Greeting, Hello, Line, Reply, Request};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    super::{api, read},
    GOING_AWAY, close, pace, refuse, stop,
};
use crate::{
    refusal::Refusal,
    room::{Room, Watcher},
    server::Shared,
};

/// Bytes of events that one message carries: a tenth of a second of a fast burst.
const BATCH_BYTES: usize = 64 * 1024;

/// How long one message may take on its way out before the viewer counts as gone. It holds a socket and nothing else.
const STALLED: Duration = Duration::from_secs(60);

/// How often a viewer that says nothing is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);

/// How often at most a viewer is told how many watch.
const WATCHING: Duration = Duration::from_secs(1);

/// Commands of one viewer that may take their time at once. The next is read when one is done.
const AT_ONCE: usize = 16;

/// RFC 6455's codes (section 7.4.1).
const PROTOCOL: u16 = 1002;
const UNSUPPORTED: u16 = 1003;
const TOO_BIG: u16 = 1009;

/// Why a session ends.
enum End {
    /// The viewer has gone, or does not take what is sent.
    Gone,
    /// It has said good-bye.
    Left,
    /// The room has ended.
    Room,
    /// The server stops.
    Stopping,
    /// The viewer may not go on.
    Refused(Refusal),
    /// The viewer breaks the protocol: RFC 6455's code for it, and a sentence.
    Broken(u16, String),
}

pub(super) struct Session {
    shared: Arc<Shared>,
    room: Arc<Room>,
    socket: WebSocket,
    watcher: Watcher,
    /// Which of the room's viewers it is.
    viewer: u64,
    /// Whether this viewer has shown the host key.
    commands: bool,
    /// Whether the first message is still to come.
    greeted: bool,
    /// The number of the next event to send.
    next: u64,
    /// How many watch, as this viewer has been told last.
    told: usize,
    /// Whether events were gone before it got them: it is told what there is once it has caught up.
    missed: bool,
    /// Replies to what takes its time.
    later: FuturesUnordered<BoxFuture<'static, Reply>>,
}

impl Session {
    pub(super) fn new(
        shared: Arc<Shared>,
        room: Arc<Room>,
        socket: WebSocket,
        commands: bool,
    ) -> Self {
        let watcher = room.watchers.join();
        let viewer = watcher.number();
        let (greeted, next, told, missed, later) = (false, 1, 0, false, FuturesUnordered::new());
        Self { shared, room, socket, watcher, viewer, commands, greeted, next, told, missed, later }
    }

    pub(super) async fn run(mut self, from: u64) {
        self.next = from;
        let Err(end) = self.watch().await;
        match end {
            End::Gone => {}
            End::Left => {
                // Its good-bye is answered (RFC 6455, section 5.5.1).
                let _ = timeout(STALLED, self.socket.flush()).await;
            }
            End::Refused(refusal) => refuse(self.socket, &refusal).await,
            End::Broken(code, why) => close(&mut self.socket, code, &why).await,
            End::Stopping => stop(self.socket, self.next).await,
            End::Room => {
                // What the room's end caused is in its journal, and the viewer may still want it.
                while let Ok(1..) = self.send_events().await {}
                let _ = self.send_line(&Line::Ended).await;
                close(&mut self.socket, GOING_AWAY, "the room has ended").await;
            }
        }
    }

    async fn watch(&mut self) -> Result<std::convert::Infallible, End> {
        self.hello().await?;
        let (shared, room) = (self.shared.clone(), self.room.clone());
        let mut hold_until = Instant::now();
        let mut tell_at = Instant::now() + WATCHING;
        let mut ping_at = Instant::now() + PING;
        loop {
            let mut appended = std::pin::pin!(room.journal().appended());
            let mut holding_off = Instant::now() < hold_until;
            if !holding_off {
                room.journal().listen(appended.as_mut());
                let sent = self.send_events().await?;
                if sent > 0 {
                    hold_until = Instant::now() + pace::hold_off(sent, self.watcher.count());
                    holding_off = true;
                }
            }
            let tell = async {
                let count = self.watcher.other_than(self.told).await;
                sleep_until(tell_at).await;
                count
            };
            tokio::select! {
                () = sleep_until(hold_until), if holding_off => {}
                () = appended, if !holding_off => {}
                message = receive(&mut self.socket), if self.later.len() < AT_ONCE => {
                    self.take(message?).await?;
                }
                Some(reply) = self.later.next() => self.send_line(&Line::Reply(reply)).await?,
                count = tell => {
                    self.told = count;
                    tell_at = Instant::now() + WATCHING;
                    self.send_line(&Line::Watching { count }).await?;
                }
                () = sleep_until(ping_at) => {
                    ping_at = Instant::now() + PING;
                    self.send(Message::Ping(Bytes::new())).await?;
                }
                () = room.ended.cancelled() => return Err(End::Room),
                () = shared.stopping.cancelled() => return Err(End::Stopping),
            }
        }
    }

    /// Sends what the journal has from `next` on, as much as one message carries. Returns its bytes, 0 for no message.
    async fn send_events(&mut self) -> Result<usize, End> {
        let batch = self.room.journal().read(self.next, BATCH_BYTES);
        self.missed |= batch.missed > 0;
        self.next = batch.next;
        let bytes = batch.text.len();
        if bytes > 0 {
            self.send(Message::Text(batch.text.into())).await?;
        }
        if self.missed && self.room.journal().range().1 < self.next {
            // What it shows beyond the last event that was sent will be told by events to come, too.
            self.missed = false;
            self.send_line(&Line::Snapshot(Box::new(self.room.view()))).await?;
        }
        Ok(bytes)
    }

    /// Takes what the viewer sent: its greeting first, if at all, then commands.
    async fn take(&mut self, text: Option<String>) -> Result<(), End> {
        let Some(text) = text else { return Ok(()) };
        let first = !std::mem::replace(&mut self.greeted, true);
        if first && let Ok(Greeting { key }) = serde_json::from_str(&text) {
            if !self.shared.access.is_key(&key) {
                return Err(End::Refused(Refusal::NoKey));
            }
            // The feed has begun already; it is now told of more.
            let known = std::mem::replace(&mut self.commands, true);
            return if known { Ok(()) } else { self.hello().await };
        }
        match self.answer(text.as_bytes()).await {
            Some(reply) => self.send_line(&Line::Reply(reply)).await,
            None => Ok(()),
        }
    }

    /// Does what is asked for. None: it takes its time, and the feed goes on meanwhile.
    async fn answer(&mut self, text: &[u8]) -> Option<Reply> {
        let asked = read::json::<Json>(text);
        let request = asked.as_ref().ok().and_then(|asked| asked.get("request")?.as_u64());
        let done = match asked.and_then(read::value::<Request>) {
            // Whoever watches may answer the lesson's question.
            Ok(Request { command: Command::Answer { body }, .. }) => self
                .room
                .course()
                .and_then(|course| course.answer(self.viewer, body))
                .map(|()| (StatusCode::NO_CONTENT, Json::Null)),
            Ok(_) if !self.commands => Err(Refusal::NoKey),
            Ok(Request { command, .. }) => {
                let slow = matches!(command, Command::Host { .. } | Command::Lesson { .. });
                let done = perform(self.room.clone(), self.viewer, command);
                if slow {
                    // To its end, also where who asked leaves meanwhile.
                    let done = tokio::spawn(done);
                    self.later.push(Box::pin(async move {
                        let done = done.await.unwrap_or_else(|why| Err(Refusal::unable(why)));
                        reply(request, done)
                    }));
                    return None;
                }
                done.await
            }
            Err(refusal) => Err(refusal),
        };
        Some(reply(request, done))
    }

    async fn hello(&mut self) -> Result<(), End> {
        let (first, head) = self.room.journal().range();
        // Whoever asked beyond the end gets all that comes after the end it is told of.
        self.next = self.next.min(head + 1);
        self.told = self.watcher.count();
        let hello = Hello {
            room: self.room.id.clone(),
            name: self.room.name.clone(),
            network: self.room.kind(),
            rung: self.room.rung(),
            lesson: self.room.course().ok().map(|course| course.id().clone()),
            commands: self.commands,
            first,
            head,
            watching: self.told,
            unix_folder: self.room.unix_folder(),
        };
        self.send_line(&Line::Hello(hello)).await
    }

    async fn send_line(&mut self, line: &Line) -> Result<(), End> {
        self.send(Message::Text(to_json(line).to_string().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(STALLED, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

/// Does what a viewer may ask for who has the key.
async fn perform(
    room: Arc<Room>,
    viewer: u64,
    command: Command,
) -> Result<(StatusCode, Json), Refusal> {
    Ok(match command {
        Command::Start { body } => (StatusCode::CREATED, to_json(&room.start(body)?)),
        Command::End { program } => {
            // It may have to wait for a lingering socket, and nobody waits for that.
            tokio::spawn(room.end(&program)?);
            (StatusCode::ACCEPTED, Json::Null)
        }
        Command::Call { program, body } => {
            let answer = room.call(&program, body, Duration::ZERO).await?;
            (api::status(&answer), to_json(&answer))
        }
        Command::GiveUp { program, id } => {
            room.give_up(&program, id)?;
            (StatusCode::NO_CONTENT, Json::Null)
        }
        Command::Host { body } => {
            let host = room.add_host(body.name).await?;
            (StatusCode::CREATED, to_json(&host))
        }
        Command::Wire { body } => {
            room.lab()?.wire.change(&body)?;
            (StatusCode::OK, Json::Null)
        }
        Command::Packet { packet, body } => {
            room.lab()?.wire.release(packet, body.fate)?;
            (StatusCode::NO_CONTENT, Json::Null)
        }
        Command::Lesson { body } => {
            room.go_on(body).await?;
            (StatusCode::NO_CONTENT, Json::Null)
        }
        Command::Answer { body } => {
            room.course()?.answer(viewer, body)?;
            (StatusCode::NO_CONTENT, Json::Null)
        }
        Command::Packets { body } => {
            room.lab()?.wire.release_oldest(body.fate, body.count.unwrap_or(usize::MAX));
            (StatusCode::OK, Json::Null)
        }
    })
}

fn reply(request: Option<u64>, done: Result<(StatusCode, Json), Refusal>) -> Reply {
    let (status, body) = done.unwrap_or_else(|refusal| {
        let problem = refusal.problem();
        (StatusCode::from_u16(problem.status).unwrap_or_default(), to_json(&problem))
    });
    Reply { request, status: status.as_u16(), body }
}

/// The viewer's next message; None for one that asks for nothing.
async fn receive(socket: &mut WebSocket) -> Result<Option<String>, End> {
    match socket.recv().await {
        Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
        Some(Ok(Message::Binary(_))) => {
            Err(End::Broken(UNSUPPORTED, "a feed's messages are text".into()))
        }
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Close(_))) => Err(End::Left),
        None => Err(End::Gone),
        // A message over the limit is known as such only by its text: axum hides the error's kind.
        Some(Err(error)) if error.to_string().contains("too long") => {
            let why = Refusal::message_too_long().problem().detail;
            Err(End::Broken(TOO_BIG, why))
        }
        Some(Err(error)) => Err(End::Broken(PROTOCOL, error.to_string())),
    }
}

fn to_json(what: &impl Serialize) -> Json {
    serde_json::to_value(what).unwrap_or_default()
}
