//! Every snippet of the README and the manual is run against the binary, and what it prints is what is printed there.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Serving, binary, curl, described, root, stend};

/// A fenced block of a document: its language, its text, and whether only blank lines part it from the block before.
struct Block {
    language: String,
    text: String,
    follows: bool,
}

/// The fenced blocks of a document, in order.
fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut follows = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            found.push(Block { language: language.to_owned(), text: text.join("\n"), follows });
            follows = true;
        } else if !line.trim().is_empty() {
            follows = false;
        }
    }
    found
}

/// The name of the file that a block of YAML is: its first line is a comment with it.
fn file_name(block: &Block) -> &str {
    let first = block.text.lines().next().unwrap_or_default();
    let name = first.strip_prefix("# ").unwrap_or_default();
    assert!(name.ends_with(".yaml") || name.ends_with(".yml"), "its first line names the file:\n{}", block.text);
    name
}

/// Whether this was printed; `…` stands for any run of characters.
fn is_printed(expected: &str, got: &str) -> bool {
    let (expected, mut rest) = (expected.trim(), got.trim());
    let mut pieces = expected.split('…');
    let Some(piece) = pieces.next() else { return false };
    let Some(after) = rest.strip_prefix(piece) else { return false };
    rest = after;
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn dots_stand_for_anything_and_nothing_else_does() {
    for (expected, got, is) in [
        ("a", "a\n", true),
        ("a", "ab", false),
        ("a…c", "abbc", true),
        ("a…c", "abbcd", false),
        ("…b…", "abc", true),
        ("…x…", "abc", false),
        ("a…a", "a", false),
    ] {
        assert_eq!(is_printed(expected, got), is, "{expected} {got}");
    }
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

/// A bench with a folder in which the snippets of one document run after each other.
struct Reader {
    serving: Serving,
    folder: tempfile::TempDir,
}

impl Reader {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["scenarios", "fixtures"] {
            std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
        }
        Self { serving: Serving::start(&[]), folder }
    }

    /// Runs a script: whether it succeeded, and all that it printed.
    fn run(&self, script: &str) -> (bool, String) {
        let bin = binary().parent().unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let script = format!(
            "exec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\nset -eu\n{}\n",
            with_urls(script, &self.serving)
        );
        let mut command = Command::new("timeout");
        command.args(["120", "bash", "-c", &script]).current_dir(self.folder.path()).env("PATH", &path);
        command
            .env("XDG_DATA_HOME", self.folder.path())
            .env("NO_COLOR", "1")
            .env("STEND_LANG", "en")
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Does what a document says from its begin to its end.
    fn follow(&self, document: &str) {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        let blocks = blocks(&text);
        let scripts: String =
            blocks.iter().filter(|block| block.language == "sh").fold(String::new(), |mut all, block| {
                writeln!(all, "{}", block.text).unwrap();
                all
            });
        let mut printed = None;
        for block in &blocks {
            match block.language.as_str() {
                "yaml" => self.write(document, block, &scripts),
                "sh" => {
                    let (good, out) = self.run(&block.text);
                    assert!(good, "{document}:\n{}\n{out}", block.text);
                    printed = Some(out);
                    continue;
                }
                "json" | "text" if block.follows && printed.is_some() => {
                    let (out, expected) = (printed.take().unwrap(), with_urls(&block.text, &self.serving));
                    assert!(is_printed(&expected, &out), "{document} says\n{expected}\nand printed was\n{out}");
                }
                "json" => drop(serde_json::from_str::<serde_json::Value>(&block.text).unwrap()),
                "text" => {}
                other => panic!("{document}: nothing runs a block of `{other}`"),
            }
            printed = None;
        }
    }

    /// Writes a file that a document shows. One that no command names has to be good; the commands of CI are run.
    fn write(&self, document: &str, block: &Block, scripts: &str) {
        let name = file_name(block);
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{}\n", block.text)).unwrap();
        if name.starts_with('.') {
            let lines = block.text.lines().map(|line| line.trim().trim_start_matches("- ").trim_start_matches("run: "));
            let commands: Vec<&str> = lines.filter(|line| line.starts_with("stend ")).collect();
            assert!(!commands.is_empty(), "{document}: {name} runs nothing");
            let (good, out) = self.run(&commands.join("\n"));
            assert!(good, "{document}: {name}: {out}");
        } else if !scripts.contains(name) {
            let (good, out) = self.run(&format!("stend check {name}"));
            assert!(good, "{document}: {name}: {out}");
        }
    }
}

/// The documents whose snippets run, each in a bench of its own.
const DOCUMENTS: [&str; 8] = [
    "README.md",
    "README.ru.md",
    "fixtures/worlds/README.md",
    "servers/scenario/README.md",
    "servers/control/README.md",
    "servers/transport/README.md",
    "servers/app/README.md",
    "servers/scenario/COMPARE.md",
];

#[test]
fn the_readme_runs() {
    Reader::new().follow(DOCUMENTS[0]);
}

#[test]
fn the_russian_readme_runs() {
    Reader::new().follow(DOCUMENTS[1]);
}

#[test]
fn the_manual_about_worlds_runs() {
    Reader::new().follow(DOCUMENTS[2]);
}

#[test]
fn the_manual_about_scenarios_runs() {
    let reader = Reader::new();
    reader.follow(DOCUMENTS[3]);
    let (good, out) = reader.run("stend play kitchen.yaml");
    assert!(good, "{out}");
}

#[test]
fn the_manual_about_control_runs() {
    Reader::new().follow(DOCUMENTS[4]);
}

#[test]
fn the_manual_about_reach_runs() {
    Reader::new().follow(DOCUMENTS[5]);
}

#[test]
fn the_manual_about_ci_runs() {
    Reader::new().follow(DOCUMENTS[6]);
}

#[test]
fn the_manual_about_comparing_runs() {
    Reader::new().follow(DOCUMENTS[7]);
}

/// The number of rows of each table.
fn tables(text: &str) -> Vec<usize> {
    let mut tables = Vec::new();
    let mut rows = 0;
    for line in text.lines().chain([""]) {
        if line.starts_with('|') {
            rows += 1;
        } else if rows > 0 {
            tables.push(rows);
            rows = 0;
        }
    }
    tables
}

/// Where the links of a document lead, in order.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

/// What stands between backquotes in a document's tables, in order, without file names.
fn code_in_tables(text: &str) -> Vec<&str> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect()
}

/// Both languages have the same snippets, tables and links, and as many headings.
fn say_the_same(folder: &str) -> [String; 2] {
    let both =
        ["README.md", "README.ru.md"].map(|name| std::fs::read_to_string(root().join(folder).join(name)).unwrap());
    let [english, russian] = &both;
    let snippets = |text: &str| blocks(text).into_iter().map(|block| (block.language, block.text)).collect::<Vec<_>>();
    assert_eq!(snippets(english), snippets(russian), "{folder}");
    assert_eq!(tables(english), tables(russian), "{folder}");
    let sorted = |text: &str| {
        let mut code = code_in_tables(text).into_iter().map(str::to_owned).collect::<Vec<_>>();
        code.sort();
        code
    };
    assert_eq!(sorted(english), sorted(russian), "{folder}: what stands in code in the tables");
    // A Russian chapter leads to Russian ones, whose headings have other anchors.
    let others = |text: &str| {
        let links = links(text).into_iter().map(|link| link.split('#').next().unwrap().replace(".ru.md", ".md"));
        let mut links: Vec<String> = links.filter(|link| !link.is_empty() && link != "README.md").collect();
        links.sort();
        links
    };
    assert_eq!(others(english), others(russian), "{folder}");
    let headings = |text: &str| -> Vec<usize> {
        text.lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| line.chars().take_while(|c| *c == '#').count())
            .collect()
    };
    assert_eq!(headings(english), headings(russian), "{folder}");
    both
}

