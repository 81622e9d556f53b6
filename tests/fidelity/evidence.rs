//! Which tests show which claims: the `#[proves]` attributes, read from the sources of the workspace.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::support::root;

/// A claim of one service's ledger: the service's name and the claim's id.
pub(crate) type Key = (String, String);

/// What the sources prove.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// For each claim the tests that name it, as `file::function`.
    pub tests: BTreeMap<Key, Vec<String>>,
    /// Attributes that prove nothing, and why.
    pub wrong: Vec<String>,
}

impl Evidence {
    /// Reads every source file of the workspace. `services` has the name of each service with the ids of its claims.
    pub fn of_sources(services: &BTreeMap<String, Vec<String>>) -> Self {
        let mut files = Vec::new();
        for folder in ["tests", "servers"] {
            sources(&root().join(folder), &mut files);
        }
        files.sort();
        let mut evidence = Self::default();
        for path in files {
            let file = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            evidence.read(&file, &fs::read_to_string(&path).unwrap(), services);
        }
        evidence
    }

    /// Adds the attributes of one file; `file` is its path in the repository.
    pub fn read(&mut self, file: &str, text: &str, services: &BTreeMap<String, Vec<String>>) {
        if !text.contains("proves(") {
            return;
        }
        let home = file.split('/').nth(1).filter(|folder| services.contains_key(*folder));
        let mut found = Vec::new();
        walk(TokenStream::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}")), &mut found);
        for Attributed { function, is_test, claims } in found {
            let test = format!("{file}::{function}");
            if !is_test {
                self.wrong.push(format!("{test} has the attribute and is no test, or an ignored one"));
            }
            for claim in claims {
                match resolve(&claim, home, services) {
                    Ok(key) => self.tests.entry(key).or_default().push(test.clone()),
                    Err(why) => self.wrong.push(format!("{test} proves `{claim}`: {why}")),
                }
            }
        }
    }
}

/// The service and the id that an attribute's text means.
fn resolve(claim: &str, home: Option<&str>, services: &BTreeMap<String, Vec<String>>) -> Result<Key, String> {
    let (service, id) = claim.split_once(' ').map_or((None, claim), |(service, id)| (Some(service), id));
    let mut having: Vec<&str> =
        services.iter().filter(|(_, ids)| ids.iter().any(|known| known == id)).map(|(name, _)| name.as_str()).collect();
    if let Some(service) = service {
        having.retain(|name| *name == service);
    } else if having.len() > 1 {
        having.retain(|name| home == Some(*name));
    }
    match having.as_slice() {
        [one] => Ok(((*one).to_owned(), id.to_owned())),
        _ => Err("no ledger, or more than one, has it; `\"queue G1\"` names the service".into()),
    }
}

/// Something with a `#[proves]`.
#[derive(Debug)]
struct Attributed {
    /// The function's name; `?` where it is no function.
    function: String,
    is_test: bool,
    claims: Vec<String>,
}

/// Finds the functions with the attribute at any depth, in modules and in macros such as `proptest!`.
fn walk(tokens: TokenStream, found: &mut Vec<Attributed>) {
    let mut attributes: Vec<TokenStream> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                if let Some(TokenTree::Group(attribute)) = tokens.peek()
                    && attribute.delimiter() == Delimiter::Bracket
                {
                    attributes.push(attribute.stream());
                    tokens.next();
                }
            }
            TokenTree::Ident(word) if word == "fn" => {
                let name = tokens.peek().map(ToString::to_string);
                found.extend(attributed(name, &std::mem::take(&mut attributes)));
            }
            TokenTree::Ident(word) if ["pub", "async"].iter().any(|qualifier| word == qualifier) => {}
            other => {
                found.extend(attributed(None, &std::mem::take(&mut attributes)));
                if let TokenTree::Group(group) = other {
                    walk(group.stream(), found);
                }
            }
        }
    }
}

/// What has these attributes, if `proves` is one of them.
fn attributed(function: Option<String>, attributes: &[TokenStream]) -> Option<Attributed> {
    let claims: Vec<String> = attributes.iter().filter_map(claims).flatten().collect();
    let is_test = function.is_some()
        && attributes.iter().any(is_test)
        && !attributes.iter().any(|attribute| path(attribute) == "ignore");
    (!claims.is_empty()).then(|| Attributed { function: function.unwrap_or_else(|| "?".into()), is_test, claims })
}

/// The path of an attribute: `test`, `tokio::test`, `proves`.
fn path(attribute: &TokenStream) -> String {
    let parts = attribute.clone().into_iter().take_while(|token| !matches!(token, TokenTree::Group(_)));
    parts.map(|token| token.to_string()).collect()
}

fn is_test(attribute: &TokenStream) -> bool {
    ["test", "tokio::test"].contains(&path(attribute).as_str())
}

/// The claims of an attribute, if it is `proves`.
fn claims(attribute: &TokenStream) -> Option<Vec<String>> {
    if path(attribute) != "proves" {
        return None;
    }
    let list = attribute.clone().into_iter().find_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    })?;
    let text = |token: TokenTree| match token {
        TokenTree::Literal(id) => Some(id.to_string().trim_matches('"').to_owned()),
        _ => None,
    };
    Some(list.into_iter().filter_map(text).collect())
}

/// The Rust files below a folder, `target` left out.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
                sources(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn only_real_tests_prove_known_claims() {
    let services = BTreeMap::from([
        ("carbis".to_owned(), vec!["CB-001".to_owned(), "G1".to_owned()]),
        ("queue".to_owned(), vec!["G1".to_owned()]),
    ]);
    let sample = r#"
        mod tests {
            #[proves("CB-001", "G1")] #[test] fn one() {}
            /// Documented.
            #[tokio::test(flavor = "multi_thread")] #[proves("queue G1")] async fn two() {}
            proptest! { #[test] #[proves("CB-001")] fn three(x in 0..3) {} }
            #[proves("CB-001")] fn helper() {}
            #[proves("CB-001")] #[test] #[ignore] fn ignored() {}
            #[proves("CB-002")] #[test] fn unknown() {}
            #[proves("queue CB-001")] #[test] fn elsewhere() {}
            #[proves("CB-001")] const NOTHING: u8 = 0;
        }"#;
    let mut evidence = Evidence::default();
    evidence.read("tests/carbis/a.rs", sample, &services);
    let key = |service: &str, id: &str| (service.to_owned(), id.to_owned());
    let tests = |names: &[&str]| names.iter().map(|name| format!("tests/carbis/a.rs::{name}")).collect::<Vec<_>>();
    assert_eq!(evidence.tests[&key("carbis", "G1")], tests(&["one"]));
    assert_eq!(evidence.tests[&key("queue", "G1")], tests(&["two"]));
    assert_eq!(evidence.tests[&key("carbis", "CB-001")], tests(&["one", "three", "helper", "ignored", "?"]));
    let wrong = ["::helper has", "::ignored has", "`CB-002`", "`queue CB-001`", "::? has"];
    assert_eq!(evidence.wrong.len(), wrong.len(), "{:#?}", evidence.wrong);
    for (why, part) in evidence.wrong.iter().zip(wrong) {
        assert!(why.contains(part), "{why}");
    }
    let mut evidence = Evidence::default();
    let sample = r#"#[proves("G1")] #[test] fn whose() {}"#;
    evidence.read("tests/control/b.rs", sample, &services);
    assert!(evidence.tests.is_empty() && evidence.wrong.len() == 1, "{evidence:?}");
}
