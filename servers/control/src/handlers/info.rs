//! What there is.

use schemars::SchemaGenerator;
use serde_json::{Value, json};
use stend_core::clock::wall;
use stend_core::{AnyService, Problem, Span};
use stend_transport::{Reply, StatusCode, header};

use crate::request::{Request, wrong};
use crate::routes::ROUTES;

pub(crate) async fn index(request: Request) -> Result<Reply, Reply> {
    let rows: Vec<Value> =
        ROUTES.iter().map(|row| json!({"method": row.method, "path": row.path, "summary": row.summary})).collect();
    Ok(Reply::ok(
        &json!({ "stend": request.control.version, "urls": request.control.urls(request.by()), "operations": rows }),
    ))
}

pub(crate) async fn health(request: Request) -> Result<Reply, Reply> {
    let control = &request.control;
    let uptime = Span::between(control.started, wall());
    Ok(Reply::ok(&json!({
        "status": "ok",
        "version": control.version,
        "uptime_seconds": (uptime.as_secs_f64() * 1000.0).round() / 1000.0,
        "urls": control.urls(request.by()),
        "hosts": control.addresses.get().map(|addresses| &addresses.hosts),
        "worlds": request.worlds.list().len(),
    })))
}

/// The certificate of the authority that clients have to trust, PEM.
pub(crate) async fn authority(request: Request) -> Result<Reply, Reply> {
    let control = &request.control;
    let none = |why: &str| wrong(Problem::not_found(why).hint("start the bench with its gateway, or with `--tls`"));
    let authority = control.authority.as_ref().ok_or_else(|| none("this bench has no certificate authority"))?;
    let authority = authority.get().map_err(|error| none(&format!("there is no certificate authority: {error}")))?;
    let pem = header::HeaderValue::from_static("application/x-pem-file");
    Ok(Reply::new(StatusCode::OK, pem, authority.certificate().to_owned()))
}

/// The service that is asked for, or all of them.
fn services(request: &Request) -> Result<Vec<&'static dyn AnyService>, Reply> {
    let registry = &request.control.registry;
    match request.query("fake") {
        Some(name) => registry.get(name).map(|(_, kind)| vec![kind]).map_err(|problem| wrong(problem.under("fake"))),
        None => Ok(registry.services().to_vec()),
    }
}

pub(crate) async fn operations(request: Request) -> Result<Reply, Reply> {
    let mut rows = Vec::new();
    for kind in services(&request)? {
        rows.extend(operations_of(kind));
    }
    Ok(Reply::ok(&rows))
}

/// The operations of a service, each with the service's name.
pub(crate) fn operations_of(kind: &dyn AnyService) -> impl Iterator<Item = Value> {
    let named = |operation: &stend_core::Operation| {
        let mut row = json!({ "fake": kind.name() });
        if let (Value::Object(row), Value::Object(operation)) = (&mut row, json!(operation)) {
            row.extend(operation);
        }
        row
    };
    kind.operations().iter().map(named).collect::<Vec<_>>().into_iter()
}

pub(crate) async fn actions(request: Request) -> Result<Reply, Reply> {
    let mut rows = Vec::new();
    for kind in services(&request)? {
        for action in kind.actions() {
            let mut settings = schemars::generate::SchemaSettings::draft2020_12();
            settings.inline_subschemas = true;
            let mut generator = SchemaGenerator::new(settings);
            let short = action.name.split_once('.').map_or("", |(_, short)| short);
            let schema = kind.action_schema(short, &mut generator);
            rows.push(json!({ "action": action.name, "summary": action.summary, "arguments": schema }));
        }
    }
    Ok(Reply::ok(&rows))
}
