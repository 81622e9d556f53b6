//! The codes of our own errors: `error.code` of the control API.

use std::fmt::Write as _;

/// Codes with what they mean.
const CODES: &[[&str; 2]] = &[
    ["busy", "the bench has no room for more bodies at once; ask again"],
    ["captured_again", "a warning: a name was captured already, and has not been used since"],
    ["conflict", "the present state forbids it: the hint says what comes first"],
    ["empty", "a warning: nothing happens in a scenario, and nothing is expected"],
    ["encoding", "a body that is compressed, in another charset, or begins with a byte order mark"],
    ["forbidden_origin", "a page of another origin asks, which `--allow-origin` does not name"],
    ["internal", "the bench is at fault; its log says more"],
    ["invalid", "a value that cannot be meant: out of range, of a wrong form, against another"],
    ["malformed", "not the language it should be: JSON, YAML, a path, a header"],
    ["missing_key", "a key that is needed is not there"],
    ["never_happens", "a warning: a step cannot come about"],
    ["no_metrics", "the bench was started without `--metrics`"],
    ["no_number", "a warning: a rate of VAT that receipts have no number for"],
    ["no_thread", "the system gives no more threads"],
    ["not_as_expected", "what was to be verified does not hold; `nearest` and `unmet` say what came nearest"],
    ["not_captured", "`${name}` is captured by no step, or later"],
    ["not_found", "something that is referred to is not there: a world, a row, a file"],
    ["stopping", "the bench ends, and what waited is answered so"],
    ["strict", "a warning in a strict world"],
    ["too_deep", "lists and maps in each other beyond the limit"],
    ["too_large", "a body beyond the limit"],
    ["too_many", "more than the limit allows"],
    ["too_slow", "a body that did not come in time"],
    ["unauthorized", "the control token is missing or another"],
    ["unexpected_body", "a request has a body where none is taken"],
    ["unknown_action", "no action has this name"],
    ["unknown_claim", "no claim of the ledger has this id"],
    ["unknown_fake", "no service has this name"],
    ["unknown_host", "a host name that is not this bench's; `--allow-host` names more"],
    ["unknown_key", "a key, or a query parameter, that is not known here"],
    ["unknown_matcher", "no matcher has this name; a map that is expected as it is stands under `equals`"],
    ["unknown_method", "no such method, or the operation does not take it"],
    ["unknown_operation", "no operation of the service has this name"],
    ["unknown_parameter", "a warning: the operation has no such query parameter or header"],
    ["unknown_path", "no operation of the service has this path"],
    ["unknown_tool", "`stend mcp`: no tool has this name"],
    ["unknown_world", "no world has this id"],
    ["unreadable", "a body that cannot be read: compressed otherwise, in another charset"],
    ["unused_capture", "a warning: what is captured is never used"],
    ["wrong_method", "the control API has this path with other methods"],
    ["wrong_type", "a value of another type than is taken here"],
    ["wrong_value", "a value that is none of those that are taken"],
];

/// The chapter of the manual.
pub(super) fn chapter() -> String {
    let mut text = String::from(
        "# Errors of ours\n\nThe control API answers `{\"error\": {\"code\", \"message\", \"hint\"?, \"at\"?}}`; `stend check` prints message, place and hint. What a service answers in the \
         vendor's place is the vendor's, and stands in the service's README.\n\n| code | what it means |\n|---|---|\n",
    );
    for [code, about] in CODES {
        let _ = writeln!(text, "| `{code}` | {about} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::CODES;

    /// The codes that the sources of a folder name, and the sources.
    fn named(folder: &Path, into: &mut BTreeSet<String>, sources: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                named(&path, into, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // What unit tests make up is not the product's.
                let text = text.split("#[cfg(test)]").next().unwrap();
                if !path.ends_with("tables/errors.rs") {
                    sources.push_str(text);
                }
                let code = |rest: &str| {
                    let code = rest.trim_start().strip_prefix('"')?.split('"').next()?;
                    code.chars().all(|c| c.is_ascii_lowercase() || c == '_').then(|| code.to_owned())
                };
                for word in ["Problem::new(", "Problem::unknown(", "\"code\": "] {
                    into.extend(text.split(word).skip(1).filter_map(code));
                }
                // `ours(StatusCode::NOT_FOUND, "unknown_path", …)`
                let after_status = |rest: &str| code(rest.split_once(',')?.1);
                into.extend(text.split("ours(StatusCode::").skip(1).filter_map(after_status));
            }
        }
    }

    #[test]
    fn every_code_has_its_row() {
        let (mut found, mut sources) = (BTreeSet::new(), String::new());
        named(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut found, &mut sources);
        assert!(found.len() > 30, "{found:?}");
        let known: BTreeSet<String> = CODES.iter().map(|[code, _]| (*code).to_owned()).collect();
        let without: Vec<_> = found.difference(&known).collect();
        assert!(without.is_empty(), "codes without a row: {without:?}");
        let stray: Vec<_> = known.iter().filter(|code| !sources.contains(&format!("\"{code}\""))).collect();
        assert!(stray.is_empty(), "rows without a code: {stray:?}");
        let mut sorted = CODES.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, CODES);
    }
}
