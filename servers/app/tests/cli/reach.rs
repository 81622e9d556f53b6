//! Unchanged clients with hard-coded hosts, through `stend run`, in a network without the internet.

#![allow(clippy::print_stdout, reason = "what was not run is said in the output of the tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Serving, bench, binary, curl, described, root};

/// Whether this machine has it; one that has not is told of, as the test then shows nothing.
fn has(program: &str, arguments: &[&str]) -> bool {
    let found = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        println!("not run: {program} {} does not work here", arguments.join(" "));
    }
    found
}

/// Runs a command by `stend run`: where the system lets anybody, in a network of its own that has nothing but the loopback.
fn run(options: &[&str], command: &[&str]) -> Output {
    let apart = Command::new("unshare").args(["-rn", "ip", "link", "set", "lo", "up"]).output();
    let mut all = match apart {
        Ok(output) if output.status.success() => {
            let mut all = Command::new("unshare");
            all.args(["-rn", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh", "timeout", "120"]).arg(binary());
            all
        }
        _ => {
            println!("not in a network of its own: unshare does not work here");
            let mut all = Command::new("timeout");
            all.arg("120").arg(binary());
            all
        }
    };
    all.arg("run").args(options).arg("--").args(command).current_dir(root()).stdin(Stdio::null()).output().unwrap()
}

/// A client that asks `https://api.telemetron.net` prints the status and the body of what only the bench answers.
fn reaches(command: &[&str]) {
    let (code, out, err) = described(&run(&[], command));
    assert_eq!(code, 0, "{out}\n{err}");
    for line in out.lines() {
        assert!(line.contains("401") && line.contains("Unauthenticated"), "{out}\n{err}");
    }
    assert!(out.lines().count() >= 1, "{err}");
    assert!(err.contains("service=\"telemetron\"") && err.contains("status=401"), "the refusal is told: {err}");
}

/// Writes a program and gives its path.
fn program(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn curl_reaches_it() {
    for scheme in ["https", "http"] {
        reaches(&["curl", "-sS", "-w", "%{http_code}\n", &format!("{scheme}://api.telemetron.net/v2/me")]);
    }
}

/// A Python that has the modules, if any.
fn python(module: &str) -> Option<&'static str> {
    let import = format!("import {module}");
    ["python3", "/usr/bin/python3"].into_iter().find(|python| has(python, &["-c", &import]))
}

#[test]
fn python_reaches_it() {
    let clients = [
        ("requests", "r = requests.get(url); print(r.status_code, r.text.strip())"),
        ("httpx", "r = httpx.get(url); print(r.status_code, r.text.strip())"),
        (
            "urllib.request, urllib.error",
            "\ntry:\n  urllib.request.urlopen(url)\nexcept urllib.error.HTTPError as e:\n  print(e.code, e.read().decode().strip())",
        ),
    ];
    for (module, code) in clients {
        if let Some(python) = python(module) {
            reaches(&[python, "-c", &format!("import {module}\nurl = 'https://api.telemetron.net/v2/me'\n{code}")]);
        }
    }
}

#[test]
fn node_reaches_it() {
    if !has("node", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        const https = require("node:https"), http = require("node:http"), tls = require("node:tls");
        const show = (response) => {
            let text = "";
            response.on("data", (part) => (text += part)).on("end", () => console.log(response.statusCode, text.trim()));
        };
        fetch("https://API.telemetron.net/v2/me").then(async (r) => console.log(r.status, (await r.text()).trim()));
        fetch("http://api.telemetron.net/v2/me").then(async (r) => console.log(r.status, (await r.text()).trim()));
        https.get("https://api.telemetron.net/v2/me", show);
        https.request({ host: "api.telemetron.net", path: "/v2/me", agent: new https.Agent({ keepAlive: false }) }, show).end();
        http.get({ host: "api.telemetron.net", path: "/v2/me", headers: { accept: "*/*" } }, show);
        // As the package `ws` connects: without an agent.
        const socket = tls.connect({ host: "api.telemetron.net", port: 443, servername: "api.telemetron.net" }, () =>
            socket.write("GET /v2/me HTTP/1.1\r\nHost: api.telemetron.net\r\nConnection: close\r\n\r\n"));
        let text = "";
        socket.on("data", (part) => (text += part)).on("end", () => console.log(text.replace(/\s+/g, " ")));
    "#;
    let path = program(folder.path(), "client.cjs", script);
    let (code, out, err) = described(&run(&[], &["node", &path]));
    assert_eq!(code, 0, "{out}\n{err}");
    assert_eq!(
        out.lines().filter(|line| line.contains("401") && line.contains("Unauthenticated")).count(),
        6,
        "{out}\n{err}"
    );
}

/// The packages that most Node.js programs ask with, as `make clients` installs them.
#[test]
fn packages_of_node_reach_it_over_http_and_by_a_socket() {
    let packages = root().join("target/clients/node_modules");
    if !has("node", &["--version"]) || !packages.join("ws/package.json").is_file() {
        println!("not run: axios and ws are not installed (make clients)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        const axios = require("axios"), WebSocket = require("ws");
        axios.get("https://api.telemetron.net/v2/me", { validateStatus: () => true })
            .then((r) => console.log(r.status, JSON.stringify(r.data)));
        for (const url of ["wss://queue.example/", "ws://queue.example/"]) {
            const socket = new WebSocket(url);
            const login = { command: "login", data: { component: "qboard", login: "qboard" } };
            socket.on("open", () => socket.send(JSON.stringify(login)));
            socket.once("message", (data) => { console.log("frame", String(data)); socket.close(1000); });
            socket.on("close", (code) => console.log("closed", code));
            socket.on("error", (error) => console.log("error", error.message));
        }
    "#;
    let path = program(folder.path(), "client.cjs", script);
    let line = format!("NODE_PATH={} exec node {path}", packages.display());
    let (code, out, err) = described(&run(&["--route", "queue.example=queue"], &["sh", "-c", &line]));
    assert_eq!(code, 0, "{out}\n{err}");
    let lines = |wanted: &str| out.lines().filter(|line| line.contains(wanted)).count();
    assert_eq!((lines("401"), lines("frame"), lines("closed 1000"), lines("error ")), (1, 2, 2, 0), "{out}\n{err}");
}

#[test]
fn java_reaches_it() {
    if !has("javac", &["-version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = r#"
        import java.net.URI;
        import java.net.http.*;
        public class Client {
            public static void main(String[] arguments) throws Exception {
                var request = HttpRequest.newBuilder(URI.create("https://api.telemetron.net/v2/me")).build();
                var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
                System.out.println(response.statusCode() + " " + response.body().trim());
            }
        }
    "#;
    let path = program(folder.path(), "Client.java", text);
    reaches(&["java", &path]);
}

#[test]
fn php_reaches_it() {
    if !has("php", &["-r", "exit(function_exists('curl_init') ? 0 : 1);"]) {
        return;
    }
    reaches(&[
        "php",
        "-r",
        "$c = curl_init('https://api.telemetron.net/v2/me'); curl_setopt($c, CURLOPT_RETURNTRANSFER, true); $b = curl_exec($c); if ($b === false) { echo curl_error($c); exit(1); } echo curl_getinfo($c, CURLINFO_HTTP_CODE), ' ', trim($b), PHP_EOL;",
    ]);
}

#[test]
fn the_exit_code_is_the_commands_or_says_why_there_is_none() {
    let code = |options: &[&str], command: &[&str]| described(&run(options, command));
    assert_eq!(code(&[], &["true"]), (0, String::new(), String::new()));
    assert_eq!(code(&[], &["sh", "-c", "exit 7"]).0, 7);
    assert_eq!(code(&[], &["sh", "-c", "kill -TERM $$"]).0, 143);
    let (missing, _, why) = code(&[], &["no-such-command"]);
    assert!(missing == 127 && why.contains("no-such-command"), "{missing}: {why}");
    let (denied, _, why) = code(&[], &["/etc/hostname"]);
    assert!(denied == 126 && why.contains("/etc/hostname"), "{denied}: {why}");
    assert_eq!(code(&["--seed", "x"], &["true"]).0, 2);
    assert_eq!(described(&crate::support::stend(&["run"])).0, 2);
}

#[test]
fn what_is_expected_is_checked_when_the_command_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let checks = program(
        folder.path(),
        "checks.yaml",
        "stend: 1\ntitle: the client asks\nuntil: 1s\nexpect:\n  - journal: {fake: telemetron, status: 401, count: 1}\n",
    );
    let ask = "curl -sS -o /dev/null https://api.telemetron.net/v2/me";
    let (code, _, err) = described(&run(&["--expect", &checks], &["sh", "-c", ask]));
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = described(&run(&["--expect", &checks], &["true"]));
    assert!(code == 1 && err.contains("the client asks") && err.contains("expected"), "{code}: {err}");
    let (code, _, _) = described(&run(&["--expect", &checks], &["sh", "-c", "exit 3"]));
    assert_eq!(code, 3, "the command's own failure counts");
    let steps = root().join("scenarios/waiter-call.yaml");
    let (code, _, err) = described(&run(&["--expect", &steps.display().to_string()], &["true"]));
    assert!(code == 2 && err.contains("--scenario"), "{code}: {err}");
}

#[test]
fn options_of_the_environment_steer_this_bench_and_not_its_command() {
    let ask = "echo \"$STEND_SEED,$STEND_WORLD,$STEND_TLS\"; curl -sS \"$STEND_CONTROL_URL/control/v1/worlds/default\"";
    let mut command = bench();
    command.args(["run", "--", "sh", "-c", ask]).current_dir(root()).stdin(Stdio::null());
    let (code, out, err) = described(&command.env("STEND_SEED", "77").env("STEND_WORLD", "busy").output().unwrap());
    assert!(code == 0 && out.starts_with(",,\n") && out.contains("\"seed\": 77,"), "{out}{err}");
    for (name, value) in
        [("STEND_SEED", ""), ("STEND_WORLD", ""), ("STEND_STRICT", ""), ("STEND_ROUTE", ""), ("STEND_LOG_FORMAT", "")]
    {
        let mut command = bench();
        let output = command.args(["run", "--", "true"]).env(name, value).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
    }
}

#[test]
fn signals_are_forwarded() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = bench();
    command.args(["run", "--ready-file"]).arg(folder.path().join("ready.json"));
    command.args(["--", "sh", "-c", "trap 'exit 9' TERM; while :; do sleep 0.05; done"]).stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut serving = Serving::when_ready(child, folder);
    std::thread::sleep(Duration::from_millis(300));
    let (code, took) = serving.signal("-TERM");
    assert_eq!(code, 9);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn the_environment_of_a_running_bench_leads_a_shell_to_it() {
    let data = tempfile::tempdir().unwrap();
    let ca = data.path().join("ca");
    let serving = Serving::start(&["--ca-dir", &ca.display().to_string()]);
    let env = |arguments: &[&str]| {
        let mut command = bench();
        command.arg("env").args(arguments).env("XDG_DATA_HOME", data.path()).stdin(Stdio::null());
        described(&command.output().unwrap())
    };
    let (code, text, err) = env(&[serving.url("control")]);
    assert_eq!(code, 0, "{err}");
    let script = format!("{text}\ncurl -sS -w '%{{http_code}}' https://api.telemetron.net/v2/me");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let (_, out, err) = described(&output);
    assert!(out.contains("Unauthenticated") && out.ends_with("401"), "{out}{err}");
    let (_, dotenv, _) = env(&[serving.url("control"), "--shell", "dotenv"]);
    assert!(dotenv.contains(&format!("STEND_CONTROL_URL=\"{}\"", serving.url("control"))), "{dotenv}");
    assert_eq!(env(&["http://127.0.0.1:1"]).0, 2);
    // The world is the proxy's user, which only proxies' URLs have.
    curl(&[&format!("{}/control/v1/worlds", serving.url("control")), "-d", "{\"id\": \"left\"}"]);
    let (_, dotenv, _) = env(&[serving.url("control"), "--world", "left", "--shell", "dotenv"]);
    let gateway = serving.url("gateway").replace("http://", "http://left:world@");
    assert!(dotenv.contains(&format!("HTTPS_PROXY=\"{gateway}\"")), "{dotenv}");
    for line in dotenv.lines().filter(|line| line.contains('@')) {
        assert!(line.ends_with(&format!("=\"{gateway}\"")), "{line}");
    }
}

#[test]
fn with_tls_all_ports_speak_it_and_say_so_to_those_who_do_not() {
    let data = tempfile::tempdir().unwrap();
    let ca = data.path().join("ca").display().to_string();
    let serving = Serving::start(&["--tls", "--ca-dir", &ca]);
    assert!(serving.url("queue").starts_with("wss://") && serving.url("gateway").starts_with("http://"));
    let pem = format!("{ca}/ca.pem");
    let health = format!("{}/control/v1/health", serving.url("control"));
    assert!(curl(&["--cacert", &pem, &health]).contains("\"ok\""));
    assert!(
        curl(&["--cacert", &pem, "-x", serving.url("gateway"), "https://api.telemetron.net/v2/me"]).contains("Unauth")
    );
    let plain = curl(&[&health.replace("https://", "http://")]);
    assert!(plain.contains("speaks TLS") && plain.contains("https://"), "{plain}");
    let stend = |arguments: &[&str], home: &Path| {
        let mut command = bench();
        described(&command.args(arguments).env("XDG_DATA_HOME", home).stdin(Stdio::null()).output().unwrap())
    };
    assert_eq!(stend(&["healthcheck", serving.url("control")], data.path()).0, 0);
    assert_eq!(stend(&["healthcheck", serving.url("control").strip_prefix("https://").unwrap()], data.path()).0, 0);
    // The authority is nobody's whom `env` trusts: it is not in the user's folder.
    let (code, _, err) = stend(&["env", serving.url("control")], data.path());
    assert!(code == 2 && err.contains("stend ca path"), "{err}");
    assert_eq!(stend(&["healthcheck", "http://127.0.0.1:1"], data.path()).0, 1);
}

/// The manual's table of ways to trust the authority: those that run here, on copies of the system's files.
#[test]
fn each_way_to_trust_the_authority_works() {
    let data = tempfile::tempdir().unwrap();
    let at = |name: &str| data.path().join(name).display().to_string();
    let serving = Serving::start(&["--tls", "--ca-dir", &at("ca")]);
    let port = serving.url("control").rsplit_once(':').unwrap().1;
    let url = format!("https://localhost:{port}/control/v1/health");
    let system = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
    std::fs::write(at("both.pem"), system + &std::fs::read_to_string(at("ca/ca.pem")).unwrap()).unwrap();
    let java = format!(
        "public class C {{ public static void main(String[] a) throws Exception {{ System.out.println(new String(new java.net.URL(\"{url}\").openStream().readAllBytes())); }} }}"
    );
    std::fs::write(at("C.java"), java).unwrap();
    let php =
        format!("<?php $c = curl_init('{url}'); curl_setopt($c, CURLOPT_RETURNTRANSFER, true); echo curl_exec($c);");
    std::fs::write(at("curl.php"), php).unwrap();
    std::fs::write(at("stream.php"), format!("<?php echo file_get_contents('{url}');")).unwrap();
    let python = "/usr/bin/python3";
    let ways = [
        (
            "update-ca-certificates",
            "PATH=$PATH:/usr/sbin; mkdir -p local etc && cp ca/ca.pem local/stend.crt && \
             update-ca-certificates --localcertsdir $PWD/local --etccertsdir $PWD/etc --hooksdir $PWD/none >/dev/null 2>&1; \
             curl -sS --cacert etc/ca-certificates.crt URL",
        ),
        ("curl", "SSL_CERT_FILE=both.pem curl -sS URL"),
        (
            "node",
            "NODE_EXTRA_CA_CERTS=ca/ca.pem node -e \"fetch('URL').then(async (r) => console.log(await r.text()))\"",
        ),
        (
            python,
            "SSL_CERT_FILE=both.pem PYTHON -c \"import urllib.request as u; print(u.urlopen('URL').read().decode())\"",
        ),
        ("requests", "REQUESTS_CA_BUNDLE=both.pem PYTHON -c \"import requests; print(requests.get('URL').text)\""),
        (
            "keytool",
            "cp \"$(dirname $(dirname $(readlink -f $(command -v keytool))))/lib/security/cacerts\" store && chmod u+w store && \
             keytool -importcert -noprompt -alias stend -file ca/ca.pem -keystore store -storepass changeit >/dev/null 2>&1; \
             java -Djavax.net.ssl.trustStore=store C.java",
        ),
        ("php", "php -d curl.cainfo=$PWD/both.pem curl.php && php -d openssl.cafile=$PWD/both.pem stream.php"),
    ];
    for (program, line) in ways {
        let there = match program {
            "update-ca-certificates" => Path::new("/usr/sbin/update-ca-certificates").is_file(),
            "requests" => has(python, &["-c", "import requests"]),
            "php" => has("php", &["-r", "exit(function_exists('curl_init') ? 0 : 1);"]),
            "keytool" => has("keytool", &["-help"]) && has("javac", &["-version"]),
            program => has(program, &["--version"]),
        };
        if !there {
            println!("not run: the way to trust by {program}");
            continue;
        }
        let shell = |line: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", &line.replace("URL", &url).replace("PYTHON", python)]).current_dir(data.path());
            for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]
            {
                command.env_remove(name);
            }
            described(&command.stdin(Stdio::null()).output().unwrap())
        };
        let (code, out, err) = shell(line);
        assert!(code == 0 && out.contains("\"ok\""), "{program}: {out}{err}");
    }
}

#[test]
fn certificates_and_folders_that_cannot_be_used_are_told() {
    let data = tempfile::tempdir().unwrap();
    let file = program(data.path(), "file", "x");
    let said = |arguments: &[&str]| described(&crate::support::stend(arguments));
    let (code, _, err) = said(&["serve", "--ephemeral", "--tls", "--ca-dir", &file]);
    assert!(code == 2 && err.contains(&file), "{err}");
    let folder = data.path().join("ca").display().to_string();
    let (code, path, _) = said(&["ca", "new", "--ca-dir", &folder, "--host", "pos.example"]);
    assert!(code == 0 && path.trim().ends_with("ca.pem"), "{path}");
    assert_eq!(said(&["ca", "path", "--ca-dir", &folder]).1, path);
    assert!(said(&["ca", "print", "--ca-dir", &folder]).1.starts_with("-----BEGIN CERTIFICATE-----"));
    let (code, _, err) = said(&["serve", "--ephemeral", "--tls", "--tls-cert", path.trim(), "--tls-key", &file]);
    assert!(code == 2 && err.contains("the key cannot be read"), "{err}");
    let (code, _, err) = said(&["serve", "--ephemeral", "--route", "pos.example=tilypad"]);
    assert!(code == 2 && err.contains("did you mean `tillypad`?"), "{err}");
}

#[test]
fn two_worlds_are_reached_by_two_users_of_the_proxy_at_once() {
    let data = tempfile::tempdir().unwrap();
    let serving = Serving::start(&["--ca-dir", &data.path().display().to_string()]);
    let worlds = format!("{}/control/v1/worlds", serving.url("control"));
    let pem = data.path().join("pem").display().to_string();
    std::fs::write(&pem, curl(&[&format!("{}/ca.pem", serving.url("control"))])).unwrap();
    let port = serving.url("gateway").rsplit_once(':').unwrap().1.to_owned();
    std::thread::scope(|scope| {
        for (world, times) in [("left", 3), ("right", 5)] {
            let (worlds, pem, port) = (&worlds, &pem, &port);
            scope.spawn(move || {
                curl(&[worlds, "-d", &format!("{{\"id\": \"{world}\"}}")]);
                for n in 0..times {
                    let scheme = if n % 2 == 0 { "https" } else { "http" };
                    let url = format!("{scheme}://api.telemetron.net/v2/me");
                    curl(&["--cacert", pem, "-x", &format!("http://{world}@127.0.0.1:{port}"), &url]);
                }
            });
        }
    });
    for (world, times) in [("left", 3), ("right", 5), ("default", 0)] {
        let journal = curl(&[&format!("{worlds}/{world}/journal?fake=telemetron")]);
        assert_eq!(journal.matches("/v2/me").count(), times, "{world}: {journal}");
        assert!(!journal.to_lowercase().contains("proxy-"), "{journal}");
    }
}

#[test]
fn pages_of_allowed_origins_may_ask_and_others_are_told_the_option() {
    let serving = Serving::start(&["--allow-origin", "http://shop.test"]);
    let preflight = |origin: &str, url: &str| {
        let origin = format!("Origin: {origin}");
        let method = "Access-Control-Request-Method: POST";
        curl(&["-i", "-X", "OPTIONS", "-H", &origin, "-H", method, "-H", "Access-Control-Request-Headers: token", url])
    };
    for service in ["carbis", "tillypad", "telemetron", "control"] {
        let url = format!("{}/", serving.url(service));
        let good = preflight("http://shop.test", &url).to_lowercase();
        assert!(
            good.starts_with("http/1.1 204") && good.contains("allow-origin: http://shop.test"),
            "{service}: {good}"
        );
        assert!(good.contains("allow-headers: token") && good.contains("allow-methods: post"), "{service}: {good}");
        let bad = preflight("http://evil.test", &url);
        assert!(bad.starts_with("HTTP/1.1 403") && bad.contains("--allow-origin http://evil.test"), "{service}: {bad}");
        let read = curl(&["-i", "-H", "Origin: http://shop.test", &url]).to_lowercase();
        assert!(read.contains("access-control-allow-origin: http://shop.test"), "{service}: {read}");
        let foreign = curl(&["-i", "-H", "Origin: http://evil.test", &url]).to_lowercase();
        assert!(!foreign.contains("access-control-allow-origin"), "{service}: {foreign}");
    }
}

#[test]
fn urls_are_those_by_which_the_client_came_or_those_that_were_given() {
    let public = ["--allow-host", "bench.test", "--public-url", "carbis=http://menu.test:8701/"];
    let serving = Serving::start(&public);
    let world = format!("{}/control/v1/worlds/default", serving.url("control"));
    let asked = curl(&["-H", "Host: bench.test:17700", &world]);
    let port = serving.url("tillypad").rsplit_once(':').unwrap().1.to_owned();
    assert!(asked.contains(&format!("http://bench.test:{port}")), "{asked}");
    assert!(asked.contains("\"http://menu.test:8701\""), "{asked}");
    assert!(curl(&[&world]).contains(serving.url("tillypad")));
}

#[test]
fn a_bench_is_up_within_the_time_that_nobody_notices() {
    let began = Instant::now();
    let output = bench().args(["run", "--", "true"]).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success());
    // Measured in a release build; here only that it does not wait for anything.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
