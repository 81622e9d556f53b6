//! The limit: a bare actix-web handler that returns the bytes of a file, as cheaply as actix can.
//!
//! `bare PORT PATH FILE [WORKERS]`: one route. A POST is read to its end before it is answered.

use actix_web::{App, HttpResponse, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(port), Some(path), Some(file)) = (args.next(), args.next(), args.next()) else {
        return Err(std::io::Error::other("usage: bare PORT PATH FILE [WORKERS]"));
    };
    let port: u16 = port.parse().map_err(std::io::Error::other)?;
    let workers: usize = args.next().map_or(Ok(1), |text| text.parse()).map_err(std::io::Error::other)?;
    let body = web::Bytes::from(std::fs::read(file)?);
    HttpServer::new(move || {
        let answer = {
            let body = body.clone();
            move || HttpResponse::Ok().content_type("application/json").body(body.clone())
        };
        let got = answer.clone();
        let get = move || {
            let reply = got();
            async move { reply }
        };
        let post = move |sent: web::Bytes| {
            drop(sent);
            let reply = answer();
            async move { reply }
        };
        App::new().service(web::resource(&path).route(web::get().to(get)).route(web::post().to(post)))
    })
    .workers(workers)
    .bind(("127.0.0.1", port))?
    .shutdown_timeout(0)
    .run()
    .await
}
