//! Calls of what no operation of a service is: paths, methods, query parameters, and headers with a slip in their names. It
//! may be meant, to see the refusal.

use std::collections::BTreeSet;

use serde_json::Value;
use stend_core::{AnyService, Node, Problem, Registry, near};

use super::{Step, What};
use crate::call::{Call, Target};

/// Calls that no operation answers: the step's number and the problem, with its place.
pub(super) fn unknown(steps: &[Step], registry: &Registry) -> Vec<(usize, Problem)> {
    let mut specs = Specs::default();
    let calls = steps.iter().enumerate().filter_map(|(index, step)| match &step.what {
        What::Call(call) if !wants_refusal(step) => Some((index, call)),
        _ => None,
    });
    calls
        .flat_map(|(index, call)| {
            let found =
                registry.find(call.service()).map(|(_, kind)| of_call(call, kind, &mut specs)).unwrap_or_default();
            found.into_iter().map(move |problem| (index, problem.at(["call".into(), call.service().into()])))
        })
        .collect()
}

/// Whether a step expects what a path or method gets that is not there.
fn wants_refusal(step: &Step) -> bool {
    let status = step.expect.as_ref().and_then(|expect| expect.status.as_ref()).map(|raw| raw.0.to_json());
    status.is_some_and(|status| status == 404 || status == 405)
}

fn of_call(call: &Call, kind: &'static dyn AnyService, specs: &mut Specs) -> Vec<Problem> {
    let Some(Target { method, path, query: names, headers }) = call.target() else { return Vec::new() };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // What is filled in may bring a whole path.
    if path.starts_with("${") {
        return Vec::new();
    }
    let at = method.as_str().to_lowercase();
    let here = kind.operations().iter().filter(|operation| operation.path.is_some_and(|known| fits(known, path)));
    let methods: BTreeSet<&str> = here.clone().filter_map(|operation| operation.method).collect();
    if methods.is_empty() {
        let mut problem =
            Problem::new("unknown_path", format!("no operation of {} has the path `{path}`", kind.name()));
        let known = kind.operations().iter().filter_map(|operation| operation.path);
        let like: Vec<String> = known.clone().filter_map(|known| filled(known, path)).collect();
        problem.hint = match near::nearest(path, like.iter().map(String::as_str)) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => near::hint(path, known),
        };
        return vec![problem.under(at)];
    }
    let Some(operation) = here.into_iter().find(|operation| operation.method == Some(method.as_str())) else {
        let methods = methods.into_iter().collect::<Vec<_>>().join(", ");
        let problem = Problem::new("unknown_method", format!("{} takes no {method} at `{path}`", kind.name()));
        return vec![problem.hint(format!("it takes {methods}")).under(at)];
    };
    let Some(parameters) = specs.parameters(kind, operation.path.unwrap_or_default(), &at) else { return Vec::new() };
    let known = parameters.query;
    let odd = |name: &str| {
        let plain = name.split('[').next().unwrap_or(name);
        let fits = |known: &String| known == name || known.split('[').next() == Some(plain);
        if name.is_empty() || name.contains("${") || name.contains('%') || known.iter().any(fits) {
            return None;
        }
        let text = format!("the operation {} has no query parameter `{name}`", operation.id);
        let mut problem = Problem::new("unknown_parameter", text);
        problem.hint = near::hint(name, known.iter().map(String::as_str));
        Some(problem)
    };
    let in_path = query.split('&').map(|pair| pair.split('=').next().unwrap_or(pair));
    let mut found: Vec<Problem> = in_path.filter_map(odd).map(|problem| problem.under(at.as_str())).collect();
    found.extend(names.into_iter().filter_map(|name| {
        let mut problem = odd(name)?.at(["query".into(), name.into()]);
        problem.at_key = true;
        Some(problem)
    }));
    found.extend(headers.into_iter().filter_map(|name| {
        let known = || STANDARD.into_iter().chain(parameters.headers.iter().map(String::as_str));
        if name.contains("${") || known().any(|known| known.eq_ignore_ascii_case(name)) {
            return None;
        }
        // Others may be meant for whatever stands between.
        let near = near::nearest(name, known())?;
        let text = format!("the operation {} has no header `{name}`", operation.id);
        let problem = Problem::new("unknown_parameter", text).hint(format!("did you mean `{near}`?"));
        let mut problem = problem.at(["headers".into(), name.into()]);
        problem.at_key = true;
        Some(problem)
    }));
    found
}

