//! A world as a file.

use std::sync::Arc;

use stend_transport::Reply;

use crate::request::{Request, mismatch, shown};

pub(crate) async fn save(request: Request) -> Result<Reply, Reply> {
    request.world_file(request.world()?.save()).await
}

pub(crate) async fn restore(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let (source, control, restored) = (request.source()?, Arc::clone(&request.control), Arc::clone(&world));
    let restore = move || {
        let file = control.library.parse(source, &control.registry).map_err(|diagnostic| shown(&diagnostic))?;
        restored.restore(file.clone()).map_err(|problem| mismatch(&file, problem))
    };
    request.elsewhere(restore).await??;
    request.world_file(world.save()).await
}
