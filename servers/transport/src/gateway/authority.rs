//! The bench's own certificate authority: it vouches for the mapped hosts and this machine alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
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
use x509_parser::extensions::GeneralName;

/// How long an authority is valid, in days.
const AUTHORITY_DAYS: i32 = 730;

/// How long a server's certificate is valid at the most, in days: more is refused by some systems.
const SERVER_DAYS: i32 = 397;

/// The most certificates that are kept; hosts beyond those get one each time.
const KEPT: usize = 1_024;

/// Midnight of a day, as the certificate library has it: its type of a time cannot be named from here.
macro_rules! midnight {
    ($day:expr) => {{
        let day: Date = $day;
        rcgen::date_time_ymd(i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs())
    }};
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityError(pub String);

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AuthorityError {}

fn wrong(what: &str, error: impl fmt::Display) -> AuthorityError {
    AuthorityError(format!("{what}: {error}"))
}

/// A certificate authority and the server certificates that it has made.
pub struct Authority {
    certificate: String,
    key: String,
    issuer: Issuer<'static, KeyPair>,
    chain: CertificateDer<'static>,
    hosts: BTreeSet<String>,
    from: Date,
    until: Date,
    made: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("hosts", &self.hosts).field("until", &self.until).finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes a new one for these hosts, valid for two years from `now`. Its key comes from the system's randomness.
    ///
    /// # Errors
    /// A host that no certificate can name.
    pub fn new(hosts: impl IntoIterator<Item = String>, now: Timestamp) -> Result<Self, AuthorityError> {
        let (from, until) = (days(day(now), -1), days(day(now), AUTHORITY_DAYS));
        let hosts: BTreeSet<String> = hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        let key = KeyPair::generate().map_err(|error| wrong("no key can be made", error))?;
        let params = params(&hosts, &key, from, until)?;
        let certificate = params.self_signed(&key).map_err(|error| wrong("no authority can be made", error))?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            chain: certificate.der().clone(),
            issuer: Issuer::new(params, key),
            hosts,
            from,
            until,
            made: Mutex::default(),
        })
    }

    /// One that was made before, from its certificate and its key, both PEM.
    ///
    /// # Errors
    /// It has expired, cannot be read, or its files do not belong together.
    pub fn load(certificate: &str, key: &str, now: Timestamp) -> Result<Self, AuthorityError> {
        let chain = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|error| wrong("the certificate cannot be read", error))?;
        let (hosts, from, until) = contents(&chain)?;
        if until < day(now) {
            return Err(AuthorityError(format!("it expired on {until}; `stend ca new` makes another")));
        }
        let pair = KeyPair::from_pem(key).map_err(|error| wrong("the key cannot be read", error))?;
        certified(vec![chain.clone()], &pair.serialize_der())?;
        let issuer =
            Issuer::from_ca_cert_der(&chain, pair).map_err(|error| wrong("the certificate cannot be read", error))?;
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Self { certificate, key, issuer, chain, hosts, from, until, made: Mutex::default() })
    }

    /// Its certificate, PEM: what a client has to trust.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Its private key, PEM. Whoever has it can make certificates for its hosts.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The hosts that it vouches for, beside `localhost` and the loopback addresses.
    pub fn hosts(&self) -> &BTreeSet<String> {
        &self.hosts
    }

    /// The last day on which it is valid.
    pub fn until(&self) -> Date {
        self.until
    }

    /// Whether clients that trust it believe a certificate for this host.
    pub fn covers(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match host.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => true,
            Ok(_) => self.hosts.contains(&host),
            Err(_) => {
                let within =
                    |name: &str| host.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with('.'));
                within("localhost") || self.hosts.iter().any(|name| within(name))
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
        params.not_before = midnight!(self.from);
        params.not_after = midnight!(days(self.from, SERVER_DAYS).min(self.until));
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, host.chars().take(64).collect::<String>());
        params.subject_alt_names = vec![san(host)?];
        if host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()) {
            // Whoever connects to an address sends no name, and gets this one.
            let local = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
            params.subject_alt_names.extend(local.map(SanType::IpAddress));
            params.subject_alt_names.push(san("localhost")?);
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
fn certified(chain: Vec<CertificateDer<'static>>, key: &[u8]) -> Result<CertifiedKey, AuthorityError> {
    let key = PrivateKeyDer::try_from(key.to_vec()).map_err(|error| wrong("the key cannot be read", error))?;
    CertifiedKey::from_der(chain, key, &default_provider())
        .map_err(|error| wrong("the certificate and the key do not belong together", error))
}

/// A server's certificate, with those above it, and its key, both PEM, as they are given for all ports.
///
/// # Errors
/// They cannot be read, do not belong together, or have expired.
pub fn given_certificate(chain: &[u8], key: &[u8], now: Timestamp) -> Result<Arc<CertifiedKey>, AuthorityError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let chain = chain.map_err(|error| wrong("the certificate cannot be read as PEM", error))?;
    let Some(first) = chain.first() else {
        return Err(AuthorityError(
            "there is no certificate in it; expected PEM, `-----BEGIN CERTIFICATE-----`".into(),
        ));
    };
    let (_, from, until) = contents(first)?;
    if until < day(now) {
        return Err(AuthorityError(format!("the certificate expired on {until}")));
    }
    if from > day(now) {
        return Err(AuthorityError(format!("the certificate is valid from {from} on only")));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong("the key cannot be read as PEM", error))?;
    let certified = CertifiedKey::from_der(chain, key, &default_provider());
    certified.map(Arc::new).map_err(|error| wrong("the certificate and the key do not belong together", error))
}

