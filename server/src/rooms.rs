//! The server's rooms.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use socketscope_protocol::{
    Bilingual, LessonId, LessonListed, Network, NewRoom, RoomId, RoomName, Rung,
    limits::{LESSONS_AT_ONCE, ROOMS},
};
use tokio::sync::OnceCell;

use crate::{
    folders::Folders,
    journal::{Counts, Journal},
    lesson::{Lesson, Lessons, Mistake},
    network::{Ladder, Reach, check_confinement},
    process::Python,
    refusal::Refusal,
    room::{Room, Setting},
    shards::Shards,
    told::{Told, quoted, sentence, told},
};

/// Letters and digits that cannot be taken for one another when read out loud (Crockford's base 32, without u).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of a room's id: a thousand million rooms, short enough to dictate.
const ID_LETTERS: usize = 6;

/// All rooms, by id.
pub(crate) struct Rooms {
    rooms: Mutex<BTreeMap<RoomId, Arc<Room>>>,
    journal_bytes: usize,
    counts: Arc<Counts>,
    reach: Reach,
    ladder: Ladder,
    folders: Folders,
    shards: Shards,
    lessons: Lessons,
    /// What runs lessons. Looked for when the first one is asked for, and until it is there.
    python: OnceCell<Python>,
}

impl Rooms {
    /// No rooms yet.
    ///
    /// # Errors
    /// Where the folder for Unix sockets or a thread cannot be made.
    pub(crate) fn new(
        journal_bytes: usize,
        reach: Reach,
        ladder: Ladder,
        lessons: Lessons,
    ) -> io::Result<Self> {
        let folders = Folders::new(&std::env::temp_dir())?;
        let (rooms, shards, python) = (Mutex::default(), Shards::start()?, OnceCell::new());
        let counts = Arc::default();
        Ok(Self { rooms, journal_bytes, counts, reach, ladder, folders, shards, lessons, python })
    }

    /// What the journals of all rooms together have told that must not go unnoticed.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What this machine allows.
    pub(crate) fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// What runs lessons.
    ///
    /// # Errors
    /// Why nothing does, in a sentence.
    async fn python(&self) -> Result<Python, Told> {
        let find = || async {
            let folder = self.folders.path().to_owned();
            let found = tokio::task::spawn_blocking(move || Python::find(&folder)).await;
            found.unwrap_or_else(|error| Err(told!("unable", why = sentence(&error.to_string()))))
        };
        self.python.get_or_try_init(find).await.cloned()
    }

    /// All lessons, in their order, each with what stands in its way.
    pub(crate) async fn lessons(&self) -> Vec<LessonListed> {
        let python = self.python().await.err();
        let lab = self.ladder.lab().err().map(Told::from);
        let listed = |lesson, title, text, obstacle: Option<Told>| {
            let (obstacle, said) = obstacle.map(|told| (told.english, told.said)).unzip();
            LessonListed { lesson, title, text, obstacle, said: said.flatten() }
        };
        let each = |(lesson, found): (LessonId, Result<Arc<Lesson>, Vec<Mistake>>)| match found {
            Ok(it) => {
                let no_lab = lab.clone().filter(|_| it.lab);
                let obstacle = python.clone().or(no_lab);
                listed(lesson, it.title.clone(), it.text.clone(), obstacle)
            }
            Err(mistakes) => {
                let title = Bilingual { en: lesson.0.clone(), zh: lesson.0.clone() };
                listed(
                    lesson,
                    title,
                    Bilingual::default(),
                    Some(told!("unable/lesson", why = sentences(&mistakes))),
                )
            }
        };
        self.lessons.all().into_iter().map(each).collect()
    }

    /// The lesson that a new room is for, and what runs it.
    async fn lesson(&self, id: &LessonId) -> Result<(Arc<Lesson>, Python), Refusal> {
        let found = self.lessons.get(id).ok_or_else(|| Refusal::NoSuchLesson(id.clone()))?;
        let lesson = found.map_err(|mistakes| {
            let why = sentence(&sentences(&mistakes));
            Refusal::Unable(told!("unable/lesson", why = why))
        })?;
        Self::check_lessons(&self.lock())?;
        Ok((lesson, self.python().await.map_err(Refusal::Unable)?))
    }

    /// Whether one lesson more may run.
    fn check_lessons(rooms: &BTreeMap<RoomId, Arc<Room>>) -> Result<(), Refusal> {
        if rooms.values().filter(|room| room.course().is_ok()).count() >= LESSONS_AT_ONCE {
            return Err(Refusal::Full(told!("full/lessons", limit = LESSONS_AT_ONCE)));
        }
        Ok(())
    }

