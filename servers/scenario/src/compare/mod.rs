//! Holding a service against traffic of the real system: against its specification, its claims and settings, and the
//! answers of the bench in a world that is built from what was seen.

mod ask;
mod body;
mod contract;
mod diff;
mod evidence;
mod export;
mod har;
mod html;
mod judge;
mod mask;
mod matching;
mod replay;
mod report;
mod rules;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde::Serialize;
use serde_json::{Value, json};
use stend_core::interpretations::Interpretation;
use stend_core::journal::Channel;
use stend_core::traffic::Traffic;
use stend_core::{AnyService, Problem, Registry};

pub use ask::{Asking, Target, ask};
pub use contract::{Contract, Mismatch};
pub use evidence::{Evidence, EvidenceClaim};
pub use export::{from_journal, har, hurl, postman};
pub use html::html;
pub use mask::{Masked, mask};
pub use matching::{Matched, Seen, Unmatched, matched};
pub use replay::Bench;
pub use report::pretty;
pub use rules::Rules;
pub use world::{Built, build};

use diff::{Differ, general, json_path};
use judge::Claims;

/// The most of a file that is kept, in bytes. What goes beyond is not compared, and counted.
const KEPT: usize = 256 * 1024 * 1024;

/// What was read from a file.
#[derive(Debug, Default)]
pub struct Imported {
    /// The traffic, in the file's order.
    pub traffic: Vec<Traffic>,
    /// How many entries there were.
    pub entries: usize,
    /// How many were not kept, as there was too much.
    pub dropped: usize,
}

/// Reads a HAR file. Bodies that are pictures, styles or scripts are not kept.
///
/// # Errors
/// It is no HAR file, or is cut short; where.
pub fn import(input: impl Read) -> Result<Imported, Problem> {
    let mut found = Imported::default();
    let mut weight = 0;
    let entries = har::read(input, &mut |mut traffic| {
        if let Traffic::Http(http) = &mut traffic
            && http.reply_header("content-type").is_some_and(|kind| OTHERS.iter().any(|other| kind.contains(other)))
        {
            http.reply = Vec::new();
        }
        weight += traffic.weight();
        if weight > KEPT { found.dropped += 1 } else { found.traffic.push(traffic) }
    })?;
    found.entries = entries;
    Ok(found)
}

/// The same with bodies decoded: no compression, UTF-8 where they are text. For what was recorded as it was sent.
pub fn decoded(traffic: Traffic) -> Traffic {
    let Traffic::Http(mut http) = traffic else { return traffic };
    for (body, headers) in [(&mut http.body, &http.headers), (&mut http.reply, &http.reply_headers)] {
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let (plain, why) = body::plain(std::mem::take(body), header("content-encoding"), header("content-type"));
        *body = plain;
        if let Some(why) = why {
            http.unreadable.get_or_insert(why);
        }
    }
    Traffic::Http(http)
}

/// Media types that no service answers with.
const OTHERS: [&str; 7] = ["image/", "font/", "video/", "audio/", "text/css", "javascript", "wasm"];

/// What traffic says of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The system does so.
    Confirmed,
    /// The system does otherwise.
    Refuted,
    /// The traffic does not say.
    Untouched,
}

/// A claim that traffic has something to say of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClaimSeen {
    /// Its id in the ledger.
    pub id: String,
    /// Whether the system does so.
    pub verdict: Verdict,
    /// In how many exchanges.
    pub times: usize,
    /// The statement.
    pub says: String,
    /// Where it comes from: documented, observed, assumed, or a ruling.
    pub kind: String,
    /// The setting, with its value, that agrees with the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// The shape that was found: types, and no values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
}

/// A setting that chooses between interpretations, and what the traffic says of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingSeen {
    /// Its dotted path in the service's section.
    pub setting: String,
    /// What it decides.
    pub about: String,
    /// The default.
    pub default: Value,
    /// The claims that hold under the default.
    pub claims: Vec<String>,
    /// Whether the default is as the system is.
    pub verdict: Verdict,
    /// The value that would make the bench answer as the system does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<Value>,
    /// The claims that hold under that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead_claims: Vec<String>,
    /// How many exchanges tell the values apart.
    pub exchanges: usize,
    /// Whether some exchanges speak for the default and some against it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
}

