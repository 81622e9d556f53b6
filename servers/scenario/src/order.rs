//! Expectations over the order of things: these in this order, and one before another or before a moment.

use std::fmt;

use serde::Deserialize;
use stend_core::journal::Entry;
use stend_core::{Problem, Raw, Registry, Span, Timestamp, World};

use crate::entries::{Happening, Wanted, plural};
use crate::expect::Miss;
use crate::filter::{Filter, named};
use crate::subst::{Captured, fill_string};

/// One thing before another, or before a moment.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Before {
    /// What comes first; of several the first, or the n-th.
    first: Happening,
    /// What comes after it; of several the first, or the n-th.
    then: Option<Happening>,
    /// The moment before which it comes: RFC 3339, or in a scenario a span since its start, such as `90s`.
    #[schemars(with = "Option<serde_json::Value>")]
    moment: Option<Raw>,
}

/// A moment as it is written.
enum Moment {
    At(Timestamp),
    Since(Span),
}

fn moment(raw: &Raw, captured: Option<&Captured>) -> Result<Moment, Problem> {
    let json = raw.0.to_json();
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    let text = match captured {
        Some(captured) => fill_string(&text, captured)?,
        None => text,
    };
    let wrong = |_| {
        Problem::invalid(format!("`{text}` is no moment"))
            .hint("a time such as 2026-11-21T12:00:00+03:00, or a span since the scenario's start such as 90s")
            .under("moment")
    };
    match text.parse::<Timestamp>() {
        Ok(at) => Ok(Moment::At(at)),
        Err(_) => text.parse().map(Moment::Since).map_err(wrong),
    }
}

impl Before {
    /// Whether it can be meant.
    pub(crate) fn check(&self, registry: &Registry) -> Result<(), Problem> {
        check_one(&self.first, registry).map_err(|problem| problem.under("first"))?;
        match (&self.then, &self.moment) {
            (Some(then), None) => check_one(then, registry).map_err(|problem| problem.under("then")),
            (None, Some(raw)) if raw.0.as_text().is_some_and(|text| text.contains("${")) => Ok(()),
            (None, Some(raw)) => moment(raw, None).map(|_| ()),
            (Some(_), Some(_)) => {
                Err(Problem::invalid("before what: `then` and `moment` in one").hint("write an expectation for each"))
            }
            (None, None) => {
                Err(Problem::new("missing_key", "before what?")
                    .hint("give `then` with what comes after, or a `moment`"))
            }
        }
    }

