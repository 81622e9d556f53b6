//! What a play does and tells.

use std::sync::Arc;

use serde_json::{Value, json};
use stend_core::{NewWorld, Source};
use stend_scenario::{Options, Reach, Report, Silent, Speed, junit, load, play, pretty};

use crate::support::{NOON, root};

/// Plays a text at the greatest speed in a process of its own.
pub async fn played(text: &str, seed: Option<u64>) -> Report {
    let running = stend::start(stend::Config { workers: Some(1), ..Default::default() }).await.unwrap();
    let (registry, library) = (stend::registry::services(), stend::library());
    let folder = root().join("scenarios");
    let scenario = load(Source::new("test.yaml", text), Some(&folder), &library, &registry)
        .unwrap_or_else(|wrong| panic!("{}", wrong.iter().map(ToString::to_string).collect::<String>()));
    let world = running.worlds.create(NewWorld { id: Some("p".into()), ..NewWorld::default() }).unwrap();
    let reach: Reach = running.urls.iter().map(|(name, url)| (name.clone(), format!("{url}/w/p"))).collect();
    let options = Options { speed: Speed::Max, seed, start: NOON.parse().unwrap() };
    let report = play(&scenario, &Arc::clone(&world), &reach, &options, &Silent).await.unwrap();
    running.stop().await;
    report
}

/// The lines and reasons of all that failed.
pub fn failures(report: &Report) -> Vec<(u32, String)> {
    report.failures().map(|outcome| (outcome.line, outcome.failure.clone().unwrap())).collect()
}

#[tokio::test]
async fn steps_happen_at_their_moments_in_order() {
    let report = played(
        "stend: 1
timeline:
  - at: 10s
    title: b
    do: { carbis.call_waiter: { table: 1000028 } }
  - at: 5s
    title: a
    do: { carbis.call_waiter: { table: 1000028 } }
  - every: 4s
    for: 9s
    title: e
    do: { carbis.call_waiter: { table: 1000028 } }
  - after: 1s
    title: z
    do: { carbis.call_waiter: { table: 1000028 } }
expect:
  - state: { $.carbis.totals.events.waiter_call: 6 }
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    let order: Vec<String> = report.steps.iter().map(|step| format!("{} {}", step.at, step.what)).collect();
    // `every` follows the step before it; its rounds are at 5, 9 and 13 seconds.
    assert_eq!(order, ["5s a", "5s e", "9s e", "10s b", "13s e", "14s z"]);
}

#[tokio::test]
async fn the_same_seed_plays_to_the_same_bytes_and_another_does_not() {
    let text = std::fs::read_to_string(root().join("scenarios/lunch-rush.yaml")).unwrap();
    let bytes = |report: Report| serde_json::to_string(&report).unwrap();
    let (first, second) = (bytes(played(&text, None).await), bytes(played(&text, None).await));
    assert_eq!(first, second);
    assert_ne!(first, bytes(played(&text, Some(43)).await));
}

#[tokio::test]
async fn reports_tell_times_in_the_scenarios_zone() {
    let report = played(
        "stend: 1
clock: { start: 2026-11-21T23:30:00+07:00 }
timeline:
  - at: 90s
    call: { carbis: { get: /api/v4/events } }
expect:
  - journal: { operation: events, status: 200 }
  - before: { first: { request: { operation: events } }, moment: 60s }
",
        None,
    )
    .await;
    let moment = "2026-11-21T23:31:30+07:00";
    let failures = failures(&report);
    assert!(failures[1].1.contains(&format!("GET /api/v4/events at {moment}")), "{failures:#?}");
    assert!(failures[2].1.contains("expected before 2026-11-21T23:31:00+07:00"), "{failures:#?}");
    assert!(pretty(&report, false).contains(&format!("at 1m30s ({moment}): ")), "{}", pretty(&report, false));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["started"], &json["ended"]), (&"2026-11-21T23:30:00+07:00".into(), &moment.into()));
    assert!(junit(&[report], None).contains("timestamp=\"2026-11-21T23:30:00+07:00\""));
}

