//! The environment that leads unchanged programs to a bench: URLs, proxy, certificates, and what Node.js, Java and PHP need
//! beside those.

mod pkcs12;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use crate::Urls;

/// What leads Node.js programs to the gateway.
const NODE_HOOK: &str = include_str!("node.cjs");

/// A bench, as its clients have to know it.
#[derive(Debug)]
pub struct Reachable<'a> {
    /// The URLs by name: `control`, each service, and `gateway` where there is one.
    pub urls: &'a Urls,
    /// The hosts that the gateway maps to services.
    pub hosts: &'a [String],
    /// The authority's certificate, PEM; `None` where the bench has none.
    pub certificate: Option<&'a str>,
}

/// Reads a variable of the environment that programs have so far; an empty one counts as none.
type Read<'r> = &'r dyn Fn(&str) -> Option<String>;

/// The variables that lead programs to a bench, beside those that `present` gives. What they point to is written into
/// `folder`, which has to stay as long as they are used.
///
/// # Errors
/// The files cannot be written.
pub fn environment(bench: &Reachable<'_>, folder: &Path, present: Read<'_>) -> io::Result<BTreeMap<String, String>> {
    let mut set = BTreeMap::new();
    for (name, url) in bench.urls {
        set.insert(format!("STEND_{}_URL", name.to_uppercase()), url.clone());
    }
    let mut java = Vec::new();
    if let Some(url) = bench.urls.get("gateway") {
        let (host, port) = host_and_port(url);
        let mut direct = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        for host in bench.urls.values().map(|url| host_and_port(url).0.to_owned()) {
            if !direct.contains(&host) {
                direct.push(host);
            }
        }
        for (name, value) in [("HTTP_PROXY", url), ("HTTPS_PROXY", url), ("NO_PROXY", &direct.join(","))] {
            set.insert(name.to_owned(), value.clone());
            set.insert(name.to_lowercase(), value.clone());
        }
        for scheme in ["http", "https"] {
            java.push(format!("-D{scheme}.proxyHost={host}"));
            java.push(format!("-D{scheme}.proxyPort={port}"));
        }
        // Java's list is for both schemes, and has stars and brackets of its own.
        let own = direct.iter().map(|host| if host.contains(':') { format!("[{host}]") } else { host.clone() });
        java.push(format!("-Dhttp.nonProxyHosts={}|127.*", own.collect::<Vec<_>>().join("|")));
        let hook = folder.join("node.cjs");
        fs::write(&hook, NODE_HOOK)?;
        let gateway = json!({ "hosts": bench.hosts, "gateway": { "host": host, "port": port } });
        set.insert("STEND_NODE_GATEWAY".into(), gateway.to_string());
        set.insert("NODE_USE_ENV_PROXY".into(), "1".into());
        // Quotes and backslashes are escaped there as in JSON.
        let require = format!("--require {}", json!(hook.display().to_string()));
        set.insert("NODE_OPTIONS".into(), after(present("NODE_OPTIONS"), &require));
    }
    if let Some(certificate) = bench.certificate {
        let files = Certificates::write(certificate, folder, present)?;
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
            set.insert(name.to_owned(), files.bundle.clone());
        }
        set.insert("NODE_EXTRA_CA_CERTS".into(), files.node);
        set.insert(
            "PHP_INI_SCAN_DIR".into(),
            format!("{}:{}", present("PHP_INI_SCAN_DIR").unwrap_or_default(), files.php),
        );
        java.push(quoted(&format!("-Djavax.net.ssl.trustStore={}", files.java)));
        java.push("-Djavax.net.ssl.trustStoreType=PKCS12".into());
    }
    if !java.is_empty() {
        set.insert("JAVA_TOOL_OPTIONS".into(), after(present("JAVA_TOOL_OPTIONS"), &java.join(" ")));
    }
    Ok(set)
}

/// What was there, and this behind it, if it is not there already.
fn after(present: Option<String>, ours: &str) -> String {
    match present {
        Some(present) if present.contains(ours) => present,
        Some(present) => format!("{present} {ours}"),
        None => ours.to_owned(),
    }
}

/// A word for Java's options, which take quotes around blanks.
fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("\"{word}\"") } else { word.to_owned() }
}

/// The host, without user and brackets, and the port of a URL.
fn host_and_port(url: &str) -> (&str, u16) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (authority, None),
    };
    let secure = url.starts_with("https://") || url.starts_with("wss://");
    (host.trim_matches(['[', ']']), port.unwrap_or(if secure { 443 } else { 80 }))
}

