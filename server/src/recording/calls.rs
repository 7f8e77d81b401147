//! Calls on their way to a packet that tells of them: the next one of their host.

use std::collections::{HashMap, VecDeque};

use socketscope_protocol::{Event, Fact, HostName, PacketId, ProgramName};

/// Calls of one host that a packet tells of at most, the latest: those of a program that sends nothing for a long time
/// would swell the file, and nobody would read them there.
const TOLD: usize = 100;

/// Calls since the last packet, by host. The loopback-only world of a room without hosts is one host without a name.
#[derive(Default)]
pub(super) struct Calls {
    hosts: HashMap<ProgramName, Option<HostName>>,
    pending: HashMap<Option<HostName>, Pending>,
}

#[derive(Default)]
struct Pending {
    events: VecDeque<Event>,
    dropped: u64,
    /// The packet before them.
    last: Option<PacketId>,
}

/// Calls that a packet tells of.
#[derive(Default)]
pub(super) struct Told {
    /// Entered and returned, in order.
    pub(super) events: Vec<Event>,
    /// How many before these are not told.
    pub(super) dropped: u64,
}

impl Calls {
    /// Takes in what happened. A packet takes the calls of both its hosts with it.
    pub(super) fn note(&mut self, event: Event) -> Told {
        let mut told = Told::default();
        match &event.fact {
            Fact::Program { program, host, .. } => {
                self.hosts.insert(program.clone(), host.clone());
            }
            Fact::Enter { program, .. } | Fact::Return { program, .. } => {
                let host = self.hosts.get(program).cloned().flatten();
                self.pending.entry(host).or_default().push(event);
            }
            Fact::Depart { packet, host, to_host, .. } => {
                for host in [Some(host), Some(to_host).filter(|to| to.is_some() && *to != host)] {
                    let Some(host) = host else { continue };
                    let pending = self.pending.entry(host.clone()).or_default();
                    pending.last = Some(*packet);
                    told.add(
                        std::mem::take(&mut pending.events),
                        std::mem::take(&mut pending.dropped),
                    );
                }
            }
            _ => {}
        }
        told
    }

    /// Calls that no packet follows, by the last packet of their host.
    pub(super) fn after_the_last_packets(self) -> HashMap<PacketId, Told> {
        let mut after = HashMap::<_, Told>::new();
        for Pending { events, dropped, last } in self.pending.into_values() {
            if let Some(last) = last {
                after.entry(last).or_default().add(events, dropped);
            }
        }
        after
    }
}

impl Pending {
    fn push(&mut self, event: Event) {
        if self.events.len() >= TOLD {
            self.events.pop_front();
            self.dropped += 1;
        }
        self.events.push_back(event);
    }
}

impl Told {
    fn add(&mut self, events: VecDeque<Event>, dropped: u64) {
        self.events.extend(events);
        self.events.sort_by_key(|event| event.seq);
        self.dropped += dropped;
    }
}
