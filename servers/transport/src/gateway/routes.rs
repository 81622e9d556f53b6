//! Which host is which service, in which world.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use stend_core::near;

use super::plain_host;

/// Where requests for a host go: a service, and the world for those who name none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The service's name.
    pub service: String,
    /// The world, unless the path or the proxy's user names another; `None` is the default world.
    pub world: Option<String>,
}

/// One `--route HOST=SERVICE[/WORLD]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRoute {
    /// The host, in lower case, without a port.
    pub host: String,
    /// Where to.
    pub target: Target,
}

impl FromStr for HostRoute {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "expected HOST=SERVICE or HOST=SERVICE/WORLD, e.g. pos.example.com=tillypad";
        let (host, target) = text.split_once('=').ok_or_else(|| format!("`{text}` is no route; {example}"))?;
        let host = plain_host(host).ok_or_else(|| format!("`{host}` is no host; {example}"))?;
        let (service, world) = match target.split_once('/') {
            None => (target, None),
            Some((_, "")) => return Err(format!("`{text}` names no world after the slash; {example}")),
            Some((service, world)) => (service, Some(world.to_owned())),
        };
        if service.is_empty() {
            return Err(format!("`{text}` names no service; {example}"));
        }
        Ok(Self { host, target: Target { service: service.to_owned(), world } })
    }
}

/// All routes of a gateway.
#[derive(Debug, Clone, Default)]
pub struct Routes(BTreeMap<String, Target>);

impl Routes {
    /// The hosts that vendors' clients have built in, then those that are given, which count for more.
    pub fn new(known: impl IntoIterator<Item = (&'static str, &'static str)>, given: Vec<HostRoute>) -> Self {
        let known = known
            .into_iter()
            .map(|(host, service)| (host.to_owned(), Target { service: service.to_owned(), world: None }));
        Self(known.chain(given.into_iter().map(|route| (route.host, route.target))).collect())
    }

    /// Where requests for a host go, if it is known; the host in lower case and without a dot at its end.
    pub(crate) fn find(&self, host: &str) -> Option<&Target> {
        self.0.get(host)
    }

    /// The hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What is said of a host without a route.
    pub fn unknown(&self, host: &str) -> String {
        let near = near::nearest(host, self.hosts()).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
        let known: Vec<&str> = self.hosts().collect();
        format!(
            "no route for {host}, and nothing leaves this machine.{near}\nRoutes: {}.\nAdd one with `--route {host}=SERVICE`, or let the host through with `--pass-through {host}`.",
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        )
    }
}

/// One `--pass-through HOST[:PORT]`: where tunnels may leave the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassThrough {
    /// The host, in lower case.
    pub host: String,
    /// The port; `None` is 80 and 443.
    pub port: Option<u16>,
}

impl PassThrough {
    pub(crate) fn takes(&self, port: u16) -> bool {
        self.port.map_or([80, 443].contains(&port), |only| only == port)
    }
}

impl FromStr for PassThrough {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no host; expected HOST or HOST:PORT, e.g. example.org");
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| wrong())?))
            }
            _ => (text, None),
        };
        Ok(Self { host: plain_host(host).ok_or_else(wrong)?, port })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.world {
            Some(world) => write!(f, "{}/{world}", self.service),
            None => f.write_str(&self.service),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_a_host_a_service_and_perhaps_a_world() {
        let route: HostRoute = "POS.example.com.=tillypad/w1".parse().expect("a route");
        assert_eq!(route.host, "pos.example.com");
        assert_eq!(route.target.to_string(), "tillypad/w1");
        for wrong in ["", "host", "=x", "host=", "https://a=x", "host=a/", "a b=c"] {
            let error = wrong.parse::<HostRoute>().expect_err(wrong);
            assert!(error.contains("expected HOST=SERVICE"), "{error}");
        }
    }

    #[test]
    fn hosts_without_a_route_are_named_with_what_to_do() {
        let routes = Routes::new([("api.telemetron.net", "telemetron")], vec!["menu=carbis".parse().expect("a route")]);
        assert_eq!(routes.find("api.telemetron.net").map(|target| &*target.service), Some("telemetron"));
        assert_eq!(routes.find("menu").map(|target| &*target.service), Some("carbis"));
        assert!(routes.find("example.com").is_none());
        let text = routes.unknown("api.telemetrn.net");
        assert!(
            text.contains("Did you mean api.telemetron.net?") && text.contains("--route api.telemetrn.net="),
            "{text}"
        );
    }

    #[test]
    fn what_passes_through_is_a_host_and_perhaps_a_port() {
        let through = |text: &str| text.parse::<PassThrough>();
        let plain = through("Example.ORG.").expect("a host");
        assert!(plain.host == "example.org" && plain.takes(443) && plain.takes(80) && !plain.takes(22));
        let ported = through("[::1]:8443").expect("a host");
        assert!(ported.host == "::1" && ported.takes(8443) && !ported.takes(443));
        for wrong in ["", "https://example.org", "example.org:", "example.org:x", "*", "a b"] {
            assert!(through(wrong).is_err_and(|why| why.contains("expected HOST")), "{wrong}");
        }
    }
}
