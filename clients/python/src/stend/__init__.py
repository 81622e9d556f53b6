"""A test bench for integrations with Carbis QR, Tillypad, an electronic queue and Telemetron.

    import stend

    with stend.serve(seed=7, clock="frozen") as bench, bench.world() as world:
        world.act("carbis.call_waiter", table=1000028)
        requests.get(world.url("carbis") + "/api/v4/events", params={"hash": "none"}, headers={"token": "demo-token"})
        world.verify(journal={"fake": "carbis", "operation": "events", "count": 1})

With pytest the fixtures `stend` (the bench) and `stend_world` (a world per test) are there without an import.
"""

from . import types
from ._client import Bench
from ._http import ExpectationFailed, StendError
from ._process import Process, StartError, executable, serve
from ._world import Clock, Faults, World

__all__ = [
    "Bench",
    "Clock",
    "ExpectationFailed",
    "Faults",
    "Process",
    "StartError",
    "StendError",
    "World",
    "executable",
    "serve",
    "types",
]
__version__ = "0.2.0"
