//! The eight commands of a reference book, the same for all.

use crate::api::ask::{Answer, Ask};
use crate::api::wire::Data;
use crate::errors::Error;
use crate::state::State;
use crate::state::books::{Book, key};
use crate::state::hub::Topic;

/// What can be done with a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    List,
    Get,
    Set,
    New,
    Remove,
    RemoveAll,
    Subscribe,
    Unsubscribe,
}

/// Does it.
pub(crate) fn run(verb: Verb, book: Book, ask: &mut Ask<'_>, state: &mut State) -> Result<Answer, Error> {
    let title = book.title();
    match verb {
        Verb::List => {
            ask.known(&[])?;
            Ok(state
                .written_list(book)
                .map_or_else(|| Answer::data(state.list(book)), |list| Answer::Data(Data::Written(list))))
        }
        Verb::Get => {
            ask.known(&["id", "name"])?;
            let id = state.find(book, &key(title, &ask.request.data)?)?;
            Ok(Answer::data(state.row_wire(book, id)))
        }
        Verb::Set => {
            let id = ask.int("id")?.ok_or(Error::Missing(title, "id"))?;
            let fields = ask.row(book.fields(), true)?;
            state.set_row(book, id, fields, ask.now)?;
            Ok(Answer::done())
        }
        Verb::New => {
            let fields = ask.row(book.fields(), false)?;
            let id = state.add_row(book, fields, ask.now)?;
            Ok(Answer::data(state.row_wire(book, id)))
        }
        Verb::Remove => {
            ask.known(&["id"])?;
            let id = ask.int("id")?.ok_or(Error::Missing(title, "id"))?;
            state.remove_row(book, id)?;
            Ok(Answer::done())
        }
        Verb::RemoveAll => {
            ask.known(&[])?;
            state.remove_all(book)?;
            Ok(Answer::done())
        }
        Verb::Subscribe => {
            ask.known(&[])?;
            state.subscribe(ask.socket, Topic::Book(book))?;
            Ok(Answer::done())
        }
        Verb::Unsubscribe => {
            ask.known(&[])?;
            state.hub.unsubscribe(ask.socket, |topic| *topic == Topic::Book(book));
            Ok(Answer::done())
        }
    }
}
