//! The state machine of a ticket, over the wire.

use serde_json::{Value, json};

use super::client::{Client, PASSWORD};
use crate::support::Bench;

fn here() -> Value {
    json!({"workplace": 11})
}

async fn tickets(client: &mut Client, workplace: i64) -> Vec<String> {
    let queue = client.data("currentQueue", json!({"workplace": workplace})).await;
    queue.as_array().unwrap().iter().map(|one| one["ticket"].as_str().unwrap().to_owned()).collect()
}

/// Service 1 has two stages: the first at window 18, the second at window 11.
#[proves("QU-070", "QU-138", "Q16", "Q22")]
#[tokio::test]
async fn stages_run_in_order_and_the_ticket_goes_from_window_to_window() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let mut operator = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [1]})).await;
    assert_eq!(tickets(&mut operator, 11).await, [""; 0], "its second stage has not come");
    assert_eq!(operator.data("nextConsumer", here()).await, json!({}));
    let called = admin.data("nextConsumer", json!({"workplace": 18})).await;
    assert_eq!(
        called["services"]["1"],
        json!({"10": {"10": {"user_id": 1, "state": "SERVING"}}, "20": {"3": {"state": "WAITING"}}})
    );
    let served = admin.data("serveConsumer", json!({"workplace": 18})).await;
    assert_eq!((&served["state"], &served["workplace_id"]), (&json!("WAITING"), &json!(-1)), "stages remain (Q22)");
    assert_eq!(served["active"], true);
    assert_eq!(admin.data("getWorkplace", json!({"id": 18})).await["consumer_id"], -1);
    assert_eq!(tickets(&mut operator, 11).await, ["А001"]);
    operator.data("nextConsumer", here()).await;
    let served = operator.data("serveConsumer", json!({"workplace": 11, "comment": "всё"})).await;
    assert_eq!((&served["state"], &served["active"]), (&json!("SERVED"), &json!(false)));
    assert_eq!(served["services"]["1"]["20"]["3"], json!({"user_id": 3, "state": "SERVED", "comment": ["всё"]}));
}

#[proves("QU-120", "QU-153")]
#[tokio::test]
async fn operations_of_one_stage_end_one_by_one() {
    let bench = Bench::start().await;
    let mut operator = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4, 5]})).await;
    let called = operator.data("nextConsumer", here()).await;
    assert_eq!(called["services"]["5"]["50"]["4"]["state"], "SERVING", "whatever this clerk can serve is in service");
    let first = json!({"service": "4", "priority": "50", "operation": "3", "workplace": "11"});
    let served = operator.data("serveOperation", first).await;
    assert_eq!(
        (&served["state"], &served["workplace_id"]),
        (&json!("SERVING"), &json!(11)),
        "the other is still in service"
    );
    let second = json!({"service": 5, "priority": 50, "operation": 4, "workplace": 11, "comment": "нет"});
    let rejected = operator.data("rejectOperation", second).await;
    assert_eq!(rejected["state"], "SERVED");
    // A service that is added at the window is in service there at once, if it can be served there.
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    operator.data("nextConsumer", here()).await;
    let added = operator.data("addService", json!({"service": 5, "workplace": 11})).await;
    assert_eq!(added["services"]["5"]["50"]["4"], json!({"user_id": 3, "state": "SERVING"}));
    let rejected = operator.data("rejectService", json!({"service": 4, "workplace": 11})).await;
    assert_eq!(rejected["state"], "SERVING", "service 5 goes on");
    assert_eq!(operator.data("rejectService", json!({"service": 5, "workplace": 11})).await["state"], "REJECTED");
}

#[proves("QU-050", "Q17")]
#[tokio::test]
async fn lower_priorities_are_called_first() {
    let bench = Bench::start().await;
    let mut operator = Client::operator(&bench).await;
    for (service, priority) in [(5, 0), (5, -10), (4, 10), (4, 0)] {
        bench.act("queue.take_ticket", json!({"services": [service], "priority": priority})).await;
    }
    assert_eq!(tickets(&mut operator, 11).await, ["Г002", "Г001", "H002", "H001"]);
    // The line follows the book.
    bench.act("queue.set", json!({"book": "service", "id": 5, "fields": {"priority": 10}})).await;
    assert_eq!(tickets(&mut operator, 11).await, ["H002", "H001", "Г002", "Г001"]);
    operator.data("setConsumer", json!({"id": 29, "priority": 1})).await;
    assert_eq!(tickets(&mut operator, 11).await, ["H001", "H002", "Г002", "Г001"]);
    assert_eq!(operator.data("nextConsumer", here()).await["ticket"], "H001");
}

#[proves("QU-107", "Q20")]
#[tokio::test]
async fn return_to_me_binds_the_operations_to_this_clerk() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let mut operator = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    operator.data("nextConsumer", here()).await;
    let postponed = operator.data("postponeConsumer", json!({"workplace": 11, "delay": "1", "return2me": true})).await;
    assert_eq!(postponed["postpone_to"], "2026-11-21T09:01:00.000Z");
    assert_eq!(operator.data("nextConsumer", here()).await, json!({}), "it is out of the line until due");
    bench.advance("1m").await;
    assert_eq!(tickets(&mut admin, 18).await, [""; 0], "only the clerk who postponed may call it");
    assert_eq!(admin.data("nextConsumer", json!({"workplace": 18})).await, json!({}));
    assert_eq!(tickets(&mut operator, 11).await, ["Г001"]);
    operator.data("nextConsumer", here()).await;
    // Without it, whoever can serve it may.
    operator.data("postponeConsumer", json!({"workplace": 11, "delay": 1, "return2me": false})).await;
    bench.advance("1m").await;
    let came = operator.data("consumerList", json!({})).await;
    assert_eq!((&came[0]["state"], &came[0]["workplace_id"]), (&json!("WAITING"), &json!(-1)));
    assert!(came[0].get("postpone_to").is_none());
}

