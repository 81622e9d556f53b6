"""The same client for asyncio: every method of `Bench` and `World` that talks to the bench is a coroutine.

    async with stend.aio.serve(seed=7) as bench, await bench.world() as world:
        await world.act("carbis.call_waiter", table=1000028)
        await world.clock.advance("5m")

Calls run in threads, so they never block the loop. A call that is cancelled goes on in its thread until the bench answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from pathlib import Path
from typing import Any, AsyncIterator, Callable, List, Optional, TypeVar, Union

from . import _client, _world, types
from ._process import Process
from ._world import Document, Moment, Span

T = TypeVar("T")


async def _apart(call: Callable[..., T], *args: Any, **options: Any) -> T:
    return await asyncio.to_thread(call, *args, **options)


class Clock:
    """A world's clock, as `stend.Clock`."""

    def __init__(self, inner: _world.Clock) -> None:
        self._inner = inner

    async def get(self, due: bool = False) -> types.ClockState:
        return await _apart(self._inner.get, due)

    async def now(self) -> datetime.datetime:
        return await _apart(self._inner.now)

    async def freeze(self, at: Optional[Moment] = None) -> types.ClockState:
        return await _apart(self._inner.freeze, at)

    async def run(self, scale: Optional[float] = None, at: Optional[Moment] = None) -> types.ClockState:
        return await _apart(self._inner.run, scale, at)

    async def advance(self, by: Span) -> types.Advanced:
        return await _apart(self._inner.advance, by)

    async def advance_to(self, to: Moment) -> types.Advanced:
        return await _apart(self._inner.advance_to, to)


class Faults:
    """A world's faults, as `stend.Faults`."""

    def __init__(self, inner: _world.Faults) -> None:
        self._inner = inner

    async def add(self, match: Optional[dict[str, Any]] = None, **effect: Any) -> str:
        return await _apart(self._inner.add, match, **effect)

    async def list(self) -> List[types.Fault]:
        return await _apart(self._inner.list)

    async def switch(self, fault: str, on: bool) -> None:
        await _apart(self._inner.switch, fault, on)

    async def remove(self, fault: str) -> None:
        await _apart(self._inner.remove, fault)

    async def clear(self) -> None:
        await _apart(self._inner.clear)


