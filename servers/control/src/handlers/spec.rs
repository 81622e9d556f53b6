//! The specifications of the services.

use serde_json::{Value, json};
use stend_core::{Problem, SpecPart};
use stend_transport::Reply;

use crate::openapi::openapi;
use crate::request::{Request, wrong};

/// Every service that has a specification, and where it is. None is built for that: their parts say what they are.
pub(crate) async fn list(request: Request) -> Result<Reply, Reply> {
    let kinds = request.control.registry.services().iter().filter(|kind| !kind.spec().is_empty());
    let rows = kinds.map(|kind| {
        let format = kind.spec().iter().find_map(SpecPart::format);
        json!({
            "fake": kind.name(),
            "title": kind.title(),
            "format": format.map(|(key, _)| key),
            "version": format.map(|(_, version)| version),
            "path": format!("/control/v1/spec/{}", kind.name()),
        })
    });
    Ok(Reply::ok(&rows.collect::<Vec<_>>()))
}

/// This API's own document.
pub(crate) async fn control(request: Request) -> Result<Reply, Reply> {
    let control = &request.control;
    let urls = control.urls(request.by());
    let url = urls.get("control").map_or("/", String::as_str);
    Ok(Reply::ok(&openapi(control.version, url, control.access.token.is_some())))
}

/// One specification, its server the world that `?world=` names, else the default one.
pub(crate) async fn show(request: Request) -> Result<Reply, Reply> {
    let world = request.query("world").unwrap_or(stend_core::worlds::DEFAULT);
    let world = request.worlds.get(world).map_err(wrong)?;
    let control = &request.control;
    let service = request.param("service");
    control.registry.get(service).map_err(|problem| wrong(Problem { code: "not_found", ..problem }))?;
    let found = (control.specs)(service).map_err(wrong)?;
    let nothing = || Problem::new("not_found", format!("{service} has no specification"));
    let mut spec = found.ok_or_else(|| wrong(nothing()))?;
    if let Some(url) = control.urls_of(world.id(), request.by()).get(service) {
        serve_at(&mut spec, url);
    }
    request.document(&spec)
}

/// Puts a base URL into the variables of the servers: `base` whole, or `host` and `path` where they stand apart.
fn serve_at(spec: &mut Value, url: &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = if path.is_empty() { String::new() } else { format!("{path}/") };
    let servers: Vec<&mut Value> = match spec.get_mut("servers") {
        Some(Value::Array(servers)) => servers.iter_mut().collect(),
        Some(Value::Object(servers)) => servers.values_mut().collect(),
        _ => Vec::new(),
    };
    for server in servers {
        for (name, value) in [("base", url), ("host", host), ("path", &path)] {
            if let Some(variable) = server.pointer_mut(&format!("/variables/{name}/default")) {
                *variable = value.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_are_the_worlds() {
        let mut spec = json!({"servers": [{"url": "{base}", "variables": {"base": {"default": "x"}}}]});
        serve_at(&mut spec, "http://127.0.0.1:7701/w/w1");
        assert_eq!(spec["servers"][0]["variables"]["base"]["default"], "http://127.0.0.1:7701/w/w1");
        let variables = json!({"host": {"default": "x"}, "path": {"default": "x"}});
        let mut spec = json!({"servers": {"world": {"host": "{host}", "pathname": "/{path}", "variables": variables}}});
        serve_at(&mut spec, "ws://127.0.0.1:7703/w/w1");
        assert_eq!(
            spec["servers"]["world"]["variables"],
            json!({"host": {"default": "127.0.0.1:7703"}, "path": {"default": "w/w1/"}})
        );
    }
}
