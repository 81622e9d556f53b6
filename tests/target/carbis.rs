//! `STEND_TARGET_CARBIS`, with `_TOKEN`.

use super::Target;

#[tokio::test]
async fn answers_as_specified() {
    let mut target = Target::of("carbis").await;
    look(&mut target).await;
    target.conclude();
}

/// All kept events, and the two refusals.
pub async fn look(target: &mut Target) {
    let token = vec![("token", target.needed("TOKEN", "demo-token"))];
    let all = target.read("events", "/api/v4/events?hash=none", &token).await;
    if let Some(hash) = all.pointer("/data/updates/0/hash").and_then(|hash| hash.as_str()) {
        target.read("events", &format!("/api/v4/events?hash={hash}"), &token).await;
    }
    target.get("events", "/api/v4/events", &token, "400").await;
    target.get("events", "/api/v4/events?hash=none", &[], "401").await;
}
