//! The top bar of a room: its name, how the feed fares, where its sockets live, who watches, sharing, the theme.

use socketscope_diagram::wording::fill;
use socketscope_protocol::{Hello, RoomId, Rung};

use super::{
    parts::{brand, button, language_switch, popover, theme_button},
    status::status_light,
};
use crate::{
    access::key,
    browser,
    dom::{El, el},
    reactive::RwSignal,
    state::room,
    words::{wording, words},
};

/// The top bar, as far as it tells at once which room this is and how its feed fares.
pub(crate) fn top() -> El {
    let room = room();
    let name = move || room.name().unwrap_or_default();
    el("header").class("top").child([
        brand(),
        el("h1").class("pill clip").live("title", name).live_text(name),
        status_light(),
    ])
}

/// Adds the rest of it.
pub(crate) fn rest(top: El, id: &RoomId) {
    let (room, w) = (room(), words());
    let watching = move || fill(w.watching, &[("count", &room.watching.get().to_string())]);
    let network = el("div").live_child(whereabouts);
    let title = move || if room.is_lab() { w.lab } else { w.host_network };
    let title = el("span").live_text(title);
    top.child([
        el("span").class("wide").child(popover("network", "pill", title, network)),
        el("span").class("space"),
        el("span").class("pill wide").live_text(watching),
    ])
    .child(share(id))
    .child([language_switch(), theme_button()]);
}

/// What it means that the sockets live in this machine's own network, and where those with names are.
pub(crate) fn whereabouts() -> [El; 4] {
    let (room, w) = (room(), words());
    let folder = move || {
        let folder = |hello: &Hello| hello.unix_folder.clone();
        room.hello.with(|hello| hello.as_ref().map(folder).unwrap_or_default())
    };
    let folder = el("code").live_text(folder);
    let lab = &wording().lab;
    let rung = |hello: &Hello| match (hello.rung, &hello.lesson) {
        (Rung::State, Some(_)) => lab.rung_of_lesson,
        (rung, _) => lab.rung(rung),
    };
    let rung = room.hello.with(|hello| hello.as_ref().map(rung));
    [
        el("strong").child(if room.is_lab() { w.lab } else { w.host_network }),
        el("p").child(if room.is_lab() { w.lab_why } else { w.host_network_why }),
        el("p").child(rung),
        el("p").class("quiet").child([w.unix_folder, " "]).child(folder),
    ]
}

fn share(id: &RoomId) -> [El; 2] {
    let w = words();
    let watch = browser::absolute(&format!("/rooms/{}", id.0));
    let full = key().map(|key| {
        let key = String::from(js_sys::encode_uri_component(&key));
        format!("{watch}#key={key}")
    });
    let part = |title, why| [el("strong").child(title), el("p").class("quiet").child(why)];
    let mut content = Vec::from(part(w.watch_link, w.watch_link_why));
    content
        .extend([el("p").child(el("code").child(watch.as_str())), copy_link("btn primary", watch)]);
    if ["localhost", "127.0.0.1", "[::1]"].contains(&&*browser::host()) {
        content.push(el("p").child(w.share_loopback));
    }
    // A link with the key is not shown: it could be read off a projector.
    if let Some(link) = full {
        content.push(el("hr"));
        content.extend(part(w.full_link, w.full_link_why));
        content.push(copy_link("btn", link));
    }
    popover("share", "btn", w.share, content)
}

/// A button that copies `link`, and whether it could.
fn copy_link(class: &str, link: String) -> El {
    let w = words();
    let said = RwSignal::new("");
    let copy = move || {
        let link = link.clone();
        browser::spawn(async move {
            let done = browser::copy(&link).await;
            said.set(if done { w.copied } else { w.not_copied });
        });
    };
    let said = el("span").attr("role", "status").class("quiet").live_text(move || said.get());
    el("p").class("row").child([button(class, w.copy, copy), said])
}