/// Whether a path is one of an operation's; what is filled in fits anything.
pub(super) fn fits(known: &str, path: &str) -> bool {
    let words = |path: &str| path.trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (known, path) = (words(known), words(path));
    known.len() == path.len()
        && known.iter().zip(&path).all(|(known, word)| known.contains('{') || word.contains("${") || known == word)
}

/// An operation's path with the words of another of the same length in its braces.
fn filled(known: &str, path: &str) -> Option<String> {
    let (known, path): (Vec<&str>, Vec<&str>) = (known.split('/').collect(), path.split('/').collect());
    let words = known.iter().zip(&path).map(|(known, word)| if known.contains('{') { *word } else { *known });
    (known.len() == path.len()).then(|| words.collect::<Vec<_>>().join("/"))
}

/// Headers that any operation may get.
const STANDARD: [&str; 8] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-type",
    "if-none-match",
    "user-agent",
    "x-request-id",
];

/// The parameters of an operation, by their names.
struct Parameters {
    query: Vec<String>,
    headers: Vec<String>,
}

/// Services' specifications, read when a call asks for them.
#[derive(Default)]
struct Specs(Vec<(&'static str, Vec<Value>)>);

impl Specs {
    /// The parameters of an operation; `None` where the specification does not tell.
    fn parameters(&mut self, kind: &'static dyn AnyService, path: &str, method: &str) -> Option<Parameters> {
        let place = self.0.iter().position(|(name, _)| *name == kind.name()).unwrap_or_else(|| {
            let parts = kind.spec().iter().filter_map(|part| Some(Node::parse(part.text).ok()?.to_json()));
            self.0.push((kind.name(), parts.collect()));
            self.0.len() - 1
        });
        let parts = &self.0[place].1;
        let item =
            parts.iter().find_map(|part| part.get("paths")?.get(path)?.get(method).map(|operation| (part, operation)));
        let (part, operation) = item?;
        let shared = part["paths"][path].get("parameters");
        let lists = [shared, operation.get("parameters")];
        let all = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
        // One that is kept elsewhere has to be found, or nothing can be said.
        let parameters = all.map(|parameter| match parameter.get("$ref").and_then(Value::as_str) {
            Some(channel) => parts.iter().find_map(|part| part.pointer(channel.strip_prefix('#')?)),
            None => Some(parameter),
        });
        let parameters: Vec<&Value> = parameters.collect::<Option<_>>()?;
        let schemes = parts.iter().filter_map(|part| part.pointer("/components/securitySchemes")?.as_object());
        let schemes: Vec<&Value> = schemes.flat_map(|schemes| schemes.values()).collect();
        let names = |parameter: &Value| {
            let aliases = parameter.get("x-aliases").and_then(Value::as_array).cloned().unwrap_or_default();
            let all = parameter.get("name").into_iter().cloned().chain(aliases);
            all.filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let of = |place: &str| {
            let all = parameters.iter().chain(&schemes).filter(|parameter| parameter["in"] == place);
            all.flat_map(|parameter| names(parameter)).collect()
        };
        Some(Parameters { query: of("query"), headers: of("header") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_with_words_in_braces_and_with_what_is_filled_in() {
        assert!(fits("/v2/machines/{id}", "/v2/machines/7"));
        assert!(fits("/v2/machines/{id}/log", "/v2/machines/${id}/log/"));
        assert!(fits("/get-guest", "/get-guest"));
        assert!(!fits("/get-guest", "/get-gest"));
        assert!(!fits("/v2/machines/{id}", "/v2/machines"));
    }
}
