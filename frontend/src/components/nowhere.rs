//! What is shown at an address where there is nothing.

use super::parts::{header, link};
use crate::{
    dom::{El, el},
    words::{frame_words, words},
};

/// Says so, and leads to the lobby.
pub(crate) fn nowhere() -> Vec<El> {
    nothing(words().nowhere, "")
}

/// The same, of a room that there is not.
pub(crate) fn no_room() -> Vec<El> {
    nothing(words().no_room, words().no_room_why)
}

fn nothing(title: &str, why: &str) -> Vec<El> {
    let to_lobby = link("/").child(frame_words().to_lobby);
    let said = [el("h1").child(title), el("p").child(why), el("p").child(to_lobby)];
    vec![header(), el("main").class("lobby").child(el("div").class("lobby-lead").child(said))]
}
