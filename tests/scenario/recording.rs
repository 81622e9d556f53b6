//! A session with sockets, by a clock that runs, as a scenario.

use reqwest::Method;
use serde_json::{Value, json};
use stend::Config;
use stend_core::{ClockSetting, NewWorld, Source};
use stend_scenario::{Options, Reach, Report, Silent, Speed, load, play, pretty};
use tokio_tungstenite::tungstenite::Message;

use crate::queue::client::Client;
use crate::support::{Bench, NOON};

async fn recording(bench: &Bench) -> Value {
    let answer = bench.steer(Method::GET, "/worlds/default/recording", Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Plays a recorded text in a process of its own.
async fn played(text: &str) -> Report {
    let running = stend::start(Config { workers: Some(1), ..Config::default() }).await.unwrap();
    let (registry, library) = (stend::registry::services(), stend::library());
    let scenario = load(Source::new("recorded.yaml", text), None, &library, &registry)
        .unwrap_or_else(|wrong| panic!("{}\n{text}", wrong.iter().map(ToString::to_string).collect::<String>()));
    let world = running.worlds.create(NewWorld { id: Some("p".into()), ..NewWorld::default() }).unwrap();
    let reach: Reach = running.urls.iter().map(|(name, url)| (name.clone(), format!("{url}/w/p"))).collect();
    let options = Options { speed: Speed::Max, seed: None, start: NOON.parse().unwrap() };
    let report = play(&scenario, &world, &reach, &options, &Silent).await.unwrap();
    running.stop().await;
    report
}

/// Something of all four services, with what is odd.
async fn session(bench: &Bench) {
    let mut clerk = Client::operator(bench).await;
    clerk.ask("subscribeCurrentQueue", json!({"workplace": 11})).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    clerk.ask("nextConsumer", json!({"workplace": 11})).await;
    clerk.raw(Message::text("{not json")).await;
    let mut terminal = Client::terminal(bench).await;
    terminal.ask("registrateConsumer", json!({"services": [5]})).await;
    terminal.ask("noSuchCommand", json!({"${x}": "${y}"})).await;
    clerk.ask("serveConsumer", json!({"workplace": 11})).await;

    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let feed = format!("{}/api/v4/events?hash=none", bench.url("carbis"));
    bench.send(bench.client.get(&feed).header("token", "demo-token")).await;
    bench.send(bench.client.get(&feed)).await;

    let auth = format!("{}/auth/", bench.url("telemetron"));
    let form = "grant_type=password&client_id=client-key&client_secret=client-secret&username=me%40example.com&password=123456";
    let login = bench.client.post(&auth).header("content-type", "application/x-www-form-urlencoded").body(form);
    let token = bench.send(login).await.json()["access_token"].as_str().unwrap().to_owned();
    bench.act("telemetron.sell", json!({"machine": 123, "layout": "2"})).await;
    let sums = format!("{}/v2/vending_machines/123/stats/vends/summary", bench.url("telemetron"));
    bench.send(bench.client.get(&sums).bearer_auth(&token)).await;

    bench.act("tillypad.open_day", json!({"division": "274013BE-AA55-294F-ADC6-99DE44BEA4E1"})).await;
    let bill = json!({
        "gest_Name": "W-1", "gest_dvsn_ID": "274013BE-AA55-294F-ADC6-99DE44BEA4E1", "gest_Comment": "${not a placeholder}",
        "orders": [{"orderItems": [{"orit_mitm_ID": "708E39BB-F1E6-E546-B7A2-4568A30B3FA4", "orit_Count": 1.50, "orit_Price": 480}]}]
    });
    let post = bench.client.post(format!("{}/post-guest", bench.url("tillypad")));
    let id = bench.send(post.json(&bill)).await.json()["gest_ID"].as_str().unwrap().to_owned();
    bench.send(bench.client.get(format!("{}/get-guest?guest-id={id}", bench.url("tillypad")))).await;

    for fault in [
        json!({"match": {"fake": "carbis"}, "truncate": 50, "times": 1}),
        json!({"match": {"fake": "carbis"}, "reset": true, "times": 1}),
        json!({"match": {"fake": "carbis"}, "garbage": 40, "times": 1}),
    ] {
        let answer = bench.steer(Method::POST, "/worlds/default/faults", fault).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let sent = bench.client.get(&feed).header("token", "demo-token").send().await;
        if let Ok(reply) = sent {
            let _ = reply.bytes().await;
        }
    }
}

#[tokio::test]
async fn a_session_by_a_running_clock_plays_again() {
    for clock in [ClockSetting::default(), ClockSetting::scaled(60.0, Some(NOON.parse().unwrap()))] {
        let bench = Bench::with(Config { clock: Some(clock), seed: Some(77), ..Config::default() }).await;
        session(&bench).await;
        let recorded = recording(&bench).await;
        let text = recorded["scenario"].as_str().unwrap();
        let notes = recorded["notes"].to_string();
        for note in ["that is no command is left out", "pushes are not compared"] {
            assert!(notes.contains(note), "{notes}");
        }
        assert!(!text.contains("orders:\n    - guid"), "what is documented is not written out:\n{text}");
        let report = played(text).await;
        assert!(report.passed, "{}\n{text}", pretty(&report, false));
        assert_eq!(report.steps.len() as u64, recorded["steps"].as_u64().unwrap());

        // Every answer counts.
        for (answer, other) in [
            ("waiter_call", "waiter_cal"),
            ("H001", "H002"),
            ("value: 3500", "value: 3501"),
            ("orit_Price: 480", "orit_Price: 481"),
        ] {
            let at = text.rfind(answer).unwrap_or_else(|| panic!("{answer} is not in\n{text}"));
            let changed = format!("{}{other}{}", &text[..at], &text[at + answer.len()..]);
            let report = played(&changed).await;
            assert!(!report.passed, "{answer}");
            assert!(
                report.failures().any(|outcome| outcome.failure.as_ref().is_some_and(|why| why.contains("expected")))
            );
        }
    }
}

/// Tokens that services issued become captures, foreign secrets are masked, the world's own credentials stay.
#[tokio::test]
async fn a_recording_holds_no_secrets_but_the_worlds_own() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    let auth = format!("{}/auth/", bench.url("telemetron"));
    let login = |password: &str| {
        let form = format!(
            "grant_type=password&client_id=client-key&client_secret=client-secret&username=me%40example.com&password={password}"
        );
        bench.client.post(&auth).header("content-type", "application/x-www-form-urlencoded").body(form)
    };
    let token = bench.send(login("123456")).await.json()["access_token"].as_str().unwrap().to_owned();
    let machines = format!("{}/v2/vending_machines", bench.url("telemetron"));
    bench.send(bench.client.get(&machines).bearer_auth(&token).header("cookie", "sid=cafe0123cafe")).await;
    bench.send(login("my-own-birthday-1979")).await;
    bench.send(bench.client.get(&machines).bearer_auth("feedbeef00112233feedbeef00112233")).await;
    let menu = format!("{}/api/v4/events?hash=none", bench.url("carbis"));
    bench.send(bench.client.get(&menu).header("token", "demo-token")).await;
    bench.send(bench.client.get(&menu).header("token", "token-of-the-live-system")).await;

    let recorded = recording(&bench).await;
    let text = recorded["scenario"].as_str().unwrap();
    let issued = bench.steer(Method::GET, "/worlds/default/journal?operation=login", Value::Null).await.json();
    let session = issued["entries"][0]["reply"]["token"].as_str().unwrap().to_owned();
    for secret in [
        token.as_str(),
        &session,
        "cafe0123cafe",
        "my-own-birthday-1979",
        "feedbeef00112233feedbeef00112233",
        "token-of-the-live-system",
    ] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    for own in ["demo-token", "client-secret", "123456", "${token}", "Bearer ${access_token}"] {
        assert!(text.contains(own), "{own} is not in\n{text}");
    }
    let report = played(text).await;
    assert!(report.passed, "{}\n{text}", pretty(&report, false));
}

#[tokio::test]
async fn a_body_that_was_not_kept_is_refused() {
    let bench = Bench::start().await;
    let url = format!("{}/post-guest", bench.url("tillypad"));
    bench.send(bench.client.post(&url).body("x".repeat(20 * 1024 * 1024))).await;
    let answer = bench.steer(Method::GET, "/worlds/default/recording", Value::Null).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(answer.text.contains("was not kept"), "{}", answer.text);

    let bench = Bench::start().await;
    let url = format!("{}/post-guest", bench.url("tillypad"));
    bench.send(bench.client.post(&url).body(vec![0xff, 0x28])).await;
    let answer = bench.steer(Method::GET, "/worlds/default/recording", Value::Null).await;
    assert!(answer.status == 409 && answer.text.contains("is no text"), "{}", answer.text);
}

#[tokio::test]
async fn replies_on_a_socket_that_faults_gave_or_spoilt_play_again() {
    let bench =
        Bench::with(Config { clock: Some(ClockSetting::frozen_at(NOON.parse().unwrap())), ..Config::default() }).await;
    for fault in [
        json!({"respond": {"status": 500}}),
        json!({"respond": {"status": 500, "body": {"codeError": 7, "desc": "down"}}}),
        json!({"respond": {"status": 500, "body": {"down": true}}}),
        json!({"respond": {"status": 500, "body": "down"}}),
        json!({"quota": {"limit": 0, "window": "1m"}}),
        json!({"truncate": 50}),
        json!({"garbage": 40}),
        json!({"dribble": {"bytes": 100, "every": "0s"}}),
        json!({"close": 1011}),
    ] {
        let kind = fault.to_string();
        let mut whole = json!({"match": {"fake": "queue", "operation": "info"}, "times": 1});
        whole.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        let answer = bench.steer(Method::POST, "/worlds/default/faults", whole).await;
        assert_eq!(answer.status, 201, "{kind}: {}", answer.text);
        let mut client = Client::connect(&bench).await;
        client.raw(Message::text(r#"{"command":"info","id":1}"#)).await;
        client.message().await;
    }
    let recorded = recording(&bench).await;
    let text = recorded["scenario"].as_str().unwrap();
    let report = tokio::time::timeout(std::time::Duration::from_secs(20), played(text)).await.expect("nobody waits");
    assert!(report.passed, "{}\n{text}", pretty(&report, false));
}

#[tokio::test]
async fn a_handshake_that_a_fault_struck_is_refused() {
    let bench = Bench::start().await;
    let fault =
        json!({"id": "shut", "match": {"fake": "queue", "way": "http"}, "respond": {"status": 503}, "times": 1});
    bench.steer(Method::POST, "/worlds/default/faults", fault).await;
    let handshake = tokio_tungstenite::connect_async(format!("{}/", bench.url("queue"))).await;
    let refused = handshake.map(|_| ()).expect_err("the fault answers").to_string();
    assert!(refused.contains("503"), "{refused}");
    let answer = bench.steer(Method::GET, "/worlds/default/recording", Value::Null).await;
    assert!(answer.status == 409 && answer.text.contains("`shut` was applied to a handshake"), "{}", answer.text);
}
