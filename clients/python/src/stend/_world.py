"""One world of a bench: actions, clock, faults, journal, expectations, scenarios."""

from __future__ import annotations

import contextlib
import datetime
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Union, cast
from urllib.parse import quote, urlsplit

from . import types
from ._http import API, ExpectationFailed

if TYPE_CHECKING:
    from ._client import Bench

Span = Union[str, int, float, datetime.timedelta]
"""A span of time: `"5m"`, seconds, or a timedelta."""
Moment = Union[str, datetime.datetime]
"""A time: RFC 3339, or a datetime with a zone."""
Document = Union[str, Path, dict[str, Any]]
"""A world file or a scenario: a dict, its text, or the path of a file."""


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


def file_of(value: Any) -> Optional[Path]:
    """The file that a document names; `None` if it is the document itself, or a built-in name."""
    if isinstance(value, Path):
        return value
    if isinstance(value, str) and "\n" not in value and value.endswith((".yaml", ".yml", ".json")):
        return Path(value)
    return None


def document(value: Document) -> Any:
    """A document's content as it is sent: a dict, or text."""
    path = file_of(value)
    return value if path is None else path.read_text(encoding="utf-8-sig")


class Clock:
    """A world's clock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, due: bool = False) -> types.ClockState:
        """Mode, time, scale, and when something falls due next; with `due`, what that is in each service."""
        return cast(types.ClockState, self._world._json("GET", "/clock", query={"due": due or None}))

    def now(self) -> datetime.datetime:
        """The world's time."""
        text = self.get()["now"]
        # Python before 3.11 reads neither `Z` nor more than six decimals.
        head, dot, rest = text.rstrip("Z").partition(".")
        return datetime.datetime.fromisoformat(head + (dot + rest[:6].ljust(6, "0") if dot else "") + "+00:00")

    def freeze(self, at: Optional[Moment] = None) -> types.ClockState:
        """Stop the clock, at `at` if it is given."""
        setting: dict[str, Any] = {"mode": "frozen"}
        if at is not None:
            setting["now"] = moment(at)
        return cast(types.ClockState, self._world._json("PUT", "/clock", setting))

    def run(self, scale: Optional[float] = None, at: Optional[Moment] = None) -> types.ClockState:
        """Let the clock run, at `scale` virtual seconds a second and from `at` (`"now"`: the wall clock) if they are given."""
        setting: dict[str, Any] = {"mode": "real"} if scale is None else {"mode": "scaled", "scale": scale}
        if at is not None:
            setting["now"] = moment(at)
        return cast(types.ClockState, self._world._json("PUT", "/clock", setting))

    def advance(self, by: Span) -> types.Advanced:
        """Move time on; returns when everything that fell due has settled."""
        return cast(types.Advanced, self._world._json("POST", "/clock/advance", {"by": span(by)}))

    def advance_to(self, to: Moment) -> types.Advanced:
        """Move time on to a moment."""
        return cast(types.Advanced, self._world._json("POST", "/clock/advance", {"to": moment(to)}))


