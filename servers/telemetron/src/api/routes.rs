//! The operation table, in the document's order.

use stend_core::Operation;
use stend_transport::{Handler, Route, operations};

use crate::Telemetron;
use crate::api::{
    auth, catalog, company, directories, fiscal, loading, locations, machines, modems, planograms, products, reports,
    serve, statistics, telemetry,
};

/// The documented operations.
const DOCUMENTED: usize = 56;

/// The documented ones, and `/auth` without its slash, which is the same operation.
pub(crate) static ROUTES: [Route<Telemetron>; DOCUMENTED + 1] = TABLE;

pub(crate) static OPERATIONS: [Operation; DOCUMENTED] = {
    let all = operations(&TABLE);
    let mut documented = [all[0]; DOCUMENTED];
    let mut i = 0;
    while i < DOCUMENTED {
        documented[i] = all[i];
        i += 1;
    }
    documented
};

const fn row(
    id: &'static str,
    method: &'static str,
    path: &'static str,
    handler: Handler<Telemetron>,
) -> Route<Telemetron> {
    Route { operation: Operation::http(id, method, path), handler }
}

#[rustfmt::skip]
const TABLE: [Route<Telemetron>; DOCUMENTED + 1] = [
    row("token", "POST", "/auth/", auth::token),
    Route {
        operation: Operation::http("logout", "GET", "/logout").changing(),
        handler: |call| serve(call, auth::logout),
    },
    row("requisites", "GET", "/v2/requisites", |call| serve(call, company::requisites)),
    row("me", "GET", "/v2/me", |call| serve(call, company::me)),
    row("modems", "GET", "/v2/modems", |call| serve(call, modems::list)),
    row("modem", "GET", "/v2/modems/{id}", |call| serve(call, modems::one)),
    row("update_modem", "PUT", "/v2/modems/{id}", |call| serve(call, modems::update)),
    row("set_modem", "POST", "/v2/modems/{id}/set", |call| serve(call, modems::set)),
    row("vending_machines", "GET", "/v2/vending_machines", |call| serve(call, machines::list)),
    row("vending_machine", "GET", "/v2/vending_machines/{id}", |call| serve(call, machines::one)),
    row("create_vending_machine", "POST", "/v2/vending_machines", |call| serve(call, machines::create)),
    row("update_vending_machine", "PUT", "/v2/vending_machines/{id}", |call| serve(call, machines::update)),
    row("events", "GET", "/v2/vending_machines/{vm_id}/events", |call| serve(call, telemetry::events)),
    row("reports", "GET", "/v2/vending_machines/{vm_id}/reports", |call| serve(call, reports::list)),
    row("reset", "POST", "/v2/vending_machines/{id}/reset", |call| serve(call, telemetry::reset)),
    row("dispense", "POST", "/v2/vending_machines/{vm_id}/dispense", |call| serve(call, telemetry::dispense)),
    row("vendista_credit", "POST", "/v2/vending_machines/{vm_id}/vendista-credit", |call| serve(call, telemetry::credit)),
    row("loading", "GET", "/v2/vending_machines/{id}/loading", |call| serve(call, loading::show)),
    row("load", "POST", "/v2/vending_machines/{id}/loading", |call| serve(call, loading::load)),
    row("inventory", "POST", "/v2/vending_machines/{id}/inventory", |call| serve(call, loading::inventory)),
    row("loading_tx", "GET", "/v2/vending_machines/{id}/loading_tx", |call| serve(call, loading::history)),
    row("request", "POST", "/v2/vending_machines/{vm_id}/request", |call| serve(call, telemetry::request)),
    row("request_progress", "GET", "/v2/vending_machines/{vm_id}/request/{id}", |call| serve(call, telemetry::progress)),
    row("report", "GET", "/v2/vending_machines/{vm_id}/reports/{id}", |call| serve(call, reports::one)),
    row("last_errors", "GET", "/v2/vending_machines/{vm_id}/reports/last_errors", |call| serve(call, reports::last_errors)),
    row("timestamp", "GET", "/v2/vending_machines/{id}/timestamp", |call| serve(call, machines::timestamp)),
    row("event_codes", "GET", "/v2/event_codes", |call| serve(call, directories::event_codes)),
    row("error_code", "GET", "/v2/reports/errors/{code}", |call| serve(call, directories::error)),
    row("vm_models", "GET", "/v2/vm_models", |call| serve(call, directories::models)),
    row("timezones", "GET", "/v2/timezones", |call| serve(call, directories::timezones)),
    row("summary", "GET", "/v2/stats/vends/summary", |call| serve(call, statistics::summary)),
    row("payments_summary", "GET", "/v2/stats/vends/payments/summary", |call| serve(call, statistics::payments_summary)),
    row("machine_summary", "GET", "/v2/vending_machines/{id}/stats/vends/summary", |call| serve(call, statistics::machine_summary)),
    row("product_sales", "GET", "/v2/vending_machines/{id}/stats/vends/products", |call| serve(call, statistics::products)),
    row("payment_sales", "GET", "/v2/vending_machines/{id}/stats/vends/payments", |call| serve(call, statistics::payments)),
    row("receipts", "GET", "/v2/stats/crt", |call| serve(call, fiscal::receipts)),
    row("corrections", "GET", "/v2/stats/crt/correction", |call| serve(call, fiscal::corrections)),
    row("planograms", "GET", "/v2/planograms", |call| serve(call, planograms::list)),
    row("planogram", "GET", "/v2/planograms/{id}", |call| serve(call, planograms::one)),
    row("create_planogram", "POST", "/v2/planograms", |call| serve(call, planograms::create)),
    row("delete_planogram", "DELETE", "/v2/planograms/{id}", |call| serve(call, planograms::delete)),
    row("products", "GET", "/v2/products", |call| serve(call, products::list)),
    row("update_product", "PUT", "/v2/products/{id}", products::update),
    row("create_product", "POST", "/v2/products", products::create),
    row("delete_product", "DELETE", "/v2/products/{id}", |call| serve(call, products::delete)),
    row("product_components", "GET", "/v2/products/{id}/components", |call| serve(call, products::components)),
    row("add_product_component", "POST", "/v2/products/{id}/components", products::add_component),
    row("update_product_component", "PUT", "/v2/products/{id}/components/{component_id}", |call| serve(call, products::update_component)),
    row("remove_product_component", "DELETE", "/v2/products/{id}/components/{component_id}", |call| serve(call, products::remove_component)),
    row("components", "GET", "/v2/components", |call| serve(call, catalog::list)),
    row("create_component", "POST", "/v2/components", |call| serve(call, catalog::create)),
    row("locations", "GET", "/v2/locations", |call| serve(call, locations::list)),
    row("update_location", "PUT", "/v2/locations/{id}", |call| serve(call, locations::update)),
    row("create_location", "POST", "/v2/locations", |call| serve(call, locations::create)),
    row("delete_location", "DELETE", "/v2/locations/{id}", |call| serve(call, locations::delete)),
    row("collections", "GET", "/v2/reports/collections", |call| serve(call, fiscal::collections)),
    row("token", "POST", "/auth", auth::token),
];
