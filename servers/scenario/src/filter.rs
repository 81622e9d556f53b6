//! How far a journal entry is from what is meant: which conditions it does not meet.

use serde::Serialize;
use serde_json::Value;
use stend_core::World;
use stend_core::fault::glob;
use stend_core::journal::{Channel, Entry, Kind, body};

use crate::entries::Wanted;
use crate::expect::Paths;
use crate::matcher::{Matcher, find, is_long, short};

/// A condition that an entry does not meet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unmet {
    /// What was asked for: `status`, or `reply $.data.id`.
    pub condition: String,
    /// What was expected.
    pub expected: String,
    /// What was found; nothing where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
    /// Both in a sentence.
    #[serde(skip)]
    why: String,
}

impl Unmet {
    fn text(condition: &str, expected: &str, found: &str) -> Self {
        Self {
            condition: condition.to_owned(),
            expected: expected.to_owned(),
            found: Some(found.into()),
            why: format!("expected {expected}, found {found}"),
        }
    }
}

/// As a sentence.
impl std::fmt::Display for Unmet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.condition, self.why)
    }
}

/// An entry in a few words.
pub(crate) fn named(entry: &Entry, world: &World) -> String {
    format!("{} {} at {}", entry.method(), entry.path(), world.local(entry.at))
}

/// Conditions on journal entries, ready to be asked.
pub(crate) struct Filter {
    pub(crate) wanted: Wanted,
    pub(crate) status: Option<Matcher>,
    pub(crate) request: Paths,
    pub(crate) reply: Paths,
}

/// A condition that is not met: how much it matters (another operation is farther than another status), and
/// the rest for who wants it. Says whether the conditions after it are to be asked too.
type Tell<'t> = &'t mut dyn FnMut(u32, &dyn Fn() -> Unmet) -> bool;

const SERVICE: u32 = 32;
const CHANNEL: u32 = 16;
const OPERATION: u32 = 16;
const PATH: u32 = 16;
const METHOD: u32 = 4;
const CLIENT: u32 = 2;
const HEADER: u32 = 2;
/// Of all that is left: fault, status, warnings, what bodies hold.
const DETAIL: u32 = 1;

/// From this weight on an entry is of another kind than what is meant.
pub(crate) const OF_ANOTHER_KIND: u32 = 16;

/// Which conditions the kind of an entry meets.
pub(crate) struct OfKind {
    service: bool,
    channel: bool,
    operation: bool,
    status: Result<(), String>,
}

impl OfKind {
    /// All of them.
    pub(crate) const MET: Self = Self { service: true, channel: true, operation: true, status: Ok(()) };

    /// How far an entry of this kind is from what is meant, whatever else it is.
    pub(crate) fn weight(&self) -> u32 {
        let conditions = [
            (self.service, SERVICE),
            (self.channel, CHANNEL),
            (self.operation, OPERATION),
            (self.status.is_ok(), DETAIL),
        ];
        conditions.into_iter().filter(|(met, _)| !met).map(|(_, weight)| weight).sum()
    }
}

