//! How long a session lives, what ends with it (Q29), and how its token is compared (G1).

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, PASSWORD};
use crate::support::{Bench, eventually};

/// A board that subscribes to these lists and sends nothing more.
async fn board(bench: &Bench, subscriptions: &[&str]) -> Client {
    let mut board = Client::connect(bench).await;
    board.login(json!({"component": "qboard", "login": "qboard"})).await;
    for command in subscriptions {
        board.data(command, json!({})).await;
    }
    board
}

/// The warnings of the latest exchange of an operation.
async fn warnings(bench: &Bench, operation: &str) -> Value {
    let path = format!("/worlds/default/journal?fake=queue&operation={operation}");
    let entries = bench.steer(Method::GET, &path, Value::Null).await.json()["entries"].clone();
    entries.as_array().expect("entries").last().expect("an entry")["remarks"].clone()
}

/// When the session of a token was used last.
async fn used(bench: &Bench, token: &str) -> Option<Value> {
    let sessions = bench.state().await["queue"]["sessions"].clone();
    let session = sessions.as_array()?.iter().find(|session| session["token"] == token)?.clone();
    Some(session["used"].clone())
}

/// A window's clerk in a pushed list.
fn clerk_at(list: &Value, workplace: i64) -> Value {
    let rows = list.as_array().expect("rows");
    rows.iter().find(|row| row["id"] == workplace).expect("the window")["clerk_id"].clone()
}

#[proves("Q29", "QU-132")]
#[tokio::test]
async fn a_session_that_is_not_used_ends_at_its_moment_and_frees_its_window() {
    for steps in [&["23h59m59s", "1s"][..], &["48h"]] {
        let bench = Bench::start().await;
        let mut clerk = Client::operator(&bench).await;
        let mut board = board(&bench, &["subscribeWorkplaces"]).await;
        bench.advance(steps[0]).await;
        for step in &steps[1..] {
            board.nothing_came().await;
            bench.advance(step).await;
        }
        let push = board.push().await;
        assert_eq!(push["command"], "workplaceList");
        assert_eq!(push["dateTime"], "2026-11-22T09:00:00.000Z", "at its own moment, not at the next request");
        assert_eq!(clerk_at(&push["data"], 11), -1);
        board.nothing_came().await;
        assert_eq!(clerk.fails("info", json!({})).await["desc"], "Session expired");
        // Another world that is made of the saved one knows it too.
        let saved = bench.state().await;
        assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", saved).await.status, 200);
        let mut again = Client::connect(&bench).await;
        again.token = clerk.token.take();
        assert_eq!(again.fails("info", json!({})).await["desc"], "Session expired");
        again.token = Some("{00000000-0000-4000-8000-000000000000}".into());
        assert_eq!(again.fails("info", json!({})).await["desc"], "Session not found");
    }
}

#[proves("Q29", "QU-132")]
#[tokio::test]
async fn a_board_that_only_listens_lives_and_a_day_longer_than_its_socket() {
    let bench = Bench::start().await;
    let mut listening = board(&bench, &["subscribeServices"]).await;
    let token = listening.token.clone().expect("a token");
    // The same session on a second socket, which goes first.
    let mut second = Client::connect(&bench).await;
    second.token = Some(token.clone());
    second.data("subscribeOperations", json!({})).await;
    bench.advance("30h").await;
    drop(second);
    bench.advance("240h").await;
    let set = json!({"queue.set": {"book": "service", "id": 3, "fields": {"name": "Консультация"}}});
    assert_eq!(bench.steer(Method::POST, "/worlds/default/actions", set).await.status, 200);
    assert_eq!(listening.push().await["data"][1]["name"], "Консультация");
    drop(listening);
    let closed = bench.state().await["clock"]["now"].clone();
    eventually("the end of the subscription", async || {
        let used = used(&bench, &token).await?;
        (used == json!("2026-12-02T15:00:00.000Z")).then_some(())
    })
    .await;
    bench.advance("23h").await;
    let mut again = Client::connect(&bench).await;
    again.token = Some(token);
    again.data("info", json!({})).await;
    // Without a subscription it is as any other; the end of the last one counts as its use.
    again.data("subscribeServices", json!({})).await;
    bench.advance("100h").await;
    again.data("unsubscribeServices", json!({})).await;
    bench.advance("23h").await;
    again.data("info", json!({})).await;
    bench.advance("24h").await;
    assert_eq!(again.fails("info", json!({})).await["desc"], "Session expired", "{closed}");
}

