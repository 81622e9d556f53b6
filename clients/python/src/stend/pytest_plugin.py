"""The pytest plugin: a bench per session, a world per test, and what the bench saw in the report of a failure.

Fixtures: `stend` (the bench), `stend_world` (a world of the test's own), `stend_env` (the world's URLs, the gateway and its
certificates in `os.environ`). Marker: `@pytest.mark.stend(seed=…, clock=…, world=…, scenario=…, warnings="error")`.
Options: `--stend-url`, `--stend-token`, `--stend-warnings`; settings `stend_warnings`, `stend_args` in the ini file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest

from ._client import Bench
from ._http import StendError
from ._process import Process, StartError
from ._world import World, file_of

_PROCESS: pytest.StashKey[Process] = pytest.StashKey()
_WORLD: pytest.StashKey[World] = pytest.StashKey()
_SEEN: pytest.StashKey[str] = pytest.StashKey()
_SETTINGS = ("seed", "clock", "world", "scenario", "warnings")
_WARNINGS = ("ignore", "show", "error")
_SHOWN = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("stend", "stend, the test bench")
    group.addoption("--stend-url", metavar="URL", help="use the bench with this control URL instead of starting one")
    group.addoption("--stend-token", metavar="T", help="its control token (default: STEND_CONTROL_TOKEN)")
    group.addoption(
        "--stend-warnings",
        choices=_WARNINGS,
        help="what a suspicious request in a test's world does: nothing, a line in a failure's report, or a failure",
    )
    parser.addini("stend_warnings", "as --stend-warnings", default="show")
    parser.addini("stend_args", "further options of `stend serve`", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"stend({', '.join(_SETTINGS)}): how the test's world is made; a scenario is played in it before the test",
    )
    _known_warnings(config.getini("stend_warnings"), "stend_warnings in the ini file")


def pytest_unconfigure(config: pytest.Config) -> None:
    process = config.stash.get(_PROCESS, None)
    if process is not None:
        process.stop()


def _known_warnings(value: Any, where: str) -> str:
    if value not in _WARNINGS:
        raise pytest.UsageError(f"{where} is {value!r}; expected one of {', '.join(_WARNINGS)}")
    return str(value)


def _token(config: pytest.Config) -> Optional[str]:
    return config.getoption("--stend-token") or os.environ.get("STEND_CONTROL_TOKEN")


def _url(config: pytest.Config) -> str:
    """The control URL: given, handed over by the controller of pytest-xdist, or of a bench that is started now."""
    given: Optional[str] = config.getoption("--stend-url") or getattr(config, "workerinput", {}).get("stend_url")
    if given:
        return given
    process = config.stash.get(_PROCESS, None)
    if process is None:
        process = Process(*config.getini("stend_args"), token=_token(config))
        config.stash[_PROCESS] = process
    return process.control_url


class _Xdist:
    """Hooks that exist only with pytest-xdist."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        # The controller starts the bench that all workers share, and it ends with the controller.
        try:
            node.workerinput["stend_url"] = _url(node.config)
        except StartError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    if type(plugin).__name__ == "DSession" and not manager.has_plugin("stend-xdist"):
        manager.register(_Xdist(), "stend-xdist")


@pytest.fixture(scope="session")
def stend(request: pytest.FixtureRequest) -> Bench:
    """The bench: one process a session, shared by the workers of pytest-xdist."""
    config = request.config
    try:
        url = _url(config)
        return Bench(url, _token(config))
    except (StartError, ValueError) as error:
        problem = str(error)
    except OSError as error:
        problem = f"no bench answers at {url}: {error}"
    pytest.fail(problem, pytrace=False)


def world_id(nodeid: str, run: str = "") -> str:
    """A world's name from a test's: what a URL may hold, readable, different for different tests."""
    file, _, test = nodeid.partition("::")
    short = re.sub(r"[^A-Za-z0-9]+", "-", f"{Path(file).stem} {test}").strip("-")[-40:].strip("-")
    return f"{short}-{hashlib.sha256((nodeid + run).encode()).hexdigest()[:8]}"


