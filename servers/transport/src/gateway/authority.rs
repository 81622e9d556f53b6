//! The bench's own certificate authority: made for the mapped hosts and this machine alone, kept in a folder or in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use jiff::civil::Date;
use parking_lot::Mutex;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use stend_core::Timestamp;

/// How long an authority is valid, in days.
const AUTHORITY_DAYS: i32 = 730;

/// How long a server's certificate is valid at the most, in days: more is refused by some systems.
const SERVER_DAYS: i32 = 397;

/// The most certificates that are kept; hosts beyond those get one each time.
const KEPT: usize = 1_024;

/// Midnight of a day, as the certificate library has it.
macro_rules! midnight {
    ($day:expr) => {{
        let day: Date = $day;
        rcgen::date_time_ymd(i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs())
    }};
}

/// Why there is no certificate.
#[derive(Debug)]
pub struct AuthorityError(String);

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AuthorityError {}

fn wrong(what: &str, error: impl fmt::Display) -> AuthorityError {
    AuthorityError(format!("{what}: {error}"))
}

/// An authority as text, for a folder: its certificate, its key, and the hosts that it may vouch for.
#[derive(Debug, Clone)]
pub struct AuthorityFiles {
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PEM. Whoever has it can make certificates for these hosts.
    pub key: String,
    /// The hosts beside `localhost` and the loopback addresses.
    pub hosts: BTreeSet<String>,
    /// The last day on which it is valid.
    pub until: Date,
}

/// A certificate authority and the server certificates that it has made.
pub struct Authority {
    files: AuthorityFiles,
    issuer: Issuer<'static, KeyPair>,
    chain: CertificateDer<'static>,
    today: Date,
    made: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("hosts", &self.files.hosts).field("until", &self.files.until).finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes a new one for these hosts, valid for two years from `now`. Its key comes from the system's randomness.
    ///
    /// # Errors
    /// A host that no certificate can name.
    pub fn new(hosts: impl IntoIterator<Item = String>, now: Timestamp) -> Result<Self, AuthorityError> {
        let today = day(now);
        let until = today.saturating_add(jiff::Span::new().days(AUTHORITY_DAYS));
        let hosts: BTreeSet<String> = hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        let params = params(&hosts, today, until)?;
        let key = KeyPair::generate().map_err(|error| wrong("no key can be made", error))?;
        let certificate = params.self_signed(&key).map_err(|error| wrong("no authority can be made", error))?;
        let files = AuthorityFiles { certificate: certificate.pem(), key: key.serialize_pem(), hosts, until };
        Ok(Self {
            files,
            issuer: Issuer::new(params, key),
            chain: certificate.der().clone(),
            today,
            made: Mutex::default(),
        })
    }

    /// One that was made before.
    ///
    /// # Errors
    /// It has expired, or its files do not belong together.
    pub fn load(files: AuthorityFiles, now: Timestamp) -> Result<Self, AuthorityError> {
        let today = day(now);
        if files.until < today {
            return Err(AuthorityError(format!("it expired on {}; `stend ca new` makes another", files.until)));
        }
        let key = KeyPair::from_pem(&files.key).map_err(|error| wrong("its key cannot be read", error))?;
        let chain = CertificateDer::from_pem_slice(files.certificate.as_bytes())
            .map_err(|error| wrong("its certificate cannot be read", error))?;
        certified(vec![chain.clone()], &key.serialize_der())?;
        let params = params(&files.hosts, today, files.until)?;
        Ok(Self { files, issuer: Issuer::new(params, key), chain, today, made: Mutex::default() })
    }

    /// What is to be kept of it.
    pub fn files(&self) -> &AuthorityFiles {
        &self.files
    }

    /// Its certificate, PEM: what a client has to trust.
    pub fn certificate(&self) -> &str {
        &self.files.certificate
    }

    /// Whether clients that trust it believe a certificate for this host.
    pub fn covers(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match host.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => true,
            Ok(_) => self.files.hosts.contains(&host),
            Err(_) => {
                let names = self.files.hosts.iter().map(String::as_str).chain(["localhost"]);
                names.into_iter().any(|name| host == name || host.strip_suffix(name).is_some_and(|head| head.ends_with('.')))
            }
        }
    }

    /// A certificate for a host, made at the first call.
    ///
    /// # Errors
    /// A name that no certificate can hold.
    pub fn certificate_for(&self, host: &str) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let host = host.to_ascii_lowercase();
        if let Some(made) = self.made.lock().get(&host) {
            return Ok(Arc::clone(made));
        }
        let fresh = Arc::new(self.make(&host)?);
        let mut made = self.made.lock();
        if made.len() < KEPT {
            made.insert(host, Arc::clone(&fresh));
        }
        Ok(fresh)
    }

    fn make(&self, host: &str) -> Result<CertifiedKey, AuthorityError> {
        let key = KeyPair::generate().map_err(|error| wrong("no key can be made", error))?;
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (
            midnight!(self.today.saturating_sub(jiff::Span::new().days(1))),
            midnight!(self.today.saturating_add(jiff::Span::new().days(SERVER_DAYS)).min(self.files.until)),
        );
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, host.chars().take(64).collect::<String>());
        params.subject_alt_names = vec![san(host)?];
        if host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            // Whoever connects by an address sends no name, and gets this one.
            let local = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
            params.subject_alt_names = local.map(SanType::IpAddress).into_iter().chain([san("localhost")?]).collect();
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(|error| wrong(&format!("no certificate for `{host}` can be made"), error))?;
        certified(vec![certificate.der().clone(), self.chain.clone()], &key.serialize_der())
    }
}

