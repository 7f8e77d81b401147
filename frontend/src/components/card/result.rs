//! What the last call that was made from a card came to.

use socketscope_diagram::inspect;

use super::Card;
use crate::{
    components::parts::button,
    dom::{El, el},
    reactive::Memo,
    words::{wording, words},
};

/// The call, its value or error, and what that means.
pub(super) fn last_result(card: Card) -> impl Fn() -> Option<El> {
    let told = Memo::new(move || {
        let id = card.last.get()?;
        card.room.read(|model| {
            let record = model.call(id)?;
            let failed = matches!(model.outcome(record), Some(Err(_)));
            Some((
                inspect::title(model, record, wording()),
                inspect::story(model, record, wording()),
                failed,
            ))
        })
    });
    let open = move || {
        let seq = card
            .last
            .get_untracked()
            .and_then(|id| card.room.peek(|model| Some(model.call(id)?.enter?.seq)));
        if seq.is_some() {
            card.room.select(seq);
        }
    };
    move || {
        let (title, story, failed) = told.get()?;
        let call = button("link", el("code").child(title), open);
        let class = if failed { "result error" } else { "result" };
        let result = el("div").class(class).attr("role", "status");
        Some(result.child(call.attr("title", words().show_in_diagram)).child(story))
    }
}