    /// Whether one room more may be.
    fn check_rooms(rooms: &BTreeMap<RoomId, Arc<Room>>) -> Result<(), Refusal> {
        if rooms.len() >= ROOMS {
            return Err(Refusal::Full(told!("full/rooms", limit = ROOMS)));
        }
        Ok(())
    }

    /// Makes a room.
    pub(crate) async fn create(&self, new: NewRoom) -> Result<Arc<Room>, Refusal> {
        let lesson = match &new.lesson {
            Some(id) => Some(self.lesson(id).await?),
            None => None,
        };
        let kind = new.network.unwrap_or_else(|| self.ladder.default_network());
        if let Some((lesson, _)) = lesson.as_ref().filter(|(lesson, _)| lesson.lab)
            && kind != Network::Lab
        {
            let lesson = quoted(&lesson.id.0);
            return Err(match self.ladder.lab() {
                Ok(()) => Refusal::Malformed(told!("malformed/lesson-needs-lab", lesson = lesson)),
                Err(why) => {
                    Refusal::Unable(told!("unable/lesson-has-no-lab", lesson = lesson, why = why))
                }
            });
        }
        if kind == Network::Lab {
            self.ladder.lab().map_err(|obstacle| Refusal::Unable(obstacle.into()))?;
        }
        if kind == Network::Host && self.reach == Reach::Loopback {
            check_confinement()
                .map_err(|error| Refusal::Unable(told!("unable/loopback", error = error)))?;
        }
        Self::check_rooms(&self.lock())?;
        let unable = |error: io::Error| Refusal::Unable(told!("unable/room", error = error));
        let rung = match self.ladder.rung(kind) {
            Rung::Capture if lesson.is_some() => Rung::State,
            rung => rung,
        };
        let id = loop {
            let id = random_id().map_err(unable)?;
            if !self.lock().contains_key(&id) {
                break id;
            }
        };
        let name = match (new.name, &lesson) {
            (Some(name), _) => name,
            (None, Some((lesson, _))) => {
                RoomName::new(&lesson.title.en).map_err(Refusal::malformed)?
            }
            (None, None) => RoomName::new(&format!("Room {}", id.0.to_uppercase()))
                .map_err(Refusal::malformed)?,
        };
        let setting = Setting {
            kind,
            rung,
            reach: self.reach,
            // Python's sockets are not known before their first packets: what is captured would lack those.
            capture: self.ladder.capture().filter(|_| lesson.is_none()).cloned(),
            hosts: lesson.as_ref().map_or_else(Vec::new, |(lesson, _)| lesson.hosts.clone()),
            folder: self.folders.path().to_owned(),
            journal: Journal::counted(self.journal_bytes, self.counts.clone()),
            shard: self.shards.next(),
        };
        let room = Room::new(id.clone(), name, setting);
        let room = room.await.map_err(unable)?;
        if let Some((lesson, python)) = lesson
            && let Err(error) = room.begin(lesson, python)
        {
            room.close().await;
            return Err(unable(error));
        }
        // Others may have been made meanwhile.
        let fits = {
            let mut rooms = self.lock();
            let lesson = room.course().map_or(Ok(()), |_| Self::check_lessons(&rooms));
            let fits = lesson.and_then(|()| Self::check_rooms(&rooms));
            if fits.is_ok() {
                rooms.insert(id, room.clone());
            }
            fits
        };
        if let Err(full) = fits {
            room.close().await;
            return Err(full);
        }
        Ok(room)
    }

    pub(crate) fn get(&self, id: &RoomId) -> Result<Arc<Room>, Refusal> {
        self.lock().get(&written(id)).cloned().ok_or_else(|| Refusal::NoSuchRoom(id.clone()))
    }

    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.lock().values().cloned().collect()
    }

    /// Ends a room and returns when its sockets are closed.
    pub(crate) async fn end(&self, id: &RoomId) -> Result<(), Refusal> {
        let room = self.lock().remove(&written(id));
        let room = room.ok_or_else(|| Refusal::NoSuchRoom(id.clone()))?;
        room.close().await;
        Ok(())
    }

    /// Ends all rooms.
    pub(crate) async fn end_all(&self) {
        let rooms = std::mem::take(&mut *self.lock());
        futures_util::future::join_all(rooms.values().map(|room| room.close())).await;
    }

    /// Held for a look-up, never across an await.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<RoomId, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wrong with a lesson, as one text.
fn sentences(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// As rooms' ids are written. People write them in capitals, too, as a room's made-up name has its own.
fn written(id: &RoomId) -> RoomId {
    RoomId(id.0.to_ascii_lowercase())
}

fn random_id() -> io::Result<RoomId> {
    let mut random = [0; ID_LETTERS];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(RoomId(random.iter().map(|byte| LETTERS[usize::from(byte % 32)] as char).collect()))
}
