"""What the control API answers, as types. Keys that are not always there are in the classes that say `total=False`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Channel = Literal["http", "frame", "push", "ping"]


class _ClockState(TypedDict):
    mode: Literal["real", "frozen", "scaled"]
    now: str


class ClockState(_ClockState, total=False):
    """A clock: its mode, the time in RFC 3339, and when something falls due next."""

    scale: float
    next_due: str


class Fired(TypedDict):
    """What fell due while time moved on."""

    at: str
    fake: str
    what: str


class Advanced(TypedDict):
    """The time after an advance, and what fell due on the way, in order."""

    now: str
    fired: list[Fired]
    count: int


class JournalSize(TypedDict):
    """How full a journal is."""

    entries: int
    bytes: int
    dropped: int


class WorldInfo(TypedDict):
    """A world."""

    id: str
    seed: int
    generation: int
    clock: ClockState
    strict: bool
    journal: JournalSize
    faults: int
    urls: dict[str, str]


class _Entry(TypedDict):
    seq: int
    at: str
    fake: str
    status: int


class Header(TypedDict):
    """One header, as it came."""

    name: str
    value: str


class Entry(_Entry, total=False):
    """A journal entry: a request, a frame, a push or a ping, with its answer."""

    operation: str
    channel: Channel
    method: str
    path: str
    query: str
    client: str
    fault: str
    headers: list[Header]
    request: Any
    reply: Any
    request_bytes: int
    reply_bytes: int
    warnings: list[str]


class JournalPage(TypedDict):
    """Journal entries, oldest first, and where the journal stands."""

    entries: list[Entry]
    matched: int
    dropped: int
    newest: int
    generation: int


class _Fault(TypedDict):
    id: str
    match: dict[str, Any]


class Fault(_Fault, total=False):
    """A fault, with how often it matched and was applied; its effect is one of the other keys."""

    times: int
    matched: int
    applied: int
    delay: Any
    respond: dict[str, Any]
    quota: dict[str, Any]
    reset: Any
    truncate: int
    dribble: dict[str, Any]
    garbage: int
    drop: bool
    duplicate: bool
    reorder: int
    close: int
    no_pong: bool


class Report(TypedDict):
    """How a scenario went."""

    file: str
    title: str
    seed: int
    started: str
    ended: str
    passed: bool
    steps: list[dict[str, Any]]
    expectations: list[dict[str, Any]]
    world: str


class _Progress(TypedDict):
    state: Literal["playing", "passed", "failed", "stopped"]
    title: str
    at: Any
    of: Any
    step: str


class Progress(_Progress, total=False):
    """How far a scenario is; its report once it has ended, and why it failed."""

    report: Report
    why: str
    clock: str


class Recording(TypedDict):
    """What has happened in a world, as a scenario, and what it leaves out."""

    scenario: str
    steps: int
    notes: list[str]


class Event(TypedDict):
    """One event of a world's stream: `exchange`, `push`, `world`, `clock`, `gap` or `end`."""

    id: str
    event: str
    data: Any


class Health(TypedDict):
    """A bench that answers."""

    status: Literal["ok"]
    version: str
    uptime_seconds: float
    urls: dict[str, str]
    hosts: list[str]
    worlds: int


class ServiceView(TypedDict):
    """What people see of a service: tables of rows, each with the actions that fit it."""

    service: str
    title: str
    version: int
    tables: list[dict[str, Any]]


class WorldView(TypedDict):
    """What people see of a world."""

    at: str
    services: list[ServiceView]
