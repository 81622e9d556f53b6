"""A running bench, by its control URL."""

from __future__ import annotations

import datetime
import json
import threading
from pathlib import Path
from typing import Any, Optional, Union, cast
from urllib.parse import quote

from . import types
from ._http import Http
from ._world import Clock, Document, Faults, Moment, Span, World, document, file_of, moment

__all__ = ["Bench", "Clock", "Document", "Faults", "Moment", "Span", "World"]


class Bench:
    """A running bench, by its control URL."""

    def __init__(self, control_url: str, token: Optional[str] = None, timeout: float = 30.0) -> None:
        self.control_url = control_url.rstrip("/")
        self.http = Http(self.control_url, token, timeout)
        self.urls: dict[str, str] = self.health()["urls"]
        self._environment: Optional[dict[str, str]] = None
        self._lock = threading.Lock()

    def health(self) -> types.Health:
        """Version, uptime and URLs."""
        return cast(types.Health, self.http.json("GET", "/health"))

    def world(
        self,
        id: Optional[str] = None,
        *,
        seed: Optional[int] = None,
        world: Optional[Document] = None,
        clock: Union[None, Moment, dict[str, Any]] = None,
        fork_of: Optional[str] = None,
    ) -> World:
        """Make a world. `world` is a built-in name, a dict, or the path of a world file."""
        path = file_of(world)
        if isinstance(clock, datetime.datetime):
            clock = moment(clock)
        given = {"id": id, "seed": seed, "clock": clock, "fork_of": fork_of, "world": None if path else world}
        body = {key: value for key, value in given.items() if value is not None}
        sent = body if path is None else _with_world_file(body, path)
        return World(self, self.http.json("POST", "/worlds", sent, world=id))

    def get(self, id: str = "default") -> World:
        """A world that is there."""
        return World(self, self.http.json("GET", f"/worlds/{quote(id, safe='')}"))

    @property
    def default(self) -> World:
        """The world that answers at the root of each port."""
        return self.get("default")

    def worlds(self) -> list[World]:
        """All worlds."""
        return [World(self, described) for described in self.http.json("GET", "/worlds")]

    def actions(self, service: Optional[str] = None) -> list[dict[str, Any]]:
        """All actions, or those of a service, with the schemas of their arguments."""
        return cast("list[dict[str, Any]]", self.http.json("GET", "/actions", query={"service": service}))

    def operations(self, service: Optional[str] = None) -> list[dict[str, Any]]:
        """The operations of all services, or of one."""
        return cast("list[dict[str, Any]]", self.http.json("GET", "/operations", query={"service": service}))

    def specs(self) -> list[dict[str, Any]]:
        """The services that have a specification."""
        return cast("list[dict[str, Any]]", self.http.json("GET", "/spec"))

    def spec(self, service: str, world: Optional[str] = None) -> dict[str, Any]:
        """The OpenAPI or AsyncAPI document of a service, with a world's URL as its server."""
        return cast("dict[str, Any]", self.http.json("GET", f"/spec/{quote(service, safe='')}", query={"world": world}))

    def openapi(self) -> dict[str, Any]:
        """The control API as OpenAPI."""
        return cast("dict[str, Any]", self.http.json("GET", "/openapi.json"))

    def claims(self, service: str) -> list[dict[str, Any]]:
        """The statements of the vendor's document about a service, and how sure we are of each."""
        return cast("list[dict[str, Any]]", self.http.json("GET", f"/claims/{quote(service, safe='')}"))

    def scenarios(self) -> list[dict[str, Any]]:
        """The scenarios that the program carries, by name and title."""
        return cast("list[dict[str, Any]]", self.http.json("GET", "/scenarios"))

    def scenario(self, name: str) -> str:
        """The text of a scenario that the program carries, YAML."""
        return self.http.ask("GET", f"/control/v1/scenarios/{quote(name, safe='')}").decode()

    def check(self, scenario: Document) -> dict[str, Any]:
        """Everything that is wrong with a scenario (`problems`, each with its place), or its plan: a dict, or the path of a
        file."""
        given = document(scenario)
        text = given if isinstance(given, str) else json.dumps(given)
        return cast("dict[str, Any]", self.http.json("POST", "/check", text))

    def manual(self) -> list[dict[str, Any]]:
        """The chapters of the manual, by topic and title."""
        return cast("list[dict[str, Any]]", self.http.json("GET", "/manual"))

    def chapter(self, topic: str, lang: Optional[str] = None) -> str:
        """A chapter of the manual, Markdown, in `"en"` or `"ru"`."""
        return self.http.ask("GET", f"/control/v1/manual/{quote(topic, safe='')}", query={"lang": lang}).decode()

    def index(self) -> dict[str, Any]:
        """The list of the control API's operations."""
        return cast("dict[str, Any]", json.loads(self.http.ask("GET", "/", accept="application/json")))

    def certificate(self) -> str:
        """The certificate of the bench's authority, PEM."""
        return self.http.ask("GET", "/ca.pem").decode()

    def metrics(self) -> str:
        """Counts for Prometheus; the bench needs `--metrics`."""
        return self.http.ask("GET", "/metrics").decode()

    def environment(self) -> dict[str, str]:
        """Environment variables that lead clients to the default world, as `stend env` prints them. The files that they name
        are kept until this process ends."""
        from ._process import environment

        with self._lock:
            if self._environment is None:
                self._environment = environment(self.control_url, self.http.token)
            return self._environment


def _with_world_file(body: dict[str, Any], path: Path) -> str:
    """The body of `POST /worlds` with a world file inside. The API reads YAML, and JSON is YAML, so the file's text is
    put in as it is and keeps its line structure for error messages."""
    text = path.read_text(encoding="utf-8-sig")
    lines = [line for line in text.splitlines() if line.rstrip() != "---"]
    head = [f"{key}: {json.dumps(value)}" for key, value in body.items()]
    return "\n".join([*head, "world:", *("  " + line for line in lines), ""])
