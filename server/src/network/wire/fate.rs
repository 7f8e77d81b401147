//! What becomes of a packet: settings, rules and chance. Pure, and the same again for the same seed and the same packets.

use std::collections::BTreeMap;

use socketscope_protocol::{
    Direction, HostName, Loss, PacketKind, Rule, RuledFate, WireChange, WireSettings,
    limits::{WIRE_DELAY_MS, WIRE_RULES},
};

use super::{Wire, chance::Chances};
use crate::{
    refusal::Refusal,
    told::{Told, told},
};

/// How much longer a packet takes that those behind it shall overtake, in milliseconds, where the delay itself is shorter.
const OVERTAKEN_MS: f64 = 10.0;

/// A packet as rules and directions see it.
pub(super) struct Traveller<'a> {
    pub(super) from: &'a HostName,
    pub(super) to: &'a HostName,
    /// Whether it is of a kind.
    pub(super) is_of: &'a dyn Fn(PacketKind) -> bool,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    Lost(Loss),
    /// It waits for somebody: since a rule says so, or since the wire holds all, until it does not any more.
    Held {
        by_rule: bool,
    },
    /// It arrives so many milliseconds after its turn; in its turn, or behind others; once or twice.
    Travels {
        delay_ms: f64,
        overtaken: bool,
        twice: bool,
        rate_kbit: u64,
    },
}

/// The wire's settings.
pub(super) struct Fates {
    settings: WireSettings,
    directions: BTreeMap<(HostName, HostName), WireSettings>,
    rules: Vec<Rule>,
    chances: Chances,
}

impl Fates {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            settings: WireSettings::default(),
            directions: BTreeMap::new(),
            rules: Vec::new(),
            chances: Chances::new(seed),
        }
    }

    pub(super) fn settings(&self) -> WireSettings {
        self.settings
    }

    pub(super) fn seed(&self) -> u64 {
        self.chances.seed()
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) fn directions(&self) -> Vec<Direction> {
        let directions = self.directions.iter();
        directions
            .map(|((from, to), settings)| Direction {
                from: from.clone(),
                to: to.clone(),
                settings: *settings,
            })
            .collect()
    }

    /// Kilobits a second from `from` to `to`; 0 for no limit.
    pub(super) fn rate(&self, from: &HostName, to: &HostName) -> u64 {
        self.of(from, to).rate_kbit
    }

    /// All rates: whether they are others than before.
    pub(super) fn rates(&self) -> (u64, Vec<(HostName, HostName, u64)>) {
        let own = self.directions.iter();
        let own = own.map(|((from, to), it)| (from.clone(), to.clone(), it.rate_kbit));
        (self.settings.rate_kbit, own.collect())
    }

    /// Whether packets from `from` to `to` are stopped.
    pub(super) fn holds(&self, from: &HostName, to: &HostName) -> bool {
        self.of(from, to).hold
    }

    /// Changes what `change` names. Nothing changes where any of it is refused.
    pub(super) fn change(
        &mut self,
        change: &WireChange,
        hosts: &[HostName],
    ) -> Result<(), Refusal> {
        Wire::check(change, hosts).map_err(|(_, refusal)| refusal)?;
        let apply = |settings: &mut WireSettings| {
            settings.delay_ms = change.delay_ms.unwrap_or(settings.delay_ms);
            settings.jitter_ms = change.jitter_ms.unwrap_or(settings.jitter_ms);
            settings.loss = change.loss.unwrap_or(settings.loss);
            settings.reorder = change.reorder.unwrap_or(settings.reorder);
            settings.duplicate = change.duplicate.unwrap_or(settings.duplicate);
            settings.rate_kbit = change.rate_kbit.unwrap_or(settings.rate_kbit);
            settings.hold = change.hold.unwrap_or(settings.hold);
        };
        let is = |wanted: &Option<HostName>, host: &HostName| {
            wanted.as_ref().is_none_or(|wanted| wanted == host)
        };
        if change.from.is_none() && change.to.is_none() {
            apply(&mut self.settings);
            self.directions.values_mut().for_each(apply);
        } else {
            for (from, to) in hosts.iter().flat_map(|from| hosts.iter().map(move |to| (from, to))) {
                if from != to && is(&change.from, from) && is(&change.to, to) {
                    let before = self.of(from, to);
                    apply(self.directions.entry((from.clone(), to.clone())).or_insert(before));
                }
            }
        }
        let default = self.settings;
        self.directions.retain(|_, settings| *settings != default);
        if let Some(rules) = &change.rules {
            self.rules.clone_from(rules);
        }
        if let Some(seed) = change.seed {
            self.chances = Chances::new(seed);
        }
        Ok(())
    }

    /// Decides about the next packet.
    pub(super) fn decide(&mut self, packet: &Traveller<'_>) -> Outcome {
        let settings = self.of(packet.from, packet.to);
        // Drawn whether they are needed or not: a change of one setting leaves the chances of the others as they were.
        let chance = self.chances.of(packet.from, packet.to);
        let [lost, overtaken, twice, jitter] = [(); 4].map(|()| chance.draw());
        match self.rule(packet) {
            Some(RuledFate::Lose) => return Outcome::Lost(Loss::Rule),
            Some(RuledFate::Hold) => return Outcome::Held { by_rule: true },
            None => {}
        }
        if lost < settings.loss {
            return Outcome::Lost(Loss::Chance);
        }
        if settings.hold {
            return Outcome::Held { by_rule: false };
        }
        let overtaken = overtaken < settings.reorder;
        let behind = if overtaken { settings.delay_ms.max(OVERTAKEN_MS) } else { 0.0 };
        Outcome::Travels {
            delay_ms: settings.delay_ms + settings.jitter_ms * jitter + behind,
            overtaken,
            twice: twice < settings.duplicate,
            rate_kbit: settings.rate_kbit,
        }
    }

    fn of(&self, from: &HostName, to: &HostName) -> WireSettings {
        if self.directions.is_empty() {
            return self.settings;
        }
        let own = self.directions.get(&(from.clone(), to.clone()));
        own.copied().unwrap_or(self.settings)
    }

    /// What a rule says of this packet. A rule counts down to its packet, and is gone after it unless it stays.
    fn rule(&mut self, packet: &Traveller<'_>) -> Option<RuledFate> {
        let is = |wanted: &Option<HostName>, host: &HostName| {
            wanted.as_ref().is_none_or(|wanted| wanted == host)
        };
        let mut fate = None;
        self.rules.retain_mut(|rule| {
            let concerned = (packet.is_of)(rule.packet)
                && is(&rule.from, packet.from)
                && is(&rule.to, packet.to);
            if !concerned {
                return true;
            }
            if rule.nth > 1 {
                rule.nth -= 1;
                return true;
            }
            if fate.is_some() {
                return true;
            }
            fate = Some(rule.fate);
            rule.always
        });
        fate
    }
}

