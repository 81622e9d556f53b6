"""The client against a bench of its own."""

import datetime
import json
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
import stend


def events(world, expected=200):
    request = urllib.request.Request(world.url("carbis") + "/api/v4/events?hash=none", headers={"token": "demo-token"})
    try:
        with urllib.request.urlopen(request) as reply:
            assert reply.status == expected
            return json.load(reply)["data"]["updates"]
    except urllib.error.HTTPError as error:
        assert error.code == expected
        return None


def test_an_action_in_one_world_is_seen_there_alone(stend):
    with stend.world() as one, stend.world() as other:
        called = one.act("carbis.call_waiter", table=1000028)
        assert [event["hash"] for event in events(one)] == [called["hash"]]
        assert events(other) == []


def test_a_worlds_clock_stands_and_moves_as_told(stend):
    with stend.world(clock="2026-11-21T12:00:00+03:00", seed=7) as world:
        assert world.seed == 7
        noon = datetime.datetime(2026, 11, 21, 9, tzinfo=datetime.timezone.utc)
        assert world.clock.now() == noon
        world.act("carbis.call_waiter", table=1000028)
        world.clock.advance(datetime.timedelta(minutes=4, milliseconds=500))
        assert world.clock.now() == noon + datetime.timedelta(minutes=4, milliseconds=500)
        assert len(events(world)) == 1
        world.clock.advance("1m")
        assert events(world) == [], "events are kept for five minutes of the world's time"
        world.clock.freeze(noon)
        assert world.clock.now() == noon
        world.clock.advance_to(noon + datetime.timedelta(hours=1))
        assert world.clock.now() == noon + datetime.timedelta(hours=1)


def test_a_fault_strikes_as_often_as_it_says(stend):
    with stend.world() as world:
        fault = world.faults.add({"fake": "carbis"}, respond={"status": 503}, times=1)
        assert [one["id"] for one in world.faults.list()] == [fault]
        events(world, expected=503)
        events(world, expected=200)
        world.faults.remove(fault)
        assert world.faults.list() == []


def test_the_journal_and_expectations(stend):
    from stend import ExpectationFailed

    with stend.world() as world:
        events(world)
        [entry] = world.journal("carbis", operation="events")
        assert entry["status"] == 200 and entry["reply"]["result"] is True
        world.verify(journal={"fake": "carbis", "operation": "events", "count": 1})
        with pytest.raises(ExpectationFailed) as failed:
            world.verify(journal={"fake": "carbis", "operation": "events", "status": 500})
        assert failed.value.nearest["operation"] == "events"
        assert "500" in str(failed.value)
        world.clear_journal()
        assert world.journal() == []


def test_verify_waits_as_long_as_it_is_told(stend):
    from stend import ExpectationFailed

    with stend.world() as world:
        timer = threading.Timer(0.2, events, [world])
        timer.start()
        world.verify({"journal": {"operation": "events"}}, within=5)
        timer.join()
        began = time.monotonic()
        with pytest.raises(ExpectationFailed):
            world.verify({"journal": {"operation": "events", "count": 9}}, within=0.2)
        assert 0.2 <= time.monotonic() - began < 2


def test_a_world_is_saved_restored_forked_and_reset(stend, tmp_path):
    with stend.world(clock="frozen") as world:
        world.act("carbis.call_waiter", table=1000028)
        world.save(tmp_path / "saved.yaml")
        world.save(tmp_path / "saved.json")
        with world.fork() as fork:
            assert len(events(fork)) == 1
        world.reset()
        assert events(world) == []
        for name in ("saved.yaml", "saved.json"):
            world.restore(tmp_path / name)
            assert len(events(world)) == 1, name
        with stend.world(world=tmp_path / "saved.yaml") as other:
            assert len(events(other)) == 1
        with stend.world(world=world.state()) as other:
            assert len(events(other)) == 1


def test_a_scenario_is_played_and_a_failed_one_says_why(stend, tmp_path):
    from stend import ExpectationFailed

    good = "stend: 1\ntimeline:\n  - do: { carbis.call_waiter: { table: 1000028 } }\n"
    with stend.world() as world:
        assert world.play(good)["passed"] is True
        (tmp_path / "bad.yaml").write_text(good + "expect:\n  - journal: { fake: carbis, count: 3 }\n")
        with pytest.raises(ExpectationFailed, match="3"):
            world.play(tmp_path / "bad.yaml")


def test_errors_say_what_to_do(stend):
    from stend import StendError

    with pytest.raises(StendError) as refused:
        stend.get("no-such-world")
    assert refused.value.status == 404
    with stend.world() as world:
        with pytest.raises(StendError, match="call_waiter"):
            world.act("carbis.call_waitr", table=1)
        with pytest.raises(KeyError, match="telemetron"):
            world.url("telemtron")
    with pytest.raises(ValueError, match="http://127.0.0.1:7700"):
        type(stend)("127.0.0.1:7700")


