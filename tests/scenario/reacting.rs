//! Steps that react to requests, frames and pushes, or wait for them.

use serde_json::json;
use stend_scenario::pretty;

use super::playing::{failures, played};

/// A board that subscribes and a clerk who calls: the client under test, played by the scenario itself.
const HALL: &str = "
  - call: { queue: { as: board, command: login, data: { login: qboard, component: qboard } } }
    capture: { board: $.token }
  - call: { queue: { as: board, command: subscribeConsumers, token: '${board}' } }
  - call: { queue: { command: login, data: { login: operator, password: 827ccb0eea8a706c4c34a16891f84e7b, component: workplace, workplace: 11 } } }
    capture: { clerk: $.token }
  - call: { queue: { command: login, as: terminal, data: { login: terminal, component: registrator } } }
    capture: { terminal: $.token }
";

#[tokio::test]
async fn steps_react_to_frames_and_to_pushes() {
    let report = played(
        &format!(
            "stend: 1
timeline:{HALL}
  - on: {{ frame: {{ fake: queue, operation: nextConsumer, client: operator, nth: 2 }} }}
    within: 1m
    title: a waiter is called when the clerk has called twice
    do: {{ carbis.call_waiter: {{ table: 1000028 }} }}
  - on: {{ push: {{ fake: queue, command: consumerList, client: qboard, json: {{ '$.data[0].state': WAITING }} }} }}
    title: somebody pays once the board shows a ticket
    do: {{ carbis.pay_online: {{ table: 1000028 }} }}
  - at: 10s
    call: {{ queue: {{ as: terminal, command: newConsumer, token: '${{terminal}}', data: {{ services: [4] }} }} }}
  - every: 10s
    times: 2
    call: {{ queue: {{ command: nextConsumer, token: '${{clerk}}', data: {{ workplace: 11 }} }} }}
expect:
  - state: {{ $.carbis.totals.events.waiter_call: 1, $.carbis.totals.events.online_payment: 1 }}
"
        ),
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    let order: Vec<String> = report.steps.iter().map(|step| format!("{} {}", step.at, step.what)).collect();
    let place = |what: &str| order.iter().position(|step| step.contains(what)).unwrap();
    assert!(order[place("a waiter")].starts_with("20s "), "{order:#?}");
    assert!(order[place("somebody pays")].starts_with("10s "), "{order:#?}");
}

#[tokio::test]
async fn a_fault_strikes_the_push_that_it_reacts_to() {
    let text = format!(
        "stend: 1
timeline:{HALL}
  - on: {{ push: {{ fake: queue, command: consumerList, nth: 2 }} }}
    title: the second list is lost
    fault: {{ id: lost, drop: true }}
  - every: 10s
    times: 3
    call: {{ queue: {{ as: terminal, command: newConsumer, token: '${{terminal}}', data: {{ services: [4] }} }} }}
  - after: 0s
    wait_for: {{ push: {{ fake: queue, command: consumerList, as: board }} }}
    expect: {{ json: {{ $.data: {{ length: 1 }} }} }}
  - wait_for: {{ push: {{ fake: queue, command: consumerList, as: board }}, within: 1m }}
    expect: {{ json: {{ $.data: {{ length: 3 }} }} }}
expect:
  - push: {{ fake: queue, command: consumerList, client: qboard, count: 2 }}
  - journal: {{ way: push, fault: lost, status: 0, count: 1 }}
  - push: {{ fault: lost, count: 0 }}
"
    );
    let report = played(&text, None).await;
    assert!(report.passed, "{}", pretty(&report, false));
    assert!(report.steps.iter().any(|step| step.what == "the second list is lost" && step.result["fault"] == "struck"));
    let again = played(&text, None).await;
    assert_eq!(serde_json::to_string(&report).unwrap(), serde_json::to_string(&again).unwrap());
}

#[tokio::test]
async fn a_step_waits_for_a_frame() {
    let report = played(
        &format!(
            "stend: 1
timeline:{HALL}
  - wait_for: {{ frame: {{ fake: queue, operation: login, nth: 3 }} }}
    expect: {{ json: {{ $.client: terminal, $.request.data.login: terminal }} }}
  - wait_for: {{ frame: {{ fake: queue, operation: login, request: {{ $.data.login: scoreboard }} }}, within: 5s }}
  - wait_for: {{ frame: {{ fake: queue, operation: login, nth: 9 }}, within: 5s }}
  - wait_for: {{ push: {{ fake: queue, command: serviceList, as: board }}, within: 5s }}
  - wait_for: {{ push: {{ fake: queue, command: serviceList, as: other }}, within: 5s }}
"
        ),
        None,
    )
    .await;
    let failures = failures(&report);
    let expected = [
        "not within 5s: nearest is login / at 2026-11-21T09:00:00Z: request $.data.login: expected \"scoreboard\", found \"terminal\"",
        "not within 5s: 3 frames matched, and the one with the number 9 was waited for",
        "no push of `serviceList` came within 5s; of others none did",
        "no `call` has opened the connection `other` to queue, or it is closed",
    ];
    assert_eq!(failures.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_frame_or_push_that_never_comes_fails_and_tells_what_came_nearest() {
    let report = played(
        &format!(
            "stend: 1
timeline:{HALL}
  - on: {{ frame: {{ fake: queue, operation: nextConsumer, client: admin }} }}
    within: 30s
    do: {{ carbis.call_waiter: {{ table: 1000028 }} }}
  - on: {{ push: {{ fake: queue, command: consumerList, json: {{ '$.data[0].state': SERVED }} }} }}
    do: {{ carbis.call_waiter: {{ table: 1000028 }} }}
  - on: {{ push: {{ fake: queue, command: consumerList, nth: 5 }} }}
    fault: {{ delay: 5s }}
  - at: 5s
    call: {{ queue: {{ as: terminal, command: newConsumer, token: '${{terminal}}', data: {{ services: [4] }} }} }}
  - after: 1s
    call: {{ queue: {{ command: nextConsumer, token: '${{clerk}}', data: {{ workplace: 11 }} }} }}
"
        ),
        None,
    )
    .await;
    let failures = failures(&report);
    let parts = [
        "it did not happen within 30s; nearest is nextConsumer / at 2026-11-21T09:00:06Z: client: expected admin, found operator",
        "it never happened; nearest is consumerList / at 2026-11-21T09:00:06Z: reply $.data[0].state: expected \"SERVED\", found \"SERVING\"",
        "it never happened; 2 pushes matched, and the one with the number 5 was waited for",
    ];
    assert_eq!(failures.len(), parts.len(), "{failures:#?}");
    for ((_, why), part) in failures.iter().zip(parts) {
        assert!(why.contains(part), "{why}\nhas no\n{part}");
    }
}

#[tokio::test]
async fn faults_and_reactions_take_what_was_captured() {
    let report = played(
        &format!(
            "stend: 1
timeline:{HALL}
  - fault: {{ match: {{ client: '${{clerk}}' }}, respond: {{ status: 500, body: {{ codeError: 7, desc: 'not you, ${{clerk}}' }} }}, times: 1 }}
  - on: {{ frame: {{ client: '${{terminal}}', operation: serviceList }} }}
    title: the terminal's list is cut off
    fault: {{ close: 1011 }}
  - call: {{ queue: {{ command: serviceList, token: '${{clerk}}' }} }}
    expect: {{ status: 500, json: {{ $.error.desc: 'not you, ${{clerk}}' }} }}
  - call: {{ queue: {{ as: terminal, command: serviceList, token: '${{terminal}}' }} }}
    expect: {{ error: {{ contains: closed }} }}
expect:
  - journal: {{ operation: serviceList, client: operator, status: 500, count: 1 }}
"
        ),
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "that no wall clock is waited for is what is tested")]
async fn held_commands_cost_no_wall_time() {
    let began = std::time::Instant::now();
    let report = played(
        "stend: 1
timeline:
  - call: { queue: { command: login, data: { login: terminal, component: registrator } } }
    capture: { token: $.token }
  - fault: { match: { fake: queue, operation: serviceList }, delay: 1h }
  - every: 2h
    times: 30
    call: { queue: { command: serviceList, token: '${token}' } }
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    assert_eq!(report.ended.at.duration_since(report.started.at).as_hours(), 2 * 29 + 1);
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn broken_replies_end_a_call_at_once() {
    let report = played(
        "stend: 1
timeline:
  - call: { queue: { command: login, data: { login: terminal, component: registrator } } }
    capture: { token: $.token }
  - fault: { match: { fake: queue, operation: serviceList }, truncate: 50, times: 1 }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { body: { matches: '^.{10,}[^}]$' } }
  - fault: { match: { fake: queue, operation: serviceList }, garbage: 9, times: 1 }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { body: { type: string } }
  - fault: { match: { fake: queue, operation: serviceList }, dribble: { bytes: 100, every: 1m }, times: 1 }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { json: { '$.data[0].id': 1 } }
  - fault: { match: { fake: queue, operation: serviceList }, close: 4001, times: 1 }
  - call: { queue: { command: serviceList, token: '${token}' } }
    expect: { error: { contains: closed without a reply } }
  - call: { queue: { command: serviceList, token: '${token}' } }
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    assert!(report.ended.at.duration_since(report.started.at).as_secs() >= 60, "a dribble takes the world's time");
    assert_eq!(report.steps[0].result, json!({ "status": 200 }));
}
