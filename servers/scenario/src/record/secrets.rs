//! Keeps secrets out of a recording: tokens that a service issued become captures, the world's own credentials stay, and
//! anything else at a place for secrets is masked.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use stend_core::Registry;

/// Headers that carry secrets whatever the service.
const HEADERS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// The shortest issued token that is also replaced inside longer texts.
const LONG: usize = 12;

/// What stands in a recording for each secret that was seen so far.
pub(super) struct Secrets {
    /// All texts of the world's file, whose credentials are no secret to a reader of the recording, and those that stand for
    /// secrets already.
    own: BTreeSet<String>,
    /// The names of places for secrets, in lower case, by service.
    names: BTreeMap<&'static str, Vec<String>>,
    /// Issued tokens and the names that they are captured under.
    issued: BTreeMap<String, String>,
    masks: BTreeMap<String, String>,
}

/// What a reply is expected to be, and what is captured from it.
pub(super) struct Expected {
    /// JSONPaths with matchers.
    pub(super) paths: Map<String, Value>,
    /// Names with JSONPaths.
    pub(super) captures: Map<String, Value>,
}

impl Secrets {
    /// For a session in a world that has these texts of its own.
    pub(super) fn new(own: BTreeSet<String>, registry: &Registry) -> Self {
        let names = registry.services().iter().map(|kind| {
            let names = kind.secrets().iter().map(|name| name.to_lowercase()).collect();
            (kind.name(), names)
        });
        Self { own, names: names.collect(), issued: BTreeMap::new(), masks: BTreeMap::new() }
    }

    fn is_place(&self, service: &str, name: &str) -> bool {
        self.names.get(service).is_some_and(|names| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// A value that a client sent, or an action's arguments, as a scenario writes it.
    pub(super) fn sent(&mut self, service: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.sent(service, item)).collect(),
            Value::Object(map) => {
                let entry = |(key, value): (&String, &Value)| {
                    let value = match value {
                        Value::String(secret) if self.is_place(service, key) => self.secret(secret).into(),
                        Value::Number(secret) if self.is_place(service, key) => {
                            let masked = self.secret(&secret.to_string());
                            serde_json::from_str(&masked).unwrap_or(Value::String(masked))
                        }
                        value => self.sent(service, value),
                    };
                    (key.clone(), value)
                };
                map.iter().map(entry).collect()
            }
            other => other.clone(),
        }
    }

    /// A header that a client sent.
    pub(super) fn header(&mut self, service: &str, name: &str, value: &str) -> String {
        if !HEADERS.contains(&name) && !self.is_place(service, name) {
            return self.text(value);
        }
        match value.split_once(' ') {
            // `Bearer`, `Basic`: the scheme is no secret.
            Some((scheme, secret)) if name.ends_with("authorization") => format!("{scheme} {}", self.secret(secret)),
            _ => self.secret(value),
        }
    }

