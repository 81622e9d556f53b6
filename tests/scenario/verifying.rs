//! Expectations at the end of a scenario: counts, pushes, order, before, state.

use stend_scenario::pretty;

use super::playing::{failures, played};

/// Ten seconds between a poll, a bell and another poll.
const TIMELINE: &str = "stend: 1
timeline:
  - call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
  - at: 10s
    do: { carbis.call_waiter: { table: 1000028 } }
  - at: 20s
    call: { carbis: { get: '/api/v4/events?hash=none', headers: { token: demo-token } } }
  - call: { queue: { command: login, data: { login: terminal, component: registrator } } }
    capture: { token: $.token }
  - call: { queue: { command: subscribeConsumers, token: '${token}' } }
  - call: { queue: { command: newConsumer, token: '${token}', data: { services: [4] } } }
    capture: { ticket: $.data.id }
  - wait_for: { push: { fake: queue, command: consumerList } }
expect:
";

#[tokio::test]
async fn what_holds_passes() {
    let report = played(
        &format!(
            "{TIMELINE}
  - journal: {{ fake: carbis, client: demo-token, header: {{ token: demo* }}, count: 2 }}
  - journal: {{ way: http, reply: {{ $.data.updates: {{ length: 1 }} }}, count: 1 }}
  - push: {{ fake: queue, command: consumerList, client: terminal, json: {{ '$.data[0].id': '${{ticket}}' }}, count: 1 }}
  - push: {{ command: serviceList, count: 0 }}
  - never: {{ way: ping }}
  - order:
      - request: {{ fake: carbis, reply: {{ $.data.updates: {{ length: 0 }} }} }}
      - request: {{ fake: carbis, reply: {{ $.data.updates: {{ length: 1 }} }} }}
      - frame: {{ operation: newConsumer }}
      - push: {{ command: consumerList }}
  - before: {{ first: {{ request: {{ operation: events }} }}, then: {{ frame: {{ operation: login }} }} }}
  - before: {{ first: {{ request: {{ operation: events, nth: 2 }} }}, moment: 21s }}
  - before: {{ first: {{ frame: {{ operation: login }} }}, moment: '2026-11-21T12:00:20.001+03:00' }}
"
        ),
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
}

#[tokio::test]
async fn what_does_not_hold_tells_what_came_nearest() {
    let report = played(
        &format!(
            "{TIMELINE}
  - journal: {{ fake: carbis, status: 401 }}
  - journal: {{ fake: carbis, reply: {{ $.data.updates: {{ length: 1 }} }}, count: 2 }}
  - push: {{ fake: queue, command: consumerList, client: qboard }}
  - push: {{ fake: queue, command: consumerList, json: {{ '$.data[0].state': SERVED }} }}
  - order:
      - frame: {{ operation: login }}
      - request: {{ fake: carbis, operation: events }}
  - order:
      - frame: {{ operation: login }}
      - push: {{ command: consumerList, json: {{ $.data: {{ length: 2 }} }} }}
  - before: {{ first: {{ frame: {{ operation: login }} }}, then: {{ request: {{ operation: events }} }} }}
  - before: {{ first: {{ frame: {{ operation: login }} }}, moment: 15s }}
  - before: {{ first: {{ frame: {{ operation: logout }} }}, moment: 15s }}
  - before: {{ first: {{ frame: {{ operation: login, nth: 2 }} }}, moment: 15s }}
  - state: {{ '$.carbis.orders[7].guid': 5 }}
"
        ),
        None,
    )
    .await;
    let expected = [
        "journal: 0 of 6 entries match: expected at least 1, found 0; nearest is GET /api/v4/events at 2026-11-21T09:00:20Z: status: expected 401, found 200",
        "journal: 1 of 6 entries match: expected 2, found 1; nearest is GET /api/v4/events at 2026-11-21T09:00:00Z: reply $.data.updates: its length: expected 1, found 0",
        "push: 0 of 6 entries match: expected at least 1, found 0; nearest is consumerList / at 2026-11-21T09:00:20Z: client: expected qboard, found terminal",
        "push: 0 of 6 entries match: expected at least 1, found 0; nearest is consumerList / at 2026-11-21T09:00:20Z: reply $.data[0].state: expected \"SERVED\", found \"WAITING\"",
        "order: number 2 of 2 (request carbis events) did not happen after entry 3, login / at 2026-11-21T09:00:20Z; it came before, the last time as entry 2, GET /api/v4/events at 2026-11-21T09:00:20Z",
        "order: number 2 of 2 (push consumerList) did not happen after entry 3, login / at 2026-11-21T09:00:20Z; nearest is consumerList / at 2026-11-21T09:00:20Z: reply $.data: its length: expected 2, found 1",
        "before: entry 3, login / at 2026-11-21T09:00:20Z came after entry 1, GET /api/v4/events at 2026-11-21T09:00:00Z",
        "before: entry 3, login / at 2026-11-21T09:00:20Z came 5s too late: expected before 2026-11-21T09:00:15Z",
        "before: `first` (frame logout) did not happen; nearest is ",
        "before: `first` is number 2, and 1 frames match",
        "state: $.carbis.orders[7].guid: expected 5, found nothing; $.carbis.orders is [",
    ];
    let failures = failures(&report);
    assert_eq!(failures.len(), expected.len(), "{failures:#?}");
    for ((_, why), expected) in failures.iter().zip(expected) {
        assert!(why.starts_with(expected), "{why}\ndoes not begin with\n{expected}");
    }
}
