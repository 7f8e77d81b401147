//! Moments of a lesson: recognised in the journal, event by event. Pure.

use std::collections::BTreeMap;

use socketscope_protocol::{
    CallName, Change, Event, Fact, Flag, HostName, Mark, Packet, PacketId, PacketKind, ProgramName,
    Protocol,
};

/// Packets whose departure is remembered until their fate is told. There are never more under way and held; what a gap has
/// swallowed the fate of goes first.
const REMEMBERED: usize = 16_384;

/// Something that happens in a lesson, for the `nth` time since it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) what: What,
    /// From 1 on.
    pub(super) nth: u32,
}

impl Moment {
    /// Whether it is one of a packet's.
    pub(super) fn is_of_packet(&self) -> bool {
        matches!(self.what, What::Packet { .. })
    }
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A program enters a call, or one returns.
    Call { program: ProgramName, call: CallName, enters: bool },
    /// A program starts or ends.
    Program { program: ProgramName, ends: bool },
    /// Something becomes of a packet.
    Packet {
        kind: PacketKind,
        from: Option<HostName>,
        to: Option<HostName>,
        mark: Option<Mark>,
        fate: Fate,
    },
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fate {
    Depart,
    Arrive,
    Lose,
    Hold,
}

/// A packet that has departed.
#[derive(Clone, Debug)]
struct Departed {
    from: Option<HostName>,
    to: Option<HostName>,
    header: Box<Packet>,
}

/// The packets that are on their way.
#[derive(Debug, Default)]
pub(super) struct Packets(BTreeMap<PacketId, Departed>);

impl Packets {
    /// Takes note of a departure.
    pub(super) fn note(&mut self, fact: &Fact) {
        if let Fact::Depart { packet, host, to_host, header, .. } = fact {
            if self.0.len() >= REMEMBERED {
                self.0.pop_first();
            }
            let (from, to, header) = (host.clone(), to_host.clone(), header.clone());
            self.0.insert(*packet, Departed { from, to, header });
        }
    }

    /// Forgets a packet whose fate has been told, and looked at.
    pub(super) fn forget(&mut self, fact: &Fact) {
        if let Fact::Arrive { packet, copy: false } | Fact::Lose { packet, .. } = fact {
            self.0.remove(packet);
        }
    }
}

/// A moment that is waited for.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    moment: Moment,
    seen: u32,
}

impl Trigger {
    pub(super) fn new(moment: &Moment) -> Self {
        Self { moment: moment.clone(), seen: 0 }
    }

    /// Whether the moment has come.
    pub(super) fn has_come(&self) -> bool {
        self.seen >= self.moment.nth
    }

    /// Looks at the next event, and says whether the moment comes with it.
    pub(super) fn look(&mut self, event: &Event, packets: &Packets) -> bool {
        if self.has_come() || !self.moment.what.is(&event.fact, packets) {
            return false;
        }
        self.seen += 1;
        self.has_come()
    }
}

impl What {
    fn is(&self, fact: &Fact, packets: &Packets) -> bool {
        match (self, fact) {
            (
                Self::Call { program, call, enters: true },
                Fact::Enter { program: by, call: made, .. },
            ) => program == by && *call == made.name(),
            (
                Self::Call { program, call, enters: false },
                Fact::Return { program: by, call: made, .. },
            ) => program == by && call == made,
            (Self::Program { program, ends }, Fact::Program { program: of, change, .. }) => {
                program == of && *ends == matches!(change, Change::Ended(_))
            }
            (Self::Packet { kind, from, to, mark, fate }, fact) => {
                let (packet, became) = match fact {
                    Fact::Depart { packet, .. } => (packet, Fate::Depart),
                    Fact::Arrive { packet, copy: false } => (packet, Fate::Arrive),
                    Fact::Lose { packet, .. } => (packet, Fate::Lose),
                    Fact::Hold { packet } => (packet, Fate::Hold),
                    _ => return false,
                };
                let Some(departed) = packets.0.get(packet) else { return false };
                let is = |wanted: &Option<HostName>, it: &Option<HostName>| {
                    wanted.is_none() || wanted == it
                };
                *fate == became
                    && is(from, &departed.from)
                    && is(to, &departed.to)
                    && is_kind(*kind, &departed.header)
                    && mark.is_none_or(|mark| {
                        departed.header.segment.as_ref().is_some_and(|it| it.marks.contains(&mark))
                    })
            }
            _ => false,
        }
    }
}

fn is_kind(kind: PacketKind, packet: &Packet) -> bool {
    let Some(segment) = &packet.segment else {
        return match kind {
            PacketKind::Any => true,
            PacketKind::Udp => packet.protocol == Protocol::Udp,
            PacketKind::Icmp => packet.icmp.is_some(),
            _ => false,
        };
    };
    let has = |flag| segment.flags.contains(&flag);
    let only_acks = packet.length == 0
        && has(Flag::Ack)
        && !has(Flag::Syn)
        && !has(Flag::Fin)
        && !has(Flag::Rst);
    match kind {
        PacketKind::Any => true,
        PacketKind::Syn => has(Flag::Syn) && !has(Flag::Ack),
        PacketKind::SynAck => has(Flag::Syn) && has(Flag::Ack),
        PacketKind::HandshakeAck => {
            only_acks && segment.relative_seq == Some(1) && segment.relative_ack == Some(1)
        }
        PacketKind::Ack => only_acks,
        PacketKind::Data => packet.length > 0,
        PacketKind::Fin => has(Flag::Fin),
        PacketKind::Rst => has(Flag::Rst),
        PacketKind::Udp | PacketKind::Icmp => false,
    }
}
