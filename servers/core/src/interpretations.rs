//! Settings that choose between interpretations of a vendor's document, as one table per service.
//!
//! Where a document is silent or contradicts itself, a setting of the world decides. The setting's type carries why the
//! default is what it is (`x-because` in the schema) and which claims of the ledger hold under each option
//! (`x-claims`), so the schema of world files, the ledger and the READMEs all say the same.

use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use crate::service::AnyService;

/// Declares interpretations: an enum each, whose first variant is the default. In world files they are words in snake
/// case. The caller has `serde` and `schemars` among its dependencies.
///
/// `because` says why the default is what it is; `claims` names the claims that hold under an option.
///
/// ```
/// stend_core::interpretations! {
///     /// What becomes of an order that is paid.
///     #[because = "The document ends with the payment."]
///     PaidOrder {
///         /// It is closed.
///         #[claims("CB-023")]
///         Closed,
///         /// It stays open until a waiter closes it.
///         StaysOpen,
///     }
/// }
///
/// assert_eq!(PaidOrder::default(), PaidOrder::Closed);
/// assert_eq!(serde_json::to_value(PaidOrder::StaysOpen).unwrap(), "stays_open");
/// ```
#[macro_export]
macro_rules! interpretations {
    ($(
        $(#[doc = $about:literal])+
        $(#[because = $because:literal])?
        $name:ident {
            $(#[doc = $default:literal])+ $(#[claims($($claim:literal),+)])? $(#[serde($($serde:tt)*)])? $first:ident,
            $(
                $(#[doc = $other:literal])+ $(#[claims($($elsewhere:literal),+)])? $(#[serde($($word:tt)*)])?
                $second:ident
            ),+ $(,)?
        }
    )*) => { $(
        $(#[doc = $about])+
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        $(#[schemars(extend("x-because" = $because))])?
        pub enum $name {
            $(#[doc = $default])+
            $(#[schemars(extend("x-claims" = [$($claim),+]))])?
            $(#[serde($($serde)*)])?
            #[default]
            $first,
            $(
                $(#[doc = $other])+
                $(#[schemars(extend("x-claims" = [$($elsewhere),+]))])?
                $(#[serde($($word)*)])?
                $second,
            )+
        }
    )* };
}

/// A setting that chooses between interpretations, or sets what the document leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpretation {
    /// The setting's dotted path in the service's section of a world file.
    pub setting: String,
    /// What it decides.
    pub about: String,
    /// The words that it takes, the default first. Empty for spans, numbers, texts and tables.
    pub options: Vec<Choice>,
    /// The default, where the schema has one.
    pub default: Option<Value>,
    /// The claims that hold under the default.
    pub claims: Vec<String>,
    /// Why the default is what it is.
    pub because: String,
    /// The value under which there is nothing of the kind, where the setting has one (`x-off` in the schema): `0s` of a time
    /// that repeats.
    pub off: Option<Value>,
}

/// One option of an interpretation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The word in a world file.
    pub value: String,
    /// What it means.
    pub about: String,
    /// The claims that hold under it.
    pub claims: Vec<String>,
}

/// The interpretations of a service, in the order of its section.
pub fn of(service: &dyn AnyService) -> Vec<Interpretation> {
    let mut generator = SchemaGenerator::default();
    let section = Value::from(service.section_schema(&mut generator));
    let definitions = generator.take_definitions(true);
    let mut found = Vec::new();
    collect(&section, &definitions, "", &mut found);
    found
}

/// Finds properties with `x-because`, in this object and in those that it holds. Tables have none.
fn collect(schema: &Value, definitions: &Map<String, Value>, path: &str, found: &mut Vec<Interpretation>) {
    let Some(properties) = target(schema, definitions).and_then(|object| object["properties"].as_object()) else {
        return;
    };
    for (name, property) in properties {
        let setting = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let definition = target(property, definitions).unwrap_or(property);
        let because = property.get("x-because").or_else(|| definition.get("x-because"));
        match because.and_then(Value::as_str) {
            Some(because) => found.push(interpretation(setting, property, definition, because)),
            None => collect(property, definitions, &setting, found),
        }
    }
}

fn interpretation(setting: String, property: &Value, definition: &Value, because: &str) -> Interpretation {
    let choices = definition["oneOf"].as_array().into_iter().flatten();
    let mut options: Vec<Choice> = choices
        .filter_map(|choice| {
            Some(Choice { value: choice["const"].as_str()?.to_owned(), about: about(choice), claims: claims(choice) })
        })
        .collect();
    let default = property.get("default").filter(|value| !value.is_null()).cloned();
    if let Some(first) = options.iter().position(|choice| default.as_ref().is_some_and(|value| *value == choice.value))
    {
        options[..=first].rotate_right(1);
    }
    let claims = options.first().map_or_else(|| claims(property), |choice| choice.claims.clone());
    let off = property.get("x-off").cloned();
    Interpretation { setting, about: about(property), options, default, claims, because: because.to_owned(), off }
}

/// The object that a schema means, through a reference or an alternative to `null`.
fn target<'s>(schema: &'s Value, definitions: &'s Map<String, Value>) -> Option<&'s Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return definitions.get(reference.rsplit('/').next()?);
    }
    match schema["anyOf"].as_array() {
        Some(parts) => parts.iter().find_map(|part| target(part, definitions)),
        None => Some(schema),
    }
}

fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

fn claims(schema: &Value) -> Vec<String> {
    schema["x-claims"].as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}