/// A chain and its key, as far as they belong together.
pub(crate) fn certified(chain: Vec<CertificateDer<'static>>, key: &[u8]) -> Result<CertifiedKey, AuthorityError> {
    let key = PrivateKeyDer::try_from(key.to_vec()).map_err(|error| wrong("the key cannot be read", error))?;
    let certified = CertifiedKey::from_der(chain, key, &default_provider())
        .map_err(|error| wrong("the certificate and the key do not belong together", error))?;
    Ok(certified)
}

fn day(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn san(host: &str) -> Result<SanType, AuthorityError> {
    match host.parse::<IpAddr>() {
        Ok(ip) => Ok(SanType::IpAddress(ip)),
        Err(_) => {
            let name = host.try_into().map_err(|error| wrong(&format!("`{host}` is no name of a host"), error))?;
            Ok(SanType::DnsName(name))
        }
    }
}

/// What the authority's certificate says. It is made anew from hosts and days, so that a stored authority needs no parsing.
fn params(hosts: &BTreeSet<String>, from: Date, until: Date) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.not_before = midnight!(from.saturating_sub(jiff::Span::new().days(1)));
    params.not_after = midnight!(until);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "stend local test authority");
    params.distinguished_name.push(DnType::OrganizationName, "stend");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Whoever gets hold of the key can pretend to be these hosts and no other.
    let mut permitted = vec![
        GeneralSubtree::DnsName("localhost".into()),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv4Addr::LOCALHOST.into(), 8)),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv6Addr::LOCALHOST.into(), 128)),
    ];
    for host in hosts {
        permitted.push(match san(host)? {
            SanType::IpAddress(ip) => {
                GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(ip, if ip.is_ipv4() { 32 } else { 128 }))
            }
            _ => GeneralSubtree::DnsName(host.clone()),
        });
    }
    params.name_constraints = Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    Ok(params)
}

/// Gives each TLS connection the certificate of the host that it asks for.
#[derive(Debug)]
pub(crate) struct ByName(pub(crate) Arc<Authority>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Whoever connects to an address names no host.
        let host = hello.server_name().unwrap_or("localhost");
        match self.0.certificate_for(host) {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::warn!(target: "stend", host, %error, "no certificate");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().expect("a time")
    }

    fn accepted(authority: &Authority, host: &str) -> Result<(), String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.certificate().as_bytes()).expect("PEM")).expect("a root");
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
            .build()
            .expect("a verifier");
        let certificate = authority.certificate_for(host).map_err(|error| error.to_string())?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now().as_second().unsigned_abs()));
        let checked = verifier.verify_server_cert(&certificate.cert[0], &certificate.cert[1..], &name, &[], at);
        checked.map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn clients_believe_the_mapped_hosts_and_this_machine_and_no_other() {
        let authority = Authority::new(["api.telemetron.net".to_owned()], now()).expect("an authority");
        for host in ["api.telemetron.net", "localhost", "127.0.0.1", "::1"] {
            assert_eq!(accepted(&authority, host), Ok(()), "{host}");
            assert!(authority.covers(host));
        }
        for host in ["example.com", "telemetron.net", "10.0.0.1"] {
            assert!(accepted(&authority, host).is_err_and(|error| error.contains("Constraint")), "{host}");
            assert!(!authority.covers(host));
        }
    }

    #[test]
    fn a_stored_authority_goes_on_vouching() {
        let files = Authority::new(["pos.example".to_owned()], now()).expect("an authority").files().clone();
        let later = now() + jiff::SignedDuration::from_hours(24 * 300);
        let again = Authority::load(files.clone(), later).expect("the same authority");
        assert_eq!(again.certificate(), files.certificate);
        assert_eq!(accepted(&again, "pos.example").map_err(|error| error.contains("NotValidYet")), Err(true));
        let again = Authority::load(files.clone(), now()).expect("the same authority");
        assert_eq!(accepted(&again, "pos.example"), Ok(()));
        let expired = now() + jiff::SignedDuration::from_hours(24 * 800);
        assert!(Authority::load(files.clone(), expired).expect_err("expired").to_string().contains("stend ca new"));
        let other = Authority::new([], now()).expect("another");
        let mixed = AuthorityFiles { key: other.files().key.clone(), ..files };
        assert!(Authority::load(mixed, now()).expect_err("mixed").to_string().contains("belong together"));
    }
}
