//! Samples of the three APIs over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Sample, World, compare};
use crate::support::Answer;

pub(super) use crate::telemetron::api::section as telemetron_section;

/// Asks what is printed, and compares the answer.
pub(super) async fn replay(world: &World<'_>, sample: &Sample) -> Result<(), String> {
    let Sample { body: sample, operation: operation_id, .. } = sample;
    let (given, request, printed) = (&sample["given"], &sample["request"], &sample["response"]);
    let token = log_in(world, given, request).await?;
    for before in given["requests"].as_array().into_iter().flatten() {
        if before.get("method").is_some() {
            let answer = send(world, before, token.as_deref()).await?;
            if !answer.status.is_success() {
                return Err(format!("before: {}", answer.text));
            }
        } else {
            world.step(before.as_object().ok_or("a step is a map")?).await?;
        }
    }
    let before = world.state().await;
    let answer = send(world, request, token.as_deref()).await?;
    // Replies of what only reads are kept, and `HEAD` stands for it.
    if operation(world, operation_id).is_some_and(stend_core::Operation::only_reads) && world.state().await != before {
        return Err("it only reads, and yet the state is another".to_owned());
    }
    if answer.status.as_u16() != printed["status"] {
        return Err(format!("answered {}, printed {}: {}", answer.status, printed["status"], answer.text));
    }
    if let Some(text) = printed.get("text") {
        return if *text == answer.text { Ok(()) } else { Err(format!("answered {:?}", answer.text)) };
    }
    let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if kind.split(';').next() != Some("application/json") {
        return Err(format!("answered as {kind}"));
    }
    compare(sample, answer.json(), &printed["body"])
}

/// The operation of this id.
fn operation(world: &World<'_>, id: &str) -> Option<&'static stend_core::Operation> {
    let registry = stend::registry::services();
    let (_, service) = registry.find(world.api)?;
    service.operations().iter().find(|operation| operation.id == id)
}

/// Telemetron wants a bearer for everything but the log-in itself; the others have theirs in the printed request.
async fn log_in(world: &World<'_>, given: &Value, request: &Value) -> Result<Option<String>, String> {
    let to_auth = request["path"].as_str().is_some_and(|path| path.starts_with("/auth"));
    if !world.base.starts_with(&world.bench.url("telemetron")) || to_auth {
        return Ok(None);
    }
    let user =
        given["login"].as_str().or_else(|| given["world"]["users"][0]["email"].as_str()).unwrap_or("me@example.com");
    let wish = json!({
        "grant_type": "password", "client_id": "client-key", "client_secret": "client-secret",
        "username": user, "password": "123456"
    });
    let answer = send(world, &json!({"method": "POST", "path": "/auth/", "body": wish}), None).await?;
    let token = answer.json()["access_token"].as_str().ok_or(answer.text)?.to_owned();
    Ok(Some(token))
}

async fn send(world: &World<'_>, request: &Value, token: Option<&str>) -> Result<Answer, String> {
    let method: Method = request["method"].as_str().ok_or("no method")?.parse().map_err(|_| "no such method")?;
    let path = request["path"].as_str().ok_or("no path")?;
    let mut wish = world.bench.client.request(method, format!("{}{path}", world.base));
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        wish = wish.header(name, value.as_str().ok_or("a header is a text")?);
    }
    if let Some(token) = token {
        wish = wish.bearer_auth(token);
    }
    if !request["body"].is_null() {
        wish = wish.json(&request["body"]);
    }
    Ok(world.bench.send(wish).await)
}
