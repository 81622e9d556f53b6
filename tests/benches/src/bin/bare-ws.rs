//! A bare actix-ws server: whatever text comes on a socket, the bytes of a file go to all sockets, or back to the one
//! that sent it, and nothing else happens.
//!
//! `bare-ws PORT FILE all|back`: one worker.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actix_ws::{Message, Session};
use bytestring::ByteString;

type Sessions = Rc<RefCell<Vec<Session>>>;

/// What is sent, and whether to all.
#[derive(Clone)]
struct Word {
    text: ByteString,
    to_all: bool,
}

async fn socket(
    request: HttpRequest,
    payload: web::Payload,
    sessions: web::Data<Sessions>,
    word: web::Data<Word>,
) -> actix_web::Result<HttpResponse> {
    let (response, mut session, mut messages) = actix_ws::handle(&request, payload)?;
    let (sessions, Word { text, to_all }) = (Rc::clone(&sessions), Word::clone(&word));
    sessions.borrow_mut().push(session.clone());
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.recv().await {
            if let Message::Text(_) = message {
                if !to_all {
                    let _ = session.text(text.clone()).await;
                    continue;
                }
                let all: Vec<Session> = sessions.borrow().clone();
                for mut session in all {
                    let _ = session.text(text.clone()).await;
                }
            }
        }
    });
    Ok(response)
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(port), Some(file), Some(bound)) = (args.next(), args.next(), args.next()) else {
        return Err(std::io::Error::other("usage: bare-ws PORT FILE all|back"));
    };
    let word = Word { text: std::fs::read_to_string(file)?.into(), to_all: bound == "all" };
    HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(Sessions::default()))
            .app_data(web::Data::new(word.clone()))
            .default_service(web::to(socket))
    })
    .workers(1)
    .shutdown_timeout(0)
    .bind(format!("127.0.0.1:{port}"))?
    .run()
    .await
}
