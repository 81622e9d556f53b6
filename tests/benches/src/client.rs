//! A client over one connection that sends many requests at once and then reads as many replies: what a request
//! costs the server shows without what waking up costs it.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::Outcome;
use crate::process::Process;

/// How many requests are under way at once.
const AT_ONCE: usize = 32;

/// One open connection.
pub(crate) struct Client {
    stream: TcpStream,
    host: String,
    read: Vec<u8>,
    at_once: usize,
}

impl Client {
    /// Connects to the host of a URL.
    pub(crate) fn connect(url: &str) -> Outcome<Self> {
        let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host, read: Vec::new(), at_once: AT_ONCE })
    }

    /// A client that sends one request after the other.
    pub(crate) fn one_by_one(url: &str) -> Outcome<Self> {
        Ok(Self { at_once: 1, ..Self::connect(url)? })
    }

    /// The bytes of a request.
    pub(crate) fn request(&self, method: &str, path: &str, header: &str, body: &str) -> Vec<u8> {
        let host = &self.host;
        let length = match body.len() {
            0 => String::new(),
            length => format!("content-type: application/json\r\ncontent-length: {length}\r\n"),
        };
        format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{header}\r\n{length}\r\n{body}").into_bytes()
    }

    /// Sends so many, taking turns between `requests`.
    ///
    /// # Errors
    /// A reply that is no success.
    pub(crate) fn send(&mut self, requests: &[Vec<u8>], count: usize) -> Outcome<()> {
        let mut sent = 0;
        let mut turns = requests.iter().cycle();
        while sent < count {
            let batch = self.at_once.min(count - sent);
            let bytes: Vec<u8> = turns.by_ref().take(batch).flatten().copied().collect();
            self.stream.write_all(&bytes)?;
            for _ in 0..batch {
                self.reply()?;
            }
            sent += batch;
        }
        Ok(())
    }

    /// CPU seconds of the server for one of so many requests, after a tenth of them to warm up.
    pub(crate) fn cost(&mut self, server: &Process, requests: &[Vec<u8>], count: usize) -> Outcome<f64> {
        self.send(requests, count / 10 + 1)?;
        let before = server.cpu()?;
        self.send(requests, count)?;
        Ok((server.cpu()? - before) / count as f64)
    }

    /// CPU seconds of the server for one of these requests, each sent once.
    pub(crate) fn once(&mut self, server: &Process, requests: &[Vec<u8>]) -> Outcome<f64> {
        let before = server.cpu()?;
        self.send(requests, requests.len())?;
        Ok((server.cpu()? - before) / requests.len() as f64)
    }

    /// Reads one reply.
    fn reply(&mut self) -> Outcome<()> {
        loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(self.read.get(..end).unwrap_or_default()).to_ascii_lowercase();
                if !head.starts_with("http/1.1 2") {
                    return Err(format!("not a success: {}", String::from_utf8_lossy(&self.read)).into());
                }
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(Ok(0), |text| text.trim().parse())?;
                let whole = end + 4 + length;
                while self.read.len() < whole {
                    self.more()?;
                }
                self.read.drain(..whole);
                return Ok(());
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> Outcome<()> {
        let mut buffer = [0; 65_536];
        let read = self.stream.read(&mut buffer)?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        self.read.extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(())
    }
}
