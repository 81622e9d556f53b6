//! What clerks do.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stend_core::service::Act;
use stend_core::{Problem, Span};

use super::{Taken, problem, unknown};
use crate::Queue;
use crate::state::State;
use crate::state::books::{Book, Key};
use crate::state::people::SimulatedClerk;
use crate::state::posts::Post;

/// Arguments of `queue.clerk`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClerkSits {
    /// The user's login.
    #[schemars(extend("x-pick" = "queue.clerks"))]
    user: String,
    /// The window.
    #[schemars(extend("x-pick" = "queue.windows"))]
    workplace: i64,
    /// How long he serves a ticket.
    #[serde(default = "five_minutes")]
    pace: Span,
    /// By which part of it more or less, from 0 to 1.
    #[serde(default)]
    spread: f64,
    /// How likely he rejects a ticket, from 0 to 1.
    #[serde(default)]
    reject: f64,
}

fn five_minutes() -> Span {
    Span::from_secs(300)
}

impl Act<Queue> for ClerkSits {
    const NAME: &'static str = "clerk";
    const SUMMARY: &'static str = "A simulated clerk logs in at a window and serves at a pace.";
    type Output = Map<String, Value>;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Map<String, Value>, Problem> {
        let user = user_of(state, &self.user)?;
        if !state.books.workplaces.rows.contains_key(&self.workplace) {
            let known = state.books.workplaces.rows.keys().copied();
            return Err(unknown("workplace", self.workplace, known).under("workplace"));
        }
        for (key, part) in [("spread", self.spread), ("reject", self.reject)] {
            if !(0.0..=1.0).contains(&part) {
                return Err(Problem::invalid(format!("{part}; it goes from 0 to 1")).under(key));
            }
        }
        if self.pace.is_zero() {
            return Err(Problem::invalid("a pace of no time at all").under("pace"));
        }
        let clerk = SimulatedClerk {
            user,
            workplace: self.workplace,
            pace: self.pace,
            spread: self.spread,
            reject: self.reject,
            leaving: false,
        };
        state.hire(clerk, now).map_err(|error| problem(&error).under("workplace"))?;
        state.settle(now);
        Ok(Map::new())
    }
}

fn user_of(state: &State, login: &str) -> Result<i64, Problem> {
    match state.find(Book::User, &Key::Name(login.to_owned())) {
        Ok(id) => Ok(id),
        Err(_) => {
            let known: Vec<&str> = state.books.users.rows.values().map(|user| user.login.as_str()).collect();
            let mut wrong = Problem::unknown("not_found", "user", login, known.iter().copied());
            wrong.message = format!("there is no user `{login}`");
            Err(wrong.under("user"))
        }
    }
}

/// Arguments of `queue.clerk_leaves`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-after" = [{"queue.clerk": {"user": "operator", "workplace": 11}}]))]
pub(super) struct ClerkLeaves {
    /// The window.
    #[schemars(extend("x-pick" = "queue.windows"))]
    workplace: i64,
}

impl Act<Queue> for ClerkLeaves {
    const NAME: &'static str = "clerk_leaves";
    const SUMMARY: &'static str = "A simulated clerk goes, after the ticket at hand.";
    type Output = Map<String, Value>;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Map<String, Value>, Problem> {
        state.dismiss(self.workplace, now).map_err(|error| problem(&error).under("workplace"))?;
        state.settle(now);
        Ok(Map::new())
    }
}

/// The clerk who sits at a window.
fn post(state: &State, workplace: i64) -> Result<Post, Problem> {
    state.check_workplace(workplace).map_err(|error| problem(&error).under("workplace"))?;
    let nobody = || {
        Problem::conflict(format!("nobody is logged in at workplace {workplace}"))
            .hint("`queue.clerk` or a client's `login` puts somebody there")
            .under("workplace")
    };
    let user = state.user_at(workplace).ok_or_else(nobody)?;
    Ok(Post { workplace, user })
}

/// Arguments of `queue.call_next`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-after" = [{"queue.clerk": {"user": "operator", "workplace": 11}}]))]
pub(super) struct CallNext {
    /// The window; somebody must be logged in there.
    #[schemars(extend("x-pick" = "queue.windows"))]
    workplace: i64,
}

/// Who was called.
#[derive(Debug, Serialize)]
pub(super) struct Called {
    id: Option<i64>,
    ticket: Option<String>,
}

impl Act<Queue> for CallNext {
    const NAME: &'static str = "call_next";
    const SUMMARY: &'static str = "The clerk at a window calls the next consumer, once.";
    type Output = Called;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Called, Problem> {
        let post = post(state, self.workplace)?;
        let id = state.next_consumer(post, now);
        state.settle(now);
        Ok(Called { id, ticket: id.map(|id| Taken::of(state, id).ticket) })
    }
}

/// How a clerk ends with a ticket.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// Served.
    #[default]
    Serve,
    /// Refused.
    Reject,
}

/// Arguments of `queue.serve`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-after" = [{"queue.take_ticket": {"services": [4]}}, {"queue.clerk": {"user": "operator", "workplace": 11}}]))]
pub(super) struct ServeTicket {
    /// The window; somebody must be served there.
    #[schemars(extend("x-pick" = "queue.windows"))]
    workplace: i64,
    /// How it ends.
    #[serde(default)]
    outcome: Outcome,
    /// What the clerk notes.
    comment: Option<String>,
}

impl Act<Queue> for ServeTicket {
    const NAME: &'static str = "serve";
    const SUMMARY: &'static str = "The clerk at a window is done with the consumer there.";
    type Output = Taken;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Taken, Problem> {
        let post = post(state, self.workplace)?;
        let comment = self.comment.as_deref();
        let done = match self.outcome {
            Outcome::Serve => state.serve_consumer(post, comment, now),
            Outcome::Reject => state.reject_consumer(post, comment, now),
        };
        let id = done.map_err(|error| problem(&error).under("workplace"))?;
        state.settle(now);
        Ok(Taken::of(state, id))
    }
}
