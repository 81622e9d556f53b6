//! What holds for the repository as a whole.

use std::fs;
use std::path::Path;

use crate::support::root;

/// Files that every service has (`DESIGN.md`, layout); `actions` may be a folder.
const MODULES: [&str; 5] = ["README.md", "src/lib.rs", "src/errors.rs", "src/view.rs", "src/world.rs"];

#[test]
fn every_service_has_the_same_modules() {
    for service in stend::registry::services().services() {
        let folder = root().join("servers").join(service.name());
        for module in MODULES {
            assert!(folder.join(module).is_file(), "servers/{} has no {module}", service.name());
        }
        for module in ["src/api", "src/state"] {
            assert!(folder.join(module).is_dir(), "servers/{} has no {module}", service.name());
        }
        let actions = ["src/actions.rs", "src/actions/mod.rs"];
        assert!(actions.iter().any(|file| folder.join(file).is_file()), "servers/{} has no actions", service.name());
    }
}

/// The scenario language and the control API find services by the registry (`DESIGN.md`, invariant 5).
#[test]
fn scenario_and_control_know_no_service_by_name() {
    let services = stend::registry::services();
    let names: Vec<&str> = services.services().iter().map(|kind| kind.name()).collect();
    let mut seen = 0;
    for folder in ["servers/scenario/src", "servers/control/src"] {
        for path in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            // Tests may use any service as an example.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            seen += 1;
            for (number, line) in code.lines().enumerate() {
                let words: Vec<String> = line.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
                let named = names.iter().find(|name| words.iter().any(|word| word == *name));
                assert!(named.is_none(), "{}:{} names {named:?}", path.display(), number + 1);
            }
        }
    }
    assert!(seen > 30, "only {seen} files were looked at");
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

/// A test file that no module declares is compiled by nobody.
#[test]
fn every_test_file_is_declared() {
    fn check(folder: &Path, declaring: &Path) {
        let declared = fs::read_to_string(declaring).unwrap();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                if path.join("mod.rs").is_file() {
                    assert!(
                        declared.contains(&format!("mod {name};")),
                        "{} does not declare {name}",
                        declaring.display()
                    );
                    check(&path, &path.join("mod.rs"));
                }
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !["main", "mod"].contains(&name.as_str())
            {
                assert!(declared.contains(&format!("mod {name};")), "{} does not declare {name}", declaring.display());
            }
        }
    }
    let tests = root().join("tests");
    check(&tests, &tests.join("main.rs"));
}

/// One version for all packages, and the changelog says what is in it.
#[test]
fn all_packages_have_the_version_that_the_changelog_has() {
    let text = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let heading = text("CHANGELOG.md").lines().find(|line| line.starts_with("## ")).unwrap().to_owned();
    let date = heading.strip_prefix(&format!("## {version}, ")).unwrap_or_else(|| panic!("{heading}"));
    assert!(date.len() == 10 && date.chars().all(|c| c.is_ascii_digit() || c == '-'), "{heading}");
    let node: serde_json::Value = serde_json::from_str(&text("clients/node/package.json")).unwrap();
    assert_eq!(node["version"], version);
    let platforms = node["optionalDependencies"].as_object().unwrap();
    assert!(platforms.len() >= 3 && platforms.values().all(|of| of == version), "{platforms:?}");
    assert!(text("clients/python/pyproject.toml").contains(&format!("\nversion = \"{version}\"\n")));
    for package in fs::read_dir(root().join("servers")).unwrap() {
        let file = package.unwrap().path().join("Cargo.toml");
        if let Ok(manifest) = fs::read_to_string(&file) {
            assert!(manifest.contains("version.workspace = true"), "{}", file.display());
        }
    }
}

#[test]
fn who_reports_something_is_told_how() {
    for (file, says) in [
        (".github/SECURITY.md", "# "),
        (".github/pull_request_template.md", "make test"),
        (".github/ISSUE_TEMPLATE/bug.yml", "body:"),
        (".github/ISSUE_TEMPLATE/differs.yml", "body:"),
    ] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(text.contains(says), "{file} does not say {says}");
    }
}
