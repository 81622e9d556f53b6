//! The operation table, in the document's order; what only public clients show stands at its end. One resource a file.

pub(crate) mod clients;
pub(crate) mod days;
pub(crate) mod deliveries;
pub(crate) mod guests;
pub(crate) mod menu;
pub(crate) mod payments;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod spec;
pub(crate) mod wire;

use stend_transport::{Operation, operations};

use crate::Tillypad;

const COUNT: usize = 15;

const ALL: [Operation<Tillypad>; COUNT] = [
    guests::POST,
    guests::DELETE,
    guests::CALCULATE,
    guests::CALCULATE_BY_GET,
    guests::GET,
    guests::LIST,
    deliveries::STATE,
    guests::PLACE,
    guests::INFO,
    guests::CLOSED,
    days::OPERATE,
    payments::PAY,
    menu::GET,
    clients::BY_PHONE,
    clients::POST,
];

pub(crate) static TABLE: [Operation<Tillypad>; COUNT] = ALL;

pub(crate) static OPERATIONS: [stend_core::Operation; COUNT] = operations(&ALL);

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
