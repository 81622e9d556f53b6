//! `GET /notes`.

use serde::Serialize;
use stend_core::Timestamp;
use stend_transport::{Call, Context, DOCUMENTED, Decode, Encode, On, Operation, Outcome, Reply};

use crate::@Name@;
use crate::errors::Error;
use crate::state::State;

/// The notes, the newest first.
pub(crate) const LIST: Operation<@Name@> =
    Operation::new("list_notes", On::Get("/notes"), DOCUMENTED, |call| call.answer(list));

struct List {
    limit: Option<u16>,
}

#[derive(Serialize)]
struct Notes {
    notes: Vec<Note>,
}

#[derive(Serialize)]
struct Note {
    id: u64,
    text: String,
    left_at: Timestamp,
}

fn list(state: &mut State, _context: &mut Context<'_>, request: List) -> Result<Outcome<Notes>, Error> {
    let limit = request.limit.map_or(usize::MAX, usize::from);
    let latest = state.latest().take(limit);
    let notes = latest.map(|(id, note)| Note { id, text: note.text.clone(), left_at: note.left_at }).collect();
    Ok(Outcome::reply(Notes { notes }))
}

impl Decode<@Name@> for List {
    type Error = Error;

    fn decode(call: &mut Call<'_, @Name@>) -> Result<Self, Error> {
        call.expect_query(&["limit"])?;
        let limit = call.query("limit").map(|text| text.parse().map_err(|_| Error::Limit(text.into_owned())));
        Ok(Self { limit: limit.transpose()? })
    }
}

impl Encode for Notes {
    fn encode(self) -> Reply {
        Reply::ok(&self)
    }
}
