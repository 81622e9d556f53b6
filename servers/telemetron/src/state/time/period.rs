//! The periods of queries: what may be asked for, and what it means when little is said (T4).

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, civil};

use super::{Moment, parse, parse_wall_clock};
use crate::errors::Invalid;
use crate::state::settings::{BeyondLimits, LocalPeriods, Settings};

/// What a query may ask for, and what it means when it asks for nothing (T4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The longest period, in days.
    pub(crate) days: Option<i32>,
    /// How far back it may begin.
    pub(crate) depth: Depth,
    /// Whether no period means today; otherwise it means all that may be asked for.
    pub(crate) today: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Depth {
    Days(i32),
    Months(i32),
    Any,
}

/// Events: a week long, two weeks deep.
pub(crate) const EVENTS: Limits = Limits { days: Some(7), depth: Depth::Days(14), today: false };
/// Reports: two weeks.
pub(crate) const REPORTS: Limits = Limits { days: Some(14), depth: Depth::Days(14), today: false };
/// Statistics of a machine, and receipts.
pub(crate) const STATISTICS: Limits = Limits { days: Some(31), depth: Depth::Months(2), today: true };
/// Statistics over all machines.
pub(crate) const SUMMARIES: Limits = Limits { days: Some(7), depth: Depth::Months(2), today: true };
/// The history of loadings: the document names no limit.
pub(crate) const HISTORY: Limits = Limits { days: None, depth: Depth::Any, today: false };
/// Collections: the document names no limit.
pub(crate) const COLLECTIONS: Limits = Limits { days: None, depth: Depth::Any, today: true };

/// `since` and `until` as they were sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) since: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) local: bool,
    /// With `local`, zones that are named do not count.
    pub(crate) wall_clock: bool,
    /// What is too long or too deep is cut rather than refused.
    pub(crate) cut: bool,
}

/// A period, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) since: Moment,
    pub(crate) until: Moment,
}

impl Period {
    pub(crate) fn has(self, at: Moment) -> bool {
        self.since <= at && at <= self.until
    }
}

/// A client that counts its two weeks back from now must not fail for the second its request was under way.
const GRACE: i64 = 60;

impl Asked {
    /// What a query says, to be read as the world's settings want it.
    pub(crate) fn new(since: Option<String>, until: Option<String>, local: Option<bool>, settings: &Settings) -> Self {
        Self {
            since,
            until,
            local: local.unwrap_or_default(),
            wall_clock: settings.local_periods == LocalPeriods::WallClock,
            cut: settings.beyond_limits == BeyondLimits::Cut,
        }
    }

    /// The period that is meant, in a zone.
    ///
    /// # Errors
    /// What is no date, ends before it begins, is too long or too deep: by field.
    pub(crate) fn period(&self, zone: &TimeZone, limits: Limits, now: Timestamp) -> Result<Period, Invalid> {
        let mut invalid = Invalid::default();
        let mut read = |name: &str, text: &Option<String>| {
            let text = text.as_deref().filter(|text| !text.trim().is_empty())?;
            let read = if self.local && self.wall_clock { parse_wall_clock } else { parse };
            let moment = read(text, zone);
            if moment.is_none() {
                invalid.add(name, format!("The {name} is not a valid date."));
            }
            moment
        };
        let (since, until) = (read("since", &self.since), read("until", &self.until));
        invalid.done()?;
        let present = Moment::from(now);
        let deepest = match limits.depth {
            Depth::Days(days) => Some(back(now, zone, days.days())),
            Depth::Months(months) => Some(back(now, zone, months.months())),
            Depth::Any => None,
        };
        let until = until.unwrap_or_else(|| match since {
            // A period of which only the beginning is given goes as far as it may.
            Some(since) => limits.days.map_or(present, |days| present.min(ahead(since, zone, days))).max(since),
            None => present,
        });
        let since = since.unwrap_or_else(|| {
            if limits.today {
                let day = until.local(zone).0.date().to_datetime(civil::Time::midnight());
                return zone.to_timestamp(day).map_or(until, Moment::from);
            }
            let longest = limits.days.map(|days| back(until.timestamp(), zone, days.days()));
            match (longest, deepest) {
                (Some(longest), Some(deepest)) => longest.max(deepest.min(until)),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => Moment(i64::MIN / 2),
            }
        });
        let mut invalid = Invalid::default();
        if until < since {
            invalid.add("until", "The until must be a date after or equal to since.");
        } else if self.cut {
            let since = deepest.map_or(since, |deepest| since.max(deepest));
            let until = limits.days.map_or(until, |days| until.min(ahead(since, zone, days)));
            return Ok(Period { since, until });
        } else if let Some(days) = limits.days.filter(|days| until > ahead(since, zone, *days)) {
            invalid.add("until", format!("The period may not be greater than {days} days."));
        }
        if let Some(deepest) = deepest.filter(|deepest| since.after(GRACE) < *deepest) {
            invalid.add("since", format!("The since must be a date after or equal to {}.", deepest.iso(zone)));
        }
        invalid.done()?;
        Ok(Period { since, until })
    }
}

