//! The bench that the tools act on.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use stend_core::Registry;

use crate::cli::{Remote, escaped};

/// A bench by its control API, and what of it does not change.
pub(crate) struct Bench {
    remote: Remote,
    /// Its URLs, by name.
    urls: Value,
    /// Whether it belongs to this process.
    own: bool,
    pub(super) registry: Registry,
}

impl Bench {
    /// A bench that answers.
    ///
    /// # Errors
    /// It does not, or wants another token.
    pub(crate) async fn new(remote: Remote, own: bool) -> Result<Self, String> {
        let health = remote.ask(Method::GET, "/health", &[], None).await?;
        // Health needs no token: one that is missing is reported now, not by the first tool.
        remote.ask(Method::GET, "/worlds", &[], None).await?;
        Ok(Self { remote, urls: health["urls"].clone(), own, registry: stend::registry::services() })
    }

    pub(super) fn remote(&self) -> &Remote {
        &self.remote
    }

    pub(super) async fn get(&self, path: &str, query: &[(&str, Option<String>)]) -> Result<Value, String> {
        let query: Vec<(&str, String)> =
            query.iter().filter_map(|(name, value)| value.clone().map(|value| (*name, value))).collect();
        let (status, answer) = self.remote.answer(Method::GET, path, &query, None).await?;
        self.judged(status, answer)
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let (status, answer) = self.remote.answer(method, path, &[], body).await?;
        self.judged(status, answer)
    }

    /// The answer of a request that succeeded. Of one that did not, what an agent can do about it: which argument, not which
    /// line of a request that it has not written.
    pub(super) fn judged(&self, status: StatusCode, answer: Value) -> Result<Value, String> {
        let error = &answer["error"];
        let (Some(message), true) = (error["message"].as_str(), status.is_client_error()) else {
            return self.remote.judged(status, answer);
        };
        if status == StatusCode::UNAUTHORIZED {
            return self.remote.judged(status, answer);
        }
        let place = error["at"].as_str().map(argument).filter(|place| !place.is_empty());
        let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
        let hint = error["hint"].as_str().map(|hint| format!("\n  = help: {hint}")).unwrap_or_default();
        Err(format!("{place}{message}{hint}"))
    }

    /// What an agent reads at the beginning.
    pub(super) fn instructions(&self) -> String {
        let services: String = self
            .registry
            .services()
            .iter()
            .map(|kind| {
                let url = self.urls[kind.name()].as_str().unwrap_or_default();
                format!("- {} ({}): {url}\n", kind.name(), kind.title())
            })
            .collect();
        let control = self.urls["control"].as_str().unwrap_or_default();
        let whose =
            if self.own { "This bench is yours and ends with the session." } else { "Others may use this bench." };
        format!(
            "stend answers in the place of vendor systems that have no sandbox. Point the program under test at these URLs:\n\
             {services}\
             The page for people and the control API: {control}. {whose}\n\
             make_world gives an isolated world with URLs of its own, a clock and a seed. list_actions and act make things \
             happen on the far side (a guest calls a waiter, a machine sells a snack), advance_clock lets time pass, \
             read_journal shows what clients sent and got, verify checks it, set_fault makes a service misbehave, view \
             shows a service's state, look_up says what the vendor's document states and how sure the bench is of it.\n"
        )
    }
}

/// A body of what was given.
pub(super) fn body<const N: usize>(given: [(&str, Option<Value>); N]) -> Value {
    given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// The path of a world.
pub(super) fn world(id: Option<&str>, rest: &str) -> String {
    format!("/worlds/{}{rest}", escaped(id.unwrap_or("default")))
}

/// Of `1:24 (carbis.call_waiter.table)` the path.
fn argument(at: &str) -> &str {
    let path = at.split_once('(').and_then(|(_, path)| path.strip_suffix(')'));
    path.unwrap_or(if at.starts_with(|c: char| c.is_ascii_digit()) { "" } else { at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_place_the_path_is_told() {
        for (at, path) in [("1:24 (a.b)", "a.b"), ("1:2", ""), ("limit", "limit"), ("fake.world", "fake.world")] {
            assert_eq!(argument(at), path);
        }
        assert_eq!(world(None, "/journal"), "/worlds/default/journal");
        assert_eq!(world(Some("../health?a"), ""), "/worlds/%2E%2E%2Fhealth%3Fa");
    }
}
