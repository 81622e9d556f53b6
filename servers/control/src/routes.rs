//! The operation table of the control API.

use std::pin::Pin;

use stend_transport::Reply;

use crate::handlers::{actions, clock, faults, info, journal, recording, scenario, spec, state, verify, worlds};
use crate::request::Request;

type Answer = Pin<Box<dyn Future<Output = Result<Reply, Reply>>>>;

/// A method and path, and what answers.
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) handler: fn(Request) -> Answer,
}

macro_rules! rows {
    ($($method:literal $path:literal $handler:path, $summary:literal;)*) => {
        &[$(Row { method: $method, path: $path, summary: $summary, handler: |request| Box::pin($handler(request)) }),*]
    };
}

pub(crate) static ROUTES: &[Row] = rows! {
    "GET" "/" info::index, "This list.";
    "GET" "/control/v1/health" info::health, "All ports are up; version and uptime.";
    "GET" "/control/v1/operations" info::operations, "The operations of all fakes.";
    "GET" "/control/v1/actions" info::actions, "The actions of all fakes, with the schemas of their arguments.";
    "GET" "/control/v1/spec" spec::list, "The fakes that have a specification.";
    "GET" "/control/v1/spec/{service}" spec::show, "OpenAPI 3.1 or AsyncAPI 3, its server a world's: ?world=; YAML with `Accept: application/yaml`.";
    "GET" "/control/v1/worlds" worlds::list, "All worlds.";
    "POST" "/control/v1/worlds" worlds::create, "Makes a world: {id?, seed?, world?, clock?, fork_of?}.";
    "GET" "/control/v1/worlds/{world}" worlds::show, "One world.";
    "DELETE" "/control/v1/worlds/{world}" worlds::remove, "Removes a world.";
    "POST" "/control/v1/worlds/{world}/reset" worlds::reset, "Puts a world back to how it began, or one fake of it: {\"service\": NAME}.";
    "GET" "/control/v1/worlds/{world}/state" state::save, "The world as a file; YAML with `Accept: application/yaml`.";
    "PUT" "/control/v1/worlds/{world}/state" state::restore, "Replaces the world by a file, JSON or YAML.";
    "GET" "/control/v1/worlds/{world}/clock" clock::show, "The clock.";
    "PUT" "/control/v1/worlds/{world}/clock" clock::set, "Sets the clock: {mode: real|frozen|scaled, now?, scale?}.";
    "POST" "/control/v1/worlds/{world}/clock/advance" clock::advance, "Moves time on: {\"by\": \"5m\"} or {\"to\": TIME}.";
    "POST" "/control/v1/worlds/{world}/actions" actions::act, "Makes something happen: {\"SERVICE.ACTION\": {ARGUMENTS}}, of those that GET /control/v1/actions lists.";
    "GET" "/control/v1/worlds/{world}/journal" journal::read, "What clients sent and got: ?fake=&way=&operation=&client=&fault=&status=&since=&limit=.";
    "DELETE" "/control/v1/worlds/{world}/journal" journal::clear, "Forgets it.";
    "GET" "/control/v1/worlds/{world}/recording" recording::read, "What has happened since the world began, as a scenario that plays it again.";
    "POST" "/control/v1/worlds/{world}/verify" verify::verify, "Whether an expectation holds, one of journal, push, never, order, before, state: {\"journal\": {\"operation\": \"events\", \"count\": 1}}.";
    "GET" "/control/v1/worlds/{world}/faults" faults::list, "The faults, and how often each was applied.";
    "POST" "/control/v1/worlds/{world}/faults" faults::add, "Adds a fault: {\"match\": {…}, \"respond\": {\"status\": 503}, \"times\": 1}.";
    "DELETE" "/control/v1/worlds/{world}/faults" faults::clear, "Removes all faults.";
    "DELETE" "/control/v1/worlds/{world}/faults/{id}" faults::remove, "Removes a fault.";
    "POST" "/control/v1/worlds/{world}/scenario" scenario::start, "Plays a scenario in this world: ?speed=1|60|max.";
    "GET" "/control/v1/worlds/{world}/scenario" scenario::progress, "How far it is, and its report at the end.";
    "DELETE" "/control/v1/worlds/{world}/scenario" scenario::stop, "Stops it.";
};
