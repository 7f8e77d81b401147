//! How the wire treats packets, direction by direction, and what is decided in advance about some of them.

use socketscope_diagram::{format::decimal, scene::rule_text, wording::fill};
use socketscope_protocol::{
    Command, HostName, PacketKind, Rule, RuledFate, WireChange, WireSettings, WireView,
    json::float, limits::WIRE_DELAY_MS,
};
use web_sys::SubmitEvent;

use crate::{
    components::parts::{button, command, labelled, options, submit, tick},
    dom::{El, el},
    reactive::{Memo, RwSignal, untrack, watch},
    state::{Room, room},
    words::{wording, words},
};

/// A field for a number from `least` to `most`.
#[derive(Clone, Copy)]
struct Number {
    text: RwSignal<String>,
    least: f64,
    most: f64,
    whole: bool,
}

impl Number {
    fn new(text: &str, least: f64, most: f64, whole: bool) -> Self {
        Self { text: RwSignal::new(text.to_owned()), least, most, whole }
    }

    /// What is in the field, where it is such a number.
    fn value(self) -> Option<f64> {
        let value = float(self.text.get().trim())?;
        let fits =
            (self.least..=self.most).contains(&value) && (!self.whole || value.fract() == 0.0);
        fits.then_some(value)
    }

    fn show(self, value: f64) {
        self.text.set(decimal(value, 3));
    }

    fn field(self, label: &str) -> El {
        let [least, most] = [self.least, self.most].map(|bound| decimal(bound, 0));
        number_field(label, self.text, [least, most], Memo::new(move || self.value().is_none()))
    }
}

/// A field for a number, and below it what is wrong with it.
fn number_field(
    label: &str,
    text: RwSignal<String>,
    [least, most]: [String; 2],
    wrong: Memo<bool>,
) -> El {
    let input = el("input").attr("inputmode", "decimal").attr("autocomplete", "off");
    let input = input.live("aria-invalid", move || wrong.get().then_some("true"));
    let why = Memo::new(move || {
        let values = [("text", &*text.get()), ("least", &*least), ("most", &*most)];
        fill(words().not_in_range, &values)
    });
    let field = labelled("field", label, input.bind(text));
    field.when(
        move || wrong.get(),
        move || el("small").class("wrong").attr("role", "alert").live_text(move || why.get()),
    )
}

/// The seed that a text names: none for no text. An error where it is no number that a seed can be.
fn seed(text: &str) -> Result<Option<u64>, std::num::ParseIntError> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

/// The fields of the form.
#[derive(Clone, Copy)]
struct Fields {
    from: RwSignal<String>,
    to: RwSignal<String>,
    delay: Number,
    jitter: Number,
    loss: Number,
    reorder: Number,
    duplicate: Number,
    rate: Number,
    hold: RwSignal<bool>,
    seed: RwSignal<String>,
    kind: RwSignal<String>,
    nth: Number,
    always: RwSignal<bool>,
}

/// The highest rate, in kilobits a second, and the greatest number of a packet that the fields take.
const MOST: f64 = 1e9;

impl Fields {
    fn new() -> Self {
        let any = || RwSignal::new(String::new());
        let number = |most| Number::new("0", 0.0, most, false);
        Self {
            from: any(),
            to: any(),
            delay: number(WIRE_DELAY_MS),
            jitter: number(WIRE_DELAY_MS),
            loss: number(100.0),
            reorder: number(100.0),
            duplicate: number(100.0),
            rate: Number::new("0", 0.0, MOST, true),
            hold: RwSignal::new(false),
            seed: any(),
            kind: RwSignal::new("syn".to_owned()),
            nth: Number::new("1", 1.0, MOST, true),
            always: RwSignal::new(false),
        }
    }

    /// The settings of the direction that is chosen, as they are now.
    fn current(self, wire: &WireView) -> WireSettings {
        let (from, to) = (self.from.get(), self.to.get());
        let fits = |host: &HostName, chosen: &str| chosen.is_empty() || host.as_str() == chosen;
        let chosen = |settings: &&socketscope_protocol::Direction| {
            fits(&settings.from, &from) && fits(&settings.to, &to)
        };
        let of_all = from.is_empty() && to.is_empty();
        let own = wire.directions.iter().find(chosen).filter(|_| !of_all);
        own.map_or(wire.settings, |direction| direction.settings)
    }

    fn show(self, settings: WireSettings) {
        self.delay.show(settings.delay_ms);
        self.jitter.show(settings.jitter_ms);
        self.loss.show(settings.loss * 100.0);
        self.reorder.show(settings.reorder * 100.0);
        self.duplicate.show(settings.duplicate * 100.0);
        self.rate.show(settings.rate_kbit as f64);
        self.hold.set(settings.hold);
    }

    /// The change that the fields ask for; nothing while one of them cannot be read.
    fn change(self) -> Option<WireChange> {
        let seed = seed(&self.seed.get()).ok()?;
        Some(WireChange {
            from: host(self.from),
            to: host(self.to),
            delay_ms: Some(self.delay.value()?),
            jitter_ms: Some(self.jitter.value()?),
            loss: Some(self.loss.value()? / 100.0),
            reorder: Some(self.reorder.value()? / 100.0),
            duplicate: Some(self.duplicate.value()? / 100.0),
            rate_kbit: Some(self.rate.value()? as u64),
            hold: Some(self.hold.get()),
            seed,
            ..WireChange::default()
        })
    }