impl SettingSeen {
    fn of(one: &Interpretation) -> Self {
        Self {
            setting: one.setting.clone(),
            about: one.about.clone(),
            default: one.default.clone().unwrap_or_default(),
            claims: one.claims.clone(),
            verdict: Verdict::Untouched,
            instead: None,
            instead_claims: Vec::new(),
            exchanges: 0,
            mixed: false,
        }
    }
}

/// What a difference is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Against {
    /// The specification.
    Specification,
    /// A statement of the ledger.
    Claim,
    /// The bench's own answer.
    Bench,
}

/// A place where the system differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The first entry that shows it, from 1.
    pub entry: usize,
    /// Method and path, or command.
    pub exchange: String,
    /// The operation.
    pub operation: String,
    /// From what.
    pub against: Against,
    /// Which part: `request`, `reply 200`, `push`.
    pub part: String,
    /// Where in it, a JSONPath; `[*]` stands for several places of a list.
    pub path: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// How often.
    pub times: usize,
    /// The claims that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// The setting that would make the bench answer so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
}

/// How the bench answered the same requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Asked {
    /// How many it was asked.
    pub asked: usize,
    /// How many it answered as the system did, under its own settings.
    pub same: usize,
    /// What it was not asked, and why.
    pub left_out: Vec<Unmatched>,
    /// What the world leaves out.
    pub notes: Vec<String>,
    /// What the world holds.
    pub world: BTreeMap<String, usize>,
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The service.
    pub service: String,
    /// The file or URL.
    pub source: String,
    /// Entries in it.
    pub entries: usize,
    /// The service's exchanges among them.
    pub exchanges: usize,
    /// How many there were of each operation.
    pub operations: BTreeMap<String, usize>,
    /// The first and the last time.
    pub from: Option<String>,
    /// The last time.
    pub to: Option<String>,
    /// Where the system differs.
    pub differences: Vec<Difference>,
    /// What is shown of claims.
    pub claims: Vec<ClaimSeen>,
    /// What is shown of settings.
    pub settings: Vec<SettingSeen>,
    /// How the bench answered.
    pub bench: Asked,
    /// What was not compared.
    pub unmatched: Vec<Unmatched>,
}

impl Comparison {
    /// Whether the system is as we say.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A claim of the ledger, as far as a comparison needs it.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its id.
    pub id: String,
    /// What it says.
    pub says: String,
    /// `documented`, `observed`, `assumed`, or `ruling`.
    pub kind: String,
    /// The operations that it is about.
    pub operations: Vec<String>,
}

/// All that a comparison is made with.
pub struct Comparing<'a> {
    /// All services.
    pub registry: &'a Registry,
    /// The one that is compared.
    pub kind: &'static dyn AnyService,
    /// Its specification.
    pub contract: &'a Contract,
    /// What is known of its traffic.
    pub rules: &'a Rules,
    /// Its ledger.
    pub statements: &'a [Statement],
    /// The file or URL, for people.
    pub source: &'a str,
}

