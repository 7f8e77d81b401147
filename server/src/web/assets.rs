//! The page's files, embedded in the binary, each in the smallest form that the browser takes.
//!
//! `cargo xtask page` leaves them in `target/page`, compressed beside the originals. A development build reads them from
//! there at run time, so that a change of the page needs no new server.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::refusal::Refusal;

#[derive(RustEmbed)]
#[folder = "../target/page"]
#[allow_missing = true]
struct Page;

const INDEX: &str = "index.html";

/// For what has its content's hash in its name: it can never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// For the rest: asked for anew each time, and answered in a few bytes while nothing has changed.
const ASK_AGAIN: &str = "no-cache";

/// Whether the name is one that `cargo xtask page` put a hash into: `style.0123456789abcdef.css`, or that of a folder.
fn is_hashed(name: &str) -> bool {
    let hash = |part: &str| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split(['.', '/']).any(hash)
}

/// Any path that is not of the interface: a file of the page, or the page itself at each of its own paths.
pub(super) async fn asset(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api") {
        return Refusal::NoSuchPath.into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return Refusal::WrongMethod.into_response();
    }
    let name = if path.is_empty() || path.starts_with("rooms/") { INDEX } else { path };
    match smallest(name, &headers) {
        Some((file, encoding)) => answer(name, file, encoding, &headers),
        None if name == INDEX => {
            let why = "the page has not been built: `cargo xtask page` builds it";
            Refusal::unable(why).into_response()
        }
        None => Refusal::NoSuchPath.into_response(),
    }
}

/// The file in the first encoding that both sides have.
fn smallest(name: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    // The compressed forms are not files of the page, only forms of them.
    if name.ends_with(".br") || name.ends_with(".gz") {
        return None;
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepts = |encoding: &str| {
        accepted.unwrap_or("").split(',').any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            parts.next() == Some(encoding) && !matches!(parts.next(), Some("q=0" | "q=0.0"))
        })
    };
    [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(encoding))
        .find_map(|(encoding, end)| Some((Page::get(&format!("{name}.{end}"))?, Some(encoding))))
        .or_else(|| Some((Page::get(name)?, None)))
}

fn answer(
    name: &str,
    file: EmbeddedFile,
    encoding: Option<&'static str>,
    headers: &HeaderMap,
) -> Response {
    let hash = file.metadata.sha256_hash();
    let etag: String = hash[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{etag}\"");
    let fresh = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str());
    let body = if fresh { Body::empty() } else { Body::from(file.data) };
    let mut response = body.into_response();
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    let mut set = |name, value: Result<HeaderValue, _>| {
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, HeaderValue::from_str(mime.as_ref()));
    set(header::ETAG, HeaderValue::from_str(&etag));
    let lasting = if is_hashed(name) { FOR_EVER } else { ASK_AGAIN };
    set(header::CACHE_CONTROL, HeaderValue::from_str(lasting));
    set(header::VARY, HeaderValue::from_str("accept-encoding"));
    if let Some(encoding) = encoding {
        set(header::CONTENT_ENCODING, HeaderValue::from_str(encoding));
    }
    response
}
