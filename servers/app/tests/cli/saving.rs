//! `stend serve --save`: a world that outlives its process.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Serving, curl, described, stend};

fn control(serving: &Serving) -> String {
    format!("{}/control/v1/worlds/default", serving.url("control"))
}

fn state(serving: &Serving) -> Value {
    serde_json::from_str(&curl(&[&format!("{}/state", control(serving))])).unwrap()
}

fn act(serving: &Serving, action: &str) -> String {
    curl(&[&format!("{}/actions", control(serving)), "-d", action])
}

#[test]
fn a_world_goes_on_in_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["bench.yaml", "bench.json"] {
        let file = folder.path().join(name);
        let path = file.to_str().unwrap();
        let mut first = Serving::start(&["--clock", "frozen", "--seed", "5", "--save", path]);
        for action in [
            r#"{"carbis.call_waiter": {"table": 1000028}}"#,
            r#"{"tillypad.seed_guests": {"count": 3}}"#,
            r#"{"queue.take_ticket": {"services": [4]}}"#,
            r#"{"telemetron.sell": {"machine": 123, "layout": "A1"}}"#,
        ] {
            act(&first, action);
        }
        let saved = state(&first);
        assert!(!file.exists(), "it is saved when the bench stops");
        assert_eq!(first.signal("-TERM").0, 0);

        let (code, _, err) = described(&stend(&["check", path]));
        assert_eq!((code, err.as_str()), (0, ""));
        let second = Serving::start(&["--world", path]);
        assert_eq!(state(&second), saved);
        let again = Serving::start(&["--world", path]);
        let call = r#"{"carbis.call_waiter": {"table": 1000028}}"#;
        assert_eq!(act(&second, call), act(&again, call), "random draws go on, too");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, if name == "bench.yaml" { 1 } else { 2 }, "nothing but what was saved is left");
    }
}

/// Calls waiters over one connection until it ends; gives how many calls were acknowledged.
fn call_until_it_ends(address: &str) -> usize {
    use std::io::{Read, Write};
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    let body = r#"{"carbis.call_waiter": {"table": 1000028}}"#;
    let request = format!(
        "POST /control/v1/worlds/default/actions HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (mut acknowledged, mut buffer) = (0, [0; 4096]);
    loop {
        if socket.write_all(request.as_bytes()).is_err() {
            return acknowledged;
        }
        match socket.read(&mut buffer) {
            Ok(n) if n > 0 && buffer.starts_with(b"HTTP/1.1 200") => acknowledged += 1,
            _ => return acknowledged,
        }
    }
}

#[test]
fn what_was_acknowledged_is_saved_whichever_signal_ends_the_bench() {
    let folder = tempfile::tempdir().unwrap();
    // Started with `nohup`, the tests and their benches ignore that one.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1));
    let signals = ["-TERM", "-INT", "-QUIT"].into_iter().chain((!ignored).then_some("-HUP"));
    for signal in signals {
        let file = folder.path().join("bench.json");
        let mut serving = Serving::start(&["--clock", "frozen", "--save", file.to_str().unwrap()]);
        let address = serving.url("control").trim_start_matches("http://").to_owned();
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let address = address.clone();
                std::thread::spawn(move || call_until_it_ends(&address))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        let (code, took) = serving.signal(signal);
        let acknowledged: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
        let saved: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let events = saved["carbis"]["events"].as_array().unwrap().len();
        assert_eq!(code, 0, "{signal}");
        assert!(took < Duration::from_secs(3), "{signal}: {took:?}");
        assert!(acknowledged > 0 && events >= acknowledged, "{signal}: {acknowledged} acknowledged, {events} saved");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for (path, reason) in [
        ("no/such/folder/bench.yaml", "No such file"),
        (folder.path().to_str().unwrap(), "directory"),
        ("no-such-folder/", "directory"),
    ] {
        let (code, _, err) = described(&stend(&["serve", "--ephemeral", "--save", path]));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("cannot save the world to") && err.contains(reason), "{err}");
        assert_eq!(
            err.matches(".tmp").count(),
            path.matches(".tmp").count(),
            "no file is named that nobody asked for: {err}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_reads_holds_up_no_stop() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut serving = Serving::start(&["--save", pipe.to_str().unwrap()]);
    let (code, time) = serving.signal("-TERM");
    assert_eq!(code, 2, "what could not be saved is an error");
    assert!(time < Duration::from_secs(5), "{time:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_ready_file_or_token_that_is_a_device_is_written_and_read_within_bounds() {
    let (code, _, err) = described(&stend(&["serve", "--ephemeral", "--ready-file", "/dev/full"]));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("cannot write the ready file /dev/full"), "{err}");
    let (code, _, err) = described(&stend(&["serve", "--ephemeral", "--control-token-file", "/dev/zero"]));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("larger than"), "{err}");
    for wrong in ["*", "http://evil.example", ".example", "a b"] {
        let (code, _, err) = described(&stend(&["serve", "--ephemeral", "--allow-host", wrong]));
        assert_eq!(code, 2, "{wrong}: {err}");
    }
}

#[test]
fn a_broken_file_or_one_of_another_version_is_refused_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.yaml");
    let refused = |text: &str, parts: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let (code, _, err) = described(&stend(&["serve", "--ephemeral", "--world", file.to_str().unwrap()]));
        assert_eq!(code, 2, "{err}");
        for part in parts {
            assert!(err.contains(part), "{part} is not in\n{err}");
        }
    };
    refused("stend: 2\n", &["version 2", "reads version 1", "bench.yaml:1:8"]);
    refused("carbis: {}\n", &["missing key `stend`", "bench.yaml"]);
    refused("stend: 1\ncarbis:\n  orders: [{table: 7, waiter: 1, dishes: []}]\n", &["bench.yaml:3:20"]);
    refused("stend: 1\nqueue: {services: [\n", &["bench.yaml:"]);
    // What a crash of another program has left: half of a saved world.
    let whole =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/worlds/documented.yaml"));
    let whole = whole.unwrap();
    // It ends within braces: half a file may be a good one by chance.
    let middle = whole.floor_char_boundary(whole.len() / 2);
    let brace = whole[middle..].find('{').expect("maps in one line");
    let half = &whole[..=middle + brace];
    std::fs::write(&file, half).unwrap();
    let (code, _, err) = described(&stend(&["serve", "--ephemeral", "--world", file.to_str().unwrap()]));
    assert!(code == 2 && err.contains("bench.yaml:"), "{code} {err}");
}
