"""Start and stop the `stend` process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any, Iterator, Optional, Union

from ._client import Bench, Moment, moment


class StartError(RuntimeError):
    """The bench did not start. The message holds what it printed."""


def executable() -> str:
    """The path of the `stend` executable: STEND_BINARY, the one installed with this package, or the one on PATH."""
    named = os.environ.get("STEND_BINARY")
    if named:
        if not os.access(named, os.X_OK):
            raise StartError(f"STEND_BINARY names {named}, which is no executable file")
        return named
    name = "stend.exe" if os.name == "nt" else "stend"
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if folder and os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    found = shutil.which("stend")
    if found:
        return found
    raise StartError("there is no `stend` executable: install the wheel for this platform, or set STEND_BINARY to one")


class Process:
    """A `stend serve` of one's own on free ports. It ends with `stop`, and when this process ends, however that happens."""

    def __init__(
        self,
        *args: str,
        world: Union[None, str, Path] = None,
        scenario: Union[None, str, Path] = None,
        seed: Optional[int] = None,
        clock: Optional[Moment] = None,
        strict: bool = False,
        timeout: float = 10.0,
    ) -> None:
        command = [executable(), "serve", "--ephemeral", "--exit-on-eof"]
        self._folder = tempfile.TemporaryDirectory(prefix="stend-")
        ready = Path(self._folder.name) / "ready.json"
        self._log = Path(self._folder.name) / "stend.log"
        command += ["--ready-file", str(ready)]
        if world is not None:
            command += ["--world", str(world)]
        if scenario is not None:
            command += ["--scenario", str(scenario)]
        if seed is not None:
            command += ["--seed", str(seed)]
        if clock is not None:
            command += ["--clock", moment(clock)]
        if strict:
            command.append("--strict")
        command += args
        try:
            with open(self._log, "wb") as log:
                # The bench ends when its standard input closes: a parent that is killed leaves nothing behind.
                self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
        except OSError as error:
            self._folder.cleanup()
            raise StartError(f"cannot start {command[0]}: {error}") from None
        until = time.monotonic() + timeout
        while not (ready.exists() and ready.stat().st_size):
            if self._child.poll() is not None or time.monotonic() > until:
                why = f"exit code {self._child.returncode}" if self._child.returncode is not None else "no answer"
                printed = self.output()
                self.stop()
                raise StartError(f"`{' '.join(command)}` did not start ({why}):\n{printed}")
            time.sleep(0.002)
        self.urls: dict[str, Any] = json.loads(ready.read_text())
        self.control_url: str = self.urls["control"]

    def output(self) -> str:
        """What the process has printed so far."""
        with contextlib.suppress(OSError):
            return self._log.read_text(errors="replace")
        return ""

    def stop(self, timeout: float = 5.0) -> int:
        """End the process and return its exit code."""
        if self._child.poll() is None:
            with contextlib.suppress(OSError):
                self._child.send_signal(signal.SIGTERM)
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):
                self._child.stdin.close()
        try:
            code = self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self._child.kill()
            code = self._child.wait()
        with contextlib.suppress(OSError):
            self._folder.cleanup()
        return code


@contextlib.contextmanager
def serve(*args: str, token: Optional[str] = None, **options: Any) -> Iterator[Bench]:
    """Run a bench of one's own: `with stend.serve(seed=7) as bench: …`. Further arguments are options of `stend serve`."""
    process = Process(*args, **options)
    try:
        yield Bench(process.control_url, token)
    finally:
        process.stop()
