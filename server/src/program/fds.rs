//! A program's table of file descriptors: the lowest free number first, as POSIX has it (open(2)). Knows nothing of sockets.

use socketscope_protocol::Fd;

/// The first number: 0, 1 and 2 are standard input, output and error in a process.
const FIRST: i32 = 3;

/// A table of at most `limit` open descriptors.
pub(super) struct Fds<T> {
    slots: Vec<Slot<T>>,
    limit: usize,
}

#[derive(Clone, Copy)]
enum Slot<T> {
    Free,
    /// Taken by a call that has not returned: `accept` takes its number before it waits (__sys_accept4 in net/socket.c).
    Reserved,
    Open(T),
}

impl<T> Slot<T> {
    fn open(self) -> Option<T> {
        match self {
            Self::Open(what) => Some(what),
            Self::Free | Self::Reserved => None,
        }
    }

    fn as_ref(&self) -> Slot<&T> {
        match self {
            Self::Free => Slot::Free,
            Self::Reserved => Slot::Reserved,
            Self::Open(what) => Slot::Open(what),
        }
    }
}

impl<T> Fds<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { slots: Vec::new(), limit }
    }

    pub(super) fn get(&self, fd: Fd) -> Option<&T> {
        self.slots.get(index(fd)?)?.as_ref().open()
    }

    /// Takes the lowest free number. None where the table is full: EMFILE.
    pub(super) fn reserve(&mut self) -> Option<Fd> {
        let free = self.slots.iter().position(|slot| matches!(slot, Slot::Free));
        let at = free.unwrap_or(self.slots.len());
        if at >= self.limit {
            return None;
        }
        if free.is_none() {
            self.slots.push(Slot::Free);
        }
        self.slots[at] = Slot::Reserved;
        Some(Fd(FIRST + at as i32))
    }

    /// Gives a reserved number its socket, or back where there is none. Any other number stays as it is.
    pub(super) fn settle(&mut self, fd: Fd, what: Option<T>) {
        let slot = index(fd).and_then(|at| self.slots.get_mut(at));
        if let Some(slot @ Slot::Reserved) = slot {
            *slot = what.map_or(Slot::Free, Slot::Open);
        }
    }

    pub(super) fn remove(&mut self, fd: Fd) -> Option<T> {
        let slot = self.slots.get_mut(index(fd)?)?;
        if matches!(slot, Slot::Reserved) {
            return None;
        }
        std::mem::replace(slot, Slot::Free).open()
    }

    /// Empties the table, lowest number first.
    pub(super) fn take_all(&mut self) -> Vec<(Fd, T)> {
        let slots = std::mem::take(&mut self.slots);
        numbered(slots).filter_map(|(fd, slot)| Some((fd, slot.open()?))).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Fd, &T)> {
        numbered(&self.slots).filter_map(|(fd, slot)| Some((fd, slot.as_ref().open()?)))
    }
}

fn index(fd: Fd) -> Option<usize> {
    usize::try_from(fd.0.checked_sub(FIRST)?).ok()
}

fn numbered<I: IntoIterator>(slots: I) -> impl Iterator<Item = (Fd, I::Item)> {
    (FIRST..).map(Fd).zip(slots)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Any sequence of opening, waiting and closing gives the numbers that a sorted map of them gives.
        #[test]
        fn numbers_are_those_of_a_process(steps in prop::collection::vec((0..4, -2i32..14), 0..200)) {
            const LIMIT: usize = 8;
            let (mut table, mut model) = (Fds::new(LIMIT), BTreeMap::new());
            for (step, (what, fd)) in steps.into_iter().enumerate() {
                match what {
                    0 => {
                        let free = (3..).find(|fd| !model.contains_key(fd)).expect("endless");
                        let expected = (model.len() < LIMIT).then_some(Fd(free));
                        prop_assert_eq!(table.reserve(), expected);
                        if expected.is_some() {
                            model.insert(free, None);
                        }
                    }
                    1 | 2 => {
                        let socket = (what == 1).then_some(step);
                        table.settle(Fd(fd), socket);
                        match (model.get(&fd), socket) {
                            (Some(None), Some(_)) => drop(model.insert(fd, socket)),
                            (Some(None), None) => drop(model.remove(&fd)),
                            _ => {}
                        }
                    }
                    _ => {
                        let open = model.get(&fd).copied().flatten();
                        prop_assert_eq!(table.remove(Fd(fd)), open);
                        if open.is_some() {
                            model.remove(&fd);
                        }
                    }
                }
                prop_assert_eq!(table.get(Fd(fd)), model.get(&fd).and_then(Option::as_ref));
            }
            let open = model.into_iter().filter_map(|(fd, what)| Some((Fd(fd), what?)));
            prop_assert_eq!(table.take_all(), open.collect::<Vec<_>>());
        }

        /// The ends of i32 are descriptors that nobody has.
        #[test]
        fn absurd_numbers_are_unknown(fd in prop_oneof![Just(i32::MIN), Just(i32::MAX), any::<i32>()]) {
            let none = Fds::<()>::new(1);
            prop_assert_eq!(none.get(Fd(fd)), None);
        }
    }
}
