//! A report: the page as one file that opens from a disk, with what has happened in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stend_core::Registry;

use crate::page;

/// In a report the module that talks to the control API is another one, which answers from the data.
const API: (&str, &str) = ("api.js", "export * from \"./recorded.js\";");

/// Starts the page of a report.
const START: &str = "import \"page/report.js\";";

/// The report on what these traces tell, under a title.
pub fn html(title: &str, version: &str, registry: &Registry, traces: &[Value]) -> String {
    let modules = modules();
    let style = page::text("style.css");
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    // Its modules are addresses of their own text: a file has no folder from which a browser would take others.
    let policy = format!(
        "default-src 'none'; script-src {} {} data:; style-src {}; img-src data: blob:; base-uri 'none'; form-action 'none'",
        hash(&modules),
        hash(START),
        hash(style)
    );
    let operations: Vec<Value> =
        registry.services().iter().flat_map(|kind| crate::handlers::info::operations_of(*kind)).collect();
    // No tag can begin in it, so nothing of it is ever read as HTML.
    let data =
        json!({ "version": version, "operations": operations, "traces": traces }).to_string().replace('<', "\\u003c");
    let icon = STANDARD.encode(page::text("icon.svg"));
    let mut text = String::with_capacity(data.len() + modules.len() + style.len() + 2_048);
    let _ = write!(
        text,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <link rel=\"icon\" href=\"data:image/svg+xml;base64,{icon}\">\n<style>{style}</style>\n\
         <script type=\"importmap\">{modules}</script>\n</head>\n<body>\n<div id=\"app\"></div>\n\
         <noscript>This report needs JavaScript.</noscript>\n\
         <script type=\"application/json\" id=\"recorded\">{data}</script>\n<script type=\"module\">{START}</script>\n</body>\n</html>\n",
        escaped(title)
    );
    text
}

/// The import map: the page's modules by their names, each with its text.
fn modules() -> String {
    let mut imports: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in page::modules() {
        let text = if name == API.0 { API.1 } else { text };
        // In an address of its own text a module has no place that `./` could start from.
        let text = text.replace("from \"./", "from \"page/");
        let known = page::imported().find(|(_, file)| *file == name).map(|(known, _)| known);
        let key = known.map_or_else(|| format!("page/{name}"), str::to_owned);
        imports.insert(key, format!("data:text/javascript;base64,{}", STANDARD.encode(text)));
    }
    json!({ "imports": imports }).to_string()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_data_is_read_as_html() {
        let evil = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)>";
        let text = html(evil, "1", &Registry::new(), &[json!({ "lines": [{ "data": evil }] })]);
        assert_eq!(text.matches("<script").count(), 3, "the map, the data, the start");
        assert_eq!(text.matches("</script").count(), 3);
        assert!(!text.contains("<img") && !text.contains("<!--"));
        let data = text.split("id=\"recorded\">").nth(1).and_then(|rest| rest.split("</script>").next()).expect("data");
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(data["traces"][0]["lines"][0]["data"], evil);
    }

    #[test]
    fn every_module_of_the_page_is_in_it_by_the_name_that_others_use() {
        let map: Value = serde_json::from_str(&modules()).expect("JSON");
        let known: Vec<&String> = map["imports"].as_object().expect("a map").keys().collect();
        for name in ["preact", "htm", "@preact/signals", "page/api.js", "page/report.js", "page/traffic.js"] {
            assert!(known.iter().any(|key| *key == name), "{name} is not in {known:?}");
        }
        assert!(!known.iter().any(|key| key.contains("vendor")), "{known:?}");
        for address in map["imports"].as_object().expect("a map").values() {
            let text =
                address.as_str().and_then(|text| text.strip_prefix("data:text/javascript;base64,")).expect("text");
            let text = String::from_utf8(STANDARD.decode(text).expect("base64")).expect("text");
            assert!(!text.contains("from \"./") && !text.contains("from \"/"));
        }
    }
}
