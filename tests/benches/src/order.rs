//! `make order`: which pieces of the program a start runs and reads, and which the first questions to each service, so that
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
use crate::load::Wish;
use crate::process::{Stend, scratch};
use crate::start::FIRST;
use crate::{Outcome, socket};

/// What is asked of a process that is watched.
type Ask = fn(Stend) -> Outcome<Stend>;

/// What is watched, in a word; what is asked; and what of it is only the way there.
type Stage = (&'static str, Ask, Option<Ask>);

/// In the order in which their pieces lie: a piece lies where it is first needed. What makes a service's state depends on who
/// asks first, a client or the control API, so each is watched by itself.
const STAGES: [Stage; 9] = [
    ("the start, and an answer of every port", Ok, None),
    ("Carbis's first answer", |stend| first(stend, "carbis"), None),
    ("Carbis's next answers", |stend| http(limit::poll(stend, 2)?), None),
    ("many clients of Carbis, and a full journal", |stend| many(small(stend)?), Some(small)),
    ("the queue's first answers", |stend| queue(first(stend, "queue")?), None),
    ("Telemetron's first answers", |stend| first(stend, "telemetron"), None),
    ("Tillypad's first answers", |stend| first(stend, "tillypad"), None),
    ("the next answers of both", |stend| http(limit::get_guest(http(limit::one(stend)?)?)?), None),
    ("a world of its own", small, None),
];

fn first(stend: Stend, service: &str) -> Outcome<Stend> {
    let (_, ask) = FIRST.iter().find(|(name, _)| *name == service).ok_or("an unknown fake")?;
    ask(&stend)?;
    Ok(stend)
}

fn http(ready: Ready) -> Outcome<Stend> {
    send(&ready.wish, 3)?;
    Ok(ready.stend)
}

/// A world whose journal is soon full.
fn small(stend: Stend) -> Outcome<Stend> {
    stend.world(&json!({"id": "many", "world": {
        "stend": 1,
        "journal": {"entries": 40, "bytes": 100_000},
        "carbis": {"token": "demo-token"},
    }}))?;
    Ok(stend)
}

/// Eight clients at once.
fn many(stend: Stend) -> Outcome<Stend> {
    let url = format!("{}/w/many/api/v4/events", stend.url("carbis")?);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let wish = Wish::get(format!("{url}?hash={}", ["none", "0x00000001"][client % 2]), "token: demo-token");
                scope.spawn(move || send(&wish, 20).map_err(|error| error.to_string()))
            })
            .collect();
        clients.into_iter().try_for_each(|client| client.join().unwrap_or_else(|_| Err("a client panicked".into())))
    })?;
    Ok(stend)
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

/// A section that the linker placed: where, and the patterns that find it again in another build.
struct Piece {
    end: u64,
    patterns: Vec<String>,
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
            pieces.insert(start, Piece { end: start + size, patterns: patterns(file, section) });
        }
    }
    if pieces.is_empty() { Err(format!("{} is no map of lld", map.display()).into()) } else { Ok(pieces) }
}

/// What valgrind's processor does not run and another may: the search for the kernel's clock, and hardware for hashes.
const ALSO: [&str; 5] = [
    "*libc.a:dl-lookup.o(.text*)",
    "*libc.a:dl-object.o(.text*)",
    "*libc.a:dl-setup_hash.o(.text*)",
    "*libc.a:strcmp-*.o(.text*)",
    ".text.hot._RNvNtNtCs*_4sha26sha2563x8613digest_blocks",
];

/// What finds a section in another build: a function of Rust by its mangled name without the hashes of crates, a constant
/// by the name that the compiler made up (which holds until its crate is changed), a file of a C library's archive by its
/// name, with its constants.
fn patterns(file: &str, section: &str) -> Vec<String> {
    let name = section.split_once(".llvm.").map_or(section, |(name, _)| name);
    if let Some(at) = name.find("_R") {
        return vec![format!("{}{}", &name[..at], without_hashes(&name[at..]))];
    }
    if name.contains("anon.") || name == ".text.main" {
        return vec![name.to_owned()];
    }
    let Some((archive, member)) = file.strip_suffix(')').and_then(|file| file.rsplit_once('(')) else {
        return object(file, section).into_iter().collect();
    };
    let Some(archive) = Path::new(archive).file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    // Of functions that are there for several processors another may run on another machine.
    let kinds = ["-avx", "-evex", "-sse", "-erms"];
    let member = match kinds.iter().filter_map(|kind| member.find(kind)).min() {
        Some(at) => format!("{}-*.o", &member[..at]),
        None => member.to_owned(),
    };
    if section.starts_with(".rodata") {
        return vec![format!("*{archive}:{member}(.rodata*)")];
    }
    [".text*", ".rodata.str*"].map(|sections| format!("*{archive}:{member}({sections})")).into()
}

/// A file of the compiler's own, or what is without a name in a crate: `stend-….httparse-….httparse.…-cgu.0.rcgu.o.rcgu.o`.
fn object(file: &str, section: &str) -> Option<String> {
    let name = Path::new(file).file_name()?.to_str()?;
    if name.starts_with("crt") {
        return Some(format!("*{name}({section})"));
    }
    let (_, rest) = name.split_once('.')?;
    let krate = rest.rsplit_once("-cgu.")?.0.split('.').nth(1)?;
    Some(format!("*.{krate}.*-cgu.*.o({section})"))
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
    let (mut pieces_seen, mut listed) = (BTreeSet::new(), BTreeSet::new());
    let mut also = ALSO.as_slice();
    let mut text = String::from(
        "# What the linker lays side by side, in this order: see `order` in build.rs. Written by `make order`.\n",
    );
    for (name, ask, channel) in STAGES {
        let (mut bytes, mut stray) = (0, 0);
        let mut patterns: BTreeSet<&str> = std::mem::take(&mut also).iter().copied().collect();
        for workers in [1, 2] {
            let channel = channel.map_or(Ok(BTreeSet::new()), |channel| observe(program, workers, channel))?;
            for address in observe(program, workers, ask)?.difference(&channel) {
                let Some((start, piece)) = pieces.range(..=address).next_back() else { continue };
                if *address >= piece.end {
                    continue;
                }
                if pieces_seen.insert(*start) {
                    let sum = if piece.patterns.is_empty() { &mut stray } else { &mut bytes };
                    *sum += piece.end - start;
                    patterns
                        .extend(piece.patterns.iter().map(String::as_str).filter(|pattern| listed.insert(*pattern)));
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
