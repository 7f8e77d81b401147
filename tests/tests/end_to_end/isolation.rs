//! The lab reaches nothing outside: tried, from a program of the lab, on everything that is near.

use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
};

use nix::ifaddrs::getifaddrs;
use serde_json::{Value, json};
use socketscope_protocol::{Fact, Loss};
use socketscope_tests::{Room, TestServer};

/// This machine's own addresses.
fn own_addresses() -> Vec<Ipv4Addr> {
    let devices = getifaddrs().expect("the machine's addresses");
    let addresses = devices.filter_map(|device| device.address?.as_sockaddr_in().map(|it| it.ip()));
    addresses.filter(|address| !address.is_loopback()).collect()
}

/// Where packets to the rest of the world go (/proc/net/route: addresses in hexadecimal, in the machine's byte order).
fn gateways() -> Vec<Ipv4Addr> {
    let routes = fs::read_to_string("/proc/net/route").expect("the machine's routes");
    let gateway = |line: &str| {
        let word = u32::from_str_radix(line.split_whitespace().nth(2)?, 16).ok()?;
        (word != 0).then(|| Ipv4Addr::from(word.to_ne_bytes()))
    };
    routes.lines().skip(1).filter_map(gateway).collect()
}

/// What became of it: the kernel's error or, where it left, why the wire lost the packet.
async fn fate(room: &Room, call: Value, answer: Value, to: &str) -> String {
    if let Some(errno) = answer["errno"]["name"].as_str() {
        return errno.to_owned();
    }
    let lost = |events: &[socketscope_protocol::Event]| {
        let departed = events.iter().find_map(|event| match &event.fact {
            Fact::Depart { packet, header, .. } if header.to == to => Some(*packet),
            _ => None,
        })?;
        events.iter().find_map(|event| match &event.fact {
            Fact::Lose { packet, why } if *packet == departed => Some(*why),
            _ => None,
        })
    };
    match lost(&room.events().await) {
        Some(why @ (Loss::NoHost | Loss::Broadcast)) => format!("{why:?}"),
        other => panic!("{call} to {to}: {answer}, {other:?}"),
    }
}

#[tokio::test]
async fn nothing_outside_is_reached() {
    let server = TestServer::start_with("0.0.0.0:0", |_| {});
    let room = server.client().room_on("lab").await;
    let tcp = TcpListener::bind("0.0.0.0:0").expect("a port");
    tcp.set_nonblocking(true).expect("non-blocking");
    let udp = UdpSocket::bind("0.0.0.0:0").expect("a port");
    udp.set_nonblocking(true).expect("non-blocking");
    let ports = [&tcp.local_addr(), &udp.local_addr()];
    let ports = ports.map(|address| address.as_ref().expect("an address").port());

    let own = own_addresses();
    assert!(!own.is_empty(), "a machine without any address but loopback's can show nothing");
    let everywhere = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(169, 254, 169, 254)];
    let broadcast = [Ipv4Addr::BROADCAST, Ipv4Addr::new(10, 0, 0, 255)];
    let near: Vec<_> = own.into_iter().chain(gateways()).chain(everywhere).collect();
    room.start(json!({"name": "a", "host": "client"})).await;
    let mut tried = Vec::new();
    for ip in &near {
        for port in [ports[0], server.address.port(), 80] {
            let to = SocketAddr::from((*ip, port)).to_string();
            let socket = json!({"call": "socket", "family": "inet", "type": "stream"});
            let fd = room.call("a", socket).await["value"]["fd"].clone();
            let connect = json!({"call": "connect", "fd": fd, "address": to});
            let (_, answer) = room.call_for(500, "a", &connect).await;
            tried.push((to.clone(), fate(&room, connect, answer, &to).await));
        }
    }
    for ip in near.iter().chain(&broadcast) {
        let to = SocketAddr::from((*ip, ports[1])).to_string();
        let socket = json!({"call": "socket", "family": "inet", "type": "dgram"});
        let fd = room.call("a", socket).await["value"]["fd"].clone();
        let allow = json!({"call": "setsockopt", "fd": fd, "option": "SO_BROADCAST", "value": 1});
        room.call("a", allow).await;
        let send = json!({"call": "sendto", "fd": fd, "address": to, "text": "hello out there"});
        let answer = room.call("a", send.clone()).await;
        if ip.is_loopback() {
            // It goes to the host's own loopback, where nobody has this port.
            assert_eq!(answer["value"]["bytes"], 15, "{answer}");
            continue;
        }
        tried.push((to.clone(), fate(&room, send, answer, &to).await));
    }
    for (to, became) in &tried {
        let is = |ip: IpAddr| to.parse::<SocketAddr>().is_ok_and(|to| to.ip() == ip);
        let expected: &[&str] = match () {
            // Nobody listens on the host's own loopback, whoever does on this machine's.
            () if is(Ipv4Addr::LOCALHOST.into()) => &["ECONNREFUSED"],
            () if is(broadcast[1].into()) => &["Broadcast"],
            // This machine may have addresses like the lab's own.
            () => &["ENETUNREACH", "NoHost"],
        };
        assert!(expected.contains(&became.as_str()), "{to}: {became}");
    }
    assert_eq!(tcp.accept().expect_err("nobody").kind(), ErrorKind::WouldBlock);
    assert_eq!(udp.recv(&mut [0; 64]).expect_err("nothing").kind(), ErrorKind::WouldBlock);
}
