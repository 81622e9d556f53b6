//! Which journal entries are meant: requests, frames, pushes.

use std::collections::BTreeMap;

use serde::Deserialize;
use stend_core::fault::{Match, glob, is_header_name};
use stend_core::journal::Channel;
use stend_core::{Node, Problem, Raw, Registry};

use crate::expect::read_paths;
use crate::filter::Filter;
use crate::matcher::{Domain, Matcher};
use crate::subst::{Captured, fill, fill_string};

/// Which journal entries are meant; what is left out matches all.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entries {
    /// The service.
    #[serde(rename = "fake", alias = "service")]
    pub(crate) service: Option<String>,
    /// `http`, `frame` (a command on a socket), `push` or `ping`.
    #[serde(rename = "way", alias = "channel")]
    pub(crate) channel: Option<Channel>,
    /// The operation's id; of a push, its command.
    pub(crate) operation: Option<String>,
    /// The status: 200, or a class such as 5xx; 0 where nothing was sent.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) status: Option<Raw>,
    /// The HTTP method.
    pub(crate) method: Option<String>,
    /// The path without query; `*` stands for any run of characters.
    pub(crate) path: Option<String>,
    /// The login of a socket's session, or the token that a request shows; `*` as in the path.
    pub(crate) client: Option<String>,
    /// Headers with their values; `*` as in the path.
    #[serde(default)]
    pub(crate) header: BTreeMap<String, String>,
    /// Only what a fault of this name was applied to; `*` as in the path.
    pub(crate) fault: Option<String>,
    /// Only entries with a warning, or without.
    #[serde(rename = "remarked", alias = "warned")]
    pub(crate) warned: Option<bool>,
    /// JSONPaths into what the client sent, with what is expected there.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) request: Option<Raw>,
    /// JSONPaths into what the client got, with what is expected there.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) reply: Option<Raw>,
    /// Only the n-th of those that match all else, from 1.
    pub(crate) nth: Option<u64>,
    /// How many there are to be: a number or a matcher; left out, at least one.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) count: Option<Raw>,
}

/// Which of the pushes that were sent are meant; what is left out matches all.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pushes {
    /// The service.
    #[serde(rename = "fake", alias = "service")]
    pub(crate) service: Option<String>,
    /// The push's command.
    pub(crate) command: Option<String>,
    /// The login of the session of the socket that it was sent to; `*` stands for any run of characters.
    pub(crate) client: Option<String>,
    /// JSONPaths into the push, with what is expected there: `{$.data[0].id: 5}`.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) json: Option<Raw>,
    /// Only what a fault of this name was applied to; `*` as in the client.
    pub(crate) fault: Option<String>,
    /// Only the n-th of those that match all else, from 1.
    pub(crate) nth: Option<u64>,
    /// How many there are to be: a number or a matcher; left out, at least one.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) count: Option<Raw>,
}

/// Something that happens between a service and its clients.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Happening {
    /// A request, over HTTP or as a frame, once it has been answered.
    Request(Entries),
    /// A command that a client sent over a socket, once it has been answered.
    Frame(Entries),
    /// A push, once it has been sent.
    Push(Pushes),
}

impl Happening {
    /// The entries that are meant.
    pub(crate) fn wanted(&self) -> Wanted {
        match self {
            Self::Request(entries) => Wanted::of("request", entries.clone(), &[Channel::Http, Channel::Frame]),
            Self::Frame(entries) => Wanted::of("frame", entries.clone(), &[Channel::Frame]),
            Self::Push(pushes) => pushes.wanted(),
        }
    }
}

impl Pushes {
    /// The entries that are meant: those that were sent.
    pub(crate) fn wanted(&self) -> Wanted {
        let this = self.clone();
        let entries = Entries {
            service: this.service,
            operation: this.command,
            client: this.client,
            reply: this.json,
            fault: this.fault,
            nth: this.nth,
            count: this.count,
            status: Some(Raw(Node::from_json(&200.into()))),
            ..Entries::default()
        };
        Wanted::of("push", entries, &[Channel::Push])
    }
}