    /// A query or a form.
    pub(super) fn pairs(&mut self, service: &str, text: &str) -> String {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) if self.is_place(service, &decoded(name)) => {
                let plain = decoded(value);
                let written = self.secret(&plain);
                match written == plain {
                    true => escaped(&format!("{name}={value}")),
                    false if written.starts_with("${") => format!("{}={written}", escaped(name)),
                    false => format!("{}={}", escaped(name), utf8_percent_encode(&written, NON_ALPHANUMERIC)),
                }
            }
            _ => self.text(pair),
        };
        text.split('&').map(pair).collect::<Vec<_>>().join("&")
    }

    /// A text in which nothing is a placeholder but for the tokens that were issued.
    pub(super) fn text(&self, text: &str) -> String {
        if let Some(name) = self.issued.get(text) {
            return format!("${{{name}}}");
        }
        let mut written = escaped(text);
        for (secret, name) in self.issued.iter().filter(|(secret, _)| secret.len() >= LONG) {
            written = written.replace(secret.as_str(), &format!("${{{name}}}"));
        }
        written
    }

    /// What stands for a text at a place for secrets.
    fn secret(&mut self, secret: &str) -> String {
        if let Some(name) = self.issued.get(secret) {
            return format!("${{{name}}}");
        }
        if secret.is_empty() || self.own.contains(secret) {
            return escaped(secret);
        }
        let number = self.masks.len();
        escaped(self.masks.entry(secret.to_owned()).or_insert_with(|| mask(secret, number)))
    }

    /// What a reply's JSON is expected to be. A token that was not seen before is captured, and only its type is expected.
    pub(super) fn reply(&mut self, service: &str, reply: &Value, without: Option<&str>) -> Expected {
        let mut expected = Expected { paths: Map::new(), captures: Map::new() };
        let mut fresh = BTreeSet::new();
        self.fresh(service, reply, &mut fresh);
        match (reply, without) {
            (Value::Object(map), Some(without)) => {
                for (key, value) in map.iter().filter(|(key, _)| *key != without) {
                    self.expect(&member("$", key), Some(key), value, &fresh, &mut expected);
                }
            }
            _ => self.expect("$", None, reply, &fresh, &mut expected),
        }
        expected
    }

    /// The tokens that come in a reply for the first time.
    fn fresh(&self, service: &str, reply: &Value, into: &mut BTreeSet<String>) {
        match reply {
            Value::Array(items) => items.iter().for_each(|item| self.fresh(service, item, into)),
            Value::Object(map) => map.iter().for_each(|(key, value)| match value {
                Value::String(secret) if self.is_new(service, key, secret) => drop(into.insert(secret.clone())),
                value => self.fresh(service, value, into),
            }),
            _ => {}
        }
    }

    fn expect(&mut self, path: &str, key: Option<&str>, value: &Value, fresh: &BTreeSet<String>, into: &mut Expected) {
        match value {
            Value::String(secret) if fresh.contains(secret) => {
                if !self.issued.contains_key(secret) {
                    let name = self.name(key.unwrap_or("token"));
                    self.issued.insert(secret.clone(), name.clone());
                    into.captures.insert(name, path.into());
                }
                into.paths.insert(path.to_owned(), json!({ "type": "string" }));
            }
            Value::Object(map) if holds(value, fresh) => {
                into.paths.insert(path.to_owned(), json!({ "type": "object", "length": map.len() }));
                for (key, value) in map {
                    self.expect(&member(path, key), Some(key), value, fresh, into);
                }
            }
            Value::Array(items) if holds(value, fresh) => {
                into.paths.insert(path.to_owned(), json!({ "type": "array", "length": items.len() }));
                for (index, item) in items.iter().enumerate() {
                    self.expect(&format!("{path}[{index}]"), None, item, fresh, into);
                }
            }
            _ => {
                into.paths.insert(path.to_owned(), json!({ "equals": self.got(value) }));
            }
        }
    }

    /// A value that a client got, with what stands for the secrets that were seen so far.
    fn got(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match self.masks.get(text) {
                Some(mask) => escaped(mask).into(),
                None => self.text(text).into(),
            },
            Value::Array(items) => items.iter().map(|item| self.got(item)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.got(value))).collect(),
            other => other.clone(),
        }
    }

    fn is_new(&self, service: &str, key: &str, secret: &str) -> bool {
        self.is_place(service, key)
            && !secret.is_empty()
            && !self.own.contains(secret)
            && !self.issued.contains_key(secret)
            && !self.masks.contains_key(secret)
    }

    /// A name that nothing is captured under yet.
    fn name(&self, key: &str) -> String {
        let taken = |name: &String| self.issued.values().any(|known| known == name);
        let numbered = (2..).map(|number| format!("{key}_{number}"));
        std::iter::once(key.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }
}

/// Whether one of these texts is in a value.
fn holds(value: &Value, texts: &BTreeSet<String>) -> bool {
    match value {
        Value::String(text) => texts.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, texts)),
        Value::Object(map) => map.values().any(|value| holds(value, texts)),
        _ => false,
    }
}

