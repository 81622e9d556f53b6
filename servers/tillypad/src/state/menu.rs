//! What is sold: menu groups, dishes, and the sale properties under which they are offered.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::guid::Guid;

/// A menu.
#[derive(Debug, Clone, Default)]
pub(crate) struct Menu {
    pub(crate) properties: BTreeMap<Guid, SaleProperty>,
    pub(crate) groups: BTreeMap<Guid, MenuGroup>,
    pub(crate) items: BTreeMap<Guid, MenuItem>,
}

/// A sale property: a selection of the menu, for a site or a hall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleProperty {
    /// Its id.
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// The groups that it offers; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Guid>,
}

/// A menu group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MenuGroup {
    /// Its id (`mgrp_ID`).
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// Its notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<MenuNote>,
}

/// A dish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MenuItem {
    /// Its id (`mitm_ID`).
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// Its price.
    #[schemars(with = "f64")]
    pub price: Decimal,
    /// Its menu group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Guid>,
    /// Its movement type (`mitm_mvtp_ID`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub movement: Option<Guid>,
    /// Its sale group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_group: Option<Guid>,
    /// Its service (`mitm_msrv_ID`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Guid>,
    /// Its volume.
    #[serde(default = "one")]
    #[schemars(with = "f64")]
    pub volume: Decimal,
    /// Its VAT in per cent.
    #[serde(default)]
    #[schemars(with = "f64")]
    pub vat: Decimal,
    /// Its notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<MenuNote>,
}

fn one() -> Decimal {
    Decimal::ONE
}

/// A note of a dish or a menu group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MenuNote {
    /// The type of the note.
    #[serde(rename = "type")]
    pub kind: Guid,
    /// What stands in it.
    pub value: String,
}

/// A part of the menu, as `get-menu` shows it.
#[derive(Debug)]
pub(crate) struct Selection<'m> {
    pub(crate) groups: Vec<&'m MenuGroup>,
    pub(crate) items: Vec<&'m MenuItem>,
}

impl Menu {
    /// The whole menu, what a sale property offers, or one group; nothing where there is none.
    pub(crate) fn select(&self, property: Option<Guid>, group: Option<Guid>) -> Selection<'_> {
        let offered = property.map(|id| self.properties.get(&id));
        let wanted = |id: Guid| {
            group.is_none_or(|group| group == id)
                && match offered {
                    None => true,
                    Some(None) => false,
                    Some(Some(property)) => property.groups.is_empty() || property.groups.contains(&id),
                }
        };
        Selection {
            groups: self.groups.values().filter(|group| wanted(group.id)).collect(),
            items: self.items.values().filter(|item| item.group.is_some_and(wanted)).collect(),
        }
    }
}