class World:
    """One isolated world of a bench, as `stend.World`."""

    def __init__(self, bench: Bench, inner: _world.World) -> None:
        self._inner = inner
        self.bench = bench
        self.id, self.seed, self.urls = inner.id, inner.seed, inner.urls
        self.clock = Clock(inner.clock)
        self.faults = Faults(inner.faults)

    def url(self, service: str) -> str:
        """The base URL of a service in this world, without a slash at its end."""
        return self._inner.url(service)

    async def describe(self) -> types.WorldInfo:
        return await _apart(self._inner.describe)

    async def act(self, action: str, /, **args: Any) -> Any:
        return await _apart(self._inner.act, action, **args)

    async def journal(self, service: Optional[str] = None, **filters: Any) -> list[types.Entry]:
        return await _apart(self._inner.journal, service, **filters)

    async def journal_page(
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
        return await _apart(
            self._inner.journal_page,
            service,
            channel=channel,
            operation=operation,
            client=client,
            fault=fault,
            status=status,
            since=since,
            limit=limit,
            bodies=bodies,
            wait=wait,
        )

    async def clear_journal(self) -> None:
        await _apart(self._inner.clear_journal)

    async def verify(self, expectation: Optional[dict[str, Any]] = None, *, within: Optional[Span] = None, **short: Any) -> None:
        await _apart(self._inner.verify, expectation, within=within, **short)

    @contextlib.asynccontextmanager
    async def stream(self, since: Union[None, int, str] = None, bodies: bool = True) -> AsyncIterator[AsyncIterator[types.Event]]:
        """What happens here, as it happens: `async with world.stream() as events: async for event in events: …`."""
        opened = self._inner.stream(since, bodies)
        events = await _apart(opened.__enter__)

        async def each() -> AsyncIterator[types.Event]:
            while (event := await _apart(next, events, None)) is not None:
                yield event

        try:
            yield each()
        finally:
            await _apart(opened.__exit__, None, None, None)

    async def view(self, limit: Optional[int] = None) -> types.WorldView:
        return await _apart(self._inner.view, limit)

    async def view_service(
        self, service: str, table: Optional[str] = None, limit: Optional[int] = None, after: Optional[str] = None
    ) -> types.ServiceView:
        return await _apart(self._inner.view_service, service, table, limit, after)

    async def picture(self, service: str, name: str) -> bytes:
        return await _apart(self._inner.picture, service, name)

    async def state(self) -> dict[str, Any]:
        return await _apart(self._inner.state)

    async def save(self, path: Union[str, Path]) -> None:
        await _apart(self._inner.save, path)

    async def changes(self) -> dict[str, Any]:
        return await _apart(self._inner.changes)

    async def report(self) -> dict[str, Any]:
        return await _apart(self._inner.report)

    async def restore(self, world: Document) -> None:
        await _apart(self._inner.restore, world)

    async def reset(self, service: Optional[str] = None) -> None:
        await _apart(self._inner.reset, service)

    async def fork(self, id: Optional[str] = None) -> World:
        return World(self.bench, await _apart(self._inner.fork, id))

    async def recording(self) -> types.Recording:
        return await _apart(self._inner.recording)

    async def play(self, scenario: Document, speed: Union[str, float] = "max", timeout: float = 60.0, **options: Any) -> types.Report:
        return await _apart(self._inner.play, scenario, speed, timeout, **options)

    async def start_scenario(
        self,
        scenario: Document,
        speed: Union[str, float] = 1,
        seed: Optional[int] = None,
        start: Optional[Moment] = None,
        report: bool = False,
    ) -> None:
        await _apart(self._inner.start_scenario, scenario, speed, seed, start, report)

    async def scenario(self, steps: bool = False) -> types.Progress:
        return await _apart(self._inner.scenario, steps)

    async def set_speed(self, speed: Union[str, float]) -> None:
        await _apart(self._inner.set_speed, speed)

    async def stop_scenario(self) -> None:
        await _apart(self._inner.stop_scenario)

    async def env(self) -> dict[str, str]:
        return await _apart(self._inner.env)

    async def delete(self) -> None:
        await _apart(self._inner.delete)

    async def __aenter__(self) -> World:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.delete()

    def __repr__(self) -> str:
        return repr(self._inner)


class Bench:
    """A running bench, as `stend.Bench`; made by `connect` and `serve`."""

    def __init__(self, inner: _client.Bench) -> None:
        self._inner = inner
        self.control_url, self.urls = inner.control_url, inner.urls

    async def health(self) -> types.Health:
        return await _apart(self._inner.health)

    async def world(
        self,
        id: Optional[str] = None,
        *,
        seed: Optional[int] = None,
        world: Optional[Document] = None,
        clock: Union[None, Moment, dict[str, Any]] = None,
        fork_of: Optional[str] = None,
    ) -> World:
        made = await _apart(self._inner.world, id, seed=seed, world=world, clock=clock, fork_of=fork_of)
        return World(self, made)

    async def get(self, id: str = "default") -> World:
        return World(self, await _apart(self._inner.get, id))

    async def worlds(self) -> list[World]:
        return [World(self, one) for one in await _apart(self._inner.worlds)]

    async def actions(self, service: Optional[str] = None) -> list[dict[str, Any]]:
        return await _apart(self._inner.actions, service)

    async def operations(self, service: Optional[str] = None) -> list[dict[str, Any]]:
        return await _apart(self._inner.operations, service)

    async def specs(self) -> list[dict[str, Any]]:
        return await _apart(self._inner.specs)

    async def spec(self, service: str, world: Optional[str] = None) -> dict[str, Any]:
        return await _apart(self._inner.spec, service, world)

    async def openapi(self) -> dict[str, Any]:
        return await _apart(self._inner.openapi)

    async def claims(self, service: str) -> list[dict[str, Any]]:
        return await _apart(self._inner.claims, service)

    async def scenarios(self) -> list[dict[str, Any]]:
        return await _apart(self._inner.scenarios)

    async def scenario(self, name: str) -> str:
        return await _apart(self._inner.scenario, name)

    async def check(self, scenario: Document) -> dict[str, Any]:
        return await _apart(self._inner.check, scenario)

    async def manual(self) -> list[dict[str, Any]]:
        return await _apart(self._inner.manual)

    async def chapter(self, topic: str, lang: Optional[str] = None) -> str:
        return await _apart(self._inner.chapter, topic, lang)

    async def index(self) -> dict[str, Any]:
        return await _apart(self._inner.index)

    async def certificate(self) -> str:
        return await _apart(self._inner.certificate)

    async def metrics(self) -> str:
        return await _apart(self._inner.metrics)

    async def environment(self) -> dict[str, str]:
        return await _apart(self._inner.environment)


async def connect(control_url: str, token: Optional[str] = None, timeout: float = 30.0) -> Bench:
    """A running bench by its control URL."""
    return Bench(await _apart(_client.Bench, control_url, token, timeout))


@contextlib.asynccontextmanager
async def serve(*args: str, token: Optional[str] = None, **options: Any) -> AsyncIterator[Bench]:
    """Run a bench of one's own, as `stend.serve` does."""
    process = await _apart(Process, *args, token=token, **options)
    try:
        yield await connect(process.control_url, token)
    finally:
        await _apart(process.stop)
