//! Who may come in: clients, users, tokens (T1, T2).

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::request::Code as Word;
use stend_core::{Shared, Streams, Table, Timestamp, secret};

use crate::errors::{Error, Grant};
use crate::state::State;
use crate::state::settings::{Logout, RefreshTokenUse, RefreshedAccessToken};
use crate::state::time::Moment;

/// An application that may ask for tokens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: String,
    /// Scopes that it may ask for.
    #[serde(default = "teleport")]
    pub scopes: Vec<String>,
}

fn teleport() -> Vec<String> {
    vec![SCOPE.into()]
}

/// The scope of a request that names none.
const SCOPE: &str = "teleport";

/// What a user may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything.
    SeniorOperator,
    /// The machines of the user's groups (T12).
    Operator,
}

impl Role {
    pub(crate) fn id(self) -> i64 {
        match self {
            Self::Admin => 1,
            Self::SeniorOperator => 2,
            Self::Operator => 3,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::SeniorOperator => "senior_operator",
            Self::Operator => "operator",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Admin => "Администратор",
            Self::SeniorOperator => "Старший оператор",
            Self::Operator => "Оператор",
        }
    }
}

/// Somebody with a login.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its id.
    pub id: i64,
    /// The login.
    pub email: String,
    /// The password.
    pub password: String,
    /// The company.
    #[serde(default)]
    pub company_id: i64,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// Position.
    #[serde(default)]
    pub position: Option<String>,
    /// Language, by id.
    #[serde(default)]
    pub language_id: Option<i64>,
    /// Language, ISO 639-1.
    #[serde(default)]
    pub lang: Option<String>,
    /// False: banned, and cannot log in.
    #[serde(default = "yes")]
    pub status: bool,
    /// The last login with a password.
    #[serde(default)]
    pub last_login: Option<Moment>,
    /// Whether a phone number is known.
    #[serde(default)]
    pub phone: bool,
    /// Roles.
    pub roles: Vec<Role>,
    /// Groups of locations whose machines an operator sees.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<i64>,
}

fn yes() -> bool {
    true
}

/// A token that is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The token itself.
    pub token: String,
    /// Whose.
    pub user: i64,
    /// The application's id.
    pub client: String,
    /// What for.
    pub scope: String,
    /// When it ends.
    pub until: Moment,
    /// The refresh token that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
}

/// An authorization code that a client may change for tokens, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The code.
    pub code: String,
    /// Whose.
    pub user: i64,
}

/// The most characters of a parameter of [`TokenRequest`].
const LONGEST: usize = 65_535;

/// The most tokens of a kind that are kept; the oldest go first.
const MOST: usize = 10_000;

/// Everything about access.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) clients: Shared<Vec<Client>>,
    pub(crate) users: Shared<BTreeMap<i64, User>>,
    pub(crate) tokens: Table<String, Token>,
    pub(crate) refreshers: Table<String, Token>,
    pub(crate) codes: Shared<Vec<Code>>,
}

/// The user who sent a request, as far as rules ask.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    pub(crate) user: i64,
    /// The groups whose machines are seen; none: all machines are.
    pub(crate) groups: Option<BTreeSet<i64>>,
    /// When the token ends.
    pub(crate) until: Moment,
}

/// A request for tokens.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TokenRequest {
    grant_type: Option<Word<LONGEST>>,
    client_id: Option<Word<LONGEST>>,
    client_secret: Option<Word<LONGEST>>,
    scope: Option<Word<LONGEST>>,
    username: Option<Word<LONGEST>>,
    password: Option<Word<LONGEST>>,
    refresh_token: Option<Word<LONGEST>>,
    code: Option<Word<LONGEST>>,
    /// Named by the document; nothing is sent there.
    #[expect(dead_code, reason = "a known field that changes nothing")]
    redirect_uri: Option<Word<LONGEST>>,
}

