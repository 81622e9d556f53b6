"""The pytest plugin: a bench per session, a world per test, and what the bench saw in the report of a failure.

Fixtures: `stend` (the bench), `stend_world` (a world of the test's own), `stend_env` (the world's URLs and proxy in
`os.environ`). Marker: `@pytest.mark.stend(seed=…, clock=…, world=…, scenario=…, warnings="error")`. Options:
`--stend-url`, `--stend-warnings`; settings of the same names in the ini file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest

from ._client import Bench, World
from ._process import Process

_PROCESS: "pytest.StashKey[Process]" = pytest.StashKey()
_WORLD: "pytest.StashKey[World]" = pytest.StashKey()
_SHOWN = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("stend", "stend, the test bench")
    group.addoption("--stend-url", metavar="URL", help="use the bench with this control URL instead of starting one")
    group.addoption("--stend-token", metavar="T", help="its control token (default: STEND_CONTROL_TOKEN)")
    group.addoption(
        "--stend-warnings",
        choices=["ignore", "show", "error"],
        help="what a suspicious request in a test's world does: nothing, a line in a failure's report, or a failure",
    )
    parser.addini("stend_warnings", "as --stend-warnings", default="show")
    parser.addini("stend_args", "further options of `stend serve`", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "stend(seed, clock, world, scenario, warnings): how the test's world is made; a scenario is played in it before the test",
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    process = config.stash.get(_PROCESS, None)
    if process is not None:
        process.stop()


def _url(config: pytest.Config) -> str:
    """The control URL: given, handed over by the controller of pytest-xdist, or of a bench that is started now."""
    given: Optional[str] = config.getoption("--stend-url") or getattr(config, "workerinput", {}).get("stend_url")
    if given:
        return given
    process = config.stash.get(_PROCESS, None)
    if process is None:
        process = Process(*config.getini("stend_args"))
        config.stash[_PROCESS] = process
    return process.control_url


class _Xdist:
    """Hooks that exist only with pytest-xdist."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        # The controller starts the bench that all workers share, and it ends with the controller.
        node.workerinput["stend_url"] = _url(node.config)


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    if type(plugin).__name__ == "DSession" and not manager.has_plugin("stend-xdist"):
        manager.register(_Xdist(), "stend-xdist")


@pytest.fixture(scope="session")
def stend(request: pytest.FixtureRequest) -> Bench:
    """The bench: one process a session, shared by the workers of pytest-xdist."""
    config = request.config
    return Bench(_url(config), config.getoption("--stend-token") or os.environ.get("STEND_CONTROL_TOKEN"))


def world_id(nodeid: str) -> str:
    """A world's name from a test's: what a URL may hold, readable, different for different tests."""
    file, _, test = nodeid.partition("::")
    short = re.sub(r"[^A-Za-z0-9]+", "-", f"{Path(file).stem} {test}").strip("-")[-40:].strip("-")
    return f"{short}-{hashlib.sha256(nodeid.encode()).hexdigest()[:8]}"


@pytest.fixture
def stend_world(request: pytest.FixtureRequest, stend: Bench) -> Iterator[World]:
    """A world of the test's own, named after it; removed when the test has ended."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("stend"))):
        if marker.args:
            raise pytest.UsageError("pytest.mark.stend takes named arguments only, e.g. stend(seed=7)")
        options.update(marker.kwargs)
    unknown = sorted(set(options) - {"seed", "clock", "world", "scenario", "warnings"})
    if unknown:
        raise pytest.UsageError(f"pytest.mark.stend has no {', '.join(unknown)}; it takes seed, clock, world, scenario, warnings")
    scenario, warnings = options.pop("scenario", None), options.pop("warnings", None)
    for name in ("world",):
        if isinstance(options.get(name), str) and options[name].endswith((".yaml", ".yml", ".json")):
            options[name] = request.path.parent / options[name]
    world = stend.world(id=world_id(request.node.nodeid), **options)
    request.node.stash[_WORLD] = world
    try:
        if scenario is not None:
            world.play(request.path.parent / scenario if isinstance(scenario, str) else scenario)
        yield world
        strictness = warnings or request.config.getoption("--stend-warnings") or request.config.getini("stend_warnings")
        if strictness == "error":
            odd = [entry for entry in world.journal(limit=10000) if entry.get("warnings")]
            if odd:
                lines = [f"{_line(entry)}: {'; '.join(entry['warnings'])}" for entry in odd]
                pytest.fail("the bench warned about requests of this test:\n" + "\n".join(lines), pytrace=False)
    finally:
        world.delete()


@pytest.fixture
def stend_env(stend_world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The world's URLs, and the gateway as proxy, in `os.environ` for the time of the test."""
    variables = stend_world.env()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def _line(entry: dict[str, Any]) -> str:
    what = entry.get("operation") or f"{entry.get('method', '')} {entry.get('path', '')}".strip()
    return f"{entry['seq']:>5}  {entry['at']}  {entry['fake']:<10} {what} -> {entry['status']}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    world = item.stash.get(_WORLD, None)
    if world is not None and call.when == "call" and report.failed:
        try:
            entries = world.journal(limit=_SHOWN)
        except Exception as error:  # the report of the test's own failure comes first
            report.sections.append(("stend", f"the journal cannot be read: {error}"))
        else:
            lines = []
            for entry in entries:
                lines.append(_line(entry))
                lines += [f"       warning: {text}" for text in entry.get("warnings", [])]
            if entries:
                last = entries[-1]
                lines.append("last request: " + json.dumps(last.get("request"), ensure_ascii=False)[:2000])
                lines.append("last reply:   " + json.dumps(last.get("reply"), ensure_ascii=False)[:2000])
            shown = "\n".join(lines) or "no request has reached this world; its URLs:\n" + "\n".join(
                f"  {name:<11} {url}" for name, url in sorted(world.urls.items())
            )
            report.sections.append((f"stend journal of world {world.id}", shown))
    return report


__all__ = ["stend", "stend_env", "stend_world", "world_id"]
