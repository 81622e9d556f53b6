//! Faults: rules that make a matching request misbehave. Data and matching; applying them is `web`'s.

mod book;
mod delay;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::duration::Span;
use crate::problem::Problem;
use crate::random::Streams;

pub use book::Faults;
pub use delay::Delay;

/// Which requests a fault is for; what is left out matches all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The fake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fake: Option<String>,
    /// The operation's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The HTTP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path without query; `*` stands for any run of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Headers with their values; `*` as in the path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, String>,
    /// Only the n-th request, from 1, of those that match all else.
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

/// A reply in the place of the fake's own. The state is not asked, so nothing changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Respond {
    /// The status, 200 to 599.
    pub status: u16,
    /// Further headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body: a string as it is, anything else as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
}

/// So many requests a window; further ones get 429 with `Retry-After`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests a window.
    pub limit: u64,
    /// The window's length, from the first request in it.
    pub window: Span,
}

/// The body in small pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dribble {
    /// Bytes a piece.
    pub bytes: usize,
    /// The world's time between two pieces.
    pub every: Span,
}

/// A fault as files and the control API write it: a match, one effect, and how often.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its name, to delete it by; left out, it gets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which requests.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// Applied so often at the most; left out, without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Effect: hold the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// Effect: another reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond: Option<Respond>,
    /// Effect: 429 beyond so many a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Effect: the connection is reset without a reply, and without the state being asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<bool>,
    /// Effect: the body ends after so many per cent of it, and the connection with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<u8>,
    /// Effect: the body comes in small pieces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dribble: Option<Dribble>,
    /// Effect: so many random bytes for a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub garbage: Option<usize>,
    /// Requests that matched so far; a saved world carries it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub matched: u64,
    /// How often it was applied so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub applied: u64,
    /// The quota's present window: its start and the requests in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub window: Option<(Timestamp, u64)>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// What a fault does to one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Hold the reply this long.
    Delay(Span),
    /// Answer this instead.
    Respond(Respond),
    /// Answer 429; the window ends in so many seconds.
    TooMany(u64),
    /// Reset the connection.
    Reset,
    /// Cut the body after so many per cent.
    Truncate(u8),
    /// Send the body in pieces.
    Dribble(Dribble),
    /// Send these bytes for a body.
    Garbage(Vec<u8>),
}

/// A fault that applies to the request at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The fault's name.
    pub id: String,
    /// What to do.
    pub effect: Effect,
}

/// What a request is matched by.
pub struct Facts<'a> {
    /// The fake.
    pub fake: &'a str,
    /// The operation, if there is one.
    pub operation: Option<&'a str>,
    /// The method, or the command.
    pub method: &'a str,
    /// The path without the world's prefix and the query.
    pub path: &'a str,
    /// A header by its name in lower case.
    pub header: &'a dyn Fn(&str) -> Option<String>,
}

