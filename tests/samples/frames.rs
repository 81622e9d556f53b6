//! Samples of the queue: frames over a socket. A sample without `request` is a push: what comes unasked once all that is
//! given has happened.

use serde_json::{Value, json};

use super::{Sample, World, compare, samples};
use crate::queue::client::Client;
use crate::support::Bench;

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

/// What only holds in a world of the newer vintage is all that a world of the older one answers.
#[proves("Q24", "Q28")]
#[tokio::test]
async fn the_samples_of_2015_are_whole_in_the_terse_vintage() {
    let bench = Bench::start().await;
    let mut documented = bench.state().await["queue"].take();
    // The day of the tests' clock is none of the samples'.
    documented.as_object_mut().expect("a section").shift_remove("today");
    let mut seen = 0;
    for (i, mut sample) in samples("queue").into_iter().enumerate() {
        // The newer samples show the token.
        if sample.body["compare"] != "holds" || sample.body["response"].get("token").is_some() {
            continue;
        }
        sample.body["compare"] = json!("same");
        let given = &mut sample.body["given"];
        let mut section = given.get("world").unwrap_or(&documented).clone();
        section["settings"]["vintage"] = json!("terse");
        given["world"] = section;
        let world = World::make(&bench, "queue", &format!("t{i}"), given).await.expect("a world");
        if let Err(why) = replay(&world, &sample).await {
            panic!("{}: {why}", sample.name);
        }
        world.remove().await;
        seen += 1;
    }
    assert!(seen > 9, "{seen} samples");
}
