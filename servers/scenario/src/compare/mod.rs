//! Holding a service against traffic of the real system: against its specification, its claims and settings, and the
//! answers of the bench in a world that is built from what was seen.

mod ask;
mod body;
mod comparison;
mod contract;
mod curl;
mod diff;
mod evidence;
mod export;
mod har;
mod html;
mod import;
mod judge;
mod mask;
mod matching;
mod replay;
mod report;
mod rules;
mod schema;
mod shown;
mod utf8;
mod world;

use std::collections::BTreeMap;

use stend_core::journal::Channel;
use stend_core::{AnyService, Problem, Registry};

pub use ask::{Asking, Target, ask};
pub use comparison::{Against, Asked, ClaimSeen, Comparison, Difference, SettingSeen, Statement, Verdict, to_json};
pub use contract::{Contract, Mismatch};
pub use evidence::{Evidence, EvidenceClaim};
pub use export::{from_journal, har, hurl, postman};
pub use html::html;
pub use import::{Imported, decoded, import};
pub use mask::{Masked, mask};
pub(crate) use mask::{at_places, mask_all};
pub use matching::{Matched, Seen, Unmatched, matched};
pub use replay::Bench;
pub use report::pretty;
pub use rules::Rules;
pub use world::{Built, Moment, build};

use comparison::Grouped;
use diff::{Differ, general, json_path};
use judge::Claims;
use replay::Trial;

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
        let wrong: Vec<Vec<Mismatch>> = seen.iter().map(|one| self.mismatches(one)).collect();
        // A field that is otherwise differs from the specification, and from nothing else: its claims are named there.
        let mut fields: BTreeMap<(usize, String, String), Vec<String>> = BTreeMap::new();
        let mut unheld = Vec::new();
        judge::claims(self.rules, seen, &wrong, &mut |check, one, held| {
            let verdict = if held.is_ok() { Verdict::Confirmed } else { Verdict::Refuted };
            for id in &check.claims {
                claims.add(id, verdict, 1, None, Some(evidence::shape(one)));
            }
            match held {
                Err((path, expected, _)) if check.field.is_some() => {
                    fields.entry((one.entry, path, expected)).or_default().extend(check.claims.iter().cloned());
                }
                Err((path, expected, found)) => unheld.push(Difference {
                    claims: check.claims.clone(),
                    path,
                    expected,
                    found,
                    ..difference(one, Against::Claim, reply_of(one))
                }),
                Ok(()) => {}
            }
        });
        for (one, wrong) in seen.iter().zip(wrong) {
            for Mismatch { part, pointer, expected, found, .. } in wrong {
                let path = json_path(&pointer);
                let claims = fields.get(&(one.entry, path.clone(), expected.clone())).cloned().unwrap_or_default();
                let place = difference(one, Against::Specification, part);
                differences.add(Difference { path, expected, found, claims, ..place });
            }
        }
        unheld.into_iter().for_each(|one| differences.add(one));
        let (built, judged) = tried(self.registry, self.kind, self.rules, seen, bench).await?;
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

    /// What in an exchange is not as the specification has it.
    fn mismatches(&self, one: &Seen) -> Vec<Mismatch> {
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
        wrong
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

/// The world in which a bench is asked again what was seen, and what came of it under one setting and another.
async fn tried(
    registry: &Registry,
    kind: &'static dyn AnyService,
    rules: &Rules,
    seen: &[Seen],
    bench: Bench<'_>,
) -> Result<(Built, judge::Judged), Problem> {
    let built = build(registry, &[(kind, rules, seen)], "What was seen", Moment::Before)?;
    let ignored = kind.secrets().iter().copied().chain(rules.ignore.iter().map(String::as_str));
    let trial = Trial::new(bench, kind, seen, Differ::new(ignored))?;
    let judged = judge::settings(&trial, &built.file).await?;
    Ok((built, judged))
}

/// What traffic shows of a service's settings.
///
/// # Errors
/// The bench cannot be asked.
pub async fn settings(
    registry: &Registry,
    kind: &'static dyn AnyService,
    rules: &Rules,
    seen: &[Seen],
    bench: Bench<'_>,
) -> Result<Vec<SettingSeen>, Problem> {
    tried(registry, kind, rules, seen, bench).await.map(|(_, judged)| judged.settings)
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
