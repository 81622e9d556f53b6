//! A service's specification as something that exchanges are held against.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Registry, ValidationError, Validator};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, json};
use stend_core::Problem;
use stend_core::journal::{Channel, Entry};

/// A part of an exchange that is not as the specification has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The operation, or what stands for none.
    pub operation: String,
    /// Which part: `request`, `reply 200`, `push`.
    pub part: String,
    /// Where in it, as a JSON pointer.
    pub pointer: String,
    /// What the specification wants there.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// The key that is missing there, if that is what is wrong.
    pub missing: Option<String>,
}

/// A place in a value that is not as a schema has it.
struct Wrong {
    pointer: String,
    expected: String,
    found: String,
    missing: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, part, pointer, expected, found, .. } = self;
        let pointer = if pointer.is_empty() { "/" } else { pointer };
        write!(f, "{operation}, {part}, at {pointer}\n    expected: {expected}\n    found:    {found}")
    }
}

/// One specification, its schemas compiled once.
pub struct Contract {
    /// The document.
    pub spec: &'static Value,
    registry: &'static Registry<'static>,
    /// By the pointer of the schema.
    compiled: Mutex<BTreeMap<String, Option<Arc<Validator>>>>,
}

impl Wrong {
    fn of(self, operation: &str, part: &str) -> Mismatch {
        let Self { pointer, expected, found, missing } = self;
        Mismatch { operation: operation.to_owned(), part: part.to_owned(), pointer, expected, found, missing }
    }
}

/// What stands for the document in references.
const BASE: &str = "spec:///document";

/// Statuses of answers to requests whose bodies cannot be read; they belong to no operation.
const BROKEN: [u16; 3] = [408, 413, 415];

impl Contract {
    /// The contract of a specification, OpenAPI 3.1 or AsyncAPI 3. It stays for as long as the process: schemas that were
    /// compiled refer to it.
    ///
    /// # Errors
    /// The document holds identifiers of its own that cannot be resolved.
    pub fn new(spec: Value) -> Result<Self, Problem> {
        let spec: &'static Value = Box::leak(Box::new(spec));
        let resource = jsonschema::Resource::from_contents(spec.clone());
        let registry = Registry::new().add(BASE, resource).and_then(|registry| registry.prepare());
        let registry = registry.map_err(|error| Problem::invalid(format!("the specification: {error}")))?;
        Ok(Self { spec, registry: Box::leak(Box::new(registry)), compiled: Mutex::default() })
    }

    /// What in a journal's entry is not as specified. What a fault has touched is left alone.
    pub fn check(&self, entry: &Entry) -> Vec<Mismatch> {
        let bare = matches!(entry.method(), "HEAD" | "OPTIONS") && entry.reply.is_empty();
        if entry.fault.is_some() || is_refusal(entry) || bare {
            return Vec::new();
        }
        let mut wrong = self.reply(entry.operation, entry.channel, entry.status, &entry.reply);
        let json = entry.channel == Channel::Frame
            || entry.headers().any(|(name, value)| name == "content-type" && value.starts_with("application/json"));
        if entry.status < 300 && entry.warnings.is_empty() && json && !entry.request.is_empty() {
            wrong.extend(self.request(entry.operation, &entry.request));
        }
        wrong
    }

    /// What in a reply, or a push, is not as specified.
    pub fn reply(&self, operation: Option<&str>, channel: Channel, status: u16, body: &[u8]) -> Vec<Mismatch> {
        let part = if channel == Channel::Push { "push".to_owned() } else { format!("reply {status}") };
        let report = |wrong: Wrong| wrong.of(operation.unwrap_or("(no operation)"), &part);
        let whole = |expected: &str| {
            let (expected, found) = (expected.to_owned(), short(body));
            vec![report(Wrong { pointer: String::new(), expected, found, missing: None })]
        };
        let found = match operation {
            _ if channel == Channel::Http && BROKEN.contains(&status) => self.error(),
            None => self.error(),
            Some(operation) => self.place(operation, channel, status),
        };
        let Some(place) = found else { return whole("a documented status") };
        let schema = match self.media(&place) {
            Media::None => return if body.is_empty() { Vec::new() } else { whole("no body") },
            Media::Text => return if body.is_empty() { whole("a text") } else { Vec::new() },
            Media::Json { schema, or_text } => {
                // A reply in Windows-1251 is JSON whose letters are lost here, its shape is not.
                match serde_json::from_str::<Value>(&String::from_utf8_lossy(body)) {
                    Ok(value) => (schema, value),
                    Err(_) if or_text => return Vec::new(),
                    Err(error) => return whole(&format!("JSON ({error})")),
                }
            }
        };
        self.wrong(&schema.0, &schema.1).into_iter().map(report).collect()
    }

