//! Lists the ledgers `fixtures/<service>/claims.yaml`, the READMEs of their services and the samples `fixtures/<service>/samples/<operation>/<case>.json`,
//! from which the specifications take their examples, and converts the shipped worlds to JSON, which a starting process
//! parses much faster than YAML.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    samples();
    ledgers();
    worlds();
    scenarios();
}

/// Writes a list of the shipped scenarios, recipes included: each with its name and its text.
fn scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut list = String::from("&[\n");
    for file in entries(&folder).into_iter().chain(entries(&folder.join("recipes"))) {
        if file.extension().is_some_and(|extension| extension == "yaml") {
            writeln!(list, "({:?}, include_str!({file:?})),", stem(&file)).expect("memory");
        }
    }
    list.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo gives OUT_DIR");
    fs::write(Path::new(&out).join("scenarios.rs"), list).expect("OUT_DIR is writable");
}

/// Writes a list of the worlds under `fixtures/worlds`: each with its name and a table of its keys with their JSON.
fn worlds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/worlds");
    let mut list = String::from("vec![\n");
    let files =
        entries(&folder).into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    for file in files {
        let yaml = fs::read_to_string(&file).expect("a readable world file");
        let keys: serde_json::Map<String, serde_json::Value> =
            serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let keys: Vec<(&String, String)> = keys.iter().map(|(key, value)| (key, value.to_string())).collect();
        writeln!(list, "({:?}, &{keys:?} as stend_core::library::Keys),", stem(&file)).expect("memory");
    }
    list.push(']');
    let out = std::env::var_os("OUT_DIR").expect("cargo gives OUT_DIR");
    fs::write(Path::new(&out).join("worlds.rs"), list).expect("OUT_DIR is writable");
}

/// Writes the lists of ledgers, of chapters of the manual, and of what is known of traffic: each service's name with the text.
fn ledgers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let [mut ledgers, mut chapters, mut traffic, mut evidence] = [(); 4].map(|()| String::from("&[\n"));
    for service in entries(&root.join("fixtures")) {
        let (ledger, name) = (service.join("claims.yaml"), stem(&service));
        for report in entries(&service.join("evidence")) {
            writeln!(evidence, "({:?}, include_str!({report:?})),", report.display().to_string()).expect("memory");
        }
        let rules = service.join("traffic.yaml");
        if rules.is_file() {
            writeln!(traffic, "({name:?}, include_str!({rules:?})),").expect("memory");
        }
        if ledger.is_file() {
            let chapter = root.join(format!("servers/{name}/README.md"));
            writeln!(ledgers, "({name:?}, include_str!({ledger:?})),").expect("memory");
            writeln!(chapters, "({name:?}, include_str!({chapter:?})),").expect("memory");
        }
    }
    let out = std::env::var_os("OUT_DIR").expect("cargo gives OUT_DIR");
    for (name, mut list) in
        [("ledgers.rs", ledgers), ("chapters.rs", chapters), ("traffic.rs", traffic), ("evidence.rs", evidence)]
    {
        list.push_str("]\n");
        fs::write(Path::new(&out).join(name), list).expect("OUT_DIR is writable");
    }
}

/// Writes the list of samples.
fn samples() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    println!("cargo:rerun-if-changed={}", fixtures.display());
    let mut table = String::from("&[\n");
    for api in entries(&fixtures) {
        for operation in entries(&api.join("samples")) {
            for file in entries(&operation) {
                if file.extension().is_some_and(|extension| extension == "json") {
                    let [api, operation, case] = [&api, &operation, &file].map(|path| stem(path));
                    writeln!(
                        table,
                        "Sample {{ api: {api:?}, operation: {operation:?}, case: {case:?}, text: include_str!({file:?}) }},"
                    )
                    .expect("memory");
                }
            }
        }
    }
    table.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo gives OUT_DIR");
    fs::write(Path::new(&out).join("samples.rs"), table).expect("OUT_DIR is writable");
}

/// What is in a folder, in the order of its names; nothing where there is no such folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).expect("names of samples are UTF-8")
}