/// A command that is refused has come all the same.
#[proves("Q29")]
#[tokio::test]
async fn a_session_whose_commands_fail_lives_on() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    for _ in 0..3 {
        bench.advance("20h").await;
        assert_ne!(clerk.fails("serveConsumer", json!({"workplace": 11})).await["desc"], "Session expired");
    }
    clerk.data("info", json!({})).await;
    // One with another's token, or none, keeps nobody alive.
    bench.advance("20h").await;
    let mine = clerk.token.replace("{00000000-0000-4000-8000-000000000000}".into());
    clerk.fails("info", json!({})).await;
    bench.advance("4h").await;
    clerk.token = mine;
    assert_eq!(clerk.fails("info", json!({})).await["desc"], "Session expired");
}

/// Who listened until a world was copied was in use until then, in the copy, too.
#[proves("Q29")]
#[tokio::test]
async fn a_listener_lives_a_day_longer_than_a_copy_of_its_world() {
    let bench = Bench::start().await;
    let listening = board(&bench, &["subscribeServices"]).await;
    bench.advance("100h").await;
    let file = bench.state().await;
    assert!(bench.steer(Method::POST, "/worlds", json!({"id": "f", "fork_of": "default"})).await.status.is_success());
    assert!(bench.steer(Method::POST, "/worlds", json!({"id": "s", "world": file})).await.status.is_success());
    for world in ["f", "s"] {
        let mut there = Client::to(&format!("{}/w/{world}/", bench.url("queue"))).await;
        there.token = listening.token.clone();
        let path = format!("/worlds/{world}/clock/advance");
        assert_eq!(bench.steer(Method::POST, &path, json!({"by": "23h"})).await.status, 200);
        there.data("info", json!({})).await;
        assert_eq!(bench.steer(Method::POST, &path, json!({"by": "24h"})).await.status, 200);
        assert_eq!(there.fails("info", json!({})).await["desc"], "Session expired", "{world}");
    }
}

#[proves("Q29")]
#[tokio::test]
async fn sockets_are_of_their_world_a_fork_has_none() {
    let bench = Bench::start().await;
    let listening = board(&bench, &["subscribeServices"]).await;
    let fork = json!({"id": "f", "fork_of": "default"});
    assert!(bench.steer(Method::POST, "/worlds", fork).await.status.is_success());
    let mut there = Client::to(&format!("{}/w/f/", bench.url("queue"))).await;
    there.token = listening.token.clone();
    there.data("info", json!({})).await;
    for world in ["f", "default"] {
        let path = format!("/worlds/{world}/clock/advance");
        assert_eq!(bench.steer(Method::POST, &path, json!({"by": "24h"})).await.status, 200);
    }
    assert_eq!(there.fails("info", json!({})).await["desc"], "Session expired");
    let mut here = Client::connect(&bench).await;
    here.token = listening.token.clone();
    here.data("info", json!({})).await;
}