/// Whose names a certificate permits, and the days on which it is valid.
fn contents(der: &CertificateDer<'_>) -> Result<(BTreeSet<String>, Date, Date), AuthorityError> {
    let (_, parsed) =
        x509_parser::parse_x509_certificate(der).map_err(|error| wrong("the certificate cannot be read", error))?;
    let on = |seconds: i64| Timestamp::from_second(seconds).map(day).unwrap_or(Date::MAX);
    let validity = parsed.validity();
    let (from, until) = (on(validity.not_before.timestamp()), on(validity.not_after.timestamp()));
    let constraints =
        parsed.name_constraints().map_err(|error| wrong("the certificate's constraints cannot be read", error))?;
    let permitted = constraints.and_then(|found| found.value.permitted_subtrees.as_deref()).unwrap_or_default();
    let hosts = permitted.iter().filter_map(|subtree| match &subtree.base {
        GeneralName::DNSName("localhost") => None,
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        // An address and its mask.
        GeneralName::IPAddress(bytes) => {
            let ip = match bytes.len() {
                8 => IpAddr::from(<[u8; 4]>::try_from(&bytes[..4]).ok()?),
                32 => IpAddr::from(<[u8; 16]>::try_from(&bytes[..16]).ok()?),
                _ => return None,
            };
            (!ip.is_loopback()).then(|| ip.to_string())
        }
        _ => None,
    });
    Ok((hosts.collect(), from, until))
}

fn day(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn days(from: Date, days: i32) -> Date {
    from.saturating_add(jiff::Span::new().days(days))
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

/// What the authority's certificate says.
fn params(
    hosts: &BTreeSet<String>,
    key: &KeyPair,
    from: Date,
    until: Date,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.not_before = midnight!(from);
    params.not_after = midnight!(until);
    // Each its own name, or a store that holds two of them might try the wrong one.
    let id: String = params.key_identifier(key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("stend test authority {id}"));
    params.distinguished_name.push(DnType::OrganizationName, "stend");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Whoever gets hold of the key can pretend to be these hosts and no other.
    let mut permitted = vec![
        GeneralSubtree::DnsName("localhost".into()),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv4Addr::new(127, 0, 0, 0).into(), 8)),
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

/// What makes an authority, or reads one.
type Make = Box<dyn Fn() -> Result<Authority, AuthorityError> + Send + Sync>;

/// An authority that is made, or read, when it is first needed: most benches never need one.
pub struct LazyAuthority {
    make: Make,
    made: OnceLock<Result<Arc<Authority>, AuthorityError>>,
}

impl fmt::Debug for LazyAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyAuthority").field(&self.made.get()).finish()
    }
}

