//! The servers under measurement, as processes of their own on the first core.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::Outcome;

/// A bench process on free ports, ended when dropped.
pub(crate) struct Stend {
    child: Child,
    ready: Value,
}

/// A bare server process, ended when dropped.
pub(crate) struct Bare {
    child: Child,
    pub(crate) url: String,
}

pub(crate) fn beside(name: &str) -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(format!("{} is not built", path.display()).into()) }
}

pub(crate) fn pinned(program: PathBuf) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command
}

impl Stend {
    pub(crate) fn start() -> Outcome<Self> {
        let ready = std::env::temp_dir().join(format!("stend-bench-{}-{}.json", std::process::id(), free_port()?));
        let mut command = pinned(beside("stend")?);
        command.args(["serve", "--ephemeral", "--workers", "1", "--ready-file"]).arg(&ready);
        let mut child = command.spawn()?;
        for _ in 0..100_000 {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                let _ = std::fs::remove_file(&ready);
                return Ok(Self { child, ready: serde_json::from_str(&text)? });
            }
            if let Some(status) = child.try_wait()? {
                return Err(format!("stend ended: {status}").into());
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        Err("stend did not become ready within 10 s".into())
    }

    pub(crate) fn url(&self, name: &str) -> Outcome<String> {
        Ok(self.ready[name].as_str().ok_or_else(|| format!("no URL of {name}"))?.to_owned())
    }

    /// taskset becomes the program it starts, so the child is the server.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Outcome<()> {
        let reply = exchange(
            &self.url("control")?,
            &format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ),
        )?;
        if reply.starts_with("HTTP/1.1 2") { Ok(()) } else { Err(reply.into()) }
    }

    /// Asks every HTTP port, and connects to the others.
    pub(crate) fn all_answer(&self) -> Outcome<()> {
        for (_, url) in self
            .ready
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, url)| url.as_str().is_some_and(|url| url.contains("://")))
        {
            let url = url.as_str().unwrap_or_default();
            exchange(
                &url.replace("ws://", "http://"),
                "GET /control/v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            )?;
        }
        Ok(())
    }

    pub(crate) fn resident_mib(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Bare {
    pub(crate) fn start(path: &str, body: &str) -> Outcome<Self> {
        let port = free_port()?;
        let file = std::env::temp_dir().join(format!("stend-bench-{}-{port}.body", std::process::id()));
        std::fs::write(&file, body)?;
        let child = pinned(beside("bare")?).arg(port.to_string()).arg(path).arg(&file).spawn()?;
        let url = format!("http://127.0.0.1:{port}");
        for _ in 0..100_000 {
            if exchange(&url, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).is_ok() {
                let _ = std::fs::remove_file(&file);
                return Ok(Self { child, url });
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        Err("the bare server did not answer within 10 s".into())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Stend {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn exchange(url: &str, request: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))?;
    stream.write_all(request.as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    if reply.is_empty() { Err("no reply".into()) } else { Ok(reply) }
}

/// The body of a GET with a token.
pub(crate) fn get(url: &str, token: &str) -> Outcome<String> {
    ask("GET", url, &format!("token: {token}"), "")
}

/// The body of what answers a request with one header of its own.
pub(crate) fn ask(method: &str, url: &str, header: &str, body: &str) -> Outcome<String> {
    let rest = url.trim_start_matches("http://");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let length = body.len();
    let reply = exchange(
        host,
        &format!(
            "{method} /{path} HTTP/1.1\r\nhost: x\r\n{header}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        ),
    )?;
    let (_, body) = reply.split_once("\r\n\r\n").ok_or("no body")?;
    Ok(body.to_owned())
}
