//! What people see of the state: the page and `stend show @name@` make their tables of it.

use stend_core::view::{Column, Head, Kind, Offer, Row};
use stend_core::{Look, View};

use crate::state::State;

const NOTES: Head = Head::new(
    "notes",
    "Notes",
    "Заметки",
    &[Column::new("text", Kind::Text, "Text", "Текст"), Column::new("left_at", Kind::Time, "Left at", "Оставлена")],
);

/// What people see of the state, the newest note first.
pub(crate) fn view(state: &State, look: &Look<'_>) -> View {
    View::new().table(look, NOTES, |rows| {
        rows.offer(Offer::new("leave_note", "Leave a note", "Оставить заметку").asking(&["text"]));
        rows.descending(state.notes(), |id, note| {
            Row::new(id).cell("text", &note.text).cell("left_at", note.left_at)
        });
    })
}

#[cfg(test)]
mod tests {
    use stend_core::Timestamp;

    use super::*;

    #[test]
    fn a_page_shows_the_newest_notes_and_where_the_next_begins() {
        let mut state = State::default();
        for text in ["first", "second", "third"] {
            state.leave_note(text.into(), Timestamp::UNIX_EPOCH);
        }
        let view = view(&state, &Look { limit: 2, ..Look::default() });
        let keys: Vec<&str> = view.tables[0].rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["3", "2"]);
        assert_eq!((view.tables[0].total, view.tables[0].next.as_deref()), (Some(3), Some("2")));
    }
}
