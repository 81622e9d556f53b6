//! `GET /v2/requisites` and `GET /v2/me`.

use serde::Serialize;
use stend_transport::Reply;

use crate::api::request::Request;
use crate::api::{Cx, Nothing};
use crate::errors::Error;
use crate::state::State;
use crate::state::access::{Role, User};
use crate::state::company::{Provider, Requisite};
use crate::state::time::default_zone;

#[derive(Serialize)]
struct Entity<'a> {
    id: i64,
    title: &'a str,
    title_short: &'a str,
    addr_legal: &'a str,
    addr_fact: &'a str,
    inn: &'a str,
    kpp: &'a str,
    provider: Option<Provider>,
}

impl<'a> From<&'a Requisite> for Entity<'a> {
    fn from(one: &'a Requisite) -> Self {
        Self {
            id: one.id,
            title: &one.title,
            title_short: &one.title_short,
            addr_legal: &one.addr_legal,
            addr_fact: &one.addr_fact,
            inn: &one.inn,
            kpp: &one.kpp,
            provider: one.provider,
        }
    }
}

/// All legal entities of the company.
pub(crate) fn requisites(state: &mut State, _: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let all: Vec<Entity<'_>> = state.requisites.values().map(Entity::from).collect();
    Ok(Reply::ok(&all))
}

#[derive(Serialize)]
struct Me<'a> {
    id: i64,
    company_id: i64,
    first_name: &'a str,
    last_name: &'a str,
    position: Option<&'a str>,
    email: &'a str,
    language_id: Option<i64>,
    lang: Option<&'a str>,
    status: bool,
    last_login: Option<String>,
    phone: bool,
    roles: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    id: i64,
    name: &'static str,
    title: &'static str,
}

impl<'a> From<&'a User> for Me<'a> {
    fn from(user: &'a User) -> Self {
        let named = |role: &Role| Named { id: role.id(), name: role.name(), title: role.title() };
        Self {
            id: user.id,
            company_id: user.company_id,
            first_name: &user.first_name,
            last_name: &user.last_name,
            position: user.position.as_deref(),
            email: &user.email,
            language_id: user.language_id,
            lang: user.lang.as_deref(),
            status: user.status,
            last_login: user.last_login.map(|at| at.naive(&default_zone())),
            phone: user.phone,
            roles: user.roles.iter().map(named).collect(),
        }
    }
}

/// The user whom the token belongs to.
pub(crate) fn me(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let user = state.access.users.get(&cx.viewer.user).ok_or(Error::Unauthenticated)?;
    Ok(Reply::ok(&Me::from(user)))
}
