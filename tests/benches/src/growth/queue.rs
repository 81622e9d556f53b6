//! Tickets in a hall, and sockets.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::Costs;
use crate::Outcome;
use crate::process::Stend;
use crate::socket::{ask, command, connect, cost, hall, log_in, runtime, text};

fn frame(command: &str, token: &str, data: Value) -> Message {
    Message::text(json!({"command": command, "token": token, "id": 1, "data": data}).to_string())
}

/// Joining the line, and calling the next and serving them, with so many waiting.
pub(crate) fn tickets(size: u32) -> Outcome<Costs> {
    let stend = Stend::start()?;
    let url = hall(&stend, "hall", size)?;
    runtime()?.block_on(async {
        let mut socket = connect(&url).await?;
        let token = log_in(&mut socket).await?;
        let register = frame("newConsumer", &token, json!({"services": [1]}));
        let pair = [
            frame("nextConsumer", &token, json!({"workplace": 18})),
            frame("serveConsumer", &token, json!({"workplace": 18})),
        ];
        let server = stend.process();
        let join = cost(&mut socket, server, &vec![register; 16], 30).await?;
        // Somebody is called each time: else the second command would fail, and this with it.
        let call = cost(&mut socket, server, &pair.iter().cycle().take(16).cloned().collect::<Vec<_>>(), 30).await?;
        Ok(vec![("newConsumer", join), ("nextConsumer and serveConsumer, the mean of the two", call)])
    })
}

/// A command, and a change that one socket is told of, with so many sockets that do nothing.
pub(crate) fn sockets(size: u32) -> Outcome<Costs> {
    let stend = Stend::start()?;
    let url = format!("{}/", stend.url("queue")?);
    runtime()?.block_on(async {
        let mut idle = Vec::new();
        for _ in 0..size {
            idle.push(connect(&url).await?);
        }
        let mut socket = connect(&url).await?;
        let token = log_in(&mut socket).await?;
        let look = frame("currentConsumer", &token, json!({"workplace": 18}));
        let one = cost(&mut socket, stend.process(), &[look], 5_000).await?;
        let mut listener = connect(&url).await?;
        ask(&mut listener, json!({"command": "subscribeServices", "token": token, "id": 1})).await?;
        let rounds = 500;
        let mut before = 0.0;
        for n in 0..rounds + 50 {
            if n == 50 {
                before = stend.process().cpu()?;
            }
            let change = frame("setService", &token, json!({"id": 3, "description": format!("change {n:06}")}));
            command(&mut socket, &[change]).await?;
            text(&mut listener).await?;
        }
        let push = (stend.process().cpu()? - before) / f64::from(rounds);
        drop(idle);
        Ok(vec![("currentConsumer", one), ("setService and its push to one subscriber", push)])
    })
}