#[tokio::test]
async fn what_fails_is_told_with_its_place_and_the_play_goes_on() {
    let report = played(
        "stend: 1
timeline:
  - do: { carbis.order: { table: 1000028, dishes: [{ id: 1000041 }] } }
  - call: { carbis: { get: /api/v4/events } }
  - call: { carbis: { get: /api/v4/events, query: { hash: none }, headers: { token: demo-token } } }
    expect: { json: { $.data.updates: { length: 1 } } }
    capture: { first: '$.data.updates[0].hash' }
  - call: { carbis: { get: '/api/v4/events?hash=${first}', headers: { token: demo-token } } }
  - do: { carbis.call_waiter: { table: 1000028 } }
expect:
  - journal: { operation: events, count: 3 }
  - state: { $.carbis.totals.events.waiter_call: 1 }
",
        None,
    )
    .await;
    assert!(!report.passed);
    let failures = failures(&report);
    let expected = [
        (3, "has an open order"),
        (4, "status 401"),
        (5, "$.data.updates: its length: expected 1, found 0"),
        (8, "was not captured"),
        (11, "2 of 2 entries match: expected 3, found 2"),
    ];
    assert_eq!(failures.len(), expected.len(), "{failures:#?}");
    for ((line, text), (at, part)) in failures.iter().zip(expected) {
        assert!(*line == at && text.contains(part), "line {line}: {text}; expected line {at}: {part}");
    }
    let described = pretty(&report, false);
    assert!(described.contains("test.yaml:3:9") && described.contains("✗ test.yaml: FAILED"), "{described}");
    let xml = junit(&[report], None);
    assert!(xml.contains(r#"tests="7""#) && xml.contains(r#"failures="5""#), "{xml}");
}

#[tokio::test]
async fn a_call_may_wait_for_a_reply_that_waits_for_the_clock() {
    let report = played(
        "stend: 1
timeline:
  - fault: { match: { operation: events }, delay: 2h, times: 1 }
  - call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
    expect: { status: 200 }
  - after: 1s
    do: { carbis.call_waiter: { table: 1000028 } }
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    assert_eq!(report.ended.at.duration_since(report.started.at).as_secs(), 2 * 3600);
}

#[tokio::test]
async fn faults_of_a_scenario_strike_its_calls() {
    let report = played(
        "stend: 1
timeline:
  - fault: { match: { fake: carbis }, respond: { status: 503, body: { down: true } }, times: 1 }
  - call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
    expect: { status: 503, json: { $.down: true } }
  - fault: { match: { fake: carbis }, reset: true, times: 1 }
  - call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
    expect: { error: { contains: no reply } }
  - call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
    expect: { status: 200 }
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
}

#[tokio::test]
async fn values_are_captured_with_their_types() {
    let report = played(
        "stend: 1
timeline:
  - do: { carbis.pay_online: { table: 1000028 } }
    capture: { sum: $.sum }
  - do: { carbis.order: { table: 1000028, dishes: [{ id: 1000062, count: \"${sum}\" }] } }
    expect: { json: { $.sum: 2232.0 } }
    capture: { guid: $.guid }
expect:
  - state: { '$.carbis.orders[0].guid': \"${guid}\" }
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    assert_eq!(report.steps[0].result["sum"], json!(186.0));
    assert_eq!(report.expectations[0].result, Value::Null);
}

#[tokio::test]
async fn steps_react_to_requests_and_faults_strike_the_one_they_react_to() {
    let report = played(
        "stend: 1
timeline:
  - on: { request: { fake: carbis, operation: events, nth: 2 } }
    within: 1m
    title: bell after the second poll
    do: { carbis.call_waiter: { table: 1000028 } }
  - on: { request: { fake: carbis, operation: events, nth: 3 } }
    title: the third poll fails
    fault: { respond: { status: 500 } }
  - every: 10s
    times: 2
    call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
    expect: { json: { $.data.updates: { length: 0 } } }
  - at: 20s
    call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
    expect: { status: 500 }
  - at: 30s
    call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
    expect: { json: { $.data.updates: { length: 1 } } }
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    let order: Vec<String> = report.steps.iter().map(|step| format!("{} {}", step.at, step.what)).collect();
    assert_eq!(order[2], "10s bell after the second poll");
    assert!(order.contains(&"20s the third poll fails".to_owned()), "{order:?}");
}

#[tokio::test]
async fn a_reaction_that_never_comes_fails_and_tells_what_came_nearest() {
    let report = played(
        "stend: 1
timeline:
  - on: { request: { fake: carbis, operation: events, status: 401 } }
    within: 30s
    do: { carbis.call_waiter: { table: 1000028 } }
  - on: { request: { operation: events, nth: 5 } }
    fault: { reset: true }
  - at: 5s
    call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
  - at: 40s
    call: { carbis: { get: '/api/v4/events?hash=none' } }
    expect: { status: 401 }
",
        None,
    )
    .await;
    let failures = failures(&report);
    assert_eq!(failures.len(), 2, "{failures:#?}");
    assert!(failures[0].1.contains("did not happen within 30s; nearest is GET /api/v4/events"), "{failures:#?}");
    assert!(failures[0].1.contains("expected 401, found 200"), "{failures:#?}");
    assert!(failures[1].1.contains("never happened"), "{failures:#?}");
}

#[tokio::test]
async fn a_step_waits_for_a_state_or_a_request() {
    let report = played(
        "stend: 1
timeline:
  - do: { carbis.pay_online: { table: 1000028 } }
  - do: { carbis.seat_guests: { parties: 2, over: 1m, stay: 3m } }
  - wait_for: { state: { $.carbis.totals.orders_paid: 3 }, within: 10m }
    capture: { revenue: $.carbis.totals.revenue }
  - call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
  - wait_for: { request: { operation: events, status: 200 }, within: 1s }
    expect: { json: { $.status: 200 } }
  - wait_for: { request: { operation: events, status: 500 }, within: 5s }
    expect: { json: { $.status: 500 } }
expect:
  - state: { $.carbis.totals.revenue: '${revenue}' }
",
        None,
    )
    .await;
    let failures = failures(&report);
    assert_eq!(failures.len(), 1, "{failures:#?}");
    assert!(failures[0].0 == 10 && failures[0].1.contains("not within 5s: nearest is GET"), "{failures:#?}");
}

#[tokio::test]
async fn a_command_may_wait_for_a_reply_that_waits_for_the_clock() {
    let report = played(
        "stend: 1
timeline:
  - call: { queue: { command: login, data: { login: terminal, component: registrator } } }
    capture: { token: $.token }
  - fault: { match: { fake: queue, operation: serviceList }, delay: 2h, times: 1 }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { json: { '$.data[0].id': 1 } }
  - after: 1s
    call: { queue: { command: serviceList, token: '${token}' } }
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    assert_eq!(report.ended.at.duration_since(report.started.at).as_secs(), 2 * 3600);
}

#[tokio::test]
async fn a_faults_reply_to_a_command_is_known_without_an_id() {
    let play = played(
        r#"stend: 1
timeline:
  - call: { queue: { command: login, data: { login: terminal, component: registrator } } }
    capture: { token: $.token }
  - call: { queue: { command: subscribeServices, token: '${token}' } }
  - fault: { match: { operation: serviceList }, times: 1, respond: { status: 500, body: { down: true } } }
  - fault: { match: { operation: serviceList }, times: 1, respond: { status: 500, body: { id: 999, down: twice } } }
  - fault: { match: { operation: serviceList }, times: 1, respond: { status: 500, body: '{"command": "other", "cut' } }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { status: 500, json: { $.down: true } }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { status: 500, json: { $.down: twice } }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { status: 500, body: { matches: 'other.*cut$' } }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { json: { '$.data[0].id': 1 } }
"#,
        None,
    );
    let report = tokio::time::timeout(std::time::Duration::from_secs(20), play).await.expect("nobody waits in vain");
    assert!(report.passed, "{}", pretty(&report, false));
}

/// An error on a socket is one over HTTP: it fails the step that does not expect it, with the status that the journal has.
#[tokio::test]
async fn a_command_that_is_answered_with_an_error_fails_as_a_request_does() {
    let report = played(
        "stend: 1
timeline:
  - call: { queue: { command: login, data: { component: workplace, login: operator, password: wrong, workplace: 11 } } }
  - call: { queue: { command: nextConsumer } }
    expect: { status: 200 }
  - call: { queue: { command: nextConsumer } }
    expect: { status: 4xx, json: { $.data.codeModule: 2 } }
  - call: { queue: { command: login, data: { component: registrator, login: terminal } } }
    capture: { token: $.token }
  - call: { queue: { command: info, token: '${token}' } }
    expect: { status: 200 }
  - call: { queue: { command: info, token: '${token}' } }
    expect: { status: 4xx }
  - fault: { match: { fake: queue, operation: info }, respond: { status: 503, body: { down: true } }, times: 2 }
  - call: { queue: { command: info, token: '${token}' } }
    expect: { status: 503, json: { $.down: true } }
  - call: { queue: { command: info, token: '${token}' } }
",
        None,
    )
    .await;
    let failures = failures(&report);
    let expected = [
        (3, "status 400; the body is {"),
        (4, "status: expected 200, found 400; the body is {"),
        (12, "status: expected 4xx, found 200; the body is {"),
        (17, "status 503; the body is {"),
    ];
    assert_eq!(failures.iter().map(|(line, _)| *line).collect::<Vec<_>>(), expected.map(|(line, _)| line));
    for ((_, why), (_, start)) in failures.iter().zip(expected) {
        assert!(why.starts_with(start), "{why}");
    }
}

/// The journal is where a command's status comes from.
#[tokio::test]
async fn without_a_journal_a_commands_status_is_not_known() {
    let report = played(
        "stend: 1
world: { base: documented, journal: { entries: 0 } }
timeline:
  - call: { queue: { command: login, data: { component: registrator, login: terminal } } }
  - call: { queue: { command: login, data: { component: registrator, login: terminal } } }
    expect: { status: 200 }
",
        None,
    )
    .await;
    assert_eq!(
        failures(&report),
        [(5, "status: not known, as the journal has not kept the command".to_owned())],
        "{}",
        pretty(&report, false)
    );
}
