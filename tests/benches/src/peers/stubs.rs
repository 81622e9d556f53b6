//! How each peer is told to answer one path with one reply, in its default settings.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::Outcome;
use crate::process::pinned;

/// What a peer is told.
pub(super) struct Stub<'a> {
    /// A folder of its own.
    pub(super) folder: &'a Path,
    /// The path that is answered, without a query.
    pub(super) path: &'a str,
    /// The reply.
    pub(super) reply: &'a str,
    /// A free port; those that take none tell theirs in `url` in the folder.
    pub(super) port: u16,
    /// Another one.
    pub(super) second: u16,
    /// Where the peers are installed.
    pub(super) installed: &'a Path,
}

/// One of those that one would take instead.
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// What it keeps of the requests unless told otherwise.
    pub(super) journal: &'static str,
    /// The command that starts it.
    pub(super) command: fn(&Stub<'_>) -> Outcome<Command>,
}

pub(super) const PEERS: [Peer; 7] = [
    Peer { name: "WireMock 3.13.2", journal: "every request, without a limit", command: wiremock_java },
    Peer { name: "mountebank 2.9.1", journal: "none", command: mountebank },
    Peer { name: "Mockoon CLI 9.9.0", journal: "the last 100 in memory; a log", command: mockoon },
    Peer { name: "Prism 5.16.0", journal: "none; a log", command: prism },
    Peer { name: "json-server 0.17.4", journal: "none; a log", command: json_server },
    Peer { name: "httpmock 0.9", journal: "the last 100 requests", command: httpmock },
    Peer { name: "wiremock-rs 0.6", journal: "every request, without a limit", command: wiremock_rust },
];

impl Stub<'_> {
    fn file(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().ok_or("a file without a folder")?)?;
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// A script of an installed package.
    fn script(&self, name: &str) -> Outcome<Command> {
        let path = self.installed.join("node_modules/.bin").join(name);
        if !path.exists() {
            return Err(format!("{} is not there; `make bench-setup` installs it", path.display()).into());
        }
        Ok(pinned(path))
    }

    fn reply(&self) -> Outcome<Value> {
        Ok(serde_json::from_str(self.reply)?)
    }
}

fn wiremock_java(stub: &Stub<'_>) -> Outcome<Command> {
    let mapping = json!({
        "request": {"method": "GET", "urlPath": stub.path},
        "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": stub.reply},
    });
    stub.file("mappings/events.json", &mapping.to_string())?;
    let folder = stub.installed.join("node_modules/wiremock/build");
    let mut jars = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let jar = jars.find_map(|entry| {
        entry.ok().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "jar"))
    });
    let mut command = pinned("java");
    command
        .arg("-jar")
        .arg(jar.ok_or("no jar")?)
        .args(["--port", &stub.port.to_string(), "--root-dir"])
        .arg(stub.folder);
    Ok(command)
}

fn mountebank(stub: &Stub<'_>) -> Outcome<Command> {
    let imposters = json!({"imposters": [{"port": stub.port, "protocol": "http", "stubs": [{
        "predicates": [{"equals": {"path": stub.path}}],
        "responses": [{"is": {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": stub.reply}}],
    }]}]});
    let file = stub.file("imposters.json", &imposters.to_string())?;
    let mut command = stub.script("mb")?;
    command.arg("start").arg("--configfile").arg(file).args(["--port", &stub.second.to_string(), "--localOnly"]);
    Ok(command)
}

fn mockoon(stub: &Stub<'_>) -> Outcome<Command> {
    let id = |n: u32| format!("00000000-0000-4000-8000-{n:012}");
    let environment = json!({
        "uuid": id(1), "lastMigration": 33, "name": "events", "endpointPrefix": "", "latency": 0,
        "port": stub.port, "hostname": "127.0.0.1", "folders": [],
        "routes": [{
            "uuid": id(2), "type": "http", "documentation": "", "method": "get",
            "endpoint": stub.path.trim_start_matches('/'),
            "responses": [{
                "uuid": id(3), "body": stub.reply, "latency": 0, "statusCode": 200, "label": "",
                "headers": [{"key": "Content-Type", "value": "application/json"}],
                "bodyType": "INLINE", "filePath": "", "databucketID": "", "sendFileAsBody": false, "rules": [],
                "rulesOperator": "OR", "disableTemplating": false, "fallbackTo404": false, "default": true,
                "crudKey": "id", "callbacks": [],
            }],
            "responseMode": null, "streamingMode": null, "streamingInterval": 0,
        }],
        "rootChildren": [{"type": "route", "uuid": id(2)}],
        "proxyMode": false, "proxyHost": "", "proxyRemovePrefix": false,
        "tlsOptions": {"enabled": false, "type": "CERT", "pfxPath": "", "certPath": "", "keyPath": "", "caPath": "", "passphrase": ""},
        "cors": true, "headers": [], "proxyReqHeaders": [], "proxyResHeaders": [], "data": [], "callbacks": [],
    });
    let file = stub.file("environment.json", &environment.to_string())?;
    let mut command = stub.script("mockoon-cli")?;
    command.args(["start", "--data"]).arg(file).args(["--port", &stub.port.to_string()]);
    Ok(command)
}

fn prism(stub: &Stub<'_>) -> Outcome<Command> {
    let responses = json!({"200": {"description": "events", "content": {"application/json": {
        "schema": {"type": "object"}, "example": stub.reply()?,
    }}}});
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "events", "version": "1"},
        "paths": {stub.path: {"get": {"operationId": "events", "responses": responses}}},
    });
    let file = stub.file("openapi.json", &document.to_string())?;
    let mut command = stub.script("prism")?;
    command.args(["mock", "--port", &stub.port.to_string()]).arg(file);
    Ok(command)
}

fn json_server(stub: &Stub<'_>) -> Outcome<Command> {
    let database = stub.file("db.json", &json!({"events": stub.reply()?}).to_string())?;
    let routes = stub.file("routes.json", &json!({format!("{}*", stub.path): "/events"}).to_string())?;
    let mut command = stub.script("json-server")?;
    command.arg(database).args(["--port", &stub.port.to_string(), "--routes"]).arg(routes);
    Ok(command)
}

fn crate_stub(stub: &Stub<'_>, name: &str) -> Outcome<Command> {
    let program = stub.installed.join("build/release").join(name);
    if !program.exists() {
        return Err(format!("{} is not there; `make bench-setup` builds it", program.display()).into());
    }
    let reply = stub.file("reply.json", stub.reply)?;
    let mut command = pinned(program);
    command.arg(stub.path).arg(reply).arg(stub.folder.join("url"));
    Ok(command)
}

fn httpmock(stub: &Stub<'_>) -> Outcome<Command> {
    crate_stub(stub, "httpmock")
}

fn wiremock_rust(stub: &Stub<'_>) -> Outcome<Command> {
    crate_stub(stub, "wiremock")
}
