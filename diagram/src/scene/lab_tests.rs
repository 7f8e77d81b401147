//! Scenes of the lab and of captured packets: who is drawn where, and that no text covers another one.

use proptest::prelude::*;
use socketscope_protocol::{
    Fact, Flag, HostChange, Icmp, KernelState, Loss, Packet, Protocol, TcpState,
};

use super::{
    taken::{Plate, buttons, label_of},
    tests::Drawn,
    *,
};
use crate::{
    journal::{
        Journal, Move,
        lab::{datagram, host_name, lab_nonsense, segment, state},
        name,
    },
    lanes::LaneKind,
    rows::Filter,
    wording::EN,
};

const SERVER: &str = "10.0.0.1:9000";
const CLIENT: &str = "10.0.0.2:40312";

fn titles(drawn: &Drawn) -> Vec<&str> {
    drawn.lanes.lanes.iter().map(|lane| &*lane.title).collect()
}

/// Every place that is written on.
fn plates(scene: &Scene) -> Vec<(String, Plate)> {
    let told = |label: &Label, slope: f64| {
        (label.text.clone(), Plate::sloped(label, slope.to_radians().tan()))
    };
    let rows = scene.rows.iter().flat_map(|row| &row.items).map(|item| told(label_of(item), 0.0));
    let chips = scene.chips.iter().map(|chip| (chip.text.clone(), Plate::of_chip(chip)));
    let packets = scene.packets.iter().flat_map(|it| {
        let level = [it.note.as_ref(), it.original.as_ref().map(|(_, label)| label)];
        let level = level.into_iter().flatten().map(|label| told(label, 0.0));
        let buttons = buttons(it).map(|plate| ("buttons".to_owned(), plate));
        level.chain([told(&it.label, it.slope)]).chain(buttons)
    });
    rows.chain(chips).chain(packets).filter(|(text, _)| !text.is_empty()).collect()
}

#[test]
fn packets_of_an_outside_peer_reach_its_lifeline() {
    let mut journal = Journal::new(1000);
    let accept = journal.server();
    journal.tell(state(None, "server", "127.0.0.1:9000", None, TcpState::Listen));
    let peer = "127.0.0.1:50000";
    let syn = journal.depart([None, None], segment(peer, "127.0.0.1:9000", &[Flag::Syn], 0));
    journal.arrive(syn);
    // Nobody has accepted it yet.
    let drawn = Drawn::new(&journal.model, 1000.0);
    let scene = drawn.scene(0..100);
    let (first, last) = (&drawn.lanes.lanes[1], drawn.lanes.lanes.last().unwrap());
    assert_eq!((&*last.title, &*last.subtitle), (peer, "outside"));
    let points = &scene.packets[0].points;
    assert!((points[0].0 - last.x).abs() < 12.0 && (points[1].0 - first.x).abs() < 12.0);
    journal.accepted(accept, 4, "127.0.0.1:9000", peer, None);
    assert_eq!(Drawn::new(&journal.model, 1000.0).lanes.lanes.len(), 3, "it is one peer");
    let row = scene.rows.last().unwrap();
    assert_eq!(
        row.name,
        format!("SYN seq 0 ack 1 win 0 from {peer} to 127.0.0.1:9000, seen by capture")
    );
}

/// A datagram that nobody takes, and the message about it, stay at the kernel that sent it.
#[test]
fn a_message_goes_to_who_sent_what_it_is_about() {
    for (own, to, ip, icmp) in [
        ("127.0.0.1:40000", "127.0.0.1:9", "127.0.0.1", Protocol::Icmp),
        ("[::1]:40000", "[::1]:9", "::1", Protocol::Icmpv6),
    ] {
        let mut journal = Journal::new(1000);
        journal.start("client");
        journal.call("client", None, crate::journal::DGRAM, crate::journal::fd(3));
        let call = journal.enter("client", Some(3), crate::journal::sendto("hi", to));
        let sent = journal.depart([None, None], datagram(own, to, 2));
        journal.arrive(sent);
        let message = Icmp { icmp_type: 3, code: 3 };
        let message = journal.depart(
            [None, None],
            Packet { protocol: icmp, icmp: Some(message), ..datagram(ip, ip, 30) },
        );
        journal.arrive(message);
        journal.give_local(call, crate::journal::count(2), own);
        let drawn = Drawn::new(&journal.model, 1000.0);
        let scene = drawn.scene(0..100);
        let kernel = drawn.lanes.lanes[1].x;
        let last = scene.packets.last().expect("the message");
        assert_eq!(last.kind, PacketKind::Icmp);
        let ends = [last.points[0].0, last.points[1].0];
        assert!(ends.iter().all(|x| (x - kernel).abs() < 12.0), "{ends:?} beside {kernel}");
    }
}