/// A pair of tokens that was given out.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    pub(crate) token_type: &'static str,
    pub(crate) expires_in: i64,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl State {
    /// Gives out a pair of tokens.
    ///
    /// # Errors
    /// What RFC 6749 has for it; nothing has changed then, a refresh token is as good as before.
    pub(crate) fn grant(&mut self, request: &TokenRequest, now: Timestamp) -> Result<Pair, Error> {
        let now = Moment::from(now);
        let lifetime = self.settings.token_lifetime();
        let refresh_lifetime = self.settings.refresh_lifetime();
        let access = &mut self.access;
        let wrong = |grant| Err(Error::Grant(grant));
        let given = |value: &Option<Word<LONGEST>>, name| match value.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => Ok(text.to_owned()),
            None => Err(Error::Grant(Grant::Missing(name))),
        };
        let grant = given(&request.grant_type, "grant_type")?;
        if !matches!(grant.as_str(), "password" | "refresh_token" | "auth_code" | "authorization_code") {
            return wrong(Grant::Unsupported);
        }
        let (id, secret) = (given(&request.client_id, "client_id")?, given(&request.client_secret, "client_secret")?);
        let client = access.clients.iter().find(|client| client.id == id && secret::same(&client.secret, &secret));
        let Some(client) = client else { return wrong(Grant::Client) };
        let scope = request.scope.as_deref().filter(|scope| !scope.is_empty()).unwrap_or(SCOPE).to_owned();
        if !scope.split(' ').all(|one| client.scopes.iter().any(|known| known == one)) {
            return wrong(Grant::Scope);
        }
        let user = match grant.as_str() {
            "password" => {
                let (name, password) = (given(&request.username, "username")?, given(&request.password, "password")?);
                let fits = |user: &&mut User| {
                    user.email.eq_ignore_ascii_case(&name) && secret::same(&user.password, &password)
                };
                let Some(user) = access.users.values_mut().find(fits).filter(|user| user.status) else {
                    return wrong(Grant::Credentials);
                };
                user.last_login = Some(now);
                user.id
            }
            "refresh_token" => {
                let token = given(&request.refresh_token, "refresh_token")?;
                let good = |found: &Token| found.client == id && found.until > now;
                let found = access.refreshers.get(&token).filter(|found| good(found));
                let active = |user: i64| access.users.get(&user).is_some_and(|user| user.status);
                let Some(user) = found.map(|found| found.user).filter(|user| active(*user)) else {
                    return wrong(Grant::Refresh);
                };
                if self.settings.refresh_token_use == RefreshTokenUse::Once {
                    access.refreshers.remove(&token);
                }
                if self.settings.refreshed_access_token == RefreshedAccessToken::Ends {
                    access.tokens.retain(|_, known| known.refresh.as_ref() != Some(&token));
                }
                user
            }
            _ => {
                let code = given(&request.code, "code")?;
                let Some(place) = access.codes.iter().position(|known| secret::same(&known.code, &code)) else {
                    return wrong(Grant::Code);
                };
                access.codes.remove(place).user
            }
        };
        let access_token = access_token(&mut self.random);
        let refresh_token = refresh_token(&mut self.random);
        let token = |token: &str, seconds, refresh| Token {
            token: token.to_owned(),
            user,
            client: id.clone(),
            scope: scope.clone(),
            until: now.after(seconds),
            refresh,
        };
        keep(&mut access.tokens, token(&access_token, lifetime, Some(refresh_token.clone())), now);
        keep(&mut access.refreshers, token(&refresh_token, refresh_lifetime, None), now);
        Ok(Pair { token_type: "Bearer", expires_in: lifetime, access_token, refresh_token })
    }

    /// The user whom an access token belongs to.
    ///
    /// # Errors
    /// No token, or one that is not out (T2).
    pub(crate) fn viewer(&self, bearer: Option<&str>, now: Timestamp) -> Result<Viewer, Error> {
        let token = bearer.and_then(|bearer| self.access.tokens.get(bearer));
        let token = token.filter(|token| token.until.timestamp() > now).ok_or(Error::Unauthenticated)?;
        let user = self.access.users.get(&token.user).filter(|user| user.status).ok_or(Error::Unauthenticated)?;
        let all = user.roles.iter().any(|role| matches!(role, Role::Admin | Role::SeniorOperator));
        Ok(Viewer { user: user.id, groups: (!all).then(|| user.groups.clone()), until: token.until })
    }

    /// Ends an access token, and with it what the settings say.
    pub(crate) fn log_out(&mut self, bearer: &str) {
        let token = self.access.tokens.remove(bearer);
        if let Some(refresh) = token.and_then(|token| token.refresh)
            && self.settings.logout == Logout::BothTokens
        {
            self.access.refreshers.remove(&refresh);
        }
    }
}

/// Keeps a token; what has ended goes when it gets crowded, then what ends first.
fn keep(tokens: &mut Table<String, Token>, token: Token, now: Moment) {
    if tokens.len() >= MOST {
        tokens.retain(|_, token| token.until > now);
    }
    if tokens.len() >= MOST
        && let Some(first) = tokens.values().min_by_key(|token| token.until).map(|token| token.token.clone())
    {
        tokens.remove(&first);
    }
    tokens.insert(token.token.clone(), token);
}

/// As printed: 33 letters, digits, points, dashes and underscores.
fn access_token(random: &mut Streams) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
    let stream = random.get("tokens");
    (0..33).map(|_| char::from(LETTERS[stream.random_range(0..LETTERS.len())])).collect()
}

/// As printed: hex that begins with `def50200`.
fn refresh_token(random: &mut Streams) -> String {
    let stream = random.get("tokens");
    let mut token = String::from("def50200");
    for _ in 0..120 {
        token.push(char::from_digit(stream.random_range(0..16), 16).unwrap_or('0'));
    }
    token
}
