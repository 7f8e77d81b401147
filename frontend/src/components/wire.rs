//! The wire of a lab room: holding packets, deciding about them, and how it treats all others.

use socketscope_diagram::{scene::wire_text, wording::fill};
use socketscope_protocol::{
    Command, Fate, FateOfMany, HostName, PacketKind, Rule, RuledFate, WireChange, WireSettings,
};
use web_sys::SubmitEvent;

use super::parts::{button, command, labelled, options, popover, state, submit};
use crate::{
    dom::{El, el},
    reactive::{Memo, RwSignal, untrack},
    state::{Room, room},
    words::{wording, words},
};

/// The wire's tools in the strip; nothing where the room has no wire.
pub(crate) fn wire() -> El {
    let room = room();
    let there = move || room.is_lab();
    el("div").class("wire").when(there, tools)
}

fn tools() -> Vec<El> {
    let (room, lab) = (room(), &wording().lab);
    let holds = Memo::new(move || room.read(|model| model.lab().wire().settings.hold));
    let held = Memo::new(move || room.read(|model| model.lab().held().count()));
    let hold = move || {
        let hold = Some(!untrack(|| holds.get()));
        room.tell(Command::Wire { body: WireChange { hold, ..WireChange::default() } });
    };
    let decide =
        move |fate, count| move || room.tell(Command::Packets { body: FateOfMany { fate, count } });
    let settings = move || room.read(|model| wire_text(model.lab().wire(), wording()));
    let settings = Memo::new(settings);
    let waiting = move || {
        (held.get() > 0).then(|| {
            let count = fill(lab.held, &[("count", &held.get().to_string())]);
            [
                el("span").class("pill").attr("role", "status").child(count),
                command("btn", lab.step, lab.step, decide(Fate::Deliver, Some(1))),
                command("btn", lab.release_all, lab.release_all, decide(Fate::Deliver, None)),
                command("btn", lab.lose_all, lab.lose_all, decide(Fate::Lose, None)),
            ]
        })
    };
    let hold = command("btn", lab.hold, lab.hold_why, hold)
        .live("aria-pressed", move || state(holds.get()));
    let more = popover("wire-settings", "btn", lab.more, form(room));
    vec![
        el("strong").child(lab.wire),
        hold,
        el("span").live_child(waiting),
        el("span").class("pill wide clip").live_text(move || settings.get()),
        el("span").child(more),
    ]
}

/// The fields of the form.
#[derive(Clone, Copy)]
struct Fields {
    from: RwSignal<String>,
    to: RwSignal<String>,
    delay: RwSignal<String>,
    jitter: RwSignal<String>,
    loss: RwSignal<String>,
    reorder: RwSignal<String>,
    duplicate: RwSignal<String>,
    rate: RwSignal<String>,
    kind: RwSignal<String>,
    nth: RwSignal<String>,
}

