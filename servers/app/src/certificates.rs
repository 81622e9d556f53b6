//! Where the certificate authority is kept, and how it is made, read and written.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use stend_core::clock::wall;
use stend_transport::{Authority, AuthorityError, LazyAuthority};

/// The authority's certificate in its folder: what clients trust.
const CERTIFICATE: &str = "ca.pem";

/// The authority's key and certificate in its folder, readable for its owner alone. The one file that counts: both come
/// and go together.
const KEY: &str = "ca.key";

/// How systems are asked over TLS: the system's authorities are trusted, those of `SSL_CERT_FILE`, and that of the user's folder.
///
/// # Errors
/// What the TLS library says.
pub fn client_config() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let own = user_folder().and_then(|folder| CertificateDer::from_pem_file(certificate_path(&folder)).ok());
    roots.add_parsable_certificates(own);
    let builder =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Whether ports speak TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// They speak plain HTTP.
    Plain,
    /// With certificates of the bench's own authority.
    Own,
    /// With this certificate and those above it, and its key, both PEM files.
    Given {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}

/// Where an authority is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorityAt {
    /// Nowhere: it is made anew for each process.
    Memory,
    /// In this folder, as somebody asked for.
    Folder(PathBuf),
    /// In the user's data folder; in memory where that cannot be written.
    UserFolder,
}

impl AuthorityAt {
    /// The folder; `None` keeps it in memory.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            Self::Folder(folder) => Some(folder.clone()),
            Self::UserFolder => user_folder(),
        }
    }

    /// The authority for these hosts, made or read when it is needed. One that `must` be kept does not fall back to memory.
    pub(crate) fn lazy(self, hosts: Vec<String>, must: bool) -> Arc<LazyAuthority> {
        LazyAuthority::new(move || {
            let Some(folder) = self.folder() else { return Authority::new(hosts.clone(), wall()) };
            let authority = match open_or_make(&folder, &hosts) {
                Ok(authority) => authority,
                Err(Failure::Unwritable(why)) if !must && self == Self::UserFolder => {
                    tracing::warn!(target: "stend", %why, "the certificate authority is kept in memory only: clients have to trust another one after each start");
                    return Authority::new(hosts.clone(), wall());
                }
                Err(Failure::Unwritable(why) | Failure::Unusable(why)) => return Err(AuthorityError(why)),
            };
            for host in hosts.iter().filter(|host| !authority.covers(host)) {
                tracing::warn!(target: "stend", host, folder = %folder.display(), "the certificate authority does not vouch for this host, so clients refuse its certificate; `stend ca new --host HOST` makes one that does");
            }
            Ok(authority)
        })
    }
}

/// Why a folder gives no authority.
#[derive(Debug)]
enum Failure {
    Unwritable(String),
    Unusable(String),
}

/// The user's data folder for the authority; `None` where no folder is the user's.
pub fn user_folder() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = if cfg!(windows) {
        of("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        of("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        of("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| of("HOME").map(|home| home.join(".local/share")))
    };
    data.map(|data| data.join("stend/ca"))
}

/// The authority's certificate in a folder.
pub fn certificate_path(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE)
}

/// The authority in a folder; the first call makes one for these hosts.
///
/// # Errors
/// The folder cannot be written, or holds one that cannot be used.
pub fn open(folder: &Path, hosts: &[String]) -> Result<Authority, String> {
    open_or_make(folder, hosts).map_err(|failure| match failure {
        Failure::Unwritable(why) | Failure::Unusable(why) => why,
    })
}

/// The authority in a folder, if there is one.
///
/// # Errors
/// It cannot be used.
pub fn read(folder: &Path) -> Result<Option<Authority>, String> {
    let path = folder.join(KEY);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read the certificate authority {}: {error}", path.display())),
    };
    // Apart, as the certificate is shown to everybody.
    let (certificate, key) = text.split_at(text.find("-----BEGIN PRIVATE KEY-----").unwrap_or(0));
    let loaded = Authority::load(certificate, key, wall());
    loaded.map(Some).map_err(|error| format!("the certificate authority {}: {error}", path.display()))
}

