//! `stend play --watch`: again whenever a file changes.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::bench;

/// A watching process and the lines that it prints, on whatever it prints them.
struct Watching {
    child: Child,
    lines: Receiver<String>,
    /// Lines that came while another one was waited for: there are two streams.
    seen: RefCell<Vec<String>>,
}

impl Watching {
    fn start(file: &Path) -> Self {
        let mut command = bench();
        command.args(["play", "--watch"]).arg(file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (send, lines) = channel();
        let also = send.clone();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        std::thread::spawn(move || BufReader::new(stdout).lines().for_each(|line| drop(send.send(line.unwrap()))));
        std::thread::spawn(move || BufReader::new(stderr).lines().for_each(|line| drop(also.send(line.unwrap()))));
        Self { child, lines, seen: RefCell::default() }
    }

    /// Reads until a line has this in it.
    fn expect(&self, part: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        let mut seen = self.seen.borrow_mut();
        if let Some(at) = seen.iter().position(|line| line.contains(part)) {
            seen.remove(at);
            return;
        }
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line.contains(part) {
                return;
            }
            seen.push(line);
        }
        panic!("no line has {part}: {seen:#?}");
    }

    /// Ctrl-C, and the code that it ends with.
    fn stop(mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

const GOOD: &str = "stend: 1
title: Watched
world: house.yaml
timeline:
  - do: { carbis.call_waiter: { table: 5 } }
  - call: { telemetron: { post: /auth/, json: { file: login.json } } }
    expect: { status: 400 }
";

#[test]
fn it_plays_again_when_a_file_changes_and_ends_with_the_last_code() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let file = folder.path().join("watched.yaml");
    let house = "stend: 1\nbase: documented\ncarbis: { tables: [{ id: 5, name: A, max_guests: 2 }] }\n";
    write("house.yaml", house);
    write("login.json", "{}");
    write("watched.yaml", GOOD);

    let watching = Watching::start(&file);
    watching.expect("✓ Watched: passed");
    watching.expect("waiting for a change");

    // A mistake is told and waited on.
    write("watched.yaml", &GOOD.replace("call_waiter", "cal_waiter"));
    watching.expect("watched.yaml has changed");
    watching.expect("unknown action");
    watching.expect("waiting for a change");

    // What the scenario is made of counts, too: its world and its bodies.
    write("watched.yaml", GOOD);
    watching.expect("✓ Watched: passed");
    watching.expect("waiting for a change");
    write("house.yaml", &house.replace("id: 5", "id: 6"));
    watching.expect("house.yaml has changed");
    watching.expect("there is no table 5");
    watching.expect("waiting for a change");
    write("house.yaml", house);
    watching.expect("✓ Watched: passed");
    watching.expect("waiting for a change");
    std::fs::remove_file(folder.path().join("login.json")).unwrap();
    watching.expect("login.json has changed");
    watching.expect("no such file");
    watching.expect("waiting for a change");
    assert_eq!(watching.stop(), Some(2), "the last one had a mistake");
}

#[test]
fn a_play_that_fails_or_is_broken_off_leaves_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fails.yaml");
    std::fs::write(&file, "stend: 1\ntitle: Fails\nexpect: [{ journal: { fake: carbis } }]\n").unwrap();
    let watching = Watching::start(&file);
    watching.expect("✗ Fails: FAILED");
    watching.expect("waiting for a change");
    assert_eq!(watching.stop(), Some(1));

    std::fs::write(&file, "stend: 1\ntitle: Passes\n").unwrap();
    let watching = Watching::start(&file);
    watching.expect("✓ Passes: passed");
    watching.expect("waiting for a change");
    assert_eq!(watching.stop(), Some(0));
}
