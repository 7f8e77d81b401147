//! A room's journal as a file to keep.

use std::{io, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;
use socketscope_diagram::wording::Language;
use socketscope_protocol::RoomId;
use utoipa::IntoParams;

use super::{
    access::MayRead,
    read::{In, With},
};
use crate::{
    recording::{Format, Pieces, pieces},
    refusal::Refusal,
    server::Shared,
    told::told,
};

/// Which words a file is written with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct InWords {
    /// The tag of a language: Chinese for every kind of `zh`, English for every other. The jsonl is the same in all.
    #[serde(default)]
    language: String,
}

/// The journal as a file: `jsonl` as it is kept, `pcapng` for Wireshark, `mmd` for Mermaid, `svg` as the page draws it.
#[utoipa::path(get, path = "/api/rooms/{room}/recording.{format}", params(
    InWords,
), responses(
    (status = 200, content(
        (String = "application/x-ndjson"), (Vec<u8> = "application/x-pcapng"), (String = "text/plain"), (String = "image/svg+xml"),
    )),
    (status = 404), (status = 503),
))]
pub(super) async fn recording(
    _: MayRead,
    State(shared): State<Arc<Shared>>,
    In((room, format)): In<(RoomId, Format)>,
    With(InWords { language }): With<InWords>,
) -> Result<Response, Refusal> {
    let room = shared.rooms.get(&room)?;
    let name = format!("socketscope-{}.{}", room.id, format.extension());
    let language = Language::for_tag(&language);
    let begun = tokio::task::spawn_blocking(move || pieces(&room, format, language)).await;
    let begun = begun.map_err(|error| Refusal::Unable(told!("unable/file", error = error)))?;
    let stopping = shared.stopping.clone();
    let pieces = stream::try_unfold(begun, move |pieces| {
        let stopping = stopping.clone();
        async move {
            tokio::select! {
                next = next(pieces) => next,
                () = stopping.cancelled() => Err(io::Error::other("the server stops")),
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// The next piece, made on a thread of its own: no call of a program waits for it. An error breaks the connection off, and so
/// what lacks its end does not look whole.
async fn next(mut pieces: Pieces) -> io::Result<Option<(Vec<u8>, Pieces)>> {
    let made = tokio::task::spawn_blocking(move || pieces.next().map(|piece| (piece, pieces)));
    made.await.map_err(io::Error::other)
}