    /// What in the headers of a reply is not as specified: its media type, and headers that are required.
    pub fn headers(&self, operation: &str, status: u16, headers: &[(String, String)], empty: bool) -> Vec<Mismatch> {
        let Some(described) = self.place(operation, Channel::Http, status).and_then(|place| self.spec.pointer(&place))
        else {
            return Vec::new();
        };
        let header =
            |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let report = |name: &str, expected: String, found: &str| Mismatch {
            operation: operation.to_owned(),
            part: format!("reply {status}, header {name}"),
            pointer: String::new(),
            expected,
            found: found.to_owned(),
            missing: None,
        };
        let mut wrong = Vec::new();
        let kinds: Vec<&String> =
            described["content"].as_object().into_iter().flat_map(|content| content.keys()).collect();
        if let Some(sent) = header("content-type").filter(|_| !empty && !kinds.is_empty()) {
            let essence = |kind: &str| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if !kinds.iter().any(|kind| essence(kind) == essence(sent) || kind.as_str() == "*/*") {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                wrong.push(report("content-type", kinds.join(" or "), sent));
            }
        }
        for (name, one) in described["headers"].as_object().into_iter().flatten() {
            if one["required"] == true && header(name).is_none() {
                wrong.push(report(name, "it is there".to_owned(), "nothing"));
            }
        }
        wrong
    }

    /// What in a request's JSON body, or frame, is not as specified.
    pub fn request(&self, operation: Option<&str>, body: &[u8]) -> Vec<Mismatch> {
        let (Some(operation), Ok(value)) = (operation, serde_json::from_slice::<Value>(body)) else {
            return Vec::new();
        };
        let place = match self.method(operation) {
            Some(place) => self.resolve(&format!("{place}/requestBody")),
            None => self.resolve(&format!("/operations/{operation}/messages/0")),
        };
        let Some(Media::Json { schema, .. }) = place.map(|place| self.media(&place)) else { return Vec::new() };
        self.wrong(&schema, &value).into_iter().map(|wrong| wrong.of(operation, "request")).collect()
    }

    /// Pointer, what was expected and what was found, for each difference of a value from the schema at `place`.
    pub fn differences(&self, place: &str, value: &Value) -> Vec<(String, String, String)> {
        self.wrong(place, value).into_iter().map(|wrong| (wrong.pointer, wrong.expected, wrong.found)).collect()
    }

    fn wrong(&self, place: &str, value: &Value) -> Vec<Wrong> {
        let Some(validator) = self.validator(place) else {
            let (expected, found) = ("a schema that can be read".to_owned(), place.to_owned());
            return vec![Wrong { pointer: String::new(), expected, found, missing: None }];
        };
        if validator.is_valid(value) {
            return Vec::new();
        }
        let mut described = Vec::new();
        validator.iter_errors(value).for_each(|error| tell(&error, &mut described));
        described
    }

    /// `None` where the document has no schema that can be read; the tests compile all that there are.
    fn validator(&self, place: &str) -> Option<Arc<Validator>> {
        let mut compiled = self.compiled.lock();
        let validator = compiled.entry(place.to_owned()).or_insert_with(|| {
            let options =
                jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
            // Paths of operations have braces, which no URI may have.
            let fragment = place.replace('{', "%7B").replace('}', "%7D");
            let schema = json!({"$ref": format!("{BASE}#{fragment}")});
            options.with_registry(self.registry).build(&schema).ok().map(Arc::new)
        });
        validator.clone()
    }

    /// Where the reply, or the push, of an operation is described.
    fn place(&self, operation: &str, channel: Channel, status: u16) -> Option<String> {
        if let Some(method) = self.method(operation) {
            let kinds = [status.to_string(), format!("{}XX", status / 100), "default".to_owned()];
            return kinds.iter().find_map(|kind| self.resolve(&format!("{method}/responses/{kind}")));
        }
        if channel == Channel::Push {
            return self.resolve(&format!("/operations/{operation}Push/messages/0"));
        }
        let replies = self.spec.pointer(&format!("/operations/{operation}/reply/messages"))?.as_array()?.len();
        let number = if status < 300 { 0 } else { replies.checked_sub(1)? };
        self.resolve(&format!("/operations/{operation}/reply/messages/{number}"))
    }

