"""The control API, typed: worlds, clock, actions, faults, journal, expectations, scenarios."""

from __future__ import annotations

import datetime
import json
import time
from pathlib import Path
from typing import Any, Optional, Union
from urllib.parse import quote, urlsplit

from ._http import ExpectationFailed, Http, StendError

Span = Union[str, int, float, datetime.timedelta]
Moment = Union[str, datetime.datetime]


def span(value: Span) -> str:
    """A span as the API reads it: `"5m"` stays, numbers are seconds, a timedelta is converted."""
    if isinstance(value, str):
        return value
    seconds = value.total_seconds() if isinstance(value, datetime.timedelta) else value
    milliseconds = round(seconds * 1000)
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


def moment(value: Moment) -> str:
    """A time as RFC 3339. A datetime needs a zone."""
    if isinstance(value, str):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; expected e.g. datetime.now(timezone.utc)")
    return value.isoformat()


class Clock:
    """A world's clock."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def get(self) -> dict[str, Any]:
        """Mode, time and scale as they stand."""
        return self._world._json("GET", "/clock")

    def now(self) -> datetime.datetime:
        """The world's time."""
        text = str(self.get()["now"])
        # Python before 3.11 reads neither `Z` nor more than six decimals.
        head, dot, rest = text.rstrip("Z").partition(".")
        return datetime.datetime.fromisoformat(head + (dot + rest[:6].ljust(6, "0") if dot else "") + "+00:00")

    def freeze(self, at: Optional[Moment] = None) -> dict[str, Any]:
        """Stop the clock, at `at` if it is given."""
        setting: dict[str, Any] = {"mode": "frozen"}
        if at is not None:
            setting["now"] = moment(at)
        return self._world._json("PUT", "/clock", setting)

    def run(self, scale: Optional[float] = None) -> dict[str, Any]:
        """Let the clock run, at `scale` virtual seconds a second if it is given."""
        setting: dict[str, Any] = {"mode": "real"} if scale is None else {"mode": "scaled", "scale": scale}
        return self._world._json("PUT", "/clock", setting)

    def advance(self, by: Span) -> dict[str, Any]:
        """Move time on; returns when everything that fell due has settled."""
        return self._world._json("POST", "/clock/advance", {"by": span(by)})

    def advance_to(self, to: Moment) -> dict[str, Any]:
        """Move time on to a moment."""
        return self._world._json("POST", "/clock/advance", {"to": moment(to)})


