//! Whether a fault can be meant: what is refused before anything happens.

use super::{Delay, Fault, Match, Reset, glob};
use crate::journal::Channel;
use crate::near;
use crate::problem::Problem;
use crate::service::{AnyService, Registry};

/// An effect: its key, what it can be done to, and what it is done to unless the match says otherwise.
pub struct EffectKind {
    /// Its key in a fault.
    pub key: &'static str,
    /// What it can be done to.
    pub channels: &'static [Channel],
    pub(super) by_default: &'static [Channel],
    /// Whether it can be done to the handshake that opens a socket, which has a status but no body to spoil.
    pub on_handshake: bool,
}

const REQUESTS: &[Channel] = &[Channel::Http, Channel::Frame];
const ANYTHING_SENT: &[Channel] = &[Channel::Http, Channel::Frame, Channel::Push];
const PUSHES: &[Channel] = &[Channel::Push];

/// All effects, in the order in which they are documented.
static EFFECTS: [EffectKind; 12] = [
    EffectKind { key: "delay", channels: ANYTHING_SENT, by_default: REQUESTS, on_handshake: true },
    EffectKind { key: "respond", channels: REQUESTS, by_default: REQUESTS, on_handshake: true },
    EffectKind { key: "quota", channels: REQUESTS, by_default: REQUESTS, on_handshake: true },
    EffectKind { key: "reset", channels: ANYTHING_SENT, by_default: REQUESTS, on_handshake: true },
    EffectKind { key: "truncate", channels: ANYTHING_SENT, by_default: REQUESTS, on_handshake: false },
    EffectKind { key: "dribble", channels: REQUESTS, by_default: REQUESTS, on_handshake: false },
    EffectKind { key: "garbage", channels: ANYTHING_SENT, by_default: REQUESTS, on_handshake: false },
    EffectKind { key: "drop", channels: PUSHES, by_default: PUSHES, on_handshake: false },
    EffectKind { key: "duplicate", channels: PUSHES, by_default: PUSHES, on_handshake: false },
    EffectKind { key: "reorder", channels: PUSHES, by_default: PUSHES, on_handshake: false },
    EffectKind {
        key: "close",
        channels: &[Channel::Frame, Channel::Push],
        by_default: &[Channel::Frame],
        on_handshake: false,
    },
    EffectKind { key: "no_pong", channels: &[Channel::Ping], by_default: &[Channel::Ping], on_handshake: false },
];

/// All effects that a fault can have, of which it has one.
pub fn effects() -> impl Iterator<Item = &'static EffectKind> {
    EFFECTS.iter()
}

/// The most bytes of garbage.
const MOST_GARBAGE: usize = 1 << 20;

/// The most characters of an id.
const LONGEST_ID: usize = 100;

/// The most pushes that one can be put behind.
const FARTHEST: u32 = 1_000;

fn what(channel: Channel) -> &'static str {
    match channel {
        Channel::Http => "an HTTP request",
        Channel::Frame => "a command on a socket",
        Channel::Push => "a push",
        Channel::Ping => "a ping",
    }
}

fn words(channels: &[Channel]) -> String {
    channels.iter().map(|channel| format!("`{}`", channel.word())).collect::<Vec<_>>().join(" or ")
}

fn has_commands(kind: &dyn AnyService) -> bool {
    kind.operations().iter().any(|operation| operation.command.is_some())
}

