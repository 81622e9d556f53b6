//! `stend serve` as a process.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Serving, bench, curl, described, eventually, stend};

#[test]
fn the_ready_file_holds_urls_that_answer() {
    let serving = Serving::start(&[]);
    assert_eq!(serving.ready["pid"], serving.child.id());
    assert_eq!(serving.ready["version"], env!("CARGO_PKG_VERSION"));
    let events = curl(&["-H", "token: demo-token", &format!("{}/api/v4/events?hash=none", serving.url("carbis"))]);
    assert_eq!(events, r#"{"result":true,"data":{"updates":[]}}"#);
    let health: Value =
        serde_json::from_str(&curl(&[&format!("{}/control/v1/health", serving.url("control"))])).unwrap();
    assert_eq!(health["status"], "ok");
}

#[test]
fn sigterm_and_ctrl_c_end_it_within_a_second_and_take_the_ready_file_along() {
    for signal in ["-TERM", "-INT"] {
        let mut serving = Serving::start(&[]);
        // An idle connection that is kept alive must not hold it up.
        let idle = std::net::TcpStream::connect(serving.url("carbis").trim_start_matches("http://")).unwrap();
        let (code, took) = serving.signal(signal);
        assert_eq!(code, 0, "{signal}");
        assert!(took < Duration::from_secs(1), "{signal}: {took:?}");
        assert!(!serving.ready_file.exists());
        drop(idle);
    }
}

/// A test runner that is killed closes the pipe to its bench, and the bench goes with it.
#[test]
fn with_exit_on_eof_it_ends_when_standard_input_closes() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let mut command = bench();
    command.args(["serve", "--ephemeral", "--exit-on-eof", "--ready-file"]).arg(&ready);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    eventually("it is not ready", || ready.is_file().then_some(()));
    assert_eq!(child.try_wait().unwrap(), None, "it serves as long as the pipe is open");
    drop(child.stdin.take());
    let closed = Instant::now();
    assert!(child.wait().unwrap().success());
    assert!(closed.elapsed() < Duration::from_secs(1) && !ready.exists());
}

#[test]
fn a_held_reply_does_not_hold_up_the_end() {
    let mut serving = Serving::start(&["--clock", "frozen"]);
    curl(&[&format!("{}/control/v1/worlds/default/faults", serving.url("control")), "-d", r#"{"delay": "1h"}"#]);
    let mut held = Command::new("curl");
    held.args(["-s", "-w", " %{http_code}", &format!("{}/api/v4/events?hash=none", serving.url("carbis"))]);
    let held = held.stdout(Stdio::piped()).spawn().unwrap();
    let journal = format!("{}/control/v1/worlds/default/journal", serving.url("control"));
    eventually("the request has not come", || {
        let journal: Value = serde_json::from_str(&curl(&[&journal])).unwrap();
        (journal["matched"] == 1).then_some(())
    });
    let (code, took) = serving.signal("-TERM");
    assert!(code == 0 && took < Duration::from_secs(1), "{code} {took:?}");
    // What waited for the world's clock is ended readably.
    let answer = String::from_utf8(held.wait_with_output().unwrap().stdout).unwrap();
    assert!(answer.ends_with(" 503") && answer.starts_with('{'), "{answer}");
    assert!(answer.contains("the bench stops while this reply was held"), "{answer}");
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, _, err) = described(&stend(&["serve", "--port-base", &port.to_string()]));
    assert_eq!(code, 2);
    assert!(err.contains(&format!("port {port} for control is in use")) && err.contains("--ephemeral"), "{err}");
}

#[test]
fn seed_clock_strict_and_token_are_the_default_worlds() {
    let serving = Serving::start(&[
        "--seed",
        "99",
        "--clock",
        "2026-11-21T12:00:00+03:00",
        "--strict",
        "--control-token",
        "t0ken",
    ]);
    let control = format!("{}/control/v1/worlds/default", serving.url("control"));
    assert!(curl(&[&control]).contains("unauthorized"));
    let world: Value = serde_json::from_str(&curl(&["-H", "Authorization: Bearer t0ken", &control])).unwrap();
    assert_eq!(world["seed"], 99);
    assert_eq!(world["strict"], true);
    assert_eq!(world["clock"]["mode"], "frozen");
    assert_eq!(world["clock"]["now"], "2026-11-21T09:00:00Z");
}

#[test]
fn a_scenario_is_played_on_a_loop_in_the_served_world() {
    let serving = Serving::start(&["--scenario", "scenarios/lunch-rush.yaml", "--speed", "6000", "--loop"]);
    let control = format!("{}/control/v1/worlds/default", serving.url("control"));
    // A round of 16 minutes takes a sixth of a second, and seats 90 parties.
    eventually("it has not begun a third round", || {
        let state: Value = serde_json::from_str(&curl(&[&format!("{control}/state")])).unwrap();
        (state["carbis"]["totals"]["orders_paid"].as_u64() > Some(180)).then_some(())
    });
    let world: Value = serde_json::from_str(&curl(&[&control])).unwrap();
    assert_eq!(world["generation"], 1, "nothing was reset");
}

#[test]
fn a_served_scenario_with_a_frozen_clock_happens_as_it_is_advanced() {
    let serving = Serving::start(&["--scenario", "scenarios/waiter-call.yaml", "--clock", "frozen"]);
    let world = format!("{}/control/v1/worlds/default", serving.url("control"));
    let calls = || {
        let state: Value = serde_json::from_str(&curl(&[&format!("{world}/state")])).unwrap();
        state["carbis"]["totals"]["events"]["waiter_call"].as_u64().unwrap_or(0)
    };
    eventually("the scenario has not begun", || {
        let described: Value = serde_json::from_str(&curl(&[&world])).unwrap();
        (described["generation"].as_u64() > Some(1)).then_some(())
    });
    assert_eq!(calls(), 0);
    curl(&[&format!("{world}/clock/advance"), "-d", r#"{"by": "10s"}"#]);
    assert_eq!(calls(), 1, "the step has been done when advance returns");
}

/// A scenario that is played begins the default world anew, and `--strict` is for the process.
#[test]
fn a_served_scenario_is_as_strict_as_the_process() {
    let serving = Serving::start(&["--scenario", "scenarios/waiter-call.yaml", "--clock", "frozen", "--strict"]);
    let world = format!("{}/control/v1/worlds/default", serving.url("control"));
    eventually("the scenario has not begun", || {
        let described: Value = serde_json::from_str(&curl(&[&world])).unwrap();
        assert_eq!(described["strict"], true, "{described}");
        // The first step asks for the feed.
        let begun = described["generation"].as_u64() > Some(1) && described["journal"]["entries"].as_u64() > Some(0);
        begun.then_some(())
    });
}

#[test]
fn it_says_nothing_on_standard_error_unless_asked_and_json_lines_are_json() {
    let mut quiet = Serving::start(&[]);
    curl(&[&format!("{}/control/v1/health", quiet.url("control"))]);
    // Nor of what is no HTTP; and one who stops sending still gets the answer.
    let address = quiet.url("carbis").trim_start_matches("http://").to_owned();
    for (request, answer) in [
        ("nonsense\r\n\r\n", "HTTP/1.1 400"),
        ("GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "HTTP/1.1 404"),
    ] {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut reply = String::new();
        std::io::Read::read_to_string(&mut stream, &mut reply).unwrap();
        assert!(reply.starts_with(answer), "{reply}");
    }
    quiet.signal("-TERM");
    let output = |serving: &mut Serving| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut serving.child.stderr.take().unwrap(), &mut text).unwrap();
        text
    };
    // A client's mistake is a line; nothing else is said.
    let text = output(&mut quiet);
    assert!(text.lines().count() == 1 && text.contains("path=\"/x\" status=404"), "{text}");
    let mut silent = Serving::start(&["--quiet"]);
    curl(&[&format!("{}/x", silent.url("carbis"))]);
    silent.signal("-TERM");
    assert_eq!(output(&mut silent), "");
    let mut loud = Serving::start(&["-v", "--log-format", "json"]);
    loud.signal("-TERM");
    let text = output(&mut loud);
    assert!(text.lines().count() >= 1, "{text}");
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "INFO");
    }
}

