//! `stend healthcheck`: whether a bench answers.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;

use super::{FAILED, GOOD, err, runtime, secure};

/// Arguments of `stend healthcheck`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The URL of its control API
    #[arg(value_name = "CONTROL_URL", env = "STEND_CONTROL_URL", default_value = "127.0.0.1:7700")]
    url: String,
}

/// How long it may take, connecting included.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn run(args: &Args) -> u8 {
    let Some(runtime) = runtime() else { return FAILED };
    let asked = runtime.block_on(async { tokio::time::timeout(PATIENCE, ask(&args.url)).await });
    match asked.unwrap_or_else(|_| Err(format!("{}: no answer within {} s", args.url, PATIENCE.as_secs()))) {
        Ok(()) => GOOD,
        Err(why) => {
            err(&format!("error: {why}\n"));
            FAILED
        }
    }
}

/// Asks for the health, which needs no token. Without a scheme, HTTPS is tried where HTTP is refused.
async fn ask(url: &str) -> Result<(), String> {
    let root = url.trim_end_matches('/').trim_end_matches("/control/v1");
    match root.split_once("://") {
        Some(("http", _)) => plain(url, root, None).await,
        Some(("https", authority)) => over_tls(url, authority).await,
        Some((scheme, _)) => Err(format!("`{url}`: the control API speaks HTTP, and no `{scheme}`")),
        None => match plain(url, &format!("http://{root}"), None).await {
            Err(_) => over_tls(url, root).await,
            good => good,
        },
    }
}

async fn over_tls(url: &str, authority: &str) -> Result<(), String> {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    // On this machine any certificate will do: nothing secret is sent, and a bench may have one for another name.
    let near = if local { secure::open_to_anybody(url, authority).await } else { secure::open(url, authority).await }?;
    plain(url, &near, Some(authority)).await
}

async fn plain(url: &str, root: &str, host: Option<&str>) -> Result<(), String> {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| format!("no HTTP client can be made: {error}"))?;
    let mut request = client.get(format!("{root}/control/v1/health"));
    if let Some(host) = host {
        request = request.header(reqwest::header::HOST, host);
    }
    let response = request.send().await.map_err(|error| match error.is_builder() {
        true => format!("`{url}` is no URL"),
        false => format!("nobody answers at {url}"),
    })?;
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
    let health: Option<Value> = serde_json::from_slice(&body).ok();
    match health {
        Some(health) if status.is_success() && health["status"] == "ok" => Ok(()),
        Some(health) if health["error"]["message"].is_string() => {
            Err(format!("{url}: {}", health["error"]["message"].as_str().unwrap_or_default()))
        }
        _ => Err(format!("what answers at {url} is no control API of stend ({status}){}", said(&body))),
    }
}

/// What an answer says in its first line, as far as it is text.
fn said(body: &[u8]) -> String {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().trim();
    let printable = !line.is_empty() && !line.starts_with('<') && !line.contains(char::is_control);
    if printable { format!(": {}", line.chars().take(200).collect::<String>()) } else { String::new() }
}
