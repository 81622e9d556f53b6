//! `stend record`: what has happened in a world, as a scenario that plays it again, or as a file of another tool.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::ValueEnum;
use reqwest::Method;
use serde_json::Value;
use stend_scenario::compare::{from_journal, har, hurl, mask, postman};

use super::attach::Remote;
use super::token::Token;
use super::{BAD, err, runtime, write};

/// Arguments of `stend record`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The control API of the running process
    control_url: String,
    /// The world
    #[arg(long, value_name = "ID", default_value = "default")]
    world: String,
    /// As what
    #[arg(long, value_name = "FORMAT", default_value = "scenario")]
    format: Format,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    token: Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A scenario, which plays it again
    Scenario,
    /// HAR 1.2, with the messages of sockets
    Har,
    /// Hurl, each request with its status
    Hurl,
    /// A Postman collection, version 2.1
    Postman,
}

/// Entries that are asked for at once.
const PAGE: usize = 1_000;

/// The journal as a file of another tool, and how many exchanges it holds.
async fn exported(args: &Args, remote: &Remote) -> Result<(String, u64), String> {
    let world = remote.ask(Method::GET, &format!("/worlds/{}", args.world), &[], None).await?;
    let url = |(name, url): (&String, &Value)| Some((name.clone(), url.as_str()?.to_owned()));
    let urls: BTreeMap<String, String> = world["urls"].as_object().into_iter().flatten().filter_map(url).collect();
    let (mut entries, mut since) = (Vec::new(), 0);
    loop {
        let query = [("since", since.to_string()), ("limit", PAGE.to_string())];
        let journal = format!("/worlds/{}/journal", args.world);
        let mut page = remote.ask(Method::GET, &journal, &query, None).await?;
        // The journal shows `null` as it shows no body, and a string in JSON as it shows a text; the length tells.
        let heads = [&query[..], &[("bodies", "false".to_owned())]].concat();
        let heads = remote.ask(Method::GET, &journal, &heads, None).await?;
        let heads = heads["entries"].as_array().cloned().unwrap_or_default();
        for (entry, head) in page["entries"].as_array_mut().into_iter().flatten().zip(heads) {
            if entry["seq"] == head["seq"] {
                as_sent(&mut entry["request"], &head["request_bytes"]);
                as_sent(&mut entry["reply"], &head["reply_bytes"]);
            }
        }
        if since == 0 && page["dropped"].as_u64().is_some_and(|dropped| dropped > 0) {
            err(&format!("note: {} older entries are gone from the journal\n", page["dropped"]));
        }
        let Some(new) = page["entries"].as_array().filter(|new| !new.is_empty()) else { break };
        since = new.last().and_then(|entry| entry["seq"].as_u64()).unwrap_or(u64::MAX);
        entries.extend(new.iter().cloned());
    }
    let mut traffic = from_journal(&entries, &|service| urls.get(service).cloned().unwrap_or_default());
    // The world's own credentials and the tokens that it has issued are no secret to who can read it.
    let mut known = BTreeSet::new();
    texts(&remote.ask(Method::GET, &format!("/worlds/{}/state", args.world), &[], None).await?, &mut known);
    let registry = stend::registry::services();
    let secrets: Vec<&str> = registry.services().iter().flat_map(|kind| kind.secrets()).copied().collect();
    super::world_from::tell(&mask(&mut traffic, &secrets, &[], known));
    let version = env!("CARGO_PKG_VERSION");
    let title = format!("stend, world {}", args.world);
    let text = match args.format {
        Format::Hurl => hurl(&traffic),
        Format::Postman => format!("{:#}\n", postman(&traffic, &title)),
        Format::Har | Format::Scenario => format!("{:#}\n", har(&traffic, version)),
    };
    Ok((text, entries.len() as u64))
}

/// A body of so many bytes as the text that was sent, where the journal leaves that open.
fn as_sent(body: &mut Value, bytes: &Value) {
    let length = bytes.as_u64().unwrap_or(0);
    let is_json = match &*body {
        Value::Null => length > 0,
        Value::String(text) => text.len() as u64 != length,
        _ => false,
    };
    if is_json {
        *body = Value::String(body.to_string());
    }
}

fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(into.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(map) => map.values().for_each(|value| texts(value, into)),
        _ => {}
    }
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(runtime) = runtime() else { return BAD };
    let recorded = runtime.block_on(async {
        let token = args.token.get()?;
        let remote = Remote::open(&args.control_url, token.as_deref(), None).await?;
        if args.format != Format::Scenario {
            return exported(args, &remote).await;
        }
        let answer = remote.ask(Method::GET, &format!("/worlds/{}/recording", args.world), &[], None).await?;
        let text = answer["scenario"].as_str().map(str::to_owned).ok_or("the answer holds no scenario")?;
        for note in answer["notes"].as_array().into_iter().flatten().filter_map(|note| note.as_str()) {
            err(&format!("note: {note}\n"));
        }
        Ok::<_, String>((text, answer["steps"].as_u64().unwrap_or(0)))
    });
    let (text, steps) = match recorded {
        Ok(recorded) => recorded,
        Err(why) => {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    };
    let word = if args.format == Format::Scenario { "step" } else { "exchange" };
    let holds = format!("{steps} {word}{}", if steps == 1 { "" } else { "s" });
    write::result(args.output.as_deref(), &text, &holds)
}