#[proves("QU-133", "QU-134")]
#[tokio::test]
async fn a_clerk_whose_role_limits_him_serves_only_that() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let role = admin.data("newUserRole", json!({"name": "Только 4", "clerk": {"operations": [4]}})).await["id"].clone();
    let user = json!({"login": "petrov", "password": PASSWORD, "role_id": role, "clerk": {}});
    admin.data("newUser", user).await;
    let mut petrov = Client::connect(&bench).await;
    petrov.login(json!({"component": "workplace", "login": "petrov", "password": PASSWORD, "workplace": 11})).await;
    assert_eq!(petrov.data("me", json!({})).await["workplace"]["currentOperations"], json!([4]));
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    assert_eq!(petrov.data("nextConsumer", here()).await, json!({}));
    bench.act("queue.take_ticket", json!({"services": [5]})).await;
    assert_eq!(petrov.data("nextConsumer", here()).await["ticket"], "H001");
    // Whoever logs in at the window takes it over.
    let mut operator = Client::operator(&bench).await;
    assert_eq!(petrov.fails("serveConsumer", here()).await["desc"], "The clerk is not logged in at workplace 11");
    assert_eq!(operator.data("nextConsumer", here()).await["ticket"], "H001", "who is being served stays (Q18)");
}

#[proves("QU-132", "Q6")]
#[tokio::test]
async fn sessions_outlive_sockets_and_end_when_unused() {
    let bench = Bench::start().await;
    let first = Client::operator(&bench).await;
    let token = first.token.clone();
    drop(first);
    let mut second = Client::connect(&bench).await;
    second.token = token;
    second.data("info", json!({})).await;
    bench.advance("23h").await;
    second.data("info", json!({})).await;
    bench.advance("24h").await;
    assert_eq!(second.fails("info", json!({})).await["desc"], "Session expired");
}

#[proves("QU-155")]
#[tokio::test]
async fn a_window_is_its_clerks_until_his_last_logout() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let mut first = Client::operator(&bench).await;
    let mut second = Client::operator(&bench).await;
    for (clerk, clerk_id) in [(&mut first, 3), (&mut second, -1)] {
        assert_eq!(admin.data("getWorkplace", json!({"id": 11})).await["clerk_id"], 3);
        clerk.data("logout", json!({})).await;
        assert_eq!(admin.data("getWorkplace", json!({"id": 11})).await["clerk_id"], clerk_id);
    }
}

/// What is bound to a clerk stays his, whoever logs in at the window where he called it (Q20).
#[tokio::test]
async fn who_is_bound_to_a_clerk_is_served_by_no_other_at_his_window() {
    let bench = Bench::start().await;
    let mut operator = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    operator.data("nextConsumer", here()).await;
    operator.data("postponeConsumer", json!({"workplace": 11, "delay": 1, "return2me": true})).await;
    bench.advance("1m").await;
    assert_eq!(operator.data("nextConsumer", here()).await["ticket"], "Г001");
    let mut other = Client::connect(&bench).await;
    other.login(json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": 11})).await;
    let operation = json!({"workplace": 11, "service": 4, "priority": 50, "operation": 3});
    for (command, data) in [("serveConsumer", here()), ("serveOperation", operation)] {
        let error = other.fails(command, data).await;
        assert_eq!(error["desc"], "Consumer Г001 has no operation that workplace 11 can serve now", "{command}");
    }
    // To postpone him binds nobody anew.
    other.data("postponeConsumer", json!({"workplace": 11, "delay": 1, "return2me": true})).await;
    bench.advance("1m").await;
    assert_eq!(other.data("nextConsumer", here()).await, json!({}));
    operator.login(json!({"component": "workplace", "login": "operator", "password": PASSWORD, "workplace": 11})).await;
    assert_eq!(operator.data("nextConsumer", here()).await["ticket"], "Г001");
    assert_eq!(operator.data("serveConsumer", here()).await["state"], "SERVED");
}

/// Who was at a window over midnight stands before those who came after him.
#[tokio::test]
async fn statistics_are_in_the_order_of_registration_over_midnight_too() {
    let bench = Bench::start().await;
    let mut operator = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    operator.data("nextConsumer", here()).await;
    bench.act("queue.take_ticket", json!({"services": [5]})).await;
    bench.advance("16h").await;
    bench.act("queue.take_ticket", json!({"services": [5]})).await;
    let rows = operator.data("statistics", json!({})).await;
    let order: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["ticket"].as_str().unwrap()).collect();
    assert_eq!(order, ["Г001", "H001", "H001"]);
    assert!(rows[0]["registration"].as_str() <= rows[1]["registration"].as_str());
}
