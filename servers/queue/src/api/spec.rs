//! The part of the AsyncAPI document that the tables know: an operation and its messages for every command, what books
//! take, and the codes of errors. `asyncapi.yaml` and the files beside it have the rest.

use serde_json::{Map, Value, json};
use stend_core::{Evidence, SpecPart};

use crate::api::books::Verb;
use crate::api::routes::{self, Route, Run};
use crate::errors::Error;
use crate::state::books::Book;
use crate::state::fields::{Kind, Need};

/// The parts that are written by hand.
pub(crate) const PARTS: &[SpecPart] = &[
    SpecPart { file: "servers/queue/asyncapi.yaml", text: include_str!("../../asyncapi.yaml") },
    SpecPart { file: "servers/queue/asyncapi/commands.yaml", text: include_str!("../../asyncapi/commands.yaml") },
    SpecPart { file: "servers/queue/asyncapi/tickets.yaml", text: include_str!("../../asyncapi/tickets.yaml") },
    SpecPart { file: "servers/queue/asyncapi/books.yaml", text: include_str!("../../asyncapi/books.yaml") },
];

/// Commands beside those of books whose subscribers get messages under their name.
const PUSHED: [&str; 2] = ["currentQueue", "currentQueue2"];

/// Commands beside those of books that do not do without `data`.
const WITH_DATA: [&str; 8] = [
    "login",
    "consumerFromQueueBody",
    "serveOperation",
    "rejectOperation",
    "rejectService",
    "postponeConsumer",
    "addService",
    "registrateConsumer",
];

/// The document's maps as they grow.
#[derive(Default)]
struct Parts {
    operations: Map<String, Value>,
    /// Under the channel's names, which are those of the messages.
    names: Map<String, Value>,
    messages: Map<String, Value>,
    schemas: Map<String, Value>,
}

