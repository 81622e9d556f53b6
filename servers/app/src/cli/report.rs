//! The report as a page in one file, of `stend play` and `stend run`.

use std::path::Path;

use serde_json::Value;
use stend_control::report_html;

use super::{err, write};

/// Writes the report on what these traces tell; says whether it could be written.
pub(super) fn save(path: &Path, title: &str, traces: &[Value]) -> bool {
    let page = report_html(title, env!("CARGO_PKG_VERSION"), &stend::registry::services(), traces);
    let written = write::text(path, &page);
    if let Err(error) = &written {
        err(&format!("error: cannot write {}: {error}\n", path.display()));
    }
    written.is_ok()
}

/// Sees that a report can be written there, before anything is played for it.
pub(super) fn check(path: Option<&Path>) -> bool {
    let Some(path) = path else { return true };
    let can = write::check(path);
    if let Err(error) = &can {
        err(&format!("error: cannot write {}: {error}\n", path.display()));
    }
    can.is_ok()
}
