//! A room's lesson: what it says, what is asked of it, and which of its code the visitor looks at.

use std::rc::Rc;

use socketscope_diagram::wording::Language;
use socketscope_protocol::{
    Bilingual, ChosenAnswer, Command, LessonCommand, LessonId, LessonView, Mode, Problem,
    ProgramName, RoomName, SourceLine,
};

use super::Room;
use crate::{
    browser::{self, window},
    http,
    reactive::{Memo, RwSignal, untrack},
};

/// Milliseconds from one call to the next that can be chosen: slow, normal, fast, full speed.
pub(crate) const PACES: [u64; 4] = [1_500, 700, 200, 0];

/// Panes that are open by themselves at most: both ends of a connection.
const OPEN: usize = 2;

/// Milliseconds that these stay, while calls are let go by themselves: panes that open and close at each would be no help.
const STAY: f64 = 2_000.0;

/// The lesson of a room, as this page knows it and as the visitor looks at it.
#[derive(Clone, Copy)]
pub(crate) struct LessonState {
    /// What it says, once that has come.
    pub(crate) view: RwSignal<Option<Rc<LessonView>>>,
    /// Why that did not come.
    pub(crate) problem: RwSignal<Option<Problem>>,
    /// The pace that the visitor has chosen.
    pub(crate) pace: RwSignal<u64>,
    /// The line that the visitor has chosen.
    pub(crate) line: RwSignal<Option<(ProgramName, SourceLine)>>,
    /// This visitor's answers: round, question, choice.
    answers: RwSignal<Vec<(u32, u32, u32)>>,
    /// Panes that the visitor has opened or closed.
    panes: RwSignal<Vec<(ProgramName, bool)>>,
    /// Programs whose panes are open by themselves, since they acted last.
    acting: RwSignal<Vec<ProgramName>>,
    /// When that changed last.
    changed: RwSignal<f64>,
}

impl LessonState {
    pub(super) fn new() -> Self {
        Self {
            view: RwSignal::new(None),
            problem: RwSignal::new(None),
            pace: RwSignal::new(PACES[1]),
            line: RwSignal::new(None),
            answers: RwSignal::new(Vec::new()),
            panes: RwSignal::new(Vec::new()),
            acting: RwSignal::new(Vec::new()),
            changed: RwSignal::new(0.0),
        }
    }

    /// Whether the pane of `program` is open.
    pub(crate) fn is_open(self, program: &ProgramName) -> bool {
        let chosen = self
            .panes
            .with(|panes| panes.iter().find(|(name, _)| name == program).map(|(_, open)| *open));
        chosen.unwrap_or_else(|| self.acting.with(|acting| acting.contains(program)))
    }

    /// The visitor opens or closes a pane.
    pub(crate) fn flip(self, program: &ProgramName) {
        let open = !untrack(|| self.is_open(program));
        self.panes.update(|panes| {
            panes.retain(|(name, _)| name != program);
            panes.push((program.clone(), open));
        });
    }

    /// The pane of `program` is opened beside the one that was opened last.
    fn open(self, program: &ProgramName) {
        self.panes.update(|panes| panes.retain(|(name, open)| name != program || *open));
        if !untrack(|| self.is_open(program)) {
            self.acting.update(|acting| {
                acting.insert(0, program.clone());
                acting.truncate(OPEN);
            });
            self.changed.set(browser::now());
        }
    }
}

/// How the lesson goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Going {
    pub(crate) round: u32,
    pub(crate) mode: Mode,
    pub(crate) pace_ms: u64,
    /// Whether a question waits for its answer to be told.
    pub(crate) asked: bool,
}

impl Room {
    /// Asks for the lesson where the room is for one; again where that failed.
    pub(crate) fn load_lesson(self, key: Option<String>) {
        let room = self.hello.with(|hello| {
            let hello = hello.as_ref().filter(|hello| hello.lesson.is_some())?;
            Some(hello.room.0.clone())
        });
        let known = self.lesson.view.with(Option::is_some);
        let Some(room) = room.filter(|_| !known) else { return };
        browser::spawn(async move {
            match http::lesson(&room, key).await {
                Ok(view) => {
                    let first = view.programs.iter().take(OPEN).map(|it| it.name.clone());
                    self.lesson.acting.set(first.collect());
                    self.lesson.problem.set(None);
                    self.lesson.view.set(Some(Rc::new(view)));
                }
                Err(why) => self.lesson.problem.set(Some(why)),
            }
        });
    }

    /// A room that is called as its lesson is, is called so in this language.
    pub(crate) fn speak_title(self, title: &Bilingual, language: Language) {
        let name = self.name().unwrap_or_default();
        if [&title.en, &title.zh].contains(&&name)
            && name != *language.of(title)
            && let Ok(name) = RoomName::new(language.of(title))
        {
            self.hello.update(|hello| hello.iter_mut().for_each(|hello| hello.name = name.clone()));
        }
    }

