//! How the feed fares: in the top bar in two words, and where something is to be done in a sentence below it.

use socketscope_diagram::wording::fill;

use super::parts::{button, link};
use crate::{
    dom::{El, el},
    feed::Status,
    state::room,
    words::words,
};

/// In two words.
pub(crate) fn status_light() -> El {
    let room = room();
    let class = move || match room.status.get() {
        Status::Connecting => "status",
        Status::Live => "status live",
        Status::Lost(_) => "status trouble",
        Status::NoRoom | Status::Refused => "status over",
    };
    let text = move || match room.status.get() {
        Status::Connecting => words().connecting.to_owned(),
        Status::Live => words().live.to_owned(),
        Status::Lost(None) => words().reconnecting.to_owned(),
        Status::Lost(Some(seconds)) => {
            fill(words().reconnecting_in, &[("seconds", &seconds.to_string())])
        }
        Status::NoRoom => words().room_over.to_owned(),
        Status::Refused => words().refused.to_owned(),
    };
    el("span").attr("role", "status").live("class", class).live_text(text)
}

/// What it means for the visitor, where it means something.
pub(crate) fn status_banner() -> impl Fn() -> Option<El> {
    let room = room();
    let watching_only =
        move || room.hello.with(|hello| hello.as_ref().is_some_and(|hello| !hello.commands));
    let banner = |why: &str| el("div").class("banner").child(el("span").child(why));
    let ending =
        move |why: &str| banner(why).attr("role", "alert").child(link("/").child(words().to_lobby));
    move || match room.status.get() {
        Status::Lost(_) => {
            let retry = button("btn small", words().retry, move || room.retry());
            Some(banner(words().lost_why).child(retry))
        }
        Status::NoRoom => Some(ending(words().room_over_why)),
        Status::Refused => Some(ending(words().refused_why)),
        Status::Live if watching_only() => Some(banner(words().watching_only_why)),
        _ => None,
    }
}
