//! The gateway: one port that is an HTTP proxy (`CONNECT` and absolute-form) and also answers TLS directly by SNI, so that
//! clients with hard-coded hosts reach the bench unchanged. Known hosts go to their service; nothing leaves the machine
//! unless a host is let through by name.

mod accept;
mod authority;
mod routes;
mod stream;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use tokio::net::TcpStream;

pub use authority::{Authority, AuthorityError, AuthorityFiles};
pub use routes::{Route, Routes, Target};
pub(crate) use stream::Connection;

/// Everything that the gateway's port knows.
pub struct Gateway {
    pub(crate) routes: Routes,
    pass_through: Vec<String>,
    tls: Arc<ServerConfig>,
    own_ports: Vec<u16>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("routes", &self.routes).finish_non_exhaustive()
    }
}

/// What a request through the gateway is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum For {
    /// A service, in a world that is not the default one.
    Service(String, Option<String>),
    /// A host without a route.
    Unknown(String),
}

/// What was known of a connection before its first request.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    host: Option<String>,
    user: Option<String>,
}

impl Gateway {
    /// A gateway with these routes, whose TLS is `authority`'s. `own_ports` are the bench's, which it lets through to.
    ///
    /// # Errors
    /// What the TLS library says.
    pub fn new(
        routes: Routes,
        pass_through: Vec<String>,
        authority: Arc<Authority>,
        own_ports: Vec<u16>,
    ) -> Result<Self, rustls::Error> {
        Ok(Self { routes, pass_through, tls: by_name(authority)?, own_ports })
    }

    fn is_own_port(&self, host: &str, port: u16) -> bool {
        let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        local && self.own_ports.contains(&port)
    }

    /// Does what comes before a connection's first request.
    pub(crate) async fn accept(self: Arc<Self>, socket: TcpStream) -> std::io::Result<Option<Connection>> {
        accept::accept(self, socket).await
    }

    /// What a request is for, by its tunnel, its TLS, its absolute target or its `Host`.
    pub(crate) fn find(&self, request: &HttpRequest) -> For {
        let before = request.conn_data::<Before>();
        let of_connection = before.and_then(|before| before.host.clone());
        let host = of_connection.or_else(|| {
            let uri = request.uri().host().map(str::to_owned);
            uri.or_else(|| {
                let host = request.headers().get(header::HOST)?.to_str().ok()?;
                Some(without_port(host).to_owned())
            })
        });
        let host = host.unwrap_or_default();
        let Some(target) = self.routes.find(&host) else { return For::Unknown(host) };
        let named = || {
            let given = request.headers().get(header::PROXY_AUTHORIZATION).and_then(|value| value.to_str().ok());
            given.and_then(accept::proxy_user).or_else(|| before?.user.clone())
        };
        For::Service(target.service.clone(), target.world.clone().or_else(named))
    }
}

impl Connection {
    /// What its requests are told of it.
    pub(crate) fn before(&self) -> Before {
        Before { host: self.host.clone(), user: self.user.clone() }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// TLS that shows each client the certificate of the host it asks for.
///
/// # Errors
/// What the TLS library says.
pub fn by_name(authority: Arc<Authority>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(authority::ByName(authority)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
