//! What breaks the WebSocket protocol ends the socket with the code of RFC 6455, by the head of the frame that does (Q9);
//! resets and the end of the process close it with a code of their own.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::client::Client;
use crate::support::Bench;

/// A connection that has shaken hands and says what it likes; nobody is logged in.
async fn bare(bench: &Bench) -> TcpStream {
    let address = bench.url("queue").replace("ws://", "");
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let hello = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(hello.as_bytes()).await.expect("it is sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the handshake"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

/// The frames that come until the connection ends: first byte and payload.
async fn rest(stream: &mut TcpStream) -> Vec<(u8, Vec<u8>)> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    read.expect("the connection ends").expect("without a reset");
    let mut frames = Vec::new();
    let mut rest = bytes.as_slice();
    while let [first, length, more @ ..] = rest {
        let (length, more) = match length {
            126 => (usize::from(u16::from_be_bytes([more[0], more[1]])), &more[2..]),
            short => (usize::from(*short), more),
        };
        frames.push((*first, more[..length].to_vec()));
        rest = &more[length..];
    }
    frames
}

fn close_code(frame: &(u8, Vec<u8>)) -> u16 {
    assert_eq!(frame.0, 0x88, "a close frame: {frame:?}");
    u16::from_be_bytes([frame.1[0], frame.1[1]])
}

/// A masked text; the mask is zeros.
fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}

#[tokio::test]
async fn broken_framing_closes_with_1002_and_text_that_is_not_utf8_with_1007() {
    let bench = Bench::start().await;
    for (bytes, code, what) in [
        // Ten bytes claim 2^40 more, which are never sent.
        (vec![0x89, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002, "a ping of 2^40 bytes"),
        (vec![0x88, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002, "a close of 2^40 bytes"),
        (vec![0x8a, 0xfe, 0, 126], 1002, "a pong of 126 bytes"),
        (vec![0x09, 0x80, 0, 0, 0, 0], 1002, "a ping in fragments"),
        (vec![0x81, 0x02, b'{', b'}'], 1002, "no mask"),
        (vec![0xc1, 0x80, 0, 0, 0, 0], 1002, "a reserved bit"),
        (vec![0x83, 0x80, 0, 0, 0, 0], 1002, "an unknown opcode"),
        (vec![0x80, 0x80, 0, 0, 0, 0], 1002, "a continuation of nothing"),
        (vec![0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009, "a text of 2^40 bytes"),
        (vec![0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1], 1009, "a message of a byte more than the limit"),
        (vec![0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007, "text that is not UTF-8"),
        (vec![0x01, 0x81, 0, 0, 0, 0, 0xd1, 0x80, 0x81, 0, 0, 0, 0, 0x20], 1007, "fragments that are not UTF-8"),
    ] {
        let mut stream = bare(&bench).await;
        // What came before is answered first.
        stream.write_all(&text(r#"{"command": "info", "id": 1}"#)).await.expect("it is sent");
        stream.write_all(&bytes).await.expect("it is sent");
        let frames = rest(&mut stream).await;
        assert_eq!(frames.len(), 2, "{what}: {frames:?}");
        let reply: Value = serde_json::from_slice(&frames[0].1).expect("JSON");
        assert_eq!((&reply["id"], reply["error"]["desc"].as_str()), (&json!(1), Some("Parameter 'token' is required")));
        assert_eq!(close_code(&frames[1]), code, "{what}");
    }
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009_and_one_at_the_limit_is_read() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    let padded = |size: usize| {
        let around = r#"{"command": "info", "data": {"x": ""}}"#.len();
        format!(r#"{{"command": "info", "data": {{"x": "{}"}}}}"#, "x".repeat(size - around))
    };
    client.raw(Message::text(padded(1024 * 1024))).await;
    assert_eq!(client.frame().await["error"]["desc"], "Parameter 'token' is required");
    client.raw(Message::text(padded(1024 * 1024 + 1))).await;
    let Some(Message::Close(Some(close))) = client.message().await else { panic!("no close") };
    assert_eq!((close.code, close.reason.as_str()), (CloseCode::Size, "message too large"));
}

#[tokio::test]
async fn a_reset_closes_with_1012_and_the_end_of_the_process_with_1001() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    client.data("subscribeServices", json!({})).await;
    bench.steer(reqwest::Method::POST, "/worlds/default/reset", Value::Null).await;
    let Some(Message::Close(Some(close))) = client.message().await else { panic!("no close") };
    assert_eq!(close.code, CloseCode::Restart);
    let mut last = Client::admin(&bench).await;
    last.data("subscribeServices", json!({})).await;
    bench.stop().await;
    let Some(Message::Close(Some(close))) = last.message().await else { panic!("no close") };
    assert_eq!(close.code, CloseCode::Away);
}
