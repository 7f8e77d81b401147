//! The server's edge: HTTP and WebSocket in front of the rooms. What is wrong with a request is answered here.

mod access;
mod api;
mod assets;
mod document;
mod feed;
mod metrics;
mod parting;
mod read;
mod recording;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, header},
    middleware,
    response::Response,
    routing::get,
};
use socketscope_protocol::limits::MESSAGE_BYTES;

pub(crate) use access::Access;
pub(crate) use parting::Parting;

use crate::{refusal::Refusal, server::Shared};

/// What a page of ours may load and do: nothing but ours. Styles may stand in the markup, where the diagram puts widths.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Sent with every answer.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // The key stands in a link's fragment, which is never sent; room ids need not travel either.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// All paths of the server.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(api::router())
        .route("/healthz", get(async || "ok"))
        .route("/metrics", get(metrics::metrics))
        .fallback(assets::asset)
        .method_not_allowed_fallback(async || Refusal::WrongMethod)
        .layer(DefaultBodyLimit::max(MESSAGE_BYTES))
        .layer(middleware::from_fn_with_state(shared.clone(), access::guard))
        .layer(middleware::map_response(with_headers))
        .with_state(shared)
}

async fn with_headers(mut response: Response) -> Response {
    response.headers_mut().extend(HEADERS);
    response
}