impl Fault {
    /// The effects that are given; a fault that was checked has one.
    pub(super) fn effects(&self) -> impl Iterator<Item = &'static EffectKind> {
        let given = [
            self.delay.is_some(),
            self.respond.is_some(),
            self.quota.is_some(),
            self.reset.is_some(),
            self.truncate.is_some(),
            self.dribble.is_some(),
            self.garbage.is_some(),
            self.drop.is_some(),
            self.duplicate.is_some(),
            self.reorder.is_some(),
            self.close.is_some(),
            self.no_pong.is_some(),
        ];
        EFFECTS.iter().zip(given).filter(|(_, given)| *given).map(|(effect, _)| effect)
    }

    /// Whether this effect of it can be done to the handshake that opens a socket, after which there is no work to do.
    pub(super) fn is_on_handshakes(&self, effect: &EffectKind) -> bool {
        effect.on_handshake && self.reset != Some(Reset::After)
    }

    /// Whether it can be meant.
    ///
    /// # Errors
    /// No effect, more than one, an effect on what it cannot be done to, or a value out of range.
    pub fn check(&self) -> Result<(), Problem> {
        self.check_id()?;
        let effect = self.one_effect()?;
        if let Some(channel) = self.matching.channel.filter(|channel| !effect.channels.contains(channel)) {
            let message = format!("`{}` cannot be done to {}", effect.key, what(channel));
            return Err(Problem::invalid(message)
                .hint(format!("it is for `way` {}", words(effect.channels)))
                .at(["match".into(), "way".into()]));
        }
        self.check_values()?;
        self.matching.check().map_err(|problem| problem.under("match"))?;
        if self.is_for(Channel::Ping) {
            let given = [("operation", &self.matching.operation), ("method", &self.matching.method)];
            if let Some((key, _)) = given.into_iter().find(|(_, given)| given.is_some()) {
                return Err(Problem::invalid(format!("a ping has no {key}"))
                    .hint("match by fake, client, path, header and time")
                    .at(["match".into(), key.into()]));
            }
        }
        Ok(())
    }

    /// Whether it is one to put in: one that is off would do nothing.
    ///
    /// # Errors
    /// It is off.
    pub fn check_on(&self) -> Result<(), Problem> {
        if self.off {
            let problem = Problem::invalid("a fault that is off does nothing").under("off");
            return Err(problem.hint("leave `off` out; the control API switches a fault off once it is there"));
        }
        Ok(())
    }

    /// Whether it can be meant for these services.
    ///
    /// # Errors
    /// As [`Fault::check`]; and an unknown service or operation, or an effect that the service's protocol does not know.
    pub fn check_for(&self, registry: &Registry) -> Result<(), Problem> {
        self.check()?;
        let effect = self.one_effect()?;
        let kinds = self.matching.kinds(registry).map_err(|problem| problem.under("match"))?;
        self.matching.check_request(&kinds).map_err(|problem| problem.under("match"))?;
        let channels = match &self.matching.channel {
            Some(channel) => std::slice::from_ref(channel),
            None => effect.by_default,
        };
        // Over HTTP a socket's service has its handshake, and that only if the match says so.
        let shakes_hands = self.matching.channel == Some(Channel::Http);
        let can = |kind: &dyn AnyService, channel: Channel| match (has_commands(kind), channel == Channel::Http) {
            (true, true) => shakes_hands && self.is_on_handshakes(effect) && self.matching.operation.is_none(),
            (on_socket, over_http) => on_socket != over_http,
        };
        if kinds.iter().any(|kind| channels.iter().any(|channel| can(*kind, *channel))) {
            return Ok(());
        }
        if shakes_hands {
            return Err(match self.matching.operation {
                Some(_) => Problem::invalid("a socket's handshake has no operation")
                    .hint("match by path, client, header and time; commands have the way `frame`")
                    .at(["match".into(), "operation".into()]),
                None if self.reset == Some(Reset::After) => {
                    Problem::invalid("a socket's handshake does no work after which it could be reset")
                        .hint("`reset: before` is for handshakes; commands have the way `frame`")
                        .under(effect.key)
                }
                None => Problem::invalid(format!("`{}` cannot be done to a socket's handshake", effect.key))
                    .hint("`delay`, `respond`, `quota` and `reset` can; commands have the way `frame`")
                    .under(effect.key),
            });
        }
        let names = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        let problem = Problem::invalid(format!(
            "`{}` is for {}, and what matches ({names}) is plain HTTP, without pushes",
            effect.key,
            words(channels)
        ));
        Err(match self.matching.channel {
            Some(_) => problem.hint("the way can be `http`").at(["match".into(), "way".into()]),
            None => problem.under(effect.key),
        })
    }

    fn one_effect(&self) -> Result<&'static EffectKind, Problem> {
        let mut given = self.effects();
        let all = || EFFECTS.iter().map(|effect| format!("`{}`", effect.key)).collect::<Vec<_>>().join(", ");
        let first = given
            .next()
            .ok_or_else(|| Problem::invalid("a fault without an effect").hint(format!("give one of {}", all())))?;
        match given.next() {
            None => Ok(first),
            Some(second) => {
                let message = format!("a fault has one effect, and here are `{}` and `{}`", first.key, second.key);
                Err(Problem::invalid(message).hint("write a fault for each").under(second.key))
            }
        }
    }

    /// A fault is asked for by its id in a path, and named in messages.
    fn check_id(&self) -> Result<(), Problem> {
        let Some(id) = &self.id else { return Ok(()) };
        let count = id.chars().count();
        let odd = |c: char| c == '/' || c == '*' || c.is_control();
        if (1..=LONGEST_ID).contains(&count) && !id.contains(odd) && !matches!(id.as_str(), "." | "..") {
            return Ok(());
        }
        let shown: String = id.chars().take(LONGEST_ID).collect();
        Err(Problem::invalid(format!("{shown:?} cannot be the id of a fault"))
            .hint(format!("1 to {LONGEST_ID} characters without `/`, `*` and control characters, e.g. `slow-menu`"))
            .under("id"))
    }

    fn check_values(&self) -> Result<(), Problem> {
        let wrong = |key: &'static str, text: String| Err(Problem::invalid(text).under(key));
        let switches = [("drop", self.drop), ("duplicate", self.duplicate), ("no_pong", self.no_pong)];
        if let Some((key, _)) = switches.into_iter().find(|(_, given)| *given == Some(false)) {
            return wrong(key, format!("`{key}: false` does nothing"));
        }
        if self.times == Some(0) {
            return wrong("times", "`times: 0` does nothing".into());
        }
        match self {
            Self { reset: Some(Reset::After), matching: Match { channel: Some(Channel::Push), .. }, .. } => {
                Err(Problem::invalid("a push does no work after which its connection could be reset")
                    .hint("`reset: before` resets the connection in the place of the push")
                    .under("reset"))
            }
            Self { respond: Some(respond), .. } => respond.check().map_err(|problem| problem.under("respond")),
            Self { truncate: Some(percent), .. } if *percent > 99 => {
                wrong("truncate", format!("{percent} % cuts nothing off; 0 to 99 does"))
            }
            Self { delay: Some(delay), .. } if delay.is_none() => {
                wrong("delay", "a delay of no time does nothing".into())
            }
            Self { garbage: Some(0), .. } => wrong("garbage", "no garbage does nothing".into()),
            Self { garbage: Some(bytes), .. } if *bytes > MOST_GARBAGE => {
                wrong("garbage", "1 MiB of garbage at the most".into())
            }
            Self { dribble: Some(dribble), .. } if dribble.bytes == 0 => {
                wrong("dribble", "pieces of 0 bytes never end".into())
            }
            Self { quota: Some(quota), .. } if quota.window.is_zero() => wrong("quota", "a window of no time".into()),
            Self { delay: Some(Delay::Uniform(from, to)), .. } if from > to => {
                wrong("delay", format!("from {from} to {to} is backwards"))
            }
            Self { delay: Some(Delay::Lognormal { sigma, .. }), .. } if !(0.0..=10.0).contains(sigma) => {
                wrong("delay", format!("a sigma of {sigma}; it goes from 0 to 10"))
            }
            Self { reorder: Some(later), .. } if !(1..=FARTHEST).contains(later) => {
                wrong("reorder", format!("behind {later} later pushes; 1 to {FARTHEST} can be"))
            }
            // RFC 6455, 7.4: the others are not for the wire.
            Self { close: Some(code), .. } if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) => {
                Err(Problem::invalid(format!("{code} is no code that a socket can be closed with"))
                    .hint("1000 to 1003, 1007 to 1014 and 3000 to 4999 are")
                    .under("close"))
            }
            _ => Ok(()),
        }
    }
}

