//! The claims ledger against the repository: what it names is there, and what is there is named.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use stend::fidelity::{Claim, Kind, Ledger, Status, block, ledgers};

use crate::support::root;

/// The prefix of an API's claims, and the letter and number of its own rulings. G1 to G4 are about all.
const NUMBERS: [(&str, &str, char, u32); 4] =
    [("carbis", "CB", 'C', 10), ("tillypad", "TP", 'P', 11), ("queue", "QU", 'Q', 28), ("telemetron", "TM", 'T', 18)];

fn all() -> Vec<Ledger> {
    ledgers().unwrap_or_else(|problem| panic!("{problem}"))
}

fn numbers(api: &str) -> (&'static str, &'static str, char, u32) {
    *NUMBERS.iter().find(|row| row.0 == api).unwrap_or_else(|| panic!("{api} has no numbers"))
}

/// Every claim of every ledger must pass; all that do not are told at once.
fn every_claim(check: impl Fn(&Ledger, &Claim) -> Option<String>) {
    let ledgers = all();
    let claims = ledgers.iter().flat_map(|ledger| ledger.claims.iter().map(move |claim| (ledger, claim)));
    let wrong: Vec<String> = claims
        .filter_map(|(ledger, claim)| Some(format!("{} {}: {}", ledger.api, claim.id, check(ledger, claim)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_api_has_a_ledger_and_every_claim_its_own_number() {
    let registry = stend::registry::services();
    let names: Vec<&str> = registry.services().iter().map(|kind| kind.name()).collect();
    let ledgers = all();
    assert_eq!(ledgers.iter().map(|ledger| ledger.api.as_str()).collect::<Vec<_>>(), names);
    for ledger in &ledgers {
        let api = ledger.api.as_str();
        assert!(ledger.claims.len() > 20, "{api} claims next to nothing");
        let (_, prefix, letter, _) = numbers(api);
        let mut seen = BTreeSet::new();
        for claim in &ledger.claims {
            assert!(seen.insert(&claim.id), "{api}: {} stands twice", claim.id);
            let number = |text: Option<&str>| text.is_some_and(|text| text.parse::<u32>().is_ok());
            let good = if claim.is_ruling() {
                number(claim.id.strip_prefix(letter).or(claim.id.strip_prefix('G')))
            } else {
                number(claim.id.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')))
            };
            assert!(good, "{api}: {} is neither {prefix}-001 nor {letter}1", claim.id);
        }
    }
}

#[test]
fn every_ruling_is_in_the_ledger() {
    for ledger in &all() {
        let (api, _, letter, last) = numbers(&ledger.api);
        let own = (1..=last).map(|n| format!("{letter}{n}"));
        let missing: Vec<String> = own
            .chain((1..=4).map(|n| format!("G{n}")))
            .filter(|id| !ledger.claims.iter().any(|claim| claim.id == *id))
            .collect();
        assert!(missing.is_empty(), "{api}: {missing:?}");
    }
}

#[test]
fn a_claim_says_one_thing_and_why_where_that_is_not_plain() {
    every_claim(|_, claim| {
        let line = |text: &str| !text.trim().is_empty() && !text.contains('\n');
        if !line(&claim.says) || claim.says.chars().count() > 240 {
            return Some("`says` is one line".into());
        }
        let because = claim.because.as_deref().is_some_and(line);
        let plain = claim.status == Status::Proved && claim.kind != Kind::Assumed && claim.setting.is_none();
        (!plain && !because).then(|| "`because` is missing".into())
    });
}

#[test]
fn what_is_proved_names_a_test_that_exists() {
    every_claim(|_, claim| {
        if claim.status == Status::Proved && claim.tests.is_empty() {
            return Some("proved by no test".into());
        }
        claim.tests.iter().find_map(|test| missing(test))
    });
}

/// Why a reference to a test leads nowhere.
fn missing(test: &str) -> Option<String> {
    let Some((file, function)) = test.split_once("::") else {
        let sample = test.starts_with("fixtures/") && test.ends_with(".json");
        return (!sample || !root().join(test).is_file()).then(|| format!("there is no sample {test}"));
    };
    let Ok(text) = fs::read_to_string(root().join(file)) else { return Some(format!("there is no {file}")) };
    let declared = text.split(&format!("fn {function}(")).collect::<Vec<_>>();
    let [before, _] = declared.as_slice() else { return Some(format!("{file} has no one `fn {function}`")) };
    // The attribute stands right above, at most with others between.
    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
    let tests = ["#[test]", "#[tokio::test", "proptest!"];
    let is_test = tests.iter().any(|attribute| attributes.contains(attribute)) || before.contains("proptest! {");
    (!is_test).then(|| format!("{file}: {function} is no test"))
}

#[test]
fn every_operation_has_a_claim_and_every_claim_known_operations() {
    let registry = stend::registry::services();
    for ledger in all() {
        let (_, kind) = registry.find(&ledger.api).unwrap();
        let known: BTreeSet<&str> = kind.operations().iter().map(|operation| operation.id).collect();
        let claimed: BTreeSet<&str> =
            ledger.claims.iter().flat_map(|claim| &claim.operations).map(String::as_str).collect();
        assert_eq!(claimed.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "{}: unknown", ledger.api);
        assert_eq!(known.difference(&claimed).collect::<Vec<_>>(), Vec::<&&str>::new(), "{}: no claim", ledger.api);
    }
}

#[test]
fn every_sample_has_a_claim() {
    for ledger in all() {
        let named: BTreeSet<&str> = ledger.claims.iter().flat_map(|claim| &claim.tests).map(String::as_str).collect();
        let silent: Vec<String> =
            crate::samples::paths(&ledger.api).into_iter().filter(|path| !named.contains(path.as_str())).collect();
        assert!(silent.is_empty(), "no claim names {silent:#?}");
    }
}

/// A setting is a dotted path in the API's section of a world file.
#[test]
fn every_setting_is_in_the_schema() {
    let schema = stend_scenario::world_schema(&stend::registry::services());
    every_claim(|ledger, claim| {
        let setting = claim.setting.as_ref()?;
        let path = std::iter::once(ledger.api.as_str()).chain(setting.split('.'));
        let found = path.into_iter().try_fold(&schema, |at, key| property(&schema, at, key));
        found.is_none().then(|| format!("the section has no `{setting}`"))
    });
}

/// The schema of a property, through references and alternatives.
fn property<'s>(root: &'s Value, at: &'s Value, key: &str) -> Option<&'s Value> {
    if let Some(reference) = at["$ref"].as_str() {
        return property(root, root.pointer(reference.strip_prefix('#')?)?, key);
    }
    at["properties"].get(key).or_else(|| {
        let parts = ["anyOf", "allOf", "oneOf"].iter().filter_map(|word| at[*word].as_array()).flatten();
        parts.into_iter().find_map(|part| property(root, part, key))
    })
}

/// The numbers in the READMEs are those of the ledger. `STEND_WRITE_NUMBERS=1` writes them.
#[test]
fn the_readmes_carry_the_numbers() {
    let ledgers = all();
    let mut pages = vec![("README.md".to_owned(), block(&ledgers))];
    for ledger in ledgers {
        pages.push((format!("servers/{}/README.md", ledger.api), block(&[ledger])));
    }
    for (page, numbers) in pages {
        let path = root().join(&page);
        let text = fs::read_to_string(&path).unwrap();
        let (begin, end) = ("<!-- fidelity -->\n", "<!-- /fidelity -->");
        let (head, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{page} has no {begin}"));
        let (present, tail) = rest.split_once(end).unwrap_or_else(|| panic!("{page} has no {end}"));
        if std::env::var_os("STEND_WRITE_NUMBERS").is_some() {
            fs::write(&path, format!("{head}{begin}{numbers}{end}{tail}")).unwrap();
        } else {
            assert_eq!(present, numbers, "{page}: `STEND_WRITE_NUMBERS=1 make unit` writes the numbers");
        }
    }
}
