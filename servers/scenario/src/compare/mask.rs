//! Masking: secrets and personal data of traffic become pseudonyms, each the same everywhere, so that references still match.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Map, Value};
use stend_core::traffic::Traffic;

use crate::record::pseudonym;

/// Headers that carry secrets whatever the service.
const HEADERS: [&str; 6] =
    ["authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "x-auth-token"];

/// Parts of names that speak of secrets whatever the service.
const WORDS: [&str; 5] = ["password", "passwd", "secret", "token", "apikey"];

/// The shortest secret that is also masked inside of longer texts.
const LONG: usize = 6;

/// What was masked at the places of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Masked {
    /// The header, parameter or key.
    pub name: String,
    /// Whether it holds personal data, and no secret.
    pub personal: bool,
    /// How many different values there were.
    pub values: usize,
    /// What stands for one of them.
    pub example: String,
}

/// Masks traffic in place: secrets and personal data at places of these names, and the same values wherever else they
/// stand. What is `known` to be no secret stays. Says what was masked.
pub fn mask(traffic: &mut [Traffic], secrets: &[&str], personal: &[String], known: BTreeSet<String>) -> Vec<Masked> {
    let lower = |name: &str| name.to_lowercase();
    let mut masker = Masker {
        secrets: secrets.iter().map(|name| lower(name)).collect(),
        personal: personal.iter().map(|name| lower(name)).collect(),
        known,
        ..Masker::default()
    };
    // First all places, so that what was sent before its place was seen is masked, too.
    for one in traffic.iter() {
        let mut copy = one.clone();
        masker.traffic(&mut copy);
    }
    masker.inside = masker
        .pseudonyms
        .iter()
        .filter(|(value, _)| value.chars().count() >= LONG)
        .map(|(a, b)| (a.clone(), b.clone()))
        .collect();
    // The longest first: a secret may hold another.
    masker.inside.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    traffic.iter_mut().for_each(|one| masker.traffic(one));
    let row = |((name, personal), values): ((String, bool), BTreeSet<String>)| Masked {
        example: values.first().cloned().unwrap_or_default(),
        values: values.len(),
        name,
        personal,
    };
    masker.places.into_iter().map(row).collect()
}

#[derive(Default)]
struct Masker {
    secrets: BTreeSet<String>,
    personal: BTreeSet<String>,
    pseudonyms: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    known: BTreeSet<String>,
    /// What stands for values inside of longer texts; empty while places are looked for.
    inside: Vec<(String, String)>,
    /// The pseudonyms by the names of their places, and whether these are personal.
    places: BTreeMap<(String, bool), BTreeSet<String>>,
}

impl Masker {
    /// Whether a place of this name is masked: `Some(true)` for personal data.
    fn place(&self, name: &str) -> Option<bool> {
        let lower = name.to_lowercase();
        let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
        // How long a token lives, and of which type it is, is no secret.
        let is_about = ["type", "expires", "lifetime"].iter().any(|word| plain.contains(word));
        if self.secrets.contains(&lower) || (WORDS.iter().any(|word| plain.contains(word)) && !is_about) {
            return Some(false);
        }
        self.personal.contains(&lower).then_some(true)
    }

    /// What stands for a value at a place of this name.
    fn value(&mut self, name: &str, personal: bool, value: &str) -> String {
        if value.is_empty() || self.taken.contains(value) || self.known.contains(value) {
            return value.to_owned();
        }
        let masked = self.pseudonym(value);
        self.places.entry((name.to_owned(), personal)).or_default().insert(masked.clone());
        masked
    }

    fn pseudonym(&mut self, value: &str) -> String {
        if let Some(known) = self.pseudonyms.get(value) {
            return known.clone();
        }
        // A phone number is one however it is written: its last ten digits are masked.
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let is_phone =
            digits.len() > 10 && digits.len() <= 15 && value.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
        let masked = if is_phone {
            let own = self.pseudonym(&digits[digits.len() - 10..]);
            let (mut own, mut skip) = (own.chars(), digits.len() - 10);
            let digit = |c: char| {
                if !c.is_ascii_digit() || skip > 0 {
                    skip -= usize::from(c.is_ascii_digit());
                    return c;
                }
                own.next().unwrap_or(c)
            };
            value.chars().map(digit).collect()
        } else {
            let mut number = self.pseudonyms.len();
            loop {
                let masked = pseudonym(value, number);
                // One for two values would join what is apart.
                if !self.taken.contains(&masked) || number > self.pseudonyms.len() + 1_000 {
                    break masked;
                }
                number += 1;
            }
        };
        self.taken.insert(masked.clone());
        self.pseudonyms.insert(value.to_owned(), masked.clone());
        masked
    }

