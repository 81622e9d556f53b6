//! Traffic from files: HAR, pages of our journal, logs of curl.

use std::io::{Cursor, Read};

use serde_json::Value;
use stend_core::traffic::{HttpExchange, Traffic};
use stend_core::{AnyService, Problem};

use super::matching::has_operation;
use super::utf8::utf8;
use super::{body, curl, export, har};

/// The most of a file that is kept, in bytes. What goes beyond is not compared, and counted.
const KEPT: usize = 256 * 1024 * 1024;

/// The largest log that is read, in bytes.
const LOG: u64 = 64 * 1024 * 1024;

/// Media types that no service answers with.
const OTHERS: [&str; 7] = ["image/", "font/", "video/", "audio/", "text/css", "javascript", "wasm"];

/// What was read from a file.
#[derive(Debug, Default)]
pub struct Imported {
    /// The traffic, in the file's order.
    pub traffic: Vec<Traffic>,
    /// How many entries there were.
    pub entries: usize,
    /// How many were not kept, as there was too much.
    pub dropped: usize,
}

/// Reads traffic from a file: HAR, a page of the journal as the control API gives it, or a log of `curl -v`. Bodies that are
/// pictures, styles or scripts are not kept, nor those of what is for no operation of these services: a browser's file is
/// mostly of other hosts.
///
/// # Errors
/// It is none of these, or is cut short; where.
pub fn import(input: impl Read, services: &[&dyn AnyService]) -> Result<Imported, Problem> {
    let unreadable = |error: std::io::Error| Problem::invalid(format!("cannot be read: {error}"));
    let mut input = utf8(input);
    let mut head = Vec::new();
    input.by_ref().take(4096).read_to_end(&mut head).map_err(unreadable)?;
    let first = String::from_utf8_lossy(&head).into_owned();
    let mut input = Cursor::new(head).chain(input);
    if curl::is_log(&first) {
        let mut text = Vec::new();
        input.take(LOG + 1).read_to_end(&mut text).map_err(unreadable)?;
        if text.len() as u64 > LOG {
            return Err(Problem::invalid(format!("a log is larger than {} MiB", LOG / 1024 / 1024)));
        }
        let traffic = curl::read(&String::from_utf8_lossy(&text));
        return Ok(Imported { entries: traffic.len(), traffic, dropped: 0 });
    }
    if first.lines().any(|line| line.starts_with("stend:") || line.starts_with("timeline:")) {
        return Err(Problem::invalid("a scenario or world, which holds what is expected, and no replies")
            .hint("`stend record CONTROL_URL --format har` writes what a bench has answered"));
    }
    let mut found = Imported::default();
    let mut weight = 0;
    let mut journal: Vec<Value> = Vec::new();
    let entries = har::read(&mut input, &mut |read| {
        let mut traffic = match read {
            har::Item::Traffic(traffic) => traffic,
            har::Item::Journal(entry, bytes) => {
                weight += bytes;
                if weight > KEPT {
                    found.dropped += 1
                } else {
                    journal.push(entry)
                }
                return;
            }
        };
        if let Traffic::Http(http) = &mut traffic
            && (is_other(http) || !services.iter().any(|kind| has_operation(*kind, http)))
        {
            (http.body, http.reply) = (Vec::new(), Vec::new());
        }
        weight += traffic.weight();
        if weight > KEPT { found.dropped += 1 } else { found.traffic.push(traffic) }
    })?;
    found.entries = entries;
    // The newest stands first in a page that was not asked for from somewhere.
    journal.sort_by_key(|entry| entry["seq"].as_u64());
    found.traffic.extend(export::from_journal(&journal, &|service| format!("http://{service}.journal")));
    Ok(found)
}

/// Whether a reply is of a type that no service answers with.
fn is_other(http: &HttpExchange) -> bool {
    http.reply_header("content-type").is_some_and(|kind| OTHERS.iter().any(|other| kind.contains(other)))
}

/// The same with bodies decoded: no compression, UTF-8 where they are text. For what was recorded as it was sent.
pub fn decoded(traffic: Traffic) -> Traffic {
    let Traffic::Http(mut http) = traffic else { return traffic };
    for (body, headers) in [(&mut http.body, &http.headers), (&mut http.reply, &http.reply_headers)] {
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let (plain, why) = body::plain(std::mem::take(body), header("content-encoding"), header("content-type"));
        *body = plain;
        if let Some(why) = why {
            http.unreadable.get_or_insert(why);
        }
    }
    Traffic::Http(http)
}
