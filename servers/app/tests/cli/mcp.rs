//! `stend mcp`, by JSON-RPC over its standard input and output, as an agent's client speaks to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Serving, bench, binary, curl, described, eventually, root};

/// A session; the process is ended when it is dropped.
struct Session {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    asked: u64,
}

impl Session {
    /// Starts the command and nothing else.
    fn raw(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = bench();
        for name in ["STEND_CONTROL_URL", "STEND_CONTROL_TOKEN"] {
            command.env_remove(name);
        }
        command.arg("mcp").args(args).envs(variables.iter().copied()).current_dir(root());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output, asked: 0 }
    }

    /// Starts it and says hello.
    fn start(args: &[&str], variables: &[(&str, &str)]) -> (Self, Value) {
        let mut session = Self::raw(args, variables);
        let hello = session.hello();
        (session, hello)
    }

    fn hello(&mut self) -> Value {
        let client = json!({ "name": "test", "version": "1" });
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        let answer = self.ask("initialize", hello);
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string());
        answer["result"].clone()
    }

    fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").and_then(|()| input.flush()).unwrap();
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }).to_string());
        let answer = self.answer();
        assert_eq!(answer["id"], self.asked, "{answer}");
        answer
    }

    /// What a tool answers: its value, or the text of its error.
    fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, String> {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{tool}: {answer}"));
        if result["isError"] == true {
            return Err(text.to_owned());
        }
        let value = result["structuredContent"].clone();
        // For clients that read texts alone.
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value, "{tool}");
        Ok(value)
    }

    fn good(&mut self, tool: &str, arguments: Value) -> Value {
        self.call(tool, arguments.clone()).unwrap_or_else(|why| panic!("{tool} {arguments}: {why}"))
    }

    fn wrong(&mut self, tool: &str, arguments: Value) -> String {
        let answer = self.call(tool, arguments.clone());
        answer.expect_err(&format!("{tool} {arguments}"))
    }

    /// Closes its input: its exit code, what is left of its output, and its standard error.
    fn close(mut self) -> (i32, String, String) {
        drop(self.input.take());
        let code = eventually("it does not end", || self.child.try_wait().unwrap()).code().unwrap();
        let (mut out, mut err) = (String::new(), String::new());
        self.output.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (code, out, err)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const NOON: &str = "2026-11-21T12:00:00+03:00";

#[test]
fn an_agent_makes_a_world_acts_in_it_and_sees_what_its_client_did() {
    let (mut session, hello) = Session::start(&["--clock", NOON], &[]);
    assert_eq!(hello["serverInfo"]["name"], "stend");
    let told = hello["instructions"].as_str().unwrap();
    assert!(told.contains("- carbis (Carbis QR menu, staff event feed): http://127.0.0.1:"), "{told}");

    let made = session.good("make_world", json!({ "id": "w1", "seed": 7, "clock": NOON }));
    assert_eq!((&made["seed"], &made["clock"]["mode"]), (&json!(7), &json!("frozen")));
    let feed = format!("{}/api/v4/events?hash=none", made["urls"]["carbis"].as_str().unwrap());
    let worlds = session.good("list_worlds", json!({}));
    assert_eq!((&worlds["all"], &worlds["worlds"][1]["id"]), (&json!(2), &json!("w1")));

    let actions = session.good("list_actions", json!({ "service": "carbis" }));
    assert_eq!(actions["actions"][0]["action"], "carbis.call_waiter");
    assert_eq!(actions["actions"][0]["arguments"], "table, hash?");
    let one = session.good("list_actions", json!({ "action": "carbis.call_waiter" }));
    assert_eq!(one["arguments"]["required"], json!(["table"]));
    let view = session.good("view", json!({ "world": "w1", "service": "carbis", "table": "tables" }));
    let row = &view["tables"][0]["rows"][0];
    assert_eq!(
        (&view["tables"][0]["title"], &row["actions"][0]["name"]),
        (&"Tables".into(), &"carbis.call_waiter".into())
    );
    let arguments = row["actions"][0]["args"].clone();
    let acted = session.good("act", json!({ "world": "w1", "action": "carbis.call_waiter", "arguments": arguments }));
    let hash = acted["result"]["hash"].clone();

    let expect = json!({ "journal": { "fake": "carbis", "operation": "events", "status": 200 } });
    let missed = session.good("verify", json!({ "world": "w1", "expect": expect }));
    assert_eq!(missed["passed"], false);
    curl(&["-H", "token: wrong", &feed]);
    let missed = session.good("verify", json!({ "world": "w1", "expect": expect }));
    let nearest = missed["message"].as_str().unwrap();
    assert!(
        nearest.contains("nearest is GET /w/w1/api/v4/events") || nearest.contains("expected 200, found 401"),
        "{missed}"
    );
    curl(&["-H", "token: demo-token", &feed]);
    assert_eq!(
        session.good("verify", json!({ "world": "w1", "expect": expect, "within": "10s" })),
        json!({ "passed": true })
    );
    let read =
        session.good("read_journal", json!({ "world": "w1", "service": "carbis", "status": "2xx", "bodies": true }));
    assert_eq!((&read["matched"], &read["entries"][0]["reply"]["data"]["updates"][0]["hash"]), (&json!(1), &hash));
    let heads = session.good("read_journal", json!({ "world": "w1", "limit": 1 }));
    assert_eq!((&heads["matched"], heads["entries"].as_array().unwrap().len()), (&json!(2), 1));
    assert!(heads["entries"][0].get("reply").is_none() && heads["entries"][0]["reply_bytes"].is_u64(), "{heads}");

    let passed = session.good("advance_clock", json!({ "world": "w1", "by": "6m" }));
    assert_eq!(passed["fired"][0]["what"], "1 event(s) left the feed");
    let clock = session.good("set_clock", json!({ "world": "w1", "now": "2026-11-22T12:00:00+03:00" }));
    assert_eq!(session.good("set_clock", json!({ "world": "w1" })), clock);
    assert_eq!(clock["now"], "2026-11-22T09:00:00Z");

    let fault = json!({ "match": { "fake": "carbis" }, "respond": { "status": 503 } });
    let id = session.good("set_fault", json!({ "world": "w1", "fault": fault }))["id"].clone();
    curl(&["-H", "token: demo-token", &feed]);
    let faults = session.good("list_faults", json!({ "world": "w1" }));
    assert_eq!((&faults["faults"][0]["id"], &faults["faults"][0]["applied"]), (&id, &json!(1)));
    let spoilt = session.good("read_journal", json!({ "world": "w1", "fault": id, "status": 503.to_string() }));
    assert_eq!(spoilt["matched"], 1);
    session.good("clear_faults", json!({ "world": "w1", "id": id }));
    assert_eq!(session.good("clear_faults", json!({ "world": "w1" })), json!({ "cleared": "all" }));
    assert_eq!(session.good("list_faults", json!({ "world": "w1" })), json!({ "faults": [] }));
    let operations = session.good("list_operations", json!({ "service": "carbis" }));
    assert_eq!(operations["operations"][0]["path"], "/api/v4/events");

    session.good("remove_world", json!({ "world": "w1" }));
    assert_eq!(session.good("list_worlds", json!({}))["all"], 1);
    let (code, out, err) = session.close();
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
}

#[test]
fn a_world_comes_of_a_file_a_scenario_or_another_world() {
    let (mut session, _) = Session::start(&["--clock", NOON], &[]);
    let path = "scenarios/recipes/too-many-requests.yaml";
    for scenario in ["too-many-requests", path] {
        let made = session.good("make_world", json!({ "scenario": scenario }));
        assert_eq!((&made["played"]["passed"], &made["played"]["failed"]), (&json!(true), &json!([])), "{made}");
        assert!(made["journal"]["entries"].as_u64() > Some(0), "{made}");
        let fork = session.good("make_world", json!({ "fork_of": made["id"] }));
        assert_eq!(fork["seed"], made["seed"]);
    }
    let listed = session.good("list_scenarios", json!({}));
    assert!(listed["scenarios"].as_array().unwrap().iter().any(|row| row["name"] == "too-many-requests"), "{listed}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    let machines = "stend: 1\ntelemetron:\n  clients: [{ id: k, secret: s }]\n  users: [{ id: 1, email: a@b.c, password: p, roles: [admin] }]\n  generate: { machines: 3 }\n";
    std::fs::write(&file, machines).unwrap();
    let made = session.good("make_world", json!({ "world": file.display().to_string() }));
    let view =
        session.good("view", json!({ "world": made["id"], "service": "telemetron", "table": "machines", "limit": 2 }));
    assert_eq!((&view["tables"][0]["total"], view["tables"][0]["rows"].as_array().unwrap().len()), (&json!(3), 2));
    std::fs::write(&file, machines.replace("generate", "genrate")).unwrap();
    let why = session.wrong("make_world", json!({ "world": file.display().to_string() }));
    assert!(why.contains("mine.yaml:5:3") && why.contains("did you mean `generate`?"), "{why}");
    session.good("make_world", json!({ "world": { "stend": 1, "telemetron": { "generate": { "machines": 1 } } } }));
    for (arguments, hint) in [
        (json!({ "world": "busi" }), "did you mean `busy`?"),
        (json!({ "scenario": "lunch-rsh" }), "did you mean `lunch-rush`?"),
        (json!({ "scenario": "lunch-rush", "world": "busy" }), "leave out `world`"),
        (json!({ "id": "a/b" }), "letters, digits"),
    ] {
        let why = session.wrong("make_world", arguments);
        assert!(why.contains(hint), "{why}");
    }
}

#[test]
fn statements_of_the_documents_are_looked_up() {
    let (mut session, _) = Session::start(&[], &[]);
    let found = session.good("look_up", json!({ "id": "cb-001" }));
    let claim = &found["claims"][0];
    assert_eq!(
        (&claim["id"], &claim["kind"], &claim["status"]),
        (&"CB-001".into(), &"documented".into(), &"proved".into())
    );
    assert_eq!((&claim["service"], &claim["section"]), (&"carbis".into(), &"Общий принцип работы".into()));
    assert!(claim["document"].as_str().unwrap().starts_with("Carbis QR menu"), "{claim}");
    let found = session.good("look_up", json!({ "words": "refresh token rotate", "service": "telemetron" }));
    assert_eq!((&found["claims"][0]["id"], &found["claims"][0]["kind"]), (&"T2".into(), &"ruling".into()));
    assert_eq!(found["claims"][0]["setting"], "settings.refresh_token_use");
    assert_eq!(found["claims"].as_array().unwrap().len(), 10);
    let found = session.good("look_up", json!({ "kind": "assumed", "service": "queue", "limit": 50 }));
    let kinds = found["claims"].as_array().unwrap().iter().filter(|claim| claim["kind"] == "assumed").count();
    assert_eq!(found["matched"], kinds);
    assert!(kinds > 5, "{found}");
    let nothing = session.good("look_up", json!({ "words": "xyzzy" }));
    assert_eq!(nothing, json!({ "matched": 0, "claims": [] }));
    for (arguments, hint) in [
        (json!({ "id": "CB-9001" }), "did you mean `CB-"),
        (json!({ "kind": "rulings" }), "did you mean `ruling`?"),
        (json!({ "status": "prooved" }), "did you mean `proved`?"),
        (json!({ "service": "carbsi" }), "did you mean `carbis`?"),
        (json!({ "limit": 51 }), "from 1 to 50"),
    ] {
        let why = session.wrong("look_up", arguments);
        assert!(why.contains(hint), "{why}");
    }
}

#[test]
fn mistakes_are_named_with_what_to_do() {
    let (mut session, _) = Session::start(&[], &[]);
    for (tool, arguments, hint) in [
        ("act", json!({ "action": "carbis.call_waitr" }), "did you mean `carbis.call_waiter`?"),
        (
            "act",
            json!({ "action": "carbis.call_waiter", "arguments": { "tabel": 1 } }),
            "carbis.call_waiter.tabel: unknown key `tabel`\n  = help: did you mean `table`?",
        ),
        ("act", json!({ "acton": "carbis.call_waiter" }), "did you mean `action`?"),
        ("act", json!({}), "action"),
        (
            "act",
            json!({ "world": "w2", "action": "carbis.call_waiter", "arguments": { "table": 1_000_028 } }),
            "there is no world `w2`\n  = help: known: `default`",
        ),
        ("act", json!({ "world": "../health", "action": "carbis.call_waiter" }), "there is no world"),
        ("list_actions", json!({ "service": "carbsi" }), "did you mean `carbis`?"),
        ("list_actions", json!({ "action": "call_waiter" }), "did you mean `carbis.call_waiter`?"),
        ("advance_clock", json!({}), "`by` or `to`"),
        ("advance_clock", json!({ "by": "5 parsecs" }), "invalid duration"),
        ("set_clock", json!({ "mode": "stopped" }), "frozen"),
        ("read_journal", json!({ "operation": "x&fake=queue" }), "unknown operation `x&fake=queue`"),
        ("read_journal", json!({ "status": "6xx" }), "6xx"),
        ("read_journal", json!({ "limit": 1000 }), "from 1 to 100"),
        ("read_journal", json!({ "since": "0", "wait": "2m" }), "50 s at the most"),
        ("verify", json!({ "expect": { "journl": {} } }), "did you mean `journal`?"),
        ("verify", json!({ "expect": {} }), ""),
        ("verify", json!({ "expect": 1 }), ""),
        ("view", json!({ "service": "carbis", "table": "tabels" }), "did you mean `tables`?"),
        ("set_fault", json!({ "fault": { "match": { "fake": "carbis" } } }), "give one of `delay`"),
        ("set_fault", json!({ "fault": [] }), ""),
        ("clear_faults", json!({ "id": "no/such" }), "there is no fault `no/such`"),
        ("remove_world", json!({ "world": "default" }), "default"),
    ] {
        let why = session.wrong(tool, arguments);
        assert!(!why.is_empty() && why.contains(hint) && !why.contains("127.0.0.1"), "{tool}: {why}");
    }
    let answer = session.ask("tools/call", json!({ "name": "mak_world", "arguments": {} }));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("did you mean `make_world`?"), "{answer}");
    let answer = session.ask("no/such", json!({}));
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
}

/// Tools are listed with schemas that say what the arguments are, short enough for an agent to keep.
#[test]
fn tools_are_listed_with_the_schemas_of_their_arguments() {
    let (mut session, _) = Session::start(&[], &[]);
    let listed = session.ask("tools/list", json!({}))["result"]["tools"].clone();
    assert!(listed.to_string().len() < 24 * 1024, "{} bytes", listed.to_string().len());
    let tools = listed.as_array().unwrap();
    let chapter = std::fs::read_to_string(root().join("servers/app/src/mcp/README.md")).unwrap();
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        assert!(
            tool["description"].as_str().unwrap().len() > 20 && !tool["description"].as_str().unwrap().contains('\n')
        );
        assert!(chapter.contains(&format!("`{name}`")), "{name} is not in the manual");
        let schema = &tool["inputSchema"];
        assert_eq!((&schema["type"], &schema["additionalProperties"]), (&json!("object"), &json!(false)), "{name}");
        assert!(schema.get("properties").is_none_or(Value::is_object), "{name}: {schema}");
        for (argument, of) in schema["properties"].as_object().into_iter().flatten() {
            assert!(of["description"].is_string(), "{name}: {argument}");
        }
    }
    let act = tools.iter().find(|tool| tool["name"] == "act").unwrap();
    let names: Vec<&Value> = act["inputSchema"]["properties"]["action"]["enum"].as_array().unwrap().iter().collect();
    let services = stend::registry::services();
    let known: Vec<Value> =
        services.services().iter().flat_map(|kind| kind.actions()).map(|action| json!(action.name)).collect();
    assert_eq!(names, known.iter().collect::<Vec<_>>());
    // The examples in the descriptions are understood.
    for (tool, argument, call) in [("verify", "expect", "verify"), ("set_fault", "fault", "set_fault")] {
        let about = tools.iter().find(|row| row["name"] == tool).unwrap();
        let text = format!("{} {}", about["description"], about["inputSchema"]["properties"][argument]["description"]);
        let text = text.replace("\\\"", "\"");
        let mut examples = 0;
        for (at, _) in text.match_indices("{\"") {
            let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
            let Some(Ok(example)) = values.next() else { continue };
            if example
                .as_object()
                .is_some_and(|map| ["journal", "never", "state", "match"].iter().any(|key| map.contains_key(*key)))
            {
                session.good(call, json!({ argument: example }));
                examples += 1;
            }
        }
        assert!(examples > 0, "{text}");
    }
}

