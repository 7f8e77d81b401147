//! One room: a network, its programs, their journal, and who watches.

mod watchers;

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use socketscope_protocol::{
    CallAnswer, CallId, CallRequest, HostName, HostView, LessonCommand, Links, Network as Kind,
    NewProgram, ProgramName, ProgramView, Role, RoomId, RoomName, RoomView, Rung, limits::PROGRAMS,
};
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) use watchers::{Watcher, Watchers};

use crate::{
    journal::Journal,
    kernel::states::Owners,
    lesson::{Course, Lesson},
    network::{Capture, Folder, Host, HostNetwork, Lab, Network, Reach},
    process::Python,
    program::{Entered, Program, Scope, role},
    refusal::Refusal,
    told::told,
};

/// A room.
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) name: RoomName,
    pub(crate) watchers: Watchers,
    /// Cancelled when the room has ended: its feeds close.
    pub(crate) ended: CancellationToken,
    rung: Rung,
    /// Where all that it does by itself runs.
    shard: Handle,
    scope: Arc<Scope>,
    programs: Mutex<Programs>,
    bell_ringer: JoinHandle<()>,
    /// The lesson that it is for.
    course: OnceLock<Course>,
}

/// What a new room is given by the server.
pub(crate) struct Setting {
    pub(crate) kind: Kind,
    /// What its packets and sockets are seen by.
    pub(crate) rung: Rung,
    pub(crate) reach: Reach,
    /// The packets of this machine's loopback, where they may be seen.
    pub(crate) capture: Option<Arc<Capture>>,
    /// The names of the lab's first hosts; the usual ones where there are none.
    pub(crate) hosts: Vec<HostName>,
    /// Its Unix sockets live below.
    pub(crate) folder: PathBuf,
    pub(crate) journal: Arc<Journal>,
    /// Where it lives.
    pub(crate) shard: Handle,
}

/// The living programs by their age, so that they are listed in the order of their start.
#[derive(Default)]
struct Programs {
    alive: BTreeMap<u64, Arc<Program>>,
    started: u64,
    /// Set when the room ends: nothing is started any more.
    closed: bool,
}

impl Programs {
    fn named(&self, name: &ProgramName) -> Option<&Arc<Program>> {
        self.alive.values().find(|program| program.name() == name)
    }
}

impl Room {
    /// An empty room.
    pub(crate) async fn new(id: RoomId, name: RoomName, setting: Setting) -> io::Result<Arc<Self>> {
        // Viewers are woken where they are served, and not where it would hold up a program.
        let (shard, viewers) = (setting.shard.clone(), Handle::current());
        let made = shard.spawn(Self::make(id, name, setting, viewers)).await;
        made.map_err(io::Error::other)?
    }

    async fn make(
        id: RoomId,
        name: RoomName,
        setting: Setting,
        viewers: Handle,
    ) -> io::Result<Arc<Self>> {
        let Setting { kind, rung, reach, capture, hosts, folder, journal, shard } = setting;
        let folder = Folder::new(&folder, &id.0)?;
        let owners = Arc::<Owners>::default();
        let network = match kind {
            Kind::Host => {
                let (journal, owners) = (journal.clone(), owners.clone());
                let network = HostNetwork::new(reach, rung, capture.as_ref(), journal, owners)?;
                Network::machine(network, folder)
            }
            Kind::Lab => {
                let seed = first_seed(&id);
                let lab = Lab::new(journal.clone(), owners.clone(), seed, &hosts).await;
                Network::lab(lab.map_err(io::Error::other)?, folder)
            }
        };
        let bell_ringer = viewers.spawn(journal.clone().wake_readers());
        Ok(Arc::new(Self {
            id,
            name,
            watchers: Watchers::default(),
            ended: CancellationToken::new(),
            rung,
            shard,
            scope: Scope::new(journal, network, owners),
            programs: Mutex::default(),
            bell_ringer,
            course: OnceLock::new(),
        }))
    }

    /// Begins the lesson that the room is for.
    pub(crate) fn begin(&self, lesson: Arc<Lesson>, python: Python) -> io::Result<()> {
        let _there = self.shard.enter();
        let course = Course::begin(lesson, self.scope.clone(), python)?;
        // A room is for one lesson: nobody begins another.
        let _ = self.course.set(course);
        Ok(())
    }

    /// The lesson that the room is for.
    pub(crate) fn course(&self) -> Result<&Course, Refusal> {
        self.course.get().ok_or(Refusal::NoLesson)
    }