/// What a host's kernel had ends with it.
#[test]
fn states_end_with_their_host() {
    let mut journal = Journal::lab();
    journal.tell(state(Some("server"), "server", "10.0.0.1:9000", None, TcpState::Listen));
    let bands = |journal: &Journal| Drawn::new(&journal.model, 1000.0).scene(0..1000).bands;
    journal.end("server");
    let [band] = &bands(&journal)[..] else { panic!("one band") };
    let (top, open) = (band.top, band.bottom);
    journal.fact(Fact::Host { host: host_name("server"), change: HostChange::Ended });
    journal.host("server", "10.0.0.1");
    for _ in 0..9 {
        journal.start_on("server", "server");
        journal.end("server");
    }
    let [band] = &bands(&journal)[..] else { panic!("one band") };
    assert!(band.top == top && band.bottom <= open + 60.0, "{band:?}");
}

#[test]
fn what_has_no_address_in_the_lab_is_lost_in_mid_wire() {
    let mut journal = Journal::lab();
    journal.call("client", None, crate::journal::DGRAM, crate::journal::fd(3));
    let call = crate::journal::sendto("hi", "10.0.0.99:9");
    journal.call("client", Some(3), call, crate::journal::count(2));
    let lost = journal.depart([Some("client"), None], datagram("10.0.0.2:5", "10.0.0.99:9", 2));
    journal.lose(lost, Loss::NoHost);
    let drawn = Drawn::new(&journal.model, 1000.0);
    assert_eq!(titles(&drawn), ["server", "kernel", "kernel", "client"], "nothing is outside");
    let scene = drawn.scene(0..100);
    let packet = &scene.packets[0];
    let [from, to] = [drawn.lanes.lanes[2].x, drawn.lanes.lanes[1].x];
    assert_eq!(packet.end, PacketEnd::Lost);
    assert!((packet.points[0].0 - from).abs() < 12.0);
    assert!(packet.points[1].0 < from - 30.0 && packet.points[1].0 > to + 30.0);
    assert_eq!(packet.note.as_ref().unwrap().text, "lost: no host has this address");
}

#[test]
fn programs_of_a_host_share_its_kernel() {
    let mut journal = Journal::lab();
    journal.start_on("client", "other");
    let drawn = Drawn::new(&journal.model, 1200.0);
    assert_eq!(titles(&drawn), ["server", "kernel", "kernel", "client", "other"]);
    let mut alone = Journal::new(100);
    alone.host("server", "10.0.0.1");
    alone.host("client", "10.0.0.2");
    alone.start_on("server", "unix-server");
    alone.start_on("server", "unix-client");
    let drawn = Drawn::new(&alone.model, 1200.0);
    assert_eq!(titles(&drawn), ["unix-server", "kernel", "unix-client", "kernel · client"]);
}

#[test]
fn a_packet_that_stays_on_its_host_is_a_loop_beside_its_kernel() {
    let mut journal = Journal::lab();
    let own = segment(SERVER, "10.0.0.1:5", &[Flag::Syn], 0);
    let packet = journal.depart([Some("server"), Some("server")], own);
    journal.arrive(packet);
    let drawn = Drawn::new(&journal.model, 1000.0);
    let scene = drawn.scene(0..100);
    let (packet, kernel) = (&scene.packets[0], drawn.lanes.lanes[1].x);
    assert_eq!(packet.points[0].0, packet.points[1].0);
    assert!(packet.bend.unwrap() > kernel + 30.0, "on the side of the wire");
    assert!(packet.label.text.starts_with("SYN") && packet.label.x > packet.points[0].0 + 20.0);
}

