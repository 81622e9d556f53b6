//! The operation table of the control API: what is answered, and what its OpenAPI document says.

use std::pin::Pin;

use actix_web::HttpResponse;
use schemars::SchemaGenerator;
use serde_json::Value;
use stend_transport::Reply;

use crate::handlers::{
    actions, changes, clock, faults, info, journal, library, metrics, recording, scenario, spec, state, stream, verify,
    view, worlds,
};
use crate::openapi::schemas;
use crate::request::Request;

type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse, Reply>>>>;

/// What a handler answers.
trait Answered {
    fn sent(self) -> HttpResponse;
}

impl Answered for Reply {
    fn sent(self) -> HttpResponse {
        self.into_response()
    }
}

impl Answered for HttpResponse {
    fn sent(self) -> HttpResponse {
        self
    }
}

/// Makes the schema of a body.
pub(crate) type Schema = fn(&mut SchemaGenerator) -> Value;

/// One operation.
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// The `operationId` of the OpenAPI document.
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    /// The query parameters; any other is refused.
    pub(crate) query: &'static [Parameter],
    /// The body, and whether it may be left out.
    pub(crate) body: Option<(Schema, Optional)>,
    /// The status of success and its body, where it has one.
    pub(crate) reply: (u16, Option<Schema>),
    /// The type of that body.
    pub(crate) media: &'static str,
    /// Whether a document is also answered as YAML.
    pub(crate) yaml: bool,
    pub(crate) handler: fn(Request) -> Answer,
}

/// Whether something may be left out.
pub(crate) type Optional = bool;

/// A query parameter.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// Another name that is accepted.
    pub(crate) alias: Option<&'static str>,
    pub(crate) summary: &'static str,
    /// Its JSON Schema.
    pub(crate) schema: &'static str,
}

impl Row {
    const fn new(id: &'static str, method: &'static str, path: &'static str, handler: fn(Request) -> Answer) -> Self {
        let media = "application/json";
        Self { method, path, id, summary: "", query: &[], body: None, reply: (204, None), media, yaml: false, handler }
    }