/// What the tables know.
pub(crate) fn from_tables() -> Value {
    let mut parts = Parts::default();
    parts.schemas.insert("Error".into(), error());
    for route in routes::all() {
        parts.add(route);
    }
    let Parts { operations, names, messages, schemas } = parts;
    json!({
        "channels": {"socket": {"messages": names}},
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    })
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn message(name: &str) -> Value {
    json!({ "$ref": format!("#/channels/socket/messages/{name}") })
}

impl Parts {
    fn add(&mut self, route: &Route) {
        let command = route.operation.id;
        let (summary, tag, data, reply) = match route.run {
            Run::Book(verb, book) => self.of_book(verb, book),
            Run::Open(_) | Run::Within(_) => {
                (None, "commands", schema(&format!("{command}Data")), schema(&format!("{command}Reply")))
            }
        };
        let mut operation = json!({
            "action": "receive",
            "channel": {"$ref": "#/channels/socket"},
            "messages": [message(command)],
            "reply": {
                "channel": {"$ref": "#/channels/socket"},
                "messages": [message(&format!("{command}Reply")), message("error")],
            },
            "tags": [{"name": tag}],
            "x-evidence": if route.operation.kind == Evidence::Observed { "observed" } else { "documented" },
        });
        if let Some(summary) = summary {
            operation["summary"] = json!(summary);
        }
        if !matches!(route.run, Run::Open(_)) {
            operation["security"] = json!([{"$ref": "#/components/securitySchemes/session"}]);
        }
        self.operations.insert(command.into(), operation);
        self.message(command, request(route, data));
        self.message(&format!("{command}Reply"), answer(route, reply.clone()));
        let is_list = matches!(route.run, Run::Book(Verb::List, _));
        if is_list || PUSHED.contains(&command) {
            let name = format!("{command}Push");
            let mut operation = json!({
                "action": "send",
                "channel": {"$ref": "#/channels/socket"},
                "messages": [message(&name)],
                "tags": [{"name": tag}],
            });
            if is_list {
                operation["summary"] = json!(format!("The book {tag} has changed; to its subscribers."));
            }
            self.operations.insert(name.clone(), operation);
            self.message(&name, push(command, reply));
        }
    }

    fn message(&mut self, name: &str, message: Value) {
        self.names.insert(name.into(), json!({ "$ref": format!("#/components/messages/{name}") }));
        self.messages.insert(name.into(), message);
    }

    /// Summary, tag, and the schemas of what a book's command takes and answers.
    fn of_book(&mut self, verb: Verb, book: Book) -> (Option<String>, &'static str, Value, Value) {
        let title = book.title();
        let list = json!({"type": "array", "items": schema(title)});
        let (summary, data, reply) = match verb {
            Verb::List => (format!("The whole book {title}."), schema("Nothing"), list),
            Verb::Get => (format!("One element of {title}, by `id` or `name`."), schema("ElementKey"), schema(title)),
            Verb::Set => {
                let name = format!("set{title}Data");
                self.schemas.insert(name.clone(), fields(book, true));
                (format!("Changes an element of {title}; what is not given stays."), schema(&name), schema("NoErrors"))
            }
            Verb::New => {
                let name = format!("new{title}Data");
                self.schemas.insert(name.clone(), fields(book, false));
                (format!("Adds an element to {title}."), schema(&name), schema(title))
            }
            Verb::Remove => (format!("Removes an element of {title}."), schema("ElementId"), schema("NoErrors")),
            Verb::RemoveAll => (format!("Removes all elements of {title}."), schema("Nothing"), schema("NoErrors")),
            Verb::Subscribe => (format!("Subscribes to the book {title}."), schema("Nothing"), schema("NoErrors")),
            Verb::Unsubscribe => {
                (format!("Ends the subscription to the book {title}."), schema("Nothing"), schema("NoErrors"))
            }
        };
        (Some(summary), title, data, reply)
    }
}

fn request(route: &Route, data: Value) -> Value {
    let command = route.operation.id;
    let mut required = vec!["command"];
    let mut token = schema("Token");
    match route.run {
        // Clients that log in anew send the old token or an empty one.
        Run::Open(_) => token = json!({"type": ["string", "null"]}),
        Run::Within(_) | Run::Book(..) => required.insert(0, "token"),
    }
    let wants = matches!(route.run, Run::Book(Verb::Get | Verb::Set | Verb::New | Verb::Remove, _));
    if wants || WITH_DATA.contains(&command) {
        required.push("data");
    }
    json!({
        "name": command,
        "correlationId": {"location": "$message.payload#/id"},
        "payload": {
            "type": "object",
            "additionalProperties": false,
            "required": required,
            "properties": {"token": token, "command": {"const": command}, "data": data, "id": schema("Echo")},
        },
    })
}

fn answer(route: &Route, data: Value) -> Value {
    let command = route.operation.id;
    let named = match route.run {
        // `settings.unsubscribe_echo` chooses.
        Run::Book(Verb::Unsubscribe, _) => json!({"enum": [command, &command["un".len()..]]}),
        _ => json!({ "const": command }),
    };
    json!({
        "name": format!("{command}Reply"),
        "correlationId": {"location": "$message.payload#/id"},
        "payload": {
            "type": "object",
            "additionalProperties": false,
            "required": ["dateTime", "command", "data"],
            "properties": {
                "dateTime": schema("Moment"), "command": named, "data": data, "token": schema("Token"),
                "id": schema("Echo"),
            },
        },
    })
}

fn push(command: &str, data: Value) -> Value {
    json!({
        "name": format!("{command}Push"),
        "payload": {
            "type": "object",
            "additionalProperties": false,
            "required": ["dateTime", "command", "data"],
            "properties": {"dateTime": schema("Moment"), "command": {"const": command}, "data": data},
        },
    })
}

/// What a client may send of an element, to change one or to add one.
fn fields(book: Book, changes: bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if changes {
        properties.insert("id".into(), schema("Whole"));
        required.push("id");
    }
    for field in book.fields().iter().filter(|field| field.need != Need::Server) {
        properties.insert(field.name.into(), kind(field.kind));
        for (other, _) in book.other_names().iter().filter(|(_, name)| *name == field.name) {
            properties.insert((*other).into(), kind(field.kind));
        }
        if field.need == Need::Required && !changes {
            required.push(field.name);
        }
    }
    properties
        .extend(book.observed().iter().map(|name| ((*name).to_owned(), json!({"description": "Observed; kept."}))));
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Int => schema("Whole"),
        Kind::Flag => schema("YesNo"),
        Kind::Text | Kind::MaybeText => schema("Words"),
        Kind::MaybeInt => schema("MaybeWhole"),
        Kind::Ints => schema("Wholes"),
        Kind::Stages => schema("StagesOfOperations"),
        Kind::Moment => json!({"type": "string"}),
        Kind::Object(fields) => {
            let properties: Map<String, Value> =
                fields.iter().map(|field| (field.name.to_owned(), self::kind(field.kind))).collect();
            json!({"type": ["object", "null"], "additionalProperties": false, "properties": properties})
        }
        Kind::Tree => schema("Tree"),
        Kind::Opaque => schema("Kept"),
    }
}

/// The object of an error, with the table of codes.
fn error() -> Value {
    let row = |error: Error| {
        let (module, code) = error.code();
        json!({
            "properties": {"codeModule": {"const": module}, "codeError": {"const": code}},
            "description": format!("Such as: {}", error.text()),
        })
    };
    let codes: Vec<Value> = Error::each().into_iter().map(row).collect();
    json!({
        "description": "Modules: 0 the request's values, 1 the protocol, 2 sessions, 3 books, 4 service. `code` is \
            `codeModule`·2^32 + `codeError`. Only 150 of module 0 is printed in the document.",
        "type": "object",
        "additionalProperties": false,
        "required": ["codeError", "codeModule", "code", "desc", "children"],
        "properties": {
            "codeError": {"type": "integer"},
            "codeModule": {"type": "integer"},
            "code": {"type": "integer"},
            "desc": {"type": "string", "minLength": 1},
            "children": {"type": "array", "items": schema("Error")},
        },
        "oneOf": codes,
    })
}