    /// The shape of errors that belong to no operation: unknown paths, commands and methods.
    fn error(&self) -> Option<String> {
        let places = ["/components/responses/Error", "/components/messages/error", "/components/schemas/Error"];
        places.iter().find_map(|place| self.resolve(place))
    }

    /// `/paths/…/get` of an operation.
    fn method(&self, operation: &str) -> Option<String> {
        self.operations()
            .find(|(_, _, id)| *id == operation)
            .map(|(path, method, _)| format!("/paths/{}/{method}", path.replace('~', "~0").replace('/', "~1")))
    }

    /// Path, method in lower case and id of each operation of an OpenAPI document.
    pub fn operations(&self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let paths = self.spec["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.filter_map(move |(method, one)| Some((&**path, &**method, one.get("operationId")?.as_str()?)))
        })
    }

    /// What a response, a request body, a message or a schema is made of.
    fn media(&self, place: &str) -> Media {
        let Some(described) = self.spec.pointer(place) else { return Media::None };
        if described.get("payload").is_some() {
            return Media::Json { schema: format!("{place}/payload"), or_text: false };
        }
        if place.starts_with("/components/schemas/") {
            return Media::Json { schema: place.to_owned(), or_text: false };
        }
        let Some(content) = described.get("content").and_then(Value::as_object) else { return Media::None };
        match content.contains_key("application/json") {
            true => Media::Json {
                schema: format!("{place}/content/application~1json/schema"),
                or_text: content.keys().any(|kind| kind.starts_with("text/")),
            },
            false => Media::Text,
        }
    }

    /// The place that a chain of references ends at; `None` where there is nothing.
    fn resolve(&self, place: &str) -> Option<String> {
        let mut place = place.to_owned();
        // A document's references may go round in circles.
        for _ in 0..32 {
            match self.spec.pointer(&place)?.get("$ref").and_then(Value::as_str) {
                Some(reference) => place = reference.strip_prefix('#')?.to_owned(),
                None => return Some(place),
            }
        }
        None
    }
}

/// What a place describes.
enum Media {
    /// Nothing is sent.
    None,
    /// A text.
    Text,
    /// JSON; with `or_text`, a text as well.
    Json { schema: String, or_text: bool },
}

/// Pointer, what was expected and what was found. Where none of several schemas fits, the one that was meant speaks:
/// the one whose differences lie deepest, then one of the right type, then the one with the fewest.
fn tell(error: &ValidationError<'_>, described: &mut Vec<Wrong>) {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        let found = short(error.instance().to_string().as_bytes());
        let missing = match error.kind() {
            ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
            _ => None,
        };
        let (pointer, expected) = (error.instance_path().to_string(), error.masked_with("it").to_string());
        described.push(Wrong { pointer, expected, found, missing });
        return;
    };
    let depth = |error: &ValidationError<'_>| error.instance_path().as_str().matches('/').count();
    let rank = |branch: &&Vec<ValidationError<'static>>| {
        let shallowest = branch.iter().map(depth).min().unwrap_or_default();
        let other_type = branch.iter().any(|error| matches!(error.kind(), ValidationErrorKind::Type { .. }));
        (std::cmp::Reverse(shallowest), other_type, branch.len())
    };
    for error in context.iter().min_by_key(rank).into_iter().flatten() {
        tell(error, described);
    }
}

/// Whether the bench itself has refused: a warning in a strict world, or who speaks HTTP to a socket's port.
fn is_refusal(entry: &Entry) -> bool {
    let refusal = |value: Value| match value.pointer("/error/code").and_then(Value::as_str) {
        Some("strict") => entry.status == 400,
        Some("handshake") => matches!(entry.status, 400 | 426),
        _ => false,
    };
    serde_json::from_slice(&entry.reply).is_ok_and(refusal)
}

/// A text for people: all of it when it is short.
fn short(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.chars().count() <= 300 { text.into_owned() } else { text.chars().take(300).chain("…".chars()).collect() }
}