/// Which journal entries are meant, of which ways, and the key under which a person wrote it.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) word: &'static str,
    pub(crate) entries: Entries,
    /// Those that the key speaks of; empty: all.
    pub(crate) channels: &'static [Channel],
}

impl Wanted {
    pub(crate) fn of(word: &'static str, entries: Entries, channels: &'static [Channel]) -> Self {
        Self { word, entries, channels }
    }

    /// Whether it can be meant; the problem's path begins with the key.
    pub(crate) fn check(&self, registry: &Registry) -> Result<(), Problem> {
        let entries = &self.entries;
        let checked = match entries.channel {
            Some(channel) if !self.channels.is_empty() && !self.channels.contains(&channel) => {
                Err(Problem::invalid(format!("`{}` is not for the way `{}`", self.word, channel.word()))
                    .hint("use `journal` for entries of any way")
                    .under("way"))
            }
            _ => entries.check(registry),
        };
        let speaks = |registry: &Registry| -> Result<(), Problem> {
            let only_sockets = self.channels.iter().chain(&entries.channel).any(|channel| *channel != Channel::Http)
                && !self.channels.contains(&Channel::Http)
                && entries.channel != Some(Channel::Http);
            let (Some(service), true) = (&entries.service, only_sockets) else { return Ok(()) };
            let (_, kind) = registry.get(service)?;
            if kind.envelope().is_some() {
                return Ok(());
            }
            Err(Problem::invalid(format!("{service} has no {}: it speaks plain HTTP", plural(self.word))).under("fake"))
        };
        let problem = checked.and_then(|()| speaks(registry));
        problem.map_err(|mut problem| {
            // A push calls these keys otherwise.
            if self.word == "push"
                && let Some(stend_core::Step::Key(key)) = problem.path.0.first_mut()
            {
                match key.as_str() {
                    "operation" => *key = "command".into(),
                    "reply" => *key = "json".into(),
                    _ => {}
                }
            }
            problem.under(self.word)
        })
    }

    /// Refuses a `count` where one is meant.
    pub(crate) fn check_single(&self) -> Result<(), Problem> {
        let stray = self.entries.count.is_some();
        let problem = || Problem::invalid(format!("one {} is meant here, and not a number of them", self.word));
        if stray { Err(problem().hint("use `nth`").at([self.word.into(), "count".into()])) } else { Ok(()) }
    }

    /// The match of a fault that applies to what is meant; bodies and statuses are not known by then.
    pub(crate) fn fault_match(&self) -> Match {
        let entries = &self.entries;
        Match {
            service: entries.service.clone(),
            channel: entries.channel.or(match self.channels {
                [only] => Some(*only),
                _ => None,
            }),
            operation: entries.operation.clone(),
            method: entries.method.clone(),
            path: entries.path.clone(),
            client: entries.client.clone(),
            header: entries.header.clone(),
            nth: entries.nth,
            ..Match::default()
        }
    }

    /// Whether it says anything that is known only once all has been sent.
    pub(crate) fn looks_back(&self) -> bool {
        let entries = &self.entries;
        let of_push = self.word == "push";
        (entries.status.is_some() && !of_push)
            || entries.request.is_some()
            || entries.reply.is_some()
            || entries.warned.is_some()
            || entries.fault.is_some()
    }

    /// The same with what has been captured so far in the place of the placeholders in names, paths and headers.
    pub(crate) fn filled(&self, captured: &Captured) -> Result<Self, Problem> {
        let mut filled = self.clone();
        let entries = &mut filled.entries;
        let texts =
            [&mut entries.operation, &mut entries.method, &mut entries.path, &mut entries.client, &mut entries.fault]
                .into_iter()
                .flatten();
        for text in texts.chain(entries.header.values_mut()) {
            *text = fill_string(text, captured)?;
        }
        Ok(filled)
    }