    fn traffic(&mut self, traffic: &mut Traffic) {
        match traffic {
            Traffic::Http(http) => {
                self.url(&mut http.url);
                self.headers(&mut http.headers);
                self.headers(&mut http.reply_headers);
                self.body(&mut http.body);
                self.body(&mut http.reply);
            }
            Traffic::Socket(socket) => {
                self.url(&mut socket.url);
                self.headers(&mut socket.headers);
                for message in &mut socket.messages {
                    let mut bytes = std::mem::take(&mut message.text).into_bytes();
                    self.body(&mut bytes);
                    message.text = String::from_utf8_lossy(&bytes).into_owned();
                }
            }
        }
    }

    fn url(&mut self, url: &mut String) {
        // A name and password before the host.
        if let Some((scheme, rest)) = url.split_once("://")
            && let Some((user, host)) = rest.split_once('@').filter(|(user, _)| !user.contains(['/', '?', '#']))
        {
            let masked = self.value("URL", false, user);
            *url = format!("{scheme}://{masked}@{host}");
        }
        let (head, query) = url.split_once('?').map_or((url.as_str(), None), |(head, query)| (head, Some(query)));
        let head = self.text(head);
        let query = query.map(|query| self.pairs(query));
        *url = query.map_or(head.clone(), |query| format!("{head}?{query}"));
    }

    fn headers(&mut self, headers: &mut [(String, String)]) {
        for (name, value) in headers {
            let place = if HEADERS.contains(&name.as_str()) { Some(false) } else { self.place(name) };
            let Some(personal) = place else {
                *value = self.text(value);
                continue;
            };
            *value = match value.split_once(' ') {
                // `Bearer`, `Basic`: the scheme is no secret.
                Some((scheme, secret)) if name.ends_with("authorization") => {
                    format!("{scheme} {}", self.value(name, personal, secret))
                }
                _ => self.value(name, personal, value),
            };
        }
    }

    /// A query or a form.
    fn pairs(&mut self, text: &str) -> String {
        let mut pair = |pair: &str| {
            let Some((name, value)) = pair.split_once('=') else { return self.text(pair) };
            let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
            let plain = decoded(value);
            let masked = match self.place(&decoded(name)) {
                Some(personal) => self.value(&decoded(name), personal, &plain),
                None => self.text(&plain),
            };
            if masked == plain {
                pair.to_owned()
            } else {
                format!("{name}={}", utf8_percent_encode(&masked, NON_ALPHANUMERIC))
            }
        };
        text.split('&').map(&mut pair).collect::<Vec<_>>().join("&")
    }

    fn body(&mut self, body: &mut Vec<u8>) {
        if body.is_empty() {
            return;
        }
        if let Ok(json) = serde_json::from_slice::<Value>(body) {
            let masked = self.json(&json);
            // What holds nothing to mask stays as it was written.
            if masked != json {
                *body = masked.to_string().into_bytes();
            }
            return;
        }
        if let Ok(text) = std::str::from_utf8(body) {
            let is_form = text.contains('=') && !text.contains(['<', '\n', ' ']);
            *body = if is_form { self.pairs(text) } else { self.text(text) }.into_bytes();
        }
    }

    fn json(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(map) => {
                let mut masked = Map::with_capacity(map.len());
                for (key, value) in map {
                    let place = self.place(key);
                    let value = match (place, value) {
                        (Some(personal), Value::String(text)) => Value::String(self.value(key, personal, text)),
                        (Some(personal), Value::Number(number)) => {
                            let text = self.value(key, personal, &number.to_string());
                            serde_json::from_str(&text).unwrap_or(Value::String(text))
                        }
                        (Some(personal), Value::Array(items)) => {
                            let item = |item: &Value| match item {
                                Value::String(text) => Value::String(self.value(key, personal, text)),
                                other => self.json(other),
                            };
                            items.iter().map(item).collect()
                        }
                        (_, value) => self.json(value),
                    };
                    masked.insert(key.clone(), value);
                }
                Value::Object(masked)
            }
            Value::Number(number) => {
                match self.pseudonyms.get(&number.to_string()).filter(|masked| masked.len() >= LONG) {
                    Some(masked) => serde_json::from_str(masked).unwrap_or_else(|_| value.clone()),
                    None => value.clone(),
                }
            }
            other => other.clone(),
        }
    }

    /// A text at no place of its own: the values that are masked elsewhere are masked in it.
    fn text(&self, text: &str) -> String {
        if self.inside.is_empty() {
            return text.to_owned();
        }
        if let Some(whole) = self.pseudonyms.get(text).filter(|_| text.chars().count() >= LONG) {
            return whole.clone();
        }
        let mut out = text.to_owned();
        for (value, masked) in &self.inside {
            if out.contains(value.as_str()) {
                out = replaced(&out, value, masked);
            }
        }
        out
    }
}

