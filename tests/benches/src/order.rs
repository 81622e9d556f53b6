//! `make order`: which pieces of the program a start runs, and which the first questions to each fake, so that the linker
//! can lay them side by side. The system brings a program in by pieces of 64 KiB: functions that are scattered over all
//! of it bring in all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::guard::{callgrind, send};
use crate::limit::{self, Ready};
use crate::process::{Stend, scratch};
use crate::{Outcome, socket};

/// What is asked of a process under callgrind.
type Ask = fn(Stend) -> Outcome<Stend>;

/// In the order in which their pieces lie: a piece lies where it is first needed.
const STAGES: [(&str, Ask); 5] = [
    ("the start, and an answer of every port", Ok),
    ("Carbis's first answers", |stend| http(limit::poll(stend, 2)?)),
    ("the queue's first answers", queue),
    ("Telemetron's first answers", |stend| http(limit::one(stend)?)),
    ("Tillypad's first answers", |stend| http(limit::get_guest(stend)?)),
];

fn http(ready: Ready) -> Outcome<Stend> {
    send(&ready.wish, 3)?;
    Ok(ready.stend)
}

fn queue(stend: Stend) -> Outcome<Stend> {
    let url = stend.url("queue")?;
    socket::runtime()?.block_on(async {
        let mut socket = socket::connect(&url).await?;
        let token = socket::log_in(&mut socket).await?;
        for id in [2, 3] {
            socket::ask(&mut socket, json!({"command": "currentConsumer", "id": id, "token": token})).await?;
        }
        Outcome::Ok(())
    })?;
    Ok(stend)
}

/// A section that the linker placed: where, and the pattern that finds it again in another build.
struct Piece {
    end: u64,
    pattern: Option<String>,
}

/// Reads a link map of lld: columns of address, load address, size, alignment, then `FILE:(SECTION)`.
fn pieces(map: &Path) -> Outcome<BTreeMap<u64, Piece>> {
    let mut pieces = BTreeMap::new();
    for line in std::fs::read_to_string(map)?.lines() {
        let mut words = line.split_whitespace();
        let mut number = || u64::from_str_radix(words.next()?, 16).ok();
        let (Some(start), Some(_), Some(size), Some(_)) = (number(), number(), number(), number()) else { continue };
        let Some((file, section)) = words.next().and_then(|place| place.strip_suffix(')')?.rsplit_once(":(")) else {
            continue;
        };
        if section.starts_with(".text") && size > 0 {
            pieces.insert(start, Piece { end: start + size, pattern: pattern(file, section) });
        }
    }
    if pieces.is_empty() { Err(format!("{} is no map of lld", map.display()).into()) } else { Ok(pieces) }
}

/// What finds a section in another build: a function of Rust by its mangled name without the hashes of crates, a file of
/// a C library's archive by its name.
fn pattern(file: &str, section: &str) -> Option<String> {
    if let Some(at) = section.find("_R") {
        let name = &section[at..];
        let name = name.split_once(".llvm.").map_or(name, |(name, _)| name);
        return Some(format!("{}{}", &section[..at], without_hashes(name)));
    }
    let (archive, member) = file.strip_suffix(')')?.rsplit_once('(')?;
    let archive = Path::new(archive).file_name()?.to_str()?;
    // The names of a crate's objects change with every build. Of functions that are there for several processors another
    // may run on another machine.
    let kinds = ["-avx", "-evex", "-sse", "-erms"];
    let member = match kinds.iter().filter_map(|kind| member.find(kind)).min() {
        Some(at) => format!("{}-*.o", &member[..at]),
        None => member.to_owned(),
    };
    archive.ends_with(".a").then(|| format!("*{archive}:{member}(.text*)"))
}

/// A mangled name in which the hashes of crates, `Cs…_`, may be anything, and so the places of what is said again,
/// `B…_`, for hashes are not all of one length.
fn without_hashes(name: &str) -> String {
    let mut text = String::new();
    let mut rest = name;
    while let Some(at) = rest.find(['C', 'B']) {
        let (before, after) = rest.split_at(at + 1);
        text.push_str(before);
        let (mark, digits, after) = match after.strip_prefix('s') {
            Some(after) if before.ends_with('C') => ("s", 9..=12, after),
            _ if before.ends_with('B') => ("", 0..=3, after),
            _ => {
                rest = after;
                continue;
            }
        };
        text.push_str(mark);
        let hash = after.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(after.len());
        // Anything longer or shorter is a part of a name.
        rest = after;
        if after[hash..].starts_with('_') && digits.contains(&hash) {
            text.push('*');
            rest = &after[hash..];
        }
    }
    text + rest
}

/// The addresses that a process ran, by callgrind's counts.
fn ran(counts: &Path) -> Outcome<BTreeSet<u64>> {
    let text = std::fs::read_to_string(counts)?;
    let address = |line: &str| u64::from_str_radix(line.strip_prefix("0x")?.split(' ').next()?, 16).ok();
    Ok(text.lines().filter_map(address).collect())
}

fn observe(program: &Path, workers: u32, ask: Ask) -> Outcome<BTreeSet<u64>> {
    let counts = scratch("callgrind")?;
    let options = ["--dump-instr=yes", "--compress-pos=no", "--compress-strings=no"];
    let mut command = callgrind(&options, program, &counts);
    command.args(["serve", "--ephemeral", "--workers", &workers.to_string()]);
    let stend = ask(Stend::launch(command)?)?;
    stend.all_answer()?;
    // What ends a process is left where it is, so the counts are written while it runs.
    let dumped = Command::new("callgrind_control").arg("--dump").arg(stend.process().pid().to_string()).output()?;
    let file = PathBuf::from(format!("{}.1", counts.display()));
    let ran = ran(&file)
        .map_err(|error| format!("{}: {error}; {}", file.display(), String::from_utf8_lossy(&dumped.stderr)))?;
    drop(stend);
    for file in [counts, file] {
        let _ = std::fs::remove_file(file);
    }
    Ok(ran)
}

/// Writes the order for a program that lies beside its link map, `PROGRAM.map`.
pub(crate) fn run(program: &Path) -> Outcome<()> {
    let pieces = pieces(&program.with_extension("map"))?;
    let mut seen = BTreeSet::new();
    let mut text = String::from(
        "# What the linker lays side by side, in this order: see `order` in build.rs. Written by `make order`.\n",
    );
    for (name, ask) in STAGES {
        let mut bytes = 0;
        let mut patterns = BTreeSet::new();
        for workers in [1, 2] {
            for address in observe(program, workers, ask)? {
                let Some((start, piece)) = pieces.range(..=address).next_back() else { continue };
                let Some(pattern) = piece.pattern.as_ref().filter(|_| address < piece.end) else { continue };
                if seen.insert(pattern.clone()) {
                    bytes += piece.end - start;
                    patterns.insert(pattern);
                }
            }
        }
        writeln!(text, "# {name}: {} KiB", bytes / 1024)?;
        for pattern in patterns {
            writeln!(text, "{pattern}")?;
        }
        println!("{name}: {} KiB", bytes / 1024);
    }
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../servers/app/start.order"), text)?;
    Ok(())
}
