//! What clients sent and got.

use serde::Serialize;
use stend_core::fault::glob;
use stend_core::journal::{Channel, Entry, Kind};
use stend_core::{Problem, Timestamp};
use stend_transport::{Reply, StatusCode};

use crate::request::{Request, wrong};
use crate::waiting::{GATHER, Waiting, Woken, gone};
use stend_scenario::StatusMatcher;

/// Entries a page, unless asked otherwise, and at the most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 10_000;

#[derive(Serialize)]
struct Page<E> {
    entries: Vec<E>,
    matched: usize,
    dropped: u64,
    newest: u64,
    generation: u64,
}

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
    let latest = get("since").is_none();
    let bodies = request.flag("bodies", true)?;
    let wait = request.wait("wait")?;
    if wait.is_some() && latest {
        let problem =
            Problem::invalid("`wait` without `since`").hint("give the `seq` of the last entry you have, or 0");
        return Err(wrong(problem.under("wait")));
    }
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
    let mut waiting = wait.map(|wait| Waiting::new(&world, &request.stopping, wait));
    let generation = world.generation();
    // Up to here nothing is wanted; who waits looks at each entry once.
    let mut seen = after;
    let (entries, matched) = loop {
        let newest = world.journal.newest();
        let (entries, matched) = world.journal.page(seen, limit, latest, of_kind, wanted);
        let Some(waiting) = waiting.as_mut().filter(|_| matched == 0 && world.generation() == generation) else {
            break (entries, matched);
        };
        seen = seen.max(newest);
        match waiting.more(GATHER).await {
            Woken::Recorded => {}
            Woken::Gone => return Err(gone(&world)),
            Woken::TimeUp | Woken::Stopping => break (entries, matched),
        }
    };
    let (dropped, newest, generation) = (world.journal.fill().dropped, world.journal.newest(), world.generation());
    if bodies {
        return Ok(Reply::ok(&Page { entries, matched, dropped, newest, generation }));
    }
    let heads = entries.iter().map(Entry::head_json).collect();
    Ok(Reply::ok(&Page { entries: heads, matched, dropped, newest, generation }))
}

pub(crate) async fn clear(request: Request) -> Result<Reply, Reply> {
    request.world()?.journal.clear();
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
