//! Faults: rules that make a matching request, push or ping misbehave. Data and matching; applying them is `web`'s,
//! and the business of whoever speaks another protocol.

mod book;
mod check;
mod delay;
mod matching;
mod reset;
mod sendable;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rand::{Rng, RngExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::duration::Span;
use crate::journal::Channel;
use crate::random::Streams;

pub use book::Faults;
pub use check::{EffectKind, effects};
pub use delay::Delay;
pub use matching::{Facts, Match, glob};
pub use reset::Reset;
pub use sendable::is_header_name;

/// A reply in the place of the service's own. The state is not asked, so nothing changes.
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
    /// Which requests, pushes or pings.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// Applied so often at the most; left out, without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Effect: hold the reply, or the push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// Effect: another reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond: Option<Respond>,
    /// Effect: 429 beyond so many a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Effect: the connection is reset without a reply, before the state is asked, or after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Reset>,
    /// Effect: the body ends after so many per cent of it, and the connection with it; on a socket, the text of a
    /// frame does, and the connection stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<u8>,
    /// Effect: the body comes in small pieces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dribble: Option<Dribble>,
    /// Effect: so many random bytes for a body; on a socket, a binary frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub garbage: Option<usize>,
    /// Effect on a push: it is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<bool>,
    /// Effect on a push: it is sent twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<bool>,
    /// Effect on a push: it is sent after so many later pushes to the same socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder: Option<u32>,
    /// Effect on a command or a push: the socket closes with this code, without the state being asked, or the push sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<u16>,
    /// Effect on a socket: pings are not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_pong: Option<bool>,
    /// Whether it is switched off: it stays in the list with its counts, and is applied to nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// How often it matched so far; a saved world carries it.
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

/// What a fault does to one exchange.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Hold the reply this long.
    Delay(Span),
    /// Answer this instead.
    Respond(Respond),
    /// Answer 429; the window ends in so many seconds.
    TooMany(u64),
    /// Reset the connection, then.
    Reset(Reset),
    /// Cut the body after so many per cent.
    Truncate(u8),
    /// Send the body in pieces.
    Dribble(Dribble),
    /// Send these bytes for a body.
    Garbage(Vec<u8>),
    /// Do not send the push.
    Drop,
    /// Send the push twice.
    Duplicate,
    /// Send the push after so many later ones.
    Reorder(u32),
    /// Close the socket with this code.
    Close(u16),
    /// Do not answer the ping.
    NoPong,
}

/// A fault that applies to the exchange at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The fault's name.
    pub id: String,
    /// What to do.
    pub effect: Effect,
}

/// The random streams of one fault: each fault has its own, so that another one shifts no draw of it.
struct Dice<'a> {
    streams: &'a mut Streams,
    fault: &'a str,
}

impl Dice<'_> {
    fn of(&mut self, purpose: &str) -> &mut impl Rng {
        self.streams.get(&stream(self.fault, purpose))
    }
}

/// The name of a fault's stream.
fn stream(fault: &str, purpose: &str) -> String {
    format!("{fault} {purpose}")
}

/// What faults draw streams for.
const PURPOSES: [&str; 3] = ["probability", "delay", "garbage"];

impl Fault {
    /// Whether it is for exchanges of this kind.
    fn is_for(&self, channel: Channel) -> bool {
        match self.matching.channel {
            Some(wanted) => wanted == channel,
            None => self.effects().next().is_none_or(|effect| effect.by_default.contains(&channel)),
        }
    }

    /// Whether it is for the handshakes of sockets: only if its match says so.
    fn is_for_handshakes(&self) -> bool {
        self.matching.channel == Some(Channel::Http) && self.effects().all(|effect| self.is_on_handshakes(effect))
    }

    fn applies(&mut self, facts: &Facts<'_>, now: Timestamp, random: &mut Streams) -> bool {
        let is_for_it = match facts.handshake {
            true => self.is_for_handshakes(),
            false => self.is_for(facts.channel),
        };
        if self.off || !is_for_it || !self.matching.fits(facts, now) {
            return false;
        }
        self.matched += 1;
        let matching = &self.matching;
        if matching.nth.is_some_and(|nth| nth != self.matched) || self.times.is_some_and(|times| self.applied >= times)
        {
            return false;
        }
        let mut dice = Dice { streams: random, fault: self.id.as_deref().unwrap_or_default() };
        matching.probability.is_none_or(|probability| dice.of("probability").random_bool(probability))
    }

