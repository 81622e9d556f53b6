//! The shapes of what a system answers, against the specifications. The system is our own bench, or the one that
//! `STEND_TARGET_CARBIS`, `_TILLYPAD`, `_QUEUE` or `_TELEMETRON` names by its base URL: a vendor's. Only what is safe to
//! ask is asked: lists and single things are read, nothing is made, changed or deleted. Where a system's certificate is of a
//! private authority, `STEND_TARGET_…_CA` names a PEM file with that.

mod carbis;
mod http;
mod queue;
mod telemetron;
mod tillypad;
mod tls;
mod tried;

use std::env;
use std::fmt::Write as _;

use stend_core::journal::Channel;

use crate::specs::contract::{self, Mismatch};
use crate::support::Bench;

/// A system that is asked.
pub struct Target {
    service: &'static str,
    /// Without a slash at the end.
    base: String,
    /// Where it is our own.
    bench: Option<Bench>,
    /// Settings that stand in for the environment's.
    settings: Option<Vec<(&'static str, String)>>,
    asked: usize,
    notes: Vec<String>,
    wrong: Vec<Mismatch>,
}

impl Target {
    /// The system that the environment names, else a bench of our own.
    pub async fn of(service: &'static str) -> Self {
        match env::var(variable(service, "")) {
            Ok(base) => Self { settings: None, ..Self::at(service, &base, &[]) },
            Err(_) => {
                let bench = Bench::start().await;
                Self { bench: Some(bench), ..Self::at(service, "", &[]) }.at_home()
            }
        }
    }

    /// A system at this URL, with these settings whatever the environment says.
    pub fn at(service: &'static str, base: &str, settings: &[(&'static str, &str)]) -> Self {
        Self {
            service,
            base: base.trim_end_matches('/').to_owned(),
            bench: None,
            settings: Some(settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()),
            asked: 0,
            notes: Vec::new(),
            wrong: Vec::new(),
        }
    }

    fn at_home(mut self) -> Self {
        self.base = self.bench.as_ref().expect("a bench of our own").url(self.service);
        self
    }

    /// A setting: of our own bench the documented one, of another system what the environment says.
    pub fn setting(&self, name: &'static str, documented: &str) -> Option<String> {
        if self.bench.is_some() {
            return Some(documented.to_owned());
        }
        match &self.settings {
            Some(settings) => settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()),
            None => env::var(variable(self.service, name)).ok(),
        }
    }

    /// A setting without which nothing can be asked.
    pub fn needed(&self, name: &'static str, documented: &str) -> String {
        self.setting(name, documented).unwrap_or_else(|| panic!("{} is not set", variable(self.service, name)))
    }

    /// Says that something was not asked, and why.
    pub fn note(&mut self, operation: &str, why: &str) {
        self.notes.push(format!("{operation} was not asked: {why}"));
    }

    /// Holds an answer against the specification. A service that has none takes whatever comes.
    pub fn judge(&mut self, operation: &str, channel: Channel, status: u16, body: &[u8]) {
        self.asked += 1;
        if let Some(contract) = contract::of(self.service) {
            self.wrong.extend(contract.reply(Some(operation), channel, status, body));
        }
    }

    /// Says that an answer has another status than it should have.
    pub fn expect(&mut self, operation: &str, expected: &str, found: u16, body: &[u8]) {
        let fits = expected.split(" or ").any(|one| one == found.to_string());
        if !fits {
            self.wrong.push(Mismatch {
                operation: operation.to_owned(),
                part: "status".to_owned(),
                pointer: String::new(),
                expected: expected.to_owned(),
                found: format!("{found}: {}", String::from_utf8_lossy(body).chars().take(300).collect::<String>()),
                missing: None,
            });
        }
    }

    /// What was found, for people; an error when something differs.
    pub fn report(&self) -> Result<String, String> {
        let Self { service, base, asked, notes, wrong, .. } = self;
        let mut described = format!("{service} at {base}: {asked} answers, {} differences\n", wrong.len());
        for one in wrong {
            let _ = writeln!(described, "  {one}");
        }
        for note in notes {
            let _ = writeln!(described, "  {note}");
        }
        if wrong.is_empty() { Ok(described) } else { Err(described) }
    }

    /// Prints the report; fails when something differs, or when our own bench was not asked everything.
    #[allow(clippy::print_stdout, reason = "whoever asks a system elsewhere wants to see what was asked")]
    pub fn conclude(&self) {
        match self.report() {
            Ok(described) => println!("{described}"),
            Err(described) => panic!("{described}"),
        }
        assert!(self.bench.is_none() || self.notes.is_empty(), "our own bench has all of it: {:?}", self.notes);
    }
}

fn variable(service: &str, name: &str) -> String {
    let service = service.to_uppercase();
    if name.is_empty() { format!("STEND_TARGET_{service}") } else { format!("STEND_TARGET_{service}_{name}") }
}
