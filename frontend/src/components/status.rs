//! How the feed fares: in the top bar in two words, and where something is to be done in a sentence below it.

use socketscope_diagram::wording::fill;

use super::parts::{button, link};
use crate::{
    access::why_no_key,
    dom::{El, el},
    feed::Status,
    state::room,
    words::frame_words,
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
        Status::Connecting => frame_words().connecting.to_owned(),
        Status::Live => frame_words().live.to_owned(),
        Status::Lost(None) => frame_words().reconnecting.to_owned(),
        Status::Lost(Some(seconds)) => {
            fill(frame_words().reconnecting_in, &[("seconds", &seconds.to_string())])
        }
        Status::NoRoom => frame_words().room_over.to_owned(),
        Status::Refused => frame_words().refused.to_owned(),
    };
    el("span").attr("role", "status").live("class", class).live_text(text)
}

/// What it means for the visitor, where it means something.
pub(crate) fn status_banner() -> impl Fn() -> Option<El> {
    let room = room();
    let watching_only =
        move || room.hello.with(|hello| hello.as_ref().is_some_and(|hello| !hello.commands));
    let banner = |why: &str| el("div").class("banner").child(el("span").child(why));
    let ending = move |why: &str| {
        banner(why).attr("role", "alert").child(link("/").child(frame_words().to_lobby))
    };
    move || match room.status.get() {
        Status::Lost(_) => {
            let retry = button("btn small", frame_words().retry, move || room.retry());
            Some(banner(frame_words().lost_why).child(retry))
        }
        Status::NoRoom => Some(ending(frame_words().room_over_why)),
        Status::Refused => Some(ending(frame_words().refused_why)),
        Status::Live if watching_only() => {
            Some(banner(why_no_key(frame_words().watching_only_why)))
        }
        _ => None,
    }
}