    /// Refuses a moment that counts from a start, where there is none.
    pub(crate) fn check_absolute(&self) -> Result<(), Problem> {
        match self.moment.as_ref().map(|raw| moment(raw, None)).transpose()? {
            Some(Moment::Since(span)) => {
                Err(Problem::invalid(format!("{span} counts from a scenario's start, and there is none here"))
                    .hint("give a time such as 2026-11-21T12:00:00+03:00")
                    .under("moment"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it holds.
    pub(crate) fn verify(&self, world: &World, captured: &Captured, start: Option<Timestamp>) -> Result<(), Miss> {
        let dropped = world.journal.fill().dropped;
        let first = find(&self.first.wanted(), world, captured, "first")?;
        if let Some(then) = &self.then {
            let then = find(&then.wanted(), world, captured, "then")?;
            if first.seq > then.seq {
                let message = format!("before: {} came after {}", Numbered(&first, world), Numbered(&then, world));
                return Err(Miss { nearest: Some(first.to_json()), ..Miss::say(message) });
            }
        }
        if let Some(raw) = &self.moment {
            let at = match moment(raw, Some(captured)).map_err(Miss::of)? {
                Moment::At(at) => at,
                Moment::Since(span) => span.after(start.unwrap_or(Timestamp::UNIX_EPOCH)),
            };
            if first.at >= at {
                let late = Span::between(at, first.at);
                let message = format!(
                    "before: {} came {late} too late: expected before {}",
                    Numbered(&first, world),
                    world.local(at)
                );
                return Err(Miss { nearest: Some(first.to_json()), ..Miss::say(message) });
            }
        }
        // What was dropped may have been the true first.
        if dropped > 0 && self.then.is_some() { Err(Miss::untrusted("before", dropped)) } else { Ok(()) }
    }
}

/// Whether a happening stands for one.
fn check_one(happening: &Happening, registry: &Registry) -> Result<(), Problem> {
    let wanted = happening.wanted();
    wanted.check(registry).and_then(|()| wanted.check_single())
}

/// The entry that is meant, or the miss that says what came nearest.
fn find(wanted: &Wanted, world: &World, captured: &Captured, key: &str) -> Result<Entry, Miss> {
    let filter = wanted.filter(captured).map_err(Miss::of)?;
    let nth = wanted.entries.nth.unwrap_or(1);
    filter.nth(&world.journal, world.journal.all(), nth).map_err(|count| match count {
        0 => never_came(&format!("before: `{key}`"), wanted, world, &filter, 0),
        _ => Miss::say(format!("before: `{key}` is number {nth}, and {count} {} match", plural(wanted.word))),
    })
}

/// The miss of something that did not come after entry `after`.
fn never_came(what: &str, wanted: &Wanted, world: &World, filter: &Filter, after: u64) -> Miss {
    let mut miss = Miss::say(format!("{what} ({}) did not happen", wanted.title()));
    match filter.nearest(&world.journal, after + 1..=world.journal.newest()) {
        Some(nearest) => {
            miss.message.push_str(&format!("; {}", nearest.describe(world)));
            miss.nearest = Some(nearest.entry.to_json());
            miss.unmet = nearest.unmet;
        }
        None => miss.message.push_str(if after > 0 { "; nothing came after that" } else { "; nothing came at all" }),
    }
    miss
}

/// Whether a list of happenings can be meant as an order.
pub(crate) fn check_order(happenings: &[Happening], registry: &Registry) -> Result<(), Problem> {
    if happenings.len() < 2 {
        return Err(Problem::invalid("an order of less than two things").hint("use `journal` or `push` for one"));
    }
    happenings.iter().enumerate().try_for_each(|(i, happening)| {
        let wanted = happening.wanted();
        if wanted.entries.nth.is_some() {
            let problem = Problem::invalid("in an order each is the next that matches").hint("list it so often");
            return Err(problem.at([i.into(), wanted.word.into(), "nth".into()]));
        }
        check_one(happening, registry).map_err(|problem| problem.under(i))
    })
}

/// Whether these happened in this order, whatever else happened between them.
pub(crate) fn in_order(happenings: &[Happening], world: &World, captured: &Captured) -> Result<(), Miss> {
    let mut last: Option<Entry> = None;
    for (i, happening) in happenings.iter().enumerate() {
        let wanted = happening.wanted();
        let filter = wanted.filter(captured).map_err(Miss::of)?;
        let after = last.as_ref().map_or(0, |entry| entry.seq);
        // The earliest leaves the most for those that follow.
        let newest = world.journal.newest();
        if let Ok(entry) = filter.nth(&world.journal, after + 1..=newest, 1) {
            last = Some(entry);
            continue;
        }
        let what = format!("order: number {} of {}", i + 1, happenings.len());
        let earlier = filter.last(&world.journal, 1..=newest);
        let (Some(before), Some(earlier)) = (&last, earlier) else {
            let mut miss = never_came(&what, &wanted, world, &filter, after);
            if let Some(before) = &last {
                miss.message = miss.message.replacen(
                    " did not happen",
                    &format!(" did not happen after {}", Numbered(before, world)),
                    1,
                );
            }
            return Err(untrusted_too(miss, world));
        };
        let message = format!(
            "{what} ({}) did not happen after {}; it came before, the last time as {}",
            wanted.title(),
            Numbered(before, world),
            Numbered(&earlier, world)
        );
        return Err(untrusted_too(Miss { nearest: Some(earlier.to_json()), ..Miss::say(message) }, world));
    }
    Ok(())
}

fn untrusted_too(mut miss: Miss, world: &World) -> Miss {
    let dropped = world.journal.fill().dropped;
    if dropped > 0 {
        miss.message.push_str(&format!("; {dropped} older entries were dropped"));
    }
    miss
}

/// An entry with its number in the journal.
struct Numbered<'a>(&'a Entry, &'a World);

impl fmt::Display for Numbered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}, {}", self.0.seq, named(self.0, self.1))
    }
}