/// The files of certificates, as each runtime wants them. They replace the system's list, so they hold that, too.
struct Certificates {
    bundle: String,
    node: String,
    java: String,
    php: String,
}

impl Certificates {
    fn write(certificate: &str, folder: &Path, present: Read<'_>) -> io::Result<Self> {
        let path = |name: &str| folder.join(name).display().to_string();
        let ours = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(io::Error::other)?;
        // Those that cannot be read are as good as none; `SSL_CERT_FILE` counts as the system's, where it is set.
        let mut all = rustls_native_certs::load_native_certs().certs;
        if !all.contains(&ours) {
            all.push(ours);
        }
        let mut bundle = String::new();
        for one in &all {
            let text = base64::engine::general_purpose::STANDARD.encode(one);
            bundle.push_str("-----BEGIN CERTIFICATE-----\n");
            for line in text.as_bytes().chunks(64) {
                bundle.push_str(std::str::from_utf8(line).unwrap_or_default());
                bundle.push('\n');
            }
            bundle.push_str("-----END CERTIFICATE-----\n");
        }
        fs::write(folder.join("ca-bundle.pem"), &bundle)?;
        // Node.js has a list of its own, to which this is added.
        let node = folder.join("node-ca.pem");
        let before = present("NODE_EXTRA_CA_CERTS").filter(|path| Path::new(path) != node);
        let before = before.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        fs::write(&node, format!("{certificate}{before}"))?;
        fs::write(folder.join("trust.p12"), pkcs12::trust_store(all.iter().map(|one| one.as_ref())))?;
        let php = folder.join("php");
        fs::create_dir_all(&php)?;
        let bundle = path("ca-bundle.pem");
        fs::write(php.join("stend.ini"), format!("curl.cainfo = \"{bundle}\"\nopenssl.cafile = \"{bundle}\"\n"))?;
        Ok(Self { bundle, node: path("node-ca.pem"), java: path("trust.p12"), php: path("php") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_and_what_is_ours_is_there_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let urls: Urls =
            [("control", "http://127.0.0.1:1"), ("queue", "ws://127.0.0.1:3"), ("gateway", "http://127.0.0.1:5")]
                .into_iter()
                .map(|(name, url)| (name.to_owned(), url.to_owned()))
                .collect();
        let hosts = ["api.telemetron.net".to_owned()];
        let bench = Reachable { urls: &urls, hosts: &hosts, certificate: None };
        let first =
            environment(&bench, folder.path(), &|name| (name == "NODE_OPTIONS").then(|| "--trace-warnings".into()));
        let first = first.expect("written");
        assert_eq!(first["STEND_QUEUE_URL"], "ws://127.0.0.1:3");
        assert_eq!((&*first["https_proxy"], &*first["HTTP_PROXY"]), ("http://127.0.0.1:5", "http://127.0.0.1:5"));
        assert_eq!(first["NO_PROXY"], "localhost,127.0.0.1");
        assert!(first["NODE_OPTIONS"].starts_with("--trace-warnings --require "), "{}", first["NODE_OPTIONS"]);
        assert!(
            first["JAVA_TOOL_OPTIONS"].contains("-Dhttps.proxyPort=5 -Dhttp.nonProxyHosts=localhost|127.0.0.1|127.*")
        );
        assert!(!first.contains_key("SSL_CERT_FILE"), "no authority, no certificates");
        let again = environment(&bench, folder.path(), &|name| first.get(name).cloned()).expect("written");
        assert_eq!(again, first, "a second time adds nothing");
        let none = Urls::from([("control".to_owned(), "http://127.0.0.1:1".to_owned())]);
        let bare = environment(&Reachable { urls: &none, ..bench }, folder.path(), &|_| None).expect("written");
        assert_eq!(bare.into_keys().collect::<Vec<_>>(), ["STEND_CONTROL_URL"]);
    }

    #[test]
    fn hosts_and_ports_of_urls() {
        assert_eq!(host_and_port("http://127.0.0.1:7705"), ("127.0.0.1", 7705));
        assert_eq!(host_and_port("https://[::1]:1/x"), ("::1", 1));
        assert_eq!(host_and_port("http://checkout:world@127.0.0.1:7705"), ("127.0.0.1", 7705));
        assert_eq!((host_and_port("wss://a/x"), host_and_port("http://[::1]")), (("a", 443), ("::1", 80)));
    }
}
