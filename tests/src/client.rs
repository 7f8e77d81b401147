//! A client of the HTTP interface, as a script would be one.

use std::net::SocketAddr;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use socketscope_protocol::{Event, Fact, PacketId, RoomView, json::Json};

use crate::within;

/// A client with or without the key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    key: Option<String>,
}

/// A status, and the body as JSON; null where there is none.
pub type Answer = (u16, Value);

/// A room on a server, made for a test.
#[derive(Clone)]
pub struct Room {
    client: Client,
    /// Its id.
    pub id: String,
}

impl Client {
    /// A client of the server at `address`.
    pub fn new(address: SocketAddr, key: Option<&str>) -> Self {
        Self { http: reqwest::Client::new(), address, key: key.map(str::to_owned) }
    }

    /// A request as it is before it is sent.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Sends a request and reads its answer.
    pub async fn ask(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = within("an answer", request.send()).await.expect("an answer");
        let status = response.status().as_u16();
        let text = within("a body", response.text()).await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(self.request(Method::POST, path).json(body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask(self.request(Method::PATCH, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(self.request(Method::DELETE, path)).await
    }

    /// Makes a room on this machine's network.
    pub async fn room(&self) -> Room {
        self.room_on("host").await
    }

    /// Makes a room with hosts and a wire of its own.
    pub async fn lab(&self) -> Room {
        self.room_on("lab").await
    }

    /// Makes a room on a network.
    pub async fn room_on(&self, network: &str) -> Room {
        self.room_with(json!({"name": "A test", "network": network})).await
    }

    /// A room that is there already.
    pub fn known_room(&self, id: &str) -> Room {
        Room { client: self.clone(), id: id.to_owned() }
    }

    /// Makes a room as the request says.
    pub async fn room_with(&self, new: Value) -> Room {
        let (status, room) = self.post("/api/rooms", &new).await;
        assert_eq!(status, 201, "{room}");
        let id = room["room"].as_str().expect("an id").to_owned();
        Room { client: self.clone(), id }
    }
}

impl Room {
    /// A path of this room.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/rooms/{}{rest}", self.id)
    }

    /// The address of its feed, from an event on.
    pub fn live(&self, from: u64) -> String {
        format!("ws://{}{}", self.client.address, self.path(&format!("/live?from={from}")))
    }

    /// POST of JSON to a path of this room.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.client.post(&self.path(path), body).await
    }

    /// PATCH of JSON to a path of this room.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.client.patch(&self.path(path), body).await
    }

    /// Changes the wire, and returns it as it is then.
    pub async fn wire(&self, change: Value) -> Value {
        let (status, wire) = self.patch("/wire", &change).await;
        assert_eq!(status, 200, "{wire}");
        wire
    }

    /// The room as the server shows it.
    pub async fn view(&self) -> RoomView {
        let (status, view) = self.client.get(&self.path("")).await;
        assert_eq!(status, StatusCode::OK.as_u16(), "{view}");
        serde_json::from_value(view).expect("a room")
    }

    /// Starts a program and returns its name.
    pub async fn start(&self, program: Value) -> String {
        let (status, view) = self.client.post(&self.path("/programs"), &program).await;
        assert_eq!(status, 201, "{view}");
        view["name"].as_str().expect("a name").to_owned()
    }

    /// Asks for a call, and waits for its return as long as `wait_ms` says.
    pub async fn call_for(&self, wait_ms: u64, program: &str, call: &Value) -> Answer {
        let path = self.path(&format!("/programs/{program}/calls?wait_ms={wait_ms}"));
        self.client.post(&path, call).await
    }

    /// Makes a call that returns, and returns its answer.
    pub async fn call(&self, program: &str, call: Value) -> Value {
        let (status, answer) = self.call_for(20_000, program, &call).await;
        assert_eq!(status, 200, "{call}: {answer}");
        answer
    }

    /// Decides about a packet that the wire holds.
    pub async fn decide(&self, packet: PacketId, fate: &str) {
        let path = self.path(&format!("/wire/packets/{packet}"));
        let (status, answer) = self.client.post(&path, &json!({"fate": fate})).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// The journal as a file that ends with `extension`; a query may follow it.
    pub async fn recording(&self, extension: &str) -> Vec<u8> {
        let path = self.path(&format!("/recording.{extension}"));
        let request = self.client.request(Method::GET, &path).send();
        let mut response = within("a recording", request).await.expect("a recording");
        let mut file = Vec::new();
        while let Some(piece) = within("a piece", response.chunk()).await.expect("a piece") {
            file.extend_from_slice(&piece);
        }
        file
    }

    /// The journal so far.
    pub async fn events(&self) -> Vec<Event> {
        self.events_from(1).await
    }

    /// Ends a program.
    pub async fn end(&self, program: &str) {
        let (status, answer) =
            self.client.delete(&self.path(&format!("/programs/{program}"))).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// The journal from an event on.
    pub async fn events_from(&self, from: u64) -> Vec<Event> {
        let path = self.path(&format!("/events?from={from}"));
        let request = self.client.request(Method::GET, &path);
        let text = within("events", async { request.send().await?.text().await }).await;
        let text = text.expect("events");
        text.lines().map(event).collect()
    }

    /// Follows the journal from its beginning until it has an event that `wanted` likes, and returns all up to that one.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Fact) -> bool) -> Vec<Event> {
        self.until_from(1, what, wanted).await
    }

    /// As [`Room::until`], from an event on.
    pub async fn until_from(
        &self,
        from: u64,
        what: &str,
        wanted: impl Fn(&Fact) -> bool,
    ) -> Vec<Event> {
        let path = self.path(&format!("/events?from={from}&follow=true"));
        let follow = async {
            let mut response =
                self.client.request(Method::GET, &path).send().await.expect("events");
            let (mut rest, mut events) = (Vec::new(), Vec::new());
            while let Some(piece) = response.chunk().await.expect("events") {
                rest.extend_from_slice(&piece);
                let mut read = 0;
                while let Some(length) = rest[read..].iter().position(|&byte| byte == b'\n') {
                    let line = &rest[read..read + length];
                    let event = event(&String::from_utf8_lossy(line));
                    read += length + 1;
                    let found = wanted(&event.fact);
                    events.push(event);
                    if found {
                        return events;
                    }
                }
                rest.drain(..read);
            }
            panic!("{what}: the journal ended before");
        };
        within(what, follow).await
    }
}

/// An event of the journal, read as the page reads it.
fn event(line: &str) -> Event {
    Json::read(line)
        .as_ref()
        .and_then(Event::from_json)
        .unwrap_or_else(|| panic!("no event: {line}"))
}