/// A text with one in the place of another. Digits within a longer number are not those of a secret.
fn replaced(text: &str, value: &str, masked: &str) -> String {
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.replace(value, masked);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        out.push_str(before);
        let is_part = is_digit(before.chars().last().or_else(|| out.chars().last())) || is_digit(after.chars().next());
        out.push_str(if is_part { value } else { masked });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use stend_core::traffic::{HttpExchange, Message, SocketTraffic};

    use super::*;

    fn http(url: &str, headers: &[(&str, &str)], body: &str, reply: &str) -> Traffic {
        Traffic::Http(Box::new(HttpExchange {
            url: url.into(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.into(),
            reply: reply.into(),
            ..HttpExchange::default()
        }))
    }

    #[test]
    fn a_planted_secret_is_found_nowhere_and_references_still_match() {
        let secret = "s3cr3t-Qwerty";
        let mut traffic = vec![
            http(
                "http://h/echo?x=s3cr3t-Qwerty&phone=%2B7(982)497-48-33",
                &[("authorization", "Bearer s3cr3t-Qwerty"), ("cookie", "a=s3cr3t-Qwerty")],
                "client_id=a&password=s3cr3t-Qwerty",
                "said s3cr3t-Qwerty",
            ),
            http(
                "http://me:s3cr3t-Qwerty@h/",
                &[("x-note", "s3cr3t-Qwerty")],
                r#"{"password": "s3cr3t-Qwerty", "pin_token": 12345678}"#,
                r#"{"name": "Кофе", "n": 1.50, "phone": "89824974833", "token_type": "Bearer"}"#,
            ),
            Traffic::Socket(SocketTraffic {
                messages: vec![Message {
                    at: None,
                    from_client: true,
                    text: r#"{"token":"s3cr3t-Qwerty","id":1}"#.into(),
                }],
                ..SocketTraffic::default()
            }),
        ];
        let rows = mask(&mut traffic, &["password"], &["phone".into()], BTreeSet::new());
        let all = format!("{traffic:?}");
        let bodies: String = traffic
            .iter()
            .map(|one| match one {
                Traffic::Http(http) => {
                    String::from_utf8_lossy(&[http.body.clone(), http.reply.clone()].concat()).into_owned()
                }
                Traffic::Socket(_) => String::new(),
            })
            .collect();
        assert!(!all.contains(secret) && !bodies.contains(secret), "{all}\n{bodies}");
        assert!(
            !bodies.contains("12345678") && !bodies.contains("4974833") && !all.contains("497-48-33"),
            "{all}\n{bodies}"
        );
        let [Traffic::Http(first), Traffic::Http(second), Traffic::Socket(socket)] = &traffic[..] else {
            panic!("{traffic:?}")
        };
        let token = first.headers[0].1.strip_prefix("Bearer ").expect("the scheme stays");
        assert!(socket.messages[0].text.contains(token), "one pseudonym for one secret");
        let phone = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let asked = super::super::matching::pairs(first.url.split_once('?').expect("a query").1);
        let second: Value = serde_json::from_slice(&second.reply).expect("JSON");
        assert_eq!(
            phone(&asked["phone"])[1..],
            phone(second["phone"].as_str().expect("text"))[1..],
            "one phone, written twice"
        );
        assert_eq!((second["name"].as_str(), second["token_type"].as_str()), (Some("Кофе"), Some("Bearer")));
        assert!(rows.iter().any(|row| row.name == "phone" && row.personal && row.values >= 1), "{rows:?}");
    }

    #[test]
    fn what_holds_no_secret_stays_byte_for_byte() {
        let body = "{ \"a\" : 1.50 }";
        let mut traffic = vec![http("http://h/a?b=%7Bc%7D&d", &[("accept", "*/*")], body, "")];
        assert_eq!(mask(&mut traffic, &["password"], &[], BTreeSet::new()), []);
        assert_eq!(traffic, [http("http://h/a?b=%7Bc%7D&d", &[("accept", "*/*")], body, "")]);
    }
}
