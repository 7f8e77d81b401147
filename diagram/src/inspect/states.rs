//! The kernel's view of the connection that an event belongs to, at that moment: the states of both its ends, and what is
//! known of each.

use socketscope_protocol::{Basis, Event, Fact, Fd, KernelState, ProgramName, Protocol, TcpState};

use crate::{
    format::{duration, size},
    model::{Model, listens_at},
    wording::{Wording, fill},
};

/// Events that are looked through for what the kernel told before the selected one: a burst is longer than it matters.
const BACK: usize = 50_000;

/// What the kernel told of an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelFact {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// How full it is, where it is a queue.
    pub gauge: Option<Gauge>,
}

/// How full a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// Bytes, and the most that were seen in it: the kernel does not tell its limit.
    Bytes(u32, u32),
    /// Connections, and what they are bounded by.
    Connections(u32, u32),
}

/// Both ends of what an event is about, or the one that there is.
pub(super) struct Ends<'a>(Vec<End<'a>>);

struct End<'a> {
    address: String,
    /// What the kernel told of it last.
    own: Option<&'a KernelState>,
    /// What it told of the socket that listens at its address.
    listener: Option<&'a KernelState>,
}

impl<'a> Ends<'a> {
    /// Those of the event `seq`, as they were right after it.
    pub(super) fn of(model: &'a Model, seq: u64) -> Option<Self> {
        let told = Told { model, until: until(model, seq) };
        let (one, other) = told.addresses(seq)?;
        let mut pairs = vec![(one.as_str(), other.as_deref())];
        pairs.extend(other.as_deref().map(|other| (other, Some(one.as_str()))));
        Some(told.find(&pairs))
    }

    /// Whose each end is, and its state. An end that nothing was told of is the listener's at its address, where somebody
    /// listens there, and otherwise not known.
    pub(super) fn states(&self) -> Option<Vec<(String, Option<TcpState>)>> {
        let tcp = |state: &&KernelState| state.protocol == Protocol::Tcp;
        let told = |end: &End<'_>| end.own.or(end.listener).filter(tcp).is_some();
        let states = self.0.iter().map(|end| (end.who(), end.told().map(|told| told.state)));
        self.0.iter().any(told).then(|| states.collect())
    }

    /// What was told last of each end, name by name.
    pub(super) fn facts(&self, model: &Model, wording: &Wording) -> Vec<(String, Vec<KernelFact>)> {
        let told = self.0.iter().filter_map(|end| Some((end.who(), end.told()?)));
        told.map(|(who, socket)| (who, facts(model, socket, wording))).collect()
    }
}

impl<'a> End<'a> {
    fn told(&self) -> Option<&'a KernelState> {
        self.own.or(self.listener)
    }

    fn who(&self) -> String {
        let program = self.told().and_then(|socket| socket.program.as_ref());
        program.map_or_else(|| self.address.clone(), |name| name.to_string())
    }
}

/// The number of the last event that says what the event `seq` led to at once: what returns, and what the kernel told then.
fn until(model: &Model, seq: u64) -> u64 {
    let follows = |event: &&Event| matches!(event.fact, Fact::State(_) | Fact::Return { .. });
    model.events_from(seq + 1).take_while(follows).last().map_or(seq, |event| event.seq)
}

/// What the kernel told up to a moment.
struct Told<'a> {
    model: &'a Model,
    until: u64,
}

impl<'a> Told<'a> {
    /// The latest first.
    fn states(&self) -> impl Iterator<Item = &'a KernelState> {
        let events = self.model.events_until(self.until).rev().take(BACK);
        events.filter_map(|event| match &event.fact {
            Fact::State(state) => Some(&**state),
            _ => None,
        })
    }

    /// The addresses of the connection, or of the socket, that the event `seq` is about.
    fn addresses(&self, seq: u64) -> Option<(String, Option<String>)> {
        match &self.model.event(seq)?.fact {
            Fact::Depart { packet, .. }
            | Fact::Arrive { packet, .. }
            | Fact::Lose { packet, .. }
            | Fact::Hold { packet } => {
                let header = self.model.header(self.model.lab().packet(*packet)?)?;
                header.segment.as_ref()?;
                Some((header.from.clone(), Some(header.to.clone())))
            }
            Fact::Enter { id, program, fd, .. } | Fact::Return { id, program, fd, .. } => {
                let connection = self.model.call(*id).and_then(|record| record.connection);
                let known = connection.and_then(|(id, _)| self.model.addresses_of(id));
                match known {
                    Some((one, other)) => Some((one, Some(other))),
                    None => self.socket(program, (*fd)?),
                }
            }
            _ => None,
        }
    }

    /// The addresses of a program's socket.
    fn socket(&self, program: &ProgramName, fd: Fd) -> Option<(String, Option<String>)> {
        let own = |it: &&KernelState| it.fd == Some(fd) && it.program.as_ref() == Some(program);
        self.states().find(own).map(|it| (it.local.clone(), it.peer.clone()))
    }

    /// What was told last of the sockets with these addresses, own and peer's, and of those that listen there.
    fn find(&self, pairs: &[(&str, Option<&str>)]) -> Ends<'a> {
        let end = |(address, _): &(&str, _)| End {
            address: (*address).to_owned(),
            own: None,
            listener: None,
        };
        let mut ends: Vec<_> = pairs.iter().map(end).collect();
        for state in self.states() {
            for (end, (local, peer)) in ends.iter_mut().zip(pairs) {
                if end.own.is_none() && state.local == *local && state.peer.as_deref() == *peer {
                    end.own = Some(state);
                }
                if end.listener.is_none() && listens_at(state, local) {
                    end.listener = Some(state);
                }
            }
            if ends.iter().all(|end| end.own.is_some()) {
                break;
            }
        }
        for end in &mut ends {
            end.listener = end.listener.filter(|it| it.state == TcpState::Listen);
        }
        Ends(ends)
    }
}