    fn effect(&mut self, now: Timestamp, random: &mut Streams) -> Option<Effect> {
        let mut dice = Dice { streams: random, fault: self.id.as_deref().unwrap_or_default() };
        let effect = if let Some(delay) = &self.delay {
            Effect::Delay(delay.draw(dice.of("delay")))
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
        } else if let Some(when) = self.reset {
            Effect::Reset(when)
        } else if let Some(percent) = self.truncate {
            Effect::Truncate(percent)
        } else if let Some(dribble) = &self.dribble {
            Effect::Dribble(dribble.clone())
        } else if let Some(length) = self.garbage {
            let mut bytes = vec![0; length];
            dice.of("garbage").fill(bytes.as_mut_slice());
            Effect::Garbage(bytes)
        } else if self.drop.is_some() {
            Effect::Drop
        } else if self.duplicate.is_some() {
            Effect::Duplicate
        } else if let Some(later) = self.reorder {
            Effect::Reorder(later)
        } else if let Some(code) = self.close {
            Effect::Close(code)
        } else if self.no_pong.is_some() {
            Effect::NoPong
        } else {
            return None;
        };
        self.applied += 1;
        Some(effect)
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
        Faults::new(faults, Streams::new(1, "faults"), 0)
    }

    fn facts<'a>(operation: &'a str, header: &'a dyn Fn(&str) -> Option<String>) -> Facts<'a> {
        Facts {
            service: "carbis",
            channel: Channel::Http,
            handshake: false,
            clients: &["demo-token"],
            operation: Some(operation),
            method: "GET",
            path: "/api/v4/events",
            header,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("in range")
    }

    #[test]
    fn the_nth_and_no_other_and_only_so_many_times() {
        let none = |_: &str| None;
        let second = faults("[{match: {fake: carbis, nth: 2}, respond: {status: 503}}]");
        let hits: Vec<bool> = (0..4).map(|_| second.match_fault(&facts("events", &none), at(0)).is_some()).collect();
        assert_eq!(hits, [false, true, false, false]);
        let twice = faults("[{match: {path: /api/*/events}, times: 2, reset: true}]");
        let hits: Vec<bool> = (0..4).map(|_| twice.match_fault(&facts("events", &none), at(0)).is_some()).collect();
        assert_eq!(hits, [true, true, false, false]);
    }

    #[test]
    fn a_quota_counts_by_window_and_says_when_to_come_again() {
        let none = |_: &str| None;
        let quota = faults("[{quota: {limit: 2, window: 1m}}]");
        let match_fault = |second| quota.match_fault(&facts("events", &none), at(second)).map(|hit| hit.effect);
        assert_eq!(match_fault(0), None);
        assert_eq!(match_fault(10), None);
        assert_eq!(match_fault(20), Some(Effect::TooMany(40)));
        assert_eq!(match_fault(60), None);
    }

    #[test]
    fn headers_windows_and_probability_match() {
        let token = |name: &str| (name == "token").then(|| "demo-token".to_owned());
        let fault = faults(
            "[{match: {header: {Token: demo-*}, from: 1970-01-01T00:00:10Z, until: 1970-01-01T00:00:20Z}, truncate: 50}]",
        );
        let hits: Vec<bool> =
            [5, 10, 19, 20].iter().map(|s| fault.match_fault(&facts("events", &token), at(*s)).is_some()).collect();
        assert_eq!(hits, [false, true, true, false]);
        let none = |_: &str| None;
        assert_eq!(fault.match_fault(&facts("events", &none), at(15)), None);
        let rare = faults("[{match: {probability: 0.25}, delay: {uniform: [1s, 2s]}}]");
        let hits = (0..1000).filter(|_| rare.match_fault(&facts("events", &none), at(0)).is_some()).count();
        assert!((200..300).contains(&hits), "{hits}");
    }

    #[test]
    fn a_fault_is_for_the_way_of_its_effect_unless_its_match_says_otherwise() {
        let none = |_: &str| None;
        let faulted = |yaml: &str| {
            let channels = [Channel::Http, Channel::Frame, Channel::Push, Channel::Ping];
            let one = |channel| {
                let facts = Facts { channel, operation: None, ..facts("events", &none) };
                faults(yaml).match_fault(&facts, at(0)).map(|_| channel.word())
            };
            channels.into_iter().filter_map(one).collect::<Vec<_>>()
        };
        assert_eq!(faulted("[{delay: 1s}]"), ["http", "frame"]);
        assert_eq!(faulted("[{match: {way: push}, delay: 1s}]"), ["push"]);
        assert_eq!(faulted("[{match: {way: frame}, delay: 1s}]"), ["frame"]);
        assert_eq!(faulted("[{drop: true}]"), ["push"]);
        assert_eq!(faulted("[{close: 1011}]"), ["frame"]);
        assert_eq!(faulted("[{match: {way: push}, close: 1011}]"), ["push"]);
        assert_eq!(faulted("[{no_pong: true}]"), ["ping"]);
    }

    #[test]
    fn a_fault_is_for_handshakes_if_its_match_says_so_and_its_effect_can_be_done_to_one() {
        let none = |_: &str| None;
        let faulted = |yaml: &str| {
            let facts = Facts { service: "queue", handshake: true, operation: None, ..facts("", &none) };
            faults(yaml).match_fault(&facts, at(0)).is_some()
        };
        assert!(faulted("[{match: {way: http}, respond: {status: 503}}]"));
        assert!(!faulted("[{match: {fake: queue}, respond: {status: 503}}]"));
        assert!(!faulted("[{match: {way: http}, truncate: 50}]"));
        assert!(!faulted("[{match: {way: http, operation: '*'}, reset: true}]"));
    }

    #[test]
    fn clients_match_by_any_of_their_names() {
        let none = |_: &str| None;
        let fault = faults("[{match: {client: oper*}, reset: true}]");
        let match_fault =
            |clients: &[&str]| fault.match_fault(&Facts { clients, ..facts("events", &none) }, at(0)).is_some();
        assert!(match_fault(&["{a token}", "operator"]));
        assert!(!match_fault(&["admin"]) && !match_fault(&[]));
    }

    #[test]
    fn another_fault_shifts_no_draw_of_the_first() {
        let none = |_: &str| None;
        let first = "{id: a, match: {operation: events, probability: 0.5}, reset: true}";
        let faulted = |yaml: &str| {
            let faults = faults(yaml);
            let mut hits = Vec::new();
            for _ in 0..40 {
                hits.push(faults.match_fault(&facts("events", &none), at(0)).is_some());
                faults.match_fault(&facts("other", &none), at(0));
            }
            hits
        };
        let alone = faulted(&format!("[{first}]"));
        assert!(alone.contains(&true) && alone.contains(&false));
        let beside = format!("[{{match: {{operation: other, probability: 0.5}}, reset: true}}, {first}]");
        assert_eq!(faulted(&beside), alone);
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
            ("{drop: false}", "does nothing"),
            ("{match: {way: push}, reset: after}", "a push does no work"),
            ("{reorder: 0}", "1 to 1000"),
            ("{close: 1006}", "no code that a socket can be closed with"),
            ("{match: {way: push}, respond: {status: 500}}", "cannot be done to a push"),
            ("{match: {way: http}, drop: true}", "cannot be done to an HTTP request"),
            ("{match: {operation: info}, no_pong: true}", "a ping has no operation"),
            ("{match: {from: 1970-01-01T00:00:20Z, until: 1970-01-01T00:00:10Z}, reset: true}", "before it begins"),
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
        assert!(glob("a*b*a", "abba") && !glob("ab*ba", "aba") && glob("*a", "aaa") && !glob("a", "aa"));
        assert!(!glob(&"*a".repeat(50), &"b".repeat(10_000)), "and soon");
    }
}
