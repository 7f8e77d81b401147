//! Programs that are processes of their own: a lesson's Python, as it is, in its host's network, under an observer that
//! reports each of its socket calls ([`Witness`]) and can hold a call until it is let go.
//!
//! observer.py says how it does that. A process watches over each program: it ends whatever comes of the program as soon as
//! this server lets go of it, however this server ends.

mod output;
mod python;
mod stragglers;
mod witness;

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Write},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, send, sendmsg, socketpair,
};
use socketscope_protocol::{Change, Fact, LessonRole, ProgramName, ProgramView, Role};
use socketscope_reports::Ring;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

pub(crate) use python::Python;
pub(crate) use witness::{Waiting, Witness};

use crate::{clock, network::Host};

/// How long the output of a program that has ended may take to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What tells the observer a device that sockets have to be tied to.
const DEVICE: &str = "SOCKETSCOPE_DEVICE";

/// What to run.
pub(crate) struct Source {
    /// The folder that the files are in.
    pub(crate) folder: PathBuf,
    /// Their names, sorted.
    pub(crate) files: Arc<[String]>,
    /// The one that the program begins in.
    pub(crate) file: String,
    pub(crate) arguments: Vec<String>,
}

/// A program that runs. Dropping it ends the program, and whatever came of it.
pub(crate) struct Process {
    pub(crate) name: ProgramName,
    /// Its number among the room's observed programs.
    pub(crate) number: u16,
    host: Option<Arc<Host>>,
    file: String,
    witness: Arc<Witness>,
    /// Where permissions for single calls go.
    permits: OwnedFd,
    /// What it reports, and whether its calls need a permission.
    ring: Arc<Ring>,
    kill: mpsc::Sender<()>,
    /// Cancelled to end it.
    ending: CancellationToken,
    /// Cancelled when it has ended, and that has been told.
    ended: CancellationToken,
}

