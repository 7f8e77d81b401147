//! Above the diagram: what of the room is shown, whether it follows, what the notation means.

use socketscope_diagram::{
    format::duration,
    inspect,
    model::{ConnectionId, ProgramId},
    rows::{Filter, Layers},
    wording::fill,
};
use web_sys::Event;

use super::{
    export::export,
    legend::legend,
    parts::{button, popover, state},
};
use crate::{
    dom::{El, el, value_of},
    reactive::Memo,
    state::{Room, room},
    words::{wording, words},
};

/// Connections to choose from: the latest.
const CONNECTIONS_SHOWN: usize = 60;

/// Fills the place of the tools.
pub(crate) fn toolbar(tools: El) {
    let (room, w) = (room(), words());
    let programs = Memo::new(move || {
        room.read(|model| {
            let all = model
                .programs()
                .map(|program| (program.id.0.to_string(), program.name.to_string()));
            all.collect::<Vec<_>>()
        })
    });
    let connections = Memo::new(move || {
        room.read(|model| {
            let latest = model.connections().rev().take(CONNECTIONS_SHOWN);
            let name = |connection| inspect::connection_name(model, connection, wording());
            latest.map(|it| (it.id.0.to_string(), name(it))).collect::<Vec<_>>()
        })
    });
    let program = move || {
        let chosen = room.filter.get().programs.and_then(|programs| programs.first().copied());
        chosen.map(|id| id.0.to_string()).unwrap_or_default()
    };
    let connection =
        move || room.filter.get().connection.map(|id| id.0.to_string()).unwrap_or_default();
    let choose_program = move |chosen: String| {
        let programs = chosen.parse().ok().map(|id| [ProgramId(id)].into());
        let Filter { layers, scale, .. } = room.filter.get_untracked();
        room.set_filter(Filter { programs, layers, scale, ..Filter::default() });
    };
    let choose_connection = move |chosen: String| {
        let connection = chosen.parse().ok().map(ConnectionId);
        let Filter { layers, scale, .. } = room.filter.get_untracked();
        room.set_filter(Filter { connection, layers, scale, ..Filter::default() });
    };
    let follow = move || {
        if room.stage.follow.get_untracked() { room.stay() } else { room.follow() }
    };
    let notation =
        [el("strong").child(w.legend), legend(), el("p").class("quiet").child(w.legend_note)];
    let follow = button("btn", w.follow, follow);
    // A sign instead of its name: all tools fit one row.
    let signed = |[button, popover]: [El; 2], name: &'static str| {
        el("span")
            .class("wide")
            .child([button.attr("aria-label", name).attr("title", name), popover])
    };
    tools.child(layers(room)).child([
        choice(w.filter_program, w.all_programs, programs, Memo::new(program))
            .on("change", move |event: Event| choose_program(value_of(&event))),
        choice(w.filter_connection, w.all_connections, connections, Memo::new(connection))
            .on("change", move |event: Event| choose_connection(value_of(&event))),
        scale(room),
        el("span").class("space"),
        signed(popover("legend", "btn sign", sign("?"), notation), w.legend),
        signed(export(), wording().lab.export),
        follow.live("aria-pressed", move || state(room.stage.follow.get())),
    ]);
}

/// A sign that stands for a name.
pub(super) fn sign(sign: &str) -> El {
    el("span").attr("aria-hidden", "true").child(sign)
}

/// Nanoseconds that a row can stand for.
const SCALES: [u64; 6] = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// Whether rows follow the order alone, or time.
fn scale(room: Room) -> El {
    let lab = &wording().lab;
    let choose = move |event: Event| {
        let scale = value_of(&event).parse().ok();
        room.set_filter(Filter { scale, ..room.filter.get_untracked() });
    };
    let option = |scale: u64| {
        let name = fill(lab.by_time, &[("time", &duration(scale))]);
        el("option").attr("value", scale.to_string()).child(name)
    };
    let by_order = el("option").attr("value", "").child(lab.by_order);
    let chosen = move || {
        let scale = room.filter.with(|filter| filter.scale);
        scale.map(|scale| scale.to_string()).unwrap_or_default()
    };
    let select = el("select").attr("aria-label", lab.scale).attr("title", lab.scale);
    let select = select.child(by_order).child(SCALES.map(option));
    select.live_prop("value", chosen).on("change", choose)
}

/// A button for each layer of the diagram.
fn layers(room: Room) -> El {
    let lab = &wording().lab;
    let layer = |name: &str, of: fn(&mut Layers) -> &mut bool| {
        let flip = move || {
            let mut filter = room.filter.get_untracked();
            let shown = of(&mut filter.layers);
            *shown = !*shown;
            room.set_filter(filter);
        };
        let shown = move || state(*of(&mut room.filter.get().layers));
        button("btn", name, flip).live("aria-pressed", shown)
    };
    el("div").class("row layers").attr("role", "group").attr("aria-label", lab.layers).child([
        layer(lab.calls, |layers| &mut layers.calls),
        layer(lab.packets_layer, |layers| &mut layers.packets),
        layer(lab.states_layer, |layers| &mut layers.states),
    ])
}

/// A choice between `all` and one of `options`, each a value and a name.
fn choice(label: &str, all: &str, options: Memo<Vec<(String, String)>>, value: Memo<String>) -> El {
    let option = move |(id, name): (String, String)| {
        let option = el("option").attr("value", id.as_str()).child(name);
        option.live_prop("selected", move || value.get() == id)
    };
    let all = el("option").attr("value", "").child(all);
    el("select")
        .attr("aria-label", label)
        .attr("title", label)
        .child(all.live_prop("selected", move || value.get().is_empty()))
        .each(move || options.get(), option)
}
