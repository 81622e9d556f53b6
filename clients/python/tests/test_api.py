"""The client beside the control API's own description of itself."""

import asyncio
import datetime
import inspect
import re
import threading
import time
import typing
import urllib.request

import pytest
from stend import ExpectationFailed, StendError, aio, types
from stend import Bench, Clock, Faults, World, serve

NOON = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.timezone.utc)
WAITER = "stend: 1\ntimeline:\n  - do: { carbis.call_waiter: { table: 1000028 } }\n"


def events(world):
    request = urllib.request.Request(world.url("carbis") + "/api/v4/events?hash=none", headers={"token": "demo-token"})
    with urllib.request.urlopen(request) as reply:
        return reply.read()


def test_every_operation_has_a_method(monkeypatch):
    """Each operation and each query parameter of the API's description is sent by some call."""
    sent = set()

    def note(self, method, path, query):
        target = self._target(path, query)
        sent.add((method, re.sub(r"/worlds/[^/?]+", "/worlds/{world}", target.partition("?")[0])))
        sent.update(("query", part.partition("=")[0]) for part in target.partition("?")[2].split("&") if part)

    with serve("--metrics") as bench:
        http = type(bench.http)
        ask, lines = http.ask, http.lines
        monkeypatch.setattr(http, "ask", lambda self, method, path, *a, query=None, **o: (note(self, method, path, query), ask(self, method, path, *a, query=query, **o))[1])
        monkeypatch.setattr(http, "lines", lambda self, path, query=None: (note(self, "GET", "/control/v1" + path, query), lines(self, path, query))[1])
        assert bench.health()["status"] == "ok"
        assert "stend" in bench.index() and bench.certificate().startswith("-----BEGIN CERT")
        assert "# TYPE" in bench.metrics()
        assert {one["fake"] for one in bench.operations("carbis")} == {"carbis"}
        assert bench.actions("queue") and bench.specs()
        assert {"id", "status"} <= set(bench.claims("carbis")[0])
        name = bench.scenarios()[0]["name"]
        assert bench.check(bench.scenario(name))["problems"] == []
        assert [one["line"] for one in bench.check("stend: 1\ntitle: x\ntimline: []\n")["problems"]] == [3]
        topic = bench.manual()[0]["topic"]
        assert bench.chapter(topic, lang="ru") != bench.chapter(topic)
        world = bench.world(clock=NOON)
        assert world.id in str(bench.spec("carbis", world=world.id)["servers"])
        assert bench.get(world.id).describe()["id"] == world.id and len(bench.worlds()) == 2
        world.act("carbis.call_waiter", table=1000028)
        events(world)
        page = world.journal_page("carbis", channel="http", operation="ev*", client="demo-token", status="2xx", since=0, limit=5, bodies=False, wait=1)
        assert [entry["reply_bytes"] > 10 for entry in page["entries"]] == [True]
        assert world.journal(fault="none") == []
        world.verify(journal={"operation": "events"}, within="1ms")
        with world.stream(since=0, bodies=False) as stream:
            assert next(stream)["event"] == "world"
        assert {one["service"] for one in world.view(limit=1)["services"]} >= {"carbis", "queue"}
        [table] = world.view_service("carbis", table="tables", limit=1)["tables"]
        assert len(table["rows"]) == 1
        if table.get("next"):
            world.view_service("carbis", table="tables", after=table["next"])
        else:
            with pytest.raises(StendError):
                world.view_service("carbis", table="tables", after="nothing")
        with pytest.raises(StendError) as none:
            world.picture("queue", "none.png")
        assert none.value.status == 404
        assert world.recording()["steps"] == 2
        assert world.faults.list() == []
        fault = world.faults.add(drop=True)
        world.faults.switch(fault, False)
        assert events(world) != []
        world.faults.remove(fault)
        assert world.changes()["count"] >= 1
        world.faults.clear()
        world.clock.get(due=True), world.clock.freeze(), world.clock.advance(1)
        world.restore(world.state())
        world.start_scenario(WAITER, speed=0.001, seed=4, start=NOON, report=True)
        assert world.scenario(steps=True)["state"] == "playing"
        world.set_speed("max")
        world.stop_scenario()
        assert world.report()["lines"] != []
        world.clear_journal(), world.reset("carbis"), world.delete()
        # `fake` and `way` are other names of `service` and `channel`.
        described = bench.openapi()["paths"]
    missing = []
    for path, operations in described.items():
        for method, operation in operations.items():
            shape = re.compile(re.escape(path).replace(r"\{service\}", "[^/{]+").replace(r"\{name\}", "[^/]+").replace(r"\{id\}", "[^/]+").replace(r"\{topic\}", "[^/]+"))
            if not any(one[0] == method.upper() and shape.fullmatch(one[1]) for one in sent):
                missing.append((method, path))
            names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
            missing += [(path, name) for name in names if name not in ("fake", "way") and ("query", name) not in sent]
    assert missing == []
    assert len(described) > 20