/// What is no message of the protocol is passed over or refused, and the session goes on.
#[test]
fn garbage_and_huge_lines_do_not_end_the_session() {
    let mut session = Session::raw(&[], &[]);
    session.send("garbage");
    session.hello();
    session.send("{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": ");
    session.send("\u{0}\u{1}");
    session.send(&format!("{{\"jsonrpc\": \"2.0\", \"id\": 9, \"method\": \"{}\"}}", "x".repeat(5 * 1024 * 1024)));
    session.send("");
    assert_eq!(session.good("list_worlds", json!({}))["all"], 1);
    session.send("[1, 2, 3]");
    let refused = session.answer();
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    session.send(&deep);
    let answer = session.good("list_worlds", json!({}));
    assert_eq!(answer["all"], 1);
    let (code, out, err) = session.close();
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.contains("exceeded the maximum line length"), "{err}");
}

#[test]
fn a_request_that_was_sent_is_answered_after_the_input_has_closed() {
    let mut session = Session::start(&[], &[]).0;
    session.send(
        &json!({ "jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": { "name": "list_worlds" } }).to_string(),
    );
    let (code, out, _) = session.close();
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &answer["id"], &answer["result"]["structuredContent"]["all"]), (0, &json!(9), &json!(1)));
}

#[test]
fn it_ends_with_its_client_and_leaves_nothing() {
    let gone = |url: &str| {
        let address = url.split("://").nth(1).unwrap().trim_end_matches('/').to_owned();
        std::net::TcpStream::connect(address).is_err()
    };
    let url = |hello: &Value| {
        let told = hello["instructions"].as_str().unwrap();
        told.split("control API: ").nth(1).unwrap().split(". ").next().unwrap().to_owned()
    };
    // Whether by the end of its input, before a word or after, or by a signal, while it waits for input.
    let (session, hello) = Session::start(&[], &[]);
    assert!(!gone(&url(&hello)));
    let began = Instant::now();
    assert_eq!(session.close().0, 0);
    assert!(began.elapsed() < Duration::from_secs(3) && gone(&url(&hello)));
    assert_eq!(Session::raw(&[], &[]).close(), (0, String::new(), String::new()));
    let (mut session, hello) = Session::start(&[], &[]);
    let pid = session.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let code = eventually("it does not end", || session.child.try_wait().unwrap());
    assert!(code.success() && gone(&url(&hello)), "{code}");
}