fn back(at: Timestamp, zone: &TimeZone, span: Span) -> Moment {
    at.to_zoned(zone.clone()).checked_sub(span).map_or(Moment(i64::MIN / 2), |zoned| zoned.timestamp().into())
}

fn ahead(at: Moment, zone: &TimeZone, days: i32) -> Moment {
    at.timestamp()
        .to_zoned(zone.clone())
        .checked_add(days.days())
        .map_or(Moment(i64::MAX / 2), |zoned| zoned.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::time::default_zone;

    fn asked(since: &str, until: &str, limits: Limits) -> Result<(String, String), String> {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let asked = Asked { since: text(since), until: text(until), ..Asked::default() };
        let now = "2018-02-01T12:00:00+03:00".parse().expect("a moment");
        let zone = default_zone();
        let print = |moment: Moment| moment.iso(&zone).to_string();
        match asked.period(&zone, limits, now) {
            Ok(period) => Ok((print(period.since), print(period.until))),
            Err(invalid) => Err(invalid.0[0].1[0].clone()),
        }
    }

    #[proves("TM-212", "TM-213", "TM-358")]
    #[test]
    fn periods_have_limits_and_defaults() {
        let ok = |since: &str, until: &str| Ok((since.to_owned(), until.to_owned()));
        assert_eq!(asked("", "", STATISTICS), ok("2018-02-01T00:00:00+03:00", "2018-02-01T12:00:00+03:00"));
        assert_eq!(asked("", "", REPORTS), ok("2018-01-18T12:00:00+03:00", "2018-02-01T12:00:00+03:00"));
        assert_eq!(
            asked("2018-01-01T00:00:00+03:00", "2018-02-01T00:00:00+03:00", STATISTICS),
            ok("2018-01-01T00:00:00+03:00", "2018-02-01T00:00:00+03:00")
        );
        let long = asked("2018-01-01", "2018-02-01T00:00:01", STATISTICS);
        assert_eq!(long, Err("The period may not be greater than 31 days.".into()));
        let long = asked("2018-01-20", "2018-01-27T00:00:01", SUMMARIES);
        assert_eq!(long, Err("The period may not be greater than 7 days.".into()));
        let deep = asked("2017-12-01T11:00:00", "2017-12-02", STATISTICS);
        assert_eq!(deep, Err("The since must be a date after or equal to 2017-12-01T12:00:00+03:00.".into()));
        // A minute's grace, for a client that counts back from its own now.
        assert!(asked("2017-12-01T11:59:00", "2017-12-02", STATISTICS).is_ok());
        assert!(asked("2017-12-01T11:58:59", "2017-12-02", STATISTICS).is_err());
        // One end alone.
        assert_eq!(
            asked("", "2018-01-20T10:00:00", STATISTICS),
            ok("2018-01-20T00:00:00+03:00", "2018-01-20T10:00:00+03:00")
        );
        assert_eq!(asked("2018-01-20", "", SUMMARIES), ok("2018-01-20T00:00:00+03:00", "2018-01-27T00:00:00+03:00"));
        let backwards = asked("2018-02-01", "2018-01-31", STATISTICS);
        assert_eq!(backwards, Err("The until must be a date after or equal to since.".into()));
    }
}
