//! `GET /notes` over the network.

use std::net::TcpListener;
use std::sync::Arc;

use serde_json::{Value, json};
use stend_@name@::@Name@;
use stend_core::{Node, Registry, WorldFile, Worlds};
use stend_proves::proves;
use stend_transport::{Front, HttpSite, Listener, Tuning, serve};

#[proves("@NAME@-001")]
#[tokio::test]
async fn a_note_that_is_left_is_listed_first() {
    let worlds = Arc::new(Worlds::new(Registry::new().with::<@Name@>(), WorldFile::default()).unwrap());
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/notes", socket.local_addr().unwrap());
    let listeners = vec![Listener { site: HttpSite::<@Name@>::at(0), socket }];
    let server = serve(Arc::clone(&worlds), listeners, Front::default(), Tuning { workers: 1 }).unwrap();
    for text in ["Hello", "Good-bye"] {
        let left = worlds.default_world().act("@name@.leave_note", &Node::from_json(&json!({ "text": text })));
        left.unwrap_or_else(|problem| panic!("{problem}"));
    }
    let get = async |query: &str| {
        let answer = reqwest::get(format!("{url}{query}")).await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, all) = get("").await;
    let texts: Vec<&Value> = all["notes"].as_array().unwrap().iter().map(|note| &note["text"]).collect();
    assert_eq!((status, texts), (200, vec![&json!("Good-bye"), &json!("Hello")]));
    let (status, none) = get("?limit=0").await;
    assert_eq!((status, none), (200, json!({ "notes": [] })));
    let (status, error) = get("?limit=few").await;
    assert_eq!((status, error), (400, json!({ "error": "limit 'few' is not a number from 0 to 65535" })));
    server.stop().await;
}