#[test]
fn both_readmes_say_the_same() {
    for text in say_the_same("") {
        // The first screen ends with the table of what one may want to do.
        let third = text.lines().enumerate().filter(|(_, line)| line.starts_with("## ")).nth(2).unwrap().0;
        assert!(third <= 60, "the first screen has {third} lines");
    }
}

/// The folders of the chapters that are there in Russian, too, with their topics.
const TRANSLATED: [(&str, &str); 6] = [
    ("worlds", "fixtures/worlds"),
    ("scenarios", "servers/scenario"),
    ("control", "servers/control"),
    ("reach", "servers/transport"),
    ("ci", "servers/app"),
    ("mcp", "servers/app/src/mcp"),
];

#[test]
fn the_manual_says_the_same_in_russian() {
    for (topic, folder) in TRANSLATED {
        let [_, russian] = say_the_same(folder);
        let (code, out, _) = described(&stend(&["help", topic, "--lang", "ru"]));
        assert_eq!((code, out == russian), (0, true), "{topic}");
        let prose = russian.lines().filter(|line| !line.is_empty() && !line.starts_with(['`', '|', ' ']));
        let cyrillic = prose.filter(|line| line.contains(|c| ('а'..='я').contains(&c))).count();
        assert!(cyrillic > 10, "{topic} is in Russian");
    }
}

