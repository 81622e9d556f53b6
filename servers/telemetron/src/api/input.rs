//! What a request carries: query and body as one map, and the rules of its fields as data.

mod check;

use serde_json::{Map, Value};
use stend_transport::{Call, Refusal, query_pairs};

use crate::Telemetron;
use crate::api::FLAGS;
use crate::errors::{Error, Invalid};
use crate::state::State;
use crate::state::settings::{BeyondLimits, LocalPeriods, Settings};
use crate::state::time::{self, Asked, Moment};

/// A field of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Looked at in order; the first that fails is told.
    pub(crate) rules: &'static [Rule],
    /// The fields of its items, when it is a list.
    pub(crate) items: &'static [Field],
}

/// A field with rules.
pub(crate) const fn field(name: &'static str, rules: &'static [Rule]) -> Field {
    Field { name, rules, items: &[] }
}

/// A list of objects.
pub(crate) const fn list(name: &'static str, rules: &'static [Rule], items: &'static [Field]) -> Field {
    Field { name, rules, items }
}

/// One rule of a field. Rules other than the required ones let pass what is absent or null.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// Must be there and hold something; in a change it may be left out.
    Required,
    /// Must be there unless the other one is.
    RequiredWithout(&'static str),
    /// A string of at most so many characters.
    Text(usize),
    /// The same, or a number that stands for its digits.
    Code(usize),
    /// A number, or a string that is one.
    Number,
    /// A number without a fraction.
    Integer,
    /// True, false, 1, 0, and what says so in a query.
    Flag,
    /// At least.
    Min(i64),
    /// Between.
    Between(i64, i64),
    /// One of these numbers.
    In(&'static [i64]),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A moment.
    Date,
    /// A list.
    List,
    /// The id of something that is there.
    Exists(Table),
    /// A name that nothing else of the kind has.
    Unique(Table),
    /// The name of a time zone.
    Zone,
    /// `credit[,amount][,autoapprove]`.
    Credit,
    /// Not twice in a list.
    Distinct,
}

/// What ids and names can refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Planogram,
    Product,
    Component,
    Location,
    Modem,
    Imei,
    Model,
    Requisite,
    Timezone,
}

/// A request's fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Input {
    pub(crate) fields: Map<String, Value>,
    /// A body that is a list.
    pub(crate) list: Option<Vec<Value>>,
    broken: bool,
}

/// Whether a body may be a form: all request data must be in JSON, but OAuth2 asks for tokens by forms (T1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forms {
    Taken,
    Refused,
}