class Faults:
    """A world's faults."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def add(self, match: Optional[dict[str, Any]] = None, **effect: Any) -> str:
        """Add a fault and return its id: `faults.add({"fake": "carbis"}, respond={"status": 503}, times=1)`."""
        return str(self._world._json("POST", "/faults", {"match": match or {}, **effect})["id"])

    def list(self) -> list[dict[str, Any]]:
        """All faults, with how often each was applied."""
        return self._world._json("GET", "/faults")

    def remove(self, fault: str) -> None:
        """Remove one."""
        self._world._json("DELETE", f"/faults/{quote(fault, safe='')}")

    def clear(self) -> None:
        """Remove all."""
        self._world._json("DELETE", "/faults")


class World:
    """One isolated world of a bench."""

    def __init__(self, bench: "Bench", described: dict[str, Any]) -> None:
        self.bench = bench
        self.id: str = described["id"]
        self.seed: int = described["seed"]
        self.urls: dict[str, str] = described["urls"]
        self.clock = Clock(self)
        self.faults = Faults(self)

    def _json(self, method: str, path: str = "", body: Any = None, **options: Any) -> Any:
        return self.bench.http.json(method, f"/worlds/{quote(self.id, safe='')}{path}", body, **options)

    def url(self, service: str) -> str:
        """The base URL of a service in this world, without a slash at its end."""
        if service not in self.urls:
            raise KeyError(f"no service {service!r}; there are {', '.join(sorted(self.urls))}")
        return self.urls[service]

    def act(self, action: str, **args: Any) -> Any:
        """Make something happen on the far side of an API: `world.act("carbis.call_waiter", table=1000028)`."""
        return self._json("POST", "/actions", {action: args})["result"]

    def journal(self, service: Optional[str] = None, **filters: Any) -> list[dict[str, Any]]:
        """What clients sent and got, oldest first. Filters: operation, status, client, fault, since, limit."""
        return self._json("GET", "/journal", query={"fake": service, **filters})["entries"]

    def clear_journal(self) -> None:
        """Forget what clients sent and got."""
        self._json("DELETE", "/journal")

    def verify(self, expectation: Optional[dict[str, Any]] = None, within: Optional[float] = None, **short: Any) -> None:
        """Check an expectation: `world.verify(journal={"operation": "events", "count": 1})`.

        With `within` it is asked again until it holds or so many seconds of real time have passed.
        Raises `ExpectationFailed`, which names the nearest miss.
        """
        wanted = {**(expectation or {}), **short}
        until = time.monotonic() + (within or 0)
        while True:
            try:
                self._json("POST", "/verify", wanted)
                return
            except ExpectationFailed:
                if time.monotonic() >= until:
                    raise
            time.sleep(0.02)

    def state(self) -> dict[str, Any]:
        """The world as a world file."""
        return self._json("GET", "/state")

    def save(self, path: Union[str, Path]) -> None:
        """Write the world file, YAML unless the name ends in `.json`."""
        accept = "application/json" if str(path).endswith(".json") else "application/yaml"
        status, text = self.bench.http.text("GET", f"/worlds/{quote(self.id, safe='')}/state", accept=accept)
        if status != 200:
            raise StendError(status, {"message": text})
        Path(path).write_text(text, encoding="utf-8")

    def restore(self, world: Union[dict[str, Any], str, Path]) -> None:
        """Replace the world by a world file: a dict, text, or a path."""
        self._json("PUT", "/state", _document(world))

    def reset(self, service: Optional[str] = None) -> None:
        """Put the world, or one service of it, back to how it began."""
        self._json("POST", "/reset", {"fake": service} if service else {})

    def fork(self, id: Optional[str] = None) -> "World":
        """A new world that goes on from this one."""
        return self.bench.world(id=id, fork_of=self.id)

    def play(self, scenario: Union[str, Path, dict[str, Any]], speed: str = "max", timeout: float = 60.0) -> dict[str, Any]:
        """Play a scenario here and return its report; raises `ExpectationFailed` if it did not pass."""
        self._json("POST", "/scenario", _document(scenario), query={"speed": speed})
        until = time.monotonic() + timeout
        while True:
            progress = self._json("GET", "/scenario")
            if progress["state"] != "playing":
                break
            if time.monotonic() > until:
                self._json("DELETE", "/scenario")
                raise TimeoutError(f"the scenario did not end within {timeout} s; it is at {progress.get('step')!r}")
            time.sleep(0.01)
        report = progress.get("report") or {}
        if progress["state"] != "passed":
            raise ExpectationFailed({"message": progress.get("why") or _failures(report)})
        return report

    def env(self) -> dict[str, str]:
        """Environment variables that point a client at this world."""
        variables = {f"STEND_{name.upper()}_URL": url for name, url in self.urls.items()}
        variables["STEND_CONTROL_URL"] = self.bench.control_url
        gateway = self.bench.urls.get("gateway")
        if gateway:
            parts = urlsplit(gateway)
            proxy = gateway if self.id == "default" else f"{parts.scheme}://{self.id}@{parts.netloc}"
            variables.update({name: proxy for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")})
            variables["NO_PROXY"] = variables["no_proxy"] = "127.0.0.1,localhost,::1"
        return variables

    def delete(self) -> None:
        """Remove the world; its sockets close."""
        self._json("DELETE")

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.delete()

    def __repr__(self) -> str:
        return f"<World {self.id!r} of {self.bench.control_url}>"


class Bench:
    """A running bench, by its control URL."""

    def __init__(self, control_url: str, token: Optional[str] = None, timeout: float = 30.0) -> None:
        self.control_url = control_url.rstrip("/")
        self.http = Http(self.control_url, token, timeout)
        self.urls: dict[str, str] = self.health().get("urls") or {}

    def health(self) -> dict[str, Any]:
        """Version, uptime and URLs."""
        return self.http.json("GET", "/health")

    def world(
        self,
        id: Optional[str] = None,
        *,
        seed: Optional[int] = None,
        world: Union[None, str, Path, dict[str, Any]] = None,
        clock: Union[None, Moment, dict[str, Any]] = None,
        fork_of: Optional[str] = None,
    ) -> World:
        """Make a world. `world` is a built-in name, a dict, or the path of a world file."""
        path = None
        if isinstance(world, Path) or (isinstance(world, str) and world.endswith((".yaml", ".yml", ".json"))):
            path, world = Path(world), None
        if isinstance(clock, datetime.datetime):
            clock = moment(clock)
        given = {"id": id, "seed": seed, "world": world, "clock": clock, "fork_of": fork_of}
        body = {key: value for key, value in given.items() if value is not None}
        sent: Any = body if path is None else _with_world_file(body, path)
        return World(self, self.http.json("POST", "/worlds", sent))

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

    def actions(self) -> list[dict[str, Any]]:
        """All actions with the schemas of their arguments."""
        return self.http.json("GET", "/actions")

    def operations(self) -> list[dict[str, Any]]:
        """All operations of all services."""
        return self.http.json("GET", "/operations")

    def spec(self, service: str) -> dict[str, Any]:
        """The OpenAPI or AsyncAPI document of a service."""
        return self.http.json("GET", f"/spec/{quote(service, safe='')}")


def _with_world_file(body: dict[str, Any], path: Path) -> str:
    """The body of `POST /worlds` with a world file inside. The API reads YAML, and JSON is YAML, so the file's text is
    put in as it is and keeps its line structure for error messages."""
    text = path.read_text(encoding="utf-8-sig")
    lines = [line for line in text.splitlines() if line.rstrip() != "---"]
    head = [f"{key}: {json.dumps(value)}" for key, value in body.items()]
    return "\n".join([*head, "world:", *("  " + line for line in lines), ""])


def _document(value: Any) -> Any:
    """A dict as it is; a path's text; text as it is."""
    if isinstance(value, Path):
        return value.read_text(encoding="utf-8")
    if isinstance(value, str) and "\n" not in value and value.endswith((".yaml", ".yml", ".json")):
        return Path(value).read_text(encoding="utf-8")
    return value


def _failures(report: dict[str, Any]) -> str:
    return "the scenario did not pass: " + json.dumps(report.get("failures", report), ensure_ascii=False, indent=2)