/// The path to a member of what is at `path`.
fn member(path: &str, key: &str) -> String {
    format!("{path}['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A text in which nothing is a placeholder.
pub(super) fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

/// A name or value of a query or a form, without its encoding.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

pub(super) fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(into.insert(text.clone())),
        Value::Number(number) => drop(into.insert(number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(map) => map.values().for_each(|value| texts(value, into)),
        _ => {}
    }
}

/// A text that has nothing of the secret but its shape, so that it is refused or accepted for the
/// same reason: digits stay digits, hexadecimal letters stay hexadecimal, punctuation stays.
pub(crate) fn mask(secret: &str, number: usize) -> String {
    let attempt = |salt: u32| -> String {
        let stream = Sha256::digest(format!("mask {number} {salt}"));
        let masked = secret.chars().enumerate().map(|(i, c)| {
            let byte = usize::from(stream[i % stream.len()]) + i / stream.len();
            let one_of = |letters: &str| char::from(letters.as_bytes()[byte % letters.len()]);
            match c {
                '0'..='9' => one_of("123456789"),
                'a'..='f' => one_of("abcdef"),
                'A'..='F' => one_of("ABCDEF"),
                c if c.is_uppercase() => one_of("GHJKLMNPQRSTUVWXYZ"),
                c if c.is_alphanumeric() => one_of("ghijkmnopqrstuvwxyz"),
                c if c.is_ascii() => c,
                _ => one_of("ghijkmnopqrstuvwxyz"),
            }
        });
        masked.collect()
    };
    // Only a secret of punctuation has no other text of its shape.
    (0..16).map(attempt).find(|masked| masked != secret).unwrap_or_else(|| "masked".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets {
            own: BTreeSet::from(["demo-token".to_owned(), "123456".to_owned()]),
            names: BTreeMap::from([("desk", vec!["token".to_owned(), "password".to_owned()])]),
            issued: BTreeMap::new(),
            masks: BTreeMap::new(),
        }
    }

    #[test]
    fn the_worlds_own_credentials_stay_and_foreign_ones_are_masked_alike_wherever_they_stand() {
        let mut secrets = secrets();
        assert_eq!(secrets.header("desk", "token", "demo-token"), "demo-token");
        let password = secrets.sent("desk", &json!({"password": "827ccb0e"}))["password"].clone();
        let masked = password.as_str().expect("a text");
        assert!(masked != "827ccb0e" && masked.len() == 8 && masked.chars().all(|c| c.is_ascii_hexdigit()), "{masked}");
        assert_eq!(
            secrets.pairs("desk", "a=1&password=827ccb0e&token=demo%2Dtoken"),
            format!("a=1&password={masked}&token=demo%2Dtoken")
        );
        let cookie = secrets.header("desk", "cookie", "sid=abcdef");
        assert!(!cookie.contains("abcdef"), "{cookie}");
        let bearer = secrets.header("desk", "authorization", "Bearer 00ff");
        assert!(bearer.starts_with("Bearer ") && !bearer.contains("00ff"), "{bearer}");
        assert_eq!(secrets.header("desk", "accept", "827ccb0e"), "827ccb0e", "no place for a secret");
        let echoed = secrets.reply("desk", &json!({"password": "827ccb0e"}), None);
        assert_eq!(echoed.paths["$"]["equals"]["password"], *masked);
    }

    #[test]
    fn an_issued_token_is_captured_and_put_in_wherever_it_comes_again() {
        let mut secrets = secrets();
        let reply = json!({"id": 1, "data": {"token": "{0123-4567-89ab}", "x": [1]}, "token": "{0123-4567-89ab}"});
        let expected = secrets.reply("desk", &reply, Some("id"));
        assert_eq!(expected.captures, *json!({"token": "$['data']['token']"}).as_object().expect("a map"));
        assert_eq!(expected.paths["$['data']"], json!({"type": "object", "length": 2}));
        assert_eq!(expected.paths["$['data']['token']"], json!({"type": "string"}));
        assert_eq!(expected.paths["$['token']"], json!({"type": "string"}), "it is captured only afterwards");
        assert_eq!(expected.paths["$['data']['x']"], json!({"equals": [1]}));
        assert_eq!(secrets.sent("desk", &json!({"token": "{0123-4567-89ab}"})), json!({"token": "${token}"}));
        assert_eq!(secrets.header("desk", "authorization", "Bearer {0123-4567-89ab}"), "Bearer ${token}");
        assert_eq!(secrets.text("/go/{0123-4567-89ab}?${x}"), "/go/${token}?$${x}");
        assert_eq!(secrets.reply("desk", &json!({"token": "another"}), None).captures["token_2"], "$['token']");
    }
}