impl LazyAuthority {
    /// One that `make` gives.
    pub fn new(make: impl Fn() -> Result<Authority, AuthorityError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { make: Box::new(make), made: OnceLock::new() })
    }

    /// The authority; the first call makes it.
    ///
    /// # Errors
    /// Why there is none, at every call.
    pub fn get(&self) -> Result<&Arc<Authority>, AuthorityError> {
        self.made.get_or_init(|| (self.make)().map(Arc::new)).as_ref().map_err(Clone::clone)
    }
}

/// Gives each TLS connection the certificate of the host that it asks for.
#[derive(Debug)]
pub(super) struct ByName(pub(super) Arc<LazyAuthority>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Whoever connects to an address names no host.
        let host = hello.server_name().unwrap_or("localhost");
        match self.0.get().and_then(|authority| authority.certificate_for(host)) {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::warn!(target: "stend", host, %error, "no certificate for a TLS connection");
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
        let hosts = ["api.telemetron.net".to_owned(), "10.1.2.3".to_owned()];
        let authority = Authority::new(hosts, now()).expect("an authority");
        for host in ["api.telemetron.net", "localhost", "127.0.0.1", "127.8.8.8", "::1", "10.1.2.3"] {
            assert_eq!(accepted(&authority, host), Ok(()), "{host}");
            assert!(authority.covers(host));
        }
        for host in ["example.com", "telemetron.net", "10.0.0.1", "evilapi.telemetron.net"] {
            assert!(accepted(&authority, host).is_err(), "{host}");
            assert!(!authority.covers(host), "{host}");
        }
    }

    #[test]
    fn a_stored_authority_goes_on_vouching_until_it_expires() {
        let hosts = ["pos.example".to_owned(), "10.1.2.3".to_owned()];
        let first = Authority::new(hosts.clone(), now()).expect("an authority");
        let again = Authority::load(first.certificate(), first.key(), now()).expect("the same authority");
        assert_eq!(again.certificate(), first.certificate());
        assert_eq!((again.until(), again.hosts()), (first.until(), &BTreeSet::from(hosts)));
        assert_eq!(first.until().to_string(), "2028-11-20");
        assert_eq!(accepted(&again, "pos.example"), Ok(()));
        let expired = now() + jiff::SignedDuration::from_hours(24 * 800);
        let error = Authority::load(first.certificate(), first.key(), expired).expect_err("expired").to_string();
        assert!(error.contains("expired on 2028-11-20") && error.contains("stend ca new"), "{error}");
        let other = Authority::new([], now()).expect("another");
        let error = Authority::load(first.certificate(), other.key(), now()).expect_err("mixed").to_string();
        assert!(error.contains("do not belong together"), "{error}");
        assert!(
            Authority::load("", first.key(), now()).is_err()
                && Authority::load(first.certificate(), "x", now()).is_err()
        );
    }

    #[test]
    fn a_given_certificate_is_read_whole_and_checked() {
        let authority = Authority::new([], now()).expect("an authority");
        let (chain, key) = (authority.certificate().as_bytes(), authority.key().as_bytes());
        assert!(given_certificate(chain, key, now()).is_ok());
        let said = |chain: &[u8], key: &[u8], now| given_certificate(chain, key, now).expect_err("wrong").to_string();
        let later = now() + jiff::SignedDuration::from_hours(24 * 800);
        let before = now() - jiff::SignedDuration::from_hours(24 * 2);
        assert_eq!(said(chain, key, later), "the certificate expired on 2028-11-20");
        assert!(said(chain, key, before).contains("valid from 2026-11-20"));
        assert!(said(b"", key, now()).contains("no certificate"));
        assert!(said(chain, b"", now()).contains("the key cannot be read"));
        let other = Authority::new([], now()).expect("another");
        assert!(said(chain, other.key().as_bytes(), now()).contains("do not belong together"));
    }
}
