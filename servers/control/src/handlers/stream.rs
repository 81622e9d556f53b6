//! What happens in a world, as it happens: Server-Sent Events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{Method, header};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use stend_core::feed::Position;
use stend_core::{Problem, Recorded, World};
use stend_transport::Reply;
use tokio::sync::watch;

use crate::request::{Request, wrong};
use crate::trace::{missed, name_of};

/// How long what is recorded is let gather before it is sent.
const GATHER: Duration = Duration::from_millis(10);

/// After so long a silence a comment is sent, which keeps proxies from closing the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The most entries, and events, that are looked up at a time.
const AT_A_TIME: usize = 64;

/// A piece that is so long, in bytes, is sent before more is written.
const PIECE: usize = 32 * 1024;

/// How soon a client comes again after the connection broke, in milliseconds.
const RETRY: u32 = 1_000;

/// One reader. What it has not taken is nowhere but in the journal and the feed, so one that lags costs nothing, and is told
/// of the gap when it comes to it.
struct Reader {
    world: Arc<World>,
    recorded: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
    at: Position,
    /// Tells the worlds of this process, and of others, apart.
    run: String,
    bodies: bool,
    began: bool,
    ended: bool,
}

pub(crate) async fn read(request: Request) -> Result<HttpResponse, Reply> {
    let world = request.world()?;
    let run = format!("{:x}.{}", request.control.started.as_microsecond(), world.birth());
    let bodies = request.flag("bodies", true)?;
    let recorded = world.watch();
    let last = request.request.headers().get("last-event-id").map(|id| id.to_str().unwrap_or("?"));
    let at = match (last.filter(|id| !id.is_empty()), request.query("since")) {
        (Some(id), _) => position(id, &run, &world).map_err(|problem| wrong(problem.under("Last-Event-ID")))?,
        (None, Some(since)) => position(since, &run, &world).map_err(|problem| wrong(problem.under("since")))?,
        (None, None) => world.position(),
    };
    let stopping = request.stopping.clone();
    let reader = Reader { world, recorded, stopping, at, run, bodies, began: false, ended: false };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies of the kind of nginx gather what they pass on, unless told.
        .insert_header(("x-accel-buffering", "no"));
    if request.request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    Ok(response.streaming(Box::pin(futures_util::stream::unfold(reader, Reader::next))))
}

/// The position that an id tells: one that was sent, or the number of a journal entry. A well-formed one of another world or
/// process leads to the beginning of this one, with a gap.
fn position(text: &str, run: &str, world: &World) -> Result<Position, Problem> {
    let bad = || {
        Problem::invalid(format!("`{text}` is no id of an event of this stream"))
            .hint("the id of the last event you have, the `seq` of a journal entry, or 0 for all that is kept")
    };
    if let Ok(seq) = text.parse::<u64>() {
        let beginning = world.beginning_position();
        if seq > world.journal.newest() {
            let newest = world.journal.newest();
            return Err(
                Problem::invalid(format!("there is no entry {seq} yet")).hint(format!("the newest is {newest}"))
            );
        }
        return Ok(Position { entries: seq, events: world.events_before(seq), ..beginning });
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [process, birth, generation, entries, events] = parts.as_slice() else { return Err(bad()) };
    let number = |text: &str| text.parse::<u64>().map_err(|_| bad());
    i64::from_str_radix(process, 16).map_err(|_| bad())?;
    number(birth)?;
    let at = Position { generation: number(generation)?, entries: number(entries)?, events: number(events)? };
    // No run has the number 0, so all that came before is a gap.
    let is_ours = run.split_once('.') == Some((process, birth));
    Ok(if is_ours { at } else { Position { generation: 0, entries: 0, events: 0 } })
}

impl Reader {
    /// The next piece.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if self.ended {
            return None;
        }
        if !self.began {
            self.began = true;
            // Without data it is no event, but the id counts: who loses the connection at once resumes here.
            let piece = format!("retry: {RETRY}\nid: {}\n\n", self.id(self.at));
            return Some((Ok(piece.into()), self));
        }
        loop {
            self.recorded.borrow_and_update();
            let gone = self.world.is_gone();
            if *self.stopping.borrow() {
                return self.end("the bench stops");
            }
            let found = self.world.recorded(self.at, AT_A_TIME);
            if !found.is_empty() {
                return Some((Ok(self.piece(found)), self));
            }
            if gone {
                return self.end("the world was removed");
            }
            let gathered = async {
                let _ = self.recorded.changed().await;
                tokio::time::sleep(GATHER).await;
            };
            let silent = tokio::select! {
                biased;
                _ = self.stopping.wait_for(|stopping| *stopping) => false,
                () = gathered => false,
                () = tokio::time::sleep(HEARTBEAT) => true,
            };
            if silent {
                return Some((Ok(Bytes::from_static(b": still here\n\n")), self));
            }
        }
    }

    fn end(mut self, why: &str) -> Option<(Result<Bytes, Infallible>, Self)> {
        self.ended = true;
        let mut piece = Vec::new();
        self.write(&mut piece, self.at, "end", &json!({ "why": why }));
        Some((Ok(piece.into()), self))
    }

    /// What was found as events; what does not fit is looked up again for the next piece.
    fn piece(&mut self, found: Vec<(Position, Recorded)>) -> Bytes {
        let mut piece = Vec::new();
        for (at, recorded) in found {
            let name = name_of(&recorded);
            match &recorded {
                Recorded::Entry(entry) if self.bodies => self.write(&mut piece, at, name, entry),
                Recorded::Entry(entry) => self.write(&mut piece, at, name, &entry.head_json()),
                Recorded::Event(event) => self.write(&mut piece, at, name, event),
                Recorded::Gap(gap) => self.write(&mut piece, at, name, &missed(*gap)),
            }
            self.at = at;
            if piece.len() >= PIECE {
                break;
            }
        }
        piece.into()
    }

    fn id(&self, at: Position) -> String {
        format!("{}.{}.{}.{}", self.run, at.generation, at.entries, at.events)
    }

    fn write(&self, piece: &mut Vec<u8>, at: Position, name: &str, data: &impl Serialize) {
        piece.extend_from_slice(format!("id: {}\nevent: {name}\ndata: ", self.id(at)).as_bytes());
        let from = piece.len();
        if let Err(error) = serde_json::to_writer(&mut *piece, data) {
            tracing::error!(%error, "an event cannot be written as JSON");
        }
        // A body that is shown as it was sent may have line breaks, which JSON has only between its values.
        for byte in &mut piece[from..] {
            if matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        piece.extend_from_slice(b"\n\n");
    }
}
