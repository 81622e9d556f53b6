"""JSON over HTTP/1.1 with one kept connection a thread; standard library only."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import threading
from typing import Any, Iterator, Mapping, Optional
from urllib.parse import quote, urlencode, urlsplit

API = "/control/v1"


class StendError(Exception):
    """The control API refused a request.

    `status` is the HTTP status, `code` the API's word for the cause, `hint` what to do, `at` the place in the body.
    """

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        self.status = status
        self.code: str = error.get("code", "unknown")
        self.hint: Optional[str] = error.get("hint")
        self.at: Optional[str] = error.get("at")
        self.error = error
        parts = [error.get("message", f"status {status}")]
        if self.at:
            parts.append(f"at {self.at}")
        if self.hint:
            parts.append(f"help: {self.hint}")
        super().__init__("; ".join(parts))


class ExpectationFailed(AssertionError):
    """An expectation does not hold. `nearest` is the journal entry that came nearest, `unmet` what it lacks."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.nearest: Any = error.get("nearest")
        self.unmet: list[Any] = error.get("unmet", [])
        self.error = error
        lines = [error.get("message", "the expectation does not hold")]
        lines += [f"  - {one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)}" for one in self.unmet]
        if self.nearest is not None:
            lines.append("nearest: " + json.dumps(self.nearest, ensure_ascii=False, indent=2))
        super().__init__("\n".join(lines))


class Http:
    """Requests to one control API. Safe to share between threads; survives a fork."""

    def __init__(self, base: str, token: Optional[str] = None, timeout: float = 30.0) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"invalid control URL {base!r}; expected e.g. http://127.0.0.1:7700")
        self.base = base.rstrip("/")
        self.token, self.timeout = token, timeout
        self._tls, self._host, self._port, self._prefix = parts.scheme == "https", parts.hostname, parts.port, parts.path.rstrip("/")
        self._local = threading.local()

    def _new(self, timeout: Optional[float]) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=timeout)

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        kept = getattr(self._local, "kept", None)
        if kept is not None and kept[0] == os.getpid():
            return kept[1], True
        connection = self._new(self.timeout)
        self._local.kept = (os.getpid(), connection)
        return connection, False

    def close(self) -> None:
        """Close this thread's connection."""
        kept = getattr(self._local, "kept", None)
        if kept is not None:
            kept[1].close()
            self._local.kept = None

    def _headers(self, accept: Optional[str]) -> dict[str, str]:
        headers = {"Accept": accept} if accept else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers

    def _target(self, path: str, query: Optional[Mapping[str, Any]]) -> str:
        given = {key: _word(value) for key, value in (query or {}).items() if value is not None}
        return self._prefix + path + ("?" + urlencode(given, quote_via=quote) if given else "")

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Optional[Mapping[str, Any]] = None,
        accept: Optional[str] = None,
        timeout: Optional[float] = None,
        world: Optional[str] = None,
    ) -> bytes:
        """Send a request and return the body of its answer; `body` is JSON unless it is text. Raises `StendError` or
        `ExpectationFailed`."""
        headers = self._headers(accept)
        # Says which world is about to be made to a proxy that spreads worlds over several benches and reads no bodies.
        # What no header can hold is no name of a world either, and is the bench's to refuse.
        if world and world.isascii() and world.isprintable():
            headers["Stend-World"] = world
        data = None
        if isinstance(body, (str, bytes)):
            data = body.encode() if isinstance(body, str) else body
        elif body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        target = self._target(path, query)
        while True:
            connection, kept = self._connection()
            if connection.sock is not None:
                connection.sock.settimeout(timeout or self.timeout)
            else:
                connection.timeout = timeout or self.timeout
            try:
                connection.request(method, target, data, headers)
                response = connection.getresponse()
                answer = response.read()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server closed a connection that was kept; on a fresh one that is an error.
                self.close()
                if not kept:
                    raise
            except BaseException:
                self.close()
                raise
        if response.status >= 400:
            raise refused(response.status, answer)
        return answer

    def json(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """As `ask` under `/control/v1`, with the answer as JSON."""
        answer = self.ask(method, API + path, body, **options)
        try:
            return json.loads(answer) if answer else None
        except ValueError:
            raise StendError(200, {"message": f"the answer is no JSON: {answer[:200]!r}"}) from None

    @contextlib.contextmanager
    def lines(self, path: str, query: Optional[Mapping[str, Any]] = None) -> Iterator[Iterator[str]]:
        """The lines of an answer that goes on, on a connection of its own."""
        # A silent stream sends a comment every 15 seconds.
        connection = self._new(max(self.timeout, 60.0))
        opened = None
        try:
            connection.request("GET", self._target(API + path, query), headers=self._headers("text/event-stream"))
            opened = connection.sock
            response = connection.getresponse()
            if response.status >= 400:
                raise refused(response.status, response.read())
            yield (line.decode().rstrip("\r\n") for line in response)
        finally:
            if opened is not None:
                # Wakes a thread that still reads.
                with contextlib.suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)
            connection.close()


def refused(status: int, answer: bytes) -> Exception:
    """What an answer with a status of 400 and above is raised as."""
    try:
        error = json.loads(answer)["error"]
        code = error.get("code")
    except (ValueError, KeyError, TypeError, AttributeError):
        return StendError(status, {"message": f"status {status}, and no error of a bench: {answer[:200]!r}"})
    return ExpectationFailed(error) if code == "not_as_expected" else StendError(status, error)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
