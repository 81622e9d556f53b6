//! The electronic queue beside a bare actix-ws server: commands, and one change to ten thousand subscribers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

use crate::process::{Process, Stend};
use crate::report::{Report, Table};
use crate::socket::{BareWs, Bound, Socket, ask, connect, log_in, runtime, text};
use crate::stats::{count, median, micros, millis, ratio};
use crate::{Outcome, Plan};

/// Sockets subscribed to one book.
const SOCKETS: usize = 10_000;
/// Sockets that send commands.
const CLIENTS: usize = 32;
/// Processes of each server, one after the other in turns.
const TURNS: usize = 3;

/// Commands for so many seconds over all sockets; commands per second, and CPU seconds of one.
async fn load(url: &str, frame: &str, server: &Process, seconds: u32) -> Outcome<(f64, f64)> {
    let mut sockets = Vec::new();
    for _ in 0..CLIENTS {
        sockets.push(connect(url).await?);
    }
    let until = Instant::now() + Duration::from_secs(seconds.into());
    let before = server.cpu()?;
    let frame = Message::text(frame);
    let all = futures_util::future::try_join_all(sockets.iter_mut().map(|socket| {
        let frame = frame.clone();
        async move {
            let mut commands = 0.0;
            while Instant::now() < until {
                socket.send(frame.clone()).await?;
                text(socket).await?;
                commands += 1.0;
            }
            Ok::<f64, Box<dyn std::error::Error>>(commands)
        }
    }))
    .await?;
    let commands: f64 = all.into_iter().sum();
    Ok((commands / f64::from(seconds), (server.cpu()? - before) / commands))
}

/// A command that asks, as window 18 sends it.
pub(crate) fn asking(command: &str, token: &str) -> Value {
    let data = if command == "currentConsumer" { json!({"workplace": 18}) } else { json!({}) };
    json!({"command": command, "token": token, "id": 1, "data": data})
}

/// Commands beside a bare server that sends the same bytes back.
pub(crate) fn commands(report: &mut Report, plan: Plan) -> Outcome<()> {
    let mut table = Table::new(
        "Against the limit: a bare actix-ws server that sends the same bytes back",
        &[
            "command",
            "bytes",
            "commands a second, of bare",
            "commands a CPU second, of bare",
            "CPU, stend",
            "CPU, bare",
            "commands a second",
        ],
    );
    let stend = Stend::start()?;
    let url = format!("{}/", stend.url("queue")?);
    let runtime = runtime()?;
    let token = runtime.block_on(async { log_in(&mut connect(&url).await?).await })?;
    for command in ["currentConsumer", "serviceList"] {
        let frame = asking(command, &token);
        let reply = runtime.block_on(async {
            Ok::<_, Box<dyn std::error::Error>>(ask(&mut connect(&url).await?, frame.clone()).await?.to_string())
        })?;
        let bare = BareWs::start(&reply, Bound::Back)?;
        let frame = frame.to_string();
        let (mut rate, mut cpu) = (Vec::new(), Vec::new());
        let (mut ours, mut theirs, mut rates) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..plan.rounds {
            let our = runtime.block_on(load(&url, &frame, stend.process(), plan.seconds))?;
            let their = runtime.block_on(load(&bare.url, &frame, &bare.process, plan.seconds))?;
            rate.push(our.0 / their.0);
            cpu.push(their.1 / our.1);
            rates.push(our.0);
            ours.push(our.1);
            theirs.push(their.1);
        }
        table.row([
            format!("queue, {command}"),
            reply.len().to_string(),
            ratio(median(rate)),
            ratio(median(cpu)),
            micros(median(ours)),
            micros(median(theirs)),
            count(median(rates)),
        ]);
    }
    table.note("The bare server does not look at what it is sent. 32 sockets, one command under way on each; the client is the slower side, so the CPU column counts.");
    report.table(&table);
    Ok(())
}

/// What the readers of all sockets count.
#[derive(Default)]
struct Count {
    came: AtomicUsize,
    all: Notify,
}

fn read_on(mut socket: Socket, count: Arc<Count>) {
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            if matches!(message, Message::Text(_)) && count.came.fetch_add(1, Ordering::AcqRel) + 1 == SOCKETS {
                count.all.notify_one();
            }
        }
    });
}

async fn round(steering: &mut Socket, frame: Message, count: &Count) -> Outcome<f64> {
    count.came.store(0, Ordering::Release);
    let began = Instant::now();
    steering.send(frame).await?;
    tokio::time::timeout(Duration::from_secs(60), count.all.notified()).await?;
    Ok(began.elapsed().as_secs_f64())
}

fn change(token: &str, n: usize) -> Value {
    let data = json!({"id": 3, "description": format!("change {n:06}")});
    json!({"command": "setService", "token": token, "id": 1, "data": data})
}

/// One change, ten thousand subscribers: until all have it.
pub(crate) fn fan_out(report: &mut Report, plan: Plan) -> Outcome<()> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..TURNS {
        let text = runtime()?.block_on(async {
            let stend = Stend::start()?;
            let url = format!("{}/", stend.url("queue")?);
            let mut steering = connect(&url).await?;
            let token = log_in(&mut steering).await?;
            let count = Arc::new(Count::default());
            for _ in 1..SOCKETS {
                let mut socket = connect(&url).await?;
                ask(&mut socket, json!({"command": "subscribeServices", "token": token, "id": 1})).await?;
                read_on(socket, Arc::clone(&count));
            }
            // The last one is looked at: what it gets is what the bare server will send.
            let mut last = connect(&url).await?;
            ask(&mut last, json!({"command": "subscribeServices", "token": token, "id": 1})).await?;
            ask(&mut steering, change(&token, 0)).await?;
            let push = text(&mut last).await?.to_string();
            read_on(last, Arc::clone(&count));
            tokio::time::sleep(Duration::from_secs(1)).await;
            for n in 1..=plan.rounds {
                ours.push(round(&mut steering, Message::text(change(&token, n).to_string()), &count).await?);
                steering.next().await;
            }
            Ok::<_, Box<dyn std::error::Error>>(push)
        })?;
        bytes = text.len();
        runtime()?.block_on(async {
            let bare = BareWs::start(&text, Bound::All)?;
            let count = Arc::new(Count::default());
            let mut steering = connect(&bare.url).await?;
            for _ in 0..SOCKETS {
                read_on(connect(&bare.url).await?, Arc::clone(&count));
            }
            round(&mut steering, Message::text("go"), &count).await?;
            for _ in 0..plan.rounds {
                theirs.push(round(&mut steering, Message::text("go"), &count).await?);
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        })?;
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let mut table = Table::new(
        "Queue: one change to many subscribers",
        &["subscribers", "bytes", "until all have it", "bare actix-ws server", "times bare"],
    );
    table.row([count(SOCKETS as f64), bytes.to_string(), millis(ours), millis(theirs), ratio(ours / theirs)]);
    report.table(&table);
    Ok(())
}
