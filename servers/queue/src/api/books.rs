//! The eight commands of a reference book, the same for all.

use serde::Deserialize;
use stend_transport::Topic as _;

use crate::api::ask::{Answer, Ask};
use crate::api::topics::Topic;
use crate::api::wire::Data;
use crate::errors::Error;
use crate::state::State;
use crate::state::books::{Book, key};
use crate::state::fields::Kind;
use crate::state::sessions::Session;

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

/// A row by its id.
#[derive(Deserialize)]
struct ById {
    id: i64,
}

/// The id among a row's fields.
fn sent_id(ask: &Ask<'_, '_>, title: &'static str) -> Result<i64, Error> {
    match ask.request.data.get("id").filter(|id| !id.is_null()) {
        None => Err(Error::Missing(title, "id".into())),
        Some(id) => Kind::Int.read("id", &id.to_value()).map(|id| id.as_i64().unwrap_or_default()),
    }
}

/// Warns when sessions end with the rows that are removed, above all the one that asks for it.
fn warn_of_ends(ask: &mut Ask<'_, '_>, state: &State, ends: impl Fn(&Session) -> bool) -> Result<(), Error> {
    if ends(ask.session()?) {
        return ask.warn("this session logged in with what it removes, and ends".into());
    }
    match state.sessions.values().filter(|session| ends(session)).count() {
        0 => Ok(()),
        count => ask.warn(format!("{count} session(s) logged in with what this removes, and end")),
    }
}

/// Does it.
pub(crate) fn run(verb: Verb, book: Book, ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    let title = book.title();
    match verb {
        Verb::List => {
            ask.known(&[])?;
            let versions = Topic::Book(book).versions(state);
            Ok(match *versions {
                // A list that shows nothing but its own rows is written once for each version of them.
                [version] => {
                    let write = || state.list(book).to_string().into();
                    Answer::Data(Data::Written(ask.context.rendered(version, write)))
                }
                _ => Answer::data(state.list(book)),
            })
        }
        Verb::Get => {
            ask.known(&["id", "name"])?;
            let id = state.find(book, &key(title, &ask.request.data)?)?;
            Ok(Answer::data(state.row_wire(book, id)))
        }
        Verb::Set => {
            let id = sent_id(ask, title)?;
            let fields = ask.row(book, true)?;
            if book == Book::ConsumerPreRegistered
                && let Some(ticket) = state.ticket_of(id).filter(|_| !fields.is_empty())
            {
                ask.warn(format!("the appointment's ticket {ticket} was taken already; it stays as it is"))?;
            }
            state.set_row(book, id, fields, ask.now)?;
            Ok(Answer::done())
        }
        Verb::New => {
            let fields = ask.row(book, false)?;
            let id = state.add_row(book, fields, ask.now)?;
            Ok(Answer::data(state.row_wire(book, id)))
        }
        Verb::Remove => {
            let ById { id } = ask.read(title)?;
            warn_of_ends(ask, state, |session| session.is_of(book, id))?;
            state.remove_row(book, id, ask.now)?;
            Ok(Answer::done())
        }
        Verb::RemoveAll => {
            ask.known(&[])?;
            warn_of_ends(ask, state, |session| session.is_of_book(book))?;
            state.remove_all(book, ask.now)?;
            Ok(Answer::done())
        }
        Verb::Subscribe => {
            ask.known(&[])?;
            ask.subscribe(Topic::Book(book))?;
            Ok(Answer::done())
        }
        Verb::Unsubscribe => {
            ask.known(&[])?;
            ask.context.unsubscribe(move |topic| *topic == Topic::Book(book));
            Ok(Answer::done())
        }
    }
}
