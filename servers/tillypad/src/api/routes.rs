//! The operation table, in the document's order; what only public clients show stands at its end.

use stend_core::{Evidence, Operation};
use stend_transport::{Route, operations};

use crate::Tillypad;
use crate::api::{clients, days, deliveries, guests, menu, payments};

const COUNT: usize = 15;

pub(crate) static ROUTES: [Route<Tillypad>; COUNT] = TABLE;

pub(crate) static OPERATIONS: [Operation; COUNT] = operations(&TABLE);

const TABLE: [Route<Tillypad>; COUNT] = [
    Route { operation: Operation::http("post-guest", "POST", "/post-guest"), handler: guests::post },
    Route { operation: Operation::http("delete-guest", "DELETE", "/delete-guest"), handler: guests::delete },
    Route { operation: Operation::http("calc-discount", "POST", "/calc-discount"), handler: guests::calculate },
    Route { operation: Operation::http("calc-discount-get", "GET", "/calc-discount"), handler: guests::calculate },
    Route { operation: Operation::http("get-guest", "GET", "/get-guest"), handler: guests::get },
    Route { operation: Operation::http("get-guests", "GET", "/get-guests"), handler: guests::of_client },
    Route {
        operation: Operation::http("get-guest-delivery-state", "GET", "/get-guest-delivery-state"),
        handler: deliveries::state,
    },
    Route { operation: Operation::http("update-guest-place", "PUT", "/update-guest-place"), handler: guests::place },
    Route { operation: Operation::http("get-guest-info", "GET", "/get-guest-info"), handler: guests::info },
    Route {
        operation: Operation::http("get-closed-guests-id", "GET", "/get-closed-guests-id"),
        handler: guests::closed,
    },
    Route { operation: Operation::http("operate-archive", "POST", "/operate-archive"), handler: days::operate },
    Route { operation: Operation::http("pay-guest", "POST", "/pay-guest"), handler: payments::pay },
    Route { operation: Operation::http("get-menu", "GET", "/get-menu").with(Evidence::Observed), handler: menu::get },
    Route {
        operation: Operation::http("get-client-by-phone", "GET", "/get-client-by-phone").with(Evidence::Observed),
        handler: clients::by_phone,
    },
    Route {
        operation: Operation::http("post-client", "POST", "/post-client").with(Evidence::Observed),
        handler: clients::post,
    },
];

#[cfg(test)]
mod tests {
    use stend_core::Service;

    use super::*;

    #[test]
    fn the_readme_tells_every_operation_and_action() {
        let readme = include_str!("../../README.md");
        for operation in &OPERATIONS {
            let kind = format!("{:?}", operation.kind).to_lowercase();
            let path = operation.path.unwrap_or_default();
            let row = readme.lines().find(|line| line.starts_with('|') && line.contains(path));
            assert!(row.is_some_and(|row| row.contains(&kind)), "{path} is not in the README as {kind}");
        }
        for action in Tillypad::actions() {
            assert!(readme.contains(&format!("`tillypad.{}`", action.name)), "{} is not in the README", action.name);
        }
    }
}
