//! The feed: a room's journal over one WebSocket, and commands the other way.
//!
//! A viewer costs a cursor, not a queue: what it has not got is read from the journal when its socket can take it.

mod pace;
mod session;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use socketscope_protocol::{
    Greeting, RoomId,
    limits::{MESSAGE_BYTES, VIEWERS},
};
use tokio::time::timeout;
use utoipa::IntoParams;

use crate::{refusal::Refusal, server::Shared, told::told};
use session::Session;

/// The layer's default of 128 KiB a viewer is for uploads; what viewers send is small.
const READ_BUFFER_BYTES: usize = 1024;

/// How long a viewer of a closed server may take to show its key.
const GREETING: Duration = Duration::from_secs(10);

/// Close codes beyond those of RFC 6455: the HTTP status that a refused handshake would have had, plus 4000. A browser
/// never shows a page why a handshake was refused, but it does show these.
const REFUSED: u16 = 4000;

/// RFC 6455's code for a server that stops, or a room that has ended (section 7.4.1).
const GOING_AWAY: u16 = 1001;

/// Where a feed starts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// The number of the first event wanted.
    #[serde(default = "from_the_first")]
    #[param(default = 1)]
    from: u64,
}

fn from_the_first() -> u64 {
    1
}

/// Answers the handshake and goes on with the feed in a task of its own.
pub(super) fn open(
    shared: Arc<Shared>,
    room: RoomId,
    start: Start,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let has_key = shared.access.has_key(headers);
    let feeds = shared.feeds.clone();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .on_upgrade(move |mut socket| {
            let feed = async move {
                let from = start.from.max(1);
                // Who may not read is not even told which rooms there are.
                let fits = has_room(&shared);
                let greeted = match fits {
                    Ok(()) if !(has_key || shared.access.is_open()) => {
                        greeting(&shared, &mut socket).await
                    }
                    fits => fits,
                };
                let commands = has_key || !shared.access.is_open();
                match greeted.and_then(|()| shared.rooms.get(&room)) {
                    Ok(room) => Session::new(shared, room, socket, commands).run(from).await,
                    // Its room has just ended with all others.
                    Err(_) if shared.stopping.is_cancelled() => stop(socket, from).await,
                    Err(refusal) => refuse(socket, &refusal).await,
                }
            };
            feeds.track_future(feed)
        })
}

/// Waits for the key, where reading needs it: it is the first thing that is said.
async fn greeting(shared: &Shared, socket: &mut WebSocket) -> Result<(), Refusal> {
    let said = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) => break Some(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => break None,
            }
        }
    };
    let said = tokio::select! {
        said = timeout(GREETING, said) => said.ok().flatten(),
        () = shared.stopping.cancelled() => None,
    };
    let greeting = said.and_then(|text| serde_json::from_str::<Greeting>(&text).ok());
    match greeting {
        Some(Greeting { key }) if shared.access.is_key(&key) => Ok(()),
        _ => Err(Refusal::NoKey),
    }
}

/// Whether there may be one viewer more.
fn has_room(shared: &Shared) -> Result<(), Refusal> {
    if shared.feeds.len() > VIEWERS {
        return Err(Refusal::Full(told!("full/viewers", limit = VIEWERS)));
    }
    Ok(())
}

/// Says good-bye since the server stops, and from which event on to resume.
async fn stop(mut socket: WebSocket, next: u64) {
    close(&mut socket, GOING_AWAY, &format!("the server stops; resume from {next}")).await;
}

/// Says good-bye with the refusal's status and sentence.
async fn refuse(mut socket: WebSocket, refusal: &Refusal) {
    let problem = refusal.problem();
    close(&mut socket, REFUSED + problem.status, &problem.detail).await;
}

/// Sends a close frame. That the viewer is gone already is no news any more.
async fn close(socket: &mut WebSocket, code: u16, reason: &str) {
    // A control frame carries at most 125 bytes, two of them the code (RFC 6455, 5.5).
    let reason = reason[..reason.floor_char_boundary(123)].into();
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason }))).await;
}