impl Filter {
    /// Whether all conditions are met.
    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        self.conditions(entry, &self.of_kind(&entry.kind()), &mut |_, _| false)
    }

    /// The same for an entry of a wanted kind.
    pub(crate) fn matches_beyond_kind(&self, entry: &Entry) -> bool {
        self.conditions(entry, &OfKind::MET, &mut |_, _| false)
    }

    /// All conditions that an entry does not meet.
    pub(crate) fn unmet(&self, entry: &Entry) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        self.conditions(entry, &self.of_kind(&entry.kind()), &mut |_, one| {
            unmet.push(one());
            true
        });
        unmet
    }

    /// How much the conditions matter that an entry does not meet.
    pub(crate) fn weight(&self, entry: &Entry, of_kind: &OfKind) -> u32 {
        let mut sum = 0;
        self.conditions(entry, of_kind, &mut |weight, _| {
            sum += weight;
            true
        });
        sum
    }

    /// Which conditions are met by all entries of this kind.
    pub(crate) fn of_kind(&self, kind: &Kind) -> OfKind {
        let wanted = &self.wanted.entries;
        let channels = self.channels();
        OfKind {
            service: fits(&wanted.service, kind.service),
            channel: channels.is_empty() || channels.contains(&kind.channel),
            operation: fits(&wanted.operation, operation(kind.operation)),
            status: self.status.as_ref().map_or(Ok(()), |status| status.check_status(kind.status)),
        }
    }

    /// What an entry of a wanted kind that does not match misses at the least; nothing where its kind says it all.
    pub(crate) fn least_beyond_kind(&self) -> Option<u32> {
        let wanted = &self.wanted.entries;
        let in_bodies = !self.request.is_empty() || !self.reply.is_empty();
        let conditions = [
            (wanted.path.is_some(), PATH),
            (wanted.method.is_some(), METHOD),
            (wanted.client.is_some(), CLIENT),
            (!wanted.header.is_empty(), HEADER),
            (wanted.fault.is_some() || wanted.warned.is_some() || in_bodies, DETAIL),
        ];
        conditions.into_iter().filter(|(asked, _)| *asked).map(|(_, weight)| weight).min()
    }

    fn channels(&self) -> &[Channel] {
        self.wanted.entries.channel.as_ref().map_or(self.wanted.channels, std::slice::from_ref)
    }

    /// Asks the conditions and passes on each that is not met, for as long as the callback says so: those that the kind answers, then
    /// the head, then the bodies. Whether all are met.
    fn conditions(&self, entry: &Entry, of_kind: &OfKind, tell: Tell<'_>) -> bool {
        let mut met = true;
        let mut ask = |holds: bool, weight: u32, unmet: &dyn Fn() -> Unmet| {
            met &= holds;
            holds || tell(weight, unmet)
        };
        let goes_on = self.head(entry, of_kind, &mut ask);
        if goes_on {
            self.bodies(entry, &mut ask);
        }
        met
    }

    /// Asks all but the bodies. Whether to go on.
    fn head(&self, entry: &Entry, of_kind: &OfKind, ask: &mut Ask<'_>) -> bool {
        let wanted = &self.wanted.entries;
        let text = |key: &str, wanted: &Option<String>, found: &str| {
            Unmet::text(key, wanted.as_deref().unwrap_or_default(), found)
        };
        let words = || self.channels().iter().map(|channel| channel.word()).collect::<Vec<_>>().join(" or ");
        let clients = || entry.clients().collect::<Vec<_>>().join(", ");
        let header = |name: &str| entry.headers().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let fault = entry.fault.as_deref().unwrap_or("");
        let warnings = || if entry.warnings.is_empty() { "none".into() } else { format!("{:?}", entry.warnings) };
        let some_or_none = if wanted.warned == Some(true) { "some" } else { "none" };
        let is = |wanted: &Option<String>, holds: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(holds);
        ask(of_kind.service, SERVICE, &|| text("fake", &wanted.service, entry.service))
            && ask(of_kind.channel, CHANNEL, &|| Unmet::text("way", &words(), entry.channel.word()))
            && ask(of_kind.operation, OPERATION, &|| text("operation", &wanted.operation, operation(entry.operation)))
            && ask(is(&wanted.path, &|path| glob(path, entry.path())), PATH, &|| {
                text("path", &wanted.path, entry.path())
            })
            && ask(is(&wanted.method, &|method| method.eq_ignore_ascii_case(entry.method())), METHOD, &|| {
                text("method", &wanted.method, entry.method())
            })
            && ask(is(&wanted.client, &|client| entry.clients().any(|given| glob(client, given))), CLIENT, &|| {
                text("client", &wanted.client, &clients())
            })
            && wanted.header.iter().all(|(name, value)| {
                let given = header(name).map(|(_, given)| given);
                ask(given.is_some_and(|given| glob(value, given)), HEADER, &|| {
                    Unmet::text(&format!("header {name}"), value, given.unwrap_or("nothing"))
                })
            })
            && ask(is(&wanted.fault, &|wanted| glob(wanted, fault)), DETAIL, &|| {
                text("fault", &wanted.fault, if fault.is_empty() { "none" } else { fault })
            })
            && ask(of_kind.status.is_ok(), DETAIL, &|| Unmet {
                condition: "status".into(),
                expected: self.status.as_ref().map(Matcher::describe).unwrap_or_default(),
                found: Some(entry.status.into()),
                why: of_kind.status.clone().err().unwrap_or_default(),
            })
            && ask(wanted.warned.is_none_or(|wanted| wanted != entry.warnings.is_empty()), DETAIL, &|| {
                Unmet::text("remarks", some_or_none, &warnings())
            })
    }

    /// The same for the bodies.
    fn bodies(&self, entry: &Entry, ask: &mut Ask<'_>) -> bool {
        [("request", &self.request, &entry.request), ("reply", &self.reply, &entry.reply)].into_iter().all(
            |(key, paths, bytes)| {
                if paths.is_empty() {
                    return true;
                }
                let value = body(bytes);
                paths.iter().all(|(text, path, matcher)| {
                    let found = find(path, text, &value);
                    let described = matcher.check(found.as_ref());
                    ask(described.is_ok(), DETAIL, &|| Unmet {
                        condition: format!("{key} {text}"),
                        expected: matcher.describe(),
                        found: found
                            .as_ref()
                            .map(|found| if is_long(found) { short(found).into() } else { found.clone() }),
                        why: described.clone().err().unwrap_or_default(),
                    })
                })
            },
        )
    }
}

/// Asks one condition: whether it holds, how much it matters, and what to say of it. Whether to go on.
type Ask<'a> = dyn FnMut(bool, u32, &dyn Fn() -> Unmet) -> bool + 'a;

fn fits(wanted: &Option<String>, given: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| glob(wanted, given))
}

/// What stands for an operation in conditions.
fn operation(operation: Option<&'static str>) -> &'static str {
    operation.unwrap_or("none")
}