    /// Goes on with the lesson. A reset takes the hosts away: what a visitor has started there ends before.
    pub(crate) async fn go_on(self: &Arc<Self>, command: LessonCommand) -> Result<(), Refusal> {
        let course = self.course()?;
        let LessonCommand::Reset = command else { return course.command(command).await };
        self.end_own_programs(|program| program.host().is_some()).await;
        let done = course.command(command).await;
        // And what was started meanwhile, on hosts that have gone.
        let is_there = |host: &Arc<Host>| {
            let now = self.lab().ok().and_then(|lab| lab.named(&host.name));
            now.is_some_and(|now| Arc::ptr_eq(&now, host))
        };
        self.end_own_programs(|program| program.host().is_some_and(|host| !is_there(host))).await;
        done
    }

    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.scope.journal
    }

    pub(crate) fn kind(&self) -> Kind {
        self.scope.network.kind()
    }

    /// What its packets and sockets are seen by.
    pub(crate) fn rung(&self) -> Rung {
        self.rung
    }

    /// The lab, where the room is one.
    pub(crate) fn lab(&self) -> Result<&Lab, Refusal> {
        self.scope.network.as_lab()
    }

    /// Adds a host to the lab.
    pub(crate) async fn add_host(
        self: &Arc<Self>,
        name: Option<HostName>,
    ) -> Result<HostView, Refusal> {
        let room = self.clone();
        let added = self.shard.spawn(async move { Ok(room.lab()?.add(name).await?.view()) });
        added.await.unwrap_or_else(|error| Err(Refusal::unable(error)))
    }

    /// Where a new program shall run.
    fn host(&self, new: &NewProgram) -> Result<Option<Arc<Host>>, Refusal> {
        match (self.lab(), &new.host) {
            (Err(_), None) => Ok(None),
            (Err(refusal), Some(_)) => Err(refusal),
            (Ok(lab), name) => lab.host(name.as_ref(), &new.does).map(Some),
        }
    }

    pub(crate) fn unix_folder(&self) -> String {
        self.scope.network.folder().display().to_string()
    }

    /// Starts a program and its role.
    pub(crate) fn start(self: &Arc<Self>, new: NewProgram) -> Result<ProgramView, Refusal> {
        role::check(&new.does, &self.scope.network)?;
        let host = self.host(&new)?;
        let (age, program) = {
            let mut programs = self.programs();
            if programs.closed {
                return Err(Refusal::NoSuchRoom(self.id.clone()));
            }
            if programs.alive.len() >= PROGRAMS {
                return Err(Refusal::Full(told!("full/programs", limit = PROGRAMS)));
            }
            let taken = |name: &ProgramName| {
                programs.named(name).is_some()
                    || self.course().is_ok_and(|course| course.has_program(name))
            };
            let name = match new.name {
                Some(name) if taken(&name) => {
                    return Err(Refusal::NameTaken(name));
                }
                Some(name) => name,
                None => free_name(&new.does, taken)?,
            };
            programs.started += 1;
            let age = programs.started;
            let program = Program::start(name, host, new.does, self.scope.clone());
            programs.alive.insert(age, program.clone());
            (age, program)
        };
        let view = program.view();
        let room = self.clone();
        self.shard.spawn(async move {
            role::run(&program).await;
            room.end_program(age, &program).await;
        });
        Ok(view)
    }

    /// Finds the program to end: once awaited, what this returns ends it and is done when its sockets are closed.
    pub(crate) fn end(
        self: &Arc<Self>,
        name: &ProgramName,
    ) -> Result<impl Future<Output = ()> + use<>, Refusal> {
        let process = self.course().ok().and_then(|course| course.program(name));
        let program = {
            let programs = self.programs();
            let found = programs.alive.iter().find(|(_, program)| program.name() == name);
            found.map(|(age, program)| (*age, program.clone()))
        };
        if process.is_none() && program.is_none() {
            return Err(Refusal::NoSuchProgram(name.clone()));
        }
        let room = self.clone();
        Ok(async move {
            if let Some(process) = process {
                process.end().await;
            } else if let Some((age, program)) = program {
                room.end_program(age, &program).await;
            }
        })
    }

    /// Whoever asks first takes the program off the list, when it has really ended: its name is free then.
    async fn end_program(&self, age: u64, program: &Program) {
        if program.end().await {
            self.programs().alive.remove(&age);
        }
    }

    /// Enters a call on a program.
    pub(crate) fn enter(
        &self,
        program: &ProgramName,
        call: CallRequest,
    ) -> Result<Entered, Refusal> {
        self.program(program)?.enter(call)
    }

    /// Makes a call, and waits for its return up to `patience`. Without an answer it waits on by itself.
    pub(crate) async fn call(
        &self,
        program: &ProgramName,
        call: CallRequest,
        patience: Duration,
    ) -> Result<CallAnswer, Refusal> {
        let entered = self.enter(program, call)?;
        let id = entered.id();
        let returned = self.shard.spawn(async move { entered.perform().await.answer() });
        let answer = tokio::time::timeout(patience, returned).await;
        Ok(match answer {
            Ok(Ok(answer)) => answer,
            _ => CallAnswer { id, value: None, errno: None },
        })
    }

    /// Gives up a waiting call.
    pub(crate) fn give_up(&self, program: &ProgramName, id: CallId) -> Result<(), Refusal> {
        self.program(program)?.give_up(id)
    }

    /// Ends the room: its programs, then its feeds.
    pub(crate) async fn close(&self) {
        self.programs().closed = true;
        if let Ok(course) = self.course() {
            course.close().await;
        }
        self.end_own_programs(|_| true).await;
        self.scope.network.close().await;
        self.ended.cancel();
    }

    /// Ends programs that visitors have started.
    async fn end_own_programs(&self, which: impl Fn(&Program) -> bool) {
        let programs: Vec<_> = {
            let programs = self.programs();
            let alive = programs.alive.iter().filter(|(_, program)| which(program));
            alive.map(|(age, program)| (*age, program.clone())).collect()
        };
        let ends = programs.iter().map(|(age, program)| self.end_program(*age, program));
        futures_util::future::join_all(ends).await;
    }

    /// The room as it is now.
    pub(crate) fn view(&self) -> RoomView {
        let programs: Vec<_> = self.programs().alive.values().cloned().collect();
        let of_lesson = self.course().map_or_else(|_| Vec::new(), Course::programs);
        let own = programs.iter().map(|program| program.view());
        let (first, head) = self.journal().range();
        let path = format!("/api/rooms/{}", self.id);
        RoomView {
            room: self.id.clone(),
            name: self.name.clone(),
            network: self.scope.network.kind(),
            rung: self.rung,
            lesson: self.course().ok().map(|course| course.id().clone()),
            hosts: self.lab().map_or_else(|_| Vec::new(), Lab::view),
            wire: self.lab().ok().map(|lab| lab.wire.view()),
            programs: of_lesson.into_iter().chain(own).collect(),
            first,
            head,
            watching: self.watchers.count(),
            unix_folder: self.unix_folder(),
            links: Links {
                page: format!("/rooms/{}", self.id),
                events: format!("{path}/events"),
                live: format!("{path}/live"),
                recording: format!("{path}/recording"),
                room: path,
            },
        }
    }

    fn program(&self, name: &ProgramName) -> Result<Arc<Program>, Refusal> {
        if self.course().is_ok_and(|course| course.program(name).is_some()) {
            return Err(Refusal::MakesItsOwnCalls(name.clone()));
        }
        let program = self.programs().named(name).cloned();
        program.ok_or_else(|| Refusal::NoSuchProgram(name.clone()))
    }

    /// Held for a look-up, never across an await.
    fn programs(&self) -> MutexGuard<'_, Programs> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.bell_ringer.abort();
    }
}

/// What a room's wire begins its chances with: another number for each room, and the same whenever one looks it up.
fn first_seed(id: &RoomId) -> u64 {
    id.0.bytes().fold(0, |seed, byte| seed * 37 + u64::from(byte))
}

/// "tcp-client", then "tcp-client-2", …
fn free_name(role: &Role, taken: impl Fn(&ProgramName) -> bool) -> Result<ProgramName, Refusal> {
    let stem = match role {
        Role::Manual => "program",
        Role::TcpEchoServer(_) => "tcp-server",
        Role::TcpClient(_) => "tcp-client",
        Role::UdpEchoServer(_) => "udp-server",
        Role::UdpClient(_) => "udp-client",
        Role::UnixEchoServer(_) => "unix-server",
        Role::UnixClient(_) => "unix-client",
        Role::Lesson(_) => "program",
    };
    let names = std::iter::once(stem.to_owned()).chain((2..).map(|n| format!("{stem}-{n}")));
    let mut names = names.filter_map(|name| ProgramName::new(&name).ok());
    let free = names.find(|name| !taken(name));
    free.ok_or_else(|| Refusal::malformed("give the program a name"))
}
