//! A client over one connection that sends one request after the other. Several at once would be cheaper for the
//! server, and slower: what it writes second waits in its socket until what it wrote first is acknowledged.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Outcome;
use crate::process::Process;

/// One open connection.
pub(crate) struct Client {
    stream: TcpStream,
    host: String,
    read: Vec<u8>,
}

impl Client {
    /// Connects to the host of a URL.
    pub(crate) fn connect(url: &str) -> Outcome<Self> {
        let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream, host, read: Vec::new() })
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
        for request in requests.iter().cycle().take(count) {
            self.stream.write_all(request)?;
            self.reply()?;
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