def _settings(item: pytest.Item) -> dict[str, Any]:
    """What the markers say, the nearest one last."""
    settings: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("stend"))):
        if marker.args:
            raise pytest.UsageError("pytest.mark.stend takes named arguments only, e.g. stend(seed=7)")
        settings.update(marker.kwargs)
    unknown = sorted(set(settings) - set(_SETTINGS))
    if unknown:
        raise pytest.UsageError(f"pytest.mark.stend has no {', '.join(unknown)}; it takes {', '.join(_SETTINGS)}")
    for name in ("world", "scenario"):
        file = file_of(settings.get(name))
        if file is not None:
            settings[name] = item.path.parent / file
    return settings


@pytest.fixture
def stend_world(request: pytest.FixtureRequest, stend: Bench) -> Iterator[World]:
    """A world of the test's own, named after it; removed when the test has ended."""
    config = request.config
    settings = _settings(request.node)
    scenario, warnings = settings.pop("scenario", None), settings.pop("warnings", None)
    if warnings is not None:
        _known_warnings(warnings, "warnings of pytest.mark.stend")
    # In a bench that others use, too, the same test may run at the same time.
    run = str(os.getpid()) if config.getoption("--stend-url") else ""
    world = stend.world(id=world_id(request.node.nodeid, run), **settings)
    request.node.stash[_WORLD] = world
    try:
        if scenario is not None:
            try:
                world.play(scenario)
            except AssertionError:
                request.node.stash[_SEEN] = _seen(world)
                raise
        yield world
        strictness = warnings or config.getoption("--stend-warnings") or config.getini("stend_warnings")
        if strictness == "error":
            odd = [entry for entry in world.journal(limit=10000, bodies=False) if entry.get("warnings")]
            if odd:
                lines = [f"{_line(entry)}: {'; '.join(entry['warnings'])}" for entry in odd]
                pytest.fail("the bench warned about requests of this test:\n" + "\n".join(lines), pytrace=False)
    finally:
        try:
            world.delete()
        except StendError as error:
            # A test may remove its world itself.
            if error.status != 404:
                raise


@pytest.fixture
def stend_env(stend_world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What leads clients to the test's world, in `os.environ` for the time of the test: the services' URLs, and for clients with
    hard-coded hosts the gateway as proxy and the files of certificates."""
    variables = stend_world.env()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def _line(entry: Any) -> str:
    what = entry.get("operation") or f"{entry.get('method', '')} {entry.get('path', '')}".strip()
    return f"{entry['seq']:>5}  {entry['at']}  {entry['fake']:<10} {what} -> {entry['status']}"


def _seen(world: World) -> str:
    """What a failure's report shows of a world."""
    entries = world.journal(limit=_SHOWN)
    if not entries:
        urls = "\n".join(f"  {name:<11} {url}" for name, url in sorted(world.urls.items()))
        return f"no request has reached this world; its URLs:\n{urls}"
    lines = []
    for entry in entries:
        lines.append(_line(entry))
        lines += [f"       warning: {text}" for text in entry.get("warnings", [])]
    last = entries[-1]
    lines.append("last request: " + json.dumps(last.get("request"), ensure_ascii=False)[:2000])
    lines.append("last reply:   " + json.dumps(last.get("reply"), ensure_ascii=False)[:2000])
    return "\n".join(lines)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    world = item.stash.get(_WORLD, None)
    if world is None or not report.failed:
        return
    if call.when == "setup" and _SEEN in item.stash:
        report.sections.append((f"stend journal of world {world.id}", item.stash[_SEEN]))
    # When the teardown has ended, the world is gone.
    if call.when == "call":
        try:
            report.sections.append((f"stend journal of world {world.id}", _seen(world)))
        except Exception as error:  # the report of the test's own failure comes first
            report.sections.append(("stend", f"the journal cannot be read: {error}"))


__all__ = ["stend", "stend_env", "stend_world", "world_id"]
