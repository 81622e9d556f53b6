//! The operation table, in the document's order.

use stend_transport::{DOCUMENTED, On, Operation, operations};

use crate::Telemetron;
use crate::api::{
    auth, catalog, company, directories, fiscal, loading, locations, machines, modems, planograms, products, reports,
    serve, statistics, telemetry,
};

/// The documented operations.
const COUNT: usize = 56;

/// The documented ones, and `/auth` without its slash, which is the same operation.
pub(crate) static ROUTES: [Operation<Telemetron>; COUNT + 1] = TABLE;

pub(crate) static OPERATIONS: [stend_core::Operation; COUNT] = {
    let all = operations(&TABLE);
    let mut documented = [all[0]; COUNT];
    let mut i = 0;
    while i < COUNT {
        documented[i] = all[i];
        i += 1;
    }
    documented
};

#[rustfmt::skip]
const TABLE: [Operation<Telemetron>; COUNT + 1] = [
    Operation::new("token", On::Post("/auth/"), DOCUMENTED, auth::token),
    Operation::new("logout", On::GetThatChanges("/logout"), DOCUMENTED, |call| serve(call, auth::logout)),
    Operation::new("requisites", On::Get("/v2/requisites"), DOCUMENTED, |call| serve(call, company::requisites)),
    Operation::new("me", On::Get("/v2/me"), DOCUMENTED, |call| serve(call, company::me)),
    Operation::new("modems", On::Get("/v2/modems"), DOCUMENTED, |call| serve(call, modems::list)),
    Operation::new("modem", On::Get("/v2/modems/{id}"), DOCUMENTED, |call| serve(call, modems::one)),
    Operation::new("update_modem", On::Put("/v2/modems/{id}"), DOCUMENTED, |call| serve(call, modems::update)),
    Operation::new("set_modem", On::Post("/v2/modems/{id}/set"), DOCUMENTED, |call| serve(call, modems::set)),
    Operation::new("vending_machines", On::Get("/v2/vending_machines"), DOCUMENTED, |call| serve(call, machines::list)),
    Operation::new("vending_machine", On::Get("/v2/vending_machines/{id}"), DOCUMENTED, |call| serve(call, machines::one)),
    Operation::new("create_vending_machine", On::Post("/v2/vending_machines"), DOCUMENTED, |call| serve(call, machines::create)),
    Operation::new("update_vending_machine", On::Put("/v2/vending_machines/{id}"), DOCUMENTED, |call| serve(call, machines::update)),
    Operation::new("events", On::Get("/v2/vending_machines/{vm_id}/events"), DOCUMENTED, |call| serve(call, telemetry::events)),
    Operation::new("reports", On::Get("/v2/vending_machines/{vm_id}/reports"), DOCUMENTED, |call| serve(call, reports::list)),
    Operation::new("reset", On::Post("/v2/vending_machines/{id}/reset"), DOCUMENTED, |call| serve(call, telemetry::reset)),
    Operation::new("dispense", On::Post("/v2/vending_machines/{vm_id}/dispense"), DOCUMENTED, |call| serve(call, telemetry::dispense)),
    Operation::new("vendista_credit", On::Post("/v2/vending_machines/{vm_id}/vendista-credit"), DOCUMENTED, |call| serve(call, telemetry::credit)),
    Operation::new("loading", On::Get("/v2/vending_machines/{id}/loading"), DOCUMENTED, |call| serve(call, loading::show)),
    Operation::new("load", On::Post("/v2/vending_machines/{id}/loading"), DOCUMENTED, |call| serve(call, loading::load)),
    Operation::new("inventory", On::Post("/v2/vending_machines/{id}/inventory"), DOCUMENTED, |call| serve(call, loading::inventory)),
    Operation::new("loading_tx", On::Get("/v2/vending_machines/{id}/loading_tx"), DOCUMENTED, |call| serve(call, loading::history)),
    Operation::new("request", On::Post("/v2/vending_machines/{vm_id}/request"), DOCUMENTED, |call| serve(call, telemetry::request)),
    Operation::new("request_progress", On::Get("/v2/vending_machines/{vm_id}/request/{id}"), DOCUMENTED, |call| serve(call, telemetry::progress)),
    Operation::new("report", On::Get("/v2/vending_machines/{vm_id}/reports/{id}"), DOCUMENTED, |call| serve(call, reports::one)),
    Operation::new("last_errors", On::Get("/v2/vending_machines/{vm_id}/reports/last_errors"), DOCUMENTED, |call| serve(call, reports::last_errors)),
    Operation::new("timestamp", On::Get("/v2/vending_machines/{id}/timestamp"), DOCUMENTED, |call| serve(call, machines::timestamp)),
    Operation::new("event_codes", On::Get("/v2/event_codes"), DOCUMENTED, |call| serve(call, directories::event_codes)),
    Operation::new("error_code", On::Get("/v2/reports/errors/{code}"), DOCUMENTED, |call| serve(call, directories::error)),
    Operation::new("vm_models", On::Get("/v2/vm_models"), DOCUMENTED, |call| serve(call, directories::models)),
    Operation::new("timezones", On::Get("/v2/timezones"), DOCUMENTED, |call| serve(call, directories::timezones)),
    Operation::new("summary", On::Get("/v2/stats/vends/summary"), DOCUMENTED, |call| serve(call, statistics::summary)),
    Operation::new("payments_summary", On::Get("/v2/stats/vends/payments/summary"), DOCUMENTED, |call| serve(call, statistics::payments_summary)),
    Operation::new("machine_summary", On::Get("/v2/vending_machines/{id}/stats/vends/summary"), DOCUMENTED, |call| serve(call, statistics::machine_summary)),
    Operation::new("product_sales", On::Get("/v2/vending_machines/{id}/stats/vends/products"), DOCUMENTED, |call| serve(call, statistics::products)),
    Operation::new("payment_sales", On::Get("/v2/vending_machines/{id}/stats/vends/payments"), DOCUMENTED, |call| serve(call, statistics::payments)),
    Operation::new("receipts", On::Get("/v2/stats/crt"), DOCUMENTED, |call| serve(call, fiscal::receipts)),
    Operation::new("corrections", On::Get("/v2/stats/crt/correction"), DOCUMENTED, |call| serve(call, fiscal::corrections)),
    Operation::new("planograms", On::Get("/v2/planograms"), DOCUMENTED, |call| serve(call, planograms::list)),
    Operation::new("planogram", On::Get("/v2/planograms/{id}"), DOCUMENTED, |call| serve(call, planograms::one)),
    Operation::new("create_planogram", On::Post("/v2/planograms"), DOCUMENTED, |call| serve(call, planograms::create)),
    Operation::new("delete_planogram", On::Delete("/v2/planograms/{id}"), DOCUMENTED, |call| serve(call, planograms::delete)),
    Operation::new("products", On::Get("/v2/products"), DOCUMENTED, |call| serve(call, products::list)),
    Operation::new("update_product", On::Put("/v2/products/{id}"), DOCUMENTED, products::update),
    Operation::new("create_product", On::Post("/v2/products"), DOCUMENTED, products::create),
    Operation::new("delete_product", On::Delete("/v2/products/{id}"), DOCUMENTED, |call| serve(call, products::delete)),
    Operation::new("product_components", On::Get("/v2/products/{id}/components"), DOCUMENTED, |call| serve(call, products::components)),
    Operation::new("add_product_component", On::Post("/v2/products/{id}/components"), DOCUMENTED, products::add_component),
    Operation::new("update_product_component", On::Put("/v2/products/{id}/components/{component_id}"), DOCUMENTED, |call| serve(call, products::update_component)),
    Operation::new("remove_product_component", On::Delete("/v2/products/{id}/components/{component_id}"), DOCUMENTED, |call| serve(call, products::remove_component)),
    Operation::new("components", On::Get("/v2/components"), DOCUMENTED, |call| serve(call, catalog::list)),
    Operation::new("create_component", On::Post("/v2/components"), DOCUMENTED, |call| serve(call, catalog::create)),
    Operation::new("locations", On::Get("/v2/locations"), DOCUMENTED, |call| serve(call, locations::list)),
    Operation::new("update_location", On::Put("/v2/locations/{id}"), DOCUMENTED, |call| serve(call, locations::update)),
    Operation::new("create_location", On::Post("/v2/locations"), DOCUMENTED, |call| serve(call, locations::create)),
    Operation::new("delete_location", On::Delete("/v2/locations/{id}"), DOCUMENTED, |call| serve(call, locations::delete)),
    Operation::new("collections", On::Get("/v2/reports/collections"), DOCUMENTED, |call| serve(call, fiscal::collections)),
    Operation::new("token", On::Post("/auth"), DOCUMENTED, auth::token),
];
