//! Whom a target has to be certified by: everybody whom browsers trust, or the private authority that
//! `STEND_TARGET_…_CA` names.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::Connector;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::{Target, carbis, queue, variable};
use crate::queue::client::PASSWORD;
use crate::support::{Bench, root};

/// Whom to trust.
pub struct Authority {
    /// What names the file.
    variable: String,
    private: Option<Vec<CertificateDer<'static>>>,
}

impl Authority {
    /// Whom to trust for this target.
    ///
    /// # Errors
    /// A file without certificates.
    pub fn of(target: &Target) -> Result<Self, String> {
        let variable = variable(target.service, "CA");
        let file = if target.bench.is_some() { None } else { target.setting("CA", "") };
        let private = file.map(|file| {
            let wrong = |why: String| format!("{variable}: {file} {why}");
            let text = fs::read(&file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
            let read = read.map_err(|error| wrong(format!("is no PEM file: {error}")))?;
            if read.is_empty() { Err(wrong("holds no certificate".into())) } else { Ok(read) }
        });
        Ok(Self { private: private.transpose()?, variable })
    }

    /// For HTTP.
    pub fn config(&self) -> TlsConfig {
        let Some(private) = &self.private else { return TlsConfig::default() };
        let certificates: Vec<_> = private.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
        TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build()
    }

    /// For sockets; nothing where nothing is private.
    pub fn connector(&self) -> Option<Connector> {
        let private = self.private.as_ref()?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(private.iter().cloned());
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Some(Connector::Rustls(Arc::new(config)))
    }

    /// An error for people.
    pub fn explained(&self, url: &str, error: &str) -> String {
        let hint = match (error.contains("certificate"), &self.private) {
            (false, _) => String::new(),
            (true, None) => format!("; {} can name a PEM file with its authority", self.variable),
            (true, Some(_)) => format!("; it is not of the authority that {} names", self.variable),
        };
        format!("{url}: {error}{hint}")
    }
}

const AUTHORITY: &str = "tests/target/certificates/authority.pem";
const SERVER: &str = "tests/target/certificates/server.pem";

/// Ends TLS for another server of this machine; its certificate is of a private authority.
async fn terminate_tls(plain: SocketAddr) -> u16 {
    let pem = fs::read(root().join(SERVER)).unwrap();
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pem).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust us breaks off here.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut plain = TcpStream::connect(plain).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut plain).await;
            });
        }
    });
    port
}

/// A service behind TLS, as a target.
async fn behind_tls(bench: &Bench, service: &'static str, scheme: &str, settings: &[(&'static str, &str)]) -> Target {
    let url = bench.url(service);
    let (_, address) = url.split_once("://").unwrap();
    let port = terminate_tls(address.parse().unwrap()).await;
    Target::at(service, &format!("{scheme}://127.0.0.1:{port}"), settings)
}

fn authority() -> String {
    root().join(AUTHORITY).display().to_string()
}

#[tokio::test]
async fn a_target_of_a_private_authority_is_asked_over_https() {
    let bench = Bench::start().await;
    let mut target = behind_tls(&bench, "carbis", "https", &[("TOKEN", "demo-token"), ("CA", &authority())]).await;
    carbis::look(&mut target).await;
    let described = target.report().unwrap();
    assert!(described.contains(" 3 answers, 0 differences"), "{described}");
}

#[tokio::test]
async fn a_target_of_a_private_authority_is_asked_over_wss() {
    let bench = Bench::start().await;
    let authority = authority();
    let settings = [("LOGIN", "admin"), ("PASSWORD", PASSWORD), ("WORKPLACE", "18"), ("CA", authority.as_str())];
    let mut target = behind_tls(&bench, "queue", "wss", &settings).await;
    queue::look(&mut target).await;
    let described = target.report().unwrap();
    assert!(described.contains(", 0 differences"), "{described}");
}

#[tokio::test]
async fn a_target_whose_authority_nobody_trusts_is_refused() {
    let bench = Bench::start().await;
    let target = behind_tls(&bench, "carbis", "https", &[]).await;
    let refused = target.fetch("/api/v4/events", &[], None).await.map(|got| got.status).unwrap_err();
    let hint = "certificate: UnknownIssuer; STEND_TARGET_CARBIS_CA can name a PEM file with its authority";
    assert!(refused.starts_with(&target.base) && refused.ends_with(hint), "{refused}");
    // Its own certificate is no authority.
    let other = root().join(SERVER).display().to_string();
    let target = behind_tls(&bench, "carbis", "https", &[("CA", &other)]).await;
    let refused = target.fetch("/api/v4/events", &[], None).await.map(|got| got.status).unwrap_err();
    assert!(refused.ends_with("; it is not of the authority that STEND_TARGET_CARBIS_CA names"), "{refused}");
    let target = behind_tls(&bench, "queue", "wss", &[]).await;
    let refused = queue::connect(&target).await.map(|_| ()).unwrap_err();
    let hint = "certificate: UnknownIssuer; STEND_TARGET_QUEUE_CA can name a PEM file with its authority";
    assert!(refused.starts_with(&target.base) && refused.ends_with(hint), "{refused}");
    let journal = bench.steer(reqwest::Method::GET, "/worlds/default/journal", serde_json::Value::Null).await.json();
    assert_eq!(journal["matched"], 0, "nothing was sent");
}

#[tokio::test]
async fn a_file_without_an_authority_is_refused() {
    let none = root().join("Cargo.toml").display().to_string();
    for (file, why) in [(none.as_str(), "holds no certificate"), ("/no/such/file", "cannot be read: No such file")] {
        let target = Target::at("carbis", "https://127.0.0.1:1", &[("CA", file)]);
        let refused = target.fetch("/api/v4/events", &[], None).await.map(|got| got.status).unwrap_err();
        assert!(refused.starts_with(&format!("STEND_TARGET_CARBIS_CA: {file} {why}")), "{refused}");
    }
}
