//! Looks at the fields of a request by their rules, and says what is wrong as the document does.

use serde_json::{Map, Value};

use super::{Field, Rule, Table, credit, flag, integer, number, text};
use crate::errors::Invalid;
use crate::state::State;
use crate::state::number::Quantity;
use crate::state::time;
use crate::state::zones;

/// Collects what is wrong.
pub(super) struct Checker<'a> {
    pub(super) state: &'a State,
    /// The thing that is changed, if it is there already.
    pub(super) change: Option<i64>,
    pub(super) invalid: &'a mut Invalid,
}

impl Checker<'_> {
    /// All fields of an object.
    pub(super) fn map(&mut self, map: &Map<String, Value>, fields: &[Field], prefix: &str) {
        for field in fields {
            let path = format!("{prefix}{}", field.name);
            let value = map.get(field.name);
            let wrong = field.rules.iter().find_map(|rule| self.wrong(*rule, map, value, &path, prefix.is_empty()));
            if let Some(text) = wrong {
                self.invalid.add(&path, text);
                continue;
            }
            if field.items.is_empty() {
                continue;
            }
            let items = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for (i, item) in items.iter().enumerate() {
                match item.as_object() {
                    Some(item) => self.map(item, field.items, &format!("{path}.{i}.")),
                    None => self.invalid.add(&format!("{path}.{i}"), format!("The {path}.{i} must be an array.")),
                }
            }
            for inner in
                field.items.iter().filter(|inner| inner.rules.iter().any(|rule| matches!(rule, Rule::Distinct)))
            {
                let texts: Vec<Option<String>> = items.iter().map(|item| text(item.get(inner.name)?)).collect();
                for (i, one) in texts.iter().enumerate() {
                    if one.is_some() && texts.iter().filter(|other| *other == one).count() > 1 {
                        let path = format!("{path}.{i}.{}", inner.name);
                        self.invalid.add(&path, format!("The {} field has a duplicate value.", words(&path)));
                    }
                }
            }
        }
    }

    /// The text for a value that breaks the rule.
    fn wrong(
        &self,
        rule: Rule,
        map: &Map<String, Value>,
        value: Option<&Value>,
        path: &str,
        top: bool,
    ) -> Option<String> {
        let name = words(path);
        let given = value.filter(|value| !value.is_null());
        match rule {
            Rule::Required => {
                let left_out = value.is_none() && self.change.is_some() && top;
                let empty = given.is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()));
                return (empty && !left_out).then(|| format!("The {name} field is required."));
            }
            Rule::RequiredWithout(other) => {
                let empty = given.is_none() && map.get(other).is_none_or(Value::is_null);
                return empty.then(|| format!("The {name} field is required when {} is not present.", words(other)));
            }
            _ => {}
        }
        let given = given?;
        // A parameter without a value is as good as none.
        let blank = given.as_str().is_some_and(str::is_empty);
        if blank && !matches!(rule, Rule::Text(_) | Rule::Code(_)) {
            return None;
        }
        let wrong = |bad: bool, text: String| bad.then_some(text);
        let selected = || format!("The selected {name} is invalid.");
        match rule {
            Rule::Required | Rule::RequiredWithout(_) | Rule::Distinct => None,
            Rule::Text(most) | Rule::Code(most) => {
                let takes = given.is_string() || matches!(rule, Rule::Code(_)) && given.is_number();
                if !takes {
                    return Some(format!("The {name} must be a string."));
                }
                let long = text(given).is_some_and(|text| text.chars().count() > most);
                wrong(long, format!("The {name} may not be greater than {most} characters."))
            }
            Rule::Number => {
                let fits = number(given).is_some_and(|number| Quantity::from_f64(number).is_some());
                wrong(!fits, format!("The {name} must be a number."))
            }
            Rule::Integer => wrong(integer(given).is_none(), format!("The {name} must be an integer.")),
            Rule::Flag => wrong(flag(given).is_none(), format!("The {name} field must be true or false.")),
            #[expect(clippy::cast_precision_loss, reason = "limits are small")]
            Rule::Min(least) => {
                let low = number(given).is_some_and(|number| number < least as f64);
                wrong(low, format!("The {name} must be at least {least}."))
            }
            #[expect(clippy::cast_precision_loss, reason = "limits are small")]
            Rule::Between(least, most) => {
                let out = number(given).is_some_and(|number| number < least as f64 || number > most as f64);
                wrong(out, format!("The {name} must be between {least} and {most}."))
            }
            Rule::In(known) => wrong(!integer(given).is_some_and(|number| known.contains(&number)), selected()),
            Rule::OneOf(known) => wrong(!given.as_str().is_some_and(|word| known.contains(&word)), selected()),
            Rule::Date => {
                let moment = given.as_str().and_then(|text| time::parse(text, &time::default_zone()));
                wrong(moment.is_none(), format!("The {name} is not a valid date."))
            }
            Rule::List => wrong(!given.is_array(), format!("The {name} must be an array.")),
            Rule::Zone => {
                let known = given.as_str().is_some_and(|zone| zones::by_name(zone).is_some());
                wrong(!known, format!("The {name} must be a valid zone."))
            }
            Rule::Credit => wrong(credit(given).is_none(), format!("The {name} format is invalid.")),
            Rule::Exists(table) => wrong(!self.exists(table, given), selected()),
            Rule::Unique(table) => {
                let taken = text(given).is_some_and(|name| self.state.is_taken(table, &name, self.change));
                wrong(taken, format!("The {name} has already been taken."))
            }
        }
    }

    fn exists(&self, table: Table, value: &Value) -> bool {
        let state = self.state;
        if table == Table::Imei {
            return text(value).is_some_and(|imei| state.modem_by_imei(&imei).is_some());
        }
        let Some(id) = integer(value) else { return false };
        match table {
            Table::Planogram => state.planograms.contains_key(&id),
            Table::Product => state.products.contains_key(&id),
            Table::Component => state.components.contains_key(&id),
            Table::Location => state.locations.contains_key(&id),
            Table::Modem => state.modems.contains_key(&id),
            Table::Model => state.models.contains_key(&id),
            Table::Requisite => state.requisites.contains_key(&id),
            Table::Timezone => state.zones.by_id(id).is_some(),
            Table::Imei => false,
        }
    }
}

/// A field's name as messages write it.
fn words(path: &str) -> String {
    path.replace('_', " ")
}
