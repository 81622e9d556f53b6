//! What a fault can send and match: replies that HTTP allows, headers and paths that exist.

use std::collections::BTreeSet;

use super::{Match, Respond};
use crate::near;
use crate::problem::Problem;
use crate::service::AnyService;

/// Headers that belong to the connection or follow from the body, so that a fault cannot set them.
const FRAMING: [&str; 7] =
    ["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// Statuses whose replies have no body (RFC 9110, 15.3.5, 15.3.6 and 15.4.5).
const WITHOUT_BODY: [u16; 3] = [204, 205, 304];

/// Whether a header can be called so (RFC 9110, 5.6.2).
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

fn is_header_value(value: &str) -> bool {
    value.trim_matches([' ', '\t']) == value && value.bytes().all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte))
}

impl Respond {
    /// Whether it can be sent.
    pub(super) fn check(&self) -> Result<(), Problem> {
        if !(200..=599).contains(&self.status) {
            return Err(Problem::invalid(format!("{} is no status that can be sent; 200 to 599 can", self.status)));
        }
        for (name, value) in &self.headers {
            let at = |problem: Problem| problem.at(["headers".into(), name.as_str().into()]);
            if !is_header_name(name) {
                let mut problem = Problem::invalid(format!("{name:?} is no name of a header"));
                problem.at_key = true;
                return Err(at(problem.hint("letters, digits and hyphens make one, e.g. `Retry-After`")));
            }
            if FRAMING.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                let mut problem =
                    Problem::invalid(format!("`{name}` cannot be set: it follows from the body and the connection"));
                problem.at_key = true;
                return Err(at(problem
                    .hint("`truncate`, `dribble`, `garbage` and `reset` are faults of the body and the connection")));
            }
            if !is_header_value(value) {
                return Err(at(Problem::invalid(format!("{value:?} cannot be sent as the value of a header"))
                    .hint("a value is one line of ASCII without control characters or spaces around it")));
            }
        }
        if self.body.is_some() && WITHOUT_BODY.contains(&self.status) {
            return Err(Problem::invalid(format!("a reply with the status {} has no body", self.status)).under("body"));
        }
        Ok(())
    }
}

impl Match {
    /// Whether the method, the path and the headers can be those of a request to one of these services.
    pub(super) fn check_request(&self, kinds: &[&dyn AnyService]) -> Result<(), Problem> {
        if let Some(method) = self.method.as_deref().filter(|method| !method.contains(['*', '$'])) {
            let operations = || kinds.iter().flat_map(|kind| kind.operations());
            // Every port answers the first three, and a socket begins with a `GET`.
            let methods = ["GET", "HEAD", "OPTIONS"].into_iter().chain(operations().filter_map(|one| one.method));
            let methods: BTreeSet<&str> = methods.collect();
            let commands = operations().filter_map(|one| one.command);
            if !methods.iter().copied().chain(commands).any(|known| known.eq_ignore_ascii_case(method)) {
                return Err(Problem::unknown("unknown_method", "method", method, methods).under("method"));
            }
        }
        if let Some(name) = self.header.keys().find(|name| !is_header_name(name)) {
            let mut problem = Problem::invalid(format!("{name:?} is no name of a header"));
            problem.at_key = true;
            return Err(problem.at(["header".into(), name.as_str().into()]));
        }
        let Some(path) = self.path.as_deref().filter(|path| !path.contains("${")) else { return Ok(()) };
        if !path.starts_with(['/', '*']) {
            return Err(Problem::invalid(format!("`{path}` does not begin with `/`, as paths do"))
                .hint("`*` stands for any run of characters")
                .under("path"));
        }
        // Commands have no paths; the path of a socket is that of its handshake.
        let sockets = kinds.iter().filter(|kind| kind.envelope().is_some()).count();
        if sockets == kinds.len() {
            return Ok(());
        }
        let wanted = |operation: &&crate::service::Operation| {
            self.operation.as_deref().is_none_or(|wanted| super::glob(wanted, operation.id))
        };
        let all = kinds.iter().flat_map(|kind| kind.operations()).filter(wanted);
        let handshake = (sockets > 0).then_some("/");
        let known: Vec<&str> = all.filter_map(|operation| operation.path).chain(handshake).collect();
        let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        if known.iter().any(|known| meet(trimmed, known.trim_end_matches('/')) || meet(path, known)) {
            return Ok(());
        }
        let mut problem = Problem::new("unknown_path", format!("no operation has the path `{path}`"));
        problem.hint = near::hint(path, known.iter().copied());
        Err(problem.under("path"))
    }
}