#[proves("Q29", "QU-157")]
#[tokio::test]
async fn a_logout_frees_the_window_and_pushes_what_that_changes() {
    let bench = Bench::start().await;
    let mut boards = board(&bench, &["subscribeWorkplaces", "subscribeConsumers"]).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    boards.push().await;
    let mut clerk = Client::operator(&bench).await;
    assert_eq!(clerk_at(&boards.push().await["data"], 11), 3);
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    let pushes = [boards.push().await["command"].clone(), boards.push().await["command"].clone()];
    assert!(pushes.contains(&json!("workplaceList")) && pushes.contains(&json!("consumerList")), "{pushes:?}");
    clerk.data("logout", json!({"workplace": 11})).await;
    // The ticket shows its window, so both lists change.
    for _ in 0..2 {
        let push = boards.push().await;
        if push["command"] == "workplaceList" {
            assert_eq!(clerk_at(&push["data"], 11), -1);
        } else {
            assert_eq!(push["data"][0]["workplace"]["clerk_id"], -1);
            assert_eq!(push["data"][0]["state"], "SERVING", "it stays for the next clerk");
        }
    }
    boards.nothing_came().await;
    // Who logs in after another is the clerk until he logs out, whatever sessions the other has.
    let mut first = Client::operator(&bench).await;
    let mut second = Client::connect(&bench).await;
    second.login(json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": 11})).await;
    second.data("serveConsumer", json!({"workplace": 11})).await;
    second.data("logout", json!({})).await;
    assert_eq!(first.data("getWorkplace", json!({"id": 11})).await["clerk_id"], -1);
}

/// A window names its clerk, not the user: it follows when the user's clerk changes or goes.
#[proves("Q29")]
#[tokio::test]
async fn a_window_follows_its_clerk() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let mut clerk = Client::operator(&bench).await;
    let mut boards = board(&bench, &["subscribeWorkplaces"]).await;
    let error = admin.fails("setUser", json!({"id": 3, "clerk": {"id": 1}})).await;
    assert_eq!(error["desc"], "Clerk 1 (user 'admin') exists already");
    let user = json!({"login": "x", "password": "x", "role_id": 1, "clerk": {"id": 3}});
    admin.fails("newUser", user).await;
    boards.nothing_came().await;
    admin.data("setUser", json!({"id": 3, "clerk": {"id": 77}})).await;
    assert_eq!(clerk_at(&boards.push().await["data"], 11), 77);
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    admin.data("setUser", json!({"id": 3, "clerk": null})).await;
    assert_eq!(clerk_at(&boards.push().await["data"], 11), -1);
    clerk.data("logout", json!({"workplace": 18})).await;
    assert_eq!(warnings(&bench, "logout").await, json!(["the session is not at workplace 18; ignored"]));
    boards.nothing_came().await;
}

#[proves("G1", "Q6")]
#[tokio::test]
async fn a_token_is_a_guid_in_whatever_case_with_or_without_its_braces() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    let token = clerk.token.clone().expect("a token");
    let bare = token.trim_matches(['{', '}']);
    for sent in [token.to_uppercase(), bare.to_owned(), bare.to_uppercase(), token.clone()] {
        clerk.token = Some(sent.clone());
        for (command, data) in [
            ("info", json!({})),
            ("serviceList", json!({})),
            ("nextConsumer", json!({"workplace": 11})),
            ("subscribeServices", json!({})),
            ("me", json!({})),
        ] {
            let reply = clerk.ask(command, data).await;
            assert!(reply.get("error").is_none(), "{sent}: {reply}");
            assert_eq!(reply["token"], sent, "echoed as it came");
        }
    }
    let fault = json!({"match": {"fake": "queue", "client": token}, "respond": {"status": 500}, "times": 1});
    assert!(bench.steer(Method::POST, "/worlds/default/faults", fault).await.status.is_success());
    clerk.token = Some(bare.to_uppercase());
    clerk.fails("info", json!({})).await;
    // The end of the session is that of what was subscribed under another spelling.
    clerk.token = Some(token.to_uppercase());
    clerk.data("subscribeOperations", json!({})).await;
    clerk.token = Some(bare.to_owned());
    clerk.data("logout", json!({})).await;
    let mut admin = Client::admin(&bench).await;
    admin.data("setOperation", json!({"id": 1, "name": "x"})).await;
    clerk.nothing_came().await;
    for wrong in [format!("{{{token}}}"), bare[1..].to_owned(), format!("{bare}0"), "{}".into()] {
        clerk.token = Some(wrong);
        assert_eq!(clerk.fails("info", json!({})).await["desc"], "Session not found");
    }
}

