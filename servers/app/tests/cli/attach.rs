//! `stend play --attach`: scenarios in a running process.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Serving, bench, curl, described, eventually, root, stend};

fn worlds(serving: &Serving) -> Vec<String> {
    let worlds: Value =
        serde_json::from_str(&curl(&[&format!("{}/control/v1/worlds", serving.url("control"))])).unwrap();
    worlds.as_array().unwrap().iter().map(|world| world["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_play_elsewhere_prints_the_same_bytes_as_a_play_here() {
    let serving = Serving::start(&[]);
    for files in
        [vec!["scenarios/evening-at-the-venue.yaml"], vec!["scenarios/waiter-call.yaml", "scenarios/lunch-rush.yaml"]]
    {
        for format in ["json", "pretty"] {
            let here = [vec!["play", "--format", format], files.clone()].concat();
            let there = [here.clone(), vec!["--attach", serving.url("control")]].concat();
            let (here, there) = (described(&stend(&here)), described(&stend(&there)));
            assert_eq!(here.0, 0, "{}", here.2);
            assert_eq!(here, there);
        }
    }
    assert_eq!(worlds(&serving), ["default"], "the worlds that were made are gone");
}

#[test]
fn files_go_along_and_what_fails_is_shown_in_them() {
    let serving = Serving::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    write(
        "bistro.yaml",
        "stend: 1\nbase: documented\ncarbis:\n  token: ours\n  tables: [{ id: 5, name: A, max_guests: 2 }]\n",
    );
    write("day.json", r#"{"grant_type": "password", "client_id": "nobody"}"#);
    let scenario = write(
        "fails.yaml",
        "stend: 1
world: bistro.yaml
timeline:
  - do: { carbis.call_waiter: { table: 5 } }
  - call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: ours } } }
    expect: { json: { $.data.updates: { length: 2 } } }
  - call: { telemetron: { post: /auth/, json: { file: day.json } } }
    expect: { status: 400 }
",
    );
    let junit = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (ours, theirs) = (junit("here.xml"), junit("there.xml"));
    let here = described(&stend(&["play", &scenario, "--junit", &ours]));
    let there = described(&stend(&["play", &scenario, "--junit", &theirs, "--attach", serving.url("control")]));
    assert_eq!(here.0, 1);
    assert!(here.1.contains("fails.yaml:6:39") && here.1.contains("expected 2, found 1"), "{}", here.1);
    assert_eq!(here, there);
    assert_eq!(std::fs::read(ours).unwrap(), std::fs::read(theirs).unwrap());
}

#[test]
fn a_named_world_is_used_and_stays() {
    let serving = Serving::start(&["--control-token", "t0ken"]);
    let control = format!("{}/control/v1", serving.url("control"));
    let steer = |path: &str, more: &[&str]| {
        curl(&[&["-H", "Authorization: Bearer t0ken", &format!("{control}{path}")], more].concat())
    };
    steer("/worlds", &["-d", r#"{"id": "w1", "clock": "frozen"}"#]);
    let url = serving.url("control");
    let (code, out, err) = described(&stend(&[
        "play",
        "scenarios/waiter-call.yaml",
        "--attach",
        url,
        "--world",
        "w1",
        "--control-token",
        "t0ken",
    ]));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("✓ Waiter call: passed"), "{out}");
    // A scenario leaves the clock of a world that stays where it ended, and says so.
    let now = "2026-11-21T09:09:00Z";
    let clock: Value = serde_json::from_str(&steer("/worlds/w1/clock", &[])).unwrap();
    assert_eq!((&clock["mode"], &clock["now"]), (&"frozen".into(), &now.into()));
    for part in ["has left the clock of `w1` frozen at", now, "/worlds/w1/clock", r#""now": "now""#] {
        assert!(err.contains(part), "{part} is not in {err}");
    }
    let own = described(&stend(&["play", "scenarios/waiter-call.yaml", "--attach", url, "--control-token", "t0ken"]));
    assert!(own.0 == 0 && !own.2.contains("clock"), "a world that is gone has no clock: {}", own.2);
    let state: Value = serde_json::from_str(&steer("/worlds/w1/state", &[])).unwrap();
    assert_eq!(state["carbis"]["totals"]["revenue"], 336.0);

    for (args, part) in [
        (vec!["--world", "w1"], "wrong or missing control token"),
        (vec!["--world", "w1", "--control-token", "guess"], "started with another `--control-token`"),
        (vec!["--world", "w2", "--control-token", "t0ken"], "there is no world `w2`"),
    ] {
        let (code, _, err) =
            described(&stend(&[vec!["play", "scenarios/waiter-call.yaml", "--attach", url], args].concat()));
        assert!(code == 2 && err.contains(part), "{part} is not in {err}");
    }
}

#[test]
fn who_is_not_there_or_is_somebody_else_is_told() {
    let serving = Serving::start(&[]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    // One of another version.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let newer = other.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in other.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let body = r#"{"status": "ok", "version": "99.0.0"}"#;
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        }
    });
    for (url, part) in [
        (free.as_str(), "nobody listens at"),
        (serving.url("carbis"), "is no control API of stend"),
        (newer.as_str(), "stend 99.0.0 runs at"),
        ("http://[nowhere", "is no URL"),
        ("https://127.0.0.1:1", "nobody listens at https://127.0.0.1:1"),
        ("ftp://127.0.0.1:7700", "the control API speaks HTTP, and no `ftp`\n  = help: http://127.0.0.1:7700"),
    ] {
        let (code, out, err) = described(&stend(&["play", "scenarios/waiter-call.yaml", "--attach", url]));
        assert_eq!((code, out.as_str()), (2, ""), "{url}");
        assert!(err.contains(part), "{url}: {part} is not in {err}");
    }
    let (code, _, err) = described(&stend(&["play", "scenarios/waiter-call.yaml", "--world", "w1"]));
    assert!(code == 2 && err.contains("--attach"), "{err}");
}