impl Comparing<'_> {
    /// Compares exchanges three ways.
    ///
    /// # Errors
    /// The bench cannot be asked.
    pub async fn compare(&self, found: &Matched, bench: Bench<'_>) -> Result<Comparison, Problem> {
        let seen = &found.seen;
        let mut differences = Grouped::default();
        let mut claims = Claims::default();
        for one in seen {
            self.against_specification(one, &mut differences);
        }
        judge::claims(self.rules, seen, &mut |check, one, held| {
            let verdict = if held.is_ok() { Verdict::Confirmed } else { Verdict::Refuted };
            for id in &check.claims {
                claims.add(id, verdict, 1, None, Some(evidence::shape(one)));
            }
            if let Err((path, expected, found)) = held {
                differences.add(Difference {
                    claims: check.claims.clone(),
                    path,
                    expected,
                    found,
                    ..difference(one, Against::Claim, reply_of(one))
                });
            }
        });
        let built = build(self.registry, &[(self.kind, self.rules, seen)], &format!("From {}", self.source))?;
        let ignored = self.kind.secrets().iter().copied().chain(self.rules.ignore.iter().map(String::as_str));
        let judged = judge::settings(bench, self.kind, &built.file, seen, &Differ::new(ignored)).await?;
        let asked = self.against_bench(seen, &judged, built, &mut differences);
        for row in &judged.settings {
            let ours = format!("{}: {}", row.setting, judge::word(&row.default));
            let theirs = row.instead.as_ref().map(|value| format!("{}: {}", row.setting, judge::word(value)));
            match row.verdict {
                Verdict::Confirmed => row
                    .claims
                    .iter()
                    .for_each(|id| claims.add(id, Verdict::Confirmed, row.exchanges, Some(&ours), None)),
                Verdict::Refuted => {
                    row.claims
                        .iter()
                        .for_each(|id| claims.add(id, Verdict::Refuted, row.exchanges, theirs.as_deref(), None));
                    let instead = &row.instead_claims;
                    instead
                        .iter()
                        .for_each(|id| claims.add(id, Verdict::Confirmed, row.exchanges, theirs.as_deref(), None));
                }
                Verdict::Untouched => {}
            }
        }
        let mut operations = BTreeMap::new();
        seen.iter().for_each(|one| *operations.entry(one.id().to_owned()).or_default() += 1);
        let times = || seen.iter().filter_map(|one| one.at);
        Ok(Comparison {
            service: self.kind.name().to_owned(),
            source: self.source.to_owned(),
            entries: found.entries,
            exchanges: seen.len(),
            operations,
            from: times().min().map(|at| at.to_string()),
            to: times().max().map(|at| at.to_string()),
            differences: self.named(differences.rows(), &judged.settings),
            claims: self.stated(claims),
            settings: judged.settings,
            bench: asked,
            unmatched: found.unmatched.clone(),
        })
    }

    fn against_specification(&self, one: &Seen, differences: &mut Grouped) {
        let operation = one.operation.map(|operation| operation.id);
        let mut wrong = self.contract.reply(operation, one.channel, one.status, &one.reply);
        if one.channel == Channel::Http {
            if one.title.starts_with("HEAD ") {
                wrong.clear();
            }
            wrong.extend(self.contract.headers(one.id(), one.status, &one.reply_headers, one.reply.is_empty()));
        }
        if one.status < 300 && one.channel != Channel::Push {
            wrong.extend(self.contract.request(operation, &one.request));
        }
        for Mismatch { part, pointer, expected, found, .. } in wrong {
            let path = json_path(&pointer);
            differences.add(Difference { path, expected, found, ..difference(one, Against::Specification, part) });
        }
    }

    fn against_bench(&self, seen: &[Seen], judged: &judge::Judged, built: Built, differences: &mut Grouped) -> Asked {
        let mut asked = Asked { notes: built.notes, world: built.counts, ..Asked::default() };
        let mut left_out: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (index, (one, outcome)) in seen.iter().zip(&judged.outcomes).enumerate() {
            let found = match outcome {
                Ok(found) => found,
                Err(why) => {
                    *left_out.entry((one.id().to_owned(), why.clone())).or_default() += 1;
                    continue;
                }
            };
            asked.asked += 1;
            let explained = judged.explained.iter().filter(|((at, _), _)| *at == index);
            let explained: Vec<(&diff::Diff, Option<&String>)> =
                explained.map(|((_, diff), setting)| (diff, Some(setting))).collect();
            let all: Vec<(&diff::Diff, Option<&String>)> =
                explained.into_iter().chain(found.iter().map(|diff| (diff, None))).collect();
            if all.is_empty() {
                asked.same += 1;
            }
            for (diff, setting) in all {
                differences.add(Difference {
                    path: diff.path.clone(),
                    expected: diff.ours.clone(),
                    found: diff.seen.clone(),
                    setting: setting.cloned(),
                    ..difference(one, Against::Bench, reply_of(one))
                });
            }
        }
        let row = |((what, why), times): ((String, String), usize)| Unmatched { what, why, times };
        asked.left_out = left_out.into_iter().map(row).collect();
        asked
    }

    /// Differences with the claims that they are about: those of the setting, else those of the operation that name the key.
    fn named(&self, mut rows: Vec<Difference>, settings: &[SettingSeen]) -> Vec<Difference> {
        for row in rows.iter_mut().filter(|row| row.claims.is_empty()) {
            if let Some(setting) = &row.setting {
                let its = settings
                    .iter()
                    .filter(|one| setting.split(", ").any(|part| part.starts_with(&format!("{}:", one.setting))));
                row.claims = its.flat_map(|one| one.claims.iter().chain(&one.instead_claims)).cloned().collect();
            }
            if !row.claims.is_empty() {
                continue;
            }
            let unknown = row.expected.contains("were unexpected")
                || row.expected.contains("was unexpected")
                || row.expected.contains("required");
            let quoted = if unknown { row.expected.split(['\'', '"']).nth(1) } else { None };
            let key = quoted.map(str::to_owned).unwrap_or_else(|| last_key(&row.path));
            let says = |statement: &&Statement| {
                statement.operations.contains(&row.operation) && key.len() > 1 && names(&statement.says, &key)
            };
            row.claims = self.statements.iter().filter(says).map(|statement| statement.id.clone()).take(6).collect();
        }
        rows
    }

    fn stated(&self, claims: Claims) -> Vec<ClaimSeen> {
        let mut rows: Vec<ClaimSeen> = claims.0.into_values().collect();
        for row in &mut rows {
            if let Some(statement) = self.statements.iter().find(|statement| statement.id == row.id) {
                row.says.clone_from(&statement.says);
                row.kind.clone_from(&statement.kind);
            }
        }
        rows.sort_by(|a, b| b.verdict.cmp(&a.verdict).then_with(|| a.id.cmp(&b.id)));
        rows
    }
}

