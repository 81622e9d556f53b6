//! Every command of the README is run.

use std::process::{Command, Stdio};

use crate::support::{Serving, binary, curl, root};

/// The blocks of shell commands in a document.
fn blocks(text: &str) -> Vec<String> {
    text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().trim().to_owned()).collect()
}

/// The names of the ports.
fn names() -> Vec<&'static str> {
    let services = stend::registry::services();
    ["control", "gateway"].into_iter().chain(services.services().iter().map(|service| service.name())).collect()
}

/// The port numbers of the README in the place of which the test's own stand.
fn with_urls(block: &str, serving: &Serving) -> String {
    let mut block = block.to_owned();
    for name in names() {
        let address = serving.url(name).split("://").nth(1).unwrap();
        block = block.replace(&format!("127.0.0.1:{}", 7700 + stend::registry::port_offset(name)), address);
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
        command
            .args(["-c", &script])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("XDG_DATA_HOME", folder.path())
            .stdin(Stdio::null());
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

/// `make run` with the binary at hand, on free ports.
#[test]
fn make_run_serves_and_plays() {
    let folder = tempfile::tempdir().unwrap();
    let options = format!("SERVE=--ephemeral --ready-file {}", folder.path().join("ready.json").display());
    let mut command = Command::new("make");
    command.arg("run").arg(format!("STEND={}", binary().display())).arg(options).current_dir(root());
    command.env_remove("MAKEFLAGS").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut serving = Serving::when_ready(command.spawn().unwrap(), folder);
    for name in names() {
        let address = serving.url(name).split("://").nth(1).unwrap();
        std::net::TcpStream::connect(address).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let world = format!("{}/control/v1/worlds/default", serving.url("control"));
    let ask = |url: &str| serde_json::from_str::<serde_json::Value>(&curl(&[url])).unwrap();
    let state = ask(&format!("{world}/state"));
    assert_eq!((&state["title"], &state["clock"]["mode"]), (&"Busy town".into(), &"real".into()));
    let (code, _) = serving.signal("-TERM");
    assert_eq!(code, 0);
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
