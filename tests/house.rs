//! What holds for the repository as a whole.

use std::fs;
use std::path::Path;

use crate::support::root;

/// Every room that a house has (DESIGN: the same rooms in every house).
const ROOMS: [&str; 6] = ["README.md", "src/lib.rs", "src/routes.rs", "src/actions.rs", "src/error.rs", "src/seed.rs"];

#[test]
fn every_house_has_the_same_rooms() {
    for kind in stend::registry::fakes().kinds() {
        let house = root().join("servers").join(kind.name());
        for room in ROOMS {
            assert!(house.join(room).is_file(), "servers/{} has no {room}", kind.name());
        }
        for folder in ["src/handlers", "src/state"] {
            assert!(house.join(folder).is_dir(), "servers/{} has no {folder}", kind.name());
        }
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
