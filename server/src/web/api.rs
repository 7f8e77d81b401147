//! The HTTP interface: rooms, programs, calls, events. Described to machines by the OpenAPI document that it serves.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body as ResponseBody,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use serde::Deserialize;
use socketscope_protocol::{
    CallAnswer, CallId, CallRequest, FateOfMany, FateOfOne, HostView, LessonCommand, LessonListed,
    LessonView, NetworkView, NewHost, NewProgram, NewRoom, PacketId, Problem, ProgramName,
    ProgramView, RoomId, RoomView, WireChange, WireView, limits::WAIT_MS,
};
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    access::{MayCommand, MayRead},
    document, feed,
    read::{Body, In, With},
    recording,
};
use crate::{
    journal::Journal, recording::Format, refusal::Refusal, room::Room, server::Shared, told::told,
};

type Server = State<Arc<Shared>>;

/// Bytes of events that one piece of `events` carries.
const PIECE_BYTES: usize = 256 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Socketscope",
        description = "Real sockets, their calls, and the journal of what became of them. What changes something needs \
            `Authorization: Bearer KEY`; so does reading, where the server listens beyond loopback. What is wrong with a \
            request is a 4xx with `application/problem+json`; what the kernel answers to a call, an errno too, is a 200."
    ),
    components(schemas(Problem, Format, CallId, PacketId, ProgramName, RoomId))
)]
struct Document;

/// The paths below `/api`.
pub(super) fn router() -> Router<Arc<Shared>> {
    let (router, document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(network))
        .routes(routes!(rooms, create_room))
        .routes(routes!(room, end_room))
        .routes(routes!(add_host))
        .routes(routes!(change_wire))
        .routes(routes!(decide_about_all))
        .routes(routes!(decide_about_one))
        .routes(routes!(start_program))
        .routes(routes!(end_program))
        .routes(routes!(call))
        .routes(routes!(give_up))
        .routes(routes!(lessons))
        .routes(routes!(lesson, go_on))
        .routes(routes!(events))
        .routes(routes!(recording::recording))
        .routes(routes!(live))
        .split_for_parts();
    // Shared, since each new connection is served by a clone of all this.
    let document = Arc::new(document::whole(&document));
    router.route("/api/openapi.json", get(async move || Json(document)))
}

/// What this machine allows: which networks a room may have, what is seen there, and what stands in the way of more.
#[utoipa::path(get, path = "/api/network", responses(
    (status = 200, body = NetworkView),
))]
async fn network(_: MayRead, State(shared): Server) -> Json<NetworkView> {
    Json(shared.rooms.ladder().view())
}

/// All rooms.
#[utoipa::path(get, path = "/api/rooms", responses(
    (status = 200, body = Vec<RoomView>),
))]
async fn rooms(_: MayRead, State(shared): Server) -> Json<Vec<RoomView>> {
    Json(shared.rooms.all().iter().map(|room| room.view()).collect())
}

/// Does something to its end, whoever asked for it: where they leave, what answers them is dropped in its middle.
async fn wholly<T: Send + 'static>(
    what: impl Future<Output = T> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::spawn(what).await.map_err(Refusal::unable)
}

/// Makes a room.
#[utoipa::path(post, path = "/api/rooms", request_body = NewRoom, responses(
    (status = 201, body = RoomView), (status = 404), (status = 429), (status = 503),
))]
async fn create_room(
    _: MayCommand,
    State(shared): Server,
    Body(new): Body<NewRoom>,
) -> Result<impl IntoResponse, Refusal> {
    let room = wholly(async move { shared.rooms.create(new).await }).await??.view();
    let location = [(header::LOCATION, room.links.room.clone())];
    Ok((StatusCode::CREATED, location, Json(room)))
}

/// A room: its programs, their sockets, and how far its journal goes.
#[utoipa::path(get, path = "/api/rooms/{room}", responses(
    (status = 200, body = RoomView), (status = 404),
))]
async fn room(
    _: MayRead,
    State(shared): Server,
    In(room): In<RoomId>,
) -> Result<Json<RoomView>, Refusal> {
    Ok(Json(shared.rooms.get(&room)?.view()))
}

/// Ends a room: its programs, its sockets, its journal.
#[utoipa::path(delete, path = "/api/rooms/{room}", responses(
    (status = 204), (status = 404),
))]
async fn end_room(
    _: MayCommand,
    State(shared): Server,
    In(room): In<RoomId>,
) -> Result<StatusCode, Refusal> {
    wholly(async move { shared.rooms.end(&room).await }).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a host to the lab.
#[utoipa::path(post, path = "/api/rooms/{room}/hosts", request_body = NewHost, responses(
    (status = 201, body = HostView),
    (status = 404), (status = 409), (status = 429), (status = 503),
))]
async fn add_host(
    _: MayCommand,
    State(shared): Server,
    In(room): In<RoomId>,
    Body(new): Body<NewHost>,
) -> Result<impl IntoResponse, Refusal> {
    let host = shared.rooms.get(&room)?.add_host(new.name).await?;
    Ok((StatusCode::CREATED, Json(host)))
}

