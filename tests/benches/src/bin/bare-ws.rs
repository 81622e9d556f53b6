//! A bare actix-ws server: whatever text comes on a socket, the given bytes go to all the others, and nothing else
//! happens.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actix_ws::{Message, Session};
use bytestring::ByteString;

type Sessions = Rc<RefCell<Vec<Session>>>;

async fn socket(
    request: HttpRequest,
    payload: web::Payload,
    sessions: web::Data<Sessions>,
    text: web::Data<ByteString>,
) -> actix_web::Result<HttpResponse> {
    let (response, session, mut messages) = actix_ws::handle(&request, payload)?;
    let (sessions, text) = (Rc::clone(&sessions), ByteString::clone(&text));
    sessions.borrow_mut().push(session);
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.recv().await {
            if let Message::Text(_) = message {
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
    let (port, file) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let text = ByteString::from(std::fs::read_to_string(file)?);
    HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(Sessions::default()))
            .app_data(web::Data::new(text.clone()))
            .default_service(web::to(socket))
    })
    .workers(1)
    .bind(format!("127.0.0.1:{port}"))?
    .run()
    .await
}
