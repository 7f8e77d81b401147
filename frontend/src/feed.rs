//! The feed's WebSocket: connects, greets, comes back after a loss with growing pauses, resumes where the model ends.
//!
//! It reads nothing but close codes: what arrives goes to the room as text, to be taken in with the next frame.

use socketscope_protocol::{Greeting, RoomId};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

use crate::{
    access::key_refused,
    browser,
    reactive::{Stored, on_cleanup},
    state::Room,
};

/// Milliseconds before the first new attempt; each further pause is twice as long.
const FIRST_PAUSE: f64 = 300.0;

/// Milliseconds of the longest pause: short enough that a restarted server is found while one looks at the page.
const LONGEST_PAUSE: f64 = 10_000.0;

/// How the feed fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The first attempt is under way.
    Connecting,
    /// What happens is shown as it happens.
    Live,
    /// Lost; the next attempt is in so many seconds, or under way.
    Lost(Option<u32>),
    /// The server has no such room, or ended it.
    NoRoom,
    /// The server did not accept the key, or wants one.
    Refused,
}

/// The feed of the room that is shown, for as long as it is. A handle: copies mean the same feed.
#[derive(Clone, Copy)]
pub(crate) struct Feed(Stored<State>);

struct State {
    id: RoomId,
    key: Option<String>,
    socket: Option<WebSocket>,
    /// Whether anything has come over this connection.
    live: bool,
    /// Connections in a row over which nothing came.
    lost: i32,
    /// Counts the connections and the pauses: what belongs to an earlier one does nothing any more.
    turn: u32,
}

impl Feed {
    /// A feed of the room `id`, which is not connected yet.
    pub(crate) fn new(id: RoomId, key: Option<String>) -> Self {
        let feed =
            Self(Stored::new(State { id, key, socket: None, live: false, lost: 0, turn: 0 }));
        on_cleanup(move || feed.hang_up());
        feed
    }

    /// Connects, and keeps `room` fed from now on.
    pub(crate) fn connect(self, room: Room) {
        let turn = self.next_turn();
        let socket = self.0.try_with(|state| {
            let path = format!("/api/rooms/{}/live?from={}", state.id.0, room.wanted());
            WebSocket::new(&browser::absolute(&path).replacen("http", "ws", 1)).ok()
        });
        let Some(Some(socket)) = socket else { return self.pause(room) };
        self.listen(room, turn, &socket);
        self.0.update(|state| (state.socket, state.live) = (Some(socket), false));
    }

    fn listen(self, room: Room, turn: u32, socket: &WebSocket) {
        on(socket, "open", move |event| {
            let socket: Option<WebSocket> = event.target().map(JsCast::unchecked_into);
            let key = self.0.try_with(|state| state.key.clone()).flatten();
            if let (Some(socket), Some(key)) = (socket, key) {
                // Where it cannot be sent, the connection is over, and says so.
                let _ = socket.send_with_str(&Greeting { key }.to_json());
            }
        });
        on(socket, "message", move |event| {
            if self.is(turn)
                && let Some(text) = event.unchecked_into::<MessageEvent>().data().as_string()
            {
                self.0.update(|state| state.live = true);
                room.arrived(text);
            }
        });
        on(socket, "close", move |event| {
            if self.is(turn) {
                self.over(room, event.unchecked_into::<CloseEvent>().code());
            }
        });
    }

    /// The connection was closed with `code`.
    fn over(self, room: Room, code: u16) {
        self.0.update(|state| state.socket = None);
        room.disconnected();
        let has_key = || self.0.try_with(|state| state.key.is_some()) == Some(true);
        match code {
            4401 if has_key() => key_refused(),
            4401 => room.status.set(Status::Refused),
            4404 => room.status.set(Status::NoRoom),
            _ => self.pause(room),
        }
    }

    /// Waits before the next attempt, and says how long.
    fn pause(self, room: Room) {
        let turn = self.next_turn();
        let lost = self.0.update(|state| {
            state.lost = if state.live { 0 } else { state.lost + 1 };
            state.lost
        });
        let pause = (FIRST_PAUSE * 2_f64.powi(lost.unwrap_or(0).min(10))).min(LONGEST_PAUSE);
        // Half of it by chance: a class that lost one server must not come back in one moment.
        self.wait(room, turn, pause * (0.5 + browser::chance() / 2.0));
    }

    fn wait(self, room: Room, turn: u32, left: f64) {
        if !self.is(turn) {
            return;
        }
        if left <= 0.0 {
            room.status.set(Status::Lost(None));
            return self.connect(room);
        }
        room.status.set(Status::Lost(Some((left / 1000.0).ceil() as u32)));
        let step = left.min(1000.0);
        browser::after(step as i32, move || self.wait(room, turn, left - step));
    }

    /// Sends `text`; false where there is no connection.
    pub(crate) fn send(self, text: &str) -> bool {
        let sent = self.0.try_with(|state| state.socket.as_ref()?.send_with_str(text).ok());
        sent.flatten().is_some()
    }

    /// Tries again now, where it waits.
    pub(crate) fn retry(self, room: Room) {
        if self.0.try_with(|state| state.socket.is_none()) == Some(true) {
            room.status.set(Status::Lost(None));
            self.connect(room);
        }
    }

    /// Drops the connection and resumes from the model's end.
    pub(crate) fn resume(self, room: Room) {
        self.hang_up();
        room.disconnected();
        self.pause(room);
    }

    fn hang_up(self) {
        self.next_turn();
        let socket = self.0.update(|state| state.socket.take()).flatten();
        // Only a strange code is refused.
        let _ = socket.map(|socket| socket.close());
    }

    fn next_turn(self) -> u32 {
        let turn = self.0.update(|state| {
            state.turn += 1;
            state.turn
        });
        turn.unwrap_or(0)
    }

    fn is(self, turn: u32) -> bool {
        self.0.try_with(|state| state.turn == turn) == Some(true)
    }
}

/// Calls `handler` at each event `name` of `socket`. It lives as long as the socket: the browser frees both.
fn on(socket: &WebSocket, name: &str, handler: impl FnMut(Event) + 'static) {
    let handler = Closure::<dyn FnMut(Event)>::new(handler).into_js_value();
    // Every socket takes listeners.
    let _ = socket.add_event_listener_with_callback(name, handler.unchecked_ref());
}
