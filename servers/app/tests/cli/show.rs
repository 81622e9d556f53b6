//! `stend show` and `stend actions`.

use serde_json::Value;

use crate::support::{Serving, described, stend};

#[test]
fn a_services_tables_are_shown_in_both_languages_and_as_json() {
    let bench = Serving::start(&["--clock", "2026-11-21T12:00:00+03:00"]);
    let control = bench.url("control");
    let show = |args: &[&str]| described(&stend(&[&["show", "carbis", control], args].concat()));
    let (code, out, err) = show(&["--lang", "en", "--table", "tables"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("Tables (") && out.contains("186.00"), "{out}");
    assert!(out.contains("→ Call the waiter: carbis.call_waiter {table: "), "{out}");
    let (_, out, _) = show(&["--lang", "ru"]);
    assert!(out.starts_with("Столы (") && out.contains("Лента событий (0) [feed]\n"), "{out}");
    let (_, out, _) = show(&["--json", "--table", "dishes", "--limit", "1"]);
    let view: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&view["service"], &view["tables"][0]["id"]), (&"carbis".into(), &"dishes".into()));
    let next = view["tables"][0]["next"].as_str().unwrap().to_owned();
    let (_, out, _) = show(&["--json", "--table", "dishes", "--limit", "1", "--after", &next]);
    let second: Value = serde_json::from_str(&out).unwrap();
    assert_ne!(second["tables"][0]["rows"][0]["key"], view["tables"][0]["rows"][0]["key"]);
}

#[test]
fn what_cannot_be_shown_is_named() {
    let (code, _, err) = described(&stend(&["show", "carbsi", "http://127.0.0.1:1"]));
    assert_eq!((code, err.as_str()), (2, "error: unknown service `carbsi`\n  = help: did you mean `carbis`?\n"));
    let (code, _, err) = described(&stend(&["show", "carbis", "http://127.0.0.1:1"]));
    assert!(code == 2 && err.starts_with("error: nobody listens at http://127.0.0.1:1"), "{err}");
    let bench = Serving::start(&[]);
    let (code, _, err) = described(&stend(&["show", "carbis", bench.url("control"), "--table", "tabels"]));
    assert!(code == 2 && err.contains("did you mean `tables`?"), "{err}");
    let (code, _, err) = described(&stend(&["show", "carbis", bench.url("control"), "--after", "1"]));
    assert!(code == 2 && err.contains("--table"), "{err}");
}

#[test]
fn every_action_is_listed_with_its_arguments_and_an_example() {
    let (code, out, err) = described(&stend(&["actions"]));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("carbis.call_waiter\n  A guest calls the waiter"), "{out}");
    assert!(out.contains("\n    table: integer of carbis.tables  The table.\n"), "{out}");
    for service in stend::registry::services().services() {
        for action in service.actions() {
            assert!(out.contains(&format!("\n  e.g. {{\"{}\":{{", action.name)), "{} has no example", action.name);
        }
    }
    let (_, queue, _) = described(&stend(&["actions", "queue"]));
    assert!(queue.starts_with("queue.take_ticket\n") && !queue.contains("carbis."), "{queue}");
    let (code, _, err) = described(&stend(&["actions", "quue"]));
    assert_eq!((code, err.as_str()), (2, "error: unknown service `quue`\n  = help: did you mean `queue`?\n"));
}

/// The examples are what one may send: each is understood, and many can be done in the world that they are taken from.
#[test]
fn examples_of_actions_are_understood() {
    let bench = Serving::start(&["--clock", "2026-11-21T12:00:00+03:00"]);
    let (_, out, _) = described(&stend(&["actions"]));
    let url = format!("{}/control/v1/worlds/default/actions", bench.url("control"));
    let examples: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("  e.g. ")).collect();
    let mut done = 0;
    for example in &examples {
        let answer: Value = serde_json::from_str(&crate::support::curl(&[&url, "-d", example])).unwrap();
        let code = answer["error"]["code"].as_str().unwrap_or("done");
        assert!(!["unknown_action", "unknown_key", "wrong_type", "missing_key"].contains(&code), "{example}: {answer}");
        done += usize::from(code == "done");
    }
    assert!(done * 2 > examples.len(), "only {done} of {} can be done", examples.len());
}

#[test]
fn one_action_is_told_by_its_name_with_what_comes_before() {
    let (code, out, err) = described(&stend(&["actions", "telemetron.modem_online"]));
    assert_eq!((code, err.as_str()), (0, ""));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "telemetron.modem_online", "{out}");
    assert_eq!(lines[lines.len() - 2], "  after {\"telemetron.modem_offline\":{\"machine\":123}}", "{out}");
    assert_eq!(lines[lines.len() - 1], "  e.g. {\"telemetron.modem_online\":{\"machine\":123}}", "{out}");
    let (code, _, err) = described(&stend(&["actions", "carbis.cal_waiter"]));
    assert!(
        code == 2 && err.contains("unknown action `carbis.cal_waiter`") && err.contains("`carbis.call_waiter`"),
        "{err}"
    );
}

#[test]
fn a_table_in_the_place_of_the_url_is_told() {
    let (code, out, err) = described(&stend(&["show", "telemetron", "machines"]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(
        err,
        "error: `machines` is no URL of a control API\n  = help: one table is shown by `--table machines`\n"
    );
}