/// Whether a path with `*` for any run of characters, and an operation's path with words in braces, have a path in common.
fn meet(pattern: &str, template: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // A word in braces is one or more characters that are no slash.
    let mut parts: Vec<Option<char>> = Vec::new();
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        if let (true, Some(end)) = (c == '{', rest.find('}')) {
            parts.push(None);
            rest = &rest[end + 1..];
        } else {
            parts.push(Some(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    // Where one can be in the template after each character of the pattern, and whether inside a word.
    let closed = |mut places: BTreeSet<(usize, bool)>| {
        let inside: Vec<usize> = places.iter().filter(|(_, inside)| *inside).map(|(at, _)| at + 1).collect();
        places.extend(inside.into_iter().map(|at| (at, false)));
        places
    };
    let step = |places: &BTreeSet<(usize, bool)>, given: Option<char>| {
        let mut next = BTreeSet::new();
        for (at, inside) in places {
            match parts.get(*at) {
                Some(None) if given != Some('/') => drop(next.insert((*at, true))),
                Some(Some(c)) if !inside && given.is_none_or(|given| given == *c) => drop(next.insert((at + 1, false))),
                _ => {}
            }
        }
        closed(next)
    };
    let mut places = closed([(0, false)].into());
    for c in pattern {
        places = match c {
            '*' => {
                // As many steps as lead anywhere new.
                let mut all = places;
                loop {
                    let more: BTreeSet<_> = all.union(&step(&all, None)).copied().collect();
                    if more == all {
                        break all;
                    }
                    all = more;
                }
            }
            c => step(&places, Some(c)),
        };
    }
    places.contains(&(parts.len(), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_paths_of_operations_meet_where_one_request_fits_both() {
        for (pattern, template) in [
            ("/v2/machines/7", "/v2/machines/{id}"),
            ("/v2/machines/*", "/v2/machines/{id}"),
            ("/v2/machines/*/log", "/v2/machines/{id}/log"),
            ("/v2/*", "/v2/machines/{id}/log"),
            ("*", "/v2"),
            ("*/log", "/v2/machines/{id}/log"),
            ("/api/*/events", "/api/v4/events"),
            ("/v2/machines/1*3", "/v2/machines/{id}"),
        ] {
            assert!(meet(pattern, template), "{pattern} {template}");
        }
        for (pattern, template) in [
            ("/v2/machine/7", "/v2/machines/{id}"),
            ("/v2/machines/", "/v2/machines/{id}"),
            ("/v2/machines/7/log", "/v2/machines/{id}"),
            ("/v2/machines/7/*", "/v2/machines/{id}"),
            ("/v3*", "/v2/machines"),
            ("*/logs", "/v2/machines/{id}/log"),
            ("", "/v2"),
        ] {
            assert!(!meet(pattern, template), "{pattern} {template}");
        }
    }

    #[test]
    fn what_http_cannot_send_is_refused() {
        let respond = |status: u16, name: &str, value: &str, body: bool| Respond {
            status,
            headers: [(name.to_owned(), value.to_owned())].into(),
            body: body.then(|| "x".into()),
        };
        assert_eq!(respond(503, "Retry-After", "5", true).check(), Ok(()));
        for (bad, key) in [
            (respond(503, "X-A\r\nB", "5", true), "headers.X-A"),
            (respond(503, "X A", "5", true), "headers.X A"),
            (respond(503, "", "5", true), "headers."),
            (respond(503, "X-A", "a\r\nSet-Cookie: b", true), "headers.X-A"),
            (respond(503, "X-A", "nul\0", true), "headers.X-A"),
            (respond(503, "content-length", "5", true), "headers.content-length"),
            (respond(503, "Transfer-Encoding", "chunked", true), "headers.Transfer-Encoding"),
            (respond(204, "X-A", "5", true), "body"),
            (respond(304, "X-A", "5", true), "body"),
            (respond(199, "X-A", "5", false), ""),
        ] {
            let problem = bad.check().expect_err(key);
            assert!(problem.path.to_string().starts_with(key), "{problem}");
        }
    }
}