    /// The conditions with what has been captured so far.
    pub(crate) fn filter(&self, captured: &Captured) -> Result<Filter, Problem> {
        let wanted = self.filled(captured)?;
        let read = |paths: &Option<Raw>| match paths {
            Some(paths) => fill(&paths.0.to_json(), captured).and_then(|paths| read_paths(&paths)),
            None => Ok(Vec::new()),
        };
        let status = self.entries.status.as_ref().map(|status| fill(&status.0.to_json(), captured)).transpose()?;
        let status = status.map(|status| Matcher::read(&status, Domain::Status)).transpose()?;
        Ok(Filter { status, request: read(&self.entries.request)?, reply: read(&self.entries.reply)?, wanted })
    }

    /// What is meant, in a few words.
    pub(crate) fn title(&self) -> String {
        let entries = &self.entries;
        let parts = [&entries.service, &entries.operation, &entries.method, &entries.path, &entries.client];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        if parts.is_empty() { self.word.to_owned() } else { format!("{} {}", self.word, parts.join(" ")) }
    }
}

/// The plural of a key's word.
pub(crate) fn plural(word: &str) -> &'static str {
    match word {
        "request" => "requests",
        "frame" => "frames",
        "push" => "pushes",
        _ => "entries",
    }
}

/// The methods of HTTP.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

impl Entries {
    fn check(&self, registry: &Registry) -> Result<(), Problem> {
        let kinds = match &self.service {
            Some(service) => vec![registry.get(service).map_err(|problem| problem.under("fake"))?.1],
            None => registry.services().to_vec(),
        };
        if let Some(operation) = self.operation.as_ref().filter(|operation| !operation.contains("${")) {
            let known: Vec<&str> = kinds.iter().flat_map(|kind| kind.operations()).map(|known| known.id).collect();
            if !known.iter().any(|known| glob(operation, known)) {
                let of = self.service.as_ref().map(|service| format!("operation of {service}"));
                let what = of.as_deref().unwrap_or("operation");
                return Err(Problem::unknown("unknown_operation", what, operation, known).under("operation"));
            }
        }
        if self.nth == Some(0) {
            return Err(Problem::invalid("the first is 1").under("nth"));
        }
        if let Some(method) = self.method.as_ref().filter(|method| !method.contains("${")) {
            let commands = kinds.iter().flat_map(|kind| kind.operations()).filter_map(|operation| operation.command);
            let mut known = METHODS.into_iter().chain(commands);
            if !known.any(|known| known.eq_ignore_ascii_case(method)) {
                return Err(Problem::unknown("unknown_method", "method", method, METHODS).under("method"));
            }
        }
        let names = [("client", &self.client), ("fault", &self.fault)];
        if let Some((key, _)) = names.into_iter().find(|(_, name)| name.as_deref() == Some("")) {
            return Err(Problem::invalid(format!("nothing has an empty name as its {key}"))
                .hint(format!("leave `{key}` out for any, or write `*`"))
                .under(key));
        }
        if let Some(path) = self.path.as_ref().filter(|path| !path.starts_with(['/', '*']) && !path.contains("${")) {
            let problem = Problem::invalid(format!("`{path}` does not begin with `/`, as paths do"));
            return Err(problem.hint("`*` stands for any run of characters").under("path"));
        }
        if let Some(name) = self.header.keys().find(|name| !is_header_name(name)) {
            let mut problem = Problem::invalid(format!("`{name}` is no name of a header"));
            problem.at_key = true;
            return Err(problem.at(["header".into(), name.as_str().into()]));
        }
        for (key, paths) in [("request", &self.request), ("reply", &self.reply)] {
            if let Some(paths) = paths {
                read_paths(&paths.0.to_json()).map_err(|problem| problem.under(key))?;
            }
        }
        for (key, matcher, domain) in [("status", &self.status, Domain::Status), ("count", &self.count, Domain::Count)]
        {
            if let Some(matcher) = matcher {
                Matcher::read(&matcher.0.to_json(), domain).map_err(|problem| problem.under(key))?;
            }
        }
        Ok(())
    }
}
