//! The server's rooms.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use socketscope_protocol::{Network, NewRoom, RoomId, RoomName, limits::ROOMS};

use crate::{
    folders::Folders,
    network::{Ladder, Reach, check_confinement},
    refusal::Refusal,
    room::{Room, Setting},
};

/// Letters and digits that cannot be taken for one another when read out loud (Crockford's base 32, without u).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of a room's id: a thousand million rooms, short enough to dictate.
const ID_LETTERS: usize = 6;

/// All rooms, by id.
pub(crate) struct Rooms {
    rooms: Mutex<BTreeMap<RoomId, Arc<Room>>>,
    journal_bytes: usize,
    reach: Reach,
    ladder: Ladder,
    folders: Folders,
}

impl Rooms {
    /// No rooms yet.
    ///
    /// # Errors
    /// Where the folder for Unix sockets cannot be made.
    pub(crate) fn new(journal_bytes: usize, reach: Reach, ladder: Ladder) -> io::Result<Self> {
        let folders = Folders::new(&std::env::temp_dir())?;
        Ok(Self { rooms: Mutex::default(), journal_bytes, reach, ladder, folders })
    }

    /// What this machine allows.
    pub(crate) fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// Makes a room.
    pub(crate) async fn create(&self, new: NewRoom) -> Result<Arc<Room>, Refusal> {
        let kind = new.network.unwrap_or_else(|| self.ladder.default_network());
        if kind == Network::Lab {
            self.ladder.lab().map_err(|obstacle| Refusal::Unable(obstacle.to_string()))?;
        }
        if kind == Network::Host && self.reach == Reach::Loopback {
            check_confinement().map_err(|error| {
                Refusal::Unable(format!(
                    "this machine does not let the server confine sockets to loopback ({error}; an ordinary user may from Linux 5.7 on): start it with `--reach any` where its programs may reach other machines"
                ))
            })?;
        }
        let full = || {
            let way_out = "Delete one that is no longer needed.";
            Err(Refusal::Full { what: "rooms", limit: ROOMS, way_out })
        };
        if self.lock().len() >= ROOMS {
            return full();
        }
        let unable = |error: io::Error| Refusal::Unable(format!("no room could be made: {error}"));
        let rung = self.ladder.rung(kind);
        let id = loop {
            let id = random_id().map_err(unable)?;
            if !self.lock().contains_key(&id) {
                break id;
            }
        };
        let name = match new.name {
            Some(name) => name,
            None => RoomName::new(&format!("Room {}", id.0.to_uppercase()))
                .map_err(|error| Refusal::Malformed(error.to_string()))?,
        };
        let setting = Setting {
            kind,
            rung,
            reach: self.reach,
            capture: self.ladder.capture(),
            folder: self.folders.path(),
            journal_bytes: self.journal_bytes,
        };
        let room = Room::new(id.clone(), name, setting);
        let room = room.await.map_err(unable)?;
        // Others may have been made meanwhile.
        let fits = {
            let mut rooms = self.lock();
            let fits = rooms.len() < ROOMS;
            if fits {
                rooms.insert(id, room.clone());
            }
            fits
        };
        if !fits {
            room.close().await;
            return full();
        }
        Ok(room)
    }

    pub(crate) fn get(&self, id: &RoomId) -> Result<Arc<Room>, Refusal> {
        self.lock().get(id).cloned().ok_or_else(|| Refusal::NoSuchRoom(id.clone()))
    }

    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.lock().values().cloned().collect()
    }

    /// Ends a room and returns when its sockets are closed.
    pub(crate) async fn end(&self, id: &RoomId) -> Result<(), Refusal> {
        let room = self.lock().remove(id).ok_or_else(|| Refusal::NoSuchRoom(id.clone()))?;
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

fn random_id() -> io::Result<RoomId> {
    let mut random = [0; ID_LETTERS];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(RoomId(random.iter().map(|byte| LETTERS[usize::from(byte % 32)] as char).collect()))
}
