//! A large world saved and loaded again: time, and memory beside the world's own; and the end of the process under load.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::process::{Stend, beside, on, scratch};
use crate::report::{Report, Table};
use crate::stats::{count, mib};
use crate::{Outcome, Plan};

/// What the world holds.
const WORLD: [&str; 3] = [
    r#"{"telemetron.seed_sales": {"count": 1000000, "over": "7d"}}"#,
    r#"{"tillypad.seed_guests": {"count": 100000}}"#,
    r#"{"queue.visitors": {"count": 100000, "over": "1h"}}"#,
];

/// So often the process is ended under load.
const ENDS: usize = 50;

fn serve(args: &[&str]) -> Outcome<Stend> {
    let mut command = on("0", beside("stend")?);
    command.args(["serve", "--ephemeral", "--clock", "2026-11-21T12:00:00+03:00"]).args(args);
    Stend::launch(command)
}

pub(crate) fn run(report: &mut Report, _: Plan) -> Outcome<()> {
    let mut table = Table::new(
        "1 000 000 sales, 100 000 bills and 100 000 tickets, saved at the end of the process and loaded at the start",
        &["form", "file", "saved in", "loaded in", "resident", "loaded", "most while loading"],
    );
    for form in ["yaml", "json"] {
        let file = scratch(form)?;
        table.row(saved(form, &file)?);
        let _ = std::fs::remove_file(&file);
    }
    report.table(&table);
    report.say(&stopped()?);
    Ok(())
}

fn saved(form: &str, file: &Path) -> Outcome<[String; 7]> {
    let path = file.to_str().ok_or("an odd path")?;
    let seconds = |began: Instant| format!("{:.1} s", began.elapsed().as_secs_f64());
    let first = serve(&["--save", path])?;
    for action in WORLD {
        first.act("default", &serde_json::from_str(action)?)?;
    }
    let resident = first.process().resident();
    let began = Instant::now();
    first.into_process().terminate()?;
    let saving = seconds(began);
    let began = Instant::now();
    let second = Stend::launch({
        let mut command = on("0", beside("stend")?);
        command.args(["serve", "--ephemeral", "--world", path]);
        command
    })?;
    let loading = seconds(began);
    let loaded = second.process().resident();
    let most = second.process().most_resident();
    let bytes = std::fs::metadata(file)?.len() as f64;
    Ok([form.to_owned(), mib(bytes), saving, loading, mib(resident), mib(loaded), mib(most)])
}

/// Ends the process under load, again and again.
fn stopped() -> Outcome<String> {
    let (mut acknowledged, mut lost, mut longest) = (0, 0, 0.0_f64);
    for _ in 0..ENDS {
        let file = scratch("json")?;
        let stend = serve(&["--save", file.to_str().ok_or("an odd path")?])?;
        let address = stend.url("control")?.trim_start_matches("http://").to_owned();
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let address = address.clone();
                std::thread::spawn(move || calls(&address).unwrap_or(0))
            })
            .collect();
        std::thread::sleep(std::time::Duration::from_millis(200));
        let began = Instant::now();
        stend.into_process().terminate()?;
        longest = longest.max(began.elapsed().as_secs_f64());
        let told: usize = clients.into_iter().map(|client| client.join().unwrap_or(0)).sum();
        let saved: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
        let _ = std::fs::remove_file(&file);
        acknowledged += told;
        lost += told.saturating_sub(saved["carbis"]["events"].as_array().map_or(0, Vec::len));
    }
    Ok(format!(
        "{ENDS} ends under load: {} acknowledged actions, {lost} of them not saved; SIGTERM to exit {longest:.2} s at the most.\n",
        count(acknowledged as f64)
    ))
}

/// Calls waiters over one connection until it ends; how many calls were acknowledged.
fn calls(address: &str) -> Outcome<usize> {
    let mut socket = TcpStream::connect(address)?;
    let body = json!({"carbis.call_waiter": {"table": 1_000_028}}).to_string();
    let request = format!(
        "POST /control/v1/worlds/default/actions HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (mut acknowledged, mut buffer) = (0, [0; 4096]);
    while socket.write_all(request.as_bytes()).is_ok() {
        match socket.read(&mut buffer) {
            Ok(n) if n > 0 && buffer.starts_with(b"HTTP/1.1 200") => acknowledged += 1,
            _ => break,
        }
    }
    Ok(acknowledged)
}
