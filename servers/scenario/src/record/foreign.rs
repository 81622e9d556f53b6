//! Secrets that clients brought along, as a token of another system: masked wherever they stand, as in traffic of a real one.

use std::collections::BTreeSet;

use serde_json::Value;
use stend_core::Registry;
use stend_core::journal::{Channel, Entry};
use stend_core::traffic::{HttpExchange, Message, SocketTraffic, Traffic};

use crate::compare::{at_places, mask_all};

/// Entries without the secrets of others, and what stands for these. The world's own texts and the tokens that its services
/// have issued stay.
pub(super) fn masked(
    mut entries: Vec<Entry>,
    own: &BTreeSet<String>,
    registry: &Registry,
) -> (Vec<Entry>, BTreeSet<String>) {
    let mut pseudonyms = BTreeSet::new();
    for kind in registry.services() {
        // A name is a place for secrets in its service alone: what is masked elsewhere would be answered otherwise.
        let mut its: Vec<&mut Entry> = entries.iter_mut().filter(|entry| entry.service == kind.name()).collect();
        let known = own.iter().cloned().chain(issued(&its, kind.secrets())).collect();
        let before: Vec<Traffic> = its.iter().map(|entry| traffic(entry)).collect();
        let mut after = before.clone();
        pseudonyms.extend(mask_all(&mut after, kind.secrets(), &[], known).1);
        for ((entry, before), after) in its.iter_mut().zip(before).zip(after) {
            if before != after {
                **entry = rewritten(entry, after);
            }
        }
    }
    (entries, pseudonyms)
}

/// What replies have at places of secrets before a client has sent it there.
fn issued(entries: &[&mut Entry], secrets: &[&str]) -> BTreeSet<String> {
    let (mut sent, mut issued) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries {
        for (body, is_reply) in [(&entry.request, false), (&entry.reply, true)] {
            let Ok(value) = serde_json::from_slice::<Value>(body) else { continue };
            let mut found = BTreeSet::new();
            at_places(&value, secrets, &mut found);
            let (into, others) = if is_reply { (&mut issued, &sent) } else { (&mut sent, &issued) };
            into.extend(found.into_iter().filter(|text| !others.contains(text)));
        }
    }
    issued
}

fn traffic(entry: &Entry) -> Traffic {
    if entry.channel == Channel::Http {
        let query = entry.query().map(|query| format!("?{query}")).unwrap_or_default();
        return Traffic::Http(Box::new(HttpExchange {
            url: format!("{}{query}", entry.path()),
            headers: entry.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: entry.request.to_vec(),
            reply: entry.reply.to_vec(),
            ..HttpExchange::default()
        }));
    }
    let message =
        |body: &[u8], from_client| Message { at: None, from_client, text: String::from_utf8_lossy(body).into_owned() };
    let messages = vec![message(&entry.request, true), message(&entry.reply, false)];
    Traffic::Socket(SocketTraffic { messages, ..SocketTraffic::default() })
}

fn rewritten(entry: &Entry, traffic: Traffic) -> Entry {
    match traffic {
        Traffic::Http(http) => {
            let length = (entry.request.len().to_string(), http.body.len().to_string());
            let lines = http.headers.iter().map(|(name, value)| match name.as_str() {
                "content-length" if *value == length.0 => format!("\n{name}: {}", length.1),
                _ => format!("\n{name}: {value}"),
            });
            let head = format!("{} {}{}", entry.method(), http.url, lines.collect::<String>());
            entry.rewritten(&head, http.body, http.reply)
        }
        Traffic::Socket(socket) => {
            let mut texts = socket.messages.into_iter().map(|message| message.text.into_bytes());
            let (request, reply) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
            entry.rewritten(&entry.head, request, reply)
        }
    }
}
