//! What is shown at an address that the page does not have.

use super::parts::{header, link};
use crate::{
    dom::{El, el},
    words::words,
};

/// Says so, and leads to the lobby.
pub(crate) fn nowhere() -> Vec<El> {
    let main = el("main").class("lobby").child(el("h1").child(words().nowhere));
    vec![header(), main.child(el("p").child(link("/").child(words().to_lobby)))]
}
