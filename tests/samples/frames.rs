//! Samples of the queue: frames over a socket. A sample without `request` is a push: what comes unasked once all that is
//! given has happened.

use serde_json::{Value, json};

use super::{Sample, World, compare};
use crate::queue::client::Client;

/// Sends what is printed, and compares the answer.
pub(super) async fn replay(world: &World<'_>, sample: &Sample) -> Result<(), String> {
    let Sample { body: sample, .. } = sample;
    let (given, request, printed) = (&sample["given"], &sample["request"], &sample["response"]);
    let mut client = Client::to(&format!("{}/", world.base.trim_end_matches('/'))).await;
    if let Some(login) = given.get("login") {
        client.login(login.clone()).await;
    }
    for before in given["requests"].as_array().into_iter().flatten() {
        if before.get("command").is_some() {
            let reply = ask(&mut client, before).await?;
            if reply.get("error").is_some() {
                return Err(format!("before: {reply}"));
            }
        } else {
            world.step(before.as_object().ok_or("a step is a map")?).await?;
        }
    }
    if request.is_null() {
        return compare(sample, client.push().await, printed);
    }
    let mut reply = ask(&mut client, request).await?;
    // Replies echo the token (Q4); the samples of 2015 show none, and no sample shows that of this session.
    let token = reply.as_object_mut().and_then(|reply| reply.shift_remove("token"));
    if let Some(printed) = printed.get("token") {
        reply["token"] = token.ok_or_else(|| format!("no token, printed {printed}"))?;
    }
    compare(sample, reply, printed)
}

async fn ask(client: &mut Client, request: &Value) -> Result<Value, String> {
    let command = request["command"].as_str().ok_or("no command")?;
    let data = request.get("data").cloned().unwrap_or_else(|| json!({}));
    Ok(client.ask(command, data).await)
}
