//! What every lesson's journal must be: without a gap, nothing before its cause, and with everything in it that the lesson
//! has to say and to ask.

use std::{collections::HashSet, fs};

use socketscope_protocol::{Event, Fact, LessonFact};

/// Panics unless the journal of a lesson that is over is sound, and all has been said.
pub(super) fn all(lesson: &str, events: &[Event]) {
    let (mut notes, mut asked, mut told) = (HashSet::new(), Vec::new(), Vec::new());
    for event in events {
        match &event.fact {
            Fact::Disorder { what } => panic!("{what}"),
            Fact::Gap { missed } => panic!("{missed} events are missing"),
            Fact::Lesson(fact) => match &**fact {
                LessonFact::Note { text, .. } => {
                    assert!(notes.insert(&text.en), "said twice: {}", text.en);
                }
                LessonFact::Question { question, .. } => asked.push(*question),
                LessonFact::Reveal { question, .. } => {
                    assert!(asked.contains(question), "answered before it is asked: {question}");
                    told.push(*question);
                }
                _ => {}
            },
            _ => {}
        }
    }
    asked.sort_unstable();
    told.sort_unstable();
    let plan = format!("{}/../static/lessons/{lesson}/lesson.toml", env!("CARGO_MANIFEST_DIR"));
    let plan = fs::read_to_string(plan).expect("a plan");
    // A line of its own begins each, and no text of a lesson has such a line.
    let planned = |table: &str| plan.lines().filter(|line| *line == table).count();
    let questions: Vec<_> = (1..=planned("[[question]]") as u32).collect();
    assert_eq!(notes.len(), planned("[[note]]"), "{lesson} has said only {notes:#?}");
    assert_eq!(asked, questions, "{lesson} has asked");
    assert_eq!(told, questions, "{lesson} has answered");
}
