//! Whether an expectation holds now, or comes to hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stend_core::node::{Node, Value};
use stend_core::{Problem, Span, World};
use stend_scenario::{Expectation, Miss};
use stend_transport::{Reply, StatusCode, ours};

use crate::request::{Request, apart, bounded, wrong};
use crate::waiting::{GATHER, Waiting, Woken, gone};

/// Of the time that an expectation is waited for, looking at it takes one part in so many at the most.
const REST: u32 = 4;

pub(crate) async fn verify(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let node = request.node().await?;
    let (node, within) = split(node).map_err(wrong)?;
    let expectation = Expectation::read(&node, &request.control.registry).map_err(wrong)?;
    let expectation = Arc::new(expectation);
    // Listened before the first look, or what comes in between would not be heard of.
    let waiting = within.map(|within| Waiting::new(&world, &request.stopping, within));
    let outcome = match waiting {
        None => look(&world, &expectation).await?.0,
        Some(waiting) => awaited(&world, &expectation, waiting).await?,
    };
    match outcome {
        Ok(()) => Ok(Reply::ok(&json!({ "passed": true }))),
        Err(miss) => Err(missed(&miss, within)),
    }
}

/// The expectation without `within`, and what that says.
fn split(mut node: Node) -> Result<(Node, Option<Span>), Problem> {
    let Value::Map(entries) = &mut node.value else { return Ok((node, None)) };
    let Some(place) = entries.iter().position(|entry| entry.key == "within") else { return Ok((node, None)) };
    let within = entries.remove(place);
    let read = within.value.read::<Span>().and_then(bounded);
    let read = read.map_err(|mut problem| {
        problem.position = problem.position.or(Some(within.value.position));
        problem.under("within")
    });
    Ok((node, Some(read?)))
}

/// Looks whether it holds, and how long that took. A journal may be long and a path may look at all of a large world: the
/// requests of others go on meanwhile.
async fn look(world: &Arc<World>, expectation: &Arc<Expectation>) -> Result<(Result<(), Miss>, Duration), Reply> {
    let (world, expectation) = (Arc::clone(world), Arc::clone(expectation));
    let began = tokio::time::Instant::now();
    let verify = move || {
        world.now();
        expectation.verify(&world, &BTreeMap::new())
    };
    let outcome = apart(verify).await?;
    Ok((outcome, began.elapsed()))
}

/// Waits until it holds; or, if it holds where nothing happens, until it does not.
async fn awaited(
    world: &Arc<World>,
    expectation: &Arc<Expectation>,
    mut waiting: Waiting,
) -> Result<Result<(), Miss>, Reply> {
    let waits_out = expectation.holds_of_nothing();
    loop {
        let (outcome, took) = look(world, expectation).await?;
        if outcome.is_ok() != waits_out {
            return Ok(outcome);
        }
        match waiting.more(GATHER.max(took * REST)).await {
            Woken::Recorded => {}
            // What was recorded at the very last counts.
            Woken::TimeUp => return Ok(look(world, expectation).await?.0),
            Woken::Gone => return Err(gone(world)),
            Woken::Stopping => {
                let why = outcome.err().map_or("it held so far".into(), |miss| miss.message);
                let message = format!("the bench stops, and the time is not over: {why}");
                return Err(ours(StatusCode::SERVICE_UNAVAILABLE, "stopping", &message, None, None));
            }
        }
    }
}

fn missed(miss: &Miss, within: Option<Span>) -> Reply {
    let message = match within {
        Some(within) => format!("within {within}: {}", miss.message),
        None => miss.message.clone(),
    };
    let mut error = json!({ "code": "not_as_expected", "message": message });
    if let Some(nearest) = &miss.nearest {
        error["nearest"] = nearest.clone();
    }
    if !miss.unmet.is_empty() {
        error["unmet"] = json!(miss.unmet);
    }
    Reply::json(StatusCode::CONFLICT, &json!({ "error": error }))
}
