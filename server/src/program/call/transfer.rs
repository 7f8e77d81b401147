//! `send` and `recv`: bytes one way and the other.

use std::{
    io::{self, IoSliceMut},
    sync::Arc,
};

use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, recvmsg};
use socket2::SockAddr;
use socketscope_protocol::{Payload, SocketType, Value};

use super::{
    super::{
        concerned,
        socket::{Socket, Wants},
    },
    Done, Entered,
};
use crate::network;

impl Entered {
    pub(super) async fn send(
        &self,
        socket: &Arc<Socket>,
        bytes: &[u8],
        to: Option<&SockAddr>,
    ) -> io::Result<Done> {
        // A blocking `send` on a stream returns when all is in the kernel's buffer, not when the first part is.
        let whole = socket.socket_type == SocketType::Stream && !socket.nonblocking();
        let mut sent = 0;
        let share = self.program.scope.network.share();
        let send = || loop {
            let rest = &bytes[sent..];
            let more = match to {
                Some(to) => {
                    concerned::sending(share, socket, to, || socket.inner().send_to(rest, to))?
                }
                None => socket.inner().send(rest)?,
            };
            sent += more;
            if !whole || sent >= bytes.len() {
                return Ok(());
            }
        };
        match self.wait(socket, Wants::Room, send, |()| false).await {
            // Interrupted or failed after a part of it: that part is what it returns (send(2)).
            Err(_) if sent > 0 => {}
            done => done?,
        }
        socket.ring_peer();
        let moved = (to.is_some() && socket.first_named()).then(|| socket.clone());
        let value = Value { bytes: Some(sent), ..Value::default() };
        Ok(Done { value, moved, ..Done::default() })
    }

    pub(super) async fn recv(
        &self,
        socket: &Arc<Socket>,
        size: usize,
        from: bool,
    ) -> io::Result<Done> {
        let receive = || {
            // Made anew for each attempt: a call that waits holds no buffer.
            let mut bytes = vec![0; size];
            let mut parts = [IoSliceMut::new(&mut bytes)];
            let mut control = RecvAncillaryBuffer::new(&mut []);
            // Asked before: what came before the shutdown is still received.
            let ends = socket.ends_empty();
            let message = match recvmsg(socket, &mut parts, &mut control, RecvFlags::empty()) {
                Err(rustix::io::Errno::AGAIN) if ends => return Ok((Vec::new(), false, None)),
                message => message?,
            };
            bytes.truncate(message.bytes);
            Ok((bytes, message.flags.contains(ReturnFlags::TRUNC), message.address))
        };
        let emptied = |(bytes, ..): &(Vec<u8>, _, _)| {
            !bytes.is_empty() && bytes.len() < size && socket.short_read_empties()
        };
        let (received, cut, sender) = self.wait(socket, Wants::Bytes, receive, emptied).await?;
        socket.set_received();
        let Payload { text, base64 } = Payload::shown(&received);
        let folder = self.program.scope.network.folder();
        let sender = sender.filter(|_| from && socket.socket_type == SocketType::Dgram);
        let value = Value {
            bytes: Some(received.len()),
            text,
            base64,
            from: sender.and_then(|sender| network::written_sender(sender, folder)),
            truncated: cut.then_some(true),
            ..Value::default()
        };
        Ok(Done { value, received, ..Done::default() })
    }
}
