"""A test bench for integrations with Carbis QR, Tillypad, an electronic queue and Telemetron.

    import stend

    with stend.serve(seed=7, clock="frozen") as bench, bench.world() as world:
        world.act("carbis.call_waiter", table=1000028)
        requests.get(world.url("carbis") + "/api/v4/events", params={"hash": "none"}, headers={"token": "demo-token"})
        world.verify(journal={"fake": "carbis", "operation": "events", "count": 1})

With pytest the fixtures `stend` (the bench) and `stend_world` (a world per test) are there without an import.
"""

from ._client import Bench, Clock, Faults, World
from ._http import ExpectationFailed, StendError
from ._process import Process, StartError, executable, serve

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
]
__version__ = "0.1.0"