    /// The room's lesson, where it is for one.
    pub(crate) fn lesson_id(self) -> Option<LessonId> {
        self.hello.with(|hello| hello.as_ref().and_then(|hello| hello.lesson.clone()))
    }

    /// How the lesson goes on.
    pub(crate) fn going(self) -> Memo<Going> {
        Memo::new(move || {
            self.read(|model| {
                let lesson = model.lesson();
                let asked = lesson.question().is_some_and(|it| it.revealed.is_none());
                Going { round: lesson.round, mode: lesson.mode, pace_ms: lesson.pace_ms, asked }
            })
        })
    }

    /// Goes on with the lesson.
    pub(crate) fn teach(self, body: LessonCommand) {
        self.tell(Command::Lesson { body });
    }

    /// This visitor's answer to a question of this round.
    pub(crate) fn own_answer(self, round: u32, question: u32) -> Option<u32> {
        self.lesson.answers.with(|answers| {
            let fits = |it: &&(u32, u32, u32)| (it.0, it.1) == (round, question);
            answers.iter().find(fits).map(|(.., choice)| *choice)
        })
    }

    /// Answers a question, or answers it otherwise.
    pub(crate) fn answer(self, round: u32, question: u32, choice: u32) {
        let before = untrack(|| self.own_answer(round, question));
        let mark = move |choice: Option<u32>| {
            self.lesson.answers.update(|answers| {
                answers.retain(|it| (it.0, it.1) != (round, question));
                answers.extend(choice.map(|choice| (round, question, choice)));
            });
        };
        mark(Some(choice));
        self.problem.set(None);
        browser::spawn(async move {
            let body = ChosenAnswer { question, choice, voter: Some(voter()) };
            if let Err(why) = self.ask(Command::Answer { body }).await {
                self.problem.set(Some(why));
                mark(before);
            }
        });
    }

    /// Whose line the selected event is about.
    pub(crate) fn selected_line(self) -> Option<(ProgramName, SourceLine)> {
        let seq = self.selected.get();
        self.lesson.line.get().or_else(|| {
            self.read(|model| {
                model.line_at(seq?).map(|(program, line)| (program.clone(), line.clone()))
            })
        })
    }

    /// Lights a line's events in the diagram, and selects the last one.
    pub(crate) fn select_line(self, program: &ProgramName, line: SourceLine) {
        let last = self.peek(|model| model.calls_of_line(program, &line).last().copied());
        if let Some((_, enter)) = last {
            self.select(Some(enter));
            self.lesson.line.set(Some((program.clone(), line)));
        }
    }

    /// Opens the pane of the program that acted last, in time with the lesson.
    pub(crate) fn open_acting(self) {
        let lesson = self.lesson;
        let names = lesson.view.with(|view| {
            let names = view.iter().flat_map(|view| &view.programs);
            names.map(|program| program.name.clone()).collect::<Vec<_>>()
        });
        let (last, mode) = self.read(|model| {
            let lately = model.lesson().lately();
            let ours = lately.into_iter().find(|name| names.contains(name));
            (ours.cloned(), model.lesson().mode)
        });
        let early = browser::now() - lesson.changed.get_untracked() < STAY;
        if let Some(last) = last.filter(|_| mode != Mode::Run || !early) {
            let chosen = untrack(|| lesson.panes.with(|panes| panes.iter().any(|it| it.0 == last)));
            if !chosen {
                lesson.open(&last);
            }
        }
    }

    /// Opens the pane of the selected line.
    pub(crate) fn open_selected(self) {
        if let Some((program, _)) = self.selected_line() {
            untrack(|| self.lesson.open(&program));
        }
    }
}

/// The number by which this tab's answers are known to be one viewer's, though it connects or is loaded again.
fn voter() -> u64 {
    const SLOT: &str = "socketscope.voter";
    thread_local! {
        static CHOSEN: u64 = {
            let storage = window().session_storage().ok().flatten();
            let known = storage.as_ref().and_then(|storage| storage.get_item(SLOT).ok().flatten());
            known.and_then(|known| known.parse().ok()).unwrap_or_else(|| {
                // As many bits as a number of JavaScript's has.
                let chosen = (js_sys::Math::random() * 2_f64.powi(53)) as u64;
                if let Some(storage) = storage {
                    // Where the tab may not store anything, the number lives as long as the page.
                    let _ = storage.set_item(SLOT, &chosen.to_string());
                }
                chosen
            })
        };
    }
    CHOSEN.with(|chosen| *chosen)
}
