//! `STEND_TARGET_QUEUE` (a `ws://` or `wss://` URL), with `_LOGIN`, `_PASSWORD` (the MD5 that is sent) and `_WORKPLACE`.

use serde_json::{Value, json};
use stend_core::journal::Channel;

use super::Target;
use super::tls::Authority;
use crate::queue::client::{Client, PASSWORD};

/// The books of the document.
const BOOKS: [&str; 11] = [
    "operation",
    "service",
    "ticketRange",
    "workplace",
    "userRole",
    "user",
    "qBoard",
    "scoreBoard",
    "registrator",
    "consumer",
    "consumerPreRegistered",
];

#[tokio::test]
async fn answers_as_specified() {
    let mut target = Target::of("queue").await;
    look(&mut target).await;
    target.conclude();
}

/// A connection to the target.
pub async fn connect(target: &Target) -> Result<Client, String> {
    let authority = Authority::of(target)?;
    let url = format!("{}/", target.base);
    Client::over(&url, authority.connector()).await.map_err(|error| authority.explained(&url, &error.to_string()))
}

/// The books, whole and one of each; subscriptions, which end with the socket; the queue of the window.
pub async fn look(target: &mut Target) {
    let mut client = connect(target).await.unwrap_or_else(|error| panic!("{error}"));
    let workplace: i64 = target.needed("WORKPLACE", "18").parse().expect("the number of a workplace");
    let login = target.needed("LOGIN", "admin");
    let wish = json!({
        "component": "workplace", "login": login, "password": target.needed("PASSWORD", PASSWORD), "workplace": workplace
    });
    let reply = client.login(wish).await;
    target.frame("login", &reply);
    target.command(&mut client, "info", json!({})).await;
    for book in BOOKS {
        let (first, rest) = book.split_at(1);
        let title = format!("{}{rest}", first.to_uppercase());
        let list = target.command(&mut client, &format!("{book}List"), json!({})).await;
        let list = match &list {
            Value::Object(map) => map.values().find(|value| value.is_array()).cloned().unwrap_or_default(),
            list => list.clone(),
        };
        let get = format!("get{title}");
        match list[0].get("id") {
            Some(id) => {
                target.command(&mut client, &get, json!({ "id": id })).await;
            }
            // Nothing is in it, which a book may well be.
            None if target.bench.is_some() => {}
            None => target.note(&get, &format!("{book}List is empty")),
        }
        target.command(&mut client, &format!("subscribe{title}s"), json!({})).await;
        target.command(&mut client, &format!("unsubscribe{title}s"), json!({})).await;
    }
    target.command(&mut client, "postponeDelay", json!({})).await;
    target.command(&mut client, "currentQueue", json!({ "workplace": workplace })).await;
}

impl Target {
    /// Sends a command that must succeed; gives its data.
    async fn command(&mut self, client: &mut Client, command: &str, data: Value) -> Value {
        let reply = client.ask(command, data).await;
        let status = self.frame(command, &reply);
        self.expect(command, "200", status, reply.to_string().as_bytes());
        reply["data"].clone()
    }

    fn frame(&mut self, command: &str, reply: &Value) -> u16 {
        let status = if reply.get("error").is_some() { 400 } else { 200 };
        self.judge(command, Channel::Frame, status, reply.to_string().as_bytes());
        status
    }
}
