//! Commands that run to their end.

use serde_json::Value;

use crate::support::{described, stend};

#[test]
fn good_files_are_good_and_good_plays_pass() {
    let (code, out, err) = described(&stend(&["check", "scenarios", "fixtures/worlds"]));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("scenarios/waiter-call.yaml: good scenario") && out.contains("documented.yaml: good world"),
        "{out}"
    );
    let (code, out, _) = described(&stend(&["play", "scenarios/waiter-call.yaml"]));
    assert_eq!(code, 0);
    assert!(out.contains("\n✓ Waiter call: passed, 9 steps in 9m of virtual time"), "{out}");
    // What was done when.
    assert!(out.contains("\n  5s  ✓ the guest at table 6 calls\n"), "{out}");
    let (_, out, _) = described(&stend(&["play", "scenarios/lunch-rush.yaml"]));
    assert!(out.contains("0s…14m55s  ✓ the staff tablet polls (180 times)\n"), "{out}");
}

/// A rate of VAT that receipts have no number for is kept, and said (point 5 of the readings).
#[test]
fn a_rate_of_vat_that_receipts_cannot_show_is_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vat.yaml");
    let product = |vat: &str| {
        format!("stend: 1\ntelemetron:\n  products: [{{ id: 1, name: Сок, vat: {vat}, components: [] }}]\n")
    };
    let check = |vat: &str, args: &[&str]| {
        std::fs::write(&path, product(vat)).unwrap();
        described(&stend(&[&["check", path.to_str().unwrap()], args].concat()))
    };
    for listed in ["20", "10", "0", "16.67", "9.09", "12.5"] {
        let (code, out, err) = check(listed, &[]);
        assert!(code == 0 && out.ends_with(": good world\n") && err.is_empty(), "{listed}: {out}{err}");
    }
    let (code, out, err) = check("18", &[]);
    assert!(code == 0 && out.ends_with(": good world, 1 warning\n"), "{out}");
    assert!(
        err.contains("warning: receipts have no number for a VAT of 18 %: they will say 4") && err.contains(":3:"),
        "{err}"
    );
    assert_eq!(check("22", &["--strict"]).0, 2);
    let path = path.to_str().unwrap();
    let (code, _, err) = described(&stend(&["run", "--world", path, "--", "true"]));
    assert!(code == 0 && err.contains("warning: receipts have no number for a VAT of 22 %"), "{err}");
}

#[test]
fn the_same_seed_prints_the_same_bytes() {
    let play = || described(&stend(&["play", "scenarios/lunch-rush.yaml", "--format", "json"]));
    let (first, second) = (play(), play());
    assert_eq!(first.0, 0);
    assert_eq!(first, second);
    let report: Value = serde_json::from_str(&first.1).unwrap();
    assert_eq!(report["scenarios"][0]["title"], "Lunch rush");
    assert_eq!(report["scenarios"][0]["passed"], true);
}

#[test]
fn an_evening_over_all_four_systems_is_the_seeds_alone() {
    let play = |more: &[&str]| {
        let args = [&["play", "scenarios/evening-at-the-venue.yaml", "--format", "json"], more].concat();
        described(&stend(&args))
    };
    let (first, second, other) = (play(&[]), play(&[]), play(&["--seed", "7"]));
    assert_eq!((first.0, other.0), (0, 0), "the expectations hold whatever the seed");
    assert_eq!(first, second);
    let world = |report: &str| {
        let report: Value = serde_json::from_str(report).unwrap();
        report["scenarios"][0]["world"].as_str().unwrap().to_owned()
    };
    assert_ne!(world(&first.1), world(&other.1), "the guests and the sales are drawn");
    for service in ["carbis", "tillypad", "queue", "telemetron"] {
        assert!(first.1.contains(service), "{service}");
    }
}

#[test]
fn warnings_are_shown_and_strict_counts_them() {
    let file = "tests/scenario/odd/unused-capture.yaml";
    let (code, out, err) = described(&stend(&["check", file]));
    assert_eq!(code, 0, "{err}");
    assert!(out.ends_with("good scenario, 1 warning\n"), "{out}");
    assert!(err.starts_with("warning: `called` is captured and never used"), "{err}");
    let (code, _, err) = described(&stend(&["check", "--strict", file]));
    assert!(code == 2 && err.ends_with("1 mistake in 1 file\n"), "{err}");
    assert_eq!(described(&stend(&["check", "--strict", "scenarios"])).0, 0, "what is shipped has none");
}

#[test]
fn a_failed_expectation_exits_with_1_and_shows_where() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fails.yaml");
    std::fs::write(&file, "stend: 1\nexpect:\n  - journal: { fake: carbis, count: 3 }\n").unwrap();
    let junit = folder.path().join("report.xml");
    let (code, out, _) = described(&stend(&["play", file.to_str().unwrap(), "--junit", junit.to_str().unwrap()]));
    assert_eq!(code, 1);
    assert!(out.contains("fails.yaml:3:5") && out.contains("expected 3, found 0"), "{out}");
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(xml.contains("<failure") && xml.contains("expected 3, found 0"), "{xml}");
}

