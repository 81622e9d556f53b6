//! The claims ledger against the repository: what it names exists, and what exists is named.

use std::collections::BTreeSet;
use std::fs;

use stend::fidelity::{Claim, Kind, Ledger, Status, block, ledgers, settings};
use stend_core::interpretations::{self, Interpretation};

use crate::support::root;

mod evidence;

use evidence::Evidence;

fn all() -> Vec<Ledger> {
    ledgers().unwrap_or_else(|problem| panic!("{problem}"))
}

/// Every claim of every ledger must pass; all that do not are listed at once.
fn every_claim(check: impl Fn(&Ledger, &Claim) -> Option<String>) {
    let ledgers = all();
    let claims = ledgers.iter().flat_map(|ledger| ledger.all().map(move |claim| (ledger, claim)));
    let wrong: Vec<String> = claims
        .filter_map(|(ledger, claim)| Some(format!("{} {}: {}", ledger.service, claim.id, check(ledger, claim)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_service_has_a_ledger_and_every_claim_its_own_number() {
    let registry = stend::registry::services();
    let names: Vec<&str> = registry.services().iter().map(|kind| kind.name()).collect();
    let ledgers = all();
    assert_eq!(ledgers.iter().map(|ledger| ledger.service.as_str()).collect::<Vec<_>>(), names);
    let prefixes: BTreeSet<&str> = ledgers.iter().map(|ledger| ledger.prefix.as_str()).collect();
    assert_eq!(prefixes.len(), ledgers.len(), "two ledgers have one prefix: {prefixes:?}");
    for ledger in &ledgers {
        let service = ledger.service.as_str();
        let mut seen = BTreeSet::new();
        for claim in ledger.all() {
            assert!(seen.insert(&claim.id), "{service}: {} stands twice", claim.id);
        }
        for claim in &ledger.claims {
            let number = claim.id.strip_prefix(&ledger.prefix).and_then(|rest| rest.strip_prefix('-'));
            let good = number.is_some_and(|number| number.len() == 3 && number.parse::<u32>().is_ok());
            assert!(good, "{service}: {} is not like {}-001", claim.id, ledger.prefix);
            assert!(claim.section.is_some(), "{service}: {} has no section", claim.id);
        }
    }
}

/// A ledger says itself which rulings are about its service.
#[test]
fn every_ruling_is_in_the_ledger() {
    for ledger in &all() {
        let expected: Vec<String> = ledger.expects.iter().flat_map(|range| rulings(range)).collect();
        let present: Vec<&String> = ledger.rulings.iter().map(|ruling| &ruling.id).collect();
        assert_eq!(present, expected.iter().collect::<Vec<_>>(), "{}", ledger.service);
        assert!(ledger.rulings.iter().all(|ruling| ruling.section.is_none()), "{}", ledger.service);
    }
}

/// The ids of a range, `T1-T22` or `W1`.
fn rulings(range: &str) -> Vec<String> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let number = |id: &str| id[1..].parse::<u32>().unwrap_or_else(|_| panic!("`{range}` is no range of rulings"));
    assert_eq!(first[..1], last[..1], "`{range}` is no range of rulings");
    (number(first)..=number(last)).map(|number| format!("{}{number}", &first[..1])).collect()
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

/// The tests that name each claim.
fn evidence() -> Evidence {
    let ids = |ledger: &Ledger| ledger.all().map(|claim| claim.id.clone()).collect();
    Evidence::of_sources(&all().iter().map(|ledger| (ledger.service.clone(), ids(ledger))).collect())
}

#[test]
fn every_test_proves_known_claims() {
    let wrong = evidence().wrong;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_claim_is_proved_if_and_only_if_a_test_or_a_sample_names_it() {
    let tests = evidence().tests;
    every_claim(|ledger, claim| {
        let named = tests.contains_key(&(ledger.service.clone(), claim.id.clone())) || !claim.samples.is_empty();
        match claim.status {
            Status::Proved | Status::BySetting => {
                (!named).then(|| "no test and no sample names it: `status: unproved`".into())
            }
            Status::Unproved => named.then(|| "it is `unproved`, and a test or a sample names it".into()),
            // A test may show what we do instead.
            Status::Contradicted | Status::NotEmulated => None,
        }
    });
}

#[test]
fn a_claim_names_samples_that_exist() {
    every_claim(|ledger, claim| {
        let folder = root().join("fixtures").join(&ledger.service).join("samples");
        let absent = claim.samples.iter().find(|sample| !folder.join(sample).is_file())?;
        Some(format!("there is no sample {absent}"))
    });
}

#[test]
fn every_operation_has_a_claim_and_every_claim_known_operations() {
    let registry = stend::registry::services();
    for ledger in all() {
        let (_, kind) = registry.find(&ledger.service).unwrap();
        let known: BTreeSet<&str> = kind.operations().iter().map(|operation| operation.id).collect();
        let claimed: BTreeSet<&str> = ledger.all().flat_map(|claim| &claim.operations).map(String::as_str).collect();
        assert_eq!(claimed.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "{}: unknown", ledger.service);
        assert_eq!(known.difference(&claimed).collect::<Vec<_>>(), Vec::<&&str>::new(), "{}: no claim", ledger.service);
    }
}

#[test]
fn every_sample_has_a_claim() {
    for ledger in all() {
        let folder = format!("fixtures/{}/samples", ledger.service);
        let named: BTreeSet<String> =
            ledger.all().flat_map(|claim| &claim.samples).map(|sample| format!("{folder}/{sample}")).collect();
        let silent: Vec<String> =
            crate::samples::paths(&ledger.service).into_iter().filter(|path| !named.contains(path)).collect();
        assert!(silent.is_empty(), "no claim names {silent:#?}");
    }
}

/// The settings that choose between interpretations, and why, are one table with the ledger.
#[test]
fn every_interpretation_has_a_reason_and_known_claims() {
    let registry = stend::registry::services();
    for ledger in all() {
        let (_, service) = registry.find(&ledger.service).unwrap();
        let mut seen = BTreeSet::new();
        for Interpretation { setting, about, options, claims, because, .. } in interpretations::of(service) {
            let name = format!("{}.{setting}", ledger.service);
            assert!(!about.is_empty() && !because.is_empty(), "{name} does not say what or why");
            assert!(options.len() != 1 && options.iter().all(|choice| !choice.about.is_empty()), "{name}: {options:?}");
            let named: BTreeSet<&String> =
                claims.iter().chain(options.iter().flat_map(|choice| &choice.claims)).collect();
            assert!(!named.is_empty(), "{name} names no claim");
            for id in named {
                let claim = ledger.all().find(|claim| claim.id == *id);
                let claim = claim.unwrap_or_else(|| panic!("{name} names the unknown claim {id}"));
                assert!(claim.setting.is_some(), "{name}: {id}");
                assert!(seen.insert(id.clone()), "{id} is named by two settings of {}", ledger.service);
            }
        }
    }
}

/// Every word that a world's settings take is one of an interpretation with its reason.
#[test]
fn every_setting_with_words_is_an_interpretation() {
    let schema = stend_scenario::world_schema(&stend::registry::services());
    let definitions = schema["$defs"].as_object().unwrap();
    let settings = definitions.iter().filter(|(name, _)| name.starts_with("Settings"));
    let mut silent = Vec::new();
    let mut words = 0;
    for (_, definition) in settings {
        for (name, property) in definition["properties"].as_object().unwrap() {
            let Some(reference) = property["$ref"].as_str() else { continue };
            let target = &definitions[reference.rsplit('/').next().unwrap()];
            if target["oneOf"].is_array() {
                words += 1;
                if target["x-because"].as_str().is_none() {
                    silent.push(name);
                }
            }
        }
    }
    assert!(words > 40 && silent.is_empty(), "{words} settings; declare by `interpretations!`: {silent:?}");
}

/// The numbers of all services in the words of the Russian README.
fn in_russian(block: &str) -> String {
    let (sentence, table) = block.split_once("\n\n").unwrap();
    let numbers: Vec<&str> = sentence.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty()).collect();
    let [proved, documented, observed, assumed, rulings_proved, rulings, checked] = numbers[..] else {
        panic!("{sentence}");
    };
    let sentence = format!(
        "Из {documented} утверждений документации подтверждено {proved}; замечено на практике {observed}; предположено \
         {assumed}; из {rulings} наших решений подтверждено {rulings_proved}; сверено с системами производителей {checked}."
    );
    let (_, rows) = table.split_once('\n').unwrap();
    format!(
        "{sentence}\n\n| api | утверждений | подтверждено | настройкой | опровергнуто | не заменяется | не подтверждено | \
         замечено | предположено | решений | настроек |\n{rows}"
    )
}

/// The numbers and the tables of settings in the READMEs are those of the ledger. `STEND_WRITE_NUMBERS=1` writes them.
#[test]
fn the_readmes_carry_the_numbers_and_the_settings() {
    let registry = stend::registry::services();
    let ledgers = all();
    let whole = block(&ledgers);
    let mut pages = vec![("README.ru.md".to_owned(), "fidelity", in_russian(&whole))];
    pages.push(("README.md".to_owned(), "fidelity", whole));
    for ledger in ledgers {
        let page = format!("servers/{}/README.md", ledger.service);
        let (_, service) = registry.find(&ledger.service).unwrap();
        pages.push((page.clone(), "settings", settings(&interpretations::of(service))));
        pages.push((page, "fidelity", block(&[ledger])));
    }
    for (page, name, made) in pages {
        let path = root().join(&page);
        let text = fs::read_to_string(&path).unwrap();
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let (head, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} has no {begin}"));
        let (present, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("{page} has no {end}"));
        if std::env::var_os("STEND_WRITE_NUMBERS").is_some() {
            fs::write(&path, format!("{head}{begin}{made}{end}{tail}")).unwrap();
        } else {
            assert_eq!(present, made, "{page}: `STEND_WRITE_NUMBERS=1 make unit` writes its blocks");
        }
    }
}