    fn rule(self, fate: RuledFate) -> Option<Rule> {
        let packet = PacketKind::named(&self.kind.get())?;
        let (nth, always) = (self.nth.value()? as u32, self.always.get());
        Some(Rule { packet, fate, nth, always, from: host(self.from), to: host(self.to) })
    }
}

fn host(text: RwSignal<String>) -> Option<HostName> {
    HostName::new(&text.get()).ok()
}

/// The form.
pub(super) fn form() -> El {
    let (room, lab, fields) = (room(), &wording().lab, Fields::new());
    // What is set shows in the fields: at first, for another direction, and when somebody changes it.
    let current = Memo::new(move || room.read(|model| fields.current(model.lab().wire())));
    watch(move || {
        let now = current.get();
        untrack(|| fields.show(now));
    });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(body) = untrack(|| fields.change()) {
            room.tell(Command::Wire { body });
        }
    };
    let plain = move || {
        untrack(|| fields.show(WireSettings::default()));
        let body = WireChange { rules: Some(Vec::new()), ..WireChange::plain() };
        room.tell(Command::Wire { body });
    };
    let pair = |one: El, other: El| el("div").class("pair").child([one, other]);
    let seeds = [u64::MIN, u64::MAX].map(|bound| bound.to_string());
    let no_seed = Memo::new(move || seed(&fields.seed.get()).is_err());
    let seed = number_field(lab.seed, fields.seed, seeds, no_seed).attr("title", lab.seed_why);
    let hosts = hosts(room);
    el("form")
        .class("form bare")
        .attr("aria-label", lab.wire)
        .on("submit", send)
        .child(el("strong").child(lab.wire_settings))
        .child(pair(choice(lab.from, fields.from, hosts), choice(lab.to, fields.to, hosts)))
        .child(pair(fields.delay.field(lab.delay), fields.jitter.field(lab.jitter)))
        .child(pair(fields.loss.field(lab.loss_chance), fields.reorder.field(lab.reorder)))
        .child(pair(fields.duplicate.field(lab.duplicate), fields.rate.field(lab.rate)))
        .child(pair(seed, tick(lab.hold, fields.hold)))
        .child(
            el("div").class("row").child([submit(lab.apply), button("btn bare", lab.reset, plain)]),
        )
        .child(el("hr"))
        .child(ahead(room, fields))
        .child(el("p").class("quiet").child(words().host_network_loopback))
}

fn hosts(room: Room) -> Memo<Vec<String>> {
    Memo::new(move || {
        room.read(|model| {
            model.lab().hosts().iter().map(|host| host.name.to_string()).collect::<Vec<_>>()
        })
    })
}

fn choice(label: &str, text: RwSignal<String>, hosts: Memo<Vec<String>>) -> El {
    let any = el("option").attr("value", "").child(wording().lab.any_host);
    let select = el("select")
        .child(any)
        .each(move || hosts.get(), |name| el("option").attr("value", name.as_str()).child(name));
    labelled("field", label, select.bind(text))
}

/// What is decided in advance, rule by rule, and the fields of another one. It goes for the direction that is chosen.
fn ahead(room: Room, fields: Fields) -> Vec<El> {
    let lab = &wording().lab;
    let tell = move |rules: Vec<Rule>| {
        let body = WireChange { rules: Some(rules), ..WireChange::default() };
        room.tell(Command::Wire { body });
    };
    let known = move || room.peek(|model| model.lab().wire().rules.clone());
    let add = move |fate| {
        move || {
            if let Some(rule) = untrack(|| fields.rule(fate)) {
                tell(known().into_iter().chain([rule]).collect());
            }
        }
    };
    let rules = Memo::new(move || room.read(|model| model.lab().wire().rules.clone()));
    let list = move || {
        let one = |(at, rule): (usize, Rule)| {
            let text = rule_text(&rule, wording());
            let remove = move || {
                let mut rules = known();
                // Meanwhile it may have been kept, and be gone.
                if rules.get(at) == Some(&rule) {
                    rules.remove(at);
                    tell(rules);
                }
            };
            let name = fill(lab.remove_rule, &[("rule", &text)]);
            let remove = command("btn small", "×", lab.rule_why, remove).attr("aria-label", name);
            el("li").class("row").child([el("span").child(text), remove])
        };
        let rules = rules.get();
        let list = el("ul").class("rules").attr("aria-label", lab.rules);
        list.child(rules.into_iter().enumerate().map(one).collect::<Vec<_>>())
    };
    let kinds = PacketKind::ALL.map(|kind| (kind.as_str(), lab.kind(kind)));
    let kinds = el("select").child(options(kinds)).bind(fields.kind);
    vec![
        el("strong").child(lab.next),
        el("div").live_child(list),
        el("div")
            .class("pair")
            .child([fields.nth.field(lab.nth), labelled("field", lab.kind_name, kinds)]),
        tick(lab.always, fields.always),
        el("div").class("row").child([
            command("btn", lab.lose, lab.rule_why, add(RuledFate::Lose)),
            command("btn", lab.hold_one, lab.rule_why, add(RuledFate::Hold)),
        ]),
    ]
}
