//! Which exchanges a fault is for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::journal::Channel;

/// Which exchanges a fault is for; what is left out matches all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The service.
    #[serde(rename = "fake", alias = "service", default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `http`, `frame`, `push` or `ping`, as in the journal. Left out: what the effect is for, which is requests
    /// (`http` and `frame`), but pushes for `drop`, `duplicate` and `reorder`, and pings for `no_pong`. A socket's
    /// handshake is matched only where `http` is given.
    #[serde(rename = "way", alias = "channel", default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The operation's id; of a push, its command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The HTTP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path without query; `*` stands for any run of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The client that asks or is pushed to: on a socket the login of its session, over HTTP the token that is shown (a bearer
    /// token, or the header `token`); `*` as in the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Headers with their values, on a socket those of its handshake; `*` as in the path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, String>,
    /// Only the n-th, from 1, of those that match all else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// From 0 to 1, drawn from a stream of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Not before this moment of the world's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// Not at or after this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
}

impl Match {
    /// Whether it is for these facts at this moment, so far as they and the moment tell.
    pub(super) fn fits(&self, facts: &Facts<'_>, now: Timestamp) -> bool {
        let is = |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| glob(wanted, given));
        is(&self.service, facts.service)
            && self.operation.as_deref().is_none_or(|wanted| facts.operation.is_some_and(|given| glob(wanted, given)))
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(facts.method))
            && is(&self.path, facts.path)
            && self.client.as_deref().is_none_or(|wanted| facts.clients.iter().any(|given| glob(wanted, given)))
            && self.header.iter().all(|(name, wanted)| {
                (facts.header)(&name.to_ascii_lowercase()).is_some_and(|given| glob(wanted, &given))
            })
            && self.from.is_none_or(|from| now >= from)
            && self.until.is_none_or(|until| now < until)
    }
}

/// What an exchange is matched by.
pub struct Facts<'a> {
    /// The service.
    pub service: &'a str,
    /// What kind of exchange.
    pub channel: Channel,
    /// Whether it is the handshake that opens a socket.
    pub handshake: bool,
    /// The operation, if there is one; of a push, its command.
    pub operation: Option<&'a str>,
    /// The method, or the command.
    pub method: &'a str,
    /// The path without the world's prefix and the query.
    pub path: &'a str,
    /// The client that asks or is pushed to: the names and tokens by which the client is known.
    pub clients: &'a [&'a str],
    /// A header by its name in lower case; on a socket, of its handshake.
    pub header: &'a dyn Fn(&str) -> Option<String>,
}

/// Whether `given` fits `pattern`, in which `*` stands for any run of characters. Takes time as the product of the
/// lengths at the most.
pub fn glob(pattern: &str, given: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = given.strip_prefix(parts.next().unwrap_or("")) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    // What is in the middle is best found as early as can be.
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
