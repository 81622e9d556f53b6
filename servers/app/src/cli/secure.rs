//! Asking a bench that speaks HTTPS: a way in on this machine, whose other end is TLS.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use stend::certificates::client_config;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

/// Opens a way to the bench at `authority` (host and port, of `url`), and gives the URL of its near end.
///
/// # Errors
/// Nobody listens there, or its certificate is not to be trusted.
pub(super) async fn open(url: &str, authority: &str) -> Result<String, String> {
    way(url, authority, config(false)).await
}

/// The same for a question that tells nothing and whose answer nobody could gain by: whatever the certificate.
///
/// # Errors
/// Nobody listens there.
pub(super) async fn open_to_anybody(url: &str, authority: &str) -> Result<String, String> {
    way(url, authority, config(true)).await
}

async fn way(url: &str, authority: &str, config: Result<ClientConfig, Error>) -> Result<String, String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| format!("`{url}` is no URL"))?),
        _ => (authority, 443_u16),
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host.clone()).map_err(|_| format!("`{url}` is no URL"))?;
    let config = config.map_err(|error| format!("TLS cannot be set up: {error}"))?;
    let connector = TlsConnector::from(Arc::new(config));
    // Once in advance, so that what is wrong is reported by its name.
    let first = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|error| format!("nobody listens at {url}: {error}\n  = help: start one with `stend serve --tls`"))?;
    connector.connect(name.clone(), first).await.map_err(|error| {
        format!(
            "{url}: no TLS with it: {error}\n  = help: the system's authorities are trusted, those of SSL_CERT_FILE, and that of `stend ca path`"
        )
    })?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
    let near = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (connector, host, name) = (connector.clone(), host.clone(), name.clone());
            tokio::spawn(async move {
                let Ok(far) = TcpStream::connect((host.as_str(), port)).await else { return };
                let Ok(mut far) = connector.connect(name, far).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    Ok(format!("http://{near}"))
}

fn config(anybody: bool) -> Result<ClientConfig, Error> {
    let provider = Arc::new(default_provider());
    if anybody {
        let builder =
            ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
        let verifier = Arc::new(Anybody(provider));
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    client_config()
}

/// Takes every certificate, but no broken handshake.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
