//! What stands before the services: the gateway's routes, TLS, the certificate authority.

use std::net::SocketAddr;
use std::sync::Arc;

use stend_core::source::read_file;
use stend_core::{Problem, Registry};
use stend_transport::{
    Gateway, HostRoute, LazyAuthority, PassThrough, Recorder, Recording, Routes, ServerConfig, given_certificate,
    tls_by_name, tls_of,
};

use crate::certificates::{AuthorityAt, Tls, client_config};
use crate::registry;
use crate::start::{Config, StartError};

fn problem(text: String) -> StartError {
    StartError::Problem(Problem::invalid(text))
}

/// Sees that a name is a service's, or one of these.
pub(crate) fn known(registry: &Registry, name: &str, others: &[&str]) -> Result<(), StartError> {
    if registry.find(name).is_some() || others.contains(&name) {
        return Ok(());
    }
    let names = registry.services().iter().map(|kind| kind.name()).chain(others.iter().copied());
    let names: Vec<&str> = names.collect();
    let wrong = Problem::invalid(format!("`{name}` is no service; there are {}", names.join(", ")));
    Err(StartError::Problem(match stend_core::near::nearest(name, names.iter().copied()) {
        Some(near) => wrong.hint(format!("did you mean `{near}`?")),
        None => wrong,
    }))
}

/// The built-in routes and these.
pub(crate) fn routes(given: &[HostRoute]) -> Result<Routes, StartError> {
    let services = registry::services();
    for route in given {
        known(&services, &route.target.service, &[])?;
    }
    Ok(Routes::new(registry::HOSTS, given.to_vec()))
}

/// The authority that certificates come from, where any are needed. One that was asked for by its folder is made or read
/// at once, so that what is wrong with it is reported now.
pub(crate) fn authority(config: &Config, hosts: &[String]) -> Result<Option<Arc<LazyAuthority>>, StartError> {
    if config.gateway.is_none() && !matches!(config.tls, Tls::Own) {
        return Ok(None);
    }
    let mut wanted = hosts.to_vec();
    let (ip, tls) = (config.host, matches!(config.tls, Tls::Own));
    if tls && !ip.is_loopback() && !ip.is_unspecified() {
        wanted.push(ip.to_string());
    }
    let public = config.public_urls.values().filter(|_| tls).filter_map(|url| host_of(url));
    wanted.extend(public.map(str::to_owned));
    wanted.extend(config.allow_hosts.iter().filter(|_| tls).cloned());
    let must = tls || matches!(config.authority, AuthorityAt::Folder(_));
    let has_routes = config.gateway.as_ref().is_some_and(|gateway| !gateway.routes.is_empty());
    let authority = config.authority.clone().lazy(wanted, must);
    if must || has_routes {
        authority.get().map_err(|error| problem(error.to_string()))?;
    }
    Ok(Some(authority))
}

/// The host of a URL, without brackets.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1.split('/').next()?;
    match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => rest.split(':').next(),
    }
}

/// The longest certificate or key, in bytes.
const MOST_PEM: u64 = 1 << 20;

/// TLS for every port, where it is wanted.
pub(crate) fn tls(tls: &Tls, authority: Option<&Arc<LazyAuthority>>) -> Result<Option<Arc<ServerConfig>>, StartError> {
    match (tls, authority) {
        (Tls::Plain, _) | (Tls::Own, None) => Ok(None),
        (Tls::Own, Some(authority)) => by_name(authority).map(Some),
        (Tls::Given { certificate, key }, _) => {
            let read = |path: &std::path::Path| {
                read_file(path, MOST_PEM).map_err(|error| problem(format!("cannot read {}: {error}", path.display())))
            };
            let (chain, secret) = (read(certificate)?, read(key)?);
            let checked = given_certificate(&chain, &secret, stend_core::clock::wall());
            let checked = checked
                .map_err(|error| problem(format!("{} and {}: {error}", certificate.display(), key.display())))?;
            tls_of(checked).map(Some).map_err(|error| problem(format!("TLS cannot be set up: {error}")))
        }
    }
}

/// TLS with a certificate of the authority for each host.
pub(crate) fn by_name(authority: &Arc<LazyAuthority>) -> Result<Arc<ServerConfig>, StartError> {
    tls_by_name(Arc::clone(authority)).map_err(|error| problem(format!("TLS cannot be set up: {error}")))
}

/// The gateway with these routes; `own` are the bench's other ports.
pub(crate) fn gateway(
    routes: Routes,
    through: Vec<PassThrough>,
    authority: Option<&Arc<LazyAuthority>>,
    own: Vec<SocketAddr>,
    recorder: Option<Arc<dyn Recorder>>,
) -> Result<Gateway, StartError> {
    let authority = authority.ok_or_else(|| problem("a gateway needs a certificate authority".into()))?;
    let recording = recorder.map(|recorder| {
        let mut tls = client_config().map_err(|error| problem(format!("TLS cannot be set up: {error}")))?;
        // What is recorded is HTTP/1.1.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok::<_, StartError>(Recording { recorder, tls: Arc::new(tls) })
    });
    Ok(Gateway::new(routes, through, by_name(authority)?, own).recorded(recording.transpose()?))
}