#[test]
fn a_listener_keeps_its_band_beside_its_connections() {
    let mut journal = Journal::lab();
    let of = |peer, to| state(Some("server"), "server", SERVER, Some(peer), to);
    journal.tell(of("10.0.0.2:1", TcpState::Established));
    journal.tell(of("10.0.0.2:2", TcpState::SynRecv));
    journal.start("late");
    let drawn = Drawn::new(&journal.model, 1000.0);
    let shown = |scene: &Scene| {
        let mut states: Vec<_> = scene.bands.iter().map(|band| (band.state, band.x)).collect();
        states.sort_by(|a, b| a.1.total_cmp(&b.1));
        states.dedup_by_key(|(_, x)| *x);
        states.into_iter().map(|(state, _)| state).collect::<Vec<_>>()
    };
    let states = shown(&drawn.scene(0..100));
    assert_eq!(states, [TcpState::SynRecv, TcpState::Listen, TcpState::Established]);
    journal.tell(KernelState { fd: None, ..of("10.0.0.2:1", TcpState::Close) });
    journal.start("later");
    let drawn = Drawn::new(&journal.model, 1000.0);
    let end = drawn.rows.end();
    let states = shown(&drawn.scene(end - 1..end));
    assert_eq!(states, [TcpState::SynRecv, TcpState::Listen]);
}

#[test]
fn a_filter_keeps_the_kernel_at_the_other_end() {
    let mut journal = Journal::lab();
    journal.tell(state(Some("client"), "client", CLIENT, Some(SERVER), TcpState::SynSent));
    let syn = segment(CLIENT, SERVER, &[Flag::Syn], 0);
    let syn = journal.depart([Some("client"), Some("server")], syn);
    journal.arrive(syn);
    let client = journal.model.program_named(&name("client")).unwrap().id;
    let filter = Filter { programs: Some([client].into()), ..Filter::default() };
    let drawn = Drawn::filtered(&journal.model, 1000.0, filter);
    assert_eq!(titles(&drawn), ["kernel · server", "kernel", "client"]);
    assert_eq!(drawn.scene(0..100).packets.len(), 1);
}

