//! What a lesson says, in full: notes with what they explain, questions with what came of them.

use socketscope_protocol::{Bilingual, Event, Fact, LessonFact, SourceLine};

use super::{Inspected, Peer, title};
use crate::{
    format::wall_clock,
    model::Model,
    scene::packet_text,
    wording::{Wording, fill, plain},
};

/// "client.py:4".
pub(super) fn source(line: &SourceLine) -> String {
    format!("{}:{}", line.file, line.line)
}

/// What the lesson says of the event `seq`: of a call or a packet, what it says of its beginning and of its end.
pub(super) fn notes(model: &Model, seq: u64, wording: &Wording) -> Vec<String> {
    let seqs = ends_of(model, seq).unwrap_or([Some(seq), None]).into_iter().flatten();
    let notes = seqs.flat_map(|seq| model.lesson().notes_of(seq));
    notes.filter_map(|note| note_text(model, note, wording)).collect()
}

fn ends_of(model: &Model, seq: u64) -> Option<[Option<u64>; 2]> {
    let ends = match &model.event(seq)?.fact {
        Fact::Enter { id, .. } | Fact::Return { id, .. } => {
            let record = model.call(*id)?;
            [record.enter, record.returned]
        }
        Fact::Depart { packet, .. } | Fact::Arrive { packet, .. } => {
            let record = model.lab().packet(*packet)?;
            [Some(record.depart), record.arrive]
        }
        _ => return None,
    };
    Some(ends.map(|moment| moment.map(|moment| moment.seq)))
}

/// The text of the note `seq`.
fn note_text(model: &Model, seq: u64, wording: &Wording) -> Option<String> {
    let Fact::Lesson(fact) = &model.event(seq)?.fact else { return None };
    match &**fact {
        LessonFact::Note { text, .. } => Some(plain(wording.of(text))),
        _ => None,
    }
}

pub(super) fn inspect(
    model: &Model,
    event: &Event,
    fact: &LessonFact,
    offset: i32,
    wording: &Wording,
) -> Inspected {
    let words = &wording.lesson;
    let say = |text: &Bilingual| plain(wording.of(text));
    let (mut facts, mut peers) = (Vec::new(), Vec::new());
    let (title, story) = match fact {
        LessonFact::Note { of, text } => {
            peers.extend(name_of(model, *of, wording).map(|text| Peer {
                name: words.explains,
                text,
                seq: *of,
            }));
            (words.note.to_owned(), say(text))
        }
        LessonFact::Question { program, text, choices, .. } => {
            facts.push((words.asked, program.to_string()));
            let counts = model.lesson().question_at(event.seq).map(|it| it.counts.as_slice());
            for (at, choice) in choices.iter().enumerate() {
                let count = counts.and_then(|counts| counts.get(at)).copied().unwrap_or(0);
                let count = fill(words.answers, &[("count", &count.to_string())]);
                facts.push((words.choices, format!("{}. {} ({count})", at + 1, say(choice))));
            }
            (words.question.to_owned(), say(text))
        }
        LessonFact::Reveal { right, text, .. } => {
            let asked = model.lesson().question_at(event.seq).map(|question| question.seq);
            if let Some(asked) = asked.and_then(|seq| model.event(seq))
                && let Fact::Lesson(fact) = &asked.fact
                && let LessonFact::Question { text, choices, .. } = &**fact
            {
                let right = choices.get((*right as usize).wrapping_sub(1)).map(say);
                facts.extend(right.map(|right| (words.right, right)));
                peers.push(Peer { name: words.question, text: say(text), seq: asked.seq });
            }
            let title =
                fill(wording.diagram.row_answer, &[("number", &*right.to_string()), ("text", "")]);
            (title.trim_end().to_owned(), say(text))
        }
        LessonFact::Mode { round, .. } => {
            let title = fill(wording.diagram.row_round, &[("round", &round.to_string())]);
            (title, words.story_round.to_owned())
        }
        LessonFact::Answers { .. } => (words.question.to_owned(), String::new()),
    };
    facts.push((wording.inspect.event, format!("#{}", event.seq)));
    if event.at > 0 {
        facts.push((wording.inspect.entered, wall_clock(event.at, offset)));
    }
    Inspected { title, story, facts, peers, ..Inspected::default() }
}

/// An event in a few words, as the way to it.
fn name_of(model: &Model, seq: u64, wording: &Wording) -> Option<String> {
    match &model.event(seq)?.fact {
        Fact::Enter { id, .. } | Fact::Return { id, .. } => {
            Some(title(model, model.call(*id)?, wording))
        }
        Fact::Depart { packet, .. }
        | Fact::Arrive { packet, .. }
        | Fact::Lose { packet, .. }
        | Fact::Hold { packet } => Some(packet_text(model, model.lab().packet(*packet)?, wording)),
        Fact::Program { program, .. } | Fact::Exit { program, .. } => Some(program.to_string()),
        _ => Some(format!("#{seq}")),
    }
}
