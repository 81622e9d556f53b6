//! A world as a file.

use stend_web::{Reply, StatusCode, header};

use crate::request::{Request, shown, wrong};

pub(crate) async fn save(request: Request) -> Result<Reply, Reply> {
    let file = request.world()?.save().to_json();
    if !request.wants_yaml() {
        return Ok(Reply::ok(&file));
    }
    let yaml =
        serde_saphyr::to_string(&file).map_err(|error| wrong(stend_core::Problem::invalid(error.to_string())))?;
    Ok(Reply::new(StatusCode::OK, header::HeaderValue::from_static("application/yaml"), yaml))
}

pub(crate) async fn restore(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let control = &request.control;
    let file = control.library.parse(request.source()?, &control.registry).map_err(|diagnostic| shown(&diagnostic))?;
    world.restore(file).map_err(wrong)?;
    Ok(Reply::ok(&world.save().to_json()))
}
