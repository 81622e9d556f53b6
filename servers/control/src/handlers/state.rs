//! A world as a file.

use stend_transport::Reply;

use crate::request::{Request, mismatch, shown};

pub(crate) async fn save(request: Request) -> Result<Reply, Reply> {
    let file = request.world()?.save().to_json();
    request.document(&file)
}

pub(crate) async fn restore(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let control = &request.control;
    let file = control.library.parse(request.source()?, &control.registry).map_err(|diagnostic| shown(&diagnostic))?;
    world.restore(file.clone()).map_err(|problem| mismatch(&file, problem))?;
    Ok(Reply::ok(&world.save().to_json()))
}
