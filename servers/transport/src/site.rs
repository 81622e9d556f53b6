//! What answers on one port.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use stend_core::{World, Worlds};
use tokio::sync::watch;

use crate::codec::Refused;

/// A request that has come in, its body still unread.
pub struct Arrival {
    /// The request.
    pub request: HttpRequest,
    /// Its body.
    pub payload: web::Payload,
    /// All worlds.
    pub worlds: Arc<Worlds>,
    /// The world that is asked for where the path names none; `None` is the default one.
    pub world: Option<String>,
    /// Becomes true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// What answers on one port: a service, or the control API.
pub trait Site: Send + Sync + 'static {
    /// The word for its URL in the ready file: a service's name, or `control`.
    fn name(&self) -> &'static str;

    /// Answers a request without a body for which nothing has to be waited for; `None` leaves it to [`Site::answer`].
    fn answer_at_once(&self, _request: &HttpRequest, _worlds: &Worlds) -> Option<HttpResponse> {
        None
    }

    /// Answers.
    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>>;
}

/// The world that a path names, and the rest of the path: `/w/w1/v2/me` is `/v2/me` in `w1`. A path without a world is for
/// the one that is `named` otherwise, else for the default one.
///
/// # Errors
/// There is no such world.
pub(crate) fn split_world<'p>(
    worlds: &Worlds,
    named: Option<&str>,
    path: &'p str,
) -> Result<(Arc<World>, &'p str), Refused> {
    let (id, rest) = match (path.strip_prefix("/w/"), named) {
        (None, None) => return Ok((Arc::clone(worlds.default_world()), path)),
        (None, Some(named)) => (named, path),
        (Some(rest), _) => match rest.find('/') {
            Some(end) => rest.split_at(end),
            None => (rest, "/"),
        },
    };
    let world = worlds.get(id).map_err(|problem| {
        let hint = problem.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        Refused::World(format!("{}{hint}", problem.message))
    })?;
    Ok((world, rest))
}