class Faults:
    """A world's faults."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add(self, match: Optional[dict[str, Any]] = None, **effect: Any) -> str:
        """Add a fault and return its id: `faults.add({"fake": "carbis"}, respond={"status": 503}, times=1)`."""
        return str(self._world._json("POST", "/faults", {"match": match or {}, **effect})["id"])

    def list(self) -> List[types.Fault]:
        """All faults, with how often each was applied."""
        return cast("List[types.Fault]", self._world._json("GET", "/faults"))

    def switch(self, fault: str, on: bool) -> None:
        """Switch a fault off, and on again, by its id; what it has counted stays."""
        self._world._json("PUT", f"/faults/{quote(fault, safe='')}", {"off": not on})

    def remove(self, fault: str) -> None:
        """Remove one."""
        self._world._json("DELETE", f"/faults/{quote(fault, safe='')}")

    def clear(self) -> None:
        """Remove all."""
        self._world._json("DELETE", "/faults")


class World:
    """One isolated world of a bench."""

    def __init__(self, bench: Bench, described: types.WorldInfo) -> None:
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

    def describe(self) -> types.WorldInfo:
        """The world as it stands: clock, journal's size, number of faults."""
        return cast(types.WorldInfo, self._json("GET"))

    def act(self, action: str, /, **args: Any) -> Any:
        """Make something happen on the far side of an API, and return what came of it: `world.act("carbis.call_waiter", table=1000028)`."""
        return self._json("POST", "/actions", {action: args})["result"]

    def journal(self, service: Optional[str] = None, **filters: Any) -> list[types.Entry]:
        """What clients sent and got, oldest first; the last 100 unless `limit` says more.

        Filters: channel, operation, client, fault, status, since, limit, bodies. With `wait` (a span) it waits for the
        first entry that fits, after entry `since`.
        """
        return self.journal_page(service, **filters)["entries"]

    def journal_page(
        self,
        service: Optional[str] = None,
        *,
        channel: Optional[types.Channel] = None,
        operation: Optional[str] = None,
        client: Optional[str] = None,
        fault: Optional[str] = None,
        status: Union[None, int, str] = None,
        since: Union[None, int, Moment] = None,
        limit: Optional[int] = None,
        bodies: bool = True,
        wait: Optional[Span] = None,
    ) -> types.JournalPage:
        """As `journal`, with the number of the newest entry, from which a later call goes on by `since`."""
        if isinstance(since, datetime.datetime):
            since = moment(since)
        query: dict[str, Any] = {"service": service, "channel": channel, "operation": operation, "client": client}
        query.update(fault=fault, status=status, since=since, limit=limit, bodies=None if bodies else "false")
        timeout = None
        if wait is not None:
            query.update(wait=span(wait), since=0 if since is None else since)
            # The bench answers at the latest after five minutes.
            timeout = 310.0
        return cast(types.JournalPage, self._json("GET", "/journal", query=query, timeout=timeout))

    def clear_journal(self) -> None:
        """Forget what clients sent and got."""
        self._json("DELETE", "/journal")

    def verify(self, expectation: Optional[dict[str, Any]] = None, *, within: Optional[Span] = None, **short: Any) -> None:
        """Check an expectation: `world.verify(journal={"operation": "events", "count": 1})`.

        With `within` the bench waits so long of real time for it to hold; what holds where nothing happens (`never`) has
        to hold all the while. Raises `ExpectationFailed`, which names the nearest miss.
        """
        wanted = {**(expectation or {}), **short}
        timeout = None
        if within is not None:
            wanted["within"] = span(within)
            timeout = 310.0
        self._json("POST", "/verify", wanted, timeout=timeout)

    def stream(self, since: Union[None, int, str] = None, bodies: bool = True) -> contextlib.AbstractContextManager[Iterator[types.Event]]:
        """What happens here, as it happens: `with world.stream() as events: for event in events: …`.

        `since=0` begins with all that is kept, an event's id resumes after it. It ends with the event `end`.
        """
        return _events(self, {"since": since, "bodies": None if bodies else "false"})

    def view(self, limit: Optional[int] = None) -> types.WorldView:
        """What people see: of each service tables of rows, and the actions that fit each row."""
        return cast(types.WorldView, self._json("GET", "/view", query={"limit": limit}))

    def view_service(
        self, service: str, table: Optional[str] = None, limit: Optional[int] = None, after: Optional[str] = None
    ) -> types.ServiceView:
        """What people see of a service, or of one table of it; `after` is the `next` of the page before."""
        query = {"table": table, "limit": limit, "after": after}
        return cast(types.ServiceView, self._json("GET", f"/view/{quote(service, safe='')}", query=query))

    def picture(self, service: str, name: str) -> bytes:
        """A picture that a cell of a view names, PNG."""
        parts = [quote(part, safe="") for part in (self.id, service, name)]
        return self.bench.http.ask("GET", f"{API}/worlds/{parts[0]}/view/{parts[1]}/pictures/{parts[2]}")

    def state(self) -> dict[str, Any]:
        """The world as a world file."""
        return cast("dict[str, Any]", self._json("GET", "/state"))

    def save(self, path: Union[str, Path]) -> None:
        """Write the world file, YAML unless the name ends in `.json`."""
        accept = "application/json" if str(path).endswith(".json") else "application/yaml"
        Path(path).write_bytes(self.bench.http.ask("GET", f"{API}/worlds/{quote(self.id, safe='')}/state", accept=accept))

    def changes(self) -> dict[str, Any]:
        """What of the services' state differs from how the world began, value by value."""
        return cast("dict[str, Any]", self._json("GET", "/changes"))

    def report(self) -> dict[str, Any]:
        """All that has happened since the world began, with the latest scenario: what `stend play --report` makes a page of."""
        return cast("dict[str, Any]", self._json("GET", "/report"))

    def restore(self, world: Document) -> None:
        """Replace the world by a world file."""
        self._json("PUT", "/state", document(world))

    def reset(self, service: Optional[str] = None) -> None:
        """Put the world, or one service of it, back to how it began."""
        self._json("POST", "/reset", {"service": service} if service else {})

    def fork(self, id: Optional[str] = None) -> World:
        """A new world that goes on from this one."""
        return self.bench.world(id=id, fork_of=self.id)

    def recording(self) -> types.Recording:
        """What has happened since the world began, as a scenario that plays it again."""
        return cast(types.Recording, self._json("GET", "/recording"))

    def play(self, scenario: Document, speed: Union[str, float] = "max", timeout: float = 60.0, **options: Any) -> types.Report:
        """Play a scenario here and return its report; raises `ExpectationFailed` if it did not pass.

        The world becomes the scenario's: the one that it names, or the documented one.
        """
        self.start_scenario(scenario, speed, **options)
        until = time.monotonic() + timeout
        pause = 0.001
        while True:
            progress = self.scenario()
            if progress["state"] != "playing":
                break
            if time.monotonic() > until:
                self.stop_scenario()
                raise TimeoutError(f"the scenario did not end within {timeout} s; it is at {progress['step']!r}")
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        if progress["state"] != "passed":
            raise ExpectationFailed({"message": progress.get("why") or _failures(progress)})
        return progress["report"]

    def start_scenario(
        self,
        scenario: Document,
        speed: Union[str, float] = 1,
        seed: Optional[int] = None,
        start: Optional[Moment] = None,
        report: bool = False,
    ) -> None:
        """Begin to play a scenario here, `speed` virtual seconds a second or `"max"`; `scenario()` says how far it is. With
        `report`, what people see after each step is kept for `report()`.

        A world or JSON files that the scenario names by path are not looked for: give the scenario as a dict with its world
        in it, or play it by `stend play --attach`.
        """
        path = file_of(scenario)
        # With its name, reports speak of the file.
        body = document(scenario) if path is None else {"name": str(path), "scenario": document(path)}
        query = {"speed": speed, "seed": seed, "start": None if start is None else moment(start), "report": report or None}
        self._json("POST", "/scenario", body, query=query)

    def scenario(self, steps: bool = False) -> types.Progress:
        """How far the scenario is that plays here, or how it ended; with what came of its newest `steps`."""
        return cast(types.Progress, self._json("GET", "/scenario", query={"steps": steps or None}))

    def set_speed(self, speed: Union[str, float]) -> None:
        """Pause what plays here (`"paused"`), or go on at another speed."""
        self._json("PUT", "/scenario", {"speed": speed})

    def stop_scenario(self) -> None:
        """Stop the scenario that plays here."""
        self._json("DELETE", "/scenario")

    def env(self) -> dict[str, str]:
        """Environment variables that lead a client to this world: the services' URLs, and for clients with hard-coded hosts
        the gateway as proxy and the files of certificates (`stend env`)."""
        variables = dict(self.bench.environment())
        variables.update({f"STEND_{name.upper()}_URL": url for name, url in self.urls.items()})
        gateway = variables.get("STEND_GATEWAY_URL")
        if gateway and self.id != "default":
            parts = urlsplit(gateway)
            # The proxy's user is the world. `requests` and `urllib` drop a user without a password.
            proxy = f"{parts.scheme}://{self.id}:world@{parts.netloc}"
            for name in ("STEND_GATEWAY_URL", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
                variables[name] = proxy
        return variables

    def delete(self) -> None:
        """Remove the world; its sockets close."""
        self._json("DELETE")

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.delete()

    def __repr__(self) -> str:
        return f"<World {self.id!r} of {self.bench.control_url}>"


@contextlib.contextmanager
def _events(world: World, query: dict[str, Any]) -> Iterator[Iterator[types.Event]]:
    with world.bench.http.lines(f"/worlds/{quote(world.id, safe='')}/stream", query) as lines:
        yield read_events(lines)


def read_events(lines: Iterator[str]) -> Iterator[types.Event]:
    """Server-Sent Events, as the HTML standard reads them; events without data are left out."""
    last, kind, data = "", "message", []
    for line in lines:
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "id":
            last = value
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif not line:
            if data:
                yield {"id": last, "event": kind, "data": json.loads("\n".join(data))}
            kind, data = "message", []


def _failures(progress: types.Progress) -> str:
    if progress["state"] == "stopped":
        return f"the scenario was stopped at {progress['step']!r}"
    report = progress["report"]
    failed = [one for one in [*report["steps"], *report["expectations"]] if "failure" in one]
    lines = [f"  {report['file']}:{one['line']}:{one['column']}: {one['what']}: {one['failure']}" for one in failed]
    return "\n".join(["the scenario did not pass:", *lines])
