//! `/v2/components`.

use serde::Serialize;
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Rule, Table, field};
use crate::api::{change, created, look};
use crate::state::catalog::Unit;

#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    name: &'a str,
    is_product: bool,
    units: Unit,
}

/// All components.
pub(crate) fn list(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, _| {
        let all = state.components.values();
        let shown = all.map(|one| Shown { id: one.id, name: &one.name, is_product: one.is_product, units: one.units });
        Ok(Reply::ok(&shown.collect::<Vec<_>>()))
    })
}

pub(crate) const COMPONENT: &[Field] = &[
    field("name", &[Rule::Required, Rule::Text(255), Rule::Unique(Table::Component)]),
    field("unit", &[Rule::Required, Rule::Integer, Rule::In(&[1, 2, 3])]),
];

/// A new component.
pub(crate) fn create(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], COMPONENT, |state, asked| {
        asked.input.check(state, COMPONENT)?;
        Ok(created(state.create_component(asked.input)))
    })
}
