//! What holds for the repository as a whole.

use std::fs;
use std::path::Path;

use crate::support::root;

/// Files that every service has (`DESIGN.md`, layout); `actions` may be a folder.
const MODULES: [&str; 4] = ["README.md", "src/lib.rs", "src/errors.rs", "src/world.rs"];

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