#[test]
fn the_banner_lists_urls_and_the_next_command() {
    let mut serving = Serving::start(&[]);
    serving.signal("-TERM");
    let mut banner = String::new();
    std::io::Read::read_to_string(&mut serving.child.stdout.take().unwrap(), &mut banner).unwrap();
    for name in ["carbis", "control"] {
        assert!(banner.contains(serving.url(name)), "{banner}");
    }
    let command = banner.lines().find(|line| line.contains("curl") && line.contains("events")).expect("a curl line");
    assert!(command.contains("token: demo-token"), "{command}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut play = bench();
    let mut child = play.args(["schema", "scenario"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A variable of a CI that is not set, a token from a file with a space in it: what protects nothing does not start.
#[test]
fn a_control_token_that_protects_nothing_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (empty, words) = (file("empty", "\n"), file("words", "two words\n"));
    for args in [
        ["--control-token", ""],
        ["--control-token", "two words"],
        ["--control-token", "ключ"],
        ["--control-token-file", &empty],
        ["--control-token-file", &words],
        ["--control-token-file", "/no/such/file"],
    ] {
        let (code, _, err) = described(&stend(&[&["serve", "--ephemeral"], &args[..]].concat()));
        assert_eq!(code, 2, "{args:?}: {err}");
        assert!(err.contains("token"), "{args:?}: {err}");
    }
    let unset = bench().args(["serve", "--ephemeral"]).env("STEND_CONTROL_TOKEN", "").output().unwrap();
    assert_eq!(unset.status.code(), Some(2), "{unset:?}");

    let good = file("good", "t0ken\n");
    let serving = Serving::start(&["--control-token-file", &good, "--allow-host", "bench.test", "--host", "localhost"]);
    let url = format!("{}/control/v1/worlds", serving.url("control"));
    let status = |more: &[&str]| curl(&[&["-o", "/dev/null", "-w", "%{http_code}", url.as_str()], more].concat());
    assert_eq!(status(&[]), "401");
    let token = ["-H", "Authorization: Bearer t0ken"];
    assert_eq!(status(&token), "200");
    assert_eq!(status(&[&token[..], &["-H", "Host: bench.test"]].concat()), "200");
    assert_eq!(status(&[&token[..], &["-H", "Host: evil.example"]].concat()), "421");
}
