//! The server's HTTP paths, as far as the page asks them. Problems come back as the sentences that the server wrote.

use js_sys::{Object, Reflect};
use socketscope_protocol::{
    LessonListed, LessonView, NewRoom, Problem, Said, json::Json, wire::Listed,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response, Url};

use crate::{
    access::key_refused,
    browser::{self, window},
    words::words,
};

/// All rooms.
pub(crate) async fn rooms(key: Option<String>) -> Result<Vec<Listed>, Problem> {
    let text = ask("GET", "/api/rooms", key, None).await?;
    let rooms = Json::read(&text).map(|json| json.items().iter().map(Listed::from_json).collect());
    rooms.flatten().ok_or_else(strange)
}

/// Why no room can be a lab on this machine; nothing where it can.
pub(crate) async fn no_lab(key: Option<String>) -> Result<Option<(String, Option<Said>)>, Problem> {
    let text = ask("GET", "/api/network", key, None).await?;
    let json = Json::read(&text).ok_or_else(strange)?;
    let can = json.get("lab").bool().ok_or_else(strange)?;
    let why = json.get("why");
    Ok((!can)
        .then(|| (why.get("why").string().unwrap_or_default(), Said::from_json(why.get("said")))))
}

/// All lessons.
pub(crate) async fn lessons(key: Option<String>) -> Result<Vec<LessonListed>, Problem> {
    let text = ask("GET", "/api/lessons", key, None).await?;
    let json = Json::read(&text).ok_or_else(strange)?;
    Ok(json.items().iter().filter_map(LessonListed::from_json).collect())
}

/// What the lesson of the room `id` says, and its programs.
pub(crate) async fn lesson(id: &str, key: Option<String>) -> Result<LessonView, Problem> {
    let text = ask("GET", &format!("/api/rooms/{id}/lesson"), key, None).await?;
    Json::read(&text).as_ref().and_then(LessonView::from_json).ok_or_else(strange)
}

/// Creates a room.
pub(crate) async fn create_room(key: Option<String>, room: NewRoom) -> Result<Listed, Problem> {
    let text = ask("POST", "/api/rooms", key, Some(room.to_json())).await?;
    Json::read(&text).as_ref().and_then(Listed::from_json).ok_or_else(strange)
}

/// Ends the room `id`.
pub(crate) async fn end_room(id: &str, key: Option<String>) -> Result<(), Problem> {
    ask("DELETE", &format!("/api/rooms/{id}"), key, None).await.map(drop)
}

/// Saves what is at `path` as a file of this name.
pub(crate) async fn save(path: &str, key: Option<String>, name: &str) -> Result<(), Problem> {
    let answer = fetch("GET", path, key, None).await?;
    let file = JsFuture::from(answer.blob().map_err(unreachable)?).await.map_err(unreachable)?;
    let address = Url::create_object_url_with_blob(file.unchecked_ref()).map_err(unreachable)?;
    browser::save(&address, name);
    // The browser has begun to read it.
    let _ = Url::revoke_object_url(&address);
    Ok(())
}

/// The server's answer.
async fn ask(
    method: &str,
    path: &str,
    key: Option<String>,
    body: Option<String>,
) -> Result<String, Problem> {
    let answer = fetch(method, path, key, body).await?;
    let text = JsFuture::from(answer.text().map_err(unreachable)?).await.map_err(unreachable)?;
    Ok(text.as_string().unwrap_or_default())
}

/// The same, before it is read. What the server refuses is a problem.
async fn fetch(
    method: &str,
    path: &str,
    key: Option<String>,
    body: Option<String>,
) -> Result<Response, Problem> {
    let (init, headers) = (RequestInit::new(), Object::new());
    init.set_method(method);
    let has_key = key.is_some();
    let header = |name: &str, value: &str| {
        // Only a frozen object refuses.
        let _ = Reflect::set(&headers, &name.into(), &value.into());
    };
    if let Some(key) = key {
        header("authorization", &("Bearer ".to_owned() + &key));
    }
    if let Some(body) = body {
        header("content-type", "application/json");
        init.set_body(&body.into());
    }
    init.set_headers(&headers);
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &init)).await;
    let answer: Response = answer.map_err(unreachable)?.unchecked_into();
    if answer.ok() {
        return Ok(answer);
    }
    if answer.status() == 401 && has_key {
        key_refused();
    }
    let text = JsFuture::from(answer.text().map_err(unreachable)?).await.map_err(unreachable)?;
    let text = text.as_string().unwrap_or_default();
    Err(Json::read(&text).as_ref().and_then(Problem::from_json).unwrap_or_else(|| Problem {
        status: answer.status(),
        title: answer.status_text(),
        ..strange()
    }))
}

fn unreachable(error: JsValue) -> Problem {
    // The browser's own word for it.
    let why = String::from(error.unchecked_into::<js_sys::Error>().message());
    Problem {
        code: "unreachable".into(),
        status: 0,
        title: words().unreachable.into(),
        said: Some(Box::new(Said {
            name: "unreachable".into(),
            values: vec![("why".into(), why.clone())],
        })),
        detail: why,
    }
}

/// For an answer that this page does not understand.
pub(crate) fn strange() -> Problem {
    Problem {
        code: "strange-answer".into(),
        status: 0,
        title: words().strange.into(),
        detail: String::new(),
        said: None,
    }
}
