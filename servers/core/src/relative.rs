//! Times of a world file that are given relative to the moment at which its world begins.
//!
//! | text | time |
//! |---|---|
//! | `now`, `now-15m`, `now+2h` | this long before or after the beginning |
//! | `day-3 14:05`, `day+0 09:00:30` | a time of day, so many days before or after the day of the beginning |
//!
//! Days and times of day are Moscow's, the zone of the vendors' documents. A section may hold such a text wherever it
//! holds a time. Whole seconds only: the vendors print no finer times.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::duration::Span;
use crate::node::{Node, Value};

/// The zone of days and times of day.
const ZONE: &str = "Europe/Moscow";

/// How a service's section writes times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// RFC 3339, with an offset from UTC.
    Zoned,
    /// The time of a wall clock in Moscow, without an offset.
    Civil,
}

/// A world's beginning, from which relative times count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beginning {
    pub(crate) now: Timestamp,
    pub(crate) times: Times,
}

/// Whether a text begins as a relative time does.
fn is_like(text: &str) -> bool {
    text == "now" || ["now-", "now+", "day-", "day+"].iter().any(|head| text.starts_with(head))
}

/// Whether a section as JSON may hold a relative time.
pub(crate) fn may_be_in_json(json: &str) -> bool {
    ["\"now\"", "\"now-", "\"now+", "\"day-", "\"day+"].iter().any(|head| json.contains(head))
}

/// Whether a tree holds a relative time.
pub(crate) fn is_in(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => is_like(text),
        Value::List(items) => items.iter().any(is_in),
        Value::Map(entries) => entries.iter().any(|entry| is_in(&entry.value)),
        _ => false,
    }
}

impl Beginning {
    /// The time that a text names, as the section writes times; `None` if it is not a relative time.
    pub(crate) fn resolve(&self, text: &str) -> Option<String> {
        if !is_like(text) {
            return None;
        }
        let zone = TimeZone::get(ZONE).ok()?;
        let begins = Timestamp::from_second(self.now.as_second()).ok()?.to_zoned(zone.clone());
        let (unit, rest) = text.split_at(3);
        let at = match (unit, rest.chars().next()) {
            ("now", None) => begins,
            ("now", Some(sign)) => {
                let span: Span = rest[1..].parse().ok()?;
                let at = begins.timestamp();
                let at = if sign == '-' { span.before(at) } else { span.after(at) };
                Timestamp::from_second(at.as_second()).ok()?.to_zoned(zone)
            }
            (_, Some(sign)) => {
                let (days, time) = rest[1..].split_once(' ')?;
                let days: i64 = days.parse().ok().filter(|_| days.bytes().all(|byte| byte.is_ascii_digit()))?;
                let days = jiff::Span::new().try_days(if sign == '-' { -days } else { days }).ok()?;
                let time: Time = time.parse().ok()?;
                begins.date().checked_add(days).ok()?.to_datetime(time).to_zoned(zone).ok()?
            }
            (_, None) => return None,
        };
        Some(match self.times {
            Times::Zoned => at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            Times::Civil => at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        })
    }

    /// Writes the times that relative ones name into a tree.
    pub(crate) fn lay(&self, node: &mut Node) {
        match &mut node.value {
            Value::Text(text) => self.replace(text),
            Value::List(items) => items.iter_mut().for_each(|item| self.lay(item)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| self.lay(&mut entry.value)),
            _ => {}
        }
    }

    /// As [`Beginning::lay`], in plain JSON.
    pub(crate) fn lay_json(&self, json: &mut Json) {
        match json {
            Json::String(text) => self.replace(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.lay_json(item)),
            Json::Object(entries) => entries.values_mut().for_each(|value| self.lay_json(value)),
            _ => {}
        }
    }

    fn replace(&self, text: &mut String) {
        if let Some(time) = self.resolve(text) {
            *text = time;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginning(times: Times) -> Beginning {
        // A moment after midnight in Moscow, and still the day before in UTC.
        Beginning { now: "2026-11-26T21:30:15.250Z".parse().expect("a time"), times }
    }

    #[test]
    fn spans_and_days_count_from_the_beginning_in_moscow() {
        let zoned = |text: &str| beginning(Times::Zoned).resolve(text);
        assert_eq!(zoned("now").as_deref(), Some("2026-11-27T00:30:15+03:00"));
        assert_eq!(zoned("now-45m").as_deref(), Some("2026-11-26T23:45:15+03:00"));
        assert_eq!(zoned("now+2h").as_deref(), Some("2026-11-27T02:30:15+03:00"));
        assert_eq!(zoned("day+0 09:00").as_deref(), Some("2026-11-27T09:00:00+03:00"));
        assert_eq!(zoned("day-27 14:05:30").as_deref(), Some("2026-10-31T14:05:30+03:00"));
        assert_eq!(beginning(Times::Civil).resolve("day-1 18:00").as_deref(), Some("2026-11-26T18:00:00"));
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in [
            "",
            "no",
            "nowhere",
            "now-",
            "now-soon",
            "day-3",
            "day-3 25:00",
            "day 14:05",
            "day-x 14:05",
            "day--1 14:05",
        ] {
            assert_eq!(beginning(Times::Zoned).resolve(text), None, "{text}");
        }
    }

    #[test]
    fn a_tree_is_laid_whole_and_keeps_its_places() {
        let mut node = Node::parse("rows: [{ at: now-1m, name: nowhere }]\n").expect("good");
        assert!(is_in(&node));
        beginning(Times::Zoned).lay(&mut node);
        assert_eq!(
            node.to_json(),
            serde_json::json!({"rows": [{"at": "2026-11-27T00:29:15+03:00", "name": "nowhere"}]})
        );
        let mut json = serde_json::json!({"rows": [{"at": "now-1m", "name": "nowhere"}]});
        assert!(may_be_in_json(&json.to_string()));
        beginning(Times::Zoned).lay_json(&mut json);
        assert_eq!(node.to_json(), json);
    }
}
