//! What clients sent and got.

use serde::Serialize;
use stend_core::fault::glob;
use stend_core::journal::{Channel, Entry, Kind};
use stend_core::{Problem, Timestamp};
use stend_transport::{Reply, StatusCode};

use crate::request::{Request, wrong};

/// Entries a page, unless asked otherwise, and at the most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 10_000;

#[derive(Serialize)]
struct Page {
    entries: Vec<Entry>,
    matched: usize,
    dropped: u64,
}

enum Status {
    Is(u16),
    Class(u16),
}

pub(crate) async fn read(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let query = request.query(&["fake", "way", "operation", "client", "fault", "status", "since", "limit"])?;
    let get = |name: &str| query.get(name).map(String::as_str).filter(|value| !value.is_empty());
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
    let status = match get("status") {
        None => None,
        Some(text) if text.len() == 3 && text.ends_with("xx") => {
            let class =
                text[..1].parse().map_err(|_| bad("status", text, "a number such as 200, or a class such as 5xx"))?;
            Some(Status::Class(class))
        }
        Some(text) => Some(Status::Is(
            text.parse().map_err(|_| bad("status", text, "a number such as 200, or a class such as 5xx"))?,
        )),
    };
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
            && operation.is_none_or(|operation| kind.operation == Some(operation))
            && channel.is_none_or(|channel| kind.channel == channel)
            && match status {
                None => true,
                Some(Status::Is(status)) => kind.status == status,
                Some(Status::Class(class)) => kind.status / 100 == class,
            }
    };
    let wanted = |entry: &Entry| {
        client.is_none_or(|client| entry.clients().any(|given| glob(client, given)))
            && fault.is_none_or(|fault| entry.fault.as_deref().is_some_and(|given| glob(fault, given)))
            && not_before.is_none_or(|at| entry.at >= at)
    };
    let beyond_kind = client.is_some() || fault.is_some() || not_before.is_some();
    let wanted: Option<&dyn Fn(&Entry) -> bool> = if beyond_kind { Some(&wanted) } else { None };
    let (entries, matched) = world.journal.page(after, limit, latest, of_kind, wanted);
    Ok(Reply::ok(&Page { entries, matched, dropped: world.journal.fill().dropped }))
}

pub(crate) async fn clear(request: Request) -> Result<Reply, Reply> {
    request.world()?.journal.clear();
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
