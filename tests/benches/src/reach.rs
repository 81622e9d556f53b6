//! Ways to the bench beside the plain port: the gateway with TLS, `stend run`, and streams.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::load::{Load, Wish};
use crate::process::{Stend, ask, beside, on};
use crate::report::{Report, Table};
use crate::stats::{median, mib, micros, millis, ratio};
use crate::{Outcome, Plan};

/// So many streams are opened.
const STREAMS: usize = 1_000;

pub(crate) fn run(report: &mut Report, plan: Plan) -> Outcome<()> {
    let mut table = Table::new("Ways in", &["what", "found", "beside the plain port"]);
    gateway(&mut table, plan)?;
    command(&mut table, plan)?;
    streams(&mut table)?;
    report.table(&table);
    Ok(())
}

/// Requests on kept connections, and connections that are made anew for each request, plain and through the gateway.
fn gateway(table: &mut Table, plan: Plan) -> Outcome<()> {
    let mut command = on("0", beside("stend")?);
    command.args(["serve", "--ephemeral", "--workers", "1", "--route", "localhost=tillypad", "--ca-dir"]);
    let folder = std::env::temp_dir().join(format!("stend-bench-ca-{}", std::process::id()));
    command.arg(&folder);
    let stend = Stend::launch(command)?;
    let path = "/get-client-by-phone?phone=79824974833";
    let plain = Wish::get(format!("{}{path}", stend.url("tillypad")?), "accept: */*");
    let port = stend.url("gateway")?.rsplit(':').next().unwrap_or_default().trim_end_matches('/').to_owned();
    let secure = plain.at(format!("https://localhost:{port}{path}"));
    let closing = |wish: &Wish| Wish { header: "Connection: close".to_owned(), ..wish.clone() };
    let (mut kept, mut ratios, mut handshakes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let load = |wish: &Wish| Load::run(wish, stend.process(), plan.seconds);
        let (over_plain, over_tls) = (load(&plain)?, load(&secure)?);
        ratios.push(over_tls.requests_per_second / over_plain.requests_per_second);
        kept.push(over_tls.cpu_per_request);
        let (over_plain, over_tls) = (load(&closing(&plain))?, load(&closing(&secure))?);
        handshakes.push(over_tls.cpu_per_request - over_plain.cpu_per_request);
    }
    table.row([
        "requests a second, TLS through the gateway, kept connections".into(),
        micros(median(kept)),
        ratio(median(ratios)),
    ]);
    table.row([
        "CPU of a handshake: a connection anew, less a plain one".into(),
        micros(median(handshakes)),
        String::new(),
    ]);
    drop(stend);
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

/// The whole of `stend run -- true`.
fn command(table: &mut Table, plan: Plan) -> Outcome<()> {
    let mut times = Vec::new();
    for _ in 0..plan.rounds * 3 {
        let began = Instant::now();
        let status = on("0", beside("stend")?).args(["run", "--quiet", "--", "true"]).status()?;
        times.push(began.elapsed().as_secs_f64());
        if !status.success() {
            return Err(format!("stend run -- true: {status}").into());
        }
    }
    table.row(["`stend run -- true`".into(), millis(median(times)), String::new()]);
    Ok(())
}

/// Streams that wait, and how soon an entry reaches one.
fn streams(table: &mut Table) -> Outcome<()> {
    // A thousand connections beside the usual limit of open files.
    let stend = Stend::start()?;
    let control = stend.url("control")?;
    let carbis = stend.url("carbis")?;
    let poll = || ask("GET", &format!("{carbis}/api/v4/events?hash=none"), "token: demo-token", "");
    poll()?;
    let before = stend.process().resident();
    let open = || -> Outcome<BufReader<TcpStream>> {
        let address = control.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET /control/v1/worlds/default/stream HTTP/1.1\r\nhost: {address}\r\n\r\n")?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line)?;
        if line.starts_with("HTTP/1.1 200") { Ok(stream) } else { Err(format!("a stream: {line}").into()) }
    };
    let mut streams = (0..STREAMS).map(|_| open()).collect::<Outcome<Vec<_>>>()?;
    std::thread::sleep(Duration::from_secs(1));
    let resident = stend.process().resident() - before;
    table.row([format!("memory of {STREAMS} streams that wait"), mib(resident), String::new()]);
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let began = Instant::now();
        poll()?;
        until_entry(streams.first_mut().ok_or("no stream")?)?;
        first.push(began.elapsed().as_secs_f64());
        for stream in streams.iter_mut().skip(1) {
            until_entry(stream)?;
        }
        last.push(began.elapsed().as_secs_f64());
    }
    table.row(["from a request to the first of them".into(), millis(median(first)), String::new()]);
    table.row(["from a request to all of them".into(), millis(median(last)), String::new()]);
    Ok(())
}

/// Reads until the stream tells of an exchange.
fn until_entry(stream: &mut impl BufRead) -> Outcome<()> {
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err("a stream ended".into());
        }
        if line.starts_with("data:") && line.contains("api/v4/events") {
            return Ok(());
        }
    }
}
