//! The open question of a lesson: who has chosen what. Each viewer has one answer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use socketscope_protocol::{ChosenAnswer, limits::VIEWERS};
use tokio::sync::Notify;

use crate::{refusal::Refusal, told::told};

/// The answers to the open question.
#[derive(Debug, Default)]
pub(crate) struct Poll {
    open: Mutex<Option<Open>>,
    /// Rung when an answer was given or changed.
    pub(super) changed: Notify,
}

#[derive(Debug)]
struct Open {
    question: u32,
    choices: u32,
    /// What each has chosen, and by which connection.
    answers: HashMap<Voter, (u32, u64)>,
    /// As whom each of those connections has answered: it cannot be two.
    voted: HashMap<u64, Voter>,
}

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Voter {
    /// Who goes by this number, whatever connection it comes by.
    Known(u64),
    /// The connection's.
    Viewer(u64),
}

impl Poll {
    /// Opens a question with so many choices.
    pub(super) fn open(&self, question: u32, choices: usize) {
        let (choices, answers, voted) = (choices as u32, HashMap::new(), HashMap::new());
        *self.lock() = Some(Open { question, choices, answers, voted });
    }

    /// Nobody may answer any more.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    /// Takes a viewer's answer, in the place of an earlier one.
    pub(crate) fn answer(&self, viewer: u64, answer: ChosenAnswer) -> Result<(), Refusal> {
        let mut open = self.lock();
        let Some(open) = open.as_mut().filter(|open| open.question == answer.question) else {
            return Err(Refusal::NoOpenQuestion);
        };
        if answer.choice == 0 || answer.choice > open.choices {
            let why = format!("the question has the choices 1 to {}", open.choices);
            return Err(Refusal::malformed(why));
        }
        let voter = answer.voter.map_or(Voter::Viewer(viewer), Voter::Known);
        if let Some(before) = open.voted.get(&viewer).copied()
            && before != voter
        {
            open.answers.remove(&before);
        }
        // Those who left keep their answers; there are no more of them than there may be viewers at once.
        if open.answers.len() >= VIEWERS && !open.answers.contains_key(&voter) {
            return Err(Refusal::Full(told!("full/answers", limit = VIEWERS)));
        }
        if let Some((_, before)) = open.answers.insert(voter, (answer.choice, viewer)) {
            open.voted.remove(&before);
        }
        open.voted.insert(viewer, voter);
        self.changed.notify_one();
        Ok(())
    }

    /// The open question, and how many have chosen each of its choices.
    pub(super) fn counts(&self) -> Option<(u32, Vec<u32>)> {
        let open = self.lock();
        let open = open.as_ref()?;
        let mut counts = vec![0; open.choices as usize];
        for (choice, _) in open.answers.values() {
            counts[*choice as usize - 1] += 1;
        }
        Some((open.question, counts))
    }

    /// Held for a look-up, never across an await.
    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_viewer_has_one_answer() {
        let poll = Poll::default();
        let answer = |question, choice| ChosenAnswer { question, choice, voter: None };
        assert!(poll.answer(1, answer(1, 1)).is_err());
        poll.open(1, 2);
        for (viewer, choice) in [(1, 1), (2, 1), (1, 2)] {
            poll.answer(viewer, answer(1, choice)).expect("an answer");
        }
        assert_eq!(poll.counts(), Some((1, vec![1, 1])));
        // By two connections, and still one.
        for (viewer, choice) in [(3, 1), (4, 2)] {
            let answer = ChosenAnswer { voter: Some(1), ..answer(1, choice) };
            poll.answer(viewer, answer).expect("an answer");
        }
        assert_eq!(poll.counts(), Some((1, vec![1, 2])));
        // One connection, by however many numbers.
        for voter in 7..9 {
            let answer = ChosenAnswer { voter: Some(voter), ..answer(1, 1) };
            poll.answer(5, answer).expect("an answer");
        }
        assert_eq!(poll.counts(), Some((1, vec![2, 2])));
        for wrong in [answer(1, 0), answer(1, 3), answer(2, 1)] {
            assert!(poll.answer(1, wrong).is_err(), "{wrong:?}");
        }
        poll.close();
        assert!(poll.answer(1, answer(1, 1)).is_err());
    }
}
