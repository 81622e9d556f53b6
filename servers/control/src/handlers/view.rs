//! What people see of the services' states.

use std::sync::Arc;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;
use stend_core::view::{Cell, LARGEST_PAGE, PAGE, Shown};
use stend_core::{AnyService, Look, Problem, Timestamp, World};
use stend_transport::{Reply, StatusCode, header};

use crate::request::{Request, apart, wrong};

/// What people see of a service.
#[derive(Serialize, JsonSchema)]
struct ServiceView {
    service: &'static str,
    title: &'static str,
    /// Grows with all that may have changed the state: the same version is the same state.
    version: u64,
    tables: Vec<Shown>,
}

/// What people see of a world.
#[derive(Serialize, JsonSchema)]
struct WorldView {
    /// The world's time.
    #[schemars(with = "String", extend("format" = "date-time"))]
    at: Timestamp,
    services: Vec<ServiceView>,
}

pub(crate) fn service_schema(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<ServiceView>().to_value()
}

pub(crate) fn world_schema(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<WorldView>().to_value()
}

/// The view of a service, its pictures by their paths on this port.
fn seen(world: &World, index: usize, kind: &dyn AnyService, look: &Look<'_>) -> Result<ServiceView, Reply> {
    let (version, mut view) = world.view(index, look).map_err(wrong)?;
    let rows = view.tables.iter_mut().flat_map(|table| &mut table.rows);
    for (_, cell) in rows.flat_map(|row| &mut row.cells) {
        if let Cell::Picture(name) = cell {
            *name = format!("/control/v1/worlds/{}/view/{}/pictures/{name}", world.id(), kind.name());
        }
    }
    Ok(ServiceView { service: kind.name(), title: kind.title(), version, tables: view.tables })
}

fn limit(request: &Request) -> Result<usize, Reply> {
    let Some(text) = request.query("limit") else { return Ok(PAGE) };
    text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit)).ok_or_else(|| {
        let problem = Problem::invalid(format!("`{text}` is no limit"));
        wrong(problem.hint(format!("a number from 1 to {LARGEST_PAGE}")).under("limit"))
    })
}

pub(crate) async fn world(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let look = Look { limit: limit(&request)?, ..Look::default() };
    let kinds = world.registry().services().iter().enumerate();
    let services = kinds.map(|(index, kind)| seen(&world, index, *kind, &look)).collect::<Result<_, _>>()?;
    Ok(Reply::ok(&WorldView { at: world.now(), services }))
}

/// The service that the path names.
fn named(request: &Request, world: &Arc<World>) -> Result<(usize, &'static dyn AnyService), Reply> {
    world.registry().get(request.param("service")).map_err(|mut problem| {
        problem.code = "not_found";
        wrong(problem)
    })
}

pub(crate) async fn service(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let (index, kind) = named(&request, &world)?;
    let (table, after) = (request.query("table"), request.query("after"));
    if after.is_some() && table.is_none() {
        let problem = Problem::invalid("`after` without `table`").hint("every table has a `next` of its own");
        return Err(wrong(problem.under("after")));
    }
    let look = Look { table, limit: limit(&request)?, after };
    Ok(Reply::ok(&seen(&world, index, kind, &look)?))
}

pub(crate) async fn picture(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let (index, kind) = named(&request, &world)?;
    let name = request.param("name");
    let draw = world.picture(index, name).ok_or_else(|| {
        let problem = Problem::not_found(format!("{} has no picture `{name}`", kind.name()));
        wrong(problem.hint("the cells of type `picture` of its view name those there are"))
    })?;
    let png = apart(draw).await?;
    Ok(Reply::new(StatusCode::OK, header::HeaderValue::from_static("image/png"), png))
}