impl Wire {
    /// Whether a wire between these hosts can be changed so. A lesson asks long before there is one.
    ///
    /// # Errors
    /// What is wrong, and where in the change, as "rules/0/nth".
    pub(crate) fn check(change: &WireChange, hosts: &[HostName]) -> Result<(), (String, Refusal)> {
        let rules = change.rules.as_deref().unwrap_or_default();
        let in_rule = |at: usize, field: &str| format!("rules/{at}/{field}");
        let named = [("from".to_owned(), &change.from), ("to".to_owned(), &change.to)].into_iter();
        let named = named.chain(rules.iter().enumerate().flat_map(|(at, rule)| {
            [(in_rule(at, "from"), &rule.from), (in_rule(at, "to"), &rule.to)]
        }));
        for (place, host) in named {
            if let Some(host) = host
                && !hosts.contains(host)
            {
                return Err((place, Refusal::NoSuchHost(host.clone())));
            }
        }
        let wrong = |place: String, why: Told| Err((place, Refusal::Malformed(why)));
        for (name, value) in
            [("loss", change.loss), ("reorder", change.reorder), ("duplicate", change.duplicate)]
        {
            if value.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
                return wrong(name.into(), told!("malformed/chance", name = name));
            }
        }
        for (name, value) in [("delay_ms", change.delay_ms), ("jitter_ms", change.jitter_ms)] {
            if value.is_some_and(|time| !(0.0..=WIRE_DELAY_MS).contains(&time)) {
                let why = told!("malformed/time", name = name, limit = WIRE_DELAY_MS);
                return wrong(name.into(), why);
            }
        }
        if rules.len() > WIRE_RULES {
            let refusal = Refusal::TooLong(told!("too-long/rules", limit = WIRE_RULES));
            return Err((format!("rules/{WIRE_RULES}"), refusal));
        }
        if let Some(at) = rules.iter().position(|rule| rule.nth == 0) {
            return wrong(in_rule(at, "nth"), told!("malformed/nth"));
        }
        Ok(())
    }
}