/// Changes how the wire treats packets: all, or those of one direction.
#[utoipa::path(patch, path = "/api/rooms/{room}/wire", request_body = WireChange, responses(
    (status = 200, body = WireView),
    (status = 404), (status = 409),
))]
async fn change_wire(
    _: MayCommand,
    State(shared): Server,
    In(room): In<RoomId>,
    Body(change): Body<WireChange>,
) -> Result<Json<WireView>, Refusal> {
    let room = shared.rooms.get(&room)?;
    let wire = &room.lab()?.wire;
    wire.change(&change)?;
    Ok(Json(wire.view()))
}

/// Decides about the packets that the wire holds: all, or the oldest so many.
#[utoipa::path(post, path = "/api/rooms/{room}/wire/packets", request_body = FateOfMany, responses(
    (status = 200, body = WireView),
    (status = 404), (status = 409),
))]
async fn decide_about_all(
    _: MayCommand,
    State(shared): Server,
    In(room): In<RoomId>,
    Body(FateOfMany { fate, count }): Body<FateOfMany>,
) -> Result<Json<WireView>, Refusal> {
    let room = shared.rooms.get(&room)?;
    let wire = &room.lab()?.wire;
    wire.release_oldest(fate, count.unwrap_or(usize::MAX));
    Ok(Json(wire.view()))
}

/// Decides about one packet that the wire holds.
#[utoipa::path(post, path = "/api/rooms/{room}/wire/packets/{packet}", request_body = FateOfOne, responses(
    (status = 204),
    (status = 404), (status = 409),
))]
async fn decide_about_one(
    _: MayCommand,
    State(shared): Server,
    In((room, packet)): In<(RoomId, PacketId)>,
    Body(FateOfOne { fate }): Body<FateOfOne>,
) -> Result<StatusCode, Refusal> {
    shared.rooms.get(&room)?.lab()?.wire.release(packet, fate)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Starts a program.
#[utoipa::path(post, path = "/api/rooms/{room}/programs", request_body = NewProgram, responses(
    (status = 201, body = ProgramView),
    (status = 403), (status = 404), (status = 409),
    (status = 413), (status = 429),
))]
async fn start_program(
    _: MayCommand,
    State(shared): Server,
    In(room): In<RoomId>,
    Body(new): Body<NewProgram>,
) -> Result<impl IntoResponse, Refusal> {
    Ok((StatusCode::CREATED, Json(shared.rooms.get(&room)?.start(new)?)))
}

/// Ends a program; its sockets are closed.
#[utoipa::path(delete, path = "/api/rooms/{room}/programs/{program}", responses(
    (status = 204), (status = 404),
))]
async fn end_program(
    _: MayCommand,
    State(shared): Server,
    In((room, program)): In<(RoomId, ProgramName)>,
) -> Result<StatusCode, Refusal> {
    let end = shared.rooms.get(&room)?.end(&program)?;
    wholly(end).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Patience {
    /// Milliseconds to wait for the call to return.
    #[serde(default = "default_wait_ms")]
    #[param(default = 1000, maximum = 60000)]
    wait_ms: u64,
}

fn default_wait_ms() -> u64 {
    1000
}

/// Makes a call. 200 with its value or errno once it has returned, 202 where it still waits.
#[utoipa::path(post, path = "/api/rooms/{room}/programs/{program}/calls", params(Patience),
    request_body = CallRequest, responses(
    (status = 200, body = CallAnswer), (status = 202, body = CallAnswer),
    (status = 403), (status = 404),
    (status = 409), (status = 413), (status = 429),
))]
async fn call(
    _: MayCommand,
    State(shared): Server,
    In((room, program)): In<(RoomId, ProgramName)>,
    With(Patience { wait_ms }): With<Patience>,
    Body(request): Body<CallRequest>,
) -> Result<impl IntoResponse, Refusal> {
    if wait_ms > WAIT_MS {
        return Err(Refusal::TooLong(told!("too-long/wait", limit = WAIT_MS)));
    }
    let patience = Duration::from_millis(wait_ms);
    let answer = shared.rooms.get(&room)?.call(&program, request, patience).await?;
    Ok((status(&answer), Json(answer)))
}

/// 200 for a call that has returned, 202 for one that waits.
pub(super) fn status(answer: &CallAnswer) -> StatusCode {
    let returned = answer.value.is_some() || answer.errno.is_some();
    if returned { StatusCode::OK } else { StatusCode::ACCEPTED }
}