def test_a_world_of_a_name_that_is_taken_is_refused(stend):
    from stend import StendError

    with stend.world(id="taken") as world:
        assert world.id == "taken"
        with pytest.raises(StendError, match="taken") as refused:
            stend.world(id="taken")
        assert refused.value.status == 409


def test_a_proxy_hears_which_world_is_about_to_be_made(stend):
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from stend import StendError

    heard = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            health = json.dumps({"urls": stend.urls}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(health)))
            self.end_headers()
            self.wfile.write(health)

        def do_POST(self):
            heard.append(self.headers["Stend-World"])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(502)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        through = type(stend)(f"http://127.0.0.1:{proxy.server_port}")
        for id in ["checkout", None, "касса", "a\r\nb: c"]:
            with pytest.raises(StendError):
                through.world(id=id)
        proxy.shutdown()
        thread.join()
    assert heard == ["checkout", None, None, None]


@pytest.mark.parametrize("id", ["касса", "a\r\nb: c"])
def test_what_is_no_name_of_a_world_is_refused_by_the_bench(stend, id):
    from stend import StendError

    with pytest.raises(StendError) as refused:
        stend.world(id=id)
    assert refused.value.status == 422


def test_many_threads_share_a_bench(stend):
    wrong = []

    def one(number):
        try:
            with stend.world(seed=number) as world:
                for _ in range(5):
                    world.act("carbis.call_waiter", table=1000028)
                assert len(events(world)) == 5
        except Exception as error:  # noqa: BLE001
            wrong.append(error)

    threads = [threading.Thread(target=one, args=[number]) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []


def test_a_world_per_test_costs_little(stend):
    took = []
    for _ in range(50):
        began = time.perf_counter()
        with stend.world():
            took.append(time.perf_counter() - began)
    assert sorted(took)[25] < 0.005, f"median {sorted(took)[25]:.4f} s"


def test_serve_starts_a_bench_and_leaves_nothing_behind():
    with stend.serve(seed=3, clock="2026-11-21T12:00:00Z") as bench:
        assert bench.default.seed == 3
        url = bench.control_url
    with pytest.raises(OSError):
        stend.Bench(url)


def test_what_the_process_says_is_in_the_error(tmp_path, monkeypatch):
    (tmp_path / "broken.yaml").write_text("carbis: { tabels: [] }\n")
    with pytest.raises(stend.StartError, match="tabels"):
        stend.Process(world=tmp_path / "broken.yaml")
    monkeypatch.setenv("STEND_BINARY", str(tmp_path / "nothing"))
    with pytest.raises(stend.StartError, match="STEND_BINARY"):
        stend.Process()
    (tmp_path / "nothing").write_text("no executable format")
    (tmp_path / "nothing").chmod(0o755)
    with pytest.raises(stend.StartError, match="cannot start.*no program for .* on ") as wrong:
        stend.Process()
    assert "STEND_BINARY" in str(wrong.value)


def test_a_program_for_another_libc_is_named(tmp_path, monkeypatch):
    """A dynamic program whose loader is not there, as one for musl on a glibc system."""
    program = tmp_path / "stend"
    data = bytearray(open(sys.executable, "rb").read())
    start = data.find(b"/lib64/ld-linux")
    if start < 0:
        pytest.skip("this Python has no loader to rename")
    data[start : start + 5] = b"/lib6"[:4] + b"X"
    program.write_bytes(data)
    program.chmod(0o755)
    monkeypatch.setenv("STEND_BINARY", str(program))
    with pytest.raises(stend.StartError, match="built for another system"):
        stend.Process()


def test_a_parent_that_is_killed_takes_the_bench_along():
    code = "import stend, time; p = stend.Process(); print(p.pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    until = time.monotonic() + 3
    while time.monotonic() < until:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} is still there")


def test_asyncio():
    import asyncio

    from stend import aio

    async def main():
        async with aio.serve() as bench:
            async with await bench.world(clock="frozen") as world:
                called = await world.act("carbis.call_waiter", table=1000028)
                assert called["hash"].startswith("0x")
                await world.clock.advance("1m")
                await world.faults.add({"fake": "carbis"}, respond={"status": 503})
                assert len(await world.faults.list()) == 1
                assert world.url("carbis").startswith("http://")
                fork = await world.fork()
                await fork.delete()
                worlds = await asyncio.gather(*(bench.world() for _ in range(10)))
                assert len({one.id for one in worlds}) == 10

    asyncio.run(main())
