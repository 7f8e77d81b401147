//! A wire between two cards that are no devices: what is written into one end comes out of the other.

use std::{
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    time::Instant,
};

use etherparse::PacketBuilder;
use socketscope_protocol::{Event, json::Json, limits::PACKETS_UNDER_WAY};

use super::*;

/// The host's side of a card.
struct Socket(UnixDatagram);

fn host(wire: &Wire, name: &str, number: u8) -> Socket {
    let (device, socket) = UnixDatagram::pair().expect("a pair");
    for end in [&device, &socket] {
        end.set_nonblocking(true).expect("a socket");
    }
    let device = Arc::new(File::from(OwnedFd::from(device)));
    let address = Ipv4Addr::new(10, 0, 0, number);
    let host = Some(HostName::new(name).expect("a name"));
    wire.plug(Plug { host, card: Some(Card { address, device }), loopback: None, states: None });
    Socket(socket)
}

fn datagram(from: u8, to: u8) -> Vec<u8> {
    let builder = PacketBuilder::ipv4([10, 0, 0, from], [10, 0, 0, to], 64).udp(9000, 9000);
    let mut bytes = Vec::new();
    builder.write(&mut bytes, b"hello").expect("a packet");
    bytes
}

fn events(journal: &Journal) -> Vec<Event> {
    let text = journal.read(1, usize::MAX).text;
    let event = |line| Json::read(line).as_ref().and_then(Event::from_json);
    text.lines().map(|line| event(line).expect("an event")).collect()
}

/// Under a load whose calls return all the time the sums follow their clock, and not the calls; and what arrives after its
/// sum is told counts in the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sums_are_few_and_exact() {
    const PACKETS: u64 = 40_000;
    let journal = Journal::new(usize::MAX);
    let wire = Wire::new(journal.clone(), Arc::default(), 1);
    let (one, other) = (host(&wire, "one", 1), host(&wire, "other", 2));
    let clock = tokio::spawn(wire.clone().run());
    wire.change(&WireChange { delay_ms: Some(5.0), ..WireChange::default() }).expect("a delay");
    let (there, back, mut buffer) = (datagram(1, 2), datagram(2, 1), [0; 100]);
    let start = Instant::now();
    for number in 0..PACKETS / 2 {
        one.0.send(&there).expect("the wire takes it");
        other.0.send(&back).expect("the wire takes it");
        // Both hosts' calls return: one that has sent, and one that has sent nothing.
        drop(wire.fence((number % 2) as usize, clock::now()));
        while wire.carry(0) || wire.carry(1) {}
        for socket in [&one, &other] {
            while socket.0.recv(&mut buffer).is_ok() {}
        }
    }
    let ticks = start.elapsed().as_millis() / SUMS.as_millis();
    while !wire.lock().travelling.is_empty() {
        for socket in [&one, &other] {
            while socket.0.recv(&mut buffer).is_ok() {}
        }
    }
    wire.close();
    clock.abort();

    let (mut departed, mut ended, mut sums, mut empty) = (0, 0, 0, 0);
    for event in events(&journal) {
        match event.fact {
            Fact::Depart { .. } => departed += 1,
            Fact::Arrive { .. } | Fact::Lose { .. } => ended += 1,
            Fact::Summary(sum) => {
                assert!(sum.since <= event.at);
                (departed, ended) = (departed + sum.packets, ended + sum.arrived + sum.lost);
                (sums, empty) = (sums + 1, empty + u64::from(sum.packets == 0));
            }
            _ => {}
        }
    }
    assert_eq!((departed, ended), (PACKETS, PACKETS));
    // One for each direction and tick, and one each for what was left at the end.
    assert!(sums <= 2 * (ticks + 2), "{sums} sums in {ticks} ticks");
    assert!(empty <= 2, "{empty} of {sums} sums without packets");
}

/// What is no IPv4 is told as far as there is time for it, and the rest is counted.
#[tokio::test]
async fn what_cannot_be_read_is_counted() {
    const PACKETS: u64 = 20_000;
    let journal = Journal::new(usize::MAX);
    let wire = Wire::new(journal.clone(), Arc::default(), 1);
    let one = host(&wire, "one", 1);
    for _ in 0..PACKETS {
        one.0.send(&[0x60, 0, 0, 0]).expect("the wire takes it");
        wire.carry(0);
    }
    wire.close();
    let (mut departed, mut unseen) = (0, 0);
    for event in events(&journal) {
        match event.fact {
            Fact::Depart { .. } => departed += 1,
            Fact::Unseen { packets, .. } => unseen += packets,
            _ => {}
        }
    }
    assert!(unseen > 0);
    assert_eq!(departed + unseen, PACKETS);
}

/// A slow link's queue: what finds it full takes none of its time, and what waits there goes as fast as it is told to.
#[tokio::test]
async fn a_rate_is_of_what_the_link_takes() {
    const TOO_MANY: usize = 500;
    let wire = Wire::new(Journal::new(usize::MAX), Arc::default(), 1);
    let (one, _other) = (host(&wire, "one", 1), host(&wire, "other", 2));
    let rate = |kbit| WireChange { rate_kbit: Some(kbit), ..WireChange::default() };
    wire.change(&rate(1)).expect("a rate");
    let packet = datagram(1, 2);
    for _ in 0..PACKETS_UNDER_WAY + TOO_MANY {
        one.0.send(&packet).expect("the wire takes it");
        wire.carry(0);
    }
    let seconds = (PACKETS_UNDER_WAY * packet.len() * 8) as f64 / 1e3;
    let free = wire.lock().turns[&(0, 1)].0;
    let taken = free.duration_since(tokio::time::Instant::now()).as_secs_f64();
    assert!((seconds - 60.0..=seconds).contains(&taken), "{taken} s for {seconds} s of packets");

    wire.change(&rate(0)).expect("no rate");
    let mut inner = wire.lock();
    assert_eq!(inner.travelling.len(), PACKETS_UNDER_WAY);
    inner.catch_up(&wire);
    assert!(inner.travelling.is_empty(), "all of it goes at once");
}

/// What one direction's link sends it goes on to send, whatever becomes of the other's; and a change takes along what is sent
/// already.
#[tokio::test]
async fn a_rate_is_of_one_direction() {
    let wire = Wire::new(Journal::new(usize::MAX), Arc::default(), 1);
    let (one, _other) = (host(&wire, "one", 1), host(&wire, "other", 2));
    let rate = |from: &str, kbit| WireChange {
        from: HostName::new(from).ok(),
        rate_kbit: Some(kbit),
        ..WireChange::default()
    };
    wire.change(&rate("one", 1)).expect("a rate");
    for _ in 0..2 {
        one.0.send(&datagram(1, 2)).expect("the wire takes it");
        wire.carry(0);
    }
    let sent = || {
        let inner = wire.lock();
        let mut sent: Vec<_> = inner.travelling.iter().map(|it| it.times.sent).collect();
        sent.sort_unstable();
        sent
    };
    let before = sent();
    for kbit in 1..20 {
        wire.change(&rate("other", kbit)).expect("a rate");
    }
    assert_eq!(sent(), before);
    // Twice as fast, and back: nothing is begun again.
    wire.change(&rate("one", 2)).expect("a rate");
    let faster = sent();
    assert!(faster[0] < before[0] && faster[1] < before[1]);
    wire.change(&rate("one", 1)).expect("a rate");
    assert!(sent().iter().zip(&before).all(|(now, before)| now <= before));
}
