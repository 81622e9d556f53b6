"""Lets others judge the specifications and what answers them: linters read them, schemathesis asks by them. The official client
of the Model Context Protocol judges `stend mcp`, and the language server that editors run the schemas of scenarios and worlds.

Usage: judge.py BINARY VENV NODE_MODULES OUTPUT
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
NOON = "2026-11-21T12:00:00+03:00"

# What has happened before anybody asks, so that lists are not empty.
BEFORE = [
    {"carbis.call_waiter": {"table": 1000028}},
    {"carbis.additional_order": {"table": 1000028, "dishes": [{"id": 1000041, "count": 1}]}},
    {"carbis.pay_online": {"table": 1000028}},
    {"telemetron.sell": {"machine": 123, "layout": "A1"}},
    {"telemetron.ping": {"machine": 123, "report": True}},
    {"telemetron.fail": {"machine": 123, "code": "D54"}},
    {"telemetron.collect": {"machine": 123}},
]


def ask(url, body=None):
    """Asks the control API or a fake, with JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


class Bench:
    """The real binary on free ports, its clock standing."""

    def __init__(self, binary, output):
        self.ready = output / "ready.json"
        self.ready.unlink(missing_ok=True)
        self.log = open(output / "stend.log", "wb")
        arguments = ["serve", "--ephemeral", "--ready-file", self.ready, "--clock", NOON, "--seed", "7"]
        self.process = subprocess.Popen([binary, *arguments], stdout=self.log, stderr=self.log)

    def __enter__(self):
        until = time.monotonic() + 20
        while not self.ready.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit("judges: the bench does not start; see " + self.log.name)
            time.sleep(0.02)
        self.control = json.loads(self.ready.read_text())["control"] + "/control/v1"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)
        self.log.close()

    def world(self, name):
        """A world of one's own in which something has happened; gives the URLs of its fakes."""
        urls = ask(f"{self.control}/worlds", {"id": name, "seed": 7, "clock": NOON})["urls"]
        for action in BEFORE:
            ask(f"{self.control}/worlds/{name}/actions", action)
        return urls


def lint(specs, node_modules):
    """OpenAPI by Redocly, AsyncAPI by its reference parser. Gives whether all is well."""
    good = True
    openapi = [str(path) for fake, path in specs.items() if "openapi" in path.read_text()[:20]]
    asyncapi = [str(path) for path in specs.values() if str(path) not in openapi]
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    for command, files in [
        ([str(node_modules / ".bin/redocly"), "lint", "--config", str(HERE / "redocly.yaml")], openapi),
        (["node", str(node_modules.parent / "asyncapi.mjs")], asyncapi),
    ]:
        if files:
            done = subprocess.run([*command, *files], env=environment, capture_output=True, text=True)
            print(f"{pathlib.Path(command[0]).name}: {len(files)} specification(s), exit code {done.returncode}")
            if done.returncode != 0:
                print(done.stdout, done.stderr)
                good = False
    return good


def editor(binary, node_modules, output):
    """Scenarios and worlds by the language server that editors run. Gives whether it agrees with `stend check`."""
    command = ["node", str(node_modules.parent / "editor.mjs"), str(binary), str(HERE.parent), str(output / "editor")]
    done = subprocess.run(command, cwd=node_modules.parent, capture_output=True, text=True)
    print(done.stdout.strip() if done.returncode == 0 else done.stdout + done.stderr)
    return done.returncode == 0


def bearer(url):
    """A Telemetron token."""
    wish = {"grant_type": "password", "client_id": "client-key", "client_secret": "client-secret"}
    return ask(f"{url}/auth/", {**wish, "username": "me@example.com", "password": "123456"})["access_token"]


def schemathesis(bench, venv, output, fake, name, *selection):
    """One run in a world of its own. Gives whether no check failed."""
    urls = bench.world(name)
    headers = {"carbis": lambda: ["-H", "token: demo-token"]}
    headers["telemetron"] = lambda: ["-H", f"Authorization: Bearer {bearer(urls[fake])}"]
    command = [str(venv / "bin/schemathesis"), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    # The base URL is a variable of the specification's server, and schemathesis reads none.
    command += [f"{bench.control}/spec/{fake}?world={name}", "--url", urls[fake], *headers.get(fake, list)(), *selection]
    began = time.monotonic()
    done = subprocess.run(command, cwd=output, capture_output=True, text=True)
    (output / f"{name}.txt").write_text(done.stdout + done.stderr)
    print(f"schemathesis, {name}: exit code {done.returncode}, {time.monotonic() - began:.0f} s")
    if done.returncode != 0:
        print(done.stdout, done.stderr)
    return done.returncode == 0


def attack_control(bench, venv, output):
    """The control API, by its own document. Gives whether no check failed."""
    command = [str(venv / "bin/schemathesis"), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [f"{bench.control}/openapi.json", "--url", bench.control.removesuffix("/control/v1")]
    # A stream does not end by itself.
    command += ["--exclude-operation-id", "stream"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    done = subprocess.run(command, cwd=output, env=environment, capture_output=True, text=True)
    (output / "control.txt").write_text(done.stdout + done.stderr)
    print(f"schemathesis, control: exit code {done.returncode}")
    if done.returncode != 0:
        print(done.stdout, done.stderr)
    return done.returncode == 0


def agent(binary, venv):
    """The official client of the Model Context Protocol calls every tool. Gives whether all is well."""
    done = subprocess.run([venv / "bin/python", HERE / "agent.py", binary], capture_output=True, text=True, timeout=120)
    print(done.stdout.strip() or f"mcp client: exit code {done.returncode}\n{done.stderr}")
    return done.returncode == 0


def main():
    binary, venv, node_modules, output = (pathlib.Path(path).resolve() for path in sys.argv[1:])
    output.mkdir(parents=True, exist_ok=True)
    good = agent(binary, venv)
    good &= editor(binary, node_modules, output)
    with Bench(binary, output) as bench:
        fakes = {row["fake"]: row["format"] for row in ask(f"{bench.control}/spec")}
        specs = {}
        for fake in fakes:
            specs[fake] = output / f"{fake}.yaml"
            specs[fake].write_bytes(subprocess.run([binary, "spec", fake], check=True, capture_output=True).stdout)
        specs["control"] = output / "control.yaml"
        specs["control"].write_bytes(subprocess.run([binary, "spec", "control"], check=True, capture_output=True).stdout)
        good &= lint(specs, node_modules)
        good &= attack_control(bench, venv, output)
        for fake in (fake for fake, format in fakes.items() if format == "openapi"):
            if fake == "telemetron":
                # A log-out ends the token that all other requests need.
                good &= schemathesis(bench, venv, output, fake, "logout", "--include-operation-id", "logout")
                good &= schemathesis(bench, venv, output, fake, fake, "--exclude-operation-id", "logout")
            else:
                good &= schemathesis(bench, venv, output, fake, fake)
    if not good:
        sys.exit("judges: something is wrong; the whole output is in " + str(output))


main()
