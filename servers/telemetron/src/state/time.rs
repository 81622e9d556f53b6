//! Moments as the API reads and prints them, and the periods of its queries.

mod period;

use std::fmt;

use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use period::{Asked, COLLECTIONS, EVENTS, HISTORY, Limits, Period, REPORTS, STATISTICS, SUMMARIES};

/// A moment, to the second: the API knows no finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(pub(crate) i64);

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(at.as_duration().as_secs() - i64::from(at.subsec_nanosecond() < 0))
    }
}

impl Moment {
    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }

    pub(crate) fn after(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// In a zone: the local date and time, and the offset.
    pub(crate) fn local(self, zone: &TimeZone) -> (civil::DateTime, Offset) {
        let at = self.timestamp();
        let offset = zone.to_offset(at);
        (offset.to_datetime(at), offset)
    }

    /// `2018-10-09T00:59:48+03:00`.
    pub(crate) fn iso(self, zone: &TimeZone) -> Iso {
        let (local, offset) = self.local(zone);
        Iso { local, offset }
    }

    /// `2020-08-26 13:47:24`: local, without a zone.
    pub(crate) fn plain(self, zone: &TimeZone) -> String {
        let local = self.local(zone).0;
        format!("{} {}", local.date(), Clock(local.time()))
    }

    /// `2016-02-14T22:44:33`: local, without a zone.
    pub(crate) fn naive(self, zone: &TimeZone) -> String {
        let local = self.local(zone).0;
        format!("{}T{}", local.date(), Clock(local.time()))
    }

    /// `2019-12-20 09:54:57+00`.
    pub(crate) fn short_utc(self) -> String {
        format!("{}+00", self.plain(&TimeZone::UTC))
    }

    /// `2020-01-01T07:00:00.000000Z`.
    pub(crate) fn micros_utc(self) -> String {
        format!("{}.000000Z", self.naive(&TimeZone::UTC))
    }

    /// `20191217T155100`.
    pub(crate) fn compact(self, zone: &TimeZone) -> String {
        self.local(zone).0.strftime("%Y%m%dT%H%M%S").to_string()
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.timestamp())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Written)
    }
}

/// Reads a moment with its zone, and says what one looks like.
struct Written;

impl Visitor<'_> for Written {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a moment like 2018-10-09T00:59:48+03:00")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        let moment = text.parse::<Timestamp>().map(Moment::from);
        moment.map_err(|_| E::custom(format!("expected a moment like 2018-10-09T00:59:48+03:00, found `{text}`")))
    }
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A moment as a request gives it, in any form that clients write (T3).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent(pub(crate) Moment);

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let moment = parse(&String::deserialize(deserializer)?, &default_zone());
        moment.map(Self).ok_or_else(|| de::Error::custom("The :attribute is not a valid date."))
    }
}

impl JsonSchema for Sent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SentMoment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": r"^\s*\d{4}-\d{2}-\d{2}.*$" })
    }
}

struct Clock(civil::Time);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time) = self;
        write!(f, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
    }
}

/// A local time with its offset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Iso {
    local: civil::DateTime,
    offset: Offset,
}

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.local.date();
        let (year, month, day) = (date.year(), date.month(), date.day());
        write!(f, "{year:04}-{month:02}-{day:02}T{}{}", Clock(self.local.time()), Hours(self.offset))
    }
}

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An offset as `-04:00`.
pub(crate) struct Hours(pub(crate) Offset);

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.seconds();
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// The zone of everything that names none (T3).
pub(crate) fn default_zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(3))
}

/// Reads the forms in which clients write moments (T3): a `T` or a space in the middle, seconds or none, a zone as
/// `+03:00`, `+0300`, `+03`, `Z` or none, and a space where a client forgot to escape the `+`.
pub(crate) fn parse(text: &str, zone: &TimeZone) -> Option<Moment> {
    let (local, offset) = parts(text)?;
    match offset {
        Some(offset) => offset.to_timestamp(local).ok().map(Moment::from),
        None => zone.to_timestamp(local).ok().map(Moment::from),
    }
}

/// The same, of which only date and clock count.
fn parse_wall_clock(text: &str, zone: &TimeZone) -> Option<Moment> {
    zone.to_timestamp(parts(text)?.0).ok().map(Moment::from)
}

/// Date and clock, and the offset that is named.
fn parts(text: &str) -> Option<(civil::DateTime, Option<Offset>)> {
    let text = text.trim();
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let date: civil::Date = date.parse().ok()?;
    if rest.is_empty() {
        return Some((date.to_datetime(civil::Time::midnight()), None));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?.trim_start();
    let split = rest.find(['+', '-', ' ', 'Z', 'z']).unwrap_or(rest.len());
    let (clock, mark) = rest.split_at(split);
    let clock = clock.split_once(['.', ',']).map_or(clock, |(whole, _)| whole);
    let parts: Vec<&str> = clock.split(':').collect();
    let field = |part: &str| -> Option<i8> {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    };
    let time = match parts.as_slice() {
        [hour, minute] => civil::Time::new(field(hour)?, field(minute)?, 0, 0).ok()?,
        [hour, minute, second] => civil::Time::new(field(hour)?, field(minute)?, field(second)?, 0).ok()?,
        _ => return None,
    };
    Some((date.to_datetime(time), offset(mark)?))
}

/// `None` when it is no offset at all, `Some(None)` when there is none.
fn offset(mark: &str) -> Option<Option<Offset>> {
    let mark = mark.trim_end();
    let (negative, digits) = match mark.as_bytes().first() {
        None => return Some(None),
        Some(b'Z' | b'z') => return (mark.len() == 1).then_some(Some(Offset::UTC)),
        Some(sign) => (*sign == b'-', &mark[1..]),
    };
    let digits: String = digits.trim_start().chars().filter(|character| *character != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
    let seconds = (hours * 60 + minutes) * 60;
    // As RFC 3339 has it.
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(if negative { -seconds } else { seconds }).ok().map(Some)
}

/// Whole seconds of a duration, at least one.
pub(crate) fn seconds(duration: SignedDuration) -> i64 {
    duration.as_secs().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("TM-030", "T3")]
    #[test]
    fn reads_every_form_that_clients_send() {
        let zone = default_zone();
        let moment = Moment::from("2018-01-01T00:00:00+03:00".parse::<Timestamp>().expect("a moment"));
        for text in [
            "2018-01-01T00:00:00+03:00",
            "2018-01-01 00:00:00+03",
            "2018-01-01T00:00:00 03:00",
            "2018-01-01 00:00:00 03",
            "2018-01-01T00:00:00+0300",
            "2018-01-01T00:00:00",
            "2018-01-01 00:00",
            "2018-01-01",
            "2017-12-31T21:00:00Z",
            "2017-12-31T21:00:00.999Z",
            "2017-12-31T16:30:00-04:30",
        ] {
            assert_eq!(parse(text, &zone), Some(moment), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in [
            "",
            "soon",
            "2018-13-01",
            "2018-01-01T25:00:00",
            "2018-01-01T00:00:00+99:00",
            "2018-01-01T00:00:00+25:00",
            "2018-01-01T00:00:00-24",
            "2018-01-01Z",
            "2018-01-01T1:2:3",
            "2018-01-01T00:00:00Zulu",
            "é018-01-01T00:00:00",
        ] {
            assert_eq!(parse(text, &default_zone()), None, "{text}");
        }
    }
}