impl Input {
    /// Reads query and body; a body counts for more than a query. Warns about fields that are not known.
    pub(crate) fn read(
        call: &mut Call<'_, Telemetron>,
        query: &[&'static str],
        body: &'static [Field],
        forms: Forms,
    ) -> Result<Self, Refusal> {
        let mut input = Self::default();
        let reads_body = call.request.method() != "GET";
        for (key, value) in call.query_pairs() {
            put(&mut input.fields, &key, Value::String(value.into_owned()));
        }
        if reads_body && !call.body.iter().all(u8::is_ascii_whitespace) {
            let declared =
                call.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
            let json =
                call.body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte));
            if declared && json {
                // What `curl -d` sends when nobody names the type.
                call.warn("the body is JSON and is declared a form; it was read as JSON")?;
            }
            if declared && !json && forms == Forms::Taken {
                let text = String::from_utf8_lossy(&call.body);
                let pairs =
                    query_pairs(&text).map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())));
                input.fields.extend(pairs);
            } else {
                match serde_json::from_slice::<Value>(&call.body) {
                    Ok(Value::Object(map)) => input.fields.extend(map),
                    Ok(Value::Array(list)) => input.list = Some(list),
                    _ => input.broken = true,
                }
            }
        } else if !reads_body && !call.body.is_empty() {
            call.warn("a GET request carries its parameters in the query; its body was ignored")?;
        }
        if input.is_nothing() {
            return Ok(input);
        }
        input.drop_empty_flags(call, query, body)?;
        let names: Vec<&str> = query.iter().copied().chain(body.iter().map(|field| field.name)).collect();
        for key in input.fields.keys() {
            if !names.contains(&key.as_str()) {
                call.unknown_field(key, &names)?;
            }
        }
        for field in body.iter().filter(|field| !field.items.is_empty()) {
            let known: Vec<&str> = field.items.iter().map(|field| field.name).collect();
            let items = input.fields.get(field.name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for key in items.iter().filter_map(Value::as_object).flat_map(Map::keys) {
                if !known.contains(&key.as_str()) {
                    call.unknown_field(key, &known)?;
                }
            }
        }
        Ok(input)
    }

    /// A flag without a value is as good as none, like any other parameter.
    fn drop_empty_flags(
        &mut self,
        call: &mut Call<'_, Telemetron>,
        query: &[&'static str],
        body: &'static [Field],
    ) -> Result<(), Refusal> {
        let is_flag = |field: &&Field| field.rules.iter().any(|rule| matches!(rule, Rule::Flag));
        let of_queries = FLAGS.iter().filter(|flag| query.contains(&flag.name));
        let flags = body.iter().filter(is_flag).chain(of_queries).map(|field| field.name);
        for name in flags {
            if self.fields.get(name).is_some_and(|value| value == "") {
                call.warn(format!("`{name}` is empty and counts as left out; `{name}=1` says yes"))?;
                self.fields.remove(name);
            }
        }
        Ok(())
    }

    /// Whether nothing was sent, as with most requests that only look.
    pub(crate) fn is_nothing(&self) -> bool {
        self.fields.is_empty() && self.list.is_none() && !self.broken
    }

    /// An item of a list that is a body.
    pub(crate) fn item(fields: Map<String, Value>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// # Errors
    /// A body that was no JSON object, or one of a list where none is taken.
    pub(crate) fn whole(&self) -> Result<(), Error> {
        if self.broken { Err(Error::BadRequest) } else { Ok(()) }
    }

    /// Looks at the fields of a new thing.
    pub(crate) fn check(&self, state: &State, fields: &[Field]) -> Result<(), Error> {
        self.validate(state, fields, None)
    }

    /// Looks at the fields of a change to the thing with this id: what is left out stays.
    pub(crate) fn check_change(&self, state: &State, fields: &[Field], id: i64) -> Result<(), Error> {
        self.validate(state, fields, Some(id))
    }

    fn validate(&self, state: &State, fields: &[Field], change: Option<i64>) -> Result<(), Error> {
        self.whole()?;
        if self.list.is_some() {
            return Err(Error::BadRequest);
        }
        let mut invalid = Invalid::default();
        check::Checker { state, change, invalid: &mut invalid }.map(&self.fields, fields, "");
        Ok(invalid.done()?)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        text(self.fields.get(name)?)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        number(self.fields.get(name)?)
    }

    pub(crate) fn id(&self, name: &str) -> Option<i64> {
        integer(self.fields.get(name)?)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.fields.get(name).and_then(flag).unwrap_or(false)
    }

    pub(crate) fn moment(&self, name: &str) -> Option<Moment> {
        time::parse(&self.text(name)?, &time::default_zone())
    }

    /// The items of a list of objects.
    pub(crate) fn items(&self, name: &str) -> Vec<Self> {
        let items = self.fields.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().filter_map(Value::as_object).map(|map| Self { fields: map.clone(), ..Self::default() }).collect()
    }

    pub(crate) fn asked(&self, settings: &Settings) -> Asked {
        Asked {
            since: self.text("since"),
            until: self.text("until"),
            local: self.flag("local"),
            wall_clock: settings.local_periods == LocalPeriods::WallClock,
            cut: settings.beyond_limits == BeyondLimits::Cut,
        }
    }
}

pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A number, or a string that is one (G1).
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

pub(crate) fn integer(value: &Value) -> Option<i64> {
    if let Value::Number(number) = value
        && let Some(whole) = number.as_i64()
    {
        return Some(whole);
    }
    let number = number(value)?;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        // Python writes `True`.
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// `100.50,6,1`: the credit, how many times, and whether without asking.
pub(crate) fn credit(value: &Value) -> Option<(f64, i64, bool)> {
    let text = text(value)?;
    let mut parts = text.split(',').map(str::trim);
    let credit: f64 = parts.next()?.parse().ok().filter(|credit: &f64| (0.0..=999_999.0).contains(credit))?;
    let amount = parts.next().map_or(Some(1), |part| part.parse().ok().filter(|amount| (1..=1000).contains(amount)))?;
    let approve = parts.next().map_or(Some(false), |part| match part {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    })?;
    parts.next().is_none().then_some((credit, amount, approve))
}

/// Puts `data[0][add]` where it belongs, as PHP does; a plain name under itself.
fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    let parts: Vec<&str> = match key.find('[') {
        Some(start) if start > 0 && key.ends_with(']') => {
            std::iter::once(&key[..start]).chain(key[start + 1..key.len() - 1].split("][")).collect()
        }
        _ => vec![key],
    };
    match parts.as_slice() {
        [name, index, field] if index.parse::<usize>().is_ok_and(|index| index < 1000) => {
            let entry = map.entry((*name).to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            let (Some(items), Ok(index)) = (entry.as_array_mut(), index.parse::<usize>()) else { return };
            while items.len() <= index {
                items.push(Value::Object(Map::new()));
            }
            if let Some(item) = items[index].as_object_mut() {
                item.insert((*field).to_owned(), value);
            }
        }
        _ => {
            map.insert(key.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_may_carry_lists_as_php_writes_them() {
        let mut map = Map::new();
        for (key, value) in [
            ("data[0][component_id]", "1"),
            ("data[0][add]", "10"),
            ("data[1][add]", "+5"),
            ("note", "a b"),
            ("data[x]", "1"),
            ("100%", ""),
        ] {
            put(&mut map, key, value.into());
        }
        assert_eq!(
            Value::Object(map),
            serde_json::json!({
                "data": [{ "component_id": "1", "add": "10" }, { "add": "+5" }], "note": "a b", "data[x]": "1", "100%": ""
            })
        );
    }

    #[test]
    fn credits_have_up_to_three_parts() {
        let read = |text: &str| credit(&Value::from(text));
        assert_eq!(read("100.50,6,1"), Some((100.5, 6, true)));
        assert_eq!(read("7"), Some((7.0, 1, false)));
        for wrong in ["", "a", "1,2,3", "1,2,1,1", "-1", "1,0", "inf"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_may_be_strings() {
        assert_eq!(integer(&Value::from("480")), Some(480));
        assert_eq!(integer(&Value::from(4.0)), Some(4));
        assert_eq!(integer(&Value::from(4.5)), None);
        assert_eq!(integer(&Value::from("NaN")), None);
    }
}
