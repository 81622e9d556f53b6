//! A world's clock.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stend_core::clock::moment_or_now;
use stend_core::view::{Cell, LARGEST_PAGE, Row, Shown, Title};
use stend_core::{ClockSetting, Look, Mode, Problem, Span, Timestamp, World};
use stend_transport::Reply;

use crate::request::{Request, apart, wrong};

pub(crate) async fn show(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let due = match request.flag("due", false)? {
        // Views may have many rows.
        true => Some(
            apart({
                let world = Arc::clone(&world);
                move || upcoming(&world)
            })
            .await?,
        ),
        false => None,
    };
    Ok(Reply::ok(&ClockShown { clock: world.clock(), next_due: world.next_due(), due }))
}

/// A clock, and when something falls due next.
#[derive(Serialize)]
struct ClockShown {
    #[serde(flatten)]
    clock: ClockSetting,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_due: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Vec<Due>>,
}

/// What falls due next in a service, or for those who wait for the clock.
#[derive(Serialize)]
struct Due {
    at: Timestamp,
    #[serde(rename = "fake")]
    service: &'static str,
    /// The rows that show this time, the first few.
    rows: Vec<DueRow>,
}

/// A row of the view with a cell of this time.
#[derive(Serialize)]
struct DueRow {
    table: &'static str,
    key: String,
    /// What its first cell says.
    row: String,
    /// The column of the time, such as "Comes back".
    what: Title,
}

/// The most rows that are named for one time.
const ROWS: usize = 3;

/// What falls due next, by services. What it is, their views tell: a row with a cell of that time.
fn upcoming(world: &World) -> Vec<Due> {
    let named = |(at, index): (Timestamp, Option<usize>)| {
        let Some(index) = index else { return Due { at, service: "world", rows: Vec::new() } };
        let service = world.registry().services()[index].name();
        let look = Look { limit: LARGEST_PAGE, ..Look::default() };
        let tables = world.view(index, &look).map(|(_, view)| view.tables).unwrap_or_default();
        let rows = tables.iter().flat_map(|table| table.rows.iter().filter_map(|row| due_row(table, row, at)));
        Due { at, service, rows: rows.take(ROWS).collect() }
    };
    world.dues().into_iter().map(named).collect()
}

fn due_row(table: &Shown, row: &Row, at: Timestamp) -> Option<DueRow> {
    let is_it = |(_, cell): &&(&str, Cell)| matches!(cell, Cell::Time(time) if *time == at);
    let (column, _) = row.cells.iter().find(is_it)?;
    let what = table.columns.iter().find(|known| known.id == *column)?.title;
    let says = row.cells.iter().find_map(|(_, cell)| match cell {
        Cell::Text(text) | Cell::Link { text, .. } | Cell::Badge { text, .. } => Some(text.clone()),
        _ => None,
    });
    Some(DueRow { table: table.id, key: row.key.clone(), row: says.unwrap_or_else(|| row.key.clone()), what })
}

/// What is left out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    mode: Option<Mode>,
    #[serde(default, alias = "start", deserialize_with = "moment_or_now")]
    now: Option<Timestamp>,
    scale: Option<f64>,
}

pub(crate) async fn set(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let Set { mode, now, scale } = request.read().await?;
    let present = world.clock();
    let setting = match (mode, scale) {
        (None, None) if now.is_none() => {
            return Err(wrong(
                Problem::invalid("an empty setting says nothing of the clock").hint("give `mode`, `now` or `scale`"),
            ));
        }
        (None, None) => ClockSetting { now, ..present },
        (mode, scale) => ClockSetting { mode: mode.unwrap_or(present.mode), now, scale },
    };
    world.set_clock(setting).map_err(wrong)?;
    Ok(Reply::ok(&world.clock()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    by: Option<Span>,
    to: Option<Timestamp>,
}

pub(crate) async fn advance(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let done = match request.read().await? {
        Advance { by: Some(by), to: None } => {
            world.now();
            world.advance_by(by).await.map_err(|problem| wrong(problem.under("by")))?
        }
        Advance { by: None, to: Some(to) } => world.advance(to).await.map_err(|problem| wrong(problem.under("to")))?,
        _ => {
            return Err(wrong(
                Problem::invalid("say how far: `by` or `to`")
                    .hint("{\"by\": \"5m\"} or {\"to\": \"2026-11-21T12:00:00+03:00\"}"),
            ));
        }
    };
    Ok(Reply::ok(&done))
}