fn reply_of(one: &Seen) -> String {
    format!("reply {}", one.status)
}

fn difference(one: &Seen, against: Against, part: String) -> Difference {
    Difference {
        entry: one.entry,
        exchange: one.title.clone(),
        operation: one.id().to_owned(),
        against,
        part,
        path: String::new(),
        expected: String::new(),
        found: String::new(),
        times: 1,
        claims: Vec::new(),
        setting: None,
    }
}

fn last_key(path: &str) -> String {
    let plain: String = general(path).replace("[*]", "");
    plain.rsplit(['.', '\'']).find(|part| !part.is_empty() && *part != "]").unwrap_or_default().to_owned()
}

/// Whether a sentence has a key as one of its words.
fn names(says: &str, key: &str) -> bool {
    says.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == key)
}

/// Differences, those of a kind once.
#[derive(Default)]
struct Grouped(Vec<Difference>);

impl Grouped {
    fn add(&mut self, mut one: Difference) {
        let path = general(&one.path);
        let is_room = self.0.len() < MOST_DIFFERENCES;
        let known = self.0.iter_mut().find(|known| {
            (known.against, &known.operation, &known.part, &known.setting)
                == (one.against, &one.operation, &one.part, &one.setting)
                && general(&known.path) == path
                && (one.against == Against::Bench || known.expected == one.expected)
        });
        match known {
            Some(known) => {
                known.times += 1;
                if known.path != one.path {
                    known.path = path;
                }
            }
            None if is_room => {
                one.found = one.found.chars().take(300).collect();
                self.0.push(one);
            }
            None => {}
        }
    }

    fn rows(self) -> Vec<Difference> {
        self.0
    }
}

/// The most kinds of differences that are listed.
const MOST_DIFFERENCES: usize = 1_000;

/// The report as JSON.
pub fn to_json(comparison: &Comparison) -> Value {
    let mut json = json!({ "stend": stend_core::world_file::VERSION, "agrees": comparison.agrees() });
    if let (Value::Object(whole), Ok(Value::Object(parts))) = (&mut json, serde_json::to_value(comparison)) {
        whole.extend(parts);
    }
    json
}

/// The operations of a service that were not seen.
pub fn not_seen(kind: &dyn AnyService, comparison: &Comparison) -> Vec<&'static str> {
    let seen: BTreeSet<&str> = comparison.operations.keys().map(String::as_str).collect();
    kind.operations().iter().map(|operation| operation.id).filter(|id| !seen.contains(id)).collect()
}