    const fn about(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    const fn takes(mut self, schema: Schema) -> Self {
        self.body = Some((schema, false));
        self
    }

    const fn may_take(mut self, schema: Schema) -> Self {
        self.body = Some((schema, true));
        self
    }

    const fn answers(mut self, status: u16, schema: Schema) -> Self {
        self.reply = (status, Some(schema));
        self
    }

    const fn of(mut self, media: &'static str) -> Self {
        self.media = media;
        self
    }

    const fn or_yaml(mut self) -> Self {
        self.yaml = true;
        self
    }
}

const fn parameter(name: &'static str, schema: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, alias: None, summary, schema }
}

const TEXT: &str = r#"{"type": "string", "minLength": 1}"#;

const SERVICE: Parameter =
    Parameter { alias: Some("service"), ..parameter("fake", TEXT, "Only of this service; `service` is accepted too.") };

const JOURNAL: &[Parameter] = &[
    SERVICE,
    Parameter {
        alias: Some("channel"),
        ..parameter(
            "way",
            r#"{"enum": ["http", "frame", "push", "ping"]}"#,
            "Only of this channel; `channel` is accepted too.",
        )
    },
    parameter("operation", TEXT, "Only of this operation; `*` stands for any run of characters."),
    parameter("client", TEXT, "Only of this client: a login or a token; `*` as in the operation."),
    parameter("fault", TEXT, "Only what this fault was applied to; `*` as in the operation."),
    parameter(
        "status",
        r#"{"type": "string", "pattern": "^(0|[1-5][0-9][0-9]|[1-5]xx)$"}"#,
        "Only of this status: a number, or a class such as 5xx.",
    ),
    parameter("since", TEXT, "Only after this entry, by its `seq`, or from this time on."),
    parameter("limit", r#"{"type": "integer", "minimum": 1, "maximum": 10000}"#, "The most entries; 100 unless given."),
    parameter(
        "wait",
        TEXT,
        "With `since`: waits so long for the first entry that is wanted, such as 30s; 5m at the most.",
    ),
    BODIES,
];

const BODIES: Parameter = parameter(
    "bodies",
    YES_OR_NO,
    "`false` leaves out headers and bodies; their lengths stand in `request_bytes` and `reply_bytes`.",
);

const STREAM: &[Parameter] = &[
    parameter(
        "since",
        TEXT,
        "After this event, by its id, or after this journal entry, by its `seq`; 0 is all that is kept. Left out: from now on. `Last-Event-ID` comes before it.",
    ),
    BODIES,
];

const ROWS: Parameter = parameter(
    "limit",
    r#"{"type": "integer", "minimum": 1, "maximum": 1000}"#,
    "The most rows of a table; 50 unless given.",
);

const VIEW: &[Parameter] = &[
    parameter("table", TEXT, "Only this table, by its `id`."),
    ROWS,
    parameter("after", TEXT, "With `table`: the page after this, the `next` of the page before."),
];

const PLAY: &[Parameter] = &[
    parameter("speed", TEXT, "Virtual seconds a real second, or `max`; 1 unless given."),
    parameter("seed", r#"{"type": "integer", "minimum": 0}"#, "The seed, instead of the scenario's."),
    parameter(
        "start",
        r#"{"type": "string", "format": "date-time"}"#,
        "Where the clock starts if the scenario does not say.",
    ),
    parameter("report", YES_OR_NO, "`true` keeps what people see after each step, for GET report."),
];

const YES_OR_NO: &str = r#"{"enum": ["true", "false"]}"#;

const STEPS: &[Parameter] =
    &[parameter("steps", YES_OR_NO, "`true` adds what was planned, and what came of the newest steps.")];

const DUE: &[Parameter] =
    &[parameter("due", YES_OR_NO, "`true` adds what falls due next in each service, and the rows that it concerns.")];

const LANGUAGE: &[Parameter] = &[parameter("lang", r#"{"enum": ["en", "ru"]}"#, "The language; English unless given.")];

const WORLD: &[Parameter] =
    &[parameter("world", TEXT, "The world whose URL is the document's server; the default one unless given.")];

/// A row with its handler.
macro_rules! row {
    ($id:literal, $method:literal, $path:literal, $handler:path) => {
        Row::new($id, $method, $path, |request| Box::pin(async move { $handler(request).await.map(Answered::sent) }))
    };
}

pub(crate) static ROUTES: &[Row] = &[
    row!("index", "GET", "/", info::index).about("This list; browsers, which ask for text/html, get the page.").answers(200, schemas::index),
    row!("metrics", "GET", "/metrics", metrics::read)
        .about("Counts for Prometheus; needs `--metrics`.")
        .answers(200, schemas::text)
        .of("text/plain"),
    row!("health", "GET", "/control/v1/health", info::health)
        .about("All ports are up; version and uptime. Needs no token.")
        .answers(200, schemas::health),
    row!("authority", "GET", "/ca.pem", info::authority)
        .about("The certificate of the bench's authority, which clients trust for TLS; PEM.")
        .answers(200, schemas::text)
        .of("application/x-pem-file"),
    row!("openapi", "GET", "/control/v1/openapi.json", spec::control)
        .about("This API as OpenAPI 3.1.")
        .answers(200, schemas::object),
    row!("list_operations", "GET", "/control/v1/operations", info::operations)
        .about("The operations of all services, or of one.")
        .query(&[SERVICE])
        .answers(200, schemas::objects),
    row!("list_actions", "GET", "/control/v1/actions", info::actions)
        .about("The actions of all services, or of one, with the schemas of their arguments.")
        .query(&[SERVICE])
        .answers(200, schemas::objects),
    row!("list_specs", "GET", "/control/v1/spec", spec::list)
        .about("The services that have a specification.")
        .answers(200, schemas::objects),
    row!("show_spec", "GET", "/control/v1/spec/{service}", spec::show)
        .about("OpenAPI 3.1 or AsyncAPI 3 of a service, its server a world's; YAML with `Accept: application/yaml`.")
        .query(WORLD)
        .answers(200, schemas::object)
        .or_yaml(),
    row!("list_claims", "GET", "/control/v1/claims/{service}", library::claims)
        .about("The statements of the vendor's document about a service, and how sure we are of each.")
        .answers(200, schemas::objects),
    row!("list_scenarios", "GET", "/control/v1/scenarios", library::scenarios)
        .about("The scenarios that the program carries.")
        .answers(200, schemas::objects),
    row!("show_scenario", "GET", "/control/v1/scenarios/{name}", library::scenario)
        .about("The text of a scenario that the program carries.")
        .answers(200, schemas::object)
        .of("application/yaml"),
    row!("check_scenario", "POST", "/control/v1/check", scenario::check)
        .about("Everything that is wrong with a scenario, each with its line and column, or its plan; nothing is played.")
        .may_take(schemas::anything)
        .answers(200, schemas::checked),
    row!("list_topics", "GET", "/control/v1/manual", library::topics)
        .about("The chapters of the manual.")
        .answers(200, schemas::objects),
    row!("show_topic", "GET", "/control/v1/manual/{topic}", library::chapter)
        .about("A chapter of the manual, Markdown.")
        .query(LANGUAGE)
        .answers(200, schemas::text)
        .of("text/markdown"),
    row!("list_worlds", "GET", "/control/v1/worlds", worlds::list).about("All worlds.").answers(200, schemas::worlds),
    row!("make_world", "POST", "/control/v1/worlds", worlds::create)
        .about("Makes a world: {id?, seed?, world?, clock?, fork_of?}.")
        .may_take(schemas::new_world)
        .answers(201, schemas::world),
    row!("show_world", "GET", "/control/v1/worlds/{world}", worlds::show).about("One world.").answers(200, schemas::world),
    row!("remove_world", "DELETE", "/control/v1/worlds/{world}", worlds::remove).about("Removes a world."),
    row!("reset_world", "POST", "/control/v1/worlds/{world}/reset", worlds::reset)
        .about("Puts a world back to how it began, or one service of it: {\"service\": NAME}.")
        .may_take(schemas::reset)
        .answers(200, schemas::world),
    row!("save_world", "GET", "/control/v1/worlds/{world}/state", state::save)
        .about("The world as a file; YAML with `Accept: application/yaml`.")
        .answers(200, schemas::object)
        .or_yaml(),
    row!("restore_world", "PUT", "/control/v1/worlds/{world}/state", state::restore)
        .about("Replaces the world by a file, JSON or YAML.")
        .takes(schemas::world_file)
        .answers(200, schemas::object),
    row!("show_changes", "GET", "/control/v1/worlds/{world}/changes", changes::read)
        .about("What of the services' state differs from how the world began, value by value; the first thousand.")
        .answers(200, schemas::changes),
    row!("show_clock", "GET", "/control/v1/worlds/{world}/clock", clock::show)
        .about("The clock, and when something falls due next.")
        .query(DUE)
        .answers(200, schemas::clock),
    row!("set_clock", "PUT", "/control/v1/worlds/{world}/clock", clock::set)
        .about("Sets the clock: {mode: real|frozen|scaled, now?, scale?}. Without `now` time goes on from where it is, also after a jump; `\"now\": \"now\"` is the wall clock's time.")
        .takes(schemas::clock_setting)
        .answers(200, schemas::clock),
    row!("advance_clock", "POST", "/control/v1/worlds/{world}/clock/advance", clock::advance)
        .about("Moves time on: {\"by\": \"5m\"} or {\"to\": TIME}.")
        .takes(schemas::advance)
        .answers(200, schemas::advanced),
    row!("act", "POST", "/control/v1/worlds/{world}/actions", actions::act)
        .about("Makes something happen: {\"SERVICE.ACTION\": {ARGUMENTS}}, of those that GET /control/v1/actions lists.")
        .takes(schemas::action)
        .answers(200, schemas::acted),
    row!("read_journal", "GET", "/control/v1/worlds/{world}/journal", journal::read)
        .about("What clients sent and got: the latest entries, or those after `since`.")
        .query(JOURNAL)
        .answers(200, schemas::journal),
    row!("stream", "GET", "/control/v1/worlds/{world}/stream", stream::read)
        .about("What happens in a world, as it happens, as Server-Sent Events: `exchange`, `push`, `world`, `clock`; `gap` where some were missed, `end` at the end.")
        .query(STREAM)
        .answers(200, schemas::text)
        .of("text/event-stream"),
    row!("view_world", "GET", "/control/v1/worlds/{world}/view", view::world)
        .about("What people see of a world: of each service tables of typed cells, and the actions that fit each row with their arguments.")
        .query(&[ROWS])
        .answers(200, view::world_schema),
    row!("view_service", "GET", "/control/v1/worlds/{world}/view/{service}", view::service)
        .about("What people see of a service, or of one table of it, page by page.")
        .query(VIEW)
        .answers(200, view::service_schema),
    row!("picture", "GET", "/control/v1/worlds/{world}/view/{service}/pictures/{name}", view::picture)
        .about("A picture that a cell of a view names.")
        .answers(200, schemas::text)
        .of("image/png"),
    row!("clear_journal", "DELETE", "/control/v1/worlds/{world}/journal", journal::clear).about("Forgets all entries."),
    row!("record", "GET", "/control/v1/worlds/{world}/recording", recording::read)
        .about("What has happened since the world began, as a scenario that plays it again.")
        .answers(200, schemas::recording),
    row!("report", "GET", "/control/v1/worlds/{world}/report", scenario::report)
        .about("All that has happened since the world began, with the latest scenario; as a page in one file with `Accept: text/html`.")
        .answers(200, schemas::object),
    row!("verify", "POST", "/control/v1/worlds/{world}/verify", verify::verify)
        .about("Whether an expectation holds, one of journal, push, never, order, before, state: {\"journal\": {\"operation\": NAME, \"count\": 1}}. With \"within\": \"2s\" it may come to hold so long, by the wall clock; what holds where nothing happens has to hold all the while.")
        .takes(schemas::expectation)
        .answers(200, schemas::passed),
    row!("list_faults", "GET", "/control/v1/worlds/{world}/faults", faults::list)
        .about("The faults, and how often each was applied.")
        .answers(200, schemas::faults),
    row!("add_fault", "POST", "/control/v1/worlds/{world}/faults", faults::add)
        .about("Adds a fault: {\"match\": {…}, \"respond\": {\"status\": 503}, \"times\": 1}.")
        .takes(schemas::fault)
        .answers(201, schemas::id),
    row!("clear_faults", "DELETE", "/control/v1/worlds/{world}/faults", faults::clear).about("Removes all faults."),
    row!("switch_fault", "PUT", "/control/v1/worlds/{world}/faults/{id}", faults::switch)
        .about("Switches a fault off or on: {\"off\": true}. It stays in the list with its counts.")
        .takes(schemas::switch)
        .answers(200, schemas::id),
    row!("remove_fault", "DELETE", "/control/v1/worlds/{world}/faults/{id}", faults::remove).about("Removes a fault."),
    row!("play_scenario", "POST", "/control/v1/worlds/{world}/scenario", scenario::start)
        .about("Plays a scenario in this world, which becomes the scenario's; its clock stays as the scenario leaves it.")
        .query(PLAY)
        .takes(schemas::scenario)
        .answers(202, schemas::state),
    row!("show_play", "GET", "/control/v1/worlds/{world}/scenario", scenario::progress)
        .about("How far it is, and its report at the end.")
        .query(STEPS)
        .answers(200, schemas::progress),
    row!("pace_play", "PUT", "/control/v1/worlds/{world}/scenario", scenario::set_speed)
        .about("Pauses what is played, or goes on at another speed: {\"speed\": \"paused\"}, 60 or \"max\".")
        .takes(schemas::pace),
    row!("stop_play", "DELETE", "/control/v1/worlds/{world}/scenario", scenario::stop).about("Stops it."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_an_id_of_its_own_and_a_sentence() {
        let ids: BTreeSet<&str> = ROUTES.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), ROUTES.len());
        for row in ROUTES {
            assert!(row.summary.ends_with('.'), "{}", row.id);
            assert!(matches!(row.reply, (204, None) | (200..=202, Some(_))), "{}", row.id);
        }
    }
}
