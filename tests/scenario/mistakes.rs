//! Golden pairs: every mistake we know, and the text it must produce.

use stend_core::Source;

use crate::support::root;

/// What `stend check` prints of a file beside this one.
fn rendered(name: &str) -> String {
    let folder = root().join("tests/scenario/broken");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let (registry, library) = (stend::registry::fakes(), stend::library());
    match stend_scenario::load(Source::new(name, text), Some(&folder), &library, &registry) {
        Ok(_) => panic!("{name} is not wrong"),
        Err(diagnostics) => {
            diagnostics.iter().map(|diagnostic| diagnostic.render(false)).collect::<Vec<_>>().join("\n\n")
        }
    }
}

#[test]
fn every_mistake_has_its_text() {
    let mut names: Vec<String> = std::fs::read_dir(root().join("tests/scenario/broken"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 35, "{}", names.len());
    for name in names {
        let place = root().display().to_string();
        let text = rendered(&name).replace(&place, "");
        assert!(text.starts_with("error: ") && text.contains(&name), "{name}: {text}");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name.trim_end_matches(".yaml"), text);
        });
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = "stend: 1\ntimeline:\n  - do: { carbis.x: {} }\n  - {}\nexpect:\n  - {never: {fake: x}}\n";
    let (registry, library) = (stend::registry::fakes(), stend::library());
    let wrong = stend_scenario::load(Source::new("three.yaml", text), None, &library, &registry).unwrap_err();
    let places: Vec<String> = wrong.iter().map(|diagnostic| diagnostic.source.place(&diagnostic.problem)).collect();
    assert_eq!(places, ["three.yaml:3:11", "three.yaml:4:5", "three.yaml:6:20"]);
}
