//! The gateway: one port that is an HTTP proxy (`CONNECT` and absolute-form) and also answers TLS directly by SNI, so that
//! clients with hard-coded hosts reach the bench unchanged. Known hosts go to their service; nothing leaves the machine
//! unless a host is let through by name.

mod accept;
mod authority;
mod connect;
mod find;
mod forward;
mod frames;
mod routes;
mod stream;
mod tap;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ServerConfig};
use tokio::net::TcpStream;

pub use authority::{Authority, AuthorityError, LazyAuthority, given_certificate};
pub use routes::{HostRoute, PassThrough, Routes, Target};
pub use tap::Recorder;

pub(crate) use find::{Found, HOP};
pub(crate) use stream::Connection;

use accept::Refusal;

/// Everything that the gateway's port knows.
pub struct Gateway {
    routes: Routes,
    through: Vec<PassThrough>,
    tls: Arc<ServerConfig>,
    /// The bench's other ports, as they are reached from here.
    own: Vec<SocketAddr>,
    recording: Option<Recording>,
}

/// What records that which goes to systems elsewhere.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Takes it.
    pub recorder: Arc<dyn Recorder>,
    /// How the systems are asked over TLS.
    pub tls: Arc<ClientConfig>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("routes", &self.routes).finish_non_exhaustive()
    }
}

/// Where a tunnel leads.
enum Destination {
    /// To a service.
    Service,
    /// To one of the bench's own ports, for clients that send everything to their proxy.
    Own(SocketAddr),
    /// Off the machine, as was asked for by name.
    Through,
}

impl Gateway {
    /// A gateway with these routes, whose certificates are `tls`'s. It lets clients through to `own`, the bench's ports.
    pub fn new(routes: Routes, through: Vec<PassThrough>, tls: Arc<ServerConfig>, own: Vec<SocketAddr>) -> Self {
        let reached = |address: SocketAddr| {
            let ip = match address.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
                ip => ip,
            };
            SocketAddr::new(ip, address.port())
        };
        Self { routes, through, tls, own: own.into_iter().map(reached).collect(), recording: None }
    }

    /// The same, and what goes through it is recorded.
    #[must_use]
    pub fn recorded(self, recording: Option<Recording>) -> Self {
        Self { recording, ..self }
    }

    /// One of the bench's own ports, asked for by an address of this machine.
    fn own(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let ip = host.parse::<IpAddr>().ok();
        let is_local = host == "localhost" || host.ends_with(".localhost") || ip.is_some_and(|ip| ip.is_loopback());
        let is_own = |own: &&SocketAddr| own.port() == port && (is_local || ip == Some(own.ip()));
        self.own.iter().find(is_own).copied()
    }

    /// Whether a host's port is a system elsewhere that was let through by name.
    fn is_through(&self, host: &str, port: u16) -> bool {
        self.through.iter().any(|through| through.host == host && through.takes(port)) && self.own(host, port).is_none()
    }

    fn destination(&self, host: &str, port: u16) -> Result<Destination, Refusal> {
        let bad = |text: String| {
            tracing::warn!(target: "stend", host, port, "refused by the gateway");
            Refusal::new("502 Bad Gateway", text)
        };
        // Who lets a host through that has a route wants the real one.
        if self.is_through(host, port) {
            return Ok(Destination::Through);
        }
        if self.routes.find(host).is_some() {
            return match port {
                80 | 443 => Ok(Destination::Service),
                _ => Err(bad(format!("{host} is served on ports 80 and 443, not on {port}"))),
            };
        }
        if let Some(own) = self.own(host, port) {
            return Ok(Destination::Own(own));
        }
        match self.through.iter().any(|through| through.host == host) {
            true => Err(bad(format!(
                "{host} is let through on ports 80 and 443 only; `--pass-through {host}:{port}` lets this one through"
            ))),
            false => Err(bad(self.routes.unknown(host))),
        }
    }

    /// Does what comes before a connection's first request.
    ///
    /// # Errors
    /// The connection was refused, was a tunnel that has ended, or is gone.
    pub(crate) async fn accept(self: Arc<Self>, socket: TcpStream) -> std::io::Result<Connection> {
        accept::gateway(self, socket).await
    }
}

/// Lets a connection through to a port that speaks plain HTTP.
///
/// # Errors
/// It does not speak that.
pub(crate) async fn accept_plain(tls: Option<Arc<ServerConfig>>, socket: TcpStream) -> std::io::Result<TcpStream> {
    accept::plain(tls.as_ref(), socket).await
}

/// Shakes hands on a port that speaks TLS.
///
/// # Errors
/// It does not come to that.
pub(crate) async fn accept_secure(tls: Arc<ServerConfig>, socket: TcpStream) -> std::io::Result<Connection> {
    accept::secure(&tls, socket).await
}

/// A host as it is looked up: in lower case, without brackets, userinfo or a dot at its end; `None` is no host.
fn plain_host(text: &str) -> Option<String> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|bare| bare.parse::<Ipv6Addr>().is_ok())?,
        None => {
            let name = text.strip_suffix('.').unwrap_or(text);
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            Some(name).filter(|name| !name.is_empty() && name.len() <= 253 && name.bytes().all(is_plain))?
        }
    };
    Some(bare.to_ascii_lowercase())
}

/// TLS that shows each client a certificate for the host it asks for.
///
/// # Errors
/// What the TLS library says.
pub fn tls_by_name(authority: Arc<LazyAuthority>) -> Result<Arc<ServerConfig>, rustls::Error> {
    tls(Arc::new(authority::ByName(authority)))
}

/// TLS that shows every client this certificate.
///
/// # Errors
/// What the TLS library says.
pub fn tls_of(certificate: Arc<CertifiedKey>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let CertifiedKey { cert, key, ocsp } = &*certificate;
    let certificate = CertifiedKey { cert: cert.clone(), key: Arc::clone(key), ocsp: ocsp.clone() };
    tls(Arc::new(SingleCertAndKey::from(certificate)))
}

fn tls(certificates: Arc<dyn rustls::server::ResolvesServerCert>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
