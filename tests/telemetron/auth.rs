//! Tokens: given, used, refreshed, ended (T1, T2); and what an operator sees (T12).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use crate::support::{Bench, NOON};

const WISH: [(&str, &str); 5] = [
    ("grant_type", "password"),
    ("client_id", "client-key"),
    ("client_secret", "client-secret"),
    ("username", "me@example.com"),
    ("password", "123456"),
];

#[proves("TM-033", "TM-043", "TM-044", "TM-046", "T1")]
#[tokio::test]
async fn parameters_come_as_json_query_or_form_with_and_without_the_slash() {
    let bench = Bench::start().await;
    let url = bench.url("telemetron");
    for path in ["/auth", "/auth/"] {
        let json: Value =
            WISH.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into();
        let form = WISH.map(|(key, value)| format!("{key}={}", value.replace('@', "%40"))).join("&");
        let post = |query: &str| bench.client.post(format!("{url}{path}{query}"));
        let requests = [
            post("").json(&json),
            post(&format!("?{form}")),
            post("").header("content-type", "application/x-www-form-urlencoded").body(form.clone()),
            // What `curl -d` sends when nobody names the type.
            post("").header("content-type", "application/x-www-form-urlencoded").body(json.to_string()),
        ];
        for request in requests {
            let answer = bench.send(request).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let pair = answer.json();
            let keys: Vec<&String> = pair.as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["token_type", "expires_in", "access_token", "refresh_token"]);
        }
    }
}

#[proves("TM-003", "TM-047", "TM-053", "TM-059", "T2")]
#[tokio::test]
async fn a_token_ends_by_the_world_s_clock_and_a_refresh_token_works_once() {
    let bench = Bench::start().await;
    let mut api = Api::with(&bench, "w", NOON, &json!({})).await;
    let pair = api.log_in("me@example.com").await;
    assert_eq!(pair["expires_in"], 86400);
    api.advance("23h59m59s").await;
    api.get("/v2/me").await;
    api.advance("1s").await;
    let answer = api.send(Method::GET, "/v2/me", Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (401, json!({"message": "Unauthenticated."})));
    assert_eq!(answer.headers["www-authenticate"], "Bearer");

    let refresh = json!({
        "grant_type": "refresh_token", "refresh_token": pair["refresh_token"], "client_id": "client-key",
        "client_secret": "client-secret"
    });
    // Another client's secret does not spend it.
    let mut wrong = refresh.clone();
    wrong["client_secret"] = json!("wrong");
    assert_eq!(api.expect(400, Method::POST, "/auth/", wrong).await["error"], "invalid_client");
    let next = api.expect(200, Method::POST, "/auth/", refresh.clone()).await;
    let again = api.expect(400, Method::POST, "/auth/", refresh).await;
    assert_eq!(again["error"], "invalid_grant");
    api.bear(next["access_token"].as_str().expect("a token"));
    api.get("/v2/me").await;
}

#[proves("TM-058", "T2")]
#[tokio::test]
async fn logout_ends_the_token() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    assert_eq!(api.get("/logout").await, json!({"bye": "bye"}));
    api.expect(401, Method::GET, "/v2/me", Value::Null).await;
    api.expect(401, Method::GET, "/logout", Value::Null).await;
}

#[proves("TM-037", "TM-038", "TM-039", "TM-041", "TM-042", "TM-048", "TM-049", "T1")]
#[tokio::test]
async fn what_cannot_be_granted_is_a_400_with_the_standard_s_word() {
    let bench = Bench::start().await;
    let api = Api::world(&bench, "w", NOON, &json!({})).await;
    let good: Value =
        WISH.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into();
    for (key, value, error) in [
        ("grant_type", json!(null), "invalid_request"),
        ("grant_type", json!("client_credentials"), "unsupported_grant_type"),
        ("client_id", json!(null), "invalid_request"),
        ("client_id", json!("nobody"), "invalid_client"),
        ("client_secret", json!("wrong"), "invalid_client"),
        ("username", json!(null), "invalid_request"),
        ("username", json!("nobody@example.com"), "invalid_grant"),
        ("password", json!(null), "invalid_request"),
        ("password", json!("wrong"), "invalid_grant"),
        ("scope", json!("everything"), "invalid_scope"),
    ] {
        let mut wish = good.clone();
        wish[key] = value.clone();
        let body = api.expect(400, Method::POST, "/auth/", wish).await;
        assert_eq!(body["error"], error, "{key} {value}");
        assert_eq!(body["message"], body["error_description"]);
    }
    let mut refresh = good;
    refresh["grant_type"] = json!("refresh_token");
    let body = api.expect(400, Method::POST, "/auth/", refresh).await;
    assert_eq!(body["error"], "invalid_request", "a refresh without its token");
    let state = api.state().await;
    assert!(state["telemetron"].get("tokens").is_none(), "nothing was given out");
}

#[proves("TM-036", "TM-045")]
#[tokio::test]
async fn an_authorization_code_is_good_for_one_pair() {
    let bench = Bench::start().await;
    let mut api = Api::world(&bench, "w", NOON, &json!({"codes": [{"code": "c0de", "user": 496}]})).await;
    let wish =
        json!({"grant_type": "auth_code", "client_id": "client-key", "client_secret": "client-secret", "code": "c0de"});
    let pair = api.expect(200, Method::POST, "/auth/", wish.clone()).await;
    assert_eq!(api.expect(400, Method::POST, "/auth/", wish).await["error"], "invalid_grant");
    api.bear(pair["access_token"].as_str().expect("a token"));
    assert_eq!(api.get("/v2/me").await["id"], 496);
}