fn form(room: Room) -> El {
    let lab = &wording().lab;
    let zero = || RwSignal::new("0".to_owned());
    let any = || RwSignal::new(String::new());
    let fields = Fields {
        from: any(),
        to: any(),
        delay: zero(),
        jitter: zero(),
        loss: zero(),
        reorder: zero(),
        duplicate: zero(),
        rate: zero(),
        kind: RwSignal::new("syn".to_owned()),
        nth: RwSignal::new("1".to_owned()),
    };
    let hosts = move || {
        room.read(|model| {
            model.lab().hosts().iter().map(|host| host.name.to_string()).collect::<Vec<_>>()
        })
    };
    let hosts = Memo::new(hosts);
    let choice = move |label: &str, text: RwSignal<String>| {
        let any = el("option").attr("value", "").child(lab.any_host);
        let select = el("select").child(any).each(
            move || hosts.get(),
            |name| el("option").attr("value", name.as_str()).child(name),
        );
        labelled("field", label, select.bind(text))
    };
    let number = |label: &str, text| {
        let field = el("input").attr("inputmode", "decimal").attr("autocomplete", "off");
        labelled("field", label, field.bind(text))
    };
    let pair = |one: El, other: El| el("div").class("pair").child([one, other]);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        room.tell(Command::Wire { body: fields.change() });
    };
    let plain = move || {
        for text in [
            fields.delay,
            fields.jitter,
            fields.loss,
            fields.reorder,
            fields.duplicate,
            fields.rate,
        ] {
            text.set("0".to_owned());
        }
        let settings = WireSettings::default();
        let change = WireChange { rules: Some(Vec::new()), hold: Some(false), ..all(settings) };
        room.tell(Command::Wire { body: change });
    };
    let rule = move |fate| {
        move || {
            let rules = room.peek(|model| model.lab().wire().rules.clone());
            let rules = rules.into_iter().chain(fields.rule(fate)).collect();
            let change = WireChange { rules: Some(rules), ..WireChange::default() };
            room.tell(Command::Wire { body: change });
        }
    };
    let kinds = PacketKind::ALL.map(|kind| (kind.as_str(), lab.kind(kind)));
    let kinds = el("select").child(options(kinds)).bind(fields.kind);
    let next = [
        el("strong").child(lab.next),
        pair(number(lab.nth, fields.nth), labelled("field", lab.kind_name, kinds)),
        el("div").class("row").child([
            command("btn", lab.lose, lab.rule_why, rule(RuledFate::Lose)),
            command("btn", lab.hold_one, lab.rule_why, rule(RuledFate::Hold)),
        ]),
    ];
    el("form")
        .class("form bare")
        .attr("aria-label", lab.wire)
        .on("submit", send)
        .child(el("strong").child(lab.wire_settings))
        .child(pair(choice(lab.from, fields.from), choice(lab.to, fields.to)))
        .child(pair(number(lab.delay, fields.delay), number(lab.jitter, fields.jitter)))
        .child(pair(number(lab.loss_chance, fields.loss), number(lab.reorder, fields.reorder)))
        .child(pair(number(lab.duplicate, fields.duplicate), number(lab.rate, fields.rate)))
        .child(
            el("div").class("row").child([submit(lab.apply), button("btn bare", lab.reset, plain)]),
        )
        .child(el("hr"))
        .child(next)
        .child(el("p").class("quiet").child(words().host_network_loopback))
}

fn all(settings: WireSettings) -> WireChange {
    WireChange {
        delay_ms: Some(settings.delay_ms),
        jitter_ms: Some(settings.jitter_ms),
        loss: Some(settings.loss),
        reorder: Some(settings.reorder),
        duplicate: Some(settings.duplicate),
        rate_kbit: Some(settings.rate_kbit),
        ..WireChange::default()
    }
}

impl Fields {
    /// What is no number is sent as one that the server refuses: it says what is wrong with it.
    fn change(self) -> WireChange {
        let number = |text: RwSignal<String>| text.get_untracked().trim().parse().unwrap_or(-1.0);
        let settings = WireSettings {
            delay_ms: number(self.delay),
            jitter_ms: number(self.jitter),
            loss: number(self.loss) / 100.0,
            reorder: number(self.reorder) / 100.0,
            duplicate: number(self.duplicate) / 100.0,
            rate_kbit: self.rate.get_untracked().trim().parse().unwrap_or_default(),
            hold: false,
        };
        WireChange { from: host(self.from), to: host(self.to), ..all(settings) }
    }

    fn rule(self, fate: RuledFate) -> Option<Rule> {
        let packet = PacketKind::named(&self.kind.get_untracked())?;
        let nth = self.nth.get_untracked().trim().parse().unwrap_or(1);
        Some(Rule { packet, fate, nth, always: false, from: host(self.from), to: host(self.to) })
    }
}

fn host(text: RwSignal<String>) -> Option<HostName> {
    HostName::new(&text.get_untracked()).ok()
}
