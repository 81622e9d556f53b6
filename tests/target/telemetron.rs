//! `STEND_TARGET_TELEMETRON`, with `_CLIENT`, `_SECRET`, `_USER` and `_PASSWORD`.

use serde_json::{Value, json};

use super::Target;
use crate::specs::contract;

#[tokio::test]
async fn answers_as_specified() {
    let mut target = Target::of("telemetron").await;
    look(&mut target).await;
    target.conclude();
}

/// Every operation of the specification that only reads; ids are taken from the lists.
pub async fn look(target: &mut Target) {
    let wish = json!({
        "grant_type": "password", "scope": "teleport",
        "client_id": target.needed("CLIENT", "client-key"), "client_secret": target.needed("SECRET", "client-secret"),
        "username": target.needed("USER", "me@example.com"), "password": target.needed("PASSWORD", "123456"),
    });
    let pair = target.post("token", "/auth/", wish).await;
    let token = pair["access_token"].as_str().unwrap_or_default();
    let bearer = vec![("authorization", format!("Bearer {token}"))];
    let contract = contract::of("telemetron").expect("a specification");
    // A log-out would end the token of all that follows.
    let reads = contract.operations().filter(|(_, method, id)| *method == "get" && *id != "logout");
    let (lists, singles): (Vec<_>, Vec<_>) = reads.partition(|(path, ..)| !path.contains('{'));
    let mut ids: Vec<(&str, Value)> = Vec::new();
    for (path, _, id) in lists {
        let list = target.read(id, path, &bearer).await;
        ids.push((path, list[0]["id"].clone()));
    }
    for (path, _, id) in singles {
        match filled(path, &ids) {
            // Whether there is such a report, request or code is the system's own affair.
            Ok(filled) => {
                target.get(id, &filled, &bearer, "200 or 404").await;
            }
            Err(list) => target.note(id, &format!("{list} is empty")),
        }
    }
    target.get("me", "/v2/me", &[], "401").await;
    target.get("vending_machine", "/v2/vending_machines/999999999", &bearer, "404").await;
}

/// A path with what stands in its braces: the first thing of the list before it.
fn filled(path: &str, ids: &[(&str, Value)]) -> Result<String, String> {
    let mut done = String::new();
    for part in path.split('/').skip(1) {
        let value = match part {
            "{code}" => "D54".to_owned(),
            _ if !part.starts_with('{') => part.to_owned(),
            _ if done.ends_with("/reports") => "last".to_owned(),
            _ if done.ends_with("/request") => "1".to_owned(),
            _ => {
                let (_, id) = ids.iter().find(|(list, _)| *list == done).ok_or_else(|| done.clone())?;
                if id.is_null() {
                    return Err(done);
                }
                id.to_string()
            }
        };
        done = format!("{done}/{value}");
    }
    Ok(done)
}

#[test]
fn paths_are_filled_from_lists() {
    let ids = [("/v2/vending_machines", json!(123)), ("/v2/modems", Value::Null)];
    assert_eq!(filled("/v2/vending_machines/{id}/loading", &ids), Ok("/v2/vending_machines/123/loading".into()));
    let report = filled("/v2/vending_machines/{vm_id}/reports/{id}", &ids);
    assert_eq!(report, Ok("/v2/vending_machines/123/reports/last".into()));
    assert_eq!(filled("/v2/reports/errors/{code}", &ids), Ok("/v2/reports/errors/D54".into()));
    assert_eq!(filled("/v2/modems/{id}", &ids), Err("/v2/modems".into()));
}