#[test]
fn a_syn_that_a_full_queue_drops_says_so() {
    let mut journal = Journal::lab();
    let listens = state(Some("server"), "server", SERVER, None, TcpState::Listen);
    journal.tell(KernelState { accept_queue: Some(2), backlog: Some(1), ..listens });
    let syn = || segment(CLIENT, SERVER, &[Flag::Syn], 0);
    let first = journal.depart([Some("client"), Some("server")], syn());
    journal.arrive(first);
    let noted = |journal: &Journal| {
        let scene = Drawn::new(&journal.model, 1000.0).scene(0..100);
        scene
            .packets
            .iter()
            .map(|it| it.note.as_ref().map(|it| it.text.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(noted(&journal), [Some(EN.lab.overflow.to_owned())]);
    let second = journal.depart([Some("client"), Some("server")], syn());
    journal.arrive(second);
    let answer = segment(SERVER, CLIENT, &[Flag::Syn, Flag::Ack], 0);
    journal.depart([Some("server"), Some("client")], answer);
    assert_eq!(noted(&journal)[..2], [Some(EN.lab.overflow.to_owned()), None]);
}

#[test]
fn what_is_sent_again_says_so_below_its_own_start() {
    let mut journal = Journal::lab();
    let syn = segment(CLIENT, SERVER, &[Flag::Syn], 0);
    let hosts = [Some("client"), Some("server")];
    let first = journal.depart(hosts, syn.clone());
    journal.fact(Fact::Hold { packet: first });
    let mut again = syn;
    again.segment.as_mut().unwrap().original = Some(first);
    for _ in 0..2 {
        journal.wait(1_000_000_000);
        let packet = journal.depart(hosts, again.clone());
        journal.fact(Fact::Hold { packet });
    }
    let drawn = Drawn::new(&journal.model, 760.0);
    let scene = drawn.scene(0..100);
    for packet in &scene.packets[1..] {
        let ((x, y), (_, label)) = (packet.points[0], packet.original.as_ref().unwrap());
        assert!(label.text.starts_with("again after"), "{label:?}");
        assert!(label.y > y && label.y < y + 1.7 * drawn.lanes.metrics.row, "{label:?} at {y}");
        assert!((label.x - x).abs() < 20.0, "{label:?} at {x}");
    }
}

#[test]
fn what_has_waited_does_not_pass_through_what_still_waits() {
    let mut journal = Journal::lab();
    let hosts = [Some("client"), Some("server")];
    let held = |journal: &mut Journal| {
        let packet = journal.depart(hosts, segment(CLIENT, SERVER, &[Flag::Syn], 0));
        journal.fact(Fact::Hold { packet });
        packet
    };
    let first = held(&mut journal);
    held(&mut journal);
    journal.arrive(first);
    let scene = Drawn::new(&journal.model, 1000.0).scene(0..100);
    let [delivered, waits] = [0, 1].map(|at| scene.packets[at].points[1].0);
    let buttons = scene.packets[1].buttons().unwrap()[0];
    assert!((delivered - waits).abs() > 6.0, "beside the dot");
    assert!(delivered > waits && buttons.0 + buttons.2 < waits, "and beside its buttons");
}

#[test]
fn what_datagrams_take_is_told_as_memory() {
    let mut journal = Journal::lab();
    let socket = state(Some("server"), "server", "10.0.0.1:9001", None, TcpState::Close);
    let udp = socketscope_protocol::Protocol::Udp;
    journal.tell(KernelState { protocol: udp, receive_queue: Some(832), ..socket });
    let scene = Drawn::new(&journal.model, 1000.0).scene(0..100);
    let chips: Vec<_> = scene.chips.iter().map(|chip| &*chip.text).collect();
    assert!(chips.contains(&"receive memory 832 bytes"), "{chips:?}");
    journal.enter("server", Some(3), crate::journal::recv());
    let told = crate::inspect::inspect(&journal.model, journal.model.head(), 0, &EN).unwrap();
    let facts = &told.kernel[0].1;
    let fact = |wanted| facts.iter().find(|it| it.name == wanted).map(|it| &*it.value);
    assert_eq!(fact(EN.lab.state_name), Some("UNCONN"));
    assert_eq!(fact(EN.inspect.counted), Some(EN.inspect.counted_why));
}

#[test]
fn no_row_of_a_packet_is_blank() {
    let mut journal = Journal::new(100);
    let strange = journal.depart([None, None], datagram("127.0.0.1:1", "127.0.0.1:2", 3));
    journal.arrive(strange);
    let scene = Drawn::new(&journal.model, 1000.0).scene(0..10);
    assert!(scene.packets.is_empty());
    assert!(scene.rows.iter().all(|row| !row.items.is_empty()));
}

proptest! {
    #[test]
    fn no_text_covers_another(
        moves in prop::collection::vec(any::<Move>(), 1..120),
        hosts in 1_usize..5,
        width in 300.0_f64..1900.0,
    ) {
        let drawn = Drawn::new(&lab_nonsense(hosts, &moves).model, width);
        let scene = drawn.scene(0..u64::MAX);
        let plates = plates(&scene);
        for (at, (text, plate)) in plates.iter().enumerate() {
            for (other_text, other) in &plates[..at] {
                let buttons = text == "buttons" && other_text == "buttons";
                prop_assert!(buttons || !plate.covers(other), "{text:?} covers {other_text:?}");
            }
        }
        for row in &scene.rows {
            let packet = row.packet.is_none_or(|id| scene.packets.iter().any(|it| it.packet == id));
            prop_assert!(packet || !row.items.is_empty(), "blank: {}", row.name);
        }
        for pair in drawn.lanes.lanes.windows(2) {
            prop_assert!(pair[1].x > pair[0].x);
        }
        let kernels = drawn.lanes.lanes.iter().filter(|it| matches!(it.kind, LaneKind::Host(_)));
        prop_assert_eq!(kernels.count(), hosts, "each host has one kernel");
    }
}

#[test]
fn the_packets_of_a_call_that_is_refused_are_its_programs() {
    let mut journal = Journal::new(100);
    journal.start("client");
    journal.call("client", None, crate::journal::STREAM, crate::journal::fd(3));
    let id = journal.enter("client", Some(3), crate::journal::connect("127.0.0.1:1"));
    let (own, other) = ("127.0.0.1:50000", "127.0.0.1:1");
    for header in [segment(own, other, &[Flag::Syn], 0), segment(other, own, &[Flag::Rst], 0)] {
        let packet = journal.depart([None, None], header);
        journal.arrive(packet);
    }
    journal.err(id, crate::journal::refused());
    let drawn = Drawn::new(&journal.model, 1000.0);
    assert_eq!(titles(&drawn), ["client", "kernel"], "nobody is there");
    let bends: Vec<_> = drawn.scene(0..100).packets.iter().map(|it| it.bend.is_some()).collect();
    assert_eq!(bends, [true, true], "they do not leave the kernel");
}

#[test]
fn where_somebody_has_listened_before_a_refused_call_is_still_its_programs() {
    let mut journal = Journal::new(100);
    let (own, other) = ("127.0.0.1:50000", "127.0.0.1:9555");
    journal.start("a");
    journal.tell(state(None, "a", other, None, TcpState::Listen));
    journal.start("b");
    journal.call("b", None, crate::journal::STREAM, crate::journal::fd(3));
    let id = journal.enter("b", Some(3), crate::journal::connect(other));
    for header in [segment(own, other, &[Flag::Syn], 0), segment(other, own, &[Flag::Rst], 0)] {
        let packet = journal.depart([None, None], header);
        journal.arrive(packet);
    }
    journal.err(id, crate::journal::refused());
    let drawn = Drawn::new(&journal.model, 1000.0);
    assert_eq!(titles(&drawn), ["a", "kernel", "kernel", "b"]);
    let [a, b] = [drawn.lanes.lanes[1].x, drawn.lanes.lanes[2].x];
    let near = |x: f64, lane: f64| (x - lane).abs() < 12.0;
    let scene = drawn.scene(0..100);
    let ends: Vec<_> = scene.packets.iter().map(|it| [it.points[0].0, it.points[1].0]).collect();
    assert!(near(ends[0][0], b) && near(ends[0][1], a), "the SYN goes from b to a: {ends:?}");
    assert!(near(ends[1][0], a) && near(ends[1][1], b), "the RST goes from a to b: {ends:?}");
}

#[test]
fn a_sum_of_packets_is_opened_and_an_empty_one_is_no_row() {
    let sum = |packets| {
        let (from, to) = (CLIENT.to_owned(), SERVER.to_owned());
        let (bytes, arrived, protocol) =
            (packets * 1000, packets, socketscope_protocol::Protocol::Tcp);
        let (lost, acks, retransmissions) = (0, 0, 3);
        let since = 5;
        Box::new(socketscope_protocol::Summary {
            since,
            from,
            to,
            protocol,
            packets,
            bytes,
            arrived,
            lost,
            acks,
            retransmissions,
        })
    };
    let mut journal = Journal::lab();
    let before = Drawn::new(&journal.model, 1000.0).rows.end();
    journal.fact(Fact::Summary(sum(0)));
    journal.fact(Fact::Summary(sum(1204)));
    let drawn = Drawn::new(&journal.model, 1000.0);
    assert_eq!(drawn.rows.end(), before + 1);
    let told = crate::inspect::inspect(&journal.model, journal.model.head(), 0, &EN).unwrap();
    let fact = |wanted| told.facts.iter().find(|(name, _)| *name == wanted).map(|it| it.1.as_str());
    assert_eq!(fact(EN.lab.counted), Some("1\u{202f}204"));
    assert_eq!(fact(EN.page.bytes), Some("1.1 MB"));
    assert_eq!(fact(EN.lab.direction), Some("10.0.0.2:40312 → 10.0.0.1:9000"));
    assert!(fact(EN.lab.since).is_some() && told.story.contains(".pcapng"));
}
