//! Trading days.

use serde::{Deserialize, Serialize};
use stend_transport::{Call, Context, DOCUMENTED, Decode, Encode, On, Operation, Outcome, Reply, StatusCode};

use crate::Tillypad;
use crate::api::request::{Id, Unknown, is_sent, no_body, parameters};
use crate::errors::Error;
use crate::state::State;
use crate::state::guid::Guid;

/// Opens a division's trading day, or with `archive-id` closes it.
pub(crate) const OPERATE: Operation<Tillypad> =
    Operation::new("operate-archive", On::Post("/operate-archive"), DOCUMENTED, |call| call.answer(operate));

/// The division whose day is opened, or the day that is closed. A day knows its division; one that is named must be it.
#[derive(Deserialize)]
struct Operated {
    #[serde(rename = "division-id")]
    division: Option<Id>,
    #[serde(rename = "archive-id")]
    day: Option<Id>,
}

impl Decode<Tillypad> for Operated {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        // Without `archive-id` a day is opened, so one that is misspelt or blank must not count as left out (P16).
        let request: Self = parameters(call, &["division-id", "archive-id"], Unknown::Refused)?;
        no_body(call)?;
        if request.day.is_none() && is_sent(call, "archive-id") {
            let (name, value, expected) = ("archive-id", String::new(), "uniqueidentifier".to_owned());
            return Err(Error::Parameter { name, value, expected });
        }
        Ok(request)
    }
}

/// What became of the day.
enum Day {
    /// It is open; its id.
    Opened(Guid),
    /// It is closed, which answers nothing.
    Closed,
}

/// An open day, key for key as printed.
#[derive(Serialize)]
struct Opened {
    #[serde(rename = "arch_ID")]
    day: Guid,
}

impl Encode for Day {
    fn encode(self) -> Reply {
        match self {
            Self::Opened(day) => Reply::ok(&Opened { day }),
            Self::Closed => Reply::empty(StatusCode::OK),
        }
    }
}

fn operate(state: &mut State, context: &mut Context<'_>, request: Operated) -> Result<Outcome<Day>, Error> {
    let division = request.division.map(|division| division.0);
    if let Some(day) = request.day {
        state.close_day(division, day.0, context.now)?;
        return Ok(Outcome::reply(Day::Closed));
    }
    let day = state.open_day(division.ok_or(Error::NoParameter("division-id"))?, context.now)?;
    Ok(Outcome::reply(Day::Opened(day)))
}