def test_what_answers_is_what_the_types_say(stend):
    """Every key of an answer is in its type, and every required one of the type in the answer."""

    def fits(value, kind, where):
        if typing.get_origin(kind) is list:
            return [fits(one, typing.get_args(kind)[0], where + "[]") for one in value]
        if not (isinstance(kind, type) and hasattr(kind, "__required_keys__")):
            return None
        hints = typing.get_type_hints(kind, vars(types))
        # Second names that answers have beside the first.
        unknown = set(value) - set(hints) - {"way", "remarks"}
        assert not unknown, f"{where} has {unknown}, {kind.__name__} has not"
        assert kind.__required_keys__ <= set(value), f"{where} lacks {kind.__required_keys__ - set(value)}"
        return [fits(value[key], hint, f"{where}.{key}") for key, hint in hints.items() if key in value]

    with stend.world(clock=NOON) as world:
        world.act("carbis.call_waiter", table=1000028)
        world.faults.add({"fake": "carbis", "nth": 2}, respond={"status": 503}, times=1)
        events(world)
        with pytest.raises(urllib.error.HTTPError):
            events(world)
        fits(stend.health(), types.Health, "health")
        fits(world.describe(), types.WorldInfo, "world")
        fits(world.clock.get(), types.ClockState, "clock")
        fits(world.clock.advance("10m"), types.Advanced, "advanced")
        page = world.journal_page()
        assert len(page["entries"]) == 2
        fits(page, types.JournalPage, "journal")
        fits(world.journal_page(bodies=False), types.JournalPage, "journal without bodies")
        fits(world.faults.list(), typing.List[types.Fault], "faults")
        fits(world.recording(), types.Recording, "recording")
        fits(world.view(), types.WorldView, "view")
        fits(world.play(WAITER), types.Report, "report")
        fits(world.scenario(), types.Progress, "progress")


@pytest.mark.parametrize("name", ["Bench", "World", "Clock", "Faults"])
def test_the_asynchronous_client_has_the_same_methods(name):
    plain, other = {"Bench": Bench, "World": World, "Clock": Clock, "Faults": Faults}[name], getattr(aio, name)
    public = [one for one in vars(plain) if not one.startswith("_") and callable(vars(plain)[one])]
    assert len(public) >= 4
    for method in public:
        here, there = inspect.signature(getattr(plain, method)), inspect.signature(getattr(other, method))
        assert [str(one) for one in here.parameters.values()] == [str(one) for one in there.parameters.values()], method
        if method != "stream":
            assert inspect.iscoroutinefunction(getattr(other, method)) or method == "url", method
            assert here.return_annotation == there.return_annotation, method


def test_the_journal_is_waited_for(stend):
    with stend.world() as world:
        timer = threading.Timer(0.1, events, [world])
        timer.start()
        [entry] = world.journal("carbis", operation="events", wait=10)
        timer.join()
        assert entry["status"] == 200
        began = time.monotonic()
        assert world.journal(since=entry["seq"], wait=0.05) == []
        assert 0.05 <= time.monotonic() - began < 5


def test_a_stream_tells_what_happens_and_ends_with_the_world(stend):
    world = stend.world(clock="frozen")
    with world.stream() as stream:
        world.act("carbis.call_waiter", table=1000028)
        events(world)
        world.delete()
        seen = list(stream)
    assert [event["event"] for event in seen] == ["world", "exchange", "end"]
    assert seen[0]["data"]["action"] == "carbis.call_waiter" and seen[1]["data"]["operation"] == "events"
    assert all(event["id"] for event in seen)


def test_a_stream_of_asyncio_is_left_at_once(stend):
    async def main():
        bench = await aio.connect(stend.control_url)
        async with await bench.world(clock="frozen") as world, world.stream() as stream:
            await world.act("carbis.call_waiter", table=1000028)
            async for event in stream:
                assert event["data"]["what"] == "action"
                break
            # Nothing happens any more, and the wait for it is given up.
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(stream.__anext__(), 0.05)

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 5, "a thread that still read kept the loop from ending"


def test_never_has_to_hold_all_the_while(stend):
    with stend.world() as world:
        timer = threading.Timer(0.05, events, [world])
        timer.start()
        with pytest.raises(ExpectationFailed, match="events"):
            world.verify(never={"operation": "events"}, within=10)
        timer.join()
        world.verify(never={"operation": "token"}, within=0.05)


def test_a_bench_with_a_token():
    with serve(token="a-secret-of-the-test") as bench:
        with bench.world() as world:
            events(world)
            assert "STEND_CONTROL_TOKEN" not in bench.environment()
        with pytest.raises(StendError) as refused:
            Bench(bench.control_url).worlds()
        assert refused.value.status == 401
