//! What there is to say about a packet.

use base64::{Engine, engine::general_purpose::STANDARD};
use socketscope_protocol::{Medium, Packet, PacketId};

use super::{Inspected, Peer};
use crate::{
    fields::fields,
    format::{duration, wall_clock},
    model::{Model, PacketRecord},
    scene::packet_text,
    wording::Wording,
};

pub(super) fn inspect(
    model: &Model,
    id: PacketId,
    offset: i32,
    wording: &Wording,
) -> Option<Inspected> {
    let record = model.lab().packet(id)?;
    let header = model.header(record)?;
    let (words, lab) = (&wording.inspect, &wording.lab);
    let mut facts = vec![(lab.number, format!("#{id}"))];
    facts.push((lab.direction, format!("{} → {}", header.from, header.to)));
    if let Some(segment) = &header.segment {
        let both = |relative: Option<u32>, absolute: u32| match relative {
            Some(relative) => format!("{relative} ({absolute})"),
            None => absolute.to_string(),
        };
        facts.push((lab.seq, both(segment.relative_seq, segment.seq_number)));
        if segment.ack_number != 0 {
            facts.push((lab.ack, both(segment.relative_ack, segment.ack_number)));
        }
        let window = segment.scaled_window.unwrap_or(u32::from(segment.window));
        facts.push((lab.window, format!("{window} ({})", segment.window)));
    }
    let held = record.held.filter(|_| record.travels()).map(|_| id);
    if record.medium == Medium::Loopback {
        facts.push((lab.captured, wall_clock(record.depart.at, offset)));
    } else {
        facts.push((lab.left, wall_clock(record.depart.at, offset)));
        facts.push(match (record.lost, record.arrive) {
            (Some((_, why)), _) => (lab.lost, lab.loss(why).to_owned()),
            (_, Some(arrive)) => (lab.arrived, wall_clock(arrive.at, offset)),
            _ if held.is_some() => (lab.arrived, lab.held_on_wire.to_owned()),
            _ => (lab.arrived, lab.under_way.to_owned()),
        });
        if let Some(arrive) = record.arrive {
            facts.push((lab.travelled, duration(arrive.at.saturating_sub(record.depart.at))));
        }
    }
    facts.push((words.event, format!("#{}", record.depart.seq)));
    let bytes = STANDARD.decode(&header.bytes).unwrap_or_default();
    Some(Inspected {
        title: packet_text(model, record, wording),
        story: story(record, header, wording),
        facts,
        peers: peers(model, record, header, wording),
        bytes: Some(super::Bytes {
            note: super::cut(bytes.len(), header.size as usize, wording),
            shown: bytes.clone(),
            text: None,
        }),
        fields: fields(&bytes, &wording.fields),
        held,
        ..Inspected::default()
    })
}

/// What its marks mean, and otherwise what a packet is.
fn story(record: &PacketRecord, header: &Packet, wording: &Wording) -> String {
    let lab = &wording.lab;
    if record.overflow {
        return lab.story_overflow.to_owned();
    }
    let marks = header.segment.iter().flat_map(|segment| &segment.marks);
    let marks: Vec<_> = marks.map(|mark| lab.mark_explained(*mark)).collect();
    match (marks.is_empty(), record.medium) {
        (false, _) => marks.join(lab.space),
        (true, Medium::Wire) => lab.story_depart.to_owned(),
        (true, Medium::Loopback) => lab.story_captured.to_owned(),
    }
}

fn peers(model: &Model, record: &PacketRecord, header: &Packet, wording: &Wording) -> Vec<Peer> {
    let original = header.segment.as_ref().and_then(|segment| segment.original);
    let first = original.and_then(|id| model.lab().packet(id)).filter(|it| it.id != record.id);
    let peer = |name, it: &PacketRecord| Peer {
        name,
        text: packet_text(model, it, wording),
        seq: it.depart.seq,
    };
    first.map(|first| peer(wording.lab.original, first)).into_iter().collect()
}