/// Gives up a waiting call: it returns EINTR.
#[utoipa::path(delete, path = "/api/rooms/{room}/programs/{program}/calls/{id}", responses(
    (status = 204), (status = 404),
))]
async fn give_up(
    _: MayCommand,
    State(shared): Server,
    In((room, program, id)): In<(RoomId, ProgramName, CallId)>,
) -> Result<StatusCode, Refusal> {
    shared.rooms.get(&room)?.give_up(&program, id)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Span {
    /// The number of the first event wanted.
    #[serde(default = "from_the_first")]
    #[param(default = 1)]
    from: u64,
    /// Whether to go on with what happens from now on.
    #[serde(default)]
    follow: bool,
}

fn from_the_first() -> u64 {
    1
}

/// The journal, one JSON object a line. What is no longer kept stands there as a `gap`.
#[utoipa::path(get, path = "/api/rooms/{room}/events", params(Span), responses(
    (status = 200, content_type = "application/x-ndjson", body = String),
    (status = 404),
))]
async fn events(
    _: MayRead,
    State(shared): Server,
    In(room): In<RoomId>,
    With(Span { from, follow }): With<Span>,
) -> Result<impl IntoResponse, Refusal> {
    let room = shared.rooms.get(&room)?;
    // Without `follow` it ends where the journal ends now, or a busy room would never let it end.
    let until = if follow { u64::MAX } else { room.journal().range().1 };
    let stopping = shared.stopping.clone();
    let pieces = stream::unfold((room, from.max(1)), move |(room, from)| {
        let stopping = stopping.clone();
        async move {
            let piece = tokio::select! {
                piece = next_piece(&room, from, until) => piece?,
                () = stopping.cancelled() => return None,
            };
            let next = piece.1;
            Some((Ok::<_, std::convert::Infallible>(piece.0), (room, next)))
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], ResponseBody::from_stream(pieces)))
}

/// The next events' lines and the number to go on from; None at the end.
async fn next_piece(room: &Room, from: u64, until: u64) -> Option<(String, u64)> {
    loop {
        if from > until {
            return None;
        }
        let journal: &Journal = room.journal();
        let mut appended = std::pin::pin!(journal.appended());
        journal.listen(appended.as_mut());
        let batch = journal.read(from, PIECE_BYTES);
        if !batch.text.is_empty() {
            return Some((batch.text + "\n", batch.next));
        }
        tokio::select! {
            () = appended => {}
            () = room.ended.cancelled() => return None,
        }
    }
}

/// All lessons in their order, each with what stands in its way here.
#[utoipa::path(get, path = "/api/lessons", responses(
    (status = 200, body = Vec<LessonListed>),
))]
async fn lessons(_: MayRead, State(shared): Server) -> Json<Vec<LessonListed>> {
    Json(shared.rooms.lessons().await)
}

/// A room's lesson: what it is about, and its programs as they run.
#[utoipa::path(get, path = "/api/rooms/{room}/lesson", responses(
    (status = 200, body = LessonView), (status = 404),
    (status = 409),
))]
async fn lesson(
    _: MayRead,
    State(shared): Server,
    In(room): In<RoomId>,
) -> Result<Json<LessonView>, Refusal> {
    Ok(Json(shared.rooms.get(&room)?.course()?.view()))
}

/// Goes on with a room's lesson: lets one call go or all of them, stops, begins anew, tells an answer.
#[utoipa::path(post, path = "/api/rooms/{room}/lesson", request_body = LessonCommand, responses(
    (status = 204),
    (status = 404), (status = 409), (status = 413), (status = 503),
))]
async fn go_on(
    _: MayCommand,
    State(shared): Server,
    In(room): In<RoomId>,
    Body(command): Body<LessonCommand>,
) -> Result<StatusCode, Refusal> {
    let room = shared.rooms.get(&room)?;
    wholly(async move { room.go_on(command).await }).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// The feed: a WebSocket that sends the journal from a number on, and takes commands.
#[utoipa::path(get, path = "/api/rooms/{room}/live", params(feed::Start), responses(
    (status = 101, description = "Text messages of one JSON object a line: `hello`, events, `watching`, `snapshot`, `reply`, `ended`. \
        The viewer's first message may be {\"key\":…}; then {\"request\":1,\"command\":\"call\",\"program\":…,\"body\":…}."),
))]
async fn live(
    State(shared): Server,
    In(room): In<RoomId>,
    With(start): With<feed::Start>,
    headers: axum::http::HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|why| Refusal::malformed(why.body_text()))?;
    Ok(feed::open(shared, room, start, &headers, upgrade))
}