impl Fault {
    /// Whether it can be meant.
    ///
    /// # Errors
    /// No effect, more than one, or a value out of range.
    pub fn check(&self) -> Result<(), Problem> {
        let effects = [
            ("delay", self.delay.is_some()),
            ("respond", self.respond.is_some()),
            ("quota", self.quota.is_some()),
            ("reset", self.reset.is_some()),
            ("truncate", self.truncate.is_some()),
            ("dribble", self.dribble.is_some()),
            ("garbage", self.garbage.is_some()),
        ];
        let given: Vec<&str> = effects.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        match given.as_slice() {
            [_] => {}
            [] => {
                return Err(Problem::invalid("a fault without an effect")
                    .hint("give one of `delay`, `respond`, `quota`, `reset`, `truncate`, `dribble`, `garbage`"));
            }
            [first, second, ..] => {
                return Err(Problem::invalid(format!("a fault has one effect, and here are `{first}` and `{second}`"))
                    .hint("write a fault for each")
                    .under(*second));
            }
        }
        let wrong = |key: &'static str, text: String| Err(Problem::invalid(text).under(key));
        match self {
            Self { respond: Some(respond), .. } if !(200..=599).contains(&respond.status) => {
                wrong("respond", format!("{} is no status that can be sent; 200 to 599 can", respond.status))
            }
            Self { truncate: Some(percent), .. } if *percent > 99 => {
                wrong("truncate", format!("{percent} % cuts nothing off; 0 to 99 does"))
            }
            Self { garbage: Some(bytes), .. } if *bytes > 1 << 20 => {
                wrong("garbage", "1 MiB of garbage at the most".into())
            }
            Self { dribble: Some(dribble), .. } if dribble.bytes == 0 => {
                wrong("dribble", "pieces of 0 bytes never end".into())
            }
            Self { quota: Some(quota), .. } if quota.window.is_zero() => wrong("quota", "a window of no time".into()),
            Self { reset: Some(false), .. } => wrong("reset", "`reset: false` does nothing".into()),
            Self { delay: Some(Delay::Uniform(from, to)), .. } if from > to => {
                wrong("delay", format!("from {from} to {to} is backwards"))
            }
            Self { delay: Some(Delay::Lognormal { sigma, .. }), .. } if !(0.0..=10.0).contains(sigma) => {
                wrong("delay", format!("a sigma of {sigma}; it goes from 0 to 10"))
            }
            _ => match self.matching.probability {
                Some(p) if !(0.0..=1.0).contains(&p) => {
                    Err(Problem::invalid(format!("a probability of {p}; it goes from 0 to 1"))
                        .at(["match".into(), "probability".into()]))
                }
                _ if self.matching.nth == Some(0) => {
                    Err(Problem::invalid("the first is 1").at(["match".into(), "nth".into()]))
                }
                _ => Ok(()),
            },
        }
    }

    fn applies(&mut self, facts: &Facts<'_>, now: Timestamp, random: &mut Streams) -> bool {
        let matching = &self.matching;
        let is = |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| glob(wanted, given));
        let fits = is(&matching.fake, facts.fake)
            && matching
                .operation
                .as_deref()
                .is_none_or(|wanted| facts.operation.is_some_and(|given| glob(wanted, given)))
            && matching.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(facts.method))
            && is(&matching.path, facts.path)
            && matching.header.iter().all(|(name, wanted)| {
                (facts.header)(&name.to_ascii_lowercase()).is_some_and(|given| glob(wanted, &given))
            })
            && matching.from.is_none_or(|from| now >= from)
            && matching.until.is_none_or(|until| now < until);
        if !fits {
            return false;
        }
        self.matched += 1;
        if matching.nth.is_some_and(|nth| nth != self.matched) || self.times.is_some_and(|times| self.applied >= times)
        {
            return false;
        }
        match matching.probability {
            Some(probability) => random.get("probability").random_bool(probability),
            None => true,
        }
    }

    fn effect(&mut self, now: Timestamp, random: &mut Streams) -> Option<Effect> {
        let effect = if let Some(delay) = &self.delay {
            Effect::Delay(delay.draw(random))
        } else if let Some(respond) = &self.respond {
            Effect::Respond(respond.clone())
        } else if let Some(quota) = &self.quota {
            let (start, count) = self.window.filter(|(start, _)| quota.window.after(*start) > now).unwrap_or((now, 0));
            self.window = Some((start, count + 1));
            if count < quota.limit {
                return None;
            }
            let left = Span::between(now, quota.window.after(start)).as_secs_f64();
            Effect::TooMany(left.ceil().max(1.0) as u64)
        } else if self.reset.is_some() {
            Effect::Reset
        } else if let Some(percent) = self.truncate {
            Effect::Truncate(percent)
        } else if let Some(dribble) = &self.dribble {
            Effect::Dribble(dribble.clone())
        } else if let Some(length) = self.garbage {
            let mut bytes = vec![0; length];
            random.get("garbage").fill(bytes.as_mut_slice());
            Effect::Garbage(bytes)
        } else {
            return None;
        };
        self.applied += 1;
        Some(effect)
    }
}