fn facts(model: &Model, socket: &KernelState, wording: &Wording) -> Vec<KernelFact> {
    let lab = &wording.lab;
    let micros = |value: u32| duration(u64::from(value) * 1_000);
    let mut facts = Vec::new();
    let mut add = |name, value: Option<String>, gauge: Option<Gauge>| {
        facts.extend(value.map(|value| KernelFact { name, value, gauge }));
    };
    let plain = |value: String| Some(value);
    let tcp = socket.protocol == Protocol::Tcp;
    let state = match socket.state {
        // As ss(8) calls it: there is nothing that could be closed.
        TcpState::Close if !tcp => "UNCONN".to_owned(),
        state => state.as_str().replace('_', "-"),
    };
    add(lab.state_name, plain(state), None);
    let [receive, send, accept, half_open, memory] = lab.queues;
    let receive = if tcp { receive } else { memory };
    let most = model.lab().most(socket);
    for (name, now, most) in
        [(receive, socket.receive_queue, most[0]), (send, socket.send_queue, most[1])]
    {
        let now = now.filter(|_| socket.state != TcpState::Listen);
        let gauge = now.map(|now| Gauge::Bytes(now, most.max(now)));
        add(name, now.map(|bytes| size(bytes.into())), gauge);
    }
    if !tcp && socket.receive_queue.is_some() {
        add(wording.inspect.counted, plain(wording.inspect.counted_why.to_owned()), None);
    }
    if let (Some(now), Some(of)) = (socket.accept_queue, socket.backlog) {
        let (number, limit) = (now.to_string(), of.to_string());
        let text = fill(lab.queue_of, &[("now", &number), ("of", &limit)]);
        add(accept, plain(text), Some(Gauge::Connections(now, of)));
    }
    add(half_open, socket.half_open.map(|half| half.to_string()), None);
    add(lab.rtt, socket.rtt_us.filter(|rtt| *rtt > 0).map(micros), None);
    add(lab.rto, socket.rto_us.map(micros), None);
    add(lab.cwnd, socket.cwnd.map(|cwnd| cwnd.to_string()), None);
    add(lab.retransmits, socket.retransmits.filter(|n| *n > 0).map(|n| n.to_string()), None);
    let timer = socket.timer.zip(socket.timer_ms).map(|(timer, ms)| {
        format!("{} {}", lab.timer_name(timer), duration(u64::from(ms) * 1_000_000))
    });
    add(lab.timer, timer, None);
    add(lab.drops, socket.drops.map(|drops| drops.to_string()), None);
    let basis = match socket.basis {
        Basis::Observed => lab.observed,
        Basis::Sampled => lab.sampled,
    };
    add(lab.basis, plain(basis.to_owned()), None);
    facts
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod tests {
    use socketscope_protocol::Flag;

    use super::*;
    use crate::{
        journal::{
            Journal,
            lab::{segment, state},
        },
        wording::EN,
    };

    #[test]
    fn states_are_those_of_the_selected_moment() {
        let (server, client) = ("10.0.0.1:9000", "10.0.0.2:40312");
        let mut journal = Journal::lab();
        let hosts = [Some("client"), Some("server")];
        let syn = journal.depart(hosts, segment(client, server, &[Flag::Syn], 0));
        let departed = journal.model.head();
        let of = |to| state(Some("client"), "client", client, Some(server), to);
        journal.tell(of(TcpState::SynSent));
        journal.arrive(syn);
        let arrived = journal.model.head();
        journal.tell(of(TcpState::Established));
        let at = |journal: &Journal, seq| Ends::of(&journal.model, seq).unwrap().states().unwrap();
        let listens = ("server".to_owned(), Some(TcpState::Listen));
        let sent = ("client".to_owned(), Some(TcpState::SynSent));
        assert_eq!(at(&journal, departed), [sent, listens]);
        assert_eq!(at(&journal, arrived)[0].1, Some(TcpState::Established));
        // Nobody listens there, and nothing was told: it is not known, rather than closed.
        let other = segment(client, "10.0.0.1:1", &[Flag::Syn], 0);
        journal.depart(hosts, other);
        let seq = journal.model.head();
        assert_eq!(at(&journal, arrived).len(), 2);
        assert!(Ends::of(&journal.model, seq).unwrap().states().is_none());
    }

    #[test]
    fn a_listener_has_one_end_and_a_gauge() {
        let mut journal = Journal::lab();
        journal.enter("server", Some(3), socketscope_protocol::Call::Accept);
        let ends = Ends::of(&journal.model, journal.model.head()).unwrap();
        let states = ends.states().unwrap();
        assert_eq!(states, [("server".to_owned(), Some(TcpState::Listen))]);
        let facts = &ends.facts(&journal.model, &EN)[0].1;
        let gauges: Vec<_> = facts.iter().filter_map(|fact| fact.gauge).collect();
        assert_eq!(gauges, [Gauge::Connections(0, 1)]);
    }
}