#[test]
fn bad_input_exits_with_2_and_names_the_thing() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let typo = write("typo.yaml", b"stend: 1\ntimeline:\n  - do: { carbis.call_waiter: { tabel: 1 } }\n");
    let world = write("world.yaml", b"stend: 1\ncarbis:\n  tables: [{ id: one, name: A }]\n");
    let binary = write("binary.yaml", b"\xff\xfe\x00");
    let empty = folder.path().to_str().unwrap().to_owned() + "/none";
    std::fs::create_dir(&empty).unwrap();
    for (args, parts) in [
        (vec!["play", typo.as_str()], vec!["typo.yaml:3:33", "did you mean `table`?"]),
        (vec!["check", typo.as_str()], vec!["typo.yaml:3:33", "1 mistake"]),
        (vec!["serve", "--ephemeral", "--scenario", typo.as_str()], vec!["typo.yaml:3:33"]),
        (vec!["check", world.as_str()], vec!["world.yaml:3:18", "expected a whole number"]),
        (vec!["serve", "--ephemeral", "--world", world.as_str()], vec!["world.yaml:3:18"]),
        (vec!["play", "no-such-file.yaml"], vec!["cannot read no-such-file.yaml: no such file"]),
        (vec!["play", "scenarios/waiter-cal.yaml"], vec!["no such file", "did you mean `scenarios/waiter-call.yaml`?"]),
        (vec!["check", "scenario"], vec!["no such file", "did you mean `scenarios`?"]),
        (vec!["play", "fixtures/worlds/documented.yaml"], vec!["unknown key `carbis`", "stend serve --world"]),
        (vec!["check", binary.as_str()], vec!["not UTF-8"]),
        (vec!["play", empty.as_str()], vec!["there is no .yaml file in"]),
        (
            vec!["serve", "--ephemeral", "--ready-file", "/no/such/folder/ready.json"],
            vec!["cannot write the ready file /no/such/folder"],
        ),
        (vec!["serve", "--port-base", "65535"], vec!["above 65535"]),
        (vec!["serve", "--clock", "noon"], vec!["--clock", "real"]),
        (vec!["play", typo.as_str(), "--speed", "fast"], vec!["--speed", "`max`"]),
        (vec!["serve", "--ephemeral", "--port-base", "7000"], vec!["--port-base"]),
        (vec!["sevre"], vec!["serve"]),
        (vec![], vec!["Usage"]),
    ] {
        let (code, _, err) = described(&stend(&args));
        assert_eq!(code, 2, "{args:?}: {err}");
        for part in parts {
            assert!(err.contains(part), "{args:?}: {part} is not in {err}");
        }
    }
}

#[test]
fn schemas_and_completions_are_printed() {
    for (what, part) in [("scenario", "carbis.call_waiter"), ("world", "max_guests")] {
        let (code, out, _) = described(&stend(&["schema", what]));
        assert_eq!(code, 0);
        assert!(serde_json::from_str::<Value>(&out).is_ok() && out.contains(part), "{what}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = described(&stend(&["completions", shell]));
        assert!(code == 0 && out.contains("stend") && out.contains("ready-file"), "{shell}");
    }
}

#[test]
fn a_manual_page_is_written_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    let (code, out, err) = described(&stend(&["man", pages.to_str().unwrap()]));
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    for (page, parts) in
        [("stend.1", ["stend\\-serve(1)", "Serve all services"]), ("stend-ca-path.1", ["path", "SYNOPSIS"])]
    {
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        for part in parts {
            assert!(text.contains(part), "{page}: {part} is not in {text}");
        }
    }
    let serve = std::fs::read_to_string(pages.join("stend-serve.1")).unwrap();
    assert!(serve.contains("STEND_READY_FILE"), "{serve}");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let (code, _, err) = described(&stend(&["man", folder.path().join("file").to_str().unwrap()]));
    assert!(code == 2 && err.contains("cannot write manual pages to"), "{err}");
}

#[test]
fn fidelity_counts_the_claims() {
    let (code, all, _) = described(&stend(&["fidelity"]));
    assert_eq!(code, 0);
    assert!(all.contains("documented statements proved") && all.contains("0 checked against the vendors' systems"));
    let (code, out, _) = described(&stend(&["fidelity", "--format", "json"]));
    assert_eq!(code, 0);
    let counted: Value = serde_json::from_str(&out).unwrap();
    assert!(all.starts_with(counted["headline"].as_str().unwrap()), "{all}");
    for api in counted["apis"].as_array().unwrap() {
        let claims = api["claims"].as_array().unwrap();
        let counts = &api["counts"];
        let total: u64 =
            ["documented", "observed", "assumed"].iter().filter_map(|kind| counts[kind]["total"].as_u64()).sum();
        assert_eq!(total, claims.len() as u64);
        let rulings = api["rulings"].as_array().unwrap();
        assert_eq!(counts["rulings"]["total"], rulings.len());
        let (code, one, _) = described(&stend(&["fidelity", api["api"].as_str().unwrap()]));
        assert_eq!(code, 0);
        for claim in
            claims.iter().chain(rulings).filter(|claim| claim["kind"] == "assumed" || claim["status"] != "proved")
        {
            assert!(one.contains(claim["says"].as_str().unwrap()), "{claim}\n{one}");
        }
    }
    let (code, _, err) = described(&stend(&["fidelity", "carbi"]));
    assert!(code == 2 && err.contains("carbis"), "{err}");
}
