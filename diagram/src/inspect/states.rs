//! The kernel's view of the connection that an event belongs to: the states of both its ends, and what is known of each.

use socketscope_protocol::{Fact, KernelState, TcpState};

use crate::{
    format::{duration, size},
    model::Model,
    wording::Wording,
};

/// The two addresses of the connection that the event `seq` is about.
fn addresses(model: &Model, seq: u64) -> Option<(String, String)> {
    match &model.event(seq)?.fact {
        Fact::Depart { packet, .. }
        | Fact::Arrive { packet, .. }
        | Fact::Lose { packet, .. }
        | Fact::Hold { packet } => {
            let header = model.header(model.lab().packet(*packet)?)?;
            header.segment.as_ref()?;
            Some((header.from.clone(), header.to.clone()))
        }
        Fact::Enter { id, .. } | Fact::Return { id, .. } => {
            let (connection, _) = model.call(*id)?.connection?;
            model.addresses_of(connection)
        }
        _ => None,
    }
}

/// Whose both ends are and the state of each, as the kernel told it last; CLOSE where it tells of none any more.
pub(super) fn ends(model: &Model, seq: u64) -> Option<[(String, TcpState); 2]> {
    let (one, other) = addresses(model, seq)?;
    model.lab().sockets().next()?;
    let end = |local: &str, peer: &str| {
        let socket = socket(model, local, peer);
        let who = socket.and_then(|socket| socket.program.as_ref().map(|name| name.to_string()));
        let state = socket.map_or(TcpState::Close, |socket| socket.state);
        (who.unwrap_or_else(|| local.to_owned()), state)
    };
    Some([end(&one, &other), end(&other, &one)])
}

/// What the kernel told last of each end, name by name.
pub(super) fn kernel(
    model: &Model,
    seq: u64,
    wording: &Wording,
) -> Vec<(String, Vec<(&'static str, String)>)> {
    let Some((one, other)) = addresses(model, seq) else { return Vec::new() };
    let ends = [(&one, &other), (&other, &one)];
    let told = ends.into_iter().filter_map(|(local, peer)| socket(model, local, peer));
    told.map(|socket| {
        let who = socket.program.as_ref().map(|name| name.to_string());
        (who.unwrap_or_else(|| socket.local.clone()), facts(socket, wording))
    })
    .collect()
}

fn socket<'a>(model: &'a Model, local: &str, peer: &str) -> Option<&'a KernelState> {
    let fits = |it: &&KernelState| it.local == local && it.peer.as_deref() == Some(peer);
    model.lab().sockets().find(fits)
}

fn facts(socket: &KernelState, wording: &Wording) -> Vec<(&'static str, String)> {
    let lab = &wording.lab;
    let micros = |value: u32| duration(u64::from(value) * 1_000);
    let mut facts = vec![(lab.state_name, socket.state.as_str().replace('_', "-"))];
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value {
            facts.push((name, value));
        }
    };
    let [receive, send, ..] = lab.queues;
    add(receive, socket.receive_queue.map(|bytes| size(bytes.into())));
    add(send, socket.send_queue.map(|bytes| size(bytes.into())));
    add(lab.rtt, socket.rtt_us.filter(|rtt| *rtt > 0).map(micros));
    add(lab.rto, socket.rto_us.map(micros));
    add(lab.cwnd, socket.cwnd.map(|cwnd| cwnd.to_string()));
    add(lab.retransmits, socket.retransmits.filter(|n| *n > 0).map(|n| n.to_string()));
    let timer = socket.timer.zip(socket.timer_ms);
    add(
        lab.timer,
        timer.map(|(timer, ms)| {
            format!("{} {}", timer.as_str(), duration(u64::from(ms) * 1_000_000))
        }),
    );
    add(lab.drops, socket.drops.map(|drops| drops.to_string()));
    let basis = match socket.basis {
        socketscope_protocol::Basis::Observed => lab.observed,
        socketscope_protocol::Basis::Sampled => lab.sampled,
    };
    add(lab.basis, Some(basis.to_owned()));
    facts
}