#[test]
fn ctrl_c_stops_the_play_there() {
    let serving = Serving::start(&[]);
    let control = format!("{}/control/v1/worlds", serving.url("control"));
    let play = |more: &[&str]| {
        let mut command = bench();
        command.args(["play", "scenarios/waiter-call.yaml", "--speed", "1", "--attach", serving.url("control")]);
        command.args(more).current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let interrupt = |id: u32| Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap();

    let child = play(&[]);
    eventually("no world is made", || (worlds(&serving).len() == 2).then_some(()));
    let made = worlds(&serving).into_iter().find(|id| id != "default").unwrap();
    eventually("it is not played", || {
        (curl(&[&format!("{control}/{made}/scenario")]).contains("playing")).then_some(())
    });
    interrupt(child.id());
    let (code, _, err) = described(&child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (130, "Waiter call: stopped\n"));
    assert_eq!(worlds(&serving), ["default"]);

    let child = play(&["--world", "default"]);
    eventually("it is not played", || {
        (curl(&[&format!("{control}/default/scenario")]).contains("playing")).then_some(())
    });
    // A second one has to wait for its turn.
    let (code, _, err) = described(&stend(&[
        "play",
        "scenarios/waiter-call.yaml",
        "--attach",
        serving.url("control"),
        "--world",
        "default",
    ]));
    assert!(code == 2 && err.contains("a scenario is being played in this world"), "{err}");
    interrupt(child.id());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    eventually("it is not stopped", || {
        (curl(&[&format!("{control}/default/scenario")]).contains("stopped")).then_some(())
    });
}

/// The client is one that polls; the world that it talks to is served all the while.
#[test]
fn a_client_of_ones_own_is_tested_by_a_scenario_that_waits_for_it() {
    let serving = Serving::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.yaml");
    let text = "stend: 1
timeline:
  - wait_for: { request: { fake: carbis, operation: events, status: 200 }, within: 30s }
  - do: { carbis.call_waiter: { table: 1000028 } }
  - wait_for: { request: { fake: carbis, operation: events, reply: { $.data.updates: { length: 1 } } }, within: 30s }
expect:
  - never: { fake: carbis, status: 4xx }
";
    std::fs::write(&file, text).unwrap();
    let (file, junit) = (file.to_str().unwrap(), folder.path().join("client.xml"));
    let (code, _, err) = described(&stend(&["check", file]));
    assert!(code == 0 && err.contains("it waits for a client that you start"), "{err}");

    let mut command = bench();
    command.args(["play", file, "--attach", serving.url("control"), "--world", "default", "--speed", "1", "--junit"]);
    command.arg(&junit).current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut playing = command.spawn().unwrap();
    let feed = format!("{}/api/v4/events?hash=none", serving.url("carbis"));
    eventually("the client is not heard", || {
        curl(&["-H", "token: demo-token", &feed]);
        playing.try_wait().unwrap()
    });
    let (code, out, err) = described(&playing.wait_with_output().unwrap());
    assert_eq!(code, 0, "{out}{err}");
    let url = format!("  carbis      {}\n", serving.url("carbis"));
    assert!(err.contains("client.yaml: waits for your client at\n") && err.contains(&url), "{err}");
    assert!(std::fs::read_to_string(&junit).unwrap().contains("failures=\"0\""));

    // Without a client it fails, and at once where no time is left to one.
    let (code, out, err) = described(&stend(&["play", file]));
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("/w/play-1\n") && err.contains("play with `--speed 1`"), "{err}");
    assert!(out.contains("not within 30s"), "{out}");
}
