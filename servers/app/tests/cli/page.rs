//! A page of another origin, in a browser, talks to all four services and to the control API.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::support::Serving;

/// What the page does: it asks each service as a script would, with headers that make the browser ask first.
const PAGE: &str = r#"<!doctype html><title>shop</title><pre id="out"></pre><script>
const urls = URLS, out = document.getElementById("out");
const say = (name, text) => (out.textContent += `[${name} ${text}]`);
const ask = async (name, path, options) => {
  try { const answer = await fetch(urls[name] + path, options); say(name, `${answer.status} ${(await answer.text()).length > 0}`); }
  catch (error) { say(name, error); }
};
const socket = new Promise((done) => {
  const socket = new WebSocket(urls.queue);
  socket.onopen = () => socket.send("{}");
  socket.onmessage = () => done(say("queue", "answers"));
  socket.onerror = () => done(say("queue", "error"));
});
const done = Promise.all([
  ask("carbis", "/api/v4/events?hash=none", { headers: { token: "demo-token" } }),
  ask("tillypad", "/nowhere", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }),
  ask("telemetron", "/v2/me", { headers: { authorization: "Bearer x" } }),
  ask("control", "/control/v1/worlds/default/clock/advance", { method: "POST", headers: { "content-type": "application/json" }, body: '{"by": "1s"}' }),
  socket,
]).then(() => fetch("/done?" + encodeURIComponent(out.textContent)));
</script>"#;

/// Gives the page to the browser, and what it found to the test.
fn serve_page(listener: &TcpListener, page: &str) -> String {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut head = [0; 8192];
        let length = stream.read(&mut head).unwrap_or(0);
        let head = String::from_utf8_lossy(&head[..length]).into_owned();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = stream.write_all(answer.as_bytes());
        if let Some(found) = head.strip_prefix("GET /done?") {
            return found
                .split(' ')
                .next()
                .unwrap_or_default()
                .replace("%20", " ")
                .replace("%5B", "[")
                .replace("%5D", "]");
        }
    }
    unreachable!("a listener never ends")
}

#[test]
fn a_page_of_another_origin_talks_to_all_four() {
    let browser = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()));
    let Some(browser) = browser else {
        println!("not run: there is no Chromium here");
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let serving = Serving::start(&["--allow-origin", &origin]);
    let page = PAGE.replace("URLS", &serving.ready.to_string());
    let (sent, found) = std::sync::mpsc::channel();
    std::thread::spawn(move || sent.send(serve_page(&listener, &page)));
    let profile = tempfile::tempdir().unwrap();
    let mut running = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
        ])
        .args(["--remote-debugging-port=0", &format!("--user-data-dir={}", profile.path().display()), &origin])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let found = found.recv_timeout(std::time::Duration::from_secs(60));
    let _ = running.kill();
    let _ = running.wait();
    let found = found.expect("the page reports");
    for wanted in
        ["[carbis 200 true]", "[tillypad 404 true]", "[telemetron 401 true]", "[control 200 true]", "[queue answers]"]
    {
        assert!(found.contains(wanted), "{wanted}: {found}");
    }
}
