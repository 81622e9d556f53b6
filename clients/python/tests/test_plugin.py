"""The pytest plugin, in pytest runs of its own."""

import os
import signal
import subprocess
import sys
import time

import pytest

EVENTS = '''
import urllib.request, urllib.error, json
def events(world, query="hash=none"):
    request = urllib.request.Request(world.url("carbis") + "/api/v4/events?" + query, headers={"token": "demo-token"})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["data"]["updates"]
'''


def test_each_test_has_a_world_named_after_it(pytester):
    pytester.makepyfile(
        EVENTS
        + '''
import pytest
@pytest.mark.parametrize("name", ["один", "a b", "a/b"])
def test_alone(stend_world, name):
    assert "test-alone" in stend_world.id
    assert events(stend_world) == []
    stend_world.act("carbis.call_waiter", table=1000028)
    assert len(events(stend_world)) == 1

def test_all_are_removed(stend):
    assert [world.id for world in stend.worlds()] == ["default"]
'''
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=4)


def test_markers_say_how_a_world_is_made(pytester):
    pytester.makefile(".yaml", waiter="stend: 1\ntimeline:\n  - do: { carbis.call_waiter: { table: 1000028 } }\n")
    pytester.makefile(".json", mine='{"seed": 11}')
    pytester.makepyfile(
        EVENTS
        + '''
import pytest
pytestmark = pytest.mark.stend(seed=5)
@pytest.mark.stend(clock="2026-11-21T12:00:00+03:00")
def test_clock_and_seed(stend_world):
    assert stend_world.clock.now().isoformat() == "2026-11-21T09:00:00+00:00"
    assert stend_world.seed == 5
@pytest.mark.stend(scenario="waiter.yaml")
def test_scenario(stend_world):
    stend_world.verify(state={"$.carbis": {"exists": True}})
@pytest.mark.stend(world="mine.json", seed=None)
def test_world(stend_world):
    assert stend_world.seed == 11
@pytest.mark.stend(sed=5)
def test_typo(stend_world):
    pass
'''
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*has no sed*"])


def test_a_failure_shows_the_journal_and_the_nearest_miss(pytester):
    pytester.makepyfile(
        EVENTS
        + '''
def test_fails(stend_world):
    events(stend_world, "hsh=none&hash=none")
    stend_world.verify(journal={"operation": "events", "status": 500})
def test_asks_nothing(stend_world):
    assert False
'''
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*ExpectationFailed*", "*stend journal of world*", "*events -> 200*", "*warning: *hsh*hash*"])
    result.stdout.fnmatch_lines(["*no request has reached this world*", "*carbis*http://*"])


def test_warnings_fail_a_test_where_they_are_errors(pytester):
    pytester.makepyfile(
        EVENTS
        + '''
import pytest
def test_odd(stend_world):
    events(stend_world, "hsh=none&hash=none")
@pytest.mark.stend(warnings="ignore")
def test_let_pass(stend_world):
    events(stend_world, "hsh=none&hash=none")
'''
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
    result = pytester.runpytest_subprocess("--stend-warnings=error")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*warned about requests*"])


def test_the_environment_points_at_the_tests_world(pytester):
    pytester.makepyfile(
        '''
import os
def test_env(stend_world, stend_env):
    assert os.environ["STEND_CARBIS_URL"] == stend_world.url("carbis")
    assert stend_world.id in os.environ["STEND_TELEMETRON_URL"]
def test_gone_again():
    assert "STEND_CARBIS_URL" not in os.environ
'''
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_workers_of_xdist_share_one_bench(pytester):
    pytest.importorskip("xdist")
    pytester.makepyfile(
        EVENTS
        + '''
import os, pytest
@pytest.mark.parametrize("n", range(40))
def test_many(stend, stend_world, n):
    pid = stend.control_url
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(pid + "\\n")
    stend_world.act("carbis.call_waiter", table=1000028)
    assert len(events(stend_world)) == 1
'''
    )
    seen = pytester.path / "seen.txt"
    os.environ["SEEN"] = str(seen)
    pytester.runpytest_subprocess("-n", "4").assert_outcomes(passed=40)
    assert len(set(seen.read_text().split())) == 1


def test_nothing_is_left_when_pytest_is_killed(pytester):
    pytester.makepyfile(
        "import time\ndef test_long(stend):\n    print(stend.control_url, flush=True)\n    time.sleep(60)\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider"], cwd=pytester.path, stdout=subprocess.PIPE, text=True
    )
    url = next(line.split()[-1] for line in run.stdout if "http://" in line)
    run.send_signal(signal.SIGKILL)
    run.wait()
    import stend

    until = time.monotonic() + 3
    while time.monotonic() < until:
        try:
            stend.Bench(url, timeout=1)
        except OSError:
            return
        time.sleep(0.02)
    pytest.fail(f"{url} still answers")
