//! Every command of the README is run.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Serving, binary, curl, root};

/// The blocks of shell commands in a document.
fn blocks(text: &str) -> Vec<String> {
    text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().trim().to_owned()).collect()
}

/// The port numbers of the README in the place of which the test's own stand.
fn with_urls(block: &str, serving: &Serving) -> String {
    let mut block = block.to_owned();
    for (name, port) in [("control", 7700), ("carbis", 7701), ("tillypad", 7702), ("queue", 7703), ("telemetron", 7704)]
    {
        if let Some(url) = serving.ready[name].as_str() {
            let address = url.split("://").nth(1).unwrap();
            block = block.replace(&format!("127.0.0.1:{port}"), address);
        }
    }
    block
}

#[test]
fn every_command_of_the_readme_runs() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = blocks(&text);
    assert!(blocks.len() >= 8, "{}", blocks.len());
    let serving = Serving::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    for name in ["scenarios", "fixtures"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    let bin = binary().parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for block in blocks {
        // The first two are run by tests of their own; the server is running already.
        if ["make run", "make test", "stend serve &"].contains(&block.as_str()) {
            continue;
        }
        let script = format!("set -eu\n{}\n", with_urls(&block, &serving));
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(folder.path()).env("PATH", &path).stdin(Stdio::null());
        let output = command.output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{out}\n{err}");
        assert!(!out.contains("{\"error\""), "{script}\n{out}");
    }
}

#[test]
fn the_scenario_of_the_readme_passes() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let yaml = text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("readme.yaml");
    std::fs::write(&file, yaml).unwrap();
    let status = Command::new(binary()).arg("play").arg(file).stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(0));
}

/// `make run` with the binary at hand: it serves on the documented ports, or names the one that is in use.
#[test]
fn make_run_serves_and_plays() {
    let mut command = Command::new("make");
    command.arg("run").arg(format!("STEND={}", binary().display())).current_dir(root()).env_remove("MAKEFLAGS");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    let serves = loop {
        if std::net::TcpStream::connect("127.0.0.1:7701").is_ok() {
            break true;
        }
        if child.try_wait().unwrap().is_some() || Instant::now() > until {
            break false;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if serves && child.try_wait().unwrap().is_none() {
        let state = curl(&["http://127.0.0.1:7700/control/v1/worlds/default/state"]);
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        assert_eq!(state["title"], "Busy town");
        assert_eq!(state["clock"]["mode"], "real");
        let health = curl(&["http://127.0.0.1:7700/control/v1/health"]);
        let health: serde_json::Value = serde_json::from_str(&health).unwrap();
        assert_eq!(health["status"], "ok");
        let _ = Command::new("pkill").args(["-TERM", "-P", &child.id().to_string()]).status();
    } else {
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(err.contains("is in use"), "{err}");
        return;
    }
    let _ = child.wait();
}

#[test]
fn make_test_runs_what_ci_runs() {
    let output =
        Command::new("make").args(["-n", "test"]).current_dir(root()).env_remove("MAKEFLAGS").output().unwrap();
    let plan = String::from_utf8(output.stdout).unwrap();
    for part in ["fmt --all --check", "clippy", "-D warnings", "cargo doc", "cargo test", "play scenarios"] {
        assert!(plan.contains(part), "{part} is not in\n{plan}");
    }
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.contains("make test"), "{ci}");
}
