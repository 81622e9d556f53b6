//! What clients sent and got.

use serde_json::{Value, json};
use stend_core::fault::glob;
use stend_core::journal::{Channel, Entry, Kind};
use stend_core::{Problem, Timestamp};
use stend_transport::{Reply, StatusCode};

use crate::request::{Request, wrong};
use stend_scenario::StatusMatcher;

/// Entries a page, unless asked otherwise, and at the most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 10_000;

pub(crate) async fn read(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let get = |name: &str| request.query(name);
    let registry = &request.control.registry;
    let service = get("fake").map(|name| registry.get(name).map(|(_, kind)| kind.name())).transpose();
    let service = service.map_err(|problem| wrong(problem.under("fake")))?;
    let operation = get("operation");
    let (client, fault) = (get("client"), get("fault"));
    let channel = match get("way") {
        None => None,
        Some(text) => {
            let found = Channel::ALL.into_iter().find(|channel| channel.word() == text);
            let unknown = || Problem::unknown("invalid", "way", text, Channel::ALL.map(Channel::word)).under("way");
            Some(found.ok_or_else(|| wrong(unknown()))?)
        }
    };
    let bad = |name: &str, value: &str, expected: &str| {
        wrong(Problem::invalid(format!("`{value}` is no {name}")).hint(expected.to_owned()).under(name))
    };
    let status =
        get("status").map(StatusMatcher::read).transpose().map_err(|problem| wrong(problem.under("status")))?;
    if let Some(operation) = operation {
        let kinds = registry.services().iter().filter(|kind| service.is_none_or(|service| service == kind.name()));
        let known: Vec<&str> = kinds.flat_map(|kind| kind.operations()).map(|operation| operation.id).collect();
        if !known.iter().any(|known| glob(operation, known)) {
            return Err(wrong(Problem::unknown("unknown_operation", "operation", operation, known).under("operation")));
        }
    }
    let mut after = 0;
    let mut not_before = None;
    match get("since") {
        None => {}
        Some(text) => match (text.parse::<u64>(), text.replace(' ', "+").parse::<Timestamp>()) {
            (Ok(seq), _) => after = seq,
            (_, Ok(at)) => not_before = Some(at),
            _ => return Err(bad("since", text, "the `seq` of the last entry you have, or a time")),
        },
    }
    let limit = match get("limit") {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
            .ok_or_else(|| bad("limit", text, "a number from 1 to 10000"))?,
    };
    // With a place to go on from, the next ones; without, the latest.
    let latest = after == 0 && not_before.is_none();
    let of_kind = |kind: &Kind| {
        service.is_none_or(|service| service == kind.service)
            && operation.is_none_or(|operation| kind.operation.is_some_and(|known| glob(operation, known)))
            && channel.is_none_or(|channel| kind.channel == channel)
            && status.as_ref().is_none_or(|status| status.matches(kind.status))
    };
    let wanted = |entry: &Entry| {
        client.is_none_or(|client| entry.clients().any(|given| glob(client, given)))
            && fault.is_none_or(|fault| entry.fault.as_deref().is_some_and(|given| glob(fault, given)))
            && not_before.is_none_or(|at| entry.at >= at)
    };
    let beyond_kind = client.is_some() || fault.is_some() || not_before.is_some();
    let wanted: Option<&dyn Fn(&Entry) -> bool> = if beyond_kind { Some(&wanted) } else { None };
    let (entries, matched) = world.journal.page(after, limit, latest, of_kind, wanted);
    let entries: Vec<Value> = entries.iter().map(Entry::to_json).collect();
    Ok(Reply::ok(&json!({ "entries": entries, "matched": matched, "dropped": world.journal.fill().dropped })))
}

pub(crate) async fn clear(request: Request) -> Result<Reply, Reply> {
    request.world()?.journal.clear();
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
