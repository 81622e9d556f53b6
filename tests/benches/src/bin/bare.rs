//! The limit: a bare actix-web handler that returns the bytes of a file, as cheaply as actix can.
//!
//! `bare PORT PATH FILE`: one worker, one route.

use actix_web::{App, HttpResponse, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(port), Some(path), Some(file)) = (args.next(), args.next(), args.next()) else {
        return Err(std::io::Error::other("usage: bare PORT PATH FILE"));
    };
    let port: u16 = port.parse().map_err(std::io::Error::other)?;
    let body = web::Bytes::from(std::fs::read(file)?);
    HttpServer::new(move || {
        let body = body.clone();
        let handler = move || {
            let body = body.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(body) }
        };
        App::new().route(&path, web::get().to(handler))
    })
    .workers(1)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
