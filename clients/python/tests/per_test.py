"""What a world per test costs: `python tests/per_test.py` prints medians, and fails beyond 5 ms."""

import statistics
import sys
import time

import stend


def costs(bench, times=200):
    """Milliseconds for a world that is made, asked once and removed."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        with bench.world(clock="frozen") as world:
            world.clock.get()
        took.append((time.perf_counter() - began) * 1000)
    return took


if __name__ == "__main__":
    with stend.serve() as bench:
        costs(bench, 10)
        took = costs(bench)
    median, slow = statistics.median(took), sorted(took)[int(len(took) * 0.95)]
    print(f"a world per test: median {median:.2f} ms, 95 of 100 within {slow:.2f} ms")
    sys.exit(median > 5)