/// Whether `given` fits `pattern`, in which `*` stands for any run of characters.
pub fn glob(pattern: &str, given: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == given,
        Some((head, tail)) => given.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(i, _)| i).chain([rest.len()]).any(|i| glob(tail, &rest[i..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Node;

    fn faults(yaml: &str) -> Faults {
        let faults: Vec<Fault> = Node::parse(yaml).and_then(|node| node.read()).expect("good faults");
        for fault in &faults {
            fault.check().expect("it can be meant");
        }
        Faults::new(faults, Streams::new(1, "faults"))
    }

    fn facts<'a>(operation: &'a str, header: &'a dyn Fn(&str) -> Option<String>) -> Facts<'a> {
        Facts { fake: "carbis", operation: Some(operation), method: "GET", path: "/api/v4/events", header }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("in range")
    }

    #[test]
    fn the_nth_and_no_other_and_only_so_many_times() {
        let none = |_: &str| None;
        let second = faults("[{match: {fake: carbis, nth: 2}, respond: {status: 503}}]");
        let hits: Vec<bool> = (0..4).map(|_| second.strike(&facts("events", &none), at(0)).is_some()).collect();
        assert_eq!(hits, [false, true, false, false]);
        let twice = faults("[{match: {path: /api/*/events}, times: 2, reset: true}]");
        let hits: Vec<bool> = (0..4).map(|_| twice.strike(&facts("events", &none), at(0)).is_some()).collect();
        assert_eq!(hits, [true, true, false, false]);
    }

    #[test]
    fn a_quota_counts_by_window_and_says_when_to_come_again() {
        let none = |_: &str| None;
        let quota = faults("[{quota: {limit: 2, window: 1m}}]");
        let strike = |second| quota.strike(&facts("events", &none), at(second)).map(|hit| hit.effect);
        assert_eq!(strike(0), None);
        assert_eq!(strike(10), None);
        assert_eq!(strike(20), Some(Effect::TooMany(40)));
        assert_eq!(strike(60), None);
    }

    #[test]
    fn headers_windows_and_probability_match() {
        let token = |name: &str| (name == "token").then(|| "demo-token".to_owned());
        let fault = faults(
            "[{match: {header: {Token: demo-*}, from: 1970-01-01T00:00:10Z, until: 1970-01-01T00:00:20Z}, truncate: 50}]",
        );
        let hits: Vec<bool> =
            [5, 10, 19, 20].iter().map(|s| fault.strike(&facts("events", &token), at(*s)).is_some()).collect();
        assert_eq!(hits, [false, true, true, false]);
        let none = |_: &str| None;
        assert_eq!(fault.strike(&facts("events", &none), at(15)), None);
        let rare = faults("[{match: {probability: 0.25}, delay: {uniform: [1s, 2s]}}]");
        let hits = (0..1000).filter(|_| rare.strike(&facts("events", &none), at(0)).is_some()).count();
        assert!((200..300).contains(&hits), "{hits}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (yaml, part) in [
            ("{match: {}}", "without an effect"),
            ("{reset: true, truncate: 5}", "one effect"),
            ("{respond: {status: 99}}", "no status"),
            ("{truncate: 100}", "cuts nothing"),
            ("{match: {probability: 2}, reset: true}", "from 0 to 1"),
            ("{match: {nth: 0}, reset: true}", "the first is 1"),
            ("{delay: {uniform: [2s, 1s]}}", "backwards"),
        ] {
            let fault: Fault = Node::parse(yaml).and_then(|node| node.read()).expect(yaml);
            let problem = fault.check().expect_err(yaml);
            assert!(problem.message.contains(part), "{yaml}: {problem}");
        }
    }

    #[test]
    fn globs() {
        assert!(glob("/v2/*/events", "/v2/machines/1/events"));
        assert!(glob("*", ""));
        assert!(!glob("/v2/*", "/v1/x"));
    }
}