#[test]
fn a_running_bench_is_used_with_its_token_and_left_running() {
    let serving = Serving::start(&["--control-token", "s3cret-token", "--clock", NOON]);
    let control = serving.url("control");
    let (mut session, hello) =
        Session::start(&[], &[("STEND_CONTROL_URL", control), ("STEND_CONTROL_TOKEN", "s3cret-token")]);
    assert!(hello["instructions"].as_str().unwrap().contains(serving.url("queue")), "{hello}");
    session.good("act", json!({ "action": "carbis.call_waiter", "arguments": { "table": 1_000_028 } }));
    assert_eq!(session.close().0, 0);
    assert!(
        curl(&["-H", "token: demo-token", &format!("{}/api/v4/events?hash=none", serving.url("carbis"))])
            .contains("waiter_call")
    );
    let (mut session, _) = Session::start(&["--attach", control, "--control-token", "s3cret-token"], &[]);
    assert_eq!(session.good("set_clock", json!({}))["now"], "2026-11-21T09:00:00Z");
    // Who says what a bench of its own is to be like gets one, whatever the environment says.
    let (mut session, _) = Session::start(&["--seed", "9"], &[("STEND_CONTROL_URL", control)]);
    assert_eq!(session.good("list_worlds", json!({}))["worlds"][0]["seed"], 9);
    for (args, part) in [
        (vec!["--attach", control], "give `--control-token` as that process was given it"),
        (vec!["--attach", "http://127.0.0.1:1"], "nobody listens at http://127.0.0.1:1"),
        (vec!["--attach", control, "--world", "busy"], "cannot be used with"),
        (vec!["--world", "nowhere.yaml"], "nowhere.yaml"),
    ] {
        let (code, out, err) = Session::raw(&args, &[]).close();
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.starts_with("error: ") && err.contains(part), "{err}");
    }
}

/// The configuration in the manual starts it.
#[test]
fn the_configuration_in_the_manual_starts_it() {
    let chapter = std::fs::read_to_string(root().join("servers/app/src/mcp/README.md")).unwrap();
    let snippet = chapter.split("```json").nth(1).unwrap().split("```").next().unwrap();
    let config: Value = serde_json::from_str(snippet).unwrap();
    let server = &config["mcpServers"]["stend"];
    assert_eq!(
        (&server["command"], &server["args"][0]),
        (&binary().file_name().unwrap().to_str().unwrap().into(), &"mcp".into())
    );
    let args: Vec<&str> = server["args"].as_array().unwrap().iter().skip(1).filter_map(Value::as_str).collect();
    assert_eq!(Session::start(&args, &[]).1["serverInfo"]["name"], "stend");
    let (code, out, _) = described(&crate::support::stend(&["help", "mcp"]));
    assert_eq!((code, out), (0, chapter));
}
