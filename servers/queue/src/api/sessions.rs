//! `login`, `logout`, `info`, and the observed `me`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::ask::{Answer, Ask};
use crate::api::queue::Nothing;
use crate::api::serving::Words;
use crate::errors::Error;
use crate::state::State;
use crate::state::sessions::Login;

/// What the document prints for the modules.
const MODULES: [(&str, &str); 7] = [
    ("common", "1.0.3"),
    ("core", "1.0.5"),
    ("database", "1.0.1"),
    ("jsengine", "1.0.7"),
    ("wssserver", "1.0.6"),
    ("db", "1.0.0"),
    ("hasp", "1023919797"),
];

/// Who logs in, as which component.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    component: Words,
    login: Words,
    password: Option<Words>,
    workplace: Option<i64>,
}

/// A window, which the session names already.
#[derive(Deserialize)]
pub(crate) struct Logout {
    workplace: Option<i64>,
}

/// Opens a session.
pub(crate) fn login(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    let sent: Credentials = ask.read("Login")?;
    let login = Login {
        component: sent.component.to_string(),
        login: sent.login.to_string(),
        password: sent.password.map(|password| password.to_string()),
        workplace: sent.workplace,
    };
    if let Some((workplace, others)) = state.sits_elsewhere(&login) {
        ask.warn(format!("user `{}` logs in at workplace {workplace} while logged in at {others}", login.login))?;
    }
    let (data, token) = state.login(&login, ask.now)?;
    Ok(Answer::Login(data, token))
}

/// Ends the session.
pub(crate) fn logout(ask: &mut Ask<'_, '_>, state: &mut State, at: Logout) -> Result<Answer, Error> {
    if let Some(workplace) = at.workplace {
        state.check_workplace(workplace)?;
        if ask.session()?.workplace != Some(workplace) {
            ask.warn(format!("the session is not at workplace {workplace}; ignored"))?;
        }
    }
    state.logout(ask.session()?, ask.now);
    Ok(Answer::done())
}

/// Versions of the modules, and how many sessions are open.
pub(crate) fn info(_: &mut Ask<'_, '_>, state: &mut State, _: Nothing) -> Result<Answer, Error> {
    let mut data = Map::new();
    for (module, version) in MODULES {
        data.insert(module.into(), json!(version));
    }
    for (module, version) in &state.settings.info {
        data.insert(module.clone(), json!(version));
    }
    data.insert("sessions".into(), json!(state.sessions.len()));
    Ok(Answer::data(Value::Object(data)))
}

/// Who is logged in.
pub(crate) fn me(ask: &mut Ask<'_, '_>, state: &mut State, _: Nothing) -> Result<Answer, Error> {
    Ok(Answer::data(state.me(ask.session()?)))
}
