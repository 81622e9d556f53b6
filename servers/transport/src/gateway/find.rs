//! What a request through the gateway is for.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};

use super::accept::Refusal;
use super::connect::proxy_user;
use super::stream::Before;
use super::{Gateway, plain_host};

/// What a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A service, in this world where one is named.
    Service(String, Option<String>),
    /// One of the bench's own ports.
    Own(u16),
    /// Nothing: the status, and why.
    Refused(u16, String),
}

/// Who is asked for: the host and, where it is named, the port.
type Asked = (String, Option<u16>);

impl Gateway {
    /// What a request is for, by its tunnel, its TLS, its absolute target or its `Host`.
    pub(crate) fn find(&self, request: &HttpRequest) -> Found {
        self.look(request).unwrap_or_else(|refusal| match refusal {
            Refusal::Told(status, text) => {
                let status = status.split(' ').next().and_then(|status| status.parse().ok()).unwrap_or(502);
                Found::Refused(status, text)
            }
            Refusal::Gone(error) => Found::Refused(502, error.to_string()),
        })
    }

    fn look(&self, request: &HttpRequest) -> Result<Found, Refusal> {
        let bad = |text: &str| Refusal::new("400 Bad Request", text);
        if request.method() == Method::CONNECT {
            return Err(bad("a CONNECT has to come first on a connection, and not within a tunnel"));
        }
        let none = Before::default();
        let before = request.conn_data::<Before>().unwrap_or(&none);
        let target = target(request)?;
        let host = host(request)?;
        if let Some(tunnel) = &before.host {
            // Whoever asks one host for another's requests gets an error, and is not served by whichever comes first.
            if let Some((other, _)) = target.iter().chain(&host).find(|(name, _)| name != tunnel) {
                let text = format!("this connection is for {tunnel}, and its request for {other}");
                return Err(Refusal::new("421 Misdirected Request", text));
            }
        }
        let named = (before.host.clone().map(|host| (host, None)), target, host);
        let ((host, port), is_proxied) = match named {
            (Some(tunnel), ..) => (tunnel, false),
            // The target of a proxy's request counts, whatever `Host` says (RFC 9112, 3.2.2).
            (None, Some(target), _) => (target, true),
            (None, None, Some(host)) => (host, false),
            (None, None, None) => return Err(bad("neither a target nor `Host` names a host")),
        };
        let port = port.filter(|_| is_proxied);
        if let Some(target) = self.routes.find(&host) {
            if let Some(port) = port.filter(|port| ![80, 443].contains(port)) {
                let text = format!("{host} is served on ports 80 and 443, not on {port}");
                return Err(Refusal::new("502 Bad Gateway", text));
            }
            let user = match request.headers().get(header::PROXY_AUTHORIZATION) {
                Some(value) => proxy_user(value.to_str().unwrap_or_default())?,
                None => before.user.clone(),
            };
            return Ok(Found::Service(target.service.clone(), user.or_else(|| target.world.clone())));
        }
        if let Some(own) = port.and_then(|port| self.own(&host, port)) {
            return Ok(Found::Own(own.port()));
        }
        tracing::warn!(target: "stend", host, "no route; refused by the gateway");
        if self.through.iter().any(|through| through.host == host) {
            let text =
                format!("{host} is let through where a connection begins with it, by its proxy, and this one did not");
            return Err(Refusal::new("502 Bad Gateway", text));
        }
        Err(Refusal::new("502 Bad Gateway", self.routes.unknown(&host)))
    }
}

/// The host of an absolute target, as a proxy is given it.
fn target(request: &HttpRequest) -> Result<Option<Asked>, Refusal> {
    let uri = request.uri();
    let Some(authority) = uri.authority() else { return Ok(None) };
    let bad = |why: &str| Refusal::new("400 Bad Request", format!("`{authority}`: {why}"));
    if authority.as_str().contains('@') {
        return Err(bad("a target holds no user; the world's name goes into the proxy's URL"));
    }
    let port = match uri.scheme_str().unwrap_or("http") {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        other => return Err(bad(&format!("the gateway speaks http and https, and no {other}"))),
    };
    let host = plain_host(authority.host()).ok_or_else(|| bad("this is no host"))?;
    Ok(Some((host, Some(authority.port_u16().unwrap_or(port)))))
}

/// The host of the header `Host`.
fn host(request: &HttpRequest) -> Result<Option<Asked>, Refusal> {
    let mut hosts = request.headers().get_all(header::HOST);
    let Some(host) = hosts.next() else { return Ok(None) };
    if hosts.next().is_some() {
        return Err(Refusal::new("400 Bad Request", "two `Host` headers"));
    }
    let text = host.to_str().unwrap_or_default();
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let bad = || Refusal::new("400 Bad Request", format!("`Host: {text}` is no host"));
    let port = port.filter(|port| !port.is_empty()).map(|port| port.parse().map_err(|_| bad())).transpose()?;
    Ok(Some((plain_host(name).ok_or_else(bad)?, port)))
}

/// The headers that are a proxy's alone, and not for who is behind it.
pub(crate) const HOP: [HeaderName; 2] = [header::PROXY_AUTHORIZATION, HeaderName::from_static("proxy-connection")];
