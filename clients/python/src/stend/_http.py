"""JSON over HTTP/1.1 with one kept connection a thread; standard library only."""

from __future__ import annotations

import http.client
import json
import os
import threading
from typing import Any, Optional
from urllib.parse import quote, urlencode, urlsplit


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
        self._tls, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._token, self._timeout = token, timeout
        self._local = threading.local()

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        kept = getattr(self._local, "kept", None)
        if kept is not None and kept[0] == os.getpid():
            return kept[1], True
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout)
        self._local.kept = (os.getpid(), connection)
        return connection, False

    def close(self) -> None:
        """Close this thread's connection."""
        kept = getattr(self._local, "kept", None)
        if kept is not None:
            kept[1].close()
            self._local.kept = None

    def text(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Optional[dict[str, Any]] = None,
        accept: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> tuple[int, str]:
        """Send a request to `/control/v1` + path; `body` is JSON unless it is text. Return status and text."""
        given = {key: value for key, value in (query or {}).items() if value is not None}
        target = "/control/v1" + path + ("?" + urlencode(given, quote_via=quote) if given else "")
        headers = {}
        if accept:
            headers["Accept"] = accept
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None
        if isinstance(body, (str, bytes)):
            data = body.encode() if isinstance(body, str) else body
        elif body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        while True:
            connection, kept = self._connection()
            if connection.sock is not None:
                connection.sock.settimeout(timeout or self._timeout)
            else:
                connection.timeout = timeout or self._timeout
            try:
                connection.request(method, target, data, headers)
                response = connection.getresponse()
                return response.status, response.read().decode()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server closed a connection that was kept; on a fresh one that is an error.
                self.close()
                if not kept:
                    raise
            except BaseException:
                self.close()
                raise

    def json(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """As `text`, with the reply as JSON; raises `StendError` or `ExpectationFailed`."""
        status, text = self.text(method, path, body, **options)
        try:
            value = json.loads(text) if text else None
        except ValueError:
            raise StendError(status, {"message": f"the answer is no JSON: {text[:200]!r}"}) from None
        if status >= 400:
            error = value.get("error", {}) if isinstance(value, dict) else {}
            if error.get("code") == "not_as_expected":
                raise ExpectationFailed(error)
            raise StendError(status, error)
        return value
