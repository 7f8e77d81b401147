//! Commands over the feed, and their answers: each answer goes to whoever asked.

use futures_channel::oneshot;
use socketscope_protocol::{Command, Fact, Fate, FateOfOne, PacketId, Problem, Request, wire};

use super::Room;
use crate::{browser, feed::Feed, http, words::words};

/// A command's result, or why there is none.
pub(crate) type Answer = Result<wire::Answer, Problem>;

/// Commands that wait for their answers.
#[derive(Default)]
pub(super) struct Asked {
    last: u64,
    waiting: Vec<(u64, oneshot::Sender<Answer>)>,
}

impl Asked {
    fn ask(&mut self, feed: Feed, command: Command) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        self.last += 1;
        // Where it is not sent, nobody keeps the answer's sender, and so the receiver learns of it.
        if feed.send(&Request { request: self.last, command }.to_json()) {
            self.waiting.push((self.last, answer));
        }
        answered
    }

    pub(super) fn answered(&mut self, request: u64, answer: Option<Answer>) {
        if let Some(at) = self.waiting.iter().position(|(number, _)| *number == request) {
            // Nobody waits where the form was closed meanwhile.
            let _ =
                self.waiting.swap_remove(at).1.send(answer.unwrap_or_else(|| Err(http::strange())));
        }
    }

    /// The connection was lost: nobody knows what became of these.
    pub(super) fn give_up(&mut self) {
        self.waiting.clear();
    }
}

impl Room {
    /// Gives `command`; its answer comes when the server has one.
    pub(crate) async fn ask(self, command: Command) -> Answer {
        let answer = self.inner.update(|inner| inner.ask.ask(self.feed, command));
        let lost = || Problem {
            code: "connection-lost".into(),
            status: 0,
            title: words().command_lost.into(),
            detail: words().command_lost_why.into(),
            said: None,
        };
        match answer {
            Some(answer) => answer.await.unwrap_or_else(|_| Err(lost())),
            None => Err(lost()),
        }
    }

    /// Gives `command`; where it is refused, the page says why.
    pub(crate) fn tell(self, command: Command) {
        self.problem.set(None);
        browser::spawn(async move {
            if let Err(why) = self.ask(command).await {
                self.problem.set(Some(why));
            }
        });
    }

    /// Decides about a packet that the wire holds.
    pub(crate) fn decide(self, packet: PacketId, fate: Fate) {
        self.tell(Command::Packet { packet, body: FateOfOne { fate } });
    }

    /// The same from the diagram, which can be there before commands can be given.
    pub(crate) fn decide_later(self, packet: PacketId, fate: Fate) {
        if let Some(later) = self.later.now() {
            (later.decide)(self, packet, fate);
        }
    }

    /// The packet of the selected row, where the wire holds it.
    pub(crate) fn held(self) -> Option<PacketId> {
        let seq = self.selected.get_untracked()?;
        self.peek(|model| match model.event(seq)?.fact {
            Fact::Depart { packet, .. } | Fact::Hold { packet } => {
                let record = model.lab().packet(packet)?;
                (record.held.is_some() && record.travels()).then_some(packet)
            }
            _ => None,
        })
    }

    /// The visitor leaves: nothing is fed until somebody is back.
    pub(crate) fn leave(self) {
        self.feed.resume(self);
    }

    /// Tries to connect again at once.
    pub(crate) fn retry(self) {
        self.feed.retry(self);
    }
}
