//! `make order`: which pieces of the program a start runs and reads, and which the first questions to each fake, so that
//! the linker can lay them side by side. The system brings a program in by pieces of 64 KiB: functions and constants that
//! are scattered over all of it bring in all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::guard::send;
use crate::limit::{self, Ready};
use crate::process::{Stend, scratch};
use crate::start::FIRST;
use crate::{Outcome, socket};

/// What is asked of a process that is watched.
type Ask = fn(Stend) -> Outcome<Stend>;

/// In the order in which their pieces lie: a piece lies where it is first needed. What makes a fake's state depends on who
/// asks first, a client or the control API, so each is watched by itself.
const STAGES: [(&str, Ask); 7] = [
    ("the start, and an answer of every port", Ok),
    ("Carbis's first answer", |stend| first(stend, "carbis")),
    ("Carbis's next answers", |stend| http(limit::poll(stend, 2)?)),
    ("the queue's first answers", |stend| queue(first(stend, "queue")?)),
    ("Telemetron's first answers", |stend| first(stend, "telemetron")),
    ("Tillypad's first answers", |stend| first(stend, "tillypad")),
    ("the next answers of both", |stend| http(limit::get_guest(http(limit::one(stend)?)?)?)),
];

fn first(stend: Stend, fake: &str) -> Outcome<Stend> {
    let (_, ask) = FIRST.iter().find(|(name, _)| *name == fake).ok_or("an unknown fake")?;
    ask(&stend)?;
    Ok(stend)
}

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
        if (section.starts_with(".text") || section.starts_with(".rodata")) && size > 0 {
            pieces.insert(start, Piece { end: start + size, pattern: pattern(file, section) });
        }
    }
    if pieces.is_empty() { Err(format!("{} is no map of lld", map.display()).into()) } else { Ok(pieces) }
}

/// What finds a section in another build: a function of Rust by its mangled name without the hashes of crates, a constant
/// by the name that the compiler made up (which holds until its crate is changed), a file of a C library's archive by its
/// name.
fn pattern(file: &str, section: &str) -> Option<String> {
    let name = section.split_once(".llvm.").map_or(section, |(name, _)| name);
    if let Some(at) = name.find("_R") {
        return Some(format!("{}{}", &name[..at], without_hashes(&name[at..])));
    }
    if name.contains("anon.") {
        return Some(name.to_owned());
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
    let sections = if section.starts_with(".text") { ".text*" } else { ".rodata*" };
    archive.ends_with(".a").then(|| format!("*{archive}:{member}({sections})"))
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

/// What a process ran and read, from lackey's trace of it: lines such as `I  008a45b7,4` and ` L 1ffeff80c8,8`.
fn touched(trace: &Path) -> Outcome<BTreeSet<u64>> {
    let mut addresses = BTreeSet::new();
    for line in BufReader::new(std::fs::File::open(trace)?).lines() {
        let line = line?;
        let Some((address, _)) = line.get(3..).and_then(|rest| rest.split_once(',')) else { continue };
        addresses.extend(u64::from_str_radix(address, 16));
    }
    Ok(addresses)
}

fn observe(program: &Path, workers: u32, ask: Ask) -> Outcome<BTreeSet<u64>> {
    let trace = scratch("trace")?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=lackey", "--trace-mem=yes", &format!("--log-file={}", trace.display())]).arg(program);
    command.args(["serve", "--ephemeral", "--workers", &workers.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let stend = ask(Stend::launch(command)?)?;
    stend.all_answer()?;
    // What ends a process is left where it is: it has no time for that.
    drop(stend);
    let touched = touched(&trace);
    let _ = std::fs::remove_file(trace);
    touched
}

/// Writes the order for a program that lies beside its link map, `PROGRAM.map`.
pub(crate) fn run(program: &Path) -> Outcome<()> {
    let pieces = pieces(&program.with_extension("map"))?;
    let (mut seen, mut strays) = (BTreeSet::new(), BTreeSet::new());
    let mut text = String::from(
        "# What the linker lays side by side, in this order: see `order` in build.rs. Written by `make order`.\n",
    );
    for (name, ask) in STAGES {
        let (mut bytes, mut stray) = (0, 0);
        let mut patterns = BTreeSet::new();
        for workers in [1, 2] {
            for address in observe(program, workers, ask)? {
                let Some((start, piece)) = pieces.range(..=address).next_back() else { continue };
                if address >= piece.end {
                    continue;
                }
                let Some(pattern) = &piece.pattern else {
                    if strays.insert(*start) {
                        stray += piece.end - start;
                    }
                    continue;
                };
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
        println!("{name}: {} KiB, and {} KiB that cannot be named", bytes / 1024, stray / 1024);
    }
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../servers/app/start.order"), text)?;
    Ok(())
}
