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


def test_the_environment_leads_to_the_tests_world(pytester):
    pytester.makepyfile(
        '''
import os, pytest, urllib.request, urllib.error
URL = "https://api.telemetron.net/v2/me"
def test_env(stend_world, stend_env):
    assert os.environ["STEND_CARBIS_URL"] == stend_world.url("carbis")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(URL)
    assert refused.value.code == 401
    stend_world.verify(journal={"fake": "telemetron", "operation": "me", "count": 1})
def test_requests(stend_world, stend_env):
    requests = pytest.importorskip("requests")
    assert requests.get(URL).status_code == 401
    stend_world.verify(journal={"fake": "telemetron", "operation": "me", "count": 1})
def test_httpx(stend_world, stend_env):
    httpx = pytest.importorskip("httpx")
    assert httpx.get(URL).status_code == 401
    stend_world.verify(journal={"fake": "telemetron", "operation": "me", "count": 1})
def test_the_default_world_saw_none(stend):
    stend.default.verify(journal={"count": 0})
    assert "STEND_CARBIS_URL" not in os.environ and "stend-env-" not in str(os.environ)
'''
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=4)


def test_a_scenario_that_fails_before_the_test_says_why(pytester):
    pytester.makefile(".yaml", bad="stend: 1\nexpect:\n  - journal: { fake: carbis, count: 3 }\n")
    pytester.makepyfile(
        '''
import pytest
@pytest.mark.stend(scenario="bad.yaml")
def test_bad(stend_world):
    pass
'''
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*bad.yaml:3:5: *expected 3, found 0*", "*stend journal of world*"])


def test_a_bench_that_runs_is_used_by_two_runs_at_once(pytester):
    import stend

    pytester.makepyfile("def test_one(stend, stend_world):\n    assert stend_world.seed == 6\n")
    pytester.makeini("[pytest]\nmarkers = x\n")
    pytester.makeconftest("import pytest\ndef pytest_collection_modifyitems(items):\n    [i.add_marker(pytest.mark.stend(seed=6)) for i in items]\n")
    with stend.serve() as bench:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--stend-url={bench.control_url}"]
        runs = [subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        for run in runs:
            told, _ = run.communicate(timeout=60)
            assert run.returncode == 0, told
        assert [world.id for world in bench.worlds()] == ["default"]


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_bench_that_does_not_start_is_one_clear_error(pytester, workers):
    pytester.makeini("[pytest]\nstend_args = --world nowhere.yaml\n")
    pytester.makepyfile("def test_one(stend_world):\n    pass\n")
    result = pytester.runpytest_subprocess(*workers)
    assert result.ret != 0
    told = result.stdout.str() + result.stderr.str()
    assert "did not start" in told and "nowhere.yaml" in told
    assert "INTERNALERROR" not in told and "_process.py" not in told


def test_a_bench_that_does_not_answer_is_named(pytester):
    pytester.makepyfile("def test_one(stend_world):\n    pass\n")
    result = pytester.runpytest_subprocess("--stend-url=http://127.0.0.1:9")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no bench answers at http://127.0.0.1:9*"])


def test_a_wrong_setting_is_named(pytester):
    pytester.makeini("[pytest]\nstend_warnings = eror\n")
    pytester.makepyfile("def test_one():\n    pass\n")
    result = pytester.runpytest_subprocess()
    result.stderr.fnmatch_lines(["*'eror'*ignore, show, error*"])


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


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_nothing_is_left_when_pytest_is_killed(pytester, workers):
    import stend

    if workers:
        pytest.importorskip("xdist")
    told = pytester.path / "told.txt"
    pytester.makepyfile(
        f"""
import os, time
def test_long(stend):
    with open({str(told)!r} + "~", "w") as file:
        file.write(stend.control_url)
    os.rename({str(told)!r} + "~", {str(told)!r})
    time.sleep(60)
"""
    )
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *workers], cwd=pytester.path, stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 30
    while not told.exists():
        assert run.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    url = told.read_text()
    until = time.monotonic() + 3
    while time.monotonic() < until:
        try:
            stend.Bench(url, timeout=1)
        except OSError:
            return
        time.sleep(0.02)
    pytest.fail(f"{url} still answers")