impl Match {
    fn check(&self) -> Result<(), Problem> {
        match (self.probability, self.nth, self.from, self.until) {
            (Some(p), ..) if !(0.0..=1.0).contains(&p) => {
                Err(Problem::invalid(format!("a probability of {p}; it goes from 0 to 1")).under("probability"))
            }
            (Some(0.0), ..) => Err(Problem::invalid("a probability of 0 never matches").under("probability")),
            (_, Some(0), ..) => Err(Problem::invalid("the first is 1").under("nth")),
            (.., Some(from), Some(until)) if until <= from => {
                Err(Problem::invalid(format!("a window that ends at {until} before it begins at {from}"))
                    .under("until"))
            }
            _ => Ok(()),
        }
    }

    /// The services that it can be for.
    fn kinds<'r>(&self, registry: &'r Registry) -> Result<Vec<&'r dyn AnyService>, Problem> {
        let mut kinds: Vec<&dyn AnyService> = match self.service.as_deref() {
            Some(service) if !service.contains('*') => {
                vec![registry.get(service).map_err(|problem| problem.under("fake"))?.1]
            }
            wanted => {
                let fits = |kind: &&dyn AnyService| wanted.is_none_or(|wanted| glob(wanted, kind.name()));
                registry.services().iter().copied().filter(fits).collect()
            }
        };
        if let (Some(service), true) = (&self.service, kinds.is_empty()) {
            let known = registry.services().iter().map(|kind| kind.name());
            return Err(Problem::unknown("unknown_fake", "service", service, known).under("fake"));
        }
        let Some(operation) = self.operation.as_deref() else { return Ok(kinds) };
        let known: Vec<&str> = kinds.iter().flat_map(|kind| kind.operations()).map(|operation| operation.id).collect();
        kinds.retain(|kind| kind.operations().iter().any(|known| glob(operation, known.id)));
        if kinds.is_empty() {
            let of = self.service.as_deref().map(|service| format!(" of {service}")).unwrap_or_default();
            let mut problem = Problem::new("unknown_operation", format!("unknown operation{of} `{operation}`"));
            problem.hint = near::hint(operation, known);
            return Err(problem.under("operation"));
        }
        Ok(kinds)
    }
}