#[proves("QU-159")]
#[tokio::test]
async fn removing_what_sessions_logged_in_with_ends_them_with_a_warning() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let mut operator = Client::operator(&bench).await;
    let mut boards = board(&bench, &["subscribeWorkplaces"]).await;
    admin.data("removeUser", json!({"id": 3})).await;
    assert_eq!(warnings(&bench, "removeUser").await, json!(["1 session(s) logged in with what this removes, and end"]));
    assert_eq!(clerk_at(&boards.push().await["data"], 11), -1, "its window is free");
    assert_eq!(operator.fails("info", json!({})).await["desc"], "Session not found");
    admin.data("removeUser", json!({"id": 1})).await;
    let own = json!(["this session logged in with what it removes, and ends"]);
    assert_eq!(warnings(&bench, "removeUser").await, own);
    assert_eq!(clerk_at(&boards.push().await["data"], 18), -1);
    assert_eq!(admin.fails("info", json!({})).await["desc"], "Session not found");

    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    admin.data("removeAllWorkplaces", json!({})).await;
    assert_eq!(warnings(&bench, "removeAllWorkplaces").await, own);
    admin.fails("info", json!({})).await;
    // In a strict world a warning is a refusal, and nothing is removed.
    let world = json!({"id": "s", "world": {"stend": 1, "base": "documented", "strict": true}});
    assert!(bench.steer(Method::POST, "/worlds", world).await.status.is_success());
    let mut strict = Client::to(&format!("{}/w/s/", bench.url("queue"))).await;
    strict.login(json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": 18})).await;
    strict.fails("removeAllWorkplaces", json!({})).await;
    assert_eq!(strict.data("workplaceList", json!({})).await.as_array().map(Vec::len), Some(2));
}

#[proves("QU-161")]
#[tokio::test]
async fn a_user_may_sit_at_two_windows_with_a_warning() {
    let bench = Bench::start().await;
    let mut first = Client::admin(&bench).await;
    assert_eq!(warnings(&bench, "login").await, Value::Null);
    let mut second = Client::connect(&bench).await;
    second.login(json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": 11})).await;
    let said = json!(["user `admin` logs in at workplace 11 while logged in at workplace 18"]);
    assert_eq!(warnings(&bench, "login").await, said);
    for _ in 0..2 {
        bench.act("queue.take_ticket", json!({"services": [4]})).await;
    }
    assert_eq!(first.data("nextConsumer", json!({"workplace": 18})).await["ticket"], "Г001");
    assert_eq!(second.data("nextConsumer", json!({"workplace": 11})).await["ticket"], "Г002");
    second.data("logout", json!({})).await;
    let windows = first.data("workplaceList", json!({})).await;
    assert_eq!((clerk_at(&windows, 11), clerk_at(&windows, 18)), (json!(-1), json!(1)));
}

#[proves("Q29")]
#[tokio::test]
async fn a_password_is_an_opaque_text() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    for (n, password) in ["12345", "Пароль 🔑", "5f4dcc3b5aa765d61d8327deb882cf99", " x "].into_iter().enumerate()
    {
        let login = format!("user{n}");
        let user = json!({"login": login, "password": password, "role_id": 1, "clerk": {}});
        assert_eq!(admin.data("newUser", user).await["password"], password);
        let mut client = Client::connect(&bench).await;
        let data =
            |password: &str| json!({"component": "workplace", "login": login, "password": password, "workplace": 11});
        for wrong in [password.to_uppercase(), format!("{password} "), String::new()] {
            if wrong != password {
                assert_eq!(client.fails("login", data(&wrong)).await["desc"], "Wrong login or password", "{wrong:?}");
            }
        }
        client.login(data(password)).await;
    }
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", bench.state().await).await.status, 200);
}
