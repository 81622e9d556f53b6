//! Files that stend writes, whatever their paths lead to, and results that cannot be written.

use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Serving, bench, binary, described, root, stend};

/// Runs a line in a shell in the repository's root; `$STEND` is the binary.
fn shell(line: &str, folder: &Path) -> (i32, String, String) {
    let mut command = Command::new("timeout");
    command.args(["60", "sh", "-c", line]).env("STEND", binary()).env("FOLDER", folder).current_dir(root());
    described(&command.stdin(Stdio::null()).output().unwrap())
}

fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn files_are_written_through_links_and_with_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("ready"), "of an earlier run").unwrap();
    for (link, target) in [("ready-link", "ready"), ("saved-link", "saved.yaml"), ("junit-link", "junit.xml")] {
        symlink(target, at(link)).unwrap();
    }
    let line = "umask 022; exec $STEND serve --ephemeral --ready-file $FOLDER/ready-link --save $FOLDER/saved-link";
    let mut child = Command::new("sh")
        .args(["-c", line])
        .env("STEND", binary())
        .env("FOLDER", folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("a ready file", || {
        std::fs::read_to_string(at("ready")).is_ok_and(|text| serde_json::from_str::<Value>(&text).is_ok())
    });
    assert_eq!(std::fs::metadata(at("ready")).unwrap().mode() & 0o777, 0o644);
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!at("ready").exists(), "the URLs of a bench that is gone");
    assert!(at("ready-link").is_symlink() && at("saved-link").is_symlink());
    assert_eq!(std::fs::metadata(at("saved.yaml")).unwrap().mode() & 0o777, 0o644);

    let play = "umask 077; $STEND play scenarios/waiter-call.yaml --junit $FOLDER/junit-link";
    assert_eq!(shell(play, folder.path()).0, 0);
    assert!(at("junit-link").is_symlink());
    assert_eq!(std::fs::metadata(at("junit.xml")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_pipe_or_a_device_is_written_to_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = bench();
    command.args(["serve", "--ephemeral", "--save", "/dev/null", "--ready-file"]).arg(&pipe).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let ready: Value = serde_json::from_str(&std::fs::read_to_string(&pipe).unwrap()).unwrap();
    assert_eq!(ready["pid"], child.id());
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn a_dash_is_the_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let line = "cd $FOLDER && $STEND play $OLDPWD/scenarios/waiter-call.yaml --junit - && test ! -e ./-";
    let (code, out, err) = shell(line, folder.path());
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("<testsuites"), "{out}");
}

#[test]
fn a_stale_ready_file_goes_at_once_and_a_foreign_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ready");
    std::fs::write(&path, "stale").unwrap();
    let args = ["serve", "--ephemeral", "--world", "no/such/world.yaml", "--ready-file", path.to_str().unwrap()];
    assert_eq!(described(&stend(&args)).0, 2);
    assert!(!path.exists(), "whoever waits for it would take it for ours");
    let mut serving = Serving::start(&[]);
    std::fs::write(&serving.ready_file, "another's").unwrap();
    assert_eq!(serving.signal("-TERM").0, 0);
    assert_eq!(std::fs::read_to_string(&serving.ready_file).unwrap(), "another's");
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "play scenarios/waiter-call.yaml --format json",
        "play scenarios/waiter-call.yaml",
        "spec carbis",
        "spec queue --format json",
        "schema scenario",
        "schema world",
        "fidelity",
        "check scenarios/waiter-call.yaml",
        "completions bash",
        "--help",
        "--version",
        "help play",
    ] {
        let (code, out, err) = shell(&format!("$STEND {command} > /dev/full"), folder.path());
        assert_eq!((code, out.as_str()), (2, ""), "{command}: {err}");
        assert!(err.contains("cannot write to standard output: No space left on device"), "{command}: {err}");
        let (code, _, err) = shell(&format!("$STEND {command} | head -c 0"), folder.path());
        assert_eq!((code, err.as_str()), (0, ""), "{command}: a pipe that was closed is nobody's mistake");
    }
    let (code, _, err) = shell("$STEND play scenarios/waiter-call.yaml --junit /dev/full", folder.path());
    assert_eq!(code, 2);
    assert!(err.contains("cannot write /dev/full: No space left on device"), "{err}");
}
