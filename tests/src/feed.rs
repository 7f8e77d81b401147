//! A viewer of the feed, by a WebSocket library that the server does not use.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use socketscope_protocol::{Event, Hello, Line, json::Json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message as Frame, client::IntoClientRequest, protocol::CloseFrame},
};

use crate::{Room, TestServer, within};

/// An open feed.
pub struct Feed {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Lines of a message that has been taken in part.
    lines: Vec<String>,
}

/// What a feed brings.
#[derive(Debug)]
pub enum Message {
    /// An event.
    Event(Event),
    /// Another line.
    Line(Line),
    /// The end: code and reason.
    Closed(u16, String),
}

impl Feed {
    /// Opens a feed from `from` on, with the key in a header as scripts send it, and returns what it was greeted with.
    pub async fn open(room: &Room, from: u64) -> (Self, Hello) {
        let mut request = room.live(from).into_client_request().expect("a request");
        let key = format!("Bearer {}", TestServer::KEY).parse().expect("a header");
        request.headers_mut().insert("authorization", key);
        let mut feed = Self::connect(request).await;
        match feed.next().await {
            Message::Line(Line::Hello(hello)) => (feed, hello),
            other => panic!("no hello: {other:?}"),
        }
    }

    /// Connects and sends nothing.
    pub async fn connect(to: impl IntoClientRequest + Unpin) -> Self {
        let opened = within("a WebSocket", connect_async(to)).await;
        Self { socket: opened.expect("a WebSocket").0, lines: Vec::new() }
    }

    /// Sends JSON.
    pub async fn send(&mut self, what: &Value) {
        self.send_raw(Frame::text(what.to_string())).await.expect("an open feed");
    }

    /// Sends any frame.
    pub async fn send_raw(&mut self, frame: Frame) -> tungstenite::Result<()> {
        within("sending", self.socket.send(frame)).await
    }

    /// The next line, or the end.
    pub async fn next(&mut self) -> Message {
        if let Some(line) = self.lines.pop() {
            return message(&line);
        }
        // One deadline for all frames up to it: the server's pings do not prolong the wait.
        within("a line of the feed", self.next_frame()).await
    }

    async fn next_frame(&mut self) -> Message {
        loop {
            if let Some(line) = self.lines.pop() {
                return message(&line);
            }
            match self.socket.next().await {
                Some(Ok(Frame::Text(text))) => {
                    self.lines = text.lines().map(str::to_owned).collect();
                    self.lines.reverse();
                }
                Some(Ok(Frame::Close(Some(CloseFrame { code, reason })))) => {
                    return Message::Closed(code.into(), reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("the feed broke off: {other:?}"),
            }
        }
    }

    /// The next `count` events; other lines are passed over.
    pub async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            match self.next().await {
                Message::Event(event) => events.push(event),
                Message::Line(_) => {}
                Message::Closed(code, reason) => panic!("closed: {code} {reason}"),
            }
        }
        events
    }

    /// The answer to request number `request`: status and body. Events before it are passed over.
    pub async fn reply(&mut self, request: Option<u64>) -> (u16, Value) {
        loop {
            if let Message::Line(Line::Reply(reply)) = self.next().await
                && reply.request == request
            {
                return (reply.status, reply.body);
            }
        }
    }

    /// Waits for the end: code and reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Closed(code, reason) = self.next().await {
                return (code, reason);
            }
        }
    }
}

fn message(line: &str) -> Message {
    match Json::read(line).as_ref().and_then(Event::from_json) {
        Some(event) => Message::Event(event),
        None => Message::Line(serde_json::from_str(line).expect("an event or a line")),
    }
}
