//! Who may use the control API: by the host that was asked, the token, and the page that asks.

use std::net::{Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;
use stend_core::secret;
use stend_transport::{Origins, Reply, StatusCode, header, ours};

/// The one operation that needs no token, beside the page's files: something has to tell when the ports are up.
const OPEN: &str = "/control/v1/health";

/// Who may use the control API.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The token that every request has to carry, if one is set.
    pub token: Option<String>,
    /// Names by which the bench may be reached, beside IP addresses and the names of this machine.
    pub hosts: Vec<String>,
    /// The other origins whose pages may use it.
    pub origins: Origins,
}

/// The host by which a client reached this port, without the port.
pub(crate) fn host_of(request: &HttpRequest) -> Option<&str> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    Some(name_of(host)).filter(|name| !name.is_empty())
}

/// What a request says of itself.
struct Asked<'r> {
    /// The values of `Host`, and the host of the target where that is a whole URL.
    hosts: Vec<&'r str>,
    origin: Option<&'r str>,
    authorization: Option<&'r str>,
    /// Whether it is for something that tells nothing of the worlds.
    public: bool,
}

impl Access {
    /// The reply to a request that may not be answered; what is `public` needs no token.
    pub(crate) fn refuse(&self, request: &HttpRequest, public: bool) -> Option<Reply> {
        let headers = request.headers();
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let target = request.uri().authority().map(|authority| authority.as_str());
        let hosts = headers.get_all(header::HOST).map(|host| host.to_str().unwrap_or("?"));
        self.check(&Asked {
            hosts: hosts.chain(target).collect(),
            origin: text(header::ORIGIN),
            authorization: text(header::AUTHORIZATION),
            public: public || request.path().trim_end_matches('/') == OPEN,
        })
    }

    fn check(&self, asked: &Asked<'_>) -> Option<Reply> {
        // A page that has its own name point to this machine (DNS rebinding) sends that name.
        if let Some(foreign) = asked.hosts.iter().find(|host| !self.knows(host)) {
            let name = name_of(foreign);
            let message = format!("`{name}` is not a name of this bench");
            let hint = format!("ask by an IP address or `localhost`, or start the bench with `--allow-host {name}`");
            return Some(ours(StatusCode::MISDIRECTED_REQUEST, "unknown_host", &message, Some(&hint), None));
        }
        if let (Some(token), false) = (&self.token, asked.public) {
            let given = asked.authorization.and_then(|value| value.split_once(' '));
            let given =
                given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map_or("", |(_, given)| given);
            if !secret::same(given, token) {
                let hint = "send `Authorization: Bearer TOKEN` with the token of --control-token";
                let message = "wrong or missing control token";
                return Some(ours(StatusCode::UNAUTHORIZED, "unauthorized", message, Some(hint), None));
            }
        }
        let origin = asked.origin?;
        let same = origin.split_once("://").is_some_and(|(_, origin)| asked.hosts.first() == Some(&origin));
        (!same && !self.origins.allow(origin)).then(|| {
            let message = format!("a page of {origin} may not use the control API");
            let hint = format!("start the bench with `--allow-origin {origin}`");
            ours(StatusCode::FORBIDDEN, "forbidden_origin", &message, Some(&hint), None)
        })
    }

    /// Whether a host, with or without a port, is one of the bench: an IP address, a name of this machine, or a name that
    /// was allowed.
    fn knows(&self, host: &str) -> bool {
        let name = name_of(host);
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let is_address = bare.map_or(name.parse::<Ipv4Addr>().is_ok(), |bare| bare.parse::<Ipv6Addr>().is_ok());
        let name = name.trim_end_matches('.').to_lowercase();
        is_address
            || name == "localhost"
            || name.ends_with(".localhost")
            || self.hosts.iter().any(|known| name_of(known).trim_end_matches('.').eq_ignore_ascii_case(&name))
    }
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
            if port.chars().all(|c| c.is_ascii_digit()) { name } else { host }
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            token: Some("t0ken".into()),
            hosts: vec!["bench.test".into(), "stend:7700".into()],
            ..Access::default()
        }
    }

    fn status(access: &Access, hosts: &[&str], origin: Option<&str>, authorization: Option<&str>) -> u16 {
        let asked = Asked { hosts: hosts.to_vec(), origin, authorization, public: false };
        access.check(&asked).map_or(200, |reply| reply.status.as_u16())
    }

    #[test]
    fn addresses_names_of_this_machine_and_allowed_names_are_known_and_nothing_else() {
        let access = access();
        for known in [
            "127.0.0.1",
            "127.0.0.1:7700",
            "[::1]:7700",
            "[::1]",
            "192.168.1.5",
            "localhost",
            "LOCALHOST:7700",
            "a.localhost:1",
            "localhost.",
            "bench.test",
            "Bench.Test.:7700",
            "stend",
            "stend:7700",
        ] {
            assert!(access.knows(known), "{known}");
        }
        for foreign in [
            "evil.example",
            "evil.example:7700",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "bench.test.evil.example",
            "evil.bench.test",
            "2130706433",
            "0x7f.1",
            "127.1",
            "::1",
            "",
            ":7700",
            "127.0.0.1:7700@evil.example",
            "localhost:evil",
            "?",
            "[evil]",
        ] {
            assert!(!access.knows(foreign), "{foreign}");
        }
    }

    #[test]
    fn every_host_of_a_request_is_looked_at() {
        let open = Access { token: None, ..access() };
        assert_eq!(status(&open, &[], None, None), 200, "HTTP/1.0 sends none");
        assert_eq!(status(&open, &["localhost", "evil.example"], None, None), 421);
        assert_eq!(status(&open, &["evil.example"], Some("http://evil.example"), None), 421);
        assert_eq!(status(&open, &["localhost:1"], Some("http://localhost:1"), None), 200);
        assert_eq!(status(&open, &["localhost:1"], Some("http://localhost:2"), None), 403);
        assert_eq!(status(&open, &["localhost:1"], Some("null"), None), 403);
        let origins = ["http://localhost:2".parse().expect("an origin")].into_iter().collect();
        let shared = Access { origins, ..open };
        assert_eq!(status(&shared, &["localhost:1"], Some("http://localhost:2"), None), 200);
        assert_eq!(status(&shared, &["localhost:1"], Some("http://localhost:3"), None), 403);
    }

    #[test]
    fn the_token_is_asked_for_everywhere_but_at_health() {
        let access = access();
        for (given, expected) in [
            (None, 401),
            (Some("Bearer t0ken"), 200),
            (Some("bearer t0ken"), 200),
            (Some("Bearer t0ke"), 401),
            (Some("Bearer "), 401),
            (Some("Basic t0ken"), 401),
            (Some("t0ken"), 401),
        ] {
            assert_eq!(status(&access, &["localhost"], None, given), expected, "{given:?}");
        }
        let health = Asked { hosts: vec!["localhost"], origin: None, authorization: None, public: true };
        assert!(access.check(&health).is_none());
        let rebound = Asked { hosts: vec!["evil.example"], ..health };
        assert!(access.check(&rebound).is_some());
    }
}
