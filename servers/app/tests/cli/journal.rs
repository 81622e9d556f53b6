//! What the journal takes of the process's memory.

use std::io::{Read, Write};

use serde_json::Value;

use crate::support::{Serving, curl};

/// Resident memory of a process, in bytes.
fn resident(serving: &Serving) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", serving.ready["pid"])).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Sends so many requests that are refused, with small bodies that all differ, many at a time, so that they share read buffers.
fn flood(serving: &Serving, world: &str, from: u32, count: u32) {
    let address = serving.url("tillypad").trim_start_matches("http://").to_owned();
    let mut socket = std::net::TcpStream::connect(&address).unwrap();
    let mut reader = socket.try_clone().unwrap();
    for start in (from..from + count).step_by(50) {
        let mut batch = String::new();
        for n in start..start + 50 {
            let body = format!("{{\"gest_Comment\": \"guest {n:08}\"}}");
            batch.push_str(&format!(
                "POST /w/{world}/post-guest HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ));
        }
        socket.write_all(batch.as_bytes()).unwrap();
        // All answers of the batch have come when as many heads have.
        let (mut text, mut buffer) = (Vec::new(), [0; 65_536]);
        while text.windows(9).filter(|window| window == b"HTTP/1.1 ").count() < 50 {
            let read = reader.read(&mut buffer).unwrap();
            assert!(read > 0, "the connection ended");
            text.extend_from_slice(&buffer[..read]);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_journals_limit_in_bytes_is_what_it_takes() {
    const LIMIT: u64 = 4 << 20;
    let serving = Serving::start(&[]);
    let control = format!("{}/control/v1/worlds", serving.url("control"));
    for (id, bytes) in [("none", 0), ("some", LIMIT)] {
        let world =
            format!(r#"{{"stend": 1, "base": "documented", "journal": {{"entries": 100000, "bytes": {bytes}}}}}"#);
        let made = curl(&[&control, "-d", &format!(r#"{{"id": "{id}", "world": {world}}}"#)]);
        assert!(made.contains("urls"), "{made}");
    }
    // What is made once, buffers included, is made in a world without a journal.
    flood(&serving, "none", 0, 3_000);
    let before = resident(&serving);
    flood(&serving, "some", 0, 15_000);
    let after = resident(&serving);
    let journal: Value = serde_json::from_str(&curl(&[&format!("{control}/some/journal?limit=1")])).unwrap();
    assert!(journal["matched"].as_u64().unwrap() > 3_000, "{journal}");
    let grown = after.saturating_sub(before);
    assert!(grown < 3 * LIMIT + (4 << 20), "{grown} bytes resident for a journal of {LIMIT}");
}
