"""The same client for asyncio: every method of `Bench` and `World` that talks to the bench is a coroutine.

    async with stend.aio.serve(seed=7) as bench:
        world = await bench.world()
        await world.act("carbis.call_waiter", table=1000028)
        await world.clock.advance("5m")

Calls run in threads of the loop's executor, so they never block the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, AsyncIterator, Optional

from . import _client
from ._process import Process

_PLAIN = {"env", "url"}


class _Async:
    """Wraps an object: data and pure methods as they are, methods that talk to the bench as coroutines."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value) or name in _PLAIN:
            return _wrapped(value)

        async def call(*args: Any, **options: Any) -> Any:
            args = tuple(one._inner if isinstance(one, _Async) else one for one in args)
            return _wrapped(await asyncio.to_thread(value, *args, **options))

        call.__name__, call.__doc__ = name, value.__doc__
        return call

    def __repr__(self) -> str:
        return f"<async {self._inner!r}>"

    async def __aenter__(self) -> "_Async":
        return self

    async def __aexit__(self, *_: object) -> None:
        if isinstance(self._inner, _client.World):
            await asyncio.to_thread(self._inner.delete)


def _wrapped(value: Any) -> Any:
    if isinstance(value, (_client.Bench, _client.World, _client.Clock, _client.Faults)):
        return _Async(value)
    if isinstance(value, list) and value and isinstance(value[0], _client.World):
        return [_Async(one) for one in value]
    return value


async def connect(control_url: str, token: Optional[str] = None) -> Any:
    """A running bench by its control URL."""
    return _Async(await asyncio.to_thread(_client.Bench, control_url, token))


@contextlib.asynccontextmanager
async def serve(*args: str, token: Optional[str] = None, **options: Any) -> AsyncIterator[Any]:
    """Run a bench of one's own, as `stend.serve` does."""
    process = await asyncio.to_thread(Process, *args, **options)
    try:
        yield await connect(process.control_url, token)
    finally:
        await asyncio.to_thread(process.stop)