impl Process {
    /// Starts a program whose first call needs a permission. It takes some milliseconds: for a thread that may block, within
    /// a runtime.
    pub(crate) fn start(
        python: &Python,
        witness: &Arc<Witness>,
        name: ProgramName,
        host: Option<Arc<Host>>,
        source: Source,
    ) -> io::Result<Arc<Self>> {
        let (control, theirs) = UnixStream::pair()?;
        let cloexec = SockFlag::SOCK_CLOEXEC;
        let (permits, taken) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, cloexec)?;
        let (ring, memory) = Ring::new()?;
        ring.need_permission(true);
        let ring = Arc::new(ring);
        let Source { folder, files, file, arguments } = source;
        let number = witness.expect(name.clone(), host.clone(), files, ring.clone());
        let started = Fact::Program {
            program: name.clone(),
            host: host.as_ref().map(|host| host.name.clone()),
            change: Change::Started(Role::Lesson(LessonRole { file: file.clone() })),
        };
        witness.scope().journal.append(clock::now(), started);
        let folder_of_room = witness.scope().network.folder();
        let mark = format!("{} {number}", folder_of_room.display());
        let mut command = python.command(folder_of_room, &mark);
        if let Some(device) = witness.scope().network.device() {
            command.env(DEVICE, device);
        }
        command.arg(number.to_string()).arg(&folder).arg(&file).args(arguments);
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawn = || command.spawn();
        // A process is in the network of the thread that makes it.
        let spawned = match &host {
            Some(host) => host.inside(spawn),
            None => Command::spawn(&mut command),
        };
        let given = [memory.as_raw_fd(), taken.as_raw_fd()];
        let child = spawned.and_then(|mut child| {
            let given = hand_over(&control, &given)
                .and_then(|()| control.set_nonblocking(true))
                .and_then(|()| tokio::net::UnixStream::from_std(control));
            match given {
                Ok(control) => Ok((child, control)),
                Err(error) => {
                    // Its watcher would wait for ever, or be nobody's when it has ended.
                    let _ = child.kill();
                    let _ = child.wait();
                    Err(error)
                }
            }
        });
        let (child, control) = child.inspect_err(|_| witness.end(number))?;
        let (kill, killed) = mpsc::channel(1);
        let (ending, ended) = (CancellationToken::new(), CancellationToken::new());
        let watcher = Watcher {
            name: name.clone(),
            number,
            folder,
            mark,
            witness: witness.clone(),
            killed,
            ending: ending.clone(),
        };
        let done = ended.clone().drop_guard();
        tokio::spawn(async move {
            watcher.watch_over(child, control).await;
            drop(done);
        });
        let witness = witness.clone();
        let process =
            Self { name, number, host, file, witness, permits, ring, kill, ending, ended };
        Ok(Arc::new(process))
    }

    /// Whether each call needs a permission from now on. Calls that wait have to be let go all the same.
    pub(crate) fn need_permission(&self, needed: bool) {
        self.ring.need_permission(needed);
    }

    /// Lets a call go.
    pub(crate) fn permit(&self, ticket: u32) {
        let sent = send(self.permits.as_raw_fd(), &ticket.to_ne_bytes(), MsgFlags::MSG_DONTWAIT);
        if let Err(error) = sent {
            // It has ended meanwhile.
            tracing::debug!(%error, "a call was not let go");
        }
        self.witness.hurry();
    }

    /// Ends the program by SIGKILL. Its end stands in the journal before what the kernel makes of it.
    pub(crate) fn kill(&self) {
        self.witness.end(self.number);
        // Whoever was asked once need not be asked again.
        let _ = self.kill.try_send(());
    }

    /// Ends the program and whatever came of it, and returns when that is done.
    pub(crate) async fn end(&self) {
        self.witness.end(self.number);
        self.ending.cancel();
        self.ended.cancelled().await;
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// The program as it is now.
    pub(crate) fn view(&self) -> ProgramView {
        let (sockets, waiting) = self.witness.view(self.number);
        ProgramView {
            name: self.name.clone(),
            host: self.host.as_ref().map(|host| host.name.clone()),
            does: Role::Lesson(LessonRole { file: self.file.clone() }),
            sockets,
            waiting,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.ending.cancel();
    }
}

/// Gives the observer its descriptors (unix(7), SCM_RIGHTS).
fn hand_over(control: &UnixStream, descriptors: &[i32]) -> io::Result<()> {
    let (bytes, rights) = ([io::IoSlice::new(b"d")], [ControlMessage::ScmRights(descriptors)]);
    sendmsg::<()>(control.as_fd().as_raw_fd(), &bytes, &rights, MsgFlags::empty(), None)?;
    Ok(())
}

/// What is known of a program by who waits for its end.
struct Watcher {
    name: ProgramName,
    number: u16,
    folder: PathBuf,
    /// What stands in the environment of whatever came of it.
    mark: String,
    witness: Arc<Witness>,
    killed: mpsc::Receiver<()>,
    ending: CancellationToken,
}

impl Watcher {
    async fn watch_over(mut self, mut child: Child, mut control: tokio::net::UnixStream) {
        let streams = output::streams(&mut child);
        let outputs = streams.map(|(stream, pipe)| {
            let (name, witness) = (self.name.clone(), self.witness.clone());
            tokio::spawn(output::tell(name, stream, pipe, self.folder.clone(), witness))
        });
        let mut status = [0; 4];
        let mut read = 0;
        loop {
            tokio::select! {
                length = control.read(&mut status[read..]) => match length {
                    Ok(1..) => read += length.unwrap_or(0),
                    // It has gone, with or without a word.
                    _ => break,
                },
                Some(()) = self.killed.recv() => {
                    // Where it is gone already there is nothing left to end.
                    let _ = control.write_all(b"k").await;
                }
                () = self.ending.cancelled() => break,
            }
        }
        // The watcher ends everything when it reads the end of this, and then itself.
        drop(control);
        let mark = self.mark.clone();
        let waited = tokio::task::spawn_blocking(move || {
            let status = child.wait();
            if !matches!(&status, Ok(status) if status.success()) {
                // It was killed, and whom it watched over may live on.
                stragglers::end(&mark);
            }
            status
        });
        if let Err(error) = waited.await.map_err(io::Error::other).flatten() {
            tracing::error!(%error, "a program's watcher did not end as it should");
        }
        for mut output in outputs {
            // All that wrote to it has ended, so this does too; unless something has got away that cannot be told by its
            // environment any more.
            if tokio::time::timeout(LAST_WORDS, &mut output).await.is_err() {
                tracing::warn!(program = %self.name, "something holds a program's output though it has ended");
                output.abort();
            }
        }
        self.witness.end(self.number);
        let exit = (read == status.len()).then(|| i32::from_ne_bytes(status));
        let fact = Fact::Exit {
            program: self.name.clone(),
            code: exit.filter(|exit| *exit >= 0),
            signal: exit.filter(|exit| *exit < 0).map(|exit| -exit),
        };
        self.witness.scope().journal.append(clock::now(), fact);
    }
}

/// Writes the files of a lesson where its programs are run from.
pub(crate) fn write_files<'a>(
    folder: &Path,
    files: impl Iterator<Item = (&'a str, &'a str)>,
) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, code) in files {
        File::create(folder.join(OsStr::new(name)))?.write_all(code.as_bytes())?;
    }
    Ok(())
}
