//! Lists the samples under `fixtures/<api>/samples/<operation>/<case>.json`, for the specs to take their examples from, and
//! turns the documented world into JSON, which a starting process reads many times as fast as YAML whose places are kept.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    samples();
    world();
    order();
}

/// Has the linker lay side by side what a start runs and reads: `start.order` lists it, `make order` writes that. The
/// system brings a program in by pieces of 64 KiB, so an idle process is as large as its code is scattered. Names that are
/// not there are passed over, so a stale list costs memory, not the build. Only the linker that comes with Rust is asked;
/// and the program has a fixed address, for moving it at each start touches every page with an address in it.
fn order() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("start.order");
    println!("cargo:rerun-if-changed={}", list.display());
    println!("cargo:rerun-if-env-changed=RUSTC_LINKER");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let usual = std::env::var_os("RUSTC_LINKER").is_none() && !flags.contains("link");
    let known = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ARCH", "x86_64");
    if !(usual && known && is("CARGO_CFG_TARGET_ENV", "gnu") && is("PROFILE", "release")) {
        return;
    }
    let list = fs::read_to_string(list).expect("start.order is readable");
    let mut script = String::new();
    for (section, into) in [(".rodata", ".rodata.start"), (".text", ".text.start")] {
        writeln!(script, "SECTIONS {{\n  {into} : ALIGN(0x10000) {{").expect("memory");
        if section == ".rodata" {
            // Constants of a few bytes, which the linker has folded into one another.
            script.push_str("    *(.rodata.cst*)\n");
        }
        let of_a_file = format!("({section}");
        for pattern in list.lines().filter(|line| !line.starts_with('#')) {
            if pattern.contains(&of_a_file) {
                writeln!(script, "    {pattern}").expect("memory");
            } else if pattern.starts_with(section) {
                // What was moved between modules has a suffix.
                writeln!(script, "    *({pattern} {pattern}.llvm.*)").expect("memory");
            }
        }
        writeln!(script, "  }}\n}} INSERT BEFORE {section};").expect("memory");
    }
    let out = std::env::var_os("OUT_DIR").expect("cargo gives OUT_DIR");
    let file = Path::new(&out).join("order.ld");
    fs::write(&file, script).expect("OUT_DIR is writable");
    println!("cargo:rustc-link-arg-bins=-no-pie");
    println!("cargo:rustc-link-arg-bins=-Wl,-T,{}", file.display());
}

/// Writes the documented world as a table of its keys, each with its JSON.
fn world() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/worlds/documented.yaml");
    println!("cargo:rerun-if-changed={}", file.display());
    let yaml = fs::read_to_string(&file).expect("the documented world is readable");
    let keys: serde_json::Map<String, serde_json::Value> =
        serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let keys: Vec<(&String, String)> = keys.iter().map(|(key, value)| (key, value.to_string())).collect();
    let out = std::env::var_os("OUT_DIR").expect("cargo gives OUT_DIR");
    fs::write(Path::new(&out).join("documented.rs"), format!("&{keys:?}")).expect("OUT_DIR is writable");
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
