//! Errors about names that are not there, with the nearest that is.

use stend_core::Problem;

use crate::state::State;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::states::States;

/// A row must be there, or the problem names the nearest that is.
pub(crate) fn known(state: &State, book: Book, id: Guid) -> Result<(), Problem> {
    if state.knows(book, id) {
        return Ok(());
    }
    let ids: Vec<Guid> = match book {
        Book::Divisions => state.divisions.keys().copied().collect(),
        Book::Clients => state.clients.keys().copied().collect(),
        Book::MenuItems => state.menu.items.keys().copied().collect(),
        book => state.books.ids(book),
    };
    Err(absent(book.table(), id, &ids))
}

/// The problem of an id that no row of this table has, of those that there are.
pub(crate) fn absent(table: &str, id: Guid, ids: &[Guid]) -> Problem {
    let ids: Vec<String> = ids.iter().map(Guid::to_string).collect();
    let mut unknown = Problem::unknown("not_found", table, &id.to_string(), ids.iter().map(String::as_str));
    unknown.message = format!("{table} has no row {id}");
    unknown
}

/// A state must be there, or the problem names those that are.
pub(crate) fn known_state(state: &State, states: States, id: i64) -> Result<(), Problem> {
    if state.state_name(states, id).is_some() {
        return Ok(());
    }
    let known: Vec<String> = state.states.rows(states).map(|row| format!("{} «{}»", row.id, row.name)).collect();
    let problem = Problem::not_found(format!("{} has no row {id}", states.table()));
    Err(problem.hint(format!("known: {}", known.join(", "))))
}

/// How many digits of an id may be wrong for it to be meant.
const SLIPS: usize = 4;

/// A bill must be there, or the problem names the one that was most likely meant.
pub(crate) fn known_bill(state: &State, id: Guid) -> Result<(), Problem> {
    if state.bills.has(id) {
        return Ok(());
    }
    let problem = Problem::not_found(format!("no bill {id}"));
    // Bills may be a million: digits are compared one by one, and nothing is listed.
    let near = state.bills.ids().map(|other| (other.differs(id), other)).min();
    Err(match near {
        None => problem.hint("this world has no bills; `POST /post-guest` stores one"),
        Some((slips, near)) if slips <= SLIPS => problem.hint(format!("did you mean `{near}`?")),
        Some(_) => problem,
    })
}
