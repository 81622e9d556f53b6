//! What stands for each secret: a text of the same shape, the same wherever the secret stands.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::pseudonym;

/// The shortest secret that is also masked inside of longer texts.
const LONG: usize = 6;

/// The fewest and the most digits of a phone number.
const PHONE: std::ops::RangeInclusive<usize> = 9..=15;

/// What may stand between the digits of a phone number.
const BETWEEN: &str = " +-().\u{a0}";

#[derive(Default)]
pub(super) struct Pseudonyms {
    by_value: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    /// What is no secret.
    known: BTreeSet<String>,
    /// Common words that are masked at their places alone.
    words: BTreeSet<String>,
    /// Personal data that could be the names of keys: somebody may be called `Client`.
    labels: BTreeSet<String>,
    /// What is masked inside of longer texts, the longest first; empty while places are looked for.
    inside: Vec<(String, String)>,
    /// The same by their digits, however they are written.
    numbers: BTreeMap<String, String>,
}

impl Pseudonyms {
    pub(super) fn new(known: BTreeSet<String>) -> Self {
        Self { known, ..Self::default() }
    }

    /// What stands for a value at a place of its own; whether it is masked everywhere else, too.
    pub(super) fn of(&mut self, value: &str, everywhere: bool) -> String {
        if value.is_empty() || self.taken.contains(value) || self.known.contains(value) {
            return value.to_owned();
        }
        if everywhere {
            self.words.remove(value);
        } else if !self.by_value.contains_key(value) {
            self.words.insert(value.to_owned());
        }
        self.get(value)
    }

    /// Notes that a value that is masked is personal, and no secret; or that it is one, too.
    pub(super) fn personal(&mut self, value: &str, is_personal: bool) {
        let is_label = value.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if !is_personal {
            self.labels.remove(value);
        } else if is_label && !self.by_value.contains_key(value) {
            self.labels.insert(value.to_owned());
        }
    }

    /// A key with pseudonyms in the place of secrets. Personal data is no part of keys, where it could be one by chance.
    pub(super) fn key(&self, key: &str) -> String {
        if self.labels.iter().any(|label| key.contains(label.as_str())) { key.to_owned() } else { self.text(key) }
    }

    fn get(&mut self, value: &str) -> String {
        if let Some(known) = self.by_value.get(value) {
            return known.clone();
        }
        // A phone number is one however it is written.
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let is_number =
            PHONE.contains(&digits.len()) && value.chars().all(|c| c.is_ascii_digit() || BETWEEN.contains(c));
        let masked = if is_number && canonical(&digits) != value {
            let own = self.get(canonical(&digits));
            written_like(value, &own)
        } else {
            let mut number = self.by_value.len();
            loop {
                let masked = pseudonym(value, number);
                // One for two values would join what is apart.
                if !self.taken.contains(&masked) || number > self.by_value.len() + 1_000 {
                    break masked;
                }
                number += 1;
            }
        };
        self.taken.insert(masked.clone());
        self.by_value.insert(value.to_owned(), masked.clone());
        masked
    }

    /// All that stands for something.
    pub(super) fn into_all(self) -> BTreeSet<String> {
        self.taken
    }

    /// From now on values are masked inside of texts, too.
    pub(super) fn all_are_known(&mut self) {
        let long =
            self.by_value.iter().filter(|(value, _)| value.chars().count() >= LONG && !self.words.contains(*value));
        self.inside = long.map(|(value, masked)| (value.clone(), masked.clone())).collect();
        // The longest first: a secret may hold another.
        self.inside.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        let is_number = |value: &str| PHONE.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
        let numbers = self.inside.iter().filter(|(value, _)| is_number(value) && canonical(value) == value);
        self.numbers = numbers.cloned().collect();
    }

    /// A text with pseudonyms in the place of what they stand for.
    pub(super) fn text(&self, text: &str) -> String {
        if self.inside.is_empty() || self.taken.contains(text) {
            return text.to_owned();
        }
        let mut out = text.to_owned();
        for (value, masked) in &self.inside {
            if out.contains(value.as_str()) {
                out = replaced(&out, value, masked);
            }
        }
        if self.numbers.is_empty() { out } else { self.numbers_in(&out) }
    }

    /// The same of what is no text.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for (value, masked) in &self.inside {
            let (value, masked) = (value.as_bytes(), masked.as_bytes());
            let mut at = 0;
            while let Some(found) =
                out.get(at..).and_then(|rest| rest.windows(value.len()).position(|part| part == value))
            {
                out.splice(at + found..at + found + value.len(), masked.iter().copied());
                at += found + masked.len();
            }
        }
        out
    }

    /// Numbers that are written in another way than at their places.
    fn numbers_in(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut within = false;
        while let Some(c) = rest.chars().next() {
            if c.is_ascii_digit()
                && !within
                && let Some((length, own)) = self.number_at(rest)
            {
                out += &written_like(&rest[..length], own);
                rest = &rest[length..];
                continue;
            }
            within = c.is_ascii_digit();
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        out
    }

    /// The length of a number that a text begins with, and what stands for it.
    fn number_at(&self, text: &str) -> Option<(usize, &String)> {
        let mut digits = String::new();
        for (at, c) in text.char_indices() {
            match c {
                '0'..='9' if digits.len() < *PHONE.end() => digits.push(c),
                c if BETWEEN.contains(c) => continue,
                _ => return None,
            }
            let end = at + 1;
            let is_whole = !text[end..].starts_with(|c: char| c.is_ascii_digit());
            if is_whole
                && digits.len() >= *PHONE.start()
                && let Some(own) = self.numbers.get(canonical(&digits))
            {
                return Some((end, own));
            }
        }
        None
    }
}

/// A number's digits without the 7 or 8 before ten others, which is written or not.
fn canonical(digits: &str) -> &str {
    match digits.len() {
        11 => &digits[1..],
        _ => digits,
    }
}

/// Digits in the way in which others are written, from the end.
fn written_like(written: &str, digits: &str) -> String {
    let there = written.chars().filter(char::is_ascii_digit).count();
    let (mut skip, mut digits) = (there.saturating_sub(digits.len()), digits.chars());
    let one = |c: char| {
        if !c.is_ascii_digit() {
            return c;
        }
        if skip > 0 {
            skip -= 1;
            return c;
        }
        digits.next().unwrap_or(c)
    };
    written.chars().map(one).collect()
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