#[proves("TM-104")]
#[tokio::test]
async fn a_banned_user_is_not_let_in() {
    let bench = Bench::start().await;
    let user = json!({"id": 1, "email": "me@example.com", "password": "123456", "roles": ["admin"], "status": false});
    let api = Api::world(&bench, "w", NOON, &json!({"users": [user]})).await;
    let wish: Value =
        WISH.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into();
    api.expect(400, Method::POST, "/auth/", wish).await;
}

#[proves("TM-002", "TM-003", "TM-004")]
#[tokio::test]
async fn everything_under_v2_wants_a_bearer() {
    let bench = Bench::start().await;
    let mut api = Api::documented(&bench).await;
    let kinds = stend::registry::services();
    let (_, kind) = kinds.find("telemetron").expect("the house");
    for bearer in ["", "wrong"] {
        api.bear(bearer);
        for operation in kind.operations().iter().filter(|operation| operation.id != "token") {
            let path = operation.path.expect("a path").replace("{vm_id}", "123").replace("{id}", "123");
            let path = path.replace("{code}", "D54").replace("{component_id}", "1");
            let method: Method = operation.method.expect("a method").parse().expect("a method");
            let body = api.expect(401, method, &path, Value::Null).await;
            assert_eq!(body, json!({"message": "Unauthenticated."}), "{path}");
        }
    }
}

#[proves("TM-110", "TM-114", "TM-127", "TM-129", "TM-141", "TM-361", "TM-406", "TM-554", "T12")]
#[tokio::test]
async fn an_operator_sees_the_machines_of_the_groups_and_what_belongs_to_them() {
    let bench = Bench::start().await;
    let mut api = Api::documented(&bench).await;
    let ids = |list: &Value| -> Vec<i64> {
        list.as_array().expect("a list").iter().map(|one| one["id"].as_i64().expect("an id")).collect()
    };
    assert_eq!(ids(&api.get("/v2/vending_machines").await), [123, 928, 929, 9759, 10042, 13979]);
    api.act("telemetron.sell", json!({"machine": 123, "layout": "1"})).await;
    api.act("telemetron.sell", json!({"machine": 929, "layout": "11"})).await;
    api.act("telemetron.collect", json!({"machine": 929})).await;
    assert_eq!(api.get("/v2/stats/vends/summary").await, json!([{"number": 2, "value": 8000}]));
    assert_eq!(api.get("/v2/reports/collections").await.as_array().map(Vec::len), Some(1));

    api.log_in("operator@example.com").await;
    assert_eq!(ids(&api.get("/v2/vending_machines").await), [123]);
    assert_eq!(ids(&api.get("/v2/modems").await), [123]);
    assert_eq!(ids(&api.get("/v2/locations").await), [123]);
    assert_eq!(api.get("/v2/stats/vends/summary").await, json!([{"number": 1, "value": 2000}]));
    assert_eq!(api.get("/v2/reports/collections").await, json!([]));
    assert_eq!(api.get("/v2/stats/crt").await.as_array().map(Vec::len), Some(1));
    for path in ["/v2/vending_machines/929", "/v2/vending_machines/929/loading", "/v2/vending_machines/929/events"] {
        let body = api.expect(404, Method::GET, path, Value::Null).await;
        assert_eq!(body, json!({"message": "Vending machine not found"}));
    }
    api.expect(404, Method::GET, "/v2/modems/929", Value::Null).await;
    api.expect(422, Method::GET, "/v2/stats/crt?vm_id=929", Value::Null).await;
}

#[proves("TM-040")]
#[tokio::test]
async fn without_a_scope_it_is_teleport() {
    let bench = Bench::start().await;
    let clients = json!([{"id": "client-key", "secret": "client-secret", "scopes": ["cabinet"]}]);
    let api = Api::world(&bench, "w", NOON, &json!({"clients": clients})).await;
    let mut wish: Value =
        WISH.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into();
    // A client that may not have the usual scope is refused it, named or not.
    for scope in [json!(null), json!("teleport"), json!("")] {
        wish["scope"] = scope;
        assert_eq!(api.expect(400, Method::POST, "/auth/", wish.clone()).await["error"], "invalid_scope");
    }
    wish["scope"] = json!("cabinet");
    api.expect(200, Method::POST, "/auth/", wish).await;
}

#[proves("TM-128", "TM-130", "T12")]
#[tokio::test]
async fn a_senior_operator_sees_all_and_an_operator_without_groups_nothing() {
    let bench = Bench::start().await;
    let user =
        |id: i64, email: &str, role: &str| json!({"id": id, "email": email, "password": "123456", "roles": [role]});
    let own = json!({
        "users": [user(1, "me@example.com", "senior_operator"), user(2, "other@example.com", "operator")],
        "locations": [{"id": 1, "name": "Холл", "address": "А", "group_id": 1}],
        "machines": [{"id": 1, "name": "А", "location_id": 1}, {"id": 2, "name": "Б"}]
    });
    let mut api = Api::with(&bench, "w", NOON, &own).await;
    assert_eq!(api.get("/v2/vending_machines").await.as_array().map(Vec::len), Some(2));
    api.log_in("other@example.com").await;
    assert_eq!(api.get("/v2/vending_machines").await, json!([]));
    assert_eq!(api.get("/v2/stats/vends/summary").await, json!([{"number": 0, "value": 0}]));
}