/// Makes a new authority for these hosts in a folder, in the place of one that is there.
///
/// # Errors
/// A host that no certificate can name, or a folder that cannot be written.
pub fn make(folder: &Path, hosts: &[String]) -> Result<Authority, String> {
    let authority = Authority::new(hosts.iter().cloned(), wall()).map_err(|error| error.to_string())?;
    write(folder, &authority, true).map_err(|error| unwritable(folder, &error))?;
    Ok(authority)
}

fn unwritable(folder: &Path, error: &io::Error) -> String {
    format!(
        "cannot write the certificate authority to {}: {error}\n  = help: take another folder with `--ca-dir DIR`",
        folder.display()
    )
}

fn open_or_make(folder: &Path, hosts: &[String]) -> Result<Authority, Failure> {
    let found = || read(folder).map_err(Failure::Unusable);
    let authority = match found()? {
        Some(authority) => authority,
        None => {
            let authority =
                Authority::new(hosts.iter().cloned(), wall()).map_err(|error| Failure::Unusable(error.to_string()))?;
            match write(folder, &authority, false) {
                Ok(()) => authority,
                // Another process was quicker: its authority is everybody's.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => match found()? {
                    Some(authority) => authority,
                    None => return Err(Failure::Unwritable(unwritable(folder, &error))),
                },
                Err(error) => return Err(Failure::Unwritable(unwritable(folder, &error))),
            }
        }
    };
    // Whoever removed it, or was stopped before it was written, gets it again.
    let path = certificate_path(folder);
    if fs::read_to_string(&path).ok().as_deref() != Some(authority.certificate()) {
        let _ = fs::write(&path, authority.certificate());
    }
    Ok(authority)
}

/// Writes an authority into a folder: the key first, at once and whole.
fn write(folder: &Path, authority: &Authority, replace: bool) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    // Made by `tempfile` for its owner alone: 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(authority.certificate().as_bytes())?;
    file.write_all(authority.key().as_bytes())?;
    file.as_file().sync_all()?;
    let path = folder.join(KEY);
    let kept = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map_err(|error| error.error)?;
    fs::write(certificate_path(folder), authority.certificate())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_for_its_owner_alone_and_its_certificate_holds_no_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("deep/ca");
        let hosts = ["api.telemetron.net".to_owned()];
        let first = open(&folder, &hosts).expect("made");
        fs::remove_file(certificate_path(&folder)).expect("removed");
        let again = open(&folder, &[]).expect("read");
        assert_eq!(again.certificate(), first.certificate());
        let shown = fs::read_to_string(certificate_path(&folder)).expect("written again");
        assert_eq!(shown, first.certificate());
        assert!(!shown.contains("PRIVATE"), "{shown}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.join(KEY)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let other = make(&folder, &["pos.example".to_owned()]).expect("made anew");
        assert_ne!(other.certificate(), first.certificate());
        assert!(open(&folder, &hosts).expect("read").covers("pos.example"));
    }

    #[test]
    fn what_cannot_be_used_is_told_with_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("written");
        let said = open(&file, &[]).expect_err("no folder");
        assert!(said.contains("file") && said.contains("ca.key"), "{said}");
        fs::write(folder.path().join(KEY), "rubbish").expect("written");
        let said = open(folder.path(), &[]).expect_err("rubbish");
        assert!(said.contains("ca.key") && said.contains("cannot be read"), "{said}");
    }

    #[test]
    fn many_at_once_agree_on_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let made: Vec<String> = std::thread::scope(|scope| {
            let open = || open(folder.path(), &[]).expect("one").certificate().to_owned();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(made.iter().all(|certificate| *certificate == made[0]));
    }
}
