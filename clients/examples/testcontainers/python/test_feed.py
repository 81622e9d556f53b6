"""A bench in a container for the session, a world per test: STEND_IMAGE names the image, else localhost/stend:0.2.0."""

import json
import os
import urllib.request
import uuid

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

PORTS = {"control": 7700, "carbis": 7701, "tillypad": 7702, "queue": 7703, "telemetron": 7704}


@pytest.fixture(scope="session")
def bench():
    image = os.environ.get("STEND_IMAGE", "localhost/stend:0.2.0")
    container = DockerContainer(image).with_exposed_ports(*PORTS.values())
    with container.waiting_for(HttpWaitStrategy(7700, "/control/v1/health")) as running:
        host = running.get_container_host_ip()
        yield {name: f"http://{host}:{running.get_exposed_port(port)}" for name, port in PORTS.items()}


def call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"token": "demo-token"}, method=method)
    with urllib.request.urlopen(request) as reply:
        return json.loads(reply.read() or "null")


@pytest.fixture
def world(bench):
    # Ports are mapped, so the world's URLs are the mapped ones with its prefix.
    name = f"test-{uuid.uuid4().hex[:12]}"
    worlds = f"{bench['control']}/control/v1/worlds"
    call("POST", worlds, {"id": name, "seed": 7, "clock": "frozen"})
    yield {"control": f"{worlds}/{name}", **{service: f"{bench[service]}/w/{name}" for service in PORTS if service != "control"}}
    call("DELETE", f"{worlds}/{name}")


def test_a_waiter_is_called(world):
    call("POST", f"{world['control']}/actions", {"carbis.call_waiter": {"table": 1000028}})
    assert len(call("GET", f"{world['carbis']}/api/v4/events?hash=none")["data"]["updates"]) == 1


def test_nobody_has_called(world):
    assert call("GET", f"{world['carbis']}/api/v4/events?hash=none")["data"]["updates"] == []
