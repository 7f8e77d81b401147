//! The texts of the lab: packets, the wire, what the kernel says.

use socketscope_protocol::{Icmp, Loss, Mark, PacketKind, Protocol, Rung, TcpState, Timer};

use super::texts::texts;
use crate::model::Queue;

/// The messages of ICMP's that have names, by type and code.
const ICMP_NAMED: [(u8, u8); 8] = [(0, 0), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4), (8, 0), (11, 0)];

/// Those that say the same in IPv6 (RFC 4443), in the same order.
const ICMPV6_NAMED: [(u8, u8); ICMP_NAMED.len()] =
    [(129, 0), (1, 0), (1, 3), (4, 1), (1, 4), (2, 0), (128, 0), (3, 0)];

texts! {
    /// Texts about the lab. Lists stand in the order of the declaration of what they name.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Lab {
        /// What Wireshark calls a segment's part in its connection.
        pub marks: [&'static str; 13],
        /// What each of them means, a sentence each.
        pub marks_explained: [&'static str; 13],
        pub losses: [&'static str; 9],
        /// `{time}`.
        pub held_for: &'static str,
        /// `{time}`.
        pub again_after: &'static str,
        /// `{packet}` `{from}` `{to}` `{time}` `{why}`.
        pub packet_arrived: &'static str,
        pub packet_delivered: &'static str,
        pub packet_lost: &'static str,
        pub packet_held: &'static str,
        pub packet_under_way: &'static str,
        /// Packets on a loopback, which are seen at one time only.
        pub packet_captured: &'static str,
        /// A SYN that the kernel dropped.
        pub overflow: &'static str,
        /// `{packets}` `{from}` `{to}`.
        pub summary: &'static str,
        /// `{count}` `{bytes}`.
        pub segments: &'static str,
        pub datagrams: &'static str,
        pub packets: &'static str,
        /// Messages of ICMP's, in the order of `ICMP_NAMED`; and `{type}` `{code}` of those that have no name here.
        pub icmp_names: [&'static str; ICMP_NAMED.len()],
        pub icmp_other: &'static str,
        /// Receive, send, accept, half-open, and of datagrams the memory that those take which were not read.
        pub queues: [&'static str; 5],
        /// The most bytes that were seen in a queue, `{most}`: its limit is not known.
        pub most: &'static str,
        /// `{queue}` `{now}` `{of}`.
        pub of: &'static str,
        /// `{now}` `{of}`.
        pub queue_of: &'static str,
        /// What each state means, a sentence each.
        pub states: [&'static str; 11],
        /// A change of the wire, `{settings}`; and its parts.
        pub wire_changed: &'static str,
        pub wire_plain: &'static str,
        pub wire_holds: &'static str,
        pub wire_rules: &'static str,
        /// The kinds of packets that a rule tells apart.
        pub kinds: [&'static str; 10],
        pub deliver: &'static str,
        pub lose: &'static str,
        pub hold_one: &'static str,
        /// `{packet}`.
        pub deliver_this: &'static str,
        pub lose_this: &'static str,
        /// The panel of the wire.
        pub wire: &'static str,
        pub hold: &'static str,
        pub hold_why: &'static str,
        pub wire_settings: &'static str,
        pub any_host: &'static str,
        pub from: &'static str,
        pub to: &'static str,
        pub nth: &'static str,
        pub kind_name: &'static str,
        pub rule_why: &'static str,
        pub release_all: &'static str,
        pub step: &'static str,
        pub lose_all: &'static str,
        /// `{count}`.
        pub held: &'static str,
        pub delay: &'static str,
        pub jitter: &'static str,
        pub loss_chance: &'static str,
        pub reorder: &'static str,
        pub duplicate: &'static str,
        pub rate: &'static str,
        /// The same in a sentence, each with `{value}`.
        pub told_delay: &'static str,
        pub told_jitter: &'static str,
        pub told_loss: &'static str,
        pub told_reorder: &'static str,
        pub told_duplicate: &'static str,
        pub told_rate: &'static str,
        /// What one direction is set to: `{from}` `{to}` `{settings}`.
        pub directed: &'static str,
        /// Between what all directions are set to and each one.
        pub semicolon: &'static str,
        /// Rules: `{fate}` `{kind}`, and of one that is not for the next one `{nth}`.
        pub rule_next: &'static str,
        pub rule_nth: &'static str,
        pub rule_each: &'static str,
        pub rule_each_from: &'static str,
        /// A rule for one direction: `{rule}` `{from}` `{to}`.
        pub rule_directed: &'static str,
        pub rules: &'static str,
        /// `{rule}`.
        pub remove_rule: &'static str,
        pub always: &'static str,
        pub seed: &'static str,
        pub seed_why: &'static str,
        pub more: &'static str,
        pub next: &'static str,
        pub direction: &'static str,
        pub both_ways: &'static str,
        pub apply: &'static str,
        pub reset: &'static str,
        /// `{time}`.
        pub pause: &'static str,
        pub scale: &'static str,
        pub by_order: &'static str,
        /// `{time}`.
        pub by_time: &'static str,
        pub export: &'static str,
        pub export_pcapng: &'static str,
        pub export_svg: &'static str,
        pub export_mmd: &'static str,
        pub export_jsonl: &'static str,
        /// What a room is seen by, best first: wire, capture, state, calls.
        pub rungs: [&'static str; 4],
        /// In the place of the third, in a lesson.
        pub rung_of_lesson: &'static str,
        pub no_lab: &'static str,
        pub add_host: &'static str,
        pub add_host_why: &'static str,
        pub hosts: &'static str,
        pub on_host: &'static str,
        pub usual_host: &'static str,
        pub isolated: &'static str,
        pub this_machine: &'static str,
        /// The layers.
        pub calls: &'static str,
        pub packets_layer: &'static str,
        pub states_layer: &'static str,
        pub layers: &'static str,
        /// The notation of packets and states.
        pub legend_syn: &'static str,
        pub legend_data: &'static str,
        pub legend_ack: &'static str,
        pub legend_fin: &'static str,
        pub legend_rst: &'static str,
        pub legend_again: &'static str,
        pub legend_lost: &'static str,
        pub legend_held: &'static str,
        pub legend_loop: &'static str,
        pub legend_bands: &'static str,
        pub legend_boxes: &'static str,
        pub legend_gauge: &'static str,
        /// The inspector's parts.
        pub headers: &'static str,
        pub state_diagram: &'static str,
        /// Of an end that the kernel has told nothing of.
        pub state_unknown: &'static str,
        /// `{who}` `{state}`.
        pub state_of: &'static str,
        /// `{who}`.
        pub kernel_of: &'static str,
        pub state_name: &'static str,
        pub rtt: &'static str,
        pub rto: &'static str,
        pub cwnd: &'static str,
        pub retransmits: &'static str,
        pub timer: &'static str,
        /// Retransmission, keep-alive, TIME_WAIT, probe.
        pub timers: [&'static str; 4],
        pub drops: &'static str,
        pub basis: &'static str,
        pub sampled: &'static str,
        pub observed: &'static str,
        pub story_depart: &'static str,
        pub story_captured: &'static str,
        pub story_overflow: &'static str,
        pub story_summary: &'static str,
        pub story_wire: &'static str,
        pub story_host: &'static str,
        pub story_state: &'static str,
        pub story_unseen: &'static str,
        /// `{packets}`, `{host}`.
        pub unseen: &'static str,
        /// In the place of `{host}` where it is this machine.
        pub own_loopback: &'static str,
        pub story_disorder: &'static str,
        /// `{what}`.
        pub disorder: &'static str,
        pub left: &'static str,
        pub arrived: &'static str,
        pub under_way: &'static str,
        pub lost: &'static str,
        pub original: &'static str,
        pub same_later: &'static str,
        pub travelled: &'static str,
        pub captured: &'static str,
        pub held_on_wire: &'static str,
        /// What the keys do.
        pub held_keys: &'static str,
        pub counted: &'static str,
        pub since: &'static str,
        pub seq: &'static str,
        pub ack: &'static str,
        pub window: &'static str,
        /// Between the parts of a list, and between sentences.
        pub comma: &'static str,
        pub space: &'static str,
        pub number: &'static str,
    }
}

impl Lab {
    /// What Wireshark calls it.
    pub fn mark(&self, mark: Mark) -> &'static str {
        at(&Mark::ALL, &mark, &self.marks)
    }

    /// What that means.
    pub fn mark_explained(&self, mark: Mark) -> &'static str {
        at(&Mark::ALL, &mark, &self.marks_explained)
    }

    /// Why a packet was lost.
    pub fn loss(&self, why: Loss) -> &'static str {
        at(&Loss::ALL, &why, &self.losses)
    }

    /// A queue's name.
    pub fn queue(&self, queue: Queue) -> &'static str {
        let [receive, send, accept, half_open, memory] = self.queues;
        match queue {
            Queue::Receive => receive,
            Queue::Send => send,
            Queue::Accept => accept,
            Queue::HalfOpen => half_open,
            Queue::Memory => memory,
        }
    }

    /// What a state means.
    pub fn state(&self, state: TcpState) -> &'static str {
        at(&TcpState::ALL, &state, &self.states)
    }

    /// A timer's name.
    pub fn timer_name(&self, timer: Timer) -> &'static str {
        let [retransmission, keep_alive, time_wait, probe] = self.timers;
        match timer {
            Timer::Retransmission => retransmission,
            Timer::KeepAlive => keep_alive,
            Timer::TimeWait => time_wait,
            Timer::Probe => probe,
        }
    }

    /// What a room is seen by.
    pub fn rung(&self, rung: Rung) -> &'static str {
        at(&Rung::ALL, &rung, &self.rungs)
    }

    /// A kind of packets.
    pub fn kind(&self, kind: PacketKind) -> &'static str {
        at(&PacketKind::ALL, &kind, &self.kinds)
    }

    /// An ICMP message, by its name.
    pub fn icmp(&self, protocol: Protocol, icmp: Icmp) -> String {
        let (which, named) = match protocol {
            Protocol::Icmpv6 => ("ICMPv6", ICMPV6_NAMED),
            _ => ("ICMP", ICMP_NAMED),
        };
        let known = named.iter().position(|key| *key == (icmp.icmp_type, icmp.code));
        let name = match known {
            Some(at) => self.icmp_names[at].to_owned(),
            None => {
                let (kind, code) = (icmp.icmp_type.to_string(), icmp.code.to_string());
                super::fill(self.icmp_other, &[("type", &kind), ("code", &code)])
            }
        };
        format!("{which} {name}")
    }
}

fn at<T: PartialEq>(all: &[T], one: &T, texts: &[&'static str]) -> &'static str {
    let place = all.iter().position(|other| other == one);
    place.and_then(|at| texts.get(at)).copied().unwrap_or_default()
}
