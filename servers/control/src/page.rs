//! The page that browsers get: files that the binary carries.

use actix_web::HttpRequest;
use actix_web::http::{Method, header};
use stend_transport::{Reply, StatusCode};

/// A file of the page: its path, its type, its bytes.
struct File(&'static str, &'static str, &'static [u8]);

const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! file {
    ($name:literal, $kind:expr) => {
        File(concat!("/page/", $name), $kind, include_bytes!(concat!("../page/", $name)))
    };
}

static INDEX: File = File("/", "text/html; charset=utf-8", include_bytes!("../page/index.html"));

static FILES: &[File] = &[
    file!("icon.svg", "image/svg+xml"),
    file!("style.css", "text/css; charset=utf-8"),
    file!("main.js", SCRIPT),
    file!("report.js", SCRIPT),
    file!("recorded.js", SCRIPT),
    file!("steps.js", SCRIPT),
    file!("axis.js", SCRIPT),
    file!("keys.js", SCRIPT),
    file!("theme.js", SCRIPT),
    file!("api.js", SCRIPT),
    file!("store.js", SCRIPT),
    file!("text.js", SCRIPT),
    file!("parts.js", SCRIPT),
    file!("traffic.js", SCRIPT),
    file!("details.js", SCRIPT),
    file!("copy.js", SCRIPT),
    file!("far.js", SCRIPT),
    file!("cells.js", SCRIPT),
    file!("form.js", SCRIPT),
    file!("time.js", SCRIPT),
    file!("faults.js", SCRIPT),
    file!("worlds.js", SCRIPT),
    file!("scenarios.js", SCRIPT),
    file!("playing.js", SCRIPT),
    file!("editor.js", SCRIPT),
    file!("changes.js", SCRIPT),
    file!("fault-form.js", SCRIPT),
    file!("files.js", SCRIPT),
    file!("first.js", SCRIPT),
    file!("document.js", SCRIPT),
    file!("conversation.js", SCRIPT),
    file!("manual.js", SCRIPT),
    file!("markdown.js", SCRIPT),
    file!("vendor/preact.mjs", SCRIPT),
    file!("vendor/preact-hooks.mjs", SCRIPT),
    file!("vendor/htm.mjs", SCRIPT),
    file!("vendor/signals.mjs", SCRIPT),
    file!("vendor/signals-core.mjs", SCRIPT),
];

/// The import map of the page: names by which its modules ask for others, and their files.
const IMPORTED: &[(&str, &str)] = &[
    ("preact", "vendor/preact.mjs"),
    ("preact/hooks", "vendor/preact-hooks.mjs"),
    ("htm", "vendor/htm.mjs"),
    ("@preact/signals", "vendor/signals.mjs"),
    ("@preact/signals-core", "vendor/signals-core.mjs"),
];

/// The names by which modules ask for those of others, each with its file.
pub(crate) fn imported() -> impl Iterator<Item = (&'static str, &'static str)> {
    IMPORTED.iter().copied()
}

/// The modules of the page, each by its file.
pub(crate) fn modules() -> impl Iterator<Item = (&'static str, &'static str)> {
    let scripts = FILES.iter().filter(|file| file.1 == SCRIPT);
    scripts.map(|file| (file.0.trim_start_matches("/page/"), std::str::from_utf8(file.2).unwrap_or_default()))
}

/// The text of a file of the page.
pub(crate) fn text(name: &str) -> &'static str {
    let found = FILES.iter().find(|file| file.0.strip_prefix("/page/") == Some(name));
    found.and_then(|file| std::str::from_utf8(file.2).ok()).unwrap_or_default()
}

/// What the page may load: itself, and pictures that it has fetched. The hash is that of the import map, the one script
/// that stands in the page's text.
const POLICY: &str = "default-src 'self'; script-src 'self' 'sha256-uSsGb2yZXn67eLmG+A8lSzQeXgTPqL9iqrEfZCFt+vo='; img-src 'self' blob:; object-src 'none'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The file of the page that a request is for, if it is for one: at `/` only for who asks for HTML. The page's files
/// hold nothing of a world, so they need no token.
pub(crate) fn find(request: &HttpRequest) -> Option<Reply> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let file = match request.path() {
        "/" => wants_html(request).then_some(&INDEX),
        path => FILES.iter().find(|file| file.0 == path),
    };
    file.filter(|_| reads).map(sent)
}

fn wants_html(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| {
        accept.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
    })
}

fn sent(&File(_, kind, bytes): &File) -> Reply {
    let value = header::HeaderValue::from_static;
    let mut reply = Reply::new(StatusCode::OK, value(kind), bytes);
    reply.headers = vec![
        (header::CONTENT_SECURITY_POLICY, value(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (header::REFERRER_POLICY, value("no-referrer")),
        (header::CACHE_CONTROL, value("no-cache")),
        (header::VARY, value("accept")),
    ];
    reply
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn folder() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page")
    }

    fn hex(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    #[test]
    fn the_modules_of_others_are_those_of_the_registry() {
        let table = std::fs::read_to_string(folder().join("vendor/README.md")).expect("the table");
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .filter(|cells: &Vec<&str>| cells.first().is_some_and(|name| name.ends_with(".mjs")))
            .collect();
        for row in &rows {
            let [name, package, _, _, hash] = row[..] else { panic!("{row:?}") };
            let bytes = std::fs::read(folder().join("vendor").join(name)).expect(name);
            assert_eq!(hex(&bytes), hash, "{name} is not the file of {package}");
            let licence = package.trim_start_matches('@').replace([' ', '/'], "-");
            assert!(folder().join(format!("vendor/LICENSE-{licence}")).is_file(), "{package} has no licence");
        }
        let listed: BTreeSet<String> = rows.iter().map(|row| format!("/page/vendor/{}", row[0])).collect();
        let served = FILES.iter().map(|file| file.0.to_owned()).filter(|path| path.contains("/vendor/"));
        assert_eq!(listed, served.collect());
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        let mut found = BTreeSet::new();
        for (under, prefix) in [(folder(), "/page/"), (folder().join("vendor"), "/page/vendor/")] {
            for entry in std::fs::read_dir(under).expect("a folder").map(Result::unwrap) {
                let name = entry.file_name().into_string().expect("a name");
                let aside = ["index.html", "README.md", "vendor"].contains(&&*name) || name.starts_with("LICENSE-");
                if !aside {
                    found.insert(format!("{prefix}{name}"));
                }
            }
        }
        assert_eq!(found, FILES.iter().map(|file| file.0.to_owned()).collect());
    }

    #[test]
    fn the_policy_lets_the_import_map_in_and_no_other_script() {
        let page = std::str::from_utf8(INDEX.2).expect("text");
        let scripts: Vec<&str> = page.split("<script").skip(1).collect();
        let map = scripts[0].split_once('>').and_then(|(_, rest)| rest.split_once("</script>")).expect("the map").0;
        let hash = STANDARD.encode(Sha256::digest(map));
        assert!(POLICY.contains(&format!("script-src 'self' 'sha256-{hash}';")), "the import map's hash is {hash}");
        assert_eq!(scripts.len(), 2);
        let imports: BTreeMap<&str, String> =
            IMPORTED.iter().map(|(name, file)| (*name, format!("/page/{file}"))).collect();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(map).expect("JSON"),
            serde_json::json!({ "imports": imports })
        );
        assert!(scripts[1].starts_with(" type=\"module\" src=\"/page/main.js\">"));
    }
}
