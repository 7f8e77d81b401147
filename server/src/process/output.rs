//! What observed programs print: told in the journal, up to a limit.

use std::{io, os::fd::OwnedFd, path::PathBuf, process::Child, sync::Arc};

use socketscope_protocol::{Fact, ProgramName, Stream, limits::OUTPUT_BYTES};
use tokio::{io::AsyncReadExt, net::unix::pipe};

use super::Witness;
use crate::{clock, told::told};

/// Bytes that one event tells.
const PIECE: usize = 4096;

/// The two streams of a program that was started with pipes.
pub(super) fn streams(child: &mut Child) -> [(Stream, io::Result<pipe::Receiver>); 2] {
    let none = || io::Error::other("it was started without");
    let out = child.stdout.take().map(OwnedFd::from);
    let err = child.stderr.take().map(OwnedFd::from);
    [(Stream::Stdout, out), (Stream::Stderr, err)].map(|(stream, pipe)| {
        (stream, pipe.ok_or_else(none).and_then(pipe::Receiver::from_owned_fd))
    })
}

/// Tells what comes out of `pipe`, until nobody writes there any more. The lesson's folder is left out of what is told: it
/// means nothing to the reader of a traceback.
pub(super) async fn tell(
    program: ProgramName,
    stream: Stream,
    pipe: io::Result<pipe::Receiver>,
    folder: PathBuf,
    witness: Arc<Witness>,
) {
    let mut pipe = match pipe {
        Ok(pipe) => pipe,
        Err(error) => return tracing::error!(%error, "a program's output cannot be read"),
    };
    let folder = format!("{}/", folder.display());
    let say = |text: String| {
        // What it did before it printed this stands before it.
        witness.hear();
        let fact = Fact::Output { program: program.clone(), stream, text };
        witness.scope().journal.append(clock::now(), fact);
    };
    let (mut told, mut cut) = (0, 0);
    let mut keep = |piece: &[u8]| {
        let piece = String::from_utf8_lossy(piece).replace(&folder, "");
        if told >= OUTPUT_BYTES {
            cut += piece.len();
        } else if !piece.is_empty() {
            told += piece.len();
            say(piece);
        }
    };
    let (mut buffer, mut kept) = ([0; PIECE], 0);
    while let Ok(length @ 1..) = pipe.read(&mut buffer[kept..]).await {
        let bytes = &buffer[..kept + length];
        // A character may come in two pieces.
        let whole = match std::str::from_utf8(bytes) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => bytes.len(),
        };
        keep(&bytes[..whole]);
        kept = bytes.len() - whole;
        buffer.copy_within(whole..whole + kept, 0);
    }
    // It may have ended within a character.
    keep(&buffer[..kept]);
    if cut > 0 {
        let told = told!(
            "(… {bytes} more bytes: {limit} are kept of what a program prints)",
            bytes = cut,
            limit = OUTPUT_BYTES
        );
        say(format!("\n{}\n", told.english));
    }
}
