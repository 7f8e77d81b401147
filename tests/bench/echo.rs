//! Round trips of 64 bytes through a program's calls, with the journal on and 30 viewers. Baseline: bare tokio sockets.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;
use socketscope_protocol::{Change, Fact};
use socketscope_tests::Room;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    process::Process,
    report::{Report, count},
    viewers::Viewers,
};

const VIEWERS: usize = 30;
const BARE: usize = 20_000;

pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> echo");
    // Machines change their speed by the minute: once before, once between, once after.
    let mut bares = vec![bare().await?];
    let server = Process::start().await?;
    let room = server.client.room().await;
    let echo = json!({"role": "tcp-echo-server", "name": "s", "address": "127.0.0.1:0", "concurrent": true});
    room.start(echo).await;
    let address = listening(&room).await;
    let viewers = Viewers::open(&server, &room.id, 1, VIEWERS).await?;
    rounds(&room, &address, 1_000).await;
    let early = rounds(&room, &address, 10_000).await;
    rounds(&room, &address, 90_000).await;
    let late = rounds(&room, &address, 10_000).await;
    drop(viewers);
    bares.push(bare().await?);
    let alone = rounds(&room, &address, 10_000).await;
    bares.push(bare().await?);
    bares.sort_by(f64::total_cmp);
    let bare = bares[1];
    let bare_text = format!("{} bare", count(bare));
    let ratio = |rate: f64| format!("{} round trips/s = {:.2} ×", count(rate), rate / bare);
    report.row(
        "echo: after 1,000 messages",
        &ratio(early),
        &bare_text,
        "≥ 0.5 ×",
        early >= bare * 0.5,
    );
    report.row(
        "echo: after 100,000 messages",
        &ratio(late),
        &bare_text,
        "the same",
        late >= early * 0.9,
    );
    report.row("echo: without viewers", &ratio(alone), &bare_text, "", true);
    Ok(())
}

/// Where the room's server listens, once it does.
pub(crate) async fn listening(room: &Room) -> String {
    let named = |fact: &Fact| matches!(fact, Fact::Return { local: Some(_), .. });
    room.until("the server has an address", named).await;
    room.view().await.programs[0].sockets[0].local.clone().expect("an address")
}

/// Round trips a second of a client that makes `times` of them, by the journal's own times.
async fn rounds(room: &Room, address: &str, times: u32) -> f64 {
    let head = room.view().await.head;
    let client = json!({"role": "tcp-client", "name": "c", "address": address, "times": times,
        "messages": ["x".repeat(64)], "interval_ms": 0});
    room.start(client).await;
    while room.view().await.programs.len() > 1 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let events = room.events_from(head + 1).await;
    let at = |wanted: fn(&Change) -> bool| {
        let found = events.iter().find(|event| {
            matches!(&event.fact, Fact::Program { program, change, .. } if program.as_str() == "c" && wanted(change))
        });
        found.map(|event| event.at)
    };
    let ended = at(|change| matches!(change, Change::Ended(_))).expect("the client has ended");
    // A long run's beginning has left the journal; then there is nothing to say of its speed.
    let Some(started) = at(|change| matches!(change, Change::Started(_))) else { return f64::NAN };
    f64::from(times) / ((ended - started) as f64 / 1e9)
}

async fn bare() -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut bytes = [0; 1024];
        loop {
            match stream.read(&mut bytes).await? {
                0 => return anyhow::Ok(()),
                length => stream.write_all(&bytes[..length]).await?,
            }
        }
    });
    let client = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await?;
        let (mut bytes, begun) = ([b'x'; 64], Instant::now());
        for _ in 0..BARE {
            stream.write_all(&bytes).await?;
            stream.read_exact(&mut bytes).await?;
        }
        anyhow::Ok(BARE as f64 / begun.elapsed().as_secs_f64())
    });
    let rate = client.await??;
    serving.await??;
    Ok(rate)
}
