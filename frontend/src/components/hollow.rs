//! What stands in the diagram's place while it has no row.

use socketscope_diagram::rows::{Filter, Layers};

use super::{parts::button, starters::starters};
use crate::{
    dom::{El, el},
    feed::Status,
    reactive::untrack,
    state::room,
    words::{frame_words, words},
};

/// Why that is, and what to do about it.
pub(crate) fn hollow() -> El {
    let room = room();
    let content = move || {
        let (f, w) = (frame_words(), words());
        let filter = room.filter.get();
        let say = |title, why| [el("strong").child(title), el("p").child(why)];
        let all = move || {
            let scale = untrack(|| room.filter.with(|filter| filter.scale));
            room.set_filter(Filter { scale, ..Filter::default() });
        };
        let show = move |label| vec![button("btn primary", label, all)];
        let anything = room.read(|model| model.head() > 0);
        let Layers { calls, packets, states } = filter.layers;
        let (said, more) = match room.status.get() {
            Status::NoRoom => (say(f.room_over, f.room_over_why), Vec::new()),
            Status::Refused => (say(f.refused, f.refused_why), Vec::new()),
            Status::Connecting => (say(f.connecting, w.loading), Vec::new()),
            _ if anything && !(calls || packets || states) => {
                (say(w.no_layers, w.no_layers_why), show(w.show_all))
            }
            _ if anything && filter != (Filter { scale: filter.scale, ..Filter::default() }) => {
                (say(w.none_shown, w.none_shown_why), show(w.show_all))
            }
            _ => (say(w.nothing_yet, w.nothing_yet_why), vec![starters(false)]),
        };
        said.into_iter().chain(more).collect::<Vec<_>>()
    };
    el("div").class("hollow").live_child(content)
}