#[test]
fn links_of_the_manual_lead_somewhere() {
    let others = ["llms.txt", ".github/SECURITY.md", "CONTRIBUTING.md", "ARCHITECTURE.md"];
    let russian = TRANSLATED.map(|(_, folder)| format!("{folder}/README.ru.md"));
    for document in DOCUMENTS.into_iter().chain(others).chain(russian.iter().map(String::as_str)) {
        let path = root().join(document);
        let text = std::fs::read_to_string(&path).unwrap();
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{document}: {link}");
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(&target).unwrap();
                let named = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == anchor;
                assert!(text.lines().any(|line| line.starts_with('#') && named(line)), "{document}: {link}");
            }
        }
    }
}

#[test]
fn the_manual_is_in_the_binary() {
    let (code, out, _) = described(&stend(&["help"]));
    assert_eq!(code, 0);
    let topics = out.split("Topics of the manual").nth(1).unwrap();
    let topics: Vec<&str> = topics.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(topics.len() > 10, "{topics:?}");
    for topic in &topics {
        let (code, out, _) = described(&stend(&["help", topic]));
        assert!(code == 0 && out.lines().count() > 3, "{topic}: {out}");
    }
    for (topic, file) in
        [("start", "README.md"), ("worlds", "fixtures/worlds/README.md"), ("queue", "servers/queue/README.md")]
    {
        let (_, out, _) = described(&stend(&["help", topic]));
        assert_eq!(out, std::fs::read_to_string(root().join(file)).unwrap(), "{topic}");
    }
    let (code, out, _) = described(&stend(&["help", "serve"]));
    assert!(code == 0 && out.contains("Usage: stend serve [OPTIONS]"), "{out}");
    let (code, out, err) = described(&stend(&["help", "wrlds"]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, "error: there is no command and no topic `wrlds`\n  = help: did you mean `worlds`?\n");
    let (_, _, err) = described(&stend(&["help", "faults"]));
    let help = "`stend help scenarios` has a section about it";
    assert_eq!(err, format!("error: there is no command and no topic `faults`\n  = help: {help}\n"));
}

#[test]
fn every_recipe_plays_and_is_listed() {
    let (code, out, err) = described(&stend(&["check", "--strict", "scenarios/recipes"]));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let (code, out, _) = described(&stend(&["play", "scenarios/recipes"]));
    assert_eq!(code, 0, "{out}");
    let mut listed: Vec<String> = std::fs::read_to_string(root().join("servers/scenario/README.md"))
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once("(../../scenarios/recipes/")?.1.split(')').next().map(str::to_owned))
        .collect();
    listed.sort();
    let mut there: Vec<String> = std::fs::read_dir(root().join("scenarios/recipes"))
        .unwrap()
        .map(|entry| Path::new(&entry.unwrap().file_name()).display().to_string())
        .collect();
    there.sort();
    assert_eq!(listed, there);
}

/// `make run` with the binary at hand, on free ports.
#[test]
fn make_run_serves_and_plays() {
    let folder = tempfile::tempdir().unwrap();
    let options = format!("SERVE=--ephemeral --ready-file {}", folder.path().join("ready.json").display());
    let mut command = Command::new("make");
    command.arg("run").arg(format!("STEND={}", binary().display())).arg(options).current_dir(root());
    command
        .env_remove("MAKEFLAGS")
        .env("STEND_LANG", "en")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
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
    for part in
        ["fmt --all --check", "clippy", "-D warnings", "cargo doc", "cargo test", "play scenarios scenarios/recipes"]
    {
        assert!(plan.contains(part), "{part} is not in\n{plan}");
    }
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.contains("make test"), "{ci}");
}
